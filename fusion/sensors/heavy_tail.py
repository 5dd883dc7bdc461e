"""Fixes that are worse than they say: weights of a Student-t error, from what all other fixes say of the place."""

from __future__ import annotations

from typing import Final

import numpy as np

from fusion.ellipse import Floats
from fusion.evidence import Evidence, frozen
from fusion.motion import MotionParameters
from fusion.tracks import smooth

DEGREES: Final = 4.0
"""Of freedom: a fix four standard deviations off counts as one third of a fix."""
ROUNDS: Final = 4


def student_weight(distance2: Floats, degrees: float = DEGREES) -> Floats:
    """(degrees + 2) / (degrees + distance2), at most 1: the expected precision of a two-dimensional Student-t error.

    Lange, Little and Taylor 1989, Journal of the American Statistical Association 84, 881-896; capped so that a fix is
    never believed more than its sensor claims.
    """
    return np.minimum((degrees + 2.0) / (degrees + np.maximum(distance2, 0.0)), 1.0)


def heavy_tail_weights(evidence: Evidence, parameters: MotionParameters, degrees: float = DEGREES) -> Floats:
    """Weight column f8[n] for `Evidence`: its own weights times those of a Student-t error, in `ROUNDS` rounds.

    distance2 is of the error that the sensor admits, between the fix and where all other fixes put the animal (past and
    future alike), less what those do not know. A pure function of the set; weights of 0 stay.
    """
    weight = np.array(evidence.weight)
    for _ in range(ROUNDS):
        columns = (evidence.time_s, evidence.x_m, evidence.y_m, evidence.covariance, evidence.keys)
        round_ = Evidence.canonical(*columns, weight=weight)
        distance2 = left_out_distance2(round_, parameters)
        weight = np.where(evidence.weight > 0.0, evidence.weight * student_weight(distance2, degrees), 0.0)
    return frozen(weight)


def left_out_distance2(evidence: Evidence, parameters: MotionParameters) -> Floats:
    """f8[n]: squared Mahalanobis distance of each fix from the smoothed track without it, under both their errors.

    Without the fix: its information taken out of the smoothed estimate (exact for a Gaussian track). 0 where the others
    say next to nothing.
    """
    track, _ = smooth(evidence, parameters)
    used = track.weight > 0.0
    R = evidence.covariance
    with_fix = _inverse(track.covariance)
    own = np.where(used[:, None], _inverse(R) * track.weight[:, None], 0.0)
    rest = with_fix - own
    known = (rest[:, 0] > 0.0) & (rest[:, 0] * rest[:, 2] - rest[:, 1] ** 2 > 1e-9 * with_fix[:, 0] * with_fix[:, 2])
    rest[~known] = (1.0, 0.0, 1.0)
    h = _times(with_fix, track.x_m, track.y_m) - _times(own, evidence.x_m, evidence.y_m)
    spread = _inverse(rest)
    place = _times(spread, h[:, 0], h[:, 1])
    dx, dy = evidence.x_m - place[:, 0], evidence.y_m - place[:, 1]
    e = _times(_inverse(spread + R), dx, dy)
    return np.where(known, dx * e[:, 0] + dy * e[:, 1], 0.0)


def _inverse(m: Floats) -> Floats:
    """Of symmetric 2x2 matrices f8[n, 3]."""
    det = m[:, 0] * m[:, 2] - m[:, 1] ** 2
    return np.stack([m[:, 2], -m[:, 1], m[:, 0]], axis=1) / det[:, None]


def _times(m: Floats, x: Floats, y: Floats) -> Floats:
    return np.stack([m[:, 0] * x + m[:, 1] * y, m[:, 1] * x + m[:, 2] * y], axis=1)
