"""A drawn picture, the same on every machine: something to look at where nobody's photograph may be shipped."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def drawn(width: int = 640, height: int = 480) -> bytes:
    """A drawn picture as PNG, the same everywhere: a bird before a meadow, as far as a network is concerned."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    sky = np.stack([150 + 60 * y / height, 185 + 40 * y / height, 235 - 30 * y / height], axis=-1)
    meadow = np.stack([70 + 20 * np.sin(x / 9), 110 + 25 * np.sin(x / 5 + y / 7), 50 + 0 * x], axis=-1)
    picture = np.where((y > 0.6 * height)[:, :, None], meadow, sky)

    def ellipse(cx: float, cy: float, a: float, b: float, turn: float, colour: tuple[int, int, int]) -> None:
        u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
        v = (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
        shade = (1.0 - 0.35 * np.clip((y - cy) / b, -1, 1))[:, :, None]
        inside = ((u / a) ** 2 + (v / b) ** 2 < 1.0)[:, :, None]
        picture[:] = np.where(inside, np.array(colour) * shade, picture)

    for dx in (-14, 10):
        ellipse(300 + dx, 330, 4, 50, 0.0, (60, 50, 40))
    ellipse(300, 250, 105, 58, -0.25, (105, 80, 60))
    ellipse(205, 285, 70, 18, -0.5, (80, 60, 45))
    ellipse(392, 195, 42, 36, 0.0, (115, 88, 66))
    ellipse(447, 200, 26, 8, 0.1, (220, 170, 40))
    ellipse(404, 186, 6, 6, 0.0, (10, 10, 10))
    ellipse(285, 250, 66, 28, -0.3, (85, 62, 46))
    out = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()
