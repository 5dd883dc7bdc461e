"""A head of the reserve's own: what crops show, learnt from crops that people reviewed there.

A classifier from elsewhere knows other animals before other trees. Its embedding is kept of every reviewed crop, and a
logistic regression on that is fitted in seconds. It is used only where it is better at cameras that it never saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.float32]

FEWEST_CAMERAS: Final = 5
FEWEST_CROPS: Final = 20
"""Of a label: others are left out, and told."""
DRAWS: Final = 2_000
STEPS: Final = 300
FOLDS: Final = 10


class TooLittleReviewed(ValueError):
    """Too few labels, crops or cameras to learn from, or to tell whether it helped."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """labels, sorted; weights f4[labels, size + 1], the last column the offset; for embeddings of length 1."""

    labels: tuple[str, ...]
    weights: Numbers

    def probabilities(self, embeddings: Numbers) -> Floats:
        """Embeddings f4[n, size] -> probabilities f8[n, labels]."""
        return _softmax(_wide(embeddings) @ self.weights.T.astype(np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """A head and how it did at cameras it was not fitted on, beside the classifier in use on the same crops.

    right, current_right: shares of crops named rightly; gain: their difference, and the 95 % interval of it over draws
    of cameras. `is_better` where all of the interval is above 0. `left_out`: labels with too few crops.
    """

    head: Head
    right: float
    current_right: float
    gain: float
    gain_low: float
    gain_high: float
    crops: int
    cameras: int
    left_out: tuple[str, ...]

    @property
    def is_better(self) -> bool:
        """Better than the classifier in use, and not by chance."""
        return self.gain_low > 0.0


def learn_head(
    embeddings: Numbers, labels: Sequence[str], cameras: Sequence[str], current: Sequence[str], ridge: float = 1e-4
) -> HeldOut:
    """Embeddings f4[n, size] of reviewed crops, what people said they show, their cameras, and what the classifier in
    use said -> the head fitted on all, judged on cameras that were held out, up to ten groups of them in turn.

    Crops of one camera share background and animals, so cameras are what is drawn anew for the interval (cluster
    bootstrap: Efron & Tibshirani 1993, ch. 8.6). The same rows in any order give the same. Raises TooLittleReviewed.
    """
    table = np.asarray(embeddings, np.float32)
    if table.ndim != 2 or not len(table) == len(labels) == len(cameras) == len(current):
        raise ValueError(f"one label, camera and answer for each row was expected, not for {list(table.shape)}")
    if not np.isfinite(table).all():
        raise ValueError("an embedding holds a number that is not finite")
    told, where, said = np.array(labels, object), np.array(cameras, object), np.array(current, object)
    names, counts = np.unique(told.astype(str), return_counts=True)
    kept = tuple(str(name) for name, count in zip(names, counts, strict=True) if count >= FEWEST_CROPS)
    left_out = tuple(str(name) for name in names if name not in kept)
    rows = np.flatnonzero(np.isin(told.astype(str), kept))
    order = np.lexsort((said[rows].astype(str), told[rows].astype(str), *table[rows, :4].T, where[rows].astype(str)))
    rows = rows[order]
    table, told, where, said = (
        _unit(table[rows]),
        told[rows].astype(str),
        where[rows].astype(str),
        said[rows].astype(str),
    )
    places = np.unique(where)
    if len(kept) < 2 or len(places) < FEWEST_CAMERAS:
        raise TooLittleReviewed(
            f"two labels of {FEWEST_CROPS} reviewed crops each and {FEWEST_CAMERAS} cameras are needed, "
            f"not {len(kept)} and {len(places)}"
        )
    number = np.searchsorted(kept, told)
    right = np.zeros(len(told), np.bool_)
    groups = min(FOLDS, len(places))
    group = np.searchsorted(places, where) % groups
    for fold in range(groups):
        out = group == fold
        head = Head(kept, _logistic(table[~out], number[~out], len(kept), ridge))
        right[out] = np.argmax(head.probabilities(table[out]), axis=1) == number[out]
    current_right = said == told
    gain, low, high = _interval(right.astype(float) - current_right, np.searchsorted(places, where), len(places))
    head = Head(kept, _logistic(table, number, len(kept), ridge))
    shares = float(right.mean()), float(current_right.mean())
    return HeldOut(head, *shares, gain, low, high, len(told), len(places), left_out)


def _logistic(table: Numbers, number: NDArray[np.intp], count: int, ridge: float) -> Numbers:
    """Multinomial logistic regression by accelerated gradients (Nesterov 1983), labels weighed alike."""
    wide = _wide(table)
    wanted = np.eye(count)[number]
    share = (1.0 / np.maximum(wanted.sum(axis=0), 1.0))[number] / count
    # The curvature of softmax is at most half the weighed second moment of rows of length sqrt(2).
    step = 1.0 / (0.5 * float(np.linalg.norm((wide * share[:, None]).T @ wide, 2)) + ridge)
    weights = np.zeros((count, wide.shape[1]))
    ahead, before = weights.copy(), weights
    for k in range(STEPS):
        slope = ((_softmax(wide @ ahead.T) - wanted) * share[:, None]).T @ wide + ridge * ahead
        weights = ahead - step * slope
        ahead = weights + k / (k + 3.0) * (weights - before)
        before = weights
    return weights.astype(np.float32)


def _interval(gain: Floats, place: NDArray[np.intp], places: int) -> tuple[float, float, float]:
    sums, counts = np.bincount(place, gain, places), np.bincount(place, minlength=places)
    drawn = np.random.default_rng(places).integers(places, size=(DRAWS, places))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(gain.mean()), float(low), float(high)


def _wide(embeddings: Numbers) -> Floats:
    unit = _unit(np.asarray(embeddings, np.float32)).astype(np.float64)
    return np.concatenate([unit, np.ones((len(unit), 1))], axis=1)


def _unit(table: Numbers) -> Numbers:
    return (table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def _softmax(odds: Floats) -> Floats:
    powers = np.exp(odds - odds.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
