from __future__ import annotations

import dataclasses
import hashlib
import math
from pathlib import Path

import numpy as np
import pytest

from fusion.camera.detect import PAD, Detector, letterbox
from fusion.camera.manifest import ManifestError, ModelManifest
from tests.unit.fusion.camera.tiny_onnx import brightest_times


def tiny(rows: np.ndarray) -> tuple[ModelManifest, bytes]:
    """A model of 32 x 32 pixels that sees `rows` in a white picture and nothing in a black one."""
    model = brightest_times(rows, 32, 32)
    return (
        ModelManifest(
            name="tiny",
            sha256=hashlib.sha256(model).hexdigest(),
            licence="Apache-2.0",
            source="this test",
            decoder="yolox",
            labels=("animal", "person"),
            width_px=32,
            height_px=32,
            channels="rgb",
            scale=1 / 255,
            score=0.3,
            overlap=0.5,
        ),
        model,
    )


def two_boxes() -> np.ndarray:
    rows = np.zeros((21, 7), dtype=np.float32)
    rows[5] = [0.5, 0.5, math.log(2), 0.0, 1.0, 0.6, 0.0]  # centre 12, 12; 16 wide, 8 high
    rows[6] = [-0.5, 0.5, math.log(2), 0.0, 1.0, 0.5, 0.4]  # centre 12, 12 too
    return rows


def white(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 255, dtype=np.uint8)


def test_detect__gives_the_best_box_of_each_label_the_most_probable_first() -> None:
    found = Detector(*tiny(two_boxes())).detect(white(32, 32))
    assert [(one.label, round(one.probability, 3)) for one in found] == [("animal", 0.6), ("person", 0.4)]
    assert (found[0].left_px, found[0].top_px, found[0].right_px, found[0].bottom_px) == pytest.approx((4, 8, 20, 16))


def test_detect__boxes_are_in_pixels_of_the_picture_given_and_inside_it() -> None:
    rows = two_boxes()
    rows[5, 2] = math.log(20)
    found = Detector(*tiny(rows)).detect(white(160, 320))[0]
    assert (found.left_px, found.top_px, found.right_px, found.bottom_px) == pytest.approx((0, 80, 320, 160))


def test_detect__a_black_picture_shows_nothing() -> None:
    assert Detector(*tiny(two_boxes())).detect(np.zeros((32, 32, 3), dtype=np.uint8)) == []


def test_detector__bytes_that_the_manifest_does_not_name_are_refused() -> None:
    manifest, model = tiny(two_boxes())
    with pytest.raises(ManifestError, match="sha256"):
        Detector(manifest, model + b"\x00")


def test_detector__a_model_of_another_picture_size_is_refused() -> None:
    manifest, model = tiny(two_boxes())
    with pytest.raises(ManifestError, match="input"):
        Detector(dataclasses.replace(manifest, width_px=64), model)


def test_detector__labels_that_do_not_fit_the_model_are_refused() -> None:
    manifest, model = tiny(two_boxes())
    with pytest.raises(ManifestError, match="labels: the model gives 2 of them, the manifest 1"):
        Detector(dataclasses.replace(manifest, labels=("animal",)), model).detect(white(32, 32))


def test_letterbox__keeps_the_shape_and_fills_with_grey() -> None:
    fitted, ratio = letterbox(white(50, 100), 64, 64)
    assert ratio == 0.64
    assert fitted.shape == (64, 64, 3)
    assert (fitted[:32] == 255).all()
    assert (fitted[32:] == PAD).all()


def test_letterbox__of_the_right_size_changes_no_pixel() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    fitted, _ = letterbox(picture, 64, 64)
    assert (fitted == picture).all()


def test_letterbox__halving_takes_the_mean_of_neighbours() -> None:
    ramp = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    fitted, _ = letterbox(ramp, 32, 32)
    np.testing.assert_array_equal(fitted[0, :, 0], np.arange(32) * 8 + 2)


@pytest.mark.parametrize("wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_letterbox__what_is_not_a_colour_picture_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a picture is"):
        letterbox(wrong, 32, 32)


def yolox_nano(shared: Path) -> Detector:
    model = (shared / "models" / "yolox_nano.onnx").read_bytes()
    labels = (shared / "models" / "coco_classes.txt").read_text().split("\n")
    manifest = ModelManifest(
        name="yolox-nano-coco",
        sha256="695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
        licence="Apache-2.0",
        source="models/SOURCES.md",
        decoder="yolox",
        labels=tuple(label for label in labels if label),
        width_px=416,
        height_px=416,
        channels="bgr",
        scale=1.0,
        score=0.3,
        overlap=0.45,
    )
    return Detector(manifest, model)


def test_yolox_nano__sees_nothing_in_an_even_grey(shared_data: Path) -> None:
    assert yolox_nano(shared_data.parent).detect(np.full((300, 400, 3), 90, dtype=np.uint8)) == []


def test_yolox_nano__finds_the_elephants_of_a_real_picture(shared_data: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed: a JPEG cannot be read")
    picture = np.asarray(
        image.open(shared_data.parent / "images" / "speciesnet" / "african_elephants.jpg").convert("RGB")
    )
    best = yolox_nano(shared_data.parent).detect(picture)[0]
    assert best.label == "elephant"
    assert 0 <= best.left_px < best.right_px <= picture.shape[1]
    assert 0 <= best.top_px < best.bottom_px <= picture.shape[0]
