"""Scores of a model become probabilities that come true."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fusion.camera.manifest import Calibration

Numbers = NDArray[np.float32]


def calibrated(scores: Numbers, how: Calibration) -> Numbers:
    """Scores 0 to 1 of any shape -> probabilities of that shape.

    `temperature`: the log odds are divided by t (Guo et al. 2017, arXiv 1706.04599, for one score a box); `isotonic`:
    straight lines between the knots, constant beyond them (Zadrozny & Elkan 2002). Order is kept by both.
    """
    if how.method == "none" or (how.method == "temperature" and how.t == 1.0):
        return scores
    if how.method == "isotonic":
        x, y = np.array(how.knots, dtype=np.float64).T
        return np.interp(scores, x, y).astype(np.float32)
    inner = np.clip(scores.astype(np.float64), 1e-9, 1 - 1e-9)
    odds = np.log(inner) - np.log1p(-inner)
    return (1.0 / (1.0 + np.exp(-odds / how.t))).astype(np.float32)


def fitted_temperature(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The t at which log odds / t make `right` f8[n] likeliest: one dimension, convex in 1 / t; 0.05 to 20.

    Raises ValueError where fewer than two outcomes are there: nothing can be learned from what was always right.
    """
    if len(scores) != len(right) or right.all() or not right.any():
        raise ValueError("right and wrong answers are both needed, one for each score")
    inner = np.clip(np.asarray(scores, dtype=np.float64), 1e-9, 1 - 1e-9)
    odds = np.log(inner) - np.log1p(-inner)
    signed = np.where(right, odds, -odds)
    low, high = 0.05, 20.0
    # Slope of the loss in 1 / t: rising, so that halving finds where it is 0.
    for _ in range(60):
        middle = (low + high) / 2
        slope = -np.sum(signed / (1.0 + np.exp(np.clip(middle * signed, -500, 500))))
        low, high = (middle, high) if slope < 0 else (low, middle)
    return float(1.0 / ((low + high) / 2))


def fitted_isotonic(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """Knots (score, probability), both rising, by pooling adjacent violators (Ayer et al. 1955); at least two.

    Each pool's knot lies at its mean score. Raises ValueError for fewer than two different scores.
    """
    values, place = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
    if len(values) < 2:
        raise ValueError("at least two different scores are needed")
    counts = np.bincount(place)
    hits = np.bincount(place, weights=right.astype(np.float64))
    pools: list[tuple[float, float, float]] = []
    for value, count, hit in zip(values.tolist(), counts.tolist(), hits.tolist(), strict=True):
        pool = (hit, value * count, float(count))
        # Shares that do not rise are one share: a / n >= b / m, written without a division.
        while pools and pools[-1][0] * pool[2] >= pool[0] * pools[-1][2]:
            last = pools.pop()
            pool = (last[0] + pool[0], last[1] + pool[1], last[2] + pool[2])
        pools.append(pool)
    knots = tuple((sums / count, hit / count) for hit, sums, count in pools)
    if len(knots) > 1:
        return knots
    share = float(hits.sum() / counts.sum())
    return (float(values[0]), share), (float(values[-1]), share)
