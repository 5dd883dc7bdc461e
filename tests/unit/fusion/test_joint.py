"""Unsure sightings all at once: whose they are, and which of them show one animal."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from fusion.association import Settled, settle
from fusion.evidence import keys_from
from fusion.joint import MOST, components
from fusion.sightings import NO_CAMERA, Sightings
from tests.unit.fusion.reserve_of import DAY, RULES, SPAN_S, cameras, columns, roster, sightings


def of(time_s: list[float], x: list[float], scores: np.ndarray) -> Settled:
    """Two individuals without a collar; scores f8[n, 2] of every sighting at (x, 0)."""
    n = len(time_s)
    seen = Sightings.canonical(
        time_s, np.stack([x, np.zeros(n)], axis=1), np.tile([900.0, 0.0, 900.0], (n, 1)), np.full(n, NO_CAMERA),
        np.full(n, NO_CAMERA), np.zeros((n, 2)), np.arange(n + 1) * 2, np.tile([0, 1], n), scores.ravel(),
        np.full(n, -9.0), keys_from([bytes([k + 1]) * 16 for k in range(n)]),
    )  # fmt: skip
    known = replace(roster(2, collars=0), species=np.zeros(2, np.int64))
    return settle(seen, known, cameras(), SPAN_S, replace(RULES, joint_weight=1.0, unsure_below=1.0))


def test_two_pictures_a_minute_apart_show_one_animal_though_nobody_can_say_which() -> None:
    # Both animals live here; the two pictures in the middle look like either.
    days = [0.5, 1.5, 2.5, 3.5, 5.0, 5.0007, 6.5, 7.5, 8.5, 9.5]
    clear, doubtful = [[8.0, -8.0], [-8.0, 8.0]] * 2, [[4.0, 4.0]]
    scores = np.array([*clear, *doubtful * 2, *clear])
    settled = of([day * DAY for day in days], [0.0] * 10, scores)
    _, stated = settled.identities.owners()
    assert (stated[4:6] < 0.9).all()
    met = settled.together
    both = (met.one == 4) & (met.other == 5)
    apart = float((settled.identities.probability.reshape(-1, 2)[4] ** 2).sum())
    assert met.probability[both].sum() > max(0.9, apart + 0.2)


def test_two_pictures_of_one_minute_that_are_far_apart_show_two_animals() -> None:
    days = [0.5, 1.5, 2.5, 3.5, 5.0, 5.0007, 6.5, 7.5, 8.5, 9.5]
    clear = [[8.0, -8.0], [-8.0, 8.0]] * 2
    scores = np.array([*clear, [4.0, 4.0], [4.0, 4.0], *clear])
    x = [0.0] * 10
    x[5] = 2_000.0
    settled = of([day * DAY for day in days], x, scores)
    assert not ((settled.together.one == 4) & (settled.together.other == 5)).any()


def test_shares__add_up_to_one_with_those_of_nobody() -> None:
    for seed in range(6):
        settled = settle(sightings(columns(60, 7, seed), np.arange(60)), roster(7, seed), cameras(), SPAN_S, RULES)
        found = settled.identities
        total = np.bincount(found.sighting(), weights=found.probability, minlength=60) + found.nobody.sum(axis=1)
        np.testing.assert_allclose(total, 1.0, atol=1e-9)
        assert ((found.if_here >= 0) & (found.if_here <= 1)).all()
        assert (found.if_here >= found.probability - 1e-9).all()


def test_sure_sightings__keep_their_shares() -> None:
    made, known = sightings(columns(60, 7, 3), np.arange(60)), roster(7, 3)
    sampled = settle(made, known, cameras(), SPAN_S, RULES).identities
    alone = settle(made, known, cameras(), SPAN_S, replace(RULES, unsure_below=0.0)).identities
    best = alone.nobody.sum(axis=1)
    np.maximum.at(best, alone.sighting(), alone.probability)
    sure = (best >= RULES.unsure_below)[alone.sighting()]
    assert sure.any()
    assert not sure.all()
    np.testing.assert_array_equal(sampled.probability[sure], alone.probability[sure])
    assert (sampled.probability[~sure] != alone.probability[~sure]).any()


def test_components__are_sightings_joined_by_candidates_directly_or_through_others() -> None:
    #      sighting 0: {0, 1}, 1: {2}, 2: {1, 3}, 3: {4}, 4: {3}
    who, sighting = np.array([0, 1, 2, 1, 3, 4, 3]), np.array([0, 0, 1, 2, 2, 3, 4])
    order, begin = components(who, sighting, 5, 5)
    parts = [order[a:b].tolist() for a, b in pairwise(begin)]
    assert parts == [[0, 2, 4], [1], [3]]


def test_individual__whose_sightings_are_all_unsure_has_the_most_doubtful_sampled() -> None:
    n = MOST + 12
    clear, doubtful = np.array([[8.0, -8.0], [-8.0, 8.0]] * 4), np.full((n, 2), 1.0)
    days = np.concatenate([np.linspace(0.2, 9.8, 8), np.linspace(0.1, 9.9, n)])
    scores = np.concatenate([clear, doubtful])[np.argsort(days)]
    settled = of((np.sort(days) * DAY).tolist(), [0.0] * len(days), scores)
    plain = replace(settled.rules, unsure_below=0.0)
    swept = settle(settled.sightings, settled.roster, settled.cameras, SPAN_S, plain).identities
    changed = settled.identities.probability != swept.probability
    assert 0 < np.bincount(swept.who[changed]).max() <= MOST < np.bincount(swept.who).min()
