"""Compiled arithmetic of a path at several times at once: means and covariances between the times, given evidence.

No fastmath and no reduction across threads. The filter is that of `marginal_kernels`: numba's cache of this file does
not see a change there, so touch both.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from fusion.association_kernels import Integers
from fusion.ellipse import Floats
from fusion.kernels import adjoint_fix, adjoint_gap
from fusion.marginal_kernels import Rows, filter_rows, passed_rows


@njit(nogil=True, cache=True)
def paths(
    starts: Integers,
    lo: int,
    hi: int,
    rows: Rows,
    motion: Floats,
    first: Integers,
    row: Integers,
    block: Integers,
    mean: Floats,
    between: Floats,
) -> None:
    """Where individuals lo..hi were at their contested rows, jointly, given all their other rows.

    Individual i has rows starts[i]:starts[i + 1] and contested ones row[first[i]:first[i + 1]], ascending; what those
    say is not taken in. Filter, backward pass of Bryson and Frazier, and for each contested row its covariance carried
    forward (de Jong & Mackinnon 1988, Biometrika 75, 601-602).
    """
    longest = 0
    for i in range(lo, hi):
        longest = max(longest, int(starts[i + 1] - starts[i]))
    passed = passed_rows(longest)
    for i in range(lo, hi):
        k, begin, n = first[i + 1] - first[i], starts[i], starts[i + 1] - starts[i]
        if k == 0:
            continue
        own = Rows(
            rows.time_s[begin : begin + n],
            rows.precision[begin : begin + n].copy(),
            rows.shift[begin : begin + n].copy(),
            rows.weight[begin : begin + n],
        )
        at = row[first[i] : first[i + 1]] - begin
        for q in range(k):
            own.precision[at[q]] = 0.0
            own.shift[at[q]] = 0.0
        filter_rows(own, 0, n, motion[i], passed)
        lam, L, known, q = np.zeros(6), np.zeros((6, 6)), np.zeros((k, 6, 2)), k - 1
        for r in range(n - 1, at[0] - 1, -1):
            P = passed.P[r]
            if q >= 0 and at[q] == r:
                for axis in range(2):
                    total = passed.x[r, 3 * axis]
                    for a in range(6):
                        total -= P[3 * axis, a] * lam[a]
                        for b in range(6):
                            known[q, a, axis] += L[a, b] * P[b, 3 * axis]
                    mean[first[i] + q, axis] = total
                q -= 1
            elif passed.S[r, 0] != 0.0 or passed.S[r, 2] != 0.0 or passed.e[r, 0] != 0.0 or passed.e[r, 1] != 0.0:
                adjoint_fix(passed.K[r], passed.e[r], passed.S[r], lam, L)
            adjoint_gap(passed.F[r], lam, L)
        out = between[block[i] : block[i + 1]].reshape(2 * k, 2 * k)
        C = np.empty((2, 6))
        for t in range(k):
            C[0], C[1] = passed.P[at[t], 0], passed.P[at[t], 3]
            _told(C, known[t], out, t, t)
            s = t + 1
            for r in range(at[t] + 1, at[k - 1] + 1):
                _carried_on(C, passed.F[r], passed.K[r])
                if at[s] == r:
                    _told(C, known[s], out, t, s)
                    s += 1


@njit(nogil=True, cache=True)
def _told(C: Floats, known: Floats, out: Floats, t: int, s: int) -> None:
    """What the future of row s takes off its covariance with row t."""
    for a in range(2):
        for b in range(2):
            value = C[a, 3 * b]
            for m in range(6):
                value -= C[a, m] * known[m, b]
            out[2 * t + a, 2 * s + b] = out[2 * s + b, 2 * t + a] = value


@njit(nogil=True, cache=True)
def _carried_on(C: Floats, f: Floats, K: Floats) -> None:
    """C <- C F' (I - K H)'."""
    for a in range(2):
        for o in (0, 3):
            position, velocity, centre = C[a, o], C[a, o + 1], C[a, o + 2]
            C[a, o] = f[0] * position + f[1] * velocity + f[4] * centre
            C[a, o + 1] = f[2] * position + f[3] * velocity - f[2] * centre
        x, y = C[a, 0], C[a, 3]
        for m in range(6):
            C[a, m] -= K[m, 0] * x + K[m, 1] * y
