"""How often the truth lies where the model says it may, judged by hiding fixes: what a likelihood cannot promise.

Animals rest and run; a Gaussian model with one speed fits their mean square step and is too sure of itself in the long
gaps. So runs of fixes are hidden, short and long, predicted from the rest, and counted so that the times since the
nearest fix are those of a moment picked at random from the animal's record: the moments that people ask about.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fusion.ellipse import Floats
from fusion.evidence import Evidence
from fusion.motion import MotionParameters
from fusion.tracks import positions_at, smooth

RUNS: Final = (1, 2, 4, 8, 16, 32, 64)
"""Lengths of hidden runs of fixes; runs of as many, and of at least 4, are shown between them."""
FEWEST: Final = 40
"""Fewer fixes than this are no sample."""
LEAST_FACTOR: Final = 1.0
"""Regions are never made narrower than the likelihood has them: a short record says too little for that."""
MOST_FACTOR: Final = 16.0


@dataclass(frozen=True, slots=True, eq=False)
class Hidden:
    """Fixes that were hidden. distance2 f8[m]: squared Mahalanobis distance from what the rest predicts;
    gap_s f8[m]: to the nearest fix shown; weight f8[m], sums to 1: how often a moment has such a gap.
    """

    distance2: Floats
    gap_s: Floats
    weight: Floats

    def coverage(self, probability: float = 0.95) -> float:
        """Weighted share of the fixes that lie in their region of `probability`."""
        return float(self.weight @ (self.distance2 <= -2.0 * math.log1p(-probability)))


def hide_and_predict(evidence: Evidence, parameters: MotionParameters) -> Hidden:
    """Hide runs of fixes, predict them. Raises ValueError with fewer than `FEWEST` fixes that are believed."""
    believed = np.flatnonzero(evidence.weight > 0.0)
    if len(believed) < FEWEST:
        raise ValueError(f"{len(believed)} fixes are too few to hide some of them")
    parts = [_predicted(evidence, believed[~hidden], believed[hidden], parameters) for hidden in _masks(len(believed))]
    distance2, gap_s = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Hidden(distance2, gap_s, _weights(gap_s, evidence.time_s[believed]))


def spread_factor(evidence: Evidence, parameters: MotionParameters, probability: float = 0.95) -> float:
    """By what all variances, of steps and of sensors, are to be multiplied for regions to hold their `probability`.

    The smoother's weights depend on the ratio of the two alone, so that this widens regions and moves no place: the
    weighted quantile of distance2 over that of chi-square. Within `LEAST_FACTOR`..`MOST_FACTOR`; 1 with too few fixes.
    """
    if (evidence.weight > 0.0).sum() < FEWEST:
        return 1.0
    hidden = hide_and_predict(evidence, parameters)
    order = np.argsort(hidden.distance2, kind="stable")
    reached = np.searchsorted(np.cumsum(hidden.weight[order]), probability)
    quantile = float(hidden.distance2[order[min(int(reached), len(order) - 1)]])
    return min(max(quantile / (-2.0 * math.log1p(-probability)), LEAST_FACTOR), MOST_FACTOR)


def _masks(n: int) -> list[NDArray[np.bool_]]:
    index = np.arange(n)
    masks: list[NDArray[np.bool_]] = []
    for run in RUNS:
        period = run + max(run, 4)
        if period * 2 > n:
            break
        for shift in (0, period // 2):
            hidden = (index + shift) % period < run
            hidden[0] = hidden[-1] = False
            masks.append(hidden)
    return masks


def _predicted(
    evidence: Evidence, shown: NDArray[np.int64], hidden: NDArray[np.int64], parameters: MotionParameters
) -> tuple[Floats, Floats]:
    part = evidence.part(shown)
    _, checkpoint = smooth(part, parameters)
    time_s = evidence.time_s[hidden]
    found = positions_at(checkpoint, time_s)
    xx, xy, yy = (found.covariance + evidence.covariance[hidden]).T
    dx, dy = evidence.x_m[hidden] - found.x_m, evidence.y_m[hidden] - found.y_m
    distance2 = (dx * dx * yy - 2.0 * dx * dy * xy + dy * dy * xx) / (xx * yy - xy * xy)
    return distance2, _nearest(part.time_s, time_s)


def _nearest(known: Floats, asked: Floats) -> Floats:
    after = np.clip(np.searchsorted(known, asked), 1, len(known) - 1)
    return np.minimum(np.abs(asked - known[after - 1]), np.abs(known[after] - asked))


def _weights(gap_s: Floats, time_s: Floats) -> Floats:
    """Weights that give hidden gaps the distribution of the gaps of moments spread evenly over the record."""
    moments = np.linspace(time_s[0], time_s[-1], 4_096)
    octave = [np.rint(np.log2(np.maximum(gaps, 1.0))).astype(int) for gaps in (gap_s, _nearest(time_s, moments))]
    lowest, highest = int(octave[0].min()), int(octave[0].max())
    # A moment farther from any fix than all that could be hidden counts with the farthest.
    have, want = (np.bincount(np.clip(one, lowest, highest) - lowest, minlength=highest - lowest + 1) for one in octave)
    per = np.divide(want, have, out=np.zeros(len(have)), where=have > 0)
    weight = per[np.clip(octave[0], lowest, highest) - lowest]
    return weight / weight.sum()
