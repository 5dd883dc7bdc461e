"""What is read of a picture, and what is refused in words."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fusion.camera.manifest import Input
from hub.media.kinds import MOST_PICTURE_BYTES
from hub.see.jpeg import Jpeg, read_jpeg
from hub.see.pixels import Unreadable, read_picture
from tests.unit.see.hostile import encoded, exif, png_bomb, scene

GIVEN = Input("images", 64, 64, color="RGB", resize="letterbox")


def refused(data: bytes) -> str:
    with pytest.raises(Unreadable) as reason:
        read_picture(data)
    return str(reason.value)


@pytest.mark.parametrize(
    ("kind", "mode", "near"),
    [("JPEG", "RGB", 6), ("JPEG", "L", 6), ("JPEG", "CMYK", 8), ("PNG", "RGB", 0), ("PNG", "L", 0), ("PNG", "RGBA", 0),
     ("PNG", "P", 60), ("PNG", "1", 255), ("WEBP", "RGB", 60)],
)  # fmt: skip
def test_mode__every_one_becomes_the_colours_that_are_seen(kind: str, mode: str, near: int) -> None:
    image = Image.fromarray(scene()).convert(mode)
    picture = read_picture(encoded(image, kind, **({"quality": 95} if kind != "PNG" else {})))
    assert (picture.kind, picture.width_px, picture.height_px, picture.rows_kept) == (kind, 320, 240, 1.0)
    assert (picture.pixels.shape, picture.pixels.dtype) == ((240, 320, 3), np.uint8)
    wanted = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(picture.pixels.astype(int) - wanted).mean() <= near


def test_mode__sixteen_bits_become_eight() -> None:
    values = np.linspace(0, 65_535, 64 * 48).reshape(48, 64).astype(np.uint16)
    picture = read_picture(encoded(Image.fromarray(values), "PNG"))
    np.testing.assert_array_equal(picture.pixels[:, :, 1], (values >> 8).astype(np.uint8))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_orientation__is_applied_once(kind: str, orientation: int) -> None:
    stored = np.zeros((40, 80, 3), np.uint8)
    stored[:20, :40] = 255  # the stored top left quarter
    picture = read_picture(encoded(stored, kind, exif=exif(Orientation=orientation)))
    assert (picture.width_px, picture.height_px) == ((40, 80) if orientation >= 5 else (80, 40))
    height, width = picture.pixels.shape[:2]
    bright = {
        (row, column)
        for row in (0, 1)
        for column in (0, 1)
        if picture.pixels[height // 4 + row * height // 2, width // 4 + column * width // 2].mean() > 128
    }
    corner = {1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (1, 0), 5: (0, 0), 6: (0, 1), 7: (1, 1), 8: (1, 0)}[orientation]
    assert bright == {corner}


def test_facts__nul_and_what_is_no_text_are_taken_out_and_long_ones_are_cut() -> None:
    picture = read_picture(
        encoded(scene(), exif=exif(Make="\0" * 31, Model="HYPERFIRE 2 COVERT\0", DateTime="x" * 500))
    )
    assert "Make" not in picture.facts
    assert picture.facts["Model"] == "HYPERFIRE 2 COVERT"
    assert len(picture.facts["DateTime"]) == 100


def test_facts__of_an_orientation_that_there_is_not_nothing_is_believed() -> None:
    assert read_picture(encoded(scene(), exif=exif(Orientation=77))).facts == {}


def test_jpeg__for_a_model_not_many_more_pixels_are_decoded_than_it_can_use() -> None:
    picture = read_picture(encoded(scene(640, 480)), GIVEN)
    assert (picture.width_px, picture.height_px) == (640, 480)
    assert picture.pixels.shape == (120, 160, 3), "twice what the model takes"
    whole = np.asarray(Image.fromarray(scene(640, 480)).reduce(4)).astype(int)
    assert np.abs(picture.pixels.astype(int) - whole).mean() < 6


@pytest.mark.parametrize("share", [0.55, 0.75, 0.95])
@pytest.mark.parametrize("how", [{}, {"restart_marker_rows": 1}])
def test_cut_off__the_rows_that_are_there_are_kept(share: float, how: dict[str, int]) -> None:
    data = encoded(scene(), quality=90, **how)
    picture = read_picture(data[: int(len(data) * share)], GIVEN)
    assert picture.rows_kept == pytest.approx(share, abs=0.12)
    rows = int(picture.rows_kept * 240)
    assert np.abs(picture.pixels[: rows - 8].astype(int) - scene()[: rows - 8]).mean() < 6
    assert not picture.pixels[rows:].any()


def test_cut_off__a_png_keeps_its_rows_too() -> None:
    data = encoded(scene(), "PNG")
    assert read_picture(data[: int(len(data) * 0.8)]).rows_kept == pytest.approx(0.8, abs=0.1)


def test_cut_off__a_progressive_jpeg_is_coarse_but_whole_once_its_first_scan_is_there() -> None:
    data = encoded(scene(), progressive=True, quality=90)
    picture = read_picture(data[: int(len(data) * 0.7)])
    assert np.abs(picture.pixels.astype(int) - scene()).mean() < 25
    assert refused(data[: int(len(data) * 0.05)]).startswith("cut off: 0% of the rows are there")


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_cut_off__with_less_than_half_of_its_rows_it_is_refused(kind: str) -> None:
    data = encoded(scene(), kind)
    assert refused(data[: int(len(data) * 0.35)]).startswith("cut off: ")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"GIF89a" + bytes(100), "no JPEG, PNG or WebP: it begins with b'GIF89a"),
        (b"PK\x03\x04" + bytes(100), "no JPEG, PNG or WebP: it begins with b'PK"),
        (b"<html><body>Bad gateway", "no JPEG, PNG or WebP: it begins with b'<html><b'"),
        (b"\0\0\0\x18ftypmp42" + bytes(100), "a video: only pictures are looked at"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "JPEG: the header cannot be read: "),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG: the header cannot be read: "),
        (bytes(MOST_PICTURE_BYTES + 1), "25,000,001 bytes; at most 25,000,000 are read"),
        (png_bomb(), "50,000 x 50,000 pixels; at most 100,000,000 are read"),
        (png_bomb(9_000, 9_000), "9,000 x 9,000 pixels in 177 bytes: a decompression bomb"),
        (png_bomb(9_000, 100), "9,000 x 100 pixels: no camera makes such a shape"),
        (encoded(np.full((60, 4_000, 3), 7, np.uint8), "PNG"), "4,000 x 60 pixels: no camera makes such a shape"),
    ],
    ids=["empty", "gif", "zip", "html", "video", "jpeg head", "png head", "large", "huge", "bomb", "long", "wide"],
)
def test_refused__in_words(data: bytes, says: str) -> None:
    assert refused(data).startswith(says)


def test_segments__of_a_jpeg_are_followed_past_a_thumbnail_that_ends_by_itself() -> None:
    thumbnail = encoded(scene(64, 48))
    data = encoded(scene(), exif=exif(Make="x"))
    inside = data[:2] + b"\xff\xe3" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail + data[2:]
    assert read_jpeg(inside) == Jpeg(True, False, 1)
    assert read_jpeg(inside[:-2]) == Jpeg(False, False, 1)
    assert read_jpeg(encoded(scene(), progressive=True)).scans > 2


def test_real__every_trap_of_the_shared_pictures_is_read(shared_data: Path) -> None:
    folder = shared_data.parent / "images"
    found = {path.stem: read_picture(path.read_bytes()) for path in folder.rglob("*.*") if path.suffix != ".md"}
    assert len(found) >= 29
    partial = {name: picture.rows_kept for name, picture in found.items() if picture.rows_kept < 1}
    assert partial == {"african_elephants_truncated_file": pytest.approx(0.865, abs=0.01)}
    turned = found["african_elephants_with_exif_orientation"]
    assert (turned.width_px, turned.height_px) == Image.open(
        io.BytesIO((folder / "speciesnet" / "african_elephants.jpg").read_bytes())
    ).size
    assert not any("\0" in text for picture in found.values() for text in picture.facts.values())
