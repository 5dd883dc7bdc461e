"""One to one within a burst, beside the sum over all assignments."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from fusion.burst_kernels import bursts, exclude


def enumerated(shares: np.ndarray, nobody: np.ndarray) -> np.ndarray:
    """Exact marginals of shares f8[sightings, individuals] under the condition that owners differ."""
    n, m = shares.shape
    marginal, total = np.zeros((n, m)), 0.0
    for owners in product(range(-1, m), repeat=n):
        named = [owner for owner in owners if owner >= 0]
        if len(set(named)) < len(named):
            continue
        weight = np.prod([shares[j, o] if o >= 0 else nobody[j] for j, o in enumerate(owners)])
        total += weight
        for j, o in enumerate(owners):
            if o >= 0:
                marginal[j, o] += weight
    return marginal / total


def propagated(shares: np.ndarray, nobody: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n, m = shares.shape
    out, strangers = shares.ravel().copy(), nobody[:, None].copy()
    if_here, others = out.copy(), np.zeros(n * m)
    first, members = bursts(np.zeros(n, dtype=np.int64))
    exclude(first, members, np.arange(n + 1) * m, np.tile(np.arange(m), n), out, if_here, others, strangers)
    return out.reshape(n, m), strangers[:, 0]


def test_exclude__two_pictures_that_both_look_like_one_animal_are_exact() -> None:
    shares, nobody = np.array([[0.9], [0.8]]), np.array([0.1, 0.2])
    out, strangers = propagated(shares, nobody)
    np.testing.assert_allclose(out, enumerated(shares, nobody), atol=1e-9)
    np.testing.assert_allclose(out.sum(axis=1) + strangers, 1.0)


@pytest.mark.parametrize("seed", range(6))
def test_exclude__is_near_the_sum_over_all_assignments(seed: int) -> None:
    rng = np.random.default_rng(seed)
    everything = rng.dirichlet(np.full(4, 0.7), 3)
    out, _ = propagated(everything[:, :3], everything[:, 3])
    np.testing.assert_allclose(out, enumerated(everything[:, :3], everything[:, 3]), atol=0.06)


def test_bursts__alone_or_without_a_burst_is_no_burst() -> None:
    first, members = bursts(np.array([4, -1, 2, 4, -1, 7, 2]))
    assert first.tolist() == [0, 2, 4]
    assert members.tolist() == [2, 6, 0, 3]
