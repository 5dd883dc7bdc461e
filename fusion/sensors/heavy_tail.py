"""Fixes that are worse than they say: weights of a Student-t error, from what all other fixes say of the place."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fusion.ellipse import Floats
from fusion.evidence import Evidence
from fusion.motion import MotionParameters
from fusion.tracks import smooth

DEGREES: Final = 4.0
"""Of freedom: a fix four standard deviations off counts as one third of a fix."""
ROUNDS: Final = 4
FEWEST: Final = 30


def student_weight(distance2: Floats, tail: ArrayLike = 1.0 / DEGREES) -> Floats:
    """(degrees + 2) / (degrees + distance2), at most 1: the expected precision of a two-dimensional Student-t error.

    `tail` is 1 / degrees, 0 of a Gaussian error, whose weight is 1. Lange, Little and Taylor 1989, Journal of the
    American Statistical Association 84, 881-896; capped so that a fix is never believed more than its sensor claims.
    """
    tail = np.asarray(tail, dtype=np.float64)
    return np.minimum((1.0 + 2.0 * tail) / (1.0 + tail * np.maximum(distance2, 0.0)), 1.0)


def left_out_distance2(evidence: Evidence, parameters: MotionParameters) -> Floats:
    """f8[n]: squared Mahalanobis distance of each fix from the smoothed track without it, under both their errors."""
    track, _ = smooth(evidence, parameters)
    place = np.stack([track.x_m, track.y_m], axis=1)
    return distance2_without(place, track.covariance, track.weight, evidence)


def distance2_without(place: Floats, spread: Floats, believed: Floats, evidence: Evidence) -> Floats:
    """The same from a track: place f8[n, 2], spread f8[n, 3], and how far each fix was believed f8[n].

    Without the fix: its information taken out of the smoothed estimate (exact for a Gaussian track). 0 where the others
    say next to nothing.
    """
    return _without(place, spread, believed, evidence)[0]


def _without(place: Floats, spread: Floats, believed: Floats, evidence: Evidence) -> tuple[Floats, Floats]:
    """The distances, and the share of the fix's own error in what each was measured under, of its determinant."""
    R = evidence.covariance
    with_fix = _inverse(spread)
    own = np.where((believed > 0.0)[:, None], _inverse(R) * believed[:, None], 0.0)
    rest = with_fix - own
    known = (rest[:, 0] > 0.0) & (rest[:, 0] * rest[:, 2] - rest[:, 1] ** 2 > 1e-9 * with_fix[:, 0] * with_fix[:, 2])
    rest[~known] = (1.0, 0.0, 1.0)
    h = _times(with_fix, place[:, 0], place[:, 1]) - _times(own, evidence.x_m, evidence.y_m)
    around = _inverse(rest)
    there = _times(around, h[:, 0], h[:, 1])
    dx, dy = evidence.x_m - there[:, 0], evidence.y_m - there[:, 1]
    S = around + R
    e = _times(_inverse(S), dx, dy)
    share = np.sqrt(_determinant(R) / _determinant(S))
    return np.where(known, dx * e[:, 0] + dy * e[:, 1], 0.0), np.where(known, share, 0.0)


def heavy_tail(evidence: Evidence, parameters: MotionParameters, among: NDArray[np.bool_]) -> float:
    """1 / `DEGREES`, or 0 where some fixes of a set speak for Gaussian errors: `among` b[n], those of one tag.

    Each is predicted from all others, by both errors of one variance; those that are predicted worse than they are
    measured say nothing of the sensor. Fewer than `FEWEST` say too little: then tails are assumed to be heavy.
    """
    track, _ = smooth(evidence, parameters)
    place = np.stack([track.x_m, track.y_m], axis=1)
    distance2, share = _without(place, track.covariance, track.weight, evidence)
    telling = distance2[among & (share >= 0.5) & (evidence.weight > 0.0)]
    if len(telling) < FEWEST:
        return 1.0 / DEGREES
    # The scale at which both have one variance.
    narrower = (DEGREES - 2.0) / DEGREES
    log_ratio = 0.5 * telling - 0.5 * (DEGREES + 2.0) * np.log1p(telling / (DEGREES * narrower)) - math.log(narrower)
    return 1.0 / DEGREES if float(log_ratio.sum()) > 0.0 else 0.0


def _inverse(m: Floats) -> Floats:
    """Of symmetric 2x2 matrices f8[n, 3]."""
    det = m[:, 0] * m[:, 2] - m[:, 1] ** 2
    return np.stack([m[:, 2], -m[:, 1], m[:, 0]], axis=1) / det[:, None]


def _determinant(m: Floats) -> Floats:
    return m[:, 0] * m[:, 2] - m[:, 1] ** 2


def _times(m: Floats, x: Floats, y: Floats) -> Floats:
    return np.stack([m[:, 0] * x + m[:, 1] * y, m[:, 1] * x + m[:, 2] * y], axis=1)
