"""Compiled arithmetic of uncertain evidence: smoothing, and leave-one-out.

State, six numbers: (x, vx, mx, y, vy, my), position, velocity and home-range centre per axis, as in `kernels`. A row is
a moment with a Gaussian factor in natural form, precision f8[3] (xx, xy, yy) and shift f8[2] = precision times place:
evidence has positive precision, silence may have a negative one, zero asks only. A motion is f8[6]: a, b, s^2, mean
x and y of the centre and its variance before any evidence.

No fastmath and no reduction across threads: the same numbers in the same order give the same bits. Kernels in
`camera_process` call these, and these call `kernels`: numba's cache of a file does not see a change in another, so
touch them all.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.ellipse import Floats
from fusion.kernels import adjoint_gap

Integers = NDArray[np.int64]

LEAST_DETERMINANT: Final = 0.25
"""Silence that would more than double a variance in the filter, where nothing holds it yet, is left out."""


class Rows(NamedTuple):
    """Moments of one or more individuals, each in order of time: time_s f8[n], precision f8[n, 3], shift f8[n, 2];
    weight f8[n]: how much a row counts as evidence in the likelihood, 0 for silence and questions.
    """

    time_s: Floats
    precision: Floats
    shift: Floats
    weight: Floats


class Marginals(NamedTuple):
    """Smoothed place f8[n, 2] and spread f8[n, 3], and the same without the row itself: others_place, others_spread."""

    place: Floats
    spread: Floats
    others_place: Floats
    others_spread: Floats


class Passed(NamedTuple):
    """What the filter leaves for the smoother, per row: mean, covariance, transition to it, gain, S^-1 y, S^-1."""

    x: Floats
    P: Floats
    F: Floats
    K: Floats
    e: Floats
    S: Floats


def marginals(n: int) -> Marginals:
    """Room for n rows."""
    return Marginals(np.zeros((n, 2)), np.zeros((n, 3)), np.zeros((n, 2)), np.zeros((n, 3)))


@njit(nogil=True, cache=True, error_model="numpy")
def passed_rows(n: int) -> Passed:
    return Passed(
        np.empty((n, 6)), np.empty((n, 6, 6)), np.empty((n, 5)), np.empty((n, 6, 2)), np.empty((n, 2)), np.empty((n, 3))
    )


@njit(nogil=True, cache=True, error_model="numpy")
def transition(gap_s: float, a: float, b: float) -> tuple[float, ...]:
    """f11, f12, f21, f22, g = 1 - f11 and q11, q12, q22 for unit variance; closed form, see `motion`.

    For very short gaps q11 and q22 cancel to 1e-16 of the range's variance, far below any error of a place.
    """
    slow, fast = np.exp(-a * gap_s), np.exp(-b * gap_s)
    f11 = (b * slow - a * fast) / (b - a)
    f12 = (slow - fast) / (b - a)
    f21 = -a * b * f12
    f22 = (b * fast - a * slow) / (b - a)
    q11 = max(1.0 - f11 * f11 - a * b * f12 * f12, 0.0)
    q22 = max(a * b - f21 * f21 - a * b * f22 * f22, 0.0)
    return f11, f12, f21, f22, 1.0 - f11, q11, -f11 * f21 - a * b * f12 * f22, q22


@njit(nogil=True, cache=True, error_model="numpy")
def _predict(x: Floats, P: Floats, f: tuple[float, ...], s2: float) -> None:
    f11, f12, f21, f22, g, q11, q12, q22 = f
    for o in (0, 3):
        position, velocity, centre = x[o], x[o + 1], x[o + 2]
        x[o] = f11 * position + f12 * velocity + g * centre
        x[o + 1] = f21 * position + f22 * velocity - f21 * centre
    # Block by block of the two axes; each is 3 x 3, the one below the diagonal is the mirror of the one above.
    for o, q in ((0, 0), (0, 3), (3, 3)):
        for j in range(q, q + 3):
            position, velocity, centre = P[o, j], P[o + 1, j], P[o + 2, j]
            P[o, j] = f11 * position + f12 * velocity + g * centre
            P[o + 1, j] = f21 * position + f22 * velocity - f21 * centre
        for i in range(o, o + 3):
            position, velocity, centre = P[i, q], P[i, q + 1], P[i, q + 2]
            P[i, q] = f11 * position + f12 * velocity + g * centre
            P[i, q + 1] = f21 * position + f22 * velocity - f21 * centre
    for i in range(3):
        for j in range(3, 6):
            P[j, i] = P[i, j]
    for o in (0, 3):
        P[o, o] += q11 * s2
        P[o, o + 1] += q12 * s2
        P[o + 1, o] += q12 * s2
        P[o + 1, o + 1] += q22 * s2


@njit(nogil=True, cache=True, error_model="numpy")
def filter_rows(rows: Rows, lo: int, hi: int, motion: Floats, passed: Passed) -> float:
    """Forward pass over rows lo..hi from the prior; returns the weighted log likelihood of the evidence."""
    a, b, s2 = motion[0], motion[1], motion[2]
    x, P = np.zeros(6), np.zeros((6, 6))
    K, A = np.zeros((6, 2)), np.zeros((6, 2))
    for o in (0, 3):
        x[o] = x[o + 2] = motion[3] if o == 0 else motion[4]
        P[o, o] = s2 + motion[5]
        P[o + 1, o + 1] = s2 * (a * b)
        P[o, o + 2] = P[o + 2, o] = P[o + 2, o + 2] = motion[5]
    likelihood = 0.0
    for k in range(lo, hi):
        r = k - lo
        f = transition(rows.time_s[k] - rows.time_s[max(k - 1, lo)], a, b)
        _predict(x, P, f, s2)
        for i in range(5):
            passed.F[r, i] = f[i]
        w0, w1, w2 = rows.precision[k, 0], rows.precision[k, 1], rows.precision[k, 2]
        e0 = e1 = s00 = s01 = s11 = 0.0
        m00, m01 = 1.0 + w0 * P[0, 0] + w1 * P[0, 3], w0 * P[0, 3] + w1 * P[3, 3]
        m10, m11 = w1 * P[0, 0] + w2 * P[0, 3], 1.0 + w1 * P[0, 3] + w2 * P[3, 3]
        det = m00 * m11 - m01 * m10
        is_empty = w0 == 0.0 and w2 == 0.0 and rows.shift[k, 0] == 0.0 and rows.shift[k, 1] == 0.0
        if is_empty or det < LEAST_DETERMINANT or m00 + m11 < 1.0:
            for i in range(6):
                K[i, 0] = K[i, 1] = 0.0
        else:
            # S^-1 = (I + W P)^-1 W exists where W^-1, the covariance of the row, does not.
            s00, s01, s11 = (m11 * w0 - m01 * w1) / det, (m11 * w1 - m01 * w2) / det, (m00 * w2 - m10 * w1) / det
            y0 = rows.shift[k, 0] - w0 * x[0] - w1 * x[3]
            y1 = rows.shift[k, 1] - w1 * x[0] - w2 * x[3]
            e0, e1 = (m11 * y0 - m01 * y1) / det, (m00 * y1 - m10 * y0) / det
            if rows.weight[k] > 0.0:
                d = w0 * w2 - w1 * w1
                quadratic = (w2 * y0 - w1 * y1) / d * e0 + (w0 * y1 - w1 * y0) / d * e1
                likelihood -= rows.weight[k] * (0.5 * quadratic + 0.5 * np.log(det / d) + 1.8378770664093453)
            for i in range(6):
                A[i, 0], A[i, 1] = P[i, 0], P[i, 3]
            for i in range(6):
                K[i, 0] = A[i, 0] * s00 + A[i, 1] * s01
                K[i, 1] = A[i, 0] * s01 + A[i, 1] * s11
                x[i] += A[i, 0] * e0 + A[i, 1] * e1
            for i in range(6):
                for j in range(i, 6):
                    P[i, j] -= K[i, 0] * A[j, 0] + K[i, 1] * A[j, 1]
                    P[j, i] = P[i, j]
        passed.e[r, 0], passed.e[r, 1] = e0, e1
        passed.S[r, 0], passed.S[r, 1], passed.S[r, 2] = s00, s01, s11
        for i in range(6):
            passed.x[r, i] = x[i]
            passed.K[r, i, 0], passed.K[r, i, 1] = K[i, 0], K[i, 1]
            for j in range(6):
                passed.P[r, i, j] = P[i, j]
    return likelihood


@njit(nogil=True, cache=True, error_model="numpy")
def smooth_back(rows: Rows, lo: int, hi: int, passed: Passed, out: Marginals) -> None:
    """Modified Bryson-Frazier (Bierman 1977) over rows lo..hi, with the leave-one-out residual D^-1 u of each row."""
    lam, L, b = np.zeros(6), np.zeros((6, 6)), np.zeros((6, 2))
    for k in range(hi - 1, lo - 1, -1):
        r = k - lo
        x, P, K = passed.x[r], passed.P[r], passed.K[r]
        e0, e1, s00, s01, s11 = passed.e[r, 0], passed.e[r, 1], passed.S[r, 0], passed.S[r, 1], passed.S[r, 2]
        m0 = m3 = 0.0
        for i in range(6):
            b0 = b1 = 0.0
            for j in range(6):
                b0 += L[i, j] * P[j, 0]
                b1 += L[i, j] * P[j, 3]
            b[i, 0], b[i, 1] = b0, b1
            m0 += P[0, i] * lam[i]
            m3 += P[3, i] * lam[i]
        xx, xy, yy = P[0, 0], P[0, 3], P[3, 3]
        for i in range(6):
            xx -= P[i, 0] * b[i, 0]
            xy -= P[i, 0] * b[i, 1]
            yy -= P[i, 3] * b[i, 1]
        out.place[k, 0], out.place[k, 1] = x[0] - m0, x[3] - m3
        out.spread[k, 0], out.spread[k, 1], out.spread[k, 2] = xx, xy, yy
        out.others_place[k, 0], out.others_place[k, 1] = x[0] - m0, x[3] - m3
        out.others_spread[k, 0], out.others_spread[k, 1], out.others_spread[k, 2] = xx, xy, yy
        if s00 != 0.0 or s11 != 0.0 or e0 != 0.0 or e1 != 0.0:
            k0 = k1 = 0.0
            d00, d01, d11 = s00, s01, s11
            for i in range(6):
                k0 += K[i, 0] * lam[i]
                k1 += K[i, 1] * lam[i]
                b0 = b1 = 0.0
                for j in range(6):
                    b0 += L[i, j] * K[j, 0]
                    b1 += L[i, j] * K[j, 1]
                b[i, 0], b[i, 1] = b0, b1
            for i in range(6):
                d00 += K[i, 0] * b[i, 0]
                d01 += K[i, 0] * b[i, 1]
                d11 += K[i, 1] * b[i, 1]
            if rows.weight[k] > 0.0:
                w0, w1, w2 = rows.precision[k, 0], rows.precision[k, 1], rows.precision[k, 2]
                d, dd = w0 * w2 - w1 * w1, d00 * d11 - d01 * d01
                u0, u1 = e0 + k0, e1 + k1
                out.others_place[k, 0] = (w2 * rows.shift[k, 0] - w1 * rows.shift[k, 1]) / d - (
                    d11 * u0 - d01 * u1
                ) / dd
                out.others_place[k, 1] = (w0 * rows.shift[k, 1] - w1 * rows.shift[k, 0]) / d - (
                    d00 * u1 - d01 * u0
                ) / dd
                out.others_spread[k, 0] = d11 / dd - w2 / d
                out.others_spread[k, 1] = w1 / d - d01 / dd
                out.others_spread[k, 2] = d00 / dd - w0 / d
            lam[0] -= k0 + e0
            lam[3] -= k1 + e1
            for i in range(6):
                L[i, 0] -= b[i, 0]
                L[i, 3] -= b[i, 1]
            for j in range(6):
                L[0, j] -= b[j, 0]
                L[3, j] -= b[j, 1]
            L[0, 0] += d00
            L[0, 3] += d01
            L[3, 0] += d01
            L[3, 3] += d11
        adjoint_gap(passed.F[r], lam, L)


@njit(nogil=True, cache=True, error_model="numpy")
def smooth_rows(
    offset: Integers, first: int, last: int, rows: Rows, motion: Floats, out: Marginals, likelihood: Floats
) -> None:
    """Smooth individuals first..last: rows offset[i]..offset[i + 1], motion f8[m, 6]; likelihood f8[m] is written."""
    longest = 0
    for i in range(first, last):
        longest = max(longest, offset[i + 1] - offset[i])
    passed = passed_rows(longest)
    for i in range(first, last):
        likelihood[i] = filter_rows(rows, offset[i], offset[i + 1], motion[i], passed)
        smooth_back(rows, offset[i], offset[i + 1], passed, out)
