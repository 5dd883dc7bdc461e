"""Cut what a box shows out of a picture, for whoever says what it is."""

from __future__ import annotations

from typing import Final

from fusion.camera.frame import Area
from fusion.camera.preprocess import Pixels, check_pixels

MARGIN: Final = 0.15
"""Of the box's longer side, on each side: a classifier wants some of the surroundings."""
LEAST_PX: Final = 32
"""A box whose longer side is less shows an animal, too small to be told."""


def square_crop(picture: Pixels, area: Area, margin: float = MARGIN) -> Pixels | None:
    """RGB u1[height, width, 3] and a box in parts of it -> a square around the box, within the picture as far as it
    goes.

    None where the box is too small to be told. A square that would reach over an edge is moved inside; only where the
    picture itself is smaller it is cut.
    """
    check_pixels(picture)
    height, width = picture.shape[:2]
    sides = area[2] * width, area[3] * height
    if max(sides) < LEAST_PX or min(sides) <= 0:
        return None
    side = max(sides) * (1 + 2 * margin)
    across, down = min(round(side), width), min(round(side), height)
    left = round((area[0] + area[2] / 2) * width - across / 2)
    top = round((area[1] + area[3] / 2) * height - down / 2)
    left, top = min(max(left, 0), width - across), min(max(top, 0), height - down)
    return picture[top : top + down, left : left + across]
