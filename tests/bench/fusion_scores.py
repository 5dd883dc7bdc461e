"""How good is an answer: the same figures for every tracker of the identity benchmark.

An `Answer` says where each catalogued animal was at the times of the truth, and whose each sighting is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.bench.fusion_scenario import CAMERA, NOBODY, Month

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CUT_OFF_M: Final = 5_000.0
"""Of GOSPA (order 2, alpha 2), and the standard deviation above which a track is not counted as reported."""
BURN_IN: Final = 0.1
CHI2_95: Final = 5.991464547


@dataclass(frozen=True, eq=False)
class Answer:
    """mean f8[times, catalogued, 2], covariance f8[times, catalogued, 3]; owner i8[n], NOBODY for a stranger or a
    false positive; stated f8[n], the probability stated for that owner (NaN where a tracker states none).
    """

    mean: Floats
    covariance: Floats
    owner: Integers
    stated: Floats


def scores(month: Month, answer: Answer) -> dict[str, float]:
    """Labelled GOSPA in m (root mean square over time), identity accuracy, coverage of 95 % ellipses, ECE."""
    k, first = month.catalogued, int(len(month.path_s) * BURN_IN)
    wrong = (answer.mean - month.path[:, :k])[first:]
    xx, xy, yy = np.moveaxis(answer.covariance[first:], -1, 0)
    with np.errstate(invalid="ignore"):
        shown = np.sqrt(0.5 * (xx + yy)) < CUT_OFF_M
        distance2 = (wrong**2).sum(axis=2)
    half = CUT_OFF_M**2 / 2
    # An animal may match only its own track: a track beyond the cut-off is one missed and one false.
    cost = np.where(shown, np.where(distance2 < CUT_OFF_M**2, distance2, 2 * half), half)
    determinant = xx * yy - xy * xy
    nees = (yy * wrong[..., 0] ** 2 - 2 * xy * wrong[..., 0] * wrong[..., 1] + xx * wrong[..., 1] ** 2) / determinant
    collared = np.broadcast_to(month.collar[:k] >= 0, shown.shape)
    seen = month.kind == CAMERA
    right = np.where((month.truth >= 0) & (month.truth < k), month.truth, NOBODY)
    correct = (answer.owner == right)[seen]
    any_free = bool((shown & ~collared).any())
    named = seen & (right != NOBODY)
    return {
        "identity_accuracy": float(correct.mean()),
        "identity_accuracy_of_catalogued": float((answer.owner == right)[named].mean()),
        "strangers_rejected": float((answer.owner == NOBODY)[seen & ~named].mean()),
        "labelled_gospa_m": float(np.sqrt(cost.sum(axis=1).mean())),
        "shown": float(shown.mean()),
        "coverage_95_collared": share(nees < CHI2_95, shown & collared),
        "coverage_95_uncollared": share(nees < CHI2_95, shown & ~collared),
        "median_error_uncollared_m": float(np.median(np.sqrt(distance2[shown & ~collared]))) if any_free else math.nan,
        "calibration_error": expected_calibration_error(answer.stated[seen], correct),
    }


def share(flags: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    """Share of flags among some; NaN among none."""
    return float(flags[among].mean()) if among.any() else math.nan


def expected_calibration_error(stated: Floats, correct: NDArray[np.bool_], bins: int = 10) -> float:
    """Mean over bins of equal width of |stated - right|, weighted by count: Naeini et al. 2015. NaN if none stated."""
    if np.isnan(stated).any():
        return float("nan")
    row = np.minimum((stated * bins).astype(np.int64), bins - 1)
    gaps = [abs((stated[row == b] - correct[row == b]).sum()) for b in range(bins)]
    return float(np.sum(gaps) / len(stated))
