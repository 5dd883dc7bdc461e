"""Scores of a match become how much likelier it would look so if it were this individual than if it were another.

Each score has a monotone curve of its own, fitted on pairs that are known to be the same or not; the curves' answers
are weighed together. What comes out is a natural logarithm of a likelihood ratio: what fusion takes as evidence of the
coat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LIMIT: Final = 30.0
"""Of a log ratio, both ways."""
FEWEST: Final = 30
"""Pairs of each kind below which nothing is fitted."""
BINS: Final = 24
HALF: Final = 0.5
"""Pairs that each pool is given of each kind: no pool says never, and none says more than its size can tell."""
RIDGE: Final = 1e-3


class TooFewPairs(ValueError):
    """Not enough pairs of the same and of different individuals to fit anything that could be believed."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """score f8[k] rising and log_ratio f8[k] never falling: straight lines between, constant beyond."""

    score: Floats
    log_ratio: Floats

    def __call__(self, score: ArrayLike) -> Floats:
        """Scores f8[n] -> log ratios f8[n]; a score that is missing (nan) stays so."""
        return np.interp(np.asarray(score, np.float64), self.score, self.log_ratio)


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """Curves of scores by name, how they are weighed, and the last curve over their sum.

    same, different: pairs that it was fitted on; `basis` says whose. A likeness fitted on drawn animals, or on another
    species, is not to be believed: refit it on verdicts.
    """

    names: tuple[str, ...]
    curves: tuple[Curve, ...]
    weights: tuple[float, ...]
    last: Curve
    same: int
    different: int
    basis: str

    def log_ratios(self, scores: Mapping[str, ArrayLike]) -> Floats:
        """Scores f8[n] by name -> log ratios f8[n] in -30..30.

        A score that is missing (no such name, or nan) leaves its weight to the others; where all are missing the ratio
        is 0: nothing is known. Rises with every score.
        """
        return np.clip(self.last(self._sum(scores)), -LIMIT, LIMIT)

    def _sum(self, scores: Mapping[str, ArrayLike]) -> Floats:
        count = max((len(np.asarray(one)) for one in scores.values()), default=0)
        rows = np.full((len(self.names), count), np.nan)
        for row, (name, curve) in enumerate(zip(self.names, self.curves, strict=True)):
            if name in scores:
                rows[row] = curve(scores[name])
        return _weighed(rows, np.array(self.weights))

    def as_numbers(self) -> dict[str, object]:
        """Plain lists and numbers, to be kept; `from_numbers` reads them."""
        return {
            "names": list(self.names),
            "curves": [[one.score.tolist(), one.log_ratio.tolist()] for one in self.curves],
            "weights": list(self.weights),
            "last": [self.last.score.tolist(), self.last.log_ratio.tolist()],
            "same": self.same,
            "different": self.different,
            "basis": self.basis,
        }

    @classmethod
    def from_numbers(cls, kept: Mapping[str, object]) -> Likeness:
        """What `as_numbers` gave. Raises ValueError for anything that is no likeness, and says what."""
        try:
            names = tuple(str(one) for one in _list(kept["names"]))
            curves = tuple(_curve(one) for one in _list(kept["curves"]))
            weights = tuple(float(str(one)) for one in _list(kept["weights"]))
            last = _curve(kept["last"])
            same, different, basis = int(str(kept["same"])), int(str(kept["different"])), str(kept["basis"])
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"a likeness has names, curves, weights, last, same, different and basis: {error}"
            ) from error
        if not len(names) == len(curves) == len(weights) or min(weights, default=0.0) < 0 or not sum(weights) > 0:
            raise ValueError("a likeness has one curve and one weight, not negative, for each name")
        return cls(names, curves, weights, last, same, different, basis)


def fit_likeness(scores: Mapping[str, ArrayLike], is_same: ArrayLike, basis: str) -> Likeness:
    """Scores f8[n] by name (nan where missing) of pairs, and b[n] whether they show the same individual -> Likeness.

    Take every individual that a chip was compared with, not only those that somebody was shown: the ratio is to be that
    of all. Curves are isotonic (pools of adjacent violators, Ayer et al. 1955) with the two kinds weighed alike, so
    that log odds are log ratios; the weights are those of a logistic regression held to be not negative, which fuses at
    least as well as the mean of log odds (WildFusion: Cermak et al. 2024, arXiv 2408.12934), its starting point. Raises
    TooFewPairs.
    """
    same = np.asarray(is_same, np.bool_)
    if min(int(same.sum()), int((~same).sum())) < FEWEST:
        raise TooFewPairs(
            f"at least {FEWEST} pairs of the same and {FEWEST} of different individuals are needed, "
            f"not {int(same.sum())} and {int((~same).sum())}"
        )
    names = tuple(sorted(scores))
    table = np.array([np.asarray(scores[name], np.float64) for name in names])
    if not names or table.shape != (len(names), len(same)):
        raise ValueError(f"one score a pair and name was expected, not {list(table.shape)} for {len(same)} pairs")
    curves = tuple(_isotonic(row, same) for row in table)
    rows = np.array([curve(row) for curve, row in zip(curves, table, strict=True)])
    weights = _logistic(rows, same)
    last = _isotonic(_weighed(rows, weights), same)
    return Likeness(names, curves, tuple(weights.tolist()), last, int(same.sum()), int((~same).sum()), basis)


def _isotonic(score: Floats, same: NDArray[np.bool_]) -> Curve:
    known = np.isfinite(score)
    score, same = score[known], same[known]
    if not len(score):
        return Curve(np.zeros(1), np.zeros(1))
    # Edges where either kind has its mass: most pairs are different, what matters is where the same ones lie.
    levels = np.linspace(0.0, 1.0, BINS + 1)[1:-1]
    halves = [np.quantile(part, levels) for part in (score[same], score[~same]) if len(part)]
    row = np.searchsorted(np.unique(np.concatenate(halves)), score, side="right")
    count = int(row.max()) + 1
    alike = np.bincount(row, same, count)
    unlike = np.bincount(row, ~same, count)
    total = np.bincount(row, score, count)
    pools: list[tuple[float, float, float]] = []
    for a, b, s in zip(alike, unlike, total, strict=True):
        if a + b == 0:
            continue
        pools.append((float(a), float(b), float(s)))
        while len(pools) > 1 and _ratio(pools[-2], same) >= _ratio(pools[-1], same):
            one, other = pools.pop(), pools.pop()
            pools.append((one[0] + other[0], one[1] + other[1], one[2] + other[2]))
    middle = np.array([s / (a + b) for a, b, s in pools])
    return Curve(middle, np.array([_ratio(one, same) for one in pools]))


def _ratio(pool: tuple[float, float, float], same: NDArray[np.bool_]) -> float:
    alike, unlike = float(same.sum()), float((~same).sum())
    return float(np.log((pool[0] + HALF) / (alike + HALF)) - np.log((pool[1] + HALF) / (unlike + HALF)))


def _weighed(rows: Floats, weights: Floats) -> Floats:
    """Log ratios f8[s, n], nan where missing -> their weighed sums f8[n], the weights of missing ones shared out."""
    there = np.isfinite(rows)
    present = (weights[:, None] * there).sum(axis=0)
    total = (weights[:, None] * np.where(there, rows, 0.0)).sum(axis=0)
    return np.where(present > 0, total * weights.sum() / np.maximum(present, 1e-12), 0.0)


def _logistic(rows: Floats, same: NDArray[np.bool_]) -> Floats:
    """Weights, not negative, of log ratios f8[s, n] with both kinds weighed alike, held near the mean of log odds."""
    values = np.where(np.isfinite(rows), rows, 0.0)
    share = np.where(same, 0.5 / same.sum(), 0.5 / (~same).sum())
    start = np.full(len(rows), 1.0 / len(rows))
    weights = start.copy()
    for _ in range(100):
        stated = 1.0 / (1.0 + np.exp(-np.clip(weights @ values, -LIMIT, LIMIT)))
        slope = values @ (share * (stated - same)) + RIDGE * (weights - start)
        bend = (values * (share * stated * (1.0 - stated))) @ values.T + RIDGE * np.eye(len(rows))
        # Those at zero that would go below stay out of the step (Bertsekas 1982, SIAM J. Control 20).
        free = (weights > 0) | (slope < 0)
        step = np.zeros_like(weights)
        step[free] = np.linalg.solve(bend[np.ix_(free, free)], slope[free])
        moved = np.maximum(weights - step, 0.0)
        if np.abs(moved - weights).max() < 1e-9:
            break
        weights = moved
    return weights if weights.sum() > 0 else start


def _list(value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"a list was expected, not {type(value).__name__}")
    return list(value)


def _curve(value: object) -> Curve:
    score, ratio = (np.array(one, np.float64) for one in _list(value))
    rising = score.ndim == 1 and score.shape == ratio.shape and len(score) > 0
    if not rising or not (np.isfinite(score).all() and np.isfinite(ratio).all()):
        raise ValueError("a curve has as many finite scores as log ratios, at least one")
    if (np.diff(score) <= 0).any() or (np.diff(ratio) < 0).any():
        raise ValueError("a curve has rising scores and log ratios that never fall")
    return Curve(score, ratio)
