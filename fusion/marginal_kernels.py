"""Compiled arithmetic of uncertain evidence: smoothing, leave-one-out, and what the silence of cameras says.

State, six numbers: (x, vx, mx, y, vy, my), position, velocity and home-range centre per axis, as in `kernels`. A row is
a moment with a Gaussian factor in natural form, precision f8[3] (xx, xy, yy) and shift f8[2] = precision times place:
evidence has positive precision, silence may have a negative one, zero asks only. A motion is f8[6]: a, b, s^2, mean
x and y of the centre and its variance before any evidence.

No fastmath and no reduction across threads: the same numbers in the same order give the same bits. All compiled
functions that call each other stay in this file: numba's cache does not see a change in another one.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.ellipse import Floats

Integers = NDArray[np.int64]

FARTHEST_SD: Final = 3.7
"""Cameras farther than this many standard deviations are left out: one thousandth of the density at the centre."""
LEAST_DETERMINANT: Final = 0.25
"""Silence that would more than double a variance in the filter, where nothing holds it yet, is left out."""
BOLDEST: Final = -0.5
"""The most that silence may lower the precision of a smoothed place, as a part of it."""


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


class Cameras(NamedTuple):
    """x_m, y_m f8[c] sorted by x_m; width_m f8[c] = 2 x reach x detection probability; from_s, to_s f8[c] operating."""

    x_m: Floats
    y_m: Floats
    width_m: Floats
    from_s: Floats
    to_s: Floats


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


@njit(nogil=True, cache=True)
def _passed(n: int) -> Passed:
    return Passed(
        np.empty((n, 6)), np.empty((n, 6, 6)), np.empty((n, 5)), np.empty((n, 6, 2)), np.empty((n, 2)), np.empty((n, 3))
    )


@njit(nogil=True, cache=True)
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


@njit(nogil=True, cache=True)
def _predict(x: Floats, P: Floats, f: tuple[float, ...], s2: float) -> None:
    f11, f12, f21, f22, g, q11, q12, q22 = f
    for o in (0, 3):
        position, velocity, centre = x[o], x[o + 1], x[o + 2]
        x[o] = f11 * position + f12 * velocity + g * centre
        x[o + 1] = f21 * position + f22 * velocity - f21 * centre
    for j in range(6):
        for o in (0, 3):
            position, velocity, centre = P[o, j], P[o + 1, j], P[o + 2, j]
            P[o, j] = f11 * position + f12 * velocity + g * centre
            P[o + 1, j] = f21 * position + f22 * velocity - f21 * centre
    for i in range(6):
        for o in (0, 3):
            position, velocity, centre = P[i, o], P[i, o + 1], P[i, o + 2]
            P[i, o] = f11 * position + f12 * velocity + g * centre
            P[i, o + 1] = f21 * position + f22 * velocity - f21 * centre
    for o in (0, 3):
        P[o, o] += q11 * s2
        P[o, o + 1] += q12 * s2
        P[o + 1, o] += q12 * s2
        P[o + 1, o + 1] += q22 * s2


@njit(nogil=True, cache=True)
def _filter(rows: Rows, lo: int, hi: int, motion: Floats, passed: Passed) -> float:
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
        if (w0 == 0.0 and w2 == 0.0) or det < LEAST_DETERMINANT or m00 + m11 < 1.0:
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


@njit(nogil=True, cache=True)
def _smooth(rows: Rows, lo: int, hi: int, passed: Passed, out: Marginals) -> None:
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
        if s00 != 0.0 or s11 != 0.0:
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
        f11, f12, f21, f22, g = passed.F[r, 0], passed.F[r, 1], passed.F[r, 2], passed.F[r, 3], passed.F[r, 4]
        for o in (0, 3):
            position, velocity = lam[o], lam[o + 1]
            lam[o] = f11 * position + f21 * velocity
            lam[o + 1] = f12 * position + f22 * velocity
            lam[o + 2] += g * position - f21 * velocity
        for j in range(6):
            for o in (0, 3):
                position, velocity = L[o, j], L[o + 1, j]
                L[o, j] = f11 * position + f21 * velocity
                L[o + 1, j] = f12 * position + f22 * velocity
                L[o + 2, j] += g * position - f21 * velocity
        for i in range(6):
            for o in (0, 3):
                position, velocity = L[i, o], L[i, o + 1]
                L[i, o] = f11 * position + f21 * velocity
                L[i, o + 1] = f12 * position + f22 * velocity
                L[i, o + 2] += g * position - f21 * velocity


@njit(nogil=True, cache=True)
def speed_mps(motion: Floats) -> float:
    """Mean speed of the model: the Rayleigh mean of the velocity."""
    return np.sqrt(1.5707963267948966 * motion[2] * motion[0] * motion[1])


@njit(nogil=True, cache=True)
def passes(
    x: float, y: float, cxx: float, cxy: float, cyy: float, from_s: float, to_s: float, cameras: Cameras, out: Floats
) -> None:
    """Recorded passes a metre of speed by N((x, y), C) in a time: out f8[6] = their mean F, gradient 2, Hessian 3.

    A straight walker at speed v enters a disc of radius r with rate 2 r v x (density at the disc), as in a gas of
    animals (Hutchinson & Waser 2007, Biological Reviews 82, 335-359); F sums width x operating time x N(camera).
    """
    out[:] = 0.0
    det = cxx * cyy - cxy * cxy
    i00, i01, i11 = cyy / det, -cxy / det, cxx / det
    reach = FARTHEST_SD * np.sqrt(cxx)
    scale = 1.0 / (6.283185307179586 * np.sqrt(det))
    for c in range(np.searchsorted(cameras.x_m, x - reach), cameras.x_m.size):
        d0 = cameras.x_m[c] - x
        if d0 > reach:
            break
        d1 = cameras.y_m[c] - y
        u0, u1 = i00 * d0 + i01 * d1, i01 * d0 + i11 * d1
        quadratic = d0 * u0 + d1 * u1
        watched = min(to_s, cameras.to_s[c]) - max(from_s, cameras.from_s[c])
        if quadratic > FARTHEST_SD * FARTHEST_SD or watched <= 0.0:
            continue
        f = cameras.width_m[c] * watched * scale * np.exp(-0.5 * quadratic)
        out[0] += f
        out[1] += f * u0
        out[2] += f * u1
        out[3] += f * (u0 * u0 - i00)
        out[4] += f * (u0 * u1 - i01)
        out[5] += f * (u1 * u1 - i11)


@njit(nogil=True, cache=True)
def silence(
    rows: Rows,
    lo: int,
    hi: int,
    is_silence: NDArray[np.bool_],
    step_s: float,
    motion: Floats,
    cameras: Cameras,
    at: Marginals,
    boldest: float,
) -> float:
    """Write the factor exp(-passes) of every row of silence; returns the passes expected over all of them.

    The factor is the Gaussian whose natural parameters are the gradient and the Hessian of the expected passes under
    the present marginal: the fixed point of Gaussian variational inference (Khan & Lin 2017, AISTATS).
    """
    speed = speed_mps(motion)
    f11 = transition(0.5 * step_s, motion[0], motion[1])[0]
    wander = motion[2] * (1.0 - f11)
    out = np.empty(6)
    total = 0.0
    for k in range(lo, hi):
        if not is_silence[k]:
            continue
        x, y = at.place[k]
        pxx, pxy, pyy = at.spread[k]
        t = rows.time_s[k]
        passes(x, y, pxx + wander, pxy, pyy + wander, t - 0.5 * step_s, t + 0.5 * step_s, cameras, out)
        for i in range(6):
            out[i] *= speed
        total += out[0]
        # Eigenvalues of the Hessian, none below the bound: silence widens a place, but never makes it improper.
        half, apart = 0.5 * (out[3] + out[5]), np.sqrt(0.25 * (out[3] - out[5]) ** 2 + out[4] ** 2)
        widest = 0.5 * (pxx + pyy) + np.sqrt(0.25 * (pxx - pyy) ** 2 + pxy * pxy)
        high, low = max(half + apart, boldest / widest), max(half - apart, boldest / widest)
        c, s = (0.5 * (out[3] - out[5]) / apart, out[4] / apart) if apart > 0.0 else (1.0, 0.0)
        half, apart = 0.5 * (high + low), 0.5 * (high - low)
        w0, w1, w2 = half + apart * c, apart * s, half - apart * c
        rows.precision[k, 0], rows.precision[k, 1], rows.precision[k, 2] = w0, w1, w2
        rows.shift[k, 0] = w0 * x + w1 * y - out[1]
        rows.shift[k, 1] = w1 * x + w2 * y - out[2]
    return total


@njit(nogil=True, cache=True)
def smooth_rows(
    offset: Integers, first: int, last: int, rows: Rows, motion: Floats, out: Marginals, likelihood: Floats
) -> None:
    """Smooth individuals first..last: rows offset[i]..offset[i + 1], motion f8[m, 6]; likelihood f8[m] is written."""
    longest = 0
    for i in range(first, last):
        longest = max(longest, offset[i + 1] - offset[i])
    passed = _passed(longest)
    for i in range(first, last):
        likelihood[i] = _filter(rows, offset[i], offset[i + 1], motion[i], passed)
        _smooth(rows, offset[i], offset[i + 1], passed, out)


@njit(nogil=True, cache=True)
def fall_silent(
    offset: Integers,
    first: int,
    last: int,
    rows: Rows,
    is_silence: NDArray[np.bool_],
    step_s: float,
    motion: Floats,
    cameras: Cameras,
    out: Marginals,
    expected: Floats,
) -> None:
    """Refresh the factors of silence of individuals first..last from their marginals; expected f8[m] passes."""
    for i in range(first, last):
        expected[i] = silence(rows, offset[i], offset[i + 1], is_silence, step_s, motion[i], cameras, out, 0.0)


@njit(nogil=True, cache=True)
def weigh_motions(
    chosen: Integers,
    offset: Integers,
    first: int,
    last: int,
    rows: Rows,
    is_silence: NDArray[np.bool_],
    step_s: float,
    motions: Floats,
    recorded: Floats,
    cameras: Cameras,
    weights: Floats,
) -> None:
    """Log evidence f8[m, nodes] of each motion f8[m, nodes, 6]: of the places, the count of passes and the silence.

    log E[exp(-X)] of the passes X is minus the integral over s in 0..1 of their mean under exp(-s X): the trapezoid of
    both ends. recorded f8[m]: passes that were recorded, each with rate proportional to the speed. The rows' factors
    of silence are left as they were.
    """
    longest = 0
    for q in range(first, last):
        i = chosen[q]
        longest = max(longest, offset[i + 1] - offset[i])
    passed = _passed(longest)
    for q in range(first, last):
        i = chosen[q]
        kept, moments = np.empty(offset[i + 1] - offset[i], np.int64), 0
        n = 0
        for k in range(offset[i], offset[i + 1]):
            moments += is_silence[k]
            if (is_silence[k] and moments % 2 == 0) or rows.weight[k] > 0.0:
                kept[n] = k
                n += 1
        at = kept[:n]
        own = Rows(rows.time_s[at], rows.precision[at], rows.shift[at], rows.weight[at])
        quiet = is_silence[at]
        out = Marginals(np.empty((n, 2)), np.empty((n, 3)), np.empty((n, 2)), np.empty((n, 3)))
        for m in range(motions.shape[1]):
            own.precision[quiet] = 0.0
            own.shift[quiet] = 0.0
            motion = motions[i, m]
            log_evidence = _filter(own, 0, n, motion, passed)
            if quiet.any():
                _smooth(own, 0, n, passed, out)
                before = silence(own, 0, n, quiet, 2.0 * step_s, motion, cameras, out, BOLDEST)
                _filter(own, 0, n, motion, passed)
                _smooth(own, 0, n, passed, out)
                after = silence(own, 0, n, quiet, 2.0 * step_s, motion, cameras, out, BOLDEST)
                log_evidence += recorded[i] * np.log(speed_mps(motion)) - 0.5 * (before + after)
            weights[i, m] = log_evidence


@njit(nogil=True, cache=True)
def mix_motions(
    offset: Integers,
    first: int,
    last: int,
    rows: Rows,
    is_silence: NDArray[np.bool_],
    step_s: float,
    motions: Floats,
    weights: Floats,
    cameras: Cameras,
    rounds: int,
    place: Floats,
    spread: Floats,
) -> None:
    """Smoothed place f8[n, 2] and spread f8[n, 3] over motions f8[m, nodes, 6] with weights f8[m, nodes] that sum to 1.

    Moment-matched: mean of the means, mean of the covariances plus covariance of the means. The factors of silence are
    found anew under each motion in a fixed number of rounds.
    """
    longest = 0
    for i in range(first, last):
        longest = max(longest, offset[i + 1] - offset[i])
    passed = _passed(longest)
    for i in range(first, last):
        lo, n = offset[i], offset[i + 1] - offset[i]
        own = Rows(
            rows.time_s[lo : lo + n],
            rows.precision[lo : lo + n].copy(),
            rows.shift[lo : lo + n].copy(),
            rows.weight[lo : lo + n],
        )
        quiet = is_silence[lo : lo + n]
        out = Marginals(np.empty((n, 2)), np.empty((n, 3)), np.empty((n, 2)), np.empty((n, 3)))
        mean, square = place[lo : lo + n], spread[lo : lo + n]
        mean[:] = 0.0
        square[:] = 0.0
        ox, oy = motions[i, 0, 3], motions[i, 0, 4]
        for m in range(motions.shape[1]):
            w = weights[i, m]
            if w <= 0.0:
                continue
            own.precision[:] = rows.precision[lo : lo + n]
            own.shift[:] = rows.shift[lo : lo + n]
            for turn in range(rounds + 1 if quiet.any() else 1):
                if turn > 0:
                    silence(own, 0, n, quiet, step_s, motions[i, m], cameras, out, BOLDEST)
                _filter(own, 0, n, motions[i, m], passed)
                _smooth(own, 0, n, passed, out)
            for k in range(n):
                x, y = out.place[k, 0] - ox, out.place[k, 1] - oy
                mean[k, 0] += w * x
                mean[k, 1] += w * y
                square[k, 0] += w * (out.spread[k, 0] + x * x)
                square[k, 1] += w * (out.spread[k, 1] + x * y)
                square[k, 2] += w * (out.spread[k, 2] + y * y)
        for k in range(n):
            x, y = mean[k]
            square[k, 0] -= x * x
            square[k, 1] -= x * y
            square[k, 2] -= y * y
            mean[k, 0] += ox
            mean[k, 1] += oy
