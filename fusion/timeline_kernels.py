"""Compiled merge of what bears on each individual into one order of time.

No fastmath and no reduction across threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.association_kernels import Integers
from fusion.ellipse import Floats
from fusion.marginal_kernels import Rows

Flags = NDArray[np.bool_]


@njit(nogil=True, cache=True)
def by_individual(who: Integers, count: int) -> tuple[Integers, Integers]:
    """Pairs in order of individual, and of pair within one: first i8[count + 1] into pair i8[pairs]."""
    first = np.zeros(count + 1, np.int64)
    for p in range(who.size):
        first[who[p] + 1] += 1
    for i in range(count):
        first[i + 1] += first[i]
    filled, pair = first[:-1].copy(), np.empty(who.size, np.int64)
    for p in range(who.size):
        pair[filled[who[p]]] = p
        filled[who[p]] += 1
    return first, pair


@njit(nogil=True, cache=True)
def merge(
    fixes: Integers,
    fixed: Rows,
    first: Integers,
    pair: Integers,
    pairs: Rows,
    clock_s: Floats,
    precision: Floats,
    shift: Floats,
    rows: Rows,
    is_clock: Flags,
    pair_row: Integers,
) -> None:
    """Write each individual's fixes, its pairs and the moments of the clock in order of time, in that order if equal.

    fixes i8[m + 1] into `fixed`, first i8[m + 1] into pair i8[p] into `pairs`; all are in order of time. precision
    f8[m, t, 3] and shift f8[m, t, 2] are the factors at clock_s f8[t]. Rows of individual i begin where those of all
    before it end. is_clock b[n] and pair_row i8[p], the row of each pair, are written too.
    """
    r = 0
    for i in range(fixes.size - 1):
        f, q, c = fixes[i], first[i], 0
        while f < fixes[i + 1] or q < first[i + 1] or c < clock_s.size:
            t_fix = fixed.time_s[f] if f < fixes[i + 1] else np.inf
            t_pair = pairs.time_s[pair[q]] if q < first[i + 1] else np.inf
            t_clock = clock_s[c] if c < clock_s.size else np.inf
            is_clock[r] = False
            if f < fixes[i + 1] and t_fix <= t_pair and t_fix <= t_clock:
                rows.time_s[r], rows.weight[r] = t_fix, fixed.weight[f]
                for k in range(3):
                    rows.precision[r, k] = fixed.precision[f, k]
                for k in range(2):
                    rows.shift[r, k] = fixed.shift[f, k]
                f += 1
            elif q < first[i + 1] and t_pair <= t_clock:
                p = pair[q]
                rows.time_s[r], rows.weight[r] = t_pair, pairs.weight[p]
                for k in range(3):
                    rows.precision[r, k] = pairs.precision[p, k]
                for k in range(2):
                    rows.shift[r, k] = pairs.shift[p, k]
                pair_row[p] = r
                q += 1
            else:
                rows.time_s[r], rows.weight[r] = t_clock, 0.0
                for k in range(3):
                    rows.precision[r, k] = precision[i, c, k]
                for k in range(2):
                    rows.shift[r, k] = shift[i, c, k]
                is_clock[r] = True
                c += 1
            r += 1
