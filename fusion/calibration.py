"""Stated probabilities made true: what was said with p came true with what share, and the monotone map between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fusion.ellipse import Floats

PRIOR_WEIGHT = 2.0
"""Answers that the diagonal counts for in each step: few reviews bend the map little."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Straight lines between knots: stated f8[k] ascending in 0..1, true f8[k] non-decreasing."""

    stated: Floats
    true: Floats

    def __call__(self, probability: ArrayLike) -> Floats:
        """Stated probabilities f8[n] -> calibrated f8[n]."""
        return np.interp(np.asarray(probability, np.float64), self.stated, self.true)


IDENTITY = Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]))


def isotonic(stated: ArrayLike, was_right: ArrayLike, bins: int = 20) -> Calibration:
    """Isotonic regression of was_right b[n] on stated f8[n], pooled into bins of equal count first.

    Zadrozny & Elkan 2002 (KDD), by pooling adjacent violators (Ayer et al. 1955), shrunk towards the diagonal. The
    order of the answers does not matter. Raises ValueError for a probability outside 0..1; nothing stated is IDENTITY.
    """
    p, right = np.asarray(stated, np.float64), np.asarray(was_right, np.float64)
    if p.shape != right.shape or not ((p >= 0.0) & (p <= 1.0)).all():
        raise ValueError("one probability in 0..1 for each answer")
    if not len(p):
        return IDENTITY
    order = np.lexsort((right, p))
    parts = [part for part in np.array_split(order, min(bins, len(order))) if len(part)]
    pools: list[tuple[float, float, float]] = []
    for part in parts:
        count, mean = float(len(part)), float(p[part].mean())
        hits = float(right[part].sum()) + PRIOR_WEIGHT * mean
        pools.append((count + PRIOR_WEIGHT, (count + PRIOR_WEIGHT) * mean, hits))
        while len(pools) > 1 and pools[-2][2] * pools[-1][0] >= pools[-1][2] * pools[-2][0]:
            one, other = pools.pop(), pools.pop()
            pools.append((one[0] + other[0], one[1] + other[1], one[2] + other[2]))
    weight, said, hits = np.array(pools).T
    x, y = said / weight, hits / weight
    inside = (x > 0.0) & (x < 1.0)
    x, y = x[inside], y[inside]
    return Calibration(np.concatenate([[0.0], x, [1.0]]), np.maximum.accumulate(np.concatenate([[0.0], y, [1.0]])))


def expected_error(stated: ArrayLike, was_right: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width, weighted by count (Naeini et al. 2015, AAAI); 0 if empty."""
    p, right = np.asarray(stated, np.float64), np.asarray(was_right, np.float64)
    if not len(p):
        return 0.0
    row = np.minimum((p * bins).astype(np.int64), bins - 1)
    return float(np.abs(np.bincount(row, weights=p - right, minlength=bins)).sum() / len(p))
