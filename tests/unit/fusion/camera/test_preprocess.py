"""A picture becomes a tensor: golden tensors per way of fitting, and there and back within a pixel."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.camera.manifest import Input
from fusion.camera.preprocess import fit_picture, tensor, upright
from tests.unit.fusion.camera.tiny_onnx import white

YOLOX = Input("images", 64, 64, color="BGR", resize="letterbox", anchor="top_left", pad=114)
YOLOV5 = Input("images", 64, 64, color="RGB", scale=1 / 255, resize="letterbox", anchor="center", pad=114)
LITE = Input("x", 4, 4, color="RGB", mean=(127.0,) * 3, std=(128.0,) * 3, resize="squash")


def plain_letterbox(picture: np.ndarray, columns: int, rows: int) -> np.ndarray:
    """Bilinear between pixel centres, pixel by pixel."""
    height, width = picture.shape[:2]
    out = np.empty((rows, columns, 3))
    for i in range(rows):
        for j in range(columns):
            y = min(max((i + 0.5) * height / rows - 0.5, 0), height - 1)
            x = min(max((j + 0.5) * width / columns - 0.5, 0), width - 1)
            top, left = int(y), int(x)
            bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
            upper = picture[top, left] * (1 - (x - left)) + picture[top, right] * (x - left)
            lower = picture[bottom, left] * (1 - (x - left)) + picture[bottom, right] * (x - left)
            out[i, j] = upper * (1 - (y - top)) + lower * (y - top)
    return out


def test_yolox__bgr_as_bytes_top_left_on_grey() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (50, 101, 3), dtype=np.uint8)
    canvas, fit = fit_picture(picture, YOLOX)
    values = tensor(canvas, YOLOX)
    assert (values.shape, values.dtype) == ((1, 3, 64, 64), np.float32)
    golden = plain_letterbox(picture, 64, 31)[:, :, ::-1].transpose(2, 0, 1)
    np.testing.assert_allclose(values[0, :, :31], golden, atol=1.0)
    assert (values[0, :, 31:] == 114).all()
    assert (fit.left_px, fit.top_px) == (0, 0)


def test_yolov5__rgb_as_fractions_in_the_middle_of_grey() -> None:
    picture = np.random.default_rng(2).integers(0, 256, (50, 100, 3), dtype=np.uint8)
    canvas, fit = fit_picture(picture, YOLOV5)
    values = tensor(canvas, YOLOV5)
    golden = plain_letterbox(picture, 64, 32).transpose(2, 0, 1) / 255
    np.testing.assert_allclose(values[0, :, 16:48], golden, atol=1.0 / 255)
    np.testing.assert_allclose(values[0, :, :16], 114 / 255, rtol=1e-6)
    np.testing.assert_allclose(values[0, :, 48:], 114 / 255, rtol=1e-6)
    assert (fit.left_px, fit.top_px) == (0, 16)


def test_efficientnet_lite__squashed_and_centred_on_127() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (8, 16, 3), dtype=np.uint8)
    values = tensor(fit_picture(picture, LITE)[0], LITE)
    means = picture.reshape(4, 2, 4, 4, 3).mean(axis=(1, 3)).transpose(2, 0, 1)
    np.testing.assert_allclose(values[0], (means - 127) / 128, atol=0.51 / 128)


def test_speciesnet__squashed_fractions_with_channels_last() -> None:
    picture = np.random.default_rng(4).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    given_ = Input("x", 4, 4, layout="NHWC", color="RGB", scale=1 / 255, resize="squash")
    np.testing.assert_allclose(tensor(fit_picture(picture, given_)[0], given_)[0], picture / 255, rtol=1e-6)


def test_bytes__stay_bytes_in_either_layout() -> None:
    picture = np.random.default_rng(4).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    given_ = Input("x", 4, 4, layout="NHWC", color="BGR", dtype="uint8", resize="squash")
    np.testing.assert_array_equal(tensor(picture, given_)[0], picture[:, :, ::-1])
    planes = dataclasses.replace(given_, layout="NCHW")
    np.testing.assert_array_equal(tensor(picture, planes)[0], picture[:, :, ::-1].transpose(2, 0, 1))


def test_crop__takes_the_middle_of_the_shape() -> None:
    picture = np.zeros((8, 16, 3), dtype=np.uint8)
    picture[:, 4:12] = 200
    given_ = Input("x", 8, 8, color="RGB", resize="crop")
    canvas, fit = fit_picture(picture, given_)
    assert (canvas == 200).all()
    np.testing.assert_allclose(fit.back(np.array([[0, 0, 8, 8]], np.float32)), [[4, 0, 12, 8]])


def test_letterbox__of_the_right_size_changes_no_pixel() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert (fit_picture(picture, YOLOX)[0] == picture).all()


@pytest.mark.parametrize("wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_fit__what_is_not_a_colour_picture_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="a picture is"):
        fit_picture(wrong, YOLOX)


def turned(x: int, y: int, width: int, height: int, orientation: int) -> tuple[int, int]:
    """Where the stored pixel (x, y) of a picture is seen: the table of EXIF 2.3, by what row 0 and column 0 are."""
    return {
        1: (x, y),
        2: (width - 1 - x, y),
        3: (width - 1 - x, height - 1 - y),
        4: (x, height - 1 - y),
        5: (y, x),
        6: (height - 1 - y, x),
        7: (height - 1 - y, width - 1 - x),
        8: (y, width - 1 - x),
    }[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright__each_pixel_comes_where_exif_says(orientation: int) -> None:
    stored = np.arange(3 * 5 * 3, dtype=np.uint8).reshape(3, 5, 3)
    seen = upright(stored, orientation)
    for y in range(3):
        for x in range(5):
            column, row = turned(x, y, 5, 3, orientation)
            assert (seen[row, column] == stored[y, x]).all()


@given(
    st.integers(40, 700),
    st.integers(40, 700),
    st.integers(1, 8),
    st.sampled_from(["letterbox", "squash"]),
    st.sampled_from(["center", "top_left"]),
    st.sampled_from([(320, 320), (416, 256), (224, 480)]),
    st.tuples(*[st.floats(0, 1)] * 4),
)
def test_box__there_and_back_is_within_one_pixel_for_any_size_and_orientation(
    width: int,
    height: int,
    orientation: int,
    resize: Any,
    anchor: Any,
    canvas: tuple[int, int],
    place: tuple[float, ...],
) -> None:
    """A bright block is put into stored pixels; found on the canvas, its box must come back to where it is seen."""
    left, right = sorted((int(place[0] * (width - 30)), int(place[1] * (width - 30))))
    top, bottom = sorted((int(place[2] * (height - 30)), int(place[3] * (height - 30))))
    right, bottom = right + 29, bottom + 29
    stored = np.zeros((height, width, 3), dtype=np.uint8)
    stored[top : bottom + 1, left : right + 1] = 255
    seen = upright(stored, orientation)
    given_ = Input("x", *canvas, color="RGB", resize=resize, anchor=anchor, pad=0)
    fitted, fit = fit_picture(seen, given_)
    rows = np.flatnonzero((fitted[:, :, 0] > 127).any(axis=1))
    columns = np.flatnonzero((fitted[:, :, 0] > 127).any(axis=0))
    box = np.array([[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]], np.float32)
    (x0, y0), (x1, y1) = (
        turned(left, top, width, height, orientation),
        turned(right, bottom, width, height, orientation),
    )
    truth = [min(x0, x1), min(y0, y1), max(x0, x1) + 1, max(y0, y1) + 1]
    # A pixel of the canvas is this many of the picture: the block cannot be found more exactly than to half of one.
    coarse = max(1.0, 0.5 / fit.across + 0.5, 0.5 / fit.down + 0.5)
    np.testing.assert_allclose(fit.back(box)[0], truth, atol=coarse)
    exact = np.array([truth], np.float64) * np.array([fit.across, fit.down] * 2)
    exact += np.array([fit.left_px, fit.top_px] * 2)
    np.testing.assert_allclose(fit.back(exact.astype(np.float32))[0], truth, atol=0.01)


def test_back__a_box_that_leaves_the_canvas_ends_at_the_edge_of_the_picture() -> None:
    _, fit = fit_picture(white(50, 100), YOLOV5)
    np.testing.assert_allclose(fit.back(np.array([[-9, -9, 99, 99]], np.float32)), [[0, 0, 100, 50]])
