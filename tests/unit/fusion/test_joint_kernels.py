"""Paths beside a dense Gaussian process, and sampled owners beside the sum over all assignments."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from fusion.ellipse import Floats
from fusion.joint_kernels import NOBODY, Contest, sample
from fusion.marginal_kernels import Rows
from fusion.path_kernels import paths

DAY = 86_400.0
A, B, S2, CENTRE = 1 / DAY, 1 / 3600.0, 1500.0**2, 8_000.0**2
MOTION = np.array([[A, B, S2, 300.0, -200.0, CENTRE]])


def prior(time_s: np.ndarray) -> np.ndarray:
    """Covariance per axis of the places at some times, from its closed form."""
    gap = np.abs(time_s[:, None] - time_s[None, :])
    return S2 * (B * np.exp(-A * gap) - A * np.exp(-B * gap)) / (B - A) + CENTRE


def test_paths__are_those_of_the_dense_gaussian_process() -> None:
    rng = np.random.default_rng(4)
    time_s = np.sort(rng.uniform(0, 5 * DAY, 9))
    place = rng.normal(0, 2000.0, (9, 2))
    precision = np.tile([1 / 900.0, 2e-4, 1 / 1600.0], (9, 1))
    shift = np.stack([precision[:, 0] * place[:, 0] + precision[:, 1] * place[:, 1],
                      precision[:, 1] * place[:, 0] + precision[:, 2] * place[:, 1]], axis=1)  # fmt: skip
    precision[3], shift[3] = 0.0, 0.0
    contested = np.array([1, 4, 5, 8])
    k = len(contested)
    mean, between = np.zeros((k, 2)), np.zeros(4 * k * k)
    rows = Rows(time_s, precision, shift, (precision[:, 0] > 0).astype(float))
    paths(np.array([0, 9]), 0, 1, rows, MOTION, np.array([0, k]), contested, np.array([0, 4 * k * k]), mean, between)
    full = np.kron(prior(time_s), np.eye(2))
    information, pull = np.linalg.inv(full), np.linalg.inv(full) @ np.tile(MOTION[0, 3:5], 9)
    for r in set(range(9)) - set(contested.tolist()):
        at = slice(2 * r, 2 * r + 2)
        information[at, at] += [[precision[r, 0], precision[r, 1]], [precision[r, 1], precision[r, 2]]]
        pull[at] += shift[r]
    covariance = np.linalg.inv(information)
    chosen = (2 * contested[:, None] + np.arange(2)).ravel()
    np.testing.assert_allclose(mean.ravel(), (covariance @ pull)[chosen], atol=1e-3)
    np.testing.assert_allclose(between.reshape(2 * k, 2 * k), covariance[np.ix_(chosen, chosen)], atol=1.0)


def a_contest(seed: int, *, burst: bool) -> Contest:
    """Four sightings that all may be of each of two individuals, or of nobody."""
    rng = np.random.default_rng(seed)
    c, m = 4, 2
    time_s = np.sort(rng.uniform(0, 2 * DAY, c))
    block: Floats = np.kron(prior(time_s) - 0.97 * CENTRE, np.eye(2)).astype(np.float64)
    return Contest(
        offset=np.arange(c + 1) * m,
        who=np.tile(np.arange(m), c),
        slot=np.repeat(np.arange(c), m),
        log_weight=rng.normal(18.0, 1.5, c * m),
        nobody=rng.normal(0.0, 1.5, c),
        place=rng.normal(0, 1500.0, (c, 2)),
        covariance=np.tile([900.0, 100.0, 900.0], (c, 1)),
        burst=np.array([3, -1, 3, -1]) if burst else np.full(c, -1),
        key=rng.integers(0, 2**63, c).astype(np.uint64),
        partner=np.array([1, 0, 3, 2]),
        sighting=np.repeat(np.arange(c), m),
        first=np.arange(m + 1) * c,
        mean=rng.normal(0, 500.0, (c * m, 2)),
        block=np.arange(m + 1) * 4 * c * c,
        between=np.tile(block.ravel(), m),
    )


def enumerated(contest: Contest) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Exact shares f8[c, m], shares of nobody f8[c], and how likely two sightings are of one individual f8[c, c]."""
    c, m = len(contest.nobody), 2
    owned, unowned, same, logs, every = np.zeros((c, m)), np.zeros(c), np.zeros((c, c)), [], []
    for owners in product(range(-1, m), repeat=c):
        named = [(contest.burst[j], o) for j, o in enumerate(owners) if o >= 0 and contest.burst[j] >= 0]
        if len(set(named)) < len(named):
            continue
        log = sum(float(contest.nobody[j]) for j, o in enumerate(owners) if o < 0)
        for i in range(m):
            mine = [j for j, o in enumerate(owners) if o == i]
            if not mine:
                continue
            at = (2 * np.array(mine)[:, None] + np.arange(2)).ravel()
            S = contest.between[contest.block[i] : contest.block[i + 1]].reshape(2 * c, 2 * c)[np.ix_(at, at)].copy()
            for n, j in enumerate(mine):
                xx, xy, yy = contest.covariance[j]
                S[2 * n : 2 * n + 2, 2 * n : 2 * n + 2] += [[xx, xy], [xy, yy]]
            e = (contest.place[mine] - contest.mean[contest.first[i] + np.array(mine)]).ravel()
            log += sum(float(contest.log_weight[j * m + i]) for j in mine)
            log -= 0.5 * e @ np.linalg.solve(S, e) + 0.5 * np.linalg.slogdet(2 * np.pi * S)[1]
        logs.append(log)
        every.append(owners)
    weights = np.exp(np.array(logs) - max(logs))
    for owners, weight in zip(every, weights / weights.sum(), strict=True):
        for j, o in enumerate(owners):
            if o < 0:
                unowned[j] += weight
            else:
                owned[j, o] += weight
            same[j] += [weight * (o >= 0 and o == other) for other in owners]
    return owned, unowned, same


@pytest.mark.parametrize("burst", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_sample__comes_to_the_sum_over_all_assignments(seed: int, burst: bool) -> None:
    contest = a_contest(seed, burst=burst)
    owned, unowned, together = np.zeros(8), np.zeros(4), np.zeros(32)
    sample(contest, np.arange(4), np.array([0, 4]), 0, 1, np.full(4, NOBODY), 100, 20_000, owned, unowned, together)
    exact, exact_nobody, same = enumerated(contest)
    np.testing.assert_allclose(owned.reshape(4, 2), exact, atol=0.02)
    np.testing.assert_allclose(unowned, exact_nobody, atol=0.02)
    np.testing.assert_allclose(together.reshape(2, 4, 4).sum(axis=0), same, atol=0.03)
    assert 0.05 < exact.max() < 0.999
