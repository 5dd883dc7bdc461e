"""Chips of boxes in a picture, with the points of their coats; for the process that may die of pictures."""

from __future__ import annotations

from typing import Final

from fusion.camera.chip import cut_chip
from fusion.camera.pattern import encode
from fusion.camera.preprocess import Pixels
from fusion.camera.sift import pattern_of
from hub.see.pixels import Unreadable, read_picture
from hub.see.seen import Chips, Cut, CutChip

FEWEST_POINTS: Final = 8
"""Fewer tell nobody from anybody."""


def chips(order: Cut) -> Chips:
    """Bytes -> chips. Never raises but what ends the process."""
    try:
        pixels = read_picture(order.data).pixels
        return Chips([_chip(pixels, box) for box in order.boxes])
    except Unreadable as reason:
        return Chips(reason=str(reason))
    except MemoryError:
        return Chips(reason="it needs more memory than a picture may")


def _chip(pixels: Pixels, box: tuple[float, float, float, float]) -> CutChip:
    height, width = pixels.shape[:2]
    left, top = box[0] * width, box[1] * height
    try:
        chip = cut_chip(pixels, (left, top, left + box[2] * width, top + box[3] * height))
    except ValueError as reason:
        return CutChip(reason=str(reason))
    pattern = pattern_of(chip)
    if len(pattern) < FEWEST_POINTS:
        return CutChip(quality=chip.quality.whole, reason=f"{len(pattern)} points of a coat are too few")
    rows = chip.to_picture / [[width], [height]]
    return CutChip(chip.quality.whole, tuple(rows.ravel().tolist()), encode(pattern))
