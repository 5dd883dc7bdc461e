"""Has a camera been turned? A day's pictures have a median, its shape a hash; a new view has another hash.

Hash of the signs of the lowest cosine terms (Zauner 2010, "pHash"): light and shade change it little, another scene
by about half of its 64 bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE: Final = 32
TURNED: Final = 12
"""More bits than this, of 64, and it is another view."""

Thumb = NDArray[np.uint8]
"""Grey u1[32, 32] of a whole picture."""


def thumb(picture: NDArray[np.uint8]) -> Thumb:
    """RGB u1[height, width, 3] -> grey u1[32, 32], each pixel the mean of its part."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return cast("Thumb", cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def is_infrared(picture: NDArray[np.uint8]) -> bool:
    """Are the channels of RGB u1[height, width, 3] equal, but for what compression does to them?"""
    small = picture[:: max(1, picture.shape[0] // 64), :: max(1, picture.shape[1] // 64)].astype(np.int16)
    return float(np.mean(np.ptp(small, axis=2))) < 3.0


def view_hash(thumbs: Sequence[Thumb]) -> int:
    """Thumbs of one day -> 64 bits of their median; 0 where there are none."""
    if not len(thumbs):
        return 0
    # Animals come and go within a day: the median is the ground they stand on.
    middle = np.median(np.stack(list(thumbs)), axis=0).astype(np.float32)
    terms = cast("NDArray[np.float32]", cv2.dct(middle))[:8, :9].ravel()[1:65]
    bits = terms > np.median(terms)
    return int(np.packbits(bits).view(">u8")[0])


def differ(one: int, other: int) -> int:
    """Bits in which two hashes differ."""
    return (one ^ other).bit_count()


def views(hashes: Mapping[int, int], turned: int = TURNED) -> dict[int, int]:
    """Day -> hash becomes day -> number of the view. A view is turned when two days on end differ from it.

    One odd day (fog, snow, a deer before the lens) between two that agree with the view does not end it.
    """
    days = sorted(hashes)
    found: dict[int, int] = {}
    number, anchor = 0, hashes[days[0]] if days else 0
    for at, day in enumerate(days):
        if differ(hashes[day], anchor) > turned:
            after = hashes[days[at + 1]] if at + 1 < len(days) else None
            if after is None or differ(after, anchor) > turned:
                number, anchor = number + 1, hashes[day]
        found[day] = number
    return found
