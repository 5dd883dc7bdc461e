"""Loops over pairs beside their plain twins."""

from __future__ import annotations

import numpy as np
import pytest

from fusion import association_kernels as loops
from tests.unit.fusion.reserve_of import columns, sightings


def whereabouts(m: int, seed: int) -> loops.Whereabouts:
    rng = np.random.default_rng(seed)
    home = rng.uniform(-30_000.0, 30_000.0, (m, 2))
    place = home[:, None] + rng.normal(0, 300.0, (m, 3, 2))
    spread = np.tile([4e5, 1e4, 3e5], (m, 3, 1))
    reach = rng.uniform(2_000.0, 9_000.0, m)
    return loops.Whereabouts(0.0, 5 * 86_400.0, place, spread, home, reach, np.full(m, 1e4), rng.random(m) < 0.9)


@pytest.mark.parametrize("seed", range(5))
def test_candidates__are_the_listed_and_the_best_by_place(seed: int) -> None:
    m, most = 60, 4
    made = columns(40, m, seed)
    rng = np.random.default_rng(seed)
    seen = sightings(made, np.arange(40)).seen()
    seen = seen._replace(place=rng.uniform(-30_000.0, 30_000.0, (40, 2)))
    at, species_of = whereabouts(m, seed), np.arange(m) % 2
    offset, who = loops.candidates(seen, at, species_of, most)
    for j in range(40):
        listed = set(seen.score_of[seen.offset[j] : seen.offset[j + 1]].tolist())
        k = int(np.clip(np.floor((seen.time_s[j] - at.start_s) / at.step_s + 0.5), 0, 2))
        scores = {}
        for i in range(m):
            near = np.hypot(*(seen.place[j] - at.home[i])) <= at.reach_m[i]
            if i in listed or not at.is_located[i] or not near:
                continue
            S = np.array([[4e5 + 1e4, 1e4], [1e4, 3e5 + 1e4]]) + np.diag([900.0, 900.0])
            y = seen.place[j] - at.place[i, k]
            density = -0.5 * y @ np.linalg.solve(S, y) - 0.5 * np.log(np.linalg.det(S)) - np.log(2 * np.pi)
            scores[i] = density + seen.species[j, species_of[i]]
        best = sorted(scores, key=lambda i: (-scores[i], i))[:most]
        assert who[offset[j] : offset[j + 1]].tolist() == sorted(listed | set(best))


def test_pair_scores__the_unlisted_get_the_rest() -> None:
    seen = sightings(columns(5, 8, 1), np.arange(5)).seen()
    everybody = np.tile(np.arange(8), 5)
    scores = loops.pair_scores(seen, np.arange(6) * 8, everybody).reshape(5, 8)
    for j in range(5):
        listed = seen.score_of[seen.offset[j] : seen.offset[j + 1]]
        np.testing.assert_array_equal(scores[j, listed], seen.score[seen.offset[j] : seen.offset[j + 1]])
        np.testing.assert_array_equal(np.delete(scores[j], listed), seen.rest[j])


def test_carried__values_follow_the_individual_and_not_the_slot() -> None:
    fresh = np.zeros(5)
    old = np.array([1.0, 2.0, 3.0])
    loops.carried(np.array([0, 3, 5]), np.array([2, 4, 7, 1, 4]), np.array([0, 2, 3]), np.array([4, 9, 4]), old, fresh)
    assert fresh.tolist() == [0.0, 1.0, 0.0, 0.0, 3.0]


def test_share__is_bayes_over_individuals_strangers_and_nobody() -> None:
    rng = np.random.default_rng(3)
    own, stranger, nobody = rng.normal(0, 2, 5), rng.normal(0, 2, 5), rng.normal(0, 2, (2, 2))
    who, offset = np.array([0, 1, 2, 0, 2]), np.array([0, 3, 5])
    here, stead = np.array([0.9, 0.5, 1.0]), np.array([0.05, 0.2, 0.0])
    out, if_here, others, strangers = np.empty(5), np.empty(5), np.empty(5), np.empty((2, 3))
    loops.share(offset, who, own, here, stranger, stead, nobody, out, if_here, others, strangers)
    for j, pairs in enumerate((slice(0, 3), slice(3, 5))):
        weights = here[who[pairs]] * np.exp(own[pairs])
        dark = (stead[who[pairs]] * np.exp(stranger[pairs])).max()
        total = weights.sum() + np.exp(nobody[j]).sum() + dark
        np.testing.assert_allclose(out[pairs], weights / total)
        np.testing.assert_allclose(strangers[j], [*(np.exp(nobody[j]) / total), dark / total])
        np.testing.assert_allclose(others[pairs], np.log(total - weights))
        full = np.exp(own[pairs])
        np.testing.assert_allclose(if_here[pairs], full / (full + total - weights))
        assert out[pairs].sum() + strangers[j].sum() == pytest.approx(1.0)


def test_clock_terms__are_densities_around_the_nearest_moment_of_the_clock() -> None:
    m, n = 7, 12
    seen = sightings(columns(n, m, 2), np.arange(n)).seen()
    at = whereabouts(m, 2)
    everybody, place, spread = np.tile(np.arange(m), n), np.empty(n * m), np.empty(n * m)
    loops.clock_terms(seen, np.arange(n + 1) * m, everybody, at, place, spread)
    for p, i in enumerate(everybody):
        j = p // m
        k = int(np.clip(np.floor((seen.time_s[j] - at.start_s) / at.step_s + 0.5), 0, 2))
        S = np.array([[4e5 + 1e4, 1e4], [1e4, 3e5 + 1e4]]) + seen.covariance[j][[0, 1, 1, 2]].reshape(2, 2)
        y = seen.place[j] - at.place[i, k]
        density = -0.5 * y @ np.linalg.solve(S, y) - 0.5 * np.log(np.linalg.det(S)) - np.log(2 * np.pi)
        assert place[p] == pytest.approx(density, rel=1e-10)
        assert spread[p] == pytest.approx(3.6e5)


def test_place_terms__widen_what_all_others_say() -> None:
    n, m, inflation = 6, 3, 2.0
    seen = sightings(columns(n, m, 4), np.arange(n)).seen()
    rng = np.random.default_rng(4)
    row = rng.permutation(n * m)
    others, around = rng.normal(0.0, 5_000.0, (n * m, 2)), np.tile([3e5, -2e4, 5e5], (n * m, 1))
    out, spread = np.empty(n * m), np.empty(n * m)
    loops.place_terms(seen, np.arange(n + 1) * m, row, others, around, inflation, out, spread)
    for p in range(n * m):
        j = p // m
        S = inflation * np.array([[3e5, -2e4], [-2e4, 5e5]]) + seen.covariance[j][[0, 1, 1, 2]].reshape(2, 2)
        y = seen.place[j] - others[row[p]]
        density = -0.5 * y @ np.linalg.solve(S, y) - 0.5 * np.log(np.linalg.det(S)) - np.log(2 * np.pi)
        assert out[p] == pytest.approx(density, rel=1e-10)
        assert spread[p] == pytest.approx(8e5)
