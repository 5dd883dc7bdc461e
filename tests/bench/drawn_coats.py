"""Coats of leopards that nobody ever photographed: each flank of each animal is a pattern of its own.

Drawn from seeds alone. All coats come from the same statistics (size, density and shape of rosettes differ little
between animals), so that what tells two animals apart is where the rosettes are and how each is broken, as in nature.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]

LENGTH_PX: Final = 960
"""From the shoulder to the root of the tail."""
GIRTH_PX: Final = 560
"""From beyond the back (v = 0) to beyond the belly (v = 1): 220 degrees around the body."""
TAWNY: Final = np.array([196.0, 152.0, 98.0], np.float32)
PALE: Final = np.array([232.0, 218.0, 192.0], np.float32)
DARK: Final = np.array([42.0, 32.0, 26.0], np.float32)


def coat(seed: int, animal: int, flank: int) -> Numbers:
    """One flank, rolled out: RGB f4[GIRTH_PX, LENGTH_PX, 3], 0 to 255."""
    rng = np.random.default_rng([seed, animal, flank, 1])
    habit = np.random.default_rng([seed, animal, 2])
    ink, inside = _rosettes(rng, habit)
    v = np.linspace(0.0, 1.0, GIRTH_PX, dtype=np.float32)[:, None]
    pale = 1.0 / (1.0 + np.exp(-(v - 0.78 - 0.03 * float(habit.standard_normal())) / 0.05))
    ground = TAWNY + (PALE - TAWNY) * pale[..., None]
    ground = ground * (0.92 + 0.16 * _cloud(rng, GIRTH_PX, LENGTH_PX, 90)[..., None])
    ground = ground * (1.0 - 0.22 * inside[..., None])
    skin = ground + (DARK - ground) * (0.88 * ink)[..., None]
    fur = 1.0 + 0.07 * rng.standard_normal((GIRTH_PX, LENGTH_PX)).astype(np.float32)
    return np.clip(skin * cv2.GaussianBlur(fur, (0, 0), sigmaX=2.2, sigmaY=0.7)[..., None], 0, 255).astype(np.float32)


def _rosettes(rng: np.random.Generator, habit: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Black rings in pieces on a jittered lattice, solid spots at shoulder and belly; and what the rings enclose."""
    pitch = 52.0 * float(habit.uniform(0.93, 1.07))
    thick = float(habit.uniform(0.9, 1.15))
    ink = np.zeros((GIRTH_PX, LENGTH_PX), np.uint8)
    inside = np.zeros_like(ink)
    for row in range(-1, int(GIRTH_PX / (0.84 * pitch)) + 2):
        for column in range(-1, int(LENGTH_PX / pitch) + 2):
            jitter = rng.normal(0.0, 0.20 * pitch, 2)
            x = (column + 0.5 * (row % 2)) * pitch + jitter[0]
            y = row * 0.84 * pitch + jitter[1]
            if rng.random() < 0.06:
                continue
            solid = y > 0.80 * GIRTH_PX or x < 0.07 * LENGTH_PX or rng.random() < 0.10
            size = pitch * float(rng.uniform(0.26, 0.43)) * (0.55 if solid else 1.0)
            _rosette(ink, inside, rng, (float(x), float(y)), size, thick, solid)
    soft = cv2.GaussianBlur(ink, (0, 0), 1.3).astype(np.float32) / 255.0
    return soft, cv2.GaussianBlur(inside, (0, 0), 2.5).astype(np.float32) / 255.0


def _rosette(
    ink: NDArray[np.uint8],
    inside: NDArray[np.uint8],
    rng: np.random.Generator,
    centre: tuple[float, float],
    size: float,
    thick: float,
    solid: bool,
) -> None:
    around = np.linspace(0.0, 2.0 * np.pi, 28, endpoint=False)
    waves = sum(rng.normal(0.0, 0.11 / k) * np.cos(k * around + rng.uniform(0, 6.3)) for k in (1, 2, 3, 4))
    radius = size * (1.0 + np.asarray(waves))
    stretch, turn = float(rng.uniform(0.75, 1.3)), float(rng.uniform(0, np.pi))
    x, y = radius * np.cos(around) * stretch, radius * np.sin(around) / stretch
    outline = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], axis=1) + centre
    points = np.round(outline * 16).astype(np.int32)
    if solid:
        cv2.fillPoly(ink, [points], 255, cv2.LINE_AA, 4)
        return
    cv2.fillPoly(inside, [points], 255, cv2.LINE_AA, 4)
    start = int(rng.integers(28))
    for _ in range(int(rng.integers(2, 6))):
        length = int(rng.integers(3, 10))
        piece = points[(start + np.arange(length)) % 28]
        width = max(2, round(thick * size * float(rng.uniform(0.30, 0.62))))
        cv2.polylines(ink, [piece], False, 255, width, cv2.LINE_AA, 4)
        start += length + int(rng.integers(1, 4))


def _cloud(rng: np.random.Generator, height: int, width: int, grain_px: int) -> Numbers:
    """Smooth noise about 0.5."""
    small = rng.random((height // grain_px + 3, width // grain_px + 3)).astype(np.float32)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
