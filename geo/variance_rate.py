"""How freely a subject moves: the variance rate of a Brownian motion, from its own fixes."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from geo.uncertainty import checked_covariance

Floats = NDArray[np.float64]

DEFAULT_VARIANCE_RATE_M2_S: Final = 30.0
"""m2/s per axis where there are too few fixes: 460 m net in an hour, 2.3 km in a day, a large cat on its round."""
FEWEST_FIXES: Final = 10
GROSS: Final = 20.0
"""Squared Mahalanobis distance that a Gaussian exceeds once in 22,000 times, exp(-20 / 2)."""
_LEAST, _MOST = 1e-6, 1e6  # m2/s: a collar on a shelf; an aeroplane
_CAP = -2.0 * math.log(0.05)  # 95 % point of chi-square with 2 degrees of freedom


def variance_rate(time_s: ArrayLike, x_m: ArrayLike, y_m: ArrayLike, covariance: ArrayLike) -> float:
    """Variance rate s2 in m2/s per axis, by leave-one-out maximum likelihood; f8[n] each, covariance f8[n, 3] in m2.

    Every fix but the ends is predicted from its two neighbours: with T the time between them and a the fraction of it
    at the fix, N(x0 + a (x1 - x0), T a (1 - a) s2 I + (1 - a)^2 V0 + a^2 V1) (Horne et al. 2007, Ecology 88,
    2354-2363). To that we add the fix's own error V, which Horne leaves out, and take every fix rather than every
    other. A fix more surprising than the 95 % point pulls as if it were there, the score being set right for a Gaussian
    by the factor that the cap costs. What is then still beyond GROSS is left out and the rate found again: 5 % of
    spikes, which spoil 15 % of the predictions, double s2 by the cap alone and raise it by a tenth so.

    Times must ascend; fixes of one time say nothing of each other. With fewer than FEWEST_FIXES fixes between two
    others the answer is DEFAULT_VARIANCE_RATE_M2_S; where the errors explain all that was seen, the least, 1e-6. About
    0.3 ms for 1,000 fixes, so a window of the latest few hundred may be taken anew with each fix. Raises ValueError for
    times that do not ascend, NaN, columns of different lengths.
    """
    t, x, y = (np.require(column, np.float64, ["C", "W"]) for column in (time_s, x_m, y_m))
    if t.ndim != 1 or t.shape != x.shape or t.shape != y.shape:
        raise ValueError(f"times and places must be columns of one length, not {t.shape}, {x.shape}, {y.shape}")
    v = checked_covariance(covariance, len(t))
    if not (np.isfinite(t).all() and np.isfinite(x).all() and np.isfinite(y).all() and np.all(np.diff(t) >= 0.0)):
        raise ValueError("times and places must be finite, and times ascend")
    left_out = _left_out(t, x, y, v)
    if len(left_out) < FEWEST_FIXES:
        return DEFAULT_VARIANCE_RATE_M2_S
    first = _root_of_score(left_out)
    return float(_root_of_score(left_out[_surprise(left_out, first) <= GROSS]))


@njit(cache=True, nogil=True)
def _left_out(t: Floats, x: Floats, y: Floats, v: Floats) -> Floats:
    """Rows (T a (1 - a), residual x, y, error xx, xy, yy) of all fixes strictly between two others in time."""
    rows = np.empty((max(len(t) - 2, 0), 6))
    n = 0
    for i in range(1, len(t) - 1):
        before, after = t[i] - t[i - 1], t[i + 1] - t[i]
        if before > 0.0 and after > 0.0:
            a = before / (before + after)
            rows[n, 0] = a * after
            rows[n, 1] = x[i] - x[i - 1] - a * (x[i + 1] - x[i - 1])
            rows[n, 2] = y[i] - y[i - 1] - a * (y[i + 1] - y[i - 1])
            for k in range(3):
                rows[n, 3 + k] = v[i, k] + (1.0 - a) ** 2 * v[i - 1, k] + a * a * v[i + 1, k]
            n += 1
    return rows[:n]


@njit(cache=True, nogil=True)
def _surprise(rows: Floats, rate: float) -> Floats:
    """Squared Mahalanobis distance of every residual."""
    out = np.empty(len(rows))
    for i in range(len(rows)):
        xx, xy, yy = rows[i, 3] + rows[i, 0] * rate, rows[i, 4], rows[i, 5] + rows[i, 0] * rate
        x, y = rows[i, 1], rows[i, 2]
        out[i] = (yy * x * x - 2.0 * xy * x * y + xx * y * y) / (xx * yy - xy * xy)
    return out


@njit(cache=True, nogil=True)
def _score(rows: Floats, rate: float) -> float:
    """Derivative of twice the log-likelihood by log s2, surprising residuals capped."""
    total = 0.0
    for i in range(len(rows)):
        more = rows[i, 0] * rate
        xx, xy, yy = rows[i, 3] + more, rows[i, 4], rows[i, 5] + more
        det = xx * yy - xy * xy
        u, w = (yy * rows[i, 1] - xy * rows[i, 2]) / det, (xx * rows[i, 2] - xy * rows[i, 1]) / det
        far = u * rows[i, 1] + w * rows[i, 2]
        weight = (1.0 if far <= _CAP else _CAP / far) / (1.0 - math.exp(-0.5 * _CAP))
        total += more * (weight * (u * u + w * w) - (xx + yy) / det)
    return total


@njit(cache=True, nogil=True)
def _root_of_score(rows: Floats) -> float:
    """The s2 at which the score falls through zero, to 1e-6 of itself, by halving its logarithm."""
    low, high = math.log(_LEAST), math.log(_MOST)
    while high - low > 1e-6:
        middle = 0.5 * (low + high)
        if _score(rows, math.exp(middle)) > 0.0:
            low = middle
        else:
            high = middle
    return math.exp(0.5 * (low + high))
