from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion import timeline_kernels as loops
from fusion.marginal_kernels import Rows


def columns(rng: np.random.Generator, time_s: np.ndarray) -> Rows:
    n = len(time_s)
    return Rows(time_s, rng.normal(size=(n, 3)), rng.normal(size=(n, 2)), rng.uniform(0.1, 1.0, n))


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(0, 30), st.integers(0, 6))
def test_merge__is_the_stable_sort_of_fixes_pairs_and_clock_by_individual_and_time(
    seed: int, individuals: int, pairs: int, moments: int
) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 5, individuals)
    fixes = np.concatenate([[0], np.cumsum(counts)])
    # Few whole seconds, so that many are equal.
    fixed = columns(rng, np.concatenate([np.sort(rng.integers(0, 8, n)).astype(np.float64) for n in counts]))
    who = rng.integers(0, individuals, pairs)
    sighted = columns(rng, np.sort(rng.integers(0, 8, pairs)).astype(np.float64))
    clock_s = np.arange(moments, dtype=np.float64)
    precision, shift = rng.normal(size=(individuals, moments, 3)), rng.normal(size=(individuals, moments, 2))
    n = int(counts.sum()) + pairs + individuals * moments
    rows = Rows(np.empty(n), np.empty((n, 3)), np.empty((n, 2)), np.empty(n))
    is_clock, pair_row = np.empty(n, np.bool_), np.empty(pairs, np.int64)
    first, pair = loops.by_individual(who, individuals)
    loops.merge(fixes, fixed, first, pair, sighted, clock_s, precision, shift, rows, is_clock, pair_row)
    everybody = np.arange(individuals)
    animal = np.concatenate([np.repeat(everybody, counts), who, np.repeat(everybody, moments)])
    order = np.lexsort((np.concatenate([fixed.time_s, sighted.time_s, np.tile(clock_s, individuals)]), animal))
    zeros = np.zeros(individuals * moments)
    np.testing.assert_array_equal(rows.weight, np.concatenate([fixed.weight, sighted.weight, zeros])[order])
    told = np.concatenate([fixed.precision, sighted.precision, precision.reshape(-1, 3)])[order]
    np.testing.assert_array_equal(rows.precision, told)
    told = np.concatenate([fixed.shift, sighted.shift, shift.reshape(-1, 2)])[order]
    np.testing.assert_array_equal(rows.shift, told)
    np.testing.assert_array_equal(is_clock, order >= counts.sum() + pairs)
    np.testing.assert_array_equal(order[pair_row], counts.sum() + np.arange(pairs))
