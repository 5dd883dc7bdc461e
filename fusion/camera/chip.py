"""One animal cut out of a picture, turned and sized so that its coat can be compared: a chip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from fusion.camera.pattern import LONG_SIDE_PX, Flank
from fusion.camera.preprocess import Pixels, check_pixels

MARGIN: Final = 0.04
"""Of the box's sides, added on each: detectors cut into ears and tails."""
SMALLEST_PX: Final = 32
"""A box with a shorter long side shows no pattern."""
SAME_CHANNELS: Final = 3.0
"""Mean difference between colour channels, of 255, up to which a picture counts as infrared; JPEG adds some."""
BURNT: Final = 238
DARK: Final = 5


@dataclass(frozen=True, slots=True)
class Quality:
    """What a chip lets one see, each 0 to 1, and `whole`, their geometric mean: 0 is useless, 1 as good as it gets.

    sharpness: of edges against noise, at the size of rosettes; area: pixels that the picture had for the chip, of
    those it is drawn with; contrast: spread of grey within small tiles; exposure: share neither burnt out nor black.
    """

    sharpness: float
    area: float
    contrast: float
    exposure: float
    whole: float


@dataclass(frozen=True, slots=True, eq=False)
class Chip:
    """grey u1[height, width], the long side `LONG_SIDE_PX`; coat b[height, width]: where the animal probably is.

    `to_picture` f8[2, 3] takes (x, y, 1) of the chip to pixels of the picture. `flank` is what somebody labelled.
    """

    grey: Pixels
    coat: NDArray[np.bool_]
    to_picture: NDArray[np.float64]
    flank: Flank
    is_infrared: bool
    quality: Quality


def cut_chip(
    picture: Pixels,
    box: tuple[float, float, float, float],
    flank: Flank = "unknown",
    mask: NDArray[np.bool_] | None = None,
) -> Chip:
    """RGB u1[height, width, 3] and a box (left, top, right, bottom) in its pixels -> the chip.

    A mask b[height, width], where a detector gives one, says how the body lies: its longest axis becomes the chip's,
    turned by the smaller angle, so that what was up stays up. A box alone is not turned. Contrast is evened out
    locally (CLAHE, Zuiderveld 1994), for infrared more strongly. Raises ValueError for what is no picture, a box
    outside it, one below `SMALLEST_PX`, or a mask of another size or with nothing in the box.
    """
    check_pixels(picture)
    left, top, right, bottom = _inside(picture, box)
    inside = _ellipse(left, top, right, bottom) if mask is None else _masked(picture, mask, (left, top, right, bottom))
    longest = max(inside.wide, inside.high) * (1.0 + 2.0 * MARGIN)
    scale = LONG_SIDE_PX / longest
    width = max(8, min(LONG_SIDE_PX, round(inside.wide * (1.0 + 2.0 * MARGIN) * scale)))
    height = max(8, min(LONG_SIDE_PX, round(inside.high * (1.0 + 2.0 * MARGIN) * scale)))
    cos, sin = np.cos(inside.turn) / scale, np.sin(inside.turn) / scale
    turned = np.array([[cos, -sin], [sin, cos]])
    shift = np.array([inside.x, inside.y]) - turned @ [(width - 1) / 2.0, (height - 1) / 2.0]
    to_picture = np.column_stack([turned, shift])
    part, to_part = _near(picture, to_picture, width, height)
    if scale < 1.0:
        # Average before shrinking: rosettes must not become noise.
        part = cast("Pixels", cv2.GaussianBlur(part, (0, 0), 0.45 / scale))
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    colour = cast("Pixels", cv2.warpAffine(part, to_part, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE))
    infrared = is_infrared(colour)
    grey = cast("Pixels", cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY))
    coat = inside.drawn(width, height, to_picture)
    quality = quality_of(grey, coat, scale)
    even = cv2.createCLAHE(clipLimit=3.0 if infrared else 2.0, tileGridSize=(8, 8))
    return Chip(cast("Pixels", even.apply(grey)), coat, to_picture, flank, infrared, quality)


def is_infrared(colour: Pixels) -> bool:
    """Are the channels of RGB u1[height, width, 3] equal but for compression?"""
    wide = colour.astype(np.int16)
    apart = max(np.abs(wide[..., 0] - wide[..., 1]).mean(), np.abs(wide[..., 1] - wide[..., 2]).mean())
    return bool(apart <= SAME_CHANNELS)


def quality_of(grey: Pixels, coat: NDArray[np.bool_], scale: float) -> Quality:
    """Of a chip before its contrast is evened out: grey u1[h, w], coat b[h, w], pixels of chip a pixel of picture.

    Half the worth at what was measured to match half as well: an upscaling of 3, a local spread of 12 grey levels, a
    third burnt out; edges as strong as the noise.
    """
    area = float(min(1.0, 1.0 / scale)) if scale > 0 else 0.0
    values = grey.astype(np.float32)
    middle = cv2.GaussianBlur(values, (0, 0), 1.5)
    coarse = cv2.GaussianBlur(values, (0, 0), 12.0)
    local = np.sqrt(np.maximum(cv2.GaussianBlur(np.square(middle - coarse), (0, 0), 12.0), 0.0))
    seen = coat if coat.any() else np.ones_like(coat)
    contrast = float(np.median(local[seen]))
    # Edges at the size of a rosette's rim, beside what is finer than a picture of this size can hold.
    rim = middle - cv2.GaussianBlur(values, (0, 0), 3.5)
    fine = values - cv2.GaussianBlur(values, (0, 0), 0.8)
    strength = float(np.sqrt(np.mean(np.square(rim[seen]))))
    noise = float(np.sqrt(np.mean(np.square(fine[seen]))))
    sharp = strength / (strength + 0.6 * noise + 3.0)
    # Noise takes single pixels of a burnt coat below white: look at what is left when it is averaged away.
    lost = float(np.mean((middle[seen] >= BURNT) | (middle[seen] <= DARK)))
    parts = (sharp, area**0.5, contrast / (contrast + 12.0), max(0.0, 1.0 - 1.5 * lost))
    whole = float(np.prod(np.maximum(parts, 0.0)) ** (1.0 / len(parts)))
    return Quality(float(parts[0]), float(parts[1]), float(parts[2]), float(parts[3]), whole)


@dataclass(frozen=True, slots=True)
class _Inside:
    """An upright or turned rectangle around the animal; `mask` where more is known than an ellipse."""

    x: float
    y: float
    wide: float
    high: float
    turn: float
    mask: NDArray[np.bool_] | None

    def drawn(self, width: int, height: int, to_picture: NDArray[np.float64]) -> NDArray[np.bool_]:
        if self.mask is not None:
            how = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
            return cv2.warpAffine(self.mask.astype(np.uint8), to_picture, (width, height), flags=how) > 0
        rows, columns = np.mgrid[:height, :width]
        across, down = (columns + 0.5) / width * 2.0 - 1.0, (rows + 0.5) / height * 2.0 - 1.0
        # A body is wider than an ellipse; corners of a box are background.
        return np.abs(across) ** 3 + np.abs(down) ** 3 <= 1.0


def _inside(picture: Pixels, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    height, width = picture.shape[:2]
    if not np.isfinite(box).all():
        raise ValueError(f"a box has four finite sides, not {box}")
    left, top = max(0.0, box[0]), max(0.0, box[1])
    right, bottom = min(float(width), box[2]), min(float(height), box[3])
    if right <= left or bottom <= top:
        raise ValueError(f"the box {box} lies outside the picture of {width} x {height} pixels")
    if max(right - left, bottom - top) < SMALLEST_PX:
        raise ValueError(f"the box {box} is smaller than {SMALLEST_PX} pixels: no pattern can be seen")
    return left, top, right, bottom


def _ellipse(left: float, top: float, right: float, bottom: float) -> _Inside:
    return _Inside((left + right - 1) / 2, (top + bottom - 1) / 2, right - left, bottom - top, 0.0, None)


def _masked(picture: Pixels, mask: NDArray[np.bool_], box: tuple[float, float, float, float]) -> _Inside:
    if mask.shape != picture.shape[:2] or mask.dtype != np.bool_:
        raise ValueError(f"a mask is b{list(picture.shape[:2])} like its picture, not {mask.dtype}{list(mask.shape)}")
    left, top, right, bottom = (round(side) for side in box)
    within = np.zeros_like(mask)
    within[top:bottom, left:right] = mask[top:bottom, left:right]
    rows, columns = np.nonzero(within)
    if len(rows) < SMALLEST_PX:
        raise ValueError("the mask shows nothing within the box")
    spread = np.cov(np.stack([columns, rows]).astype(np.float64))
    turn = 0.5 * float(np.arctan2(2.0 * spread[0, 1], spread[0, 0] - spread[1, 1]))
    along = columns * np.cos(turn) + rows * np.sin(turn)
    across = -columns * np.sin(turn) + rows * np.cos(turn)
    middle, other = (along.min() + along.max()) / 2, (across.min() + across.max()) / 2
    x = middle * np.cos(turn) - other * np.sin(turn)
    y = middle * np.sin(turn) + other * np.cos(turn)
    return _Inside(float(x), float(y), float(np.ptp(along)) + 1, float(np.ptp(across)) + 1, turn, within)


def _near(
    picture: Pixels, to_picture: NDArray[np.float64], width: int, height: int
) -> tuple[Pixels, NDArray[np.float64]]:
    """The part of the picture that a chip is made of, and the way from the chip to it: 8 megapixels stay unread."""
    corners = to_picture @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]], np.float64)
    low = np.maximum(np.floor(corners.min(axis=1)).astype(int) - 8, 0)
    high = np.minimum(np.ceil(corners.max(axis=1)).astype(int) + 9, [picture.shape[1], picture.shape[0]])
    moved = to_picture.copy()
    moved[:, 2] -= low
    return np.ascontiguousarray(picture[low[1] : high[1], low[0] : high[0]]), moved
