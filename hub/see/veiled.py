"""Pixels become a picture that may be shown: persons pixelated, nothing of what the camera wrote into the file.

Pure: pixels in, bytes of a JPEG out. It is made anew, so EXIF, GPS and serial numbers stay behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from fusion.camera.frame import Area
from fusion.camera.preprocess import Pixels

MARGIN: Final = 0.1
"""Of the box, on every side: a detector cuts off a hand or a hat."""
BLOCKS: Final = 8
"""Along the longer side of what is pixelated: a person is six heads high, so a head is about one block."""
LEAST_BLOCK_PX: Final = 4


def veiled(pixels: Pixels, parts: Sequence[Area]) -> Pixels:
    """RGB u1[height, width, 3] with these parts, and a margin, pixelated."""
    out = pixels.copy()
    height, width = out.shape[:2]
    for x, y, w, h in parts:
        left, right = (int(np.clip(at * width, 0, width)) for at in (x - MARGIN * w, x + w + MARGIN * w + 1 / width))
        top, bottom = (int(np.clip(at * height, 0, height)) for at in (y - MARGIN * h, y + h + MARGIN * h + 1 / height))
        # Of the picture as it was: two persons who stand together are not averaged twice.
        region = pixels[top:bottom, left:right]
        if not region.size:
            continue
        tall, wide = region.shape[:2]
        block = max(LEAST_BLOCK_PX, -(-max(tall, wide) // BLOCKS))
        small = cv2.resize(region, (-(-wide // block), -(-tall // block)), interpolation=cv2.INTER_AREA)
        out[top:bottom, left:right] = np.repeat(np.repeat(small, block, axis=0), block, axis=1)[:tall, :wide]
    return out


def as_jpeg(pixels: Pixels, parts: Sequence[Area], width_px: int, quality: int) -> bytes:
    """Veiled, no wider than `width_px` (0: as it is), as JPEG of a quality of 1 to 100."""
    shown = veiled(pixels, parts)
    height, width = shown.shape[:2]
    if width_px and width > width_px:
        size = (width_px, max(1, round(height * width_px / width)))
        shown = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(shown, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("it cannot be written as JPEG")
    return encoded.tobytes()
