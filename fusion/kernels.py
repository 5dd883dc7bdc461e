"""Compiled arithmetic of the movement model: filter, smoother, and the position at any time.

State, six numbers: (x, vx, mx, y, vy, my), position, velocity and home-range centre per axis. Position itself is a
state (not the offset from the centre), so that its variance keeps full precision beside the far larger centre variance.
`p` is `MotionParameters.vector()`: a, b, s^2, centre variance, gate, patience, variance a second of the centre.
A filter state is f8[43]: mean 6, covariance 36, gated fixes in a row 1.

No fastmath and no parallel reduction: the same numbers in the same order give the same bits.
All compiled functions stay in this file: numba's cache does not see a change in another one.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from fusion.ellipse import Floats

STATE_SIZE: Final = 43
TERMS: Final = 16
"""Of the Taylor series; the last is below 1e-16 of the first where the series is used."""


class Fixes(NamedTuple):
    """The columns of `Evidence` without its keys; all read-only, so that each kernel is compiled once."""

    time_s: Floats
    x_m: Floats
    y_m: Floats
    covariance: Floats
    weight: Floats


class Estimates(NamedTuple):
    """What the smoother writes: place f8[n, 2], spread f8[n, 3] (xx, xy, yy), velocity f8[n, 2]."""

    place: Floats
    spread: Floats
    velocity: Floats


class Passed(NamedTuple):
    """What the filter leaves for the smoother: mean f8[n, 6] and covariance f8[n, 6, 6] after each fix, transition
    f8[n, 5] to it, gain f8[n, 6, 2], e = S^-1 y f8[n, 2], S^-1 f8[n, 3].
    """

    x: Floats
    P: Floats
    F: Floats
    K: Floats
    e: Floats
    S: Floats


@njit(nogil=True, cache=True)
def _passed(n: int) -> Passed:
    return Passed(
        np.empty((n, 6)), np.empty((n, 6, 6)), np.empty((n, 5)), np.empty((n, 6, 2)), np.empty((n, 2)), np.empty((n, 3))
    )


@njit(nogil=True, cache=True)
def transition(gap_s: float, a: float, b: float) -> tuple[float, ...]:
    """f11, f12, f21, f22, g = 1 - f11, and q11, q12, q22 for unit variance; see `motion.transition`.

    Short gaps by the Taylor series of F' = A F and Q' = A Q + Q A' + B B', because the closed form cancels there.
    """
    rate, product = a + b, a * b
    if rate * gap_s < 0.25:
        f12, f22, g = 0.0, 1.0, 0.0
        q11, q12, q22 = 0.0, 0.0, 0.0
        t12, t22 = 0.0, 1.0
        u11, u12, u22 = 0.0, 0.0, 0.0
        for n in range(TERMS):
            h = gap_s / (n + 1)
            g += h * product * t12
            t12, t22 = h * t22, -h * (product * t12 + rate * t22)
            f12 += t12
            f22 += t22
            u11, u12, u22 = (
                h * 2.0 * u12,
                h * (u22 - product * u11 - rate * u12),
                -h * 2.0 * (product * u12 + rate * u22),
            )
            if n == 0:
                u22 = 2.0 * product * rate * gap_s
            q11 += u11
            q12 += u12
            q22 += u22
        return 1.0 - g, f12, -product * f12, f22, g, q11, q12, q22
    slow, fast = np.exp(-a * gap_s), np.exp(-b * gap_s)
    f11 = (b * slow - a * fast) / (b - a)
    f12 = (slow - fast) / (b - a)
    f21 = -product * f12
    f22 = (b * fast - a * slow) / (b - a)
    # Q = P_inf - F P_inf F' with P_inf = diag(1, ab).
    return (
        f11,
        f12,
        f21,
        f22,
        1.0 - f11,
        1.0 - f11 * f11 - product * f12 * f12,
        -f11 * f21 - product * f12 * f22,
        product - f21 * f21 - product * f22 * f22,
    )


@njit(nogil=True, cache=True)
def _add_prior(P: Floats, p: Floats) -> None:
    for o in (0, 3):
        P[o, o] += p[2] + p[3]
        P[o + 1, o + 1] += p[2] * (p[0] * p[1])
        P[o, o + 2] += p[3]
        P[o + 2, o] += p[3]
        P[o + 2, o + 2] += p[3]


@njit(nogil=True, cache=True)
def prior(p: Floats) -> Floats:
    """Filter state before any fix: at home somewhere around the site's origin."""
    state = np.zeros(STATE_SIZE)
    _add_prior(state[6:42].reshape(6, 6), p)
    return state


@njit(nogil=True, cache=True)
def _predict(x: Floats, P: Floats, f: tuple[float, ...], s2: float, drift: float = 0.0) -> None:
    """x <- F x, P <- F P F' + Q; the axes do not mix in F. A centre that has drifted carries the animal with it."""
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
        P[o, o] += q11 * s2 + drift
        P[o, o + 1] += q12 * s2
        P[o + 1, o] += q12 * s2
        P[o + 1, o + 1] += q22 * s2
        P[o, o + 2] += drift
        P[o + 2, o] += drift
        P[o + 2, o + 2] += drift


@njit(nogil=True, cache=True)
def _update(
    x: Floats,
    P: Floats,
    zx: float,
    zy: float,
    rxx: float,
    rxy: float,
    ryy: float,
    gate: float,
    passed: Passed,
    row: int,
) -> float:
    """Take in one fix; what the smoother needs goes to `row`. Returns 1 / the inflation of S, 1 if there was none."""
    K, e, S = passed.K[row], passed.e[row], passed.S[row]
    y0, y1 = zx - x[0], zy - x[3]
    s00, s01, s11 = P[0, 0] + rxx, P[0, 3] + rxy, P[3, 3] + ryy
    det = s00 * s11 - s01 * s01
    i00, i01, i11 = s11 / det, -s01 / det, s00 / det
    distance2 = y0 * (i00 * y0 + i01 * y1) + y1 * (i01 * y0 + i11 * y1)
    trust = 1.0
    if distance2 > gate:
        trust = gate / distance2
        more = distance2 / gate - 1.0
        rxx, rxy, ryy = rxx + more * s00, rxy + more * s01, ryy + more * s11
        i00, i01, i11 = i00 * trust, i01 * trust, i11 * trust
    e[0], e[1] = i00 * y0 + i01 * y1, i01 * y0 + i11 * y1
    S[0], S[1], S[2] = i00, i01, i11
    for i in range(6):
        K[i, 0] = P[i, 0] * i00 + P[i, 3] * i01
        K[i, 1] = P[i, 0] * i01 + P[i, 3] * i11
        x[i] += P[i, 0] * e[0] + P[i, 3] * e[1]
    for i in (1, 2, 4, 5):
        for j in (1, 2, 4, 5):
            if j >= i:
                P[i, j] -= K[i, 0] * P[j, 0] + K[i, 1] * P[j, 3]
                P[j, i] = P[i, j]
    # The columns of the position are K R: no subtraction, so a small variance survives a huge prior.
    for i in range(6):
        P[i, 0] = K[i, 0] * rxx + K[i, 1] * rxy
        P[i, 3] = K[i, 0] * rxy + K[i, 1] * ryy
    P[0, 3] = P[3, 0] = 0.5 * (P[0, 3] + P[3, 0])
    for i in (1, 2, 4, 5):
        P[0, i] = P[i, 0]
        P[3, i] = P[i, 3]
    return trust


@njit(nogil=True, cache=True)
def _forward(
    fixes: Fixes, lo: int, hi: int, state: Floats, p: Floats, passed: Passed, row: int, believed: Floats
) -> None:
    """Filter fixes lo..hi from `state`, which moves along; fix lo goes to `row` of `passed`, and so on."""
    x, P = state[:6], state[6:42].reshape(6, 6)
    for k in range(lo, hi):
        r = row + k - lo
        gap_s = fixes.time_s[k] - fixes.time_s[max(k - 1, 0)]
        f = transition(gap_s, p[0], p[1])
        _predict(x, P, f, p[2], p[6] * gap_s)
        for i in range(5):
            passed.F[r, i] = f[i]
        gate = p[4]
        if state[42] >= p[5]:
            _add_prior(P, p)
            state[42] = 0.0
            gate = np.inf
        w = fixes.weight[k]
        if w > 0.0:
            R = fixes.covariance[k]
            trust = _update(x, P, fixes.x_m[k], fixes.y_m[k], R[0] / w, R[1] / w, R[2] / w, gate, passed, r)
            state[42] = state[42] + 1.0 if trust < 1.0 else 0.0
            believed[k] = w * trust
        else:
            passed.K[r, :, :] = 0.0
            passed.e[r, :] = 0.0
            passed.S[r, :] = 0.0
            believed[k] = 0.0
        passed.x[r, :] = x
        passed.P[r, :, :] = P


@njit(nogil=True, cache=True)
def adjoint_gap(f: Floats, lam: Floats, L: Floats) -> None:
    """lam <- F' lam, L <- F' L F: carry what the future says back over a gap."""
    f11, f12, f21, f22, g = f[0], f[1], f[2], f[3], f[4]
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
def adjoint_fix(K: Floats, e: Floats, S: Floats, lam: Floats, L: Floats) -> None:
    """lam <- C' lam - H' e, L <- C' L C + H' S^-1 H with C = I - K H: add what one fix says."""
    b = np.zeros((6, 2))
    k0 = k1 = d00 = d01 = d11 = 0.0
    for i in range(6):
        k0 += K[i, 0] * lam[i]
        k1 += K[i, 1] * lam[i]
        for j in range(6):
            b[i, 0] += L[i, j] * K[j, 0]
            b[i, 1] += L[i, j] * K[j, 1]
    for i in range(6):
        d00 += K[i, 0] * b[i, 0]
        d01 += K[i, 0] * b[i, 1]
        d11 += K[i, 1] * b[i, 1]
    lam[0] -= k0 + e[0]
    lam[3] -= k1 + e[1]
    for i in range(6):
        L[i, 0] -= b[i, 0]
        L[i, 3] -= b[i, 1]
    for j in range(6):
        L[0, j] -= b[j, 0]
        L[3, j] -= b[j, 1]
    L[0, 0] += d00 + S[0]
    L[0, 3] += d01 + S[1]
    L[3, 0] += d01 + S[1]
    L[3, 3] += d11 + S[2]


@njit(nogil=True, cache=True)
def _write(x: Floats, P: Floats, lam: Floats, L: Floats, out: Estimates, row: int) -> None:
    """Smoothed mean x - P lam, and the position block of P - P L P."""
    m = np.zeros(6)
    b = np.zeros((6, 2))
    for i in range(6):
        for j in range(6):
            m[i] += P[i, j] * lam[j]
            b[i, 0] += L[i, j] * P[j, 0]
            b[i, 1] += L[i, j] * P[j, 3]
    out.place[row, 0], out.place[row, 1] = x[0] - m[0], x[3] - m[3]
    out.velocity[row, 0], out.velocity[row, 1] = x[1] - m[1], x[4] - m[4]
    xx, xy, yy = P[0, 0], P[0, 3], P[3, 3]
    for i in range(6):
        xx -= P[i, 0] * b[i, 0]
        xy -= P[i, 0] * b[i, 1]
        yy -= P[i, 3] * b[i, 1]
    out.spread[row, 0], out.spread[row, 1], out.spread[row, 2] = xx, xy, yy


@njit(nogil=True, cache=True)
def smooth_blocks(
    fixes: Fixes, block: int, first: int, p: Floats, states: Floats, out: Estimates, believed: Floats
) -> None:
    """Modified Bryson-Frazier smoother (Bierman 1977) over all blocks from `first`; inverts nothing above 2x2.

    A fix is smoothed with everything before it and with all fixes to the end of the next block. states
    f8[blocks + 1, 43] holds the filter state before each block: row `first` is read, those after it are written.
    `out` and believed f8[n] are written from the first fix of that block on.
    """
    n = fixes.time_s.size
    passed = _passed(2 * block)
    lam, L = np.empty(6), np.empty((6, 6))
    state = states[first].copy()
    for current in range(first, states.shape[0] - 1):
        lo, mid, hi = current * block, min((current + 1) * block, n), min((current + 2) * block, n)
        if current == first:
            _forward(fixes, lo, mid, state, p, passed, 0, believed)
        else:
            # The second half of the scratch, filled one round ago, is this block.
            for r in range(mid - lo):
                passed.x[r], passed.P[r], passed.F[r] = passed.x[block + r], passed.P[block + r], passed.F[block + r]
                passed.K[r], passed.e[r], passed.S[r] = passed.K[block + r], passed.e[block + r], passed.S[block + r]
        states[current + 1] = state
        _forward(fixes, mid, hi, state, p, passed, block, believed)
        lam[:] = 0.0
        L[:, :] = 0.0
        for r in range(hi - lo - 1, -1, -1):
            if r < block:
                _write(passed.x[r], passed.P[r], lam, L, out, lo + r)
            adjoint_fix(passed.K[r], passed.e[r], passed.S[r], lam, L)
            adjoint_gap(passed.F[r], lam, L)


@njit(nogil=True, cache=True)
def between(
    fixes: Fixes, lo: int, hi: int, start: Floats, p: Floats, queries: Floats, out: Estimates, believed: Floats
) -> None:
    """Position at `queries` f8[m], none before fix lo unless lo is 0, given fixes lo..hi and the state before lo.

    Exact by the model: the filter state of the fix before is carried forward, what later fixes say is carried back.
    believed f8[n] is scratch.
    """
    count = hi - lo
    passed = _passed(count)
    lams, Ls = np.zeros((count + 1, 6)), np.zeros((count + 1, 6, 6))
    _forward(fixes, lo, hi, start.copy(), p, passed, 0, believed)
    for r in range(count - 1, -1, -1):
        lams[r], Ls[r] = lams[r + 1], Ls[r + 1]
        if r + 1 < count:
            adjoint_gap(passed.F[r + 1], lams[r], Ls[r])
        adjoint_fix(passed.K[r], passed.e[r], passed.S[r], lams[r], Ls[r])
    ahead = np.empty(5)
    for q in range(queries.size):
        r = np.searchsorted(fixes.time_s[lo:hi], queries[q], side="right")
        # Before the first fix of all the prior holds; it is stationary, so no time needs to pass in it.
        here = start.copy()
        x, P = here[:6], here[6:42].reshape(6, 6)
        if r > 0:
            x[:] = passed.x[r - 1]
            P[:, :] = passed.P[r - 1]
            gap_s = queries[q] - fixes.time_s[lo + r - 1]
            _predict(x, P, transition(gap_s, p[0], p[1]), p[2], p[6] * gap_s)
        lam, L = lams[r].copy(), Ls[r].copy()
        if r < count:
            f = transition(fixes.time_s[lo + r] - queries[q], p[0], p[1])
            for i in range(5):
                ahead[i] = f[i]
            adjoint_gap(ahead, lam, L)
        _write(x, P, lam, L, out, q)


def estimates(n: int) -> Estimates:
    """Room for n estimates."""
    return Estimates(np.empty((n, 2)), np.empty((n, 3)), np.empty((n, 2)))


def warm_up() -> None:
    """Compile (or load from the cache) every kernel, so that the first late fix does not wait for it."""
    fixes = Fixes(np.zeros(1), np.zeros(1), np.zeros(1), np.array([[1.0, 0.0, 1.0]]), np.ones(1))
    for column in fixes:
        column.setflags(write=False)
    p = np.array([0.1, 1.0, 1.0, 1.0, 10.0, 3.0, 0.0])
    states = np.zeros((2, STATE_SIZE))
    states[0] = prior(p)
    smooth_blocks(fixes, 64, 0, p, states, estimates(1), np.zeros(1))
    between(fixes, 0, 1, states[0], p, np.zeros(1), estimates(1), np.zeros(1))
