"""Patterns of drawn leopards, many at once: who, which flank, which view, how good the chip is."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from fusion.camera.chip import Flank, cut_chip
from fusion.camera.pattern import encode
from fusion.camera.sift import pattern_of
from tests.bench.drawn_leopards import View, picture, view_of

FLANKS: tuple[Flank, ...] = ("left", "right")


@dataclass(frozen=True)
class DrawnChip:
    """One picture of an animal, as far as matching needs it."""

    animal: int
    flank: Flank
    number: int
    view: View
    quality: float
    pattern: bytes


def chips_of(animal: int, seed: int, flanks: int, gallery: int, queries: int) -> list[DrawnChip]:
    """The first `gallery` views of each flank are whole animals, as people choose for a gallery; the others as they
    come."""
    cv2.setNumThreads(1)
    rows: list[DrawnChip] = []
    for flank in range(flanks):
        for number in range(gallery + queries):
            rng = np.random.default_rng([seed, animal, flank, number, 99])
            drawn = picture(seed, animal, flank, view_of(rng, whole=number < gallery))
            chip = cut_chip(drawn.pixels, drawn.box, FLANKS[flank])
            rows.append(
                DrawnChip(animal, FLANKS[flank], number, drawn.view, chip.quality.whole, encode(pattern_of(chip)))
            )
    return rows


def drawn_chips(
    seed: int, animals: int, gallery: int, queries: int, *, flanks: int = 2, workers: int = 2, keep: Path | None = None
) -> list[DrawnChip]:
    """All chips of all animals; read from the folder `keep` where they were drawn before."""
    kept = keep / f"chips-{seed}-{animals}-{flanks}-{gallery}-{queries}.pickle" if keep else None
    if kept and kept.is_file():
        return pickle.loads(kept.read_bytes())
    draw = partial(chips_of, seed=seed, flanks=flanks, gallery=gallery, queries=queries)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        rows = [one for part in pool.map(draw, range(animals)) for one in part]
    if kept:
        kept.write_bytes(pickle.dumps(rows))
    return rows
