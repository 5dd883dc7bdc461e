"""What pictures say of themselves, and what can be said of their pixels without a model."""

from __future__ import annotations

import io
import os

import cv2
import numpy as np
from PIL import Image, TiffImagePlugin

from hub.see.drawn import drawn
from hub.see.pixels import read_picture
from hub.see.quality import distance, quality

Rational = TiffImagePlugin.IFDRational


def jpeg(pixels: np.ndarray, place: tuple[float, float] | None = None, make: object = "", taken: str = "") -> bytes:
    exif = Image.Exif()
    exif[0x010F] = make
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
    if place is not None:
        (longitude, latitude), gps = place, exif.get_ifd(0x8825)
        gps[1], gps[2] = "S" if latitude < 0 else "N", (Rational(int(abs(latitude) * 1e6), 10**6), 0.0, 0.0)
        gps[3], gps[4] = "W" if longitude < 0 else "E", (Rational(int(abs(longitude) * 1e6), 10**6), 0.0, 0.0)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()


def meadow(width: int = 640) -> np.ndarray:
    image = Image.open(io.BytesIO(drawn(640, 480)))
    return np.asarray(image.resize((width, width * 3 // 4)))


def test_facts__a_place_is_read_and_null_island_is_no_place() -> None:
    facts = read_picture(jpeg(meadow(), (-131.4, -43.1))).facts
    assert (facts["GPSLongitude"], facts["GPSLatitude"]) == ("-131.400000", "-43.100000")
    nowhere = read_picture(jpeg(meadow(), (0.0, 0.0))).facts
    assert nowhere["GPSNoFix"] == "1" and "GPSLatitude" not in nowhere


def test_facts__nul_and_what_is_no_text_are_left_out() -> None:
    facts = read_picture(jpeg(meadow(), make=b"\x00" * 31)).facts
    assert "Make" not in facts
    facts = read_picture(jpeg(meadow(), make=b"REC\xff\xfeONYX\x00", taken="2026:07:01 20:30:00\x00")).facts
    assert facts["DateTimeOriginal"] == "2026:07:01 20:30:00"
    assert facts["Make"].encode() and "\x00" not in facts["Make"]


def test_quality__a_small_copy_looks_like_its_picture_and_another_picture_does_not() -> None:
    large, small = (quality(read_picture(jpeg(meadow(width))).pixels) for width in (1_600, 640))
    other = quality(meadow()[:, ::-1].copy())
    assert distance(large.hash, small.hash) <= 4
    assert distance(large.hash, other.hash) > 12
    assert -(1 << 63) <= large.hash < 1 << 63


def test_quality__night_blur_and_infrared_show() -> None:
    day = meadow()
    grey = np.repeat(day.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    night, blurred = quality(day // 8), quality(cv2.GaussianBlur(day, (0, 0), 6))
    assert night.brightness < 0.1 < quality(day).brightness
    assert blurred.sharpness < quality(day).sharpness / 2
    assert (quality(grey).infrared, quality(day).infrared) == (True, False)


def test_quality__any_shape_has_one() -> None:
    for shape in ((1, 1, 3), (1, 50, 3), (50, 1, 3)):
        quality(np.frombuffer(os.urandom(int(np.prod(shape))), np.uint8).reshape(shape))
