"""Did two animals meet, and for how long: from what is believed of where both were, not from their fixes alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.ellipse import Floats
from fusion.tracks import Checkpoint, positions_at

NODES: Final = 48
LEAST_PROBABILITY: Final = 0.05


@dataclass(frozen=True, slots=True)
class Encounter:
    """A stretch of time in which the two may have been within the distance.

    probability: at the most probable moment at_s, a lower bound of that they met at all in the stretch; expected_s: how
    long they are expected to have been that near; x_m, y_m: half-way between them at that moment.
    """

    since_s: float
    until_s: float
    at_s: float
    x_m: float
    y_m: float
    probability: float
    expected_s: float


def encounters(
    one: Checkpoint,
    other: Checkpoint,
    since_s: float,
    until_s: float,
    *,
    distance_m: float = 100.0,
    step_s: float = 600.0,
    least_probability: float = LEAST_PROBABILITY,
) -> list[Encounter]:
    """Stretches in which P(within distance_m) is at least least_probability at every step, in order of time.

    Two animals move independently of each other but for what their fixes show. Moments at which either is merely
    somewhere in its home range say nothing and end a stretch. Raises ValueError for an empty interval, a distance or a
    step that is not above 0.
    """
    if not (until_s > since_s and distance_m > 0.0 and step_s > 0.0):
        raise ValueError("the interval, distance_m and step_s must be above 0")
    times = np.arange(since_s, until_s, step_s)
    a, b = positions_at(one, times), positions_at(other, times)
    near = within_probability(a.x_m - b.x_m, a.y_m - b.y_m, a.covariance + b.covariance, distance_m)
    near = np.where(a.is_home_range | b.is_home_range, 0.0, near)
    found: list[Encounter] = []
    for run in _runs(near >= least_probability):
        best = run.start + int(near[run].argmax())
        found.append(
            Encounter(
                float(times[run.start]),
                float(times[run.stop - 1] + step_s),
                float(times[best]),
                float(a.x_m[best] + b.x_m[best]) / 2.0,
                float(a.y_m[best] + b.y_m[best]) / 2.0,
                float(near[best]),
                float(near[run].sum() * step_s),
            )
        )
    return found


def within_probability(dx_m: Floats, dy_m: Floats, covariance: Floats, distance_m: float) -> Floats:
    """P(|d| < distance_m) of normal differences d, f8[n] each with covariance f8[n, 3]; exact to about 1e-6.

    Along the longer axis by Gauss-Legendre quadrature, across it by the error function.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    out = np.empty(len(dx_m))
    dx, dy, C = (np.ascontiguousarray(column, dtype=np.float64) for column in (dx_m, dy_m, covariance))
    _within(dx, dy, C, distance_m, nodes, weights, out)
    return out


@njit(nogil=True, cache=True)
def _within(
    dx: Floats, dy: Floats, covariance: Floats, distance: float, nodes: Floats, weights: Floats, out: Floats
) -> None:
    for k in range(dx.size):
        xx, xy, yy = covariance[k]
        half, mean = math.hypot((xx - yy) / 2.0, xy), (xx + yy) / 2.0
        angle = 0.5 * math.atan2(2.0 * xy, xx - yy)
        c, s = math.cos(angle), math.sin(angle)
        u, v = c * dx[k] + s * dy[k], c * dy[k] - s * dx[k]
        su, sv = math.sqrt(mean + half), math.sqrt(max(mean - half, 1e-12))
        # Nine standard deviations hold all of it; on short pieces the quadrature sees the bell. u = distance sin(t):
        # the chord has no corner then.
        low = math.asin(min(max((u - 9.0 * su) / distance, -1.0), 1.0))
        high = math.asin(min(max((u + 9.0 * su) / distance, -1.0), 1.0))
        total = 0.0
        if high > low:
            pieces = max(1, math.ceil((high - low) * distance / (6.0 * su)))
            width = (high - low) / pieces
            for piece in range(pieces):
                for n in range(nodes.size):
                    t = low + width * (piece + 0.5 + 0.5 * nodes[n])
                    reach = distance * math.cos(t)
                    e = math.erf((reach - v) / (sv * math.sqrt(2.0))) - math.erf((-reach - v) / (sv * math.sqrt(2.0)))
                    z = (distance * math.sin(t) - u) / su
                    total += weights[n] * math.exp(-0.5 * z * z) * e * reach
            total *= 0.25 * width / (su * math.sqrt(2.0 * math.pi))
        out[k] = min(max(total, 0.0), 1.0)


def _runs(flags: NDArray[np.bool_]) -> list[slice]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [slice(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
