"""Bytes of a picture become pixels. They come from anywhere: this runs in `hub.see.worker`, which may die of them.

What is read: JPEG, PNG, WebP, by their first bytes, whatever the file is called. A picture that was cut off keeps its
rows if at least half are there. Orientation is applied once; colour profiles are ignored.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final, cast

import cv2
import numpy as np
from PIL import Image

from fusion.camera.manifest import Input
from fusion.camera.preprocess import Pixels, upright
from hub.media.kinds import HEAD, MOST_PICTURE_BYTES, kind_of
from hub.see.exif import ORIENTATION, facts_of
from hub.see.jpeg import Jpeg, read_jpeg

MOST_PIXELS: Final = 100_000_000
MOST_ASPECT: Final = 50
MOST_PIXELS_PER_BYTE: Final = 300
"""Above it a picture is a bomb: an all black JPEG has 64, a photograph less than 20."""
LEAST_ROWS: Final = 0.5
LONGEST_PX: Final = 4_096
"""Pictures that are no JPEG are brought down to twice this while they are read, so that they fit the memory."""
SPARE: Final = 2.0
"""A JPEG that is reduced while it is decoded keeps at least so many times the pixels, each way, that the model takes:
with fewer, scores on real traps move by up to 0.1 against decoding all of it, with these by 0.03."""
FORMATS: Final = ("JPEG", "PNG", "WEBP")

Image.MAX_IMAGE_PIXELS = None  # Ours is MOST_PIXELS, checked before anything is decoded.


class Unreadable(Exception):
    """These bytes are no picture that can be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels as they are to be seen, perhaps fewer than the picture has; what it says of itself."""

    pixels: Pixels
    """RGB u1[height, width, 3]."""
    kind: str
    width_px: int
    height_px: int
    """Of the whole picture, upright."""
    rows_kept: float
    """1 where the picture is whole; what is missing below is black."""
    facts: dict[str, str]


def read_picture(data: bytes, given: Input | None = None) -> Picture:
    """Bytes -> picture; with `given`, of a JPEG no more pixels than that model's input can use. Raises Unreadable."""
    kind = _kind(data)
    try:
        image = Image.open(io.BytesIO(data), formats=[kind])
    except MemoryError:
        raise
    except Exception as error:
        raise Unreadable(f"{kind}: the header cannot be read: {_said(error)}") from error
    stored = image.size
    _refuse_bombs(stored, len(data))
    facts = facts_of(image)
    orientation = int(facts.get(ORIENTATION, "1"))
    width, height = stored[::-1] if orientation >= 5 else stored
    shrink = _shrink(width, height, given)
    rows_kept = 1.0
    jpeg = read_jpeg(data) if kind == "JPEG" else None
    pixels = _fast(data, jpeg, image.mode, shrink) if jpeg else None
    if pixels is None:
        pixels, rows_kept = _carefully(image, jpeg, data)
    return Picture(upright(pixels, orientation), kind, width, height, rows_kept, facts)


def _kind(data: bytes) -> str:
    """As Pillow calls it; raises Unreadable."""
    if len(data) > MOST_PICTURE_BYTES:
        raise Unreadable(f"{len(data):,} bytes; at most {MOST_PICTURE_BYTES:,} are read")
    kind = kind_of(data[:HEAD])
    if kind == "mp4":
        raise Unreadable("a video: only pictures are looked at")
    if kind is not None:
        return kind.upper()
    raise Unreadable(f"no JPEG, PNG or WebP: it begins with {data[:8]!r}" if data else "empty")


def _refuse_bombs(size: tuple[int, int], count: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise Unreadable("it has no pixels")
    if width * height > MOST_PIXELS:
        raise Unreadable(f"{width:,} x {height:,} pixels; at most {MOST_PIXELS:,} are read")
    if max(width, height) > MOST_ASPECT * min(width, height):
        raise Unreadable(f"{width:,} x {height:,} pixels: no camera makes such a shape")
    if width * height > MOST_PIXELS_PER_BYTE * count:
        raise Unreadable(f"{width:,} x {height:,} pixels in {count:,} bytes: a decompression bomb")


def _shrink(width: int, height: int, given: Input | None) -> int:
    """By how much a JPEG may be reduced while it is decoded: 1, 2, 4 or 8."""
    if given is None:
        return 1
    across, down = given.width_px / width, given.height_px / height
    ratio = min(across, down) if given.resize == "letterbox" else max(across, down)
    return next((one for one in (8, 4, 2) if one * ratio * SPARE <= 1.0), 1)


REDUCED: Final = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
AS_STORED: Final = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
"""Instead of OpenCV's own order, and as the file has it: we turn it ourselves, once."""


def _fast(data: bytes, jpeg: Jpeg, mode: str, shrink: int) -> Pixels | None:
    """The usual JPEG, whole and in ordinary colours, decoded at the size that is wanted; None for any other."""
    if not jpeg.ends or mode not in ("RGB", "L"):
        return None
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), REDUCED[shrink] & ~cv2.IMREAD_COLOR | AS_STORED)
    except cv2.error:
        return None
    # imdecode answers None for what it cannot read, whatever its type says.
    return cast("Pixels | None", decoded)


def _carefully(image: Image.Image, jpeg: Jpeg | None, data: bytes) -> tuple[Pixels, float]:
    """Everything else, by Pillow -> pixels and which share of the rows there is."""
    rows_kept = 1.0
    try:
        image.load()
    except MemoryError:
        raise
    except Exception as error:
        cut = isinstance(error, OSError) and "truncated" in str(error)
        if not cut and (jpeg is None or jpeg.ends):
            raise Unreadable(f"{image.format}: the pixels cannot be read: {_said(error)}") from error
        image, rows_kept = _rows_there(image, jpeg, data)
        if rows_kept < LEAST_ROWS:
            raise Unreadable(f"cut off: {rows_kept:.0%} of the rows are there, {LEAST_ROWS:.0%} are needed") from error
    try:
        return _rgb(image), rows_kept
    except MemoryError:
        raise
    except Exception as error:
        raise Unreadable(f"{image.format}: mode {image.mode} cannot be turned into colours: {_said(error)}") from error


def _rows_there(image: Image.Image, jpeg: Jpeg | None, data: bytes) -> tuple[Image.Image, float]:
    """What was decoded before the file ended, and the share of its rows."""
    if jpeg is not None and jpeg.progressive:
        # A progressive JPEG brings all rows with each scan, at first coarse: after one whole scan all are there.
        if jpeg.scans < 2:
            return image, 0.0
        ended = np.frombuffer(data + b"\xff\xd9", np.uint8)
        whole = cv2.imdecode(ended, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        found = cast("Pixels | None", whole)
        if found is None:
            return image, 0.0
        return Image.fromarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB)), 1.0
    core = getattr(image, "_im", None)
    if core is None:
        return image, 0.0
    # Pillow keeps the rows that it had decoded, and zeros below them.
    there = cast("Image.Image", cast("Any", Image.Image())._new(core))
    if image.mode == "P":
        there.putpalette(cast("Any", image).palette)
    filled = np.asarray(there.convert("RGB") if there.mode == "CMYK" else there)
    filled = filled.reshape(filled.shape[0], -1)
    blank = 255 if there.mode == "CMYK" else 0
    rows = np.flatnonzero((filled != blank).any(axis=1))
    return there, (int(rows[-1]) + 1) / image.height if len(rows) else 0.0


def _rgb(image: Image.Image) -> Pixels:
    longest = max(image.size)
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image)[:: max(1, longest // LONGEST_PX), :: max(1, longest // LONGEST_PX)]
        if image.mode == "F":
            values = np.nan_to_num(values) * 255.0
        grey = (np.clip(values, 0, 65_535).astype(np.uint32) >> 8).astype(np.uint8)
        return np.ascontiguousarray(np.broadcast_to(grey[:, :, None], (*grey.shape, 3)))
    if longest > 2 * LONGEST_PX:
        # Palettes cannot be averaged.
        image = (image.convert("RGB") if image.mode in ("P", "1") else image).reduce(longest // LONGEST_PX)
    return np.array(image if image.mode == "RGB" else image.convert("RGB"), dtype=np.uint8)


def _said(error: Exception) -> str:
    text = " ".join(str(error).split())[:120]
    return text or type(error).__name__
