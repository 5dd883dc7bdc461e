"""What can be said of a picture's pixels without a model: is it dark, is it sharp, is it infrared, what is it like."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from fusion.camera.preprocess import Pixels

SIDE_PX: Final = 256
"""Everything is measured on a copy of this width, so that it does not depend on how the picture was decoded."""
EQUAL_CHANNELS: Final = 2.5
"""Infrared pictures are grey, but for the noise of JPEG: mean difference of the channels, of 255."""
HASH_SIDE: Final = 32


class Quality(NamedTuple):
    """brightness: mean, 0..1. sharpness: standard deviation of the Laplacian, of 255. hash: 64 bits, signed."""

    brightness: float
    sharpness: float
    infrared: bool
    hash: int


def quality(pixels: Pixels) -> Quality:
    """RGB u1[height, width, 3] -> what can be said of it."""
    height, width = pixels.shape[:2]
    side = min(SIDE_PX, width)
    small = cv2.resize(pixels, (side, max(1, round(height * side / width))), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    channels = small.astype(np.int16)
    apart = (np.abs(channels[..., 0] - channels[..., 1]) + np.abs(channels[..., 2] - channels[..., 1])).mean() / 2
    return Quality(
        brightness=round(float(grey.mean()) / 255, 4),
        sharpness=round(float(cv2.Laplacian(grey, cv2.CV_64F).std()), 2),
        infrared=bool(apart < EQUAL_CHANNELS),
        hash=perceptual_hash(grey),
    )


def perceptual_hash(grey: Pixels) -> int:
    """The signs of the 64 lowest frequencies of the cosine transform: pictures alike differ in few bits.

    u1[height, width] -> 64 bits as a signed number, which is what a database keeps.
    """
    small = cv2.resize(grey, (HASH_SIDE, HASH_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:8, :8].ravel()
    # The first is the brightness, of which the hash shall know nothing.
    bits = low > np.median(low[1:])
    bits[0] = False
    return int.from_bytes(np.packbits(bits).tobytes(), "big", signed=True)


def distance(one: int, other: int) -> int:
    """In how many of 64 bits two hashes differ."""
    return ((one ^ other) & ((1 << 64) - 1)).bit_count()
