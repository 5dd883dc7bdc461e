from __future__ import annotations

from dataclasses import replace

import numpy as np

from fusion.association import Settled, settle
from fusion.evidence import keys_from
from fusion.identities import AssociationRules
from fusion.places import positions
from fusion.roster import Roster
from fusion.sightings import NO_CAMERA, Sightings
from tests.unit.fusion.reserve_of import CAT, DAY, RULES, SPAN_S, cameras

ELSE = -6.0


def seen(rows: list[tuple[float, float, int, dict[int, float]]]) -> Sightings:
    """(time in days, x of the camera's place, camera, scores by individual) a row; everybody else scores -6."""
    scores = [sorted(row[3].items()) for row in rows]
    return Sightings.canonical(
        [row[0] * DAY for row in rows],
        [[row[1], 0.0] for row in rows],
        np.tile([900.0, 0.0, 900.0], (len(rows), 1)),
        [row[2] for row in rows],
        np.full(len(rows), NO_CAMERA),
        np.zeros((len(rows), 1)),
        np.cumsum([0, *(len(one) for one in scores)]),
        [who for one in scores for who, _ in one],
        [score for one in scores for _, score in one],
        [max(ELSE, -abs(row[3].get(-1, ELSE))) for row in rows],
        keys_from([bytes([n + 1]) * 16 for n in range(len(rows))]),
    )


def two() -> Roster:
    return Roster.of(["east", "west"], [0, 0], [CAT, CAT], [0.3, 0.3, 0.2], {})


def answer(sightings: Sightings, rules: AssociationRules = RULES) -> Settled:
    return settle(sightings, two(), cameras(), SPAN_S, rules)


CLEAR = [(1.0 + k, 2000.0, 7, {0: 12.0, 1: -12.0}) for k in range(5)] + [
    (1.3 + k, -2000.0, 1, {0: -12.0, 1: 12.0}) for k in range(5)
]


def test_settle__a_poor_picture_is_given_by_place_and_time() -> None:
    settled = answer(seen([*CLEAR, (3.02, 2000.0, 7, {0: 0.0, 1: 0.0})]))
    owner, stated = settled.identities.owners()
    poor = int(np.flatnonzero(settled.sightings.score == 0.0)[0]) // 2
    assert owner[poor] == 0
    assert stated[poor] > 0.8


def test_settle__a_good_picture_of_somebody_who_is_in_no_gallery_is_nobodys() -> None:
    settled = answer(seen([*CLEAR, (3.02, 2000.0, 7, {0: -12.0, 1: -12.0})]))
    owner, _ = settled.identities.owners()
    both = np.flatnonzero((settled.sightings.score.reshape(-1, 2) == -12.0).all(axis=1))
    assert owner[both].tolist() == [-1]


def test_settle__a_chance_resemblance_does_not_say_where_an_animal_lives() -> None:
    only_east = [row for row in CLEAR if row[1] > 0]
    settled = answer(seen([*only_east, (5.0, -2000.0, 1, {0: -12.0, 1: 4.0})]))
    assert settled.residence.here[0] > 0.99
    assert settled.residence.here[1] < 0.9
    _, covariance = positions(settled, np.array([5.0 * DAY]))
    assert np.sqrt(covariance[0, 1, 0]) > 2.0 * np.sqrt(covariance[0, 0, 0])


def test_settle__probabilities_and_nobody_sum_to_one_and_carry_their_reasons() -> None:
    found = answer(seen(CLEAR)).identities
    total = np.bincount(found.sighting(), weights=found.probability) + found.nobody.sum(axis=1)
    np.testing.assert_allclose(total, 1.0)
    weight = found.place + found.appearance + found.species + found.effort + np.log(found.residence[found.who])
    sure = found.probability > 0.01
    odds = np.log(found.probability / np.maximum(1 - found.probability, 1e-300))
    np.testing.assert_allclose((weight - found.others)[sure], odds[sure], atol=0.2)


def test_settle__nothing_seen_is_an_answer() -> None:
    settled = answer(seen([]))
    assert len(settled.identities.who) == 0
    place, covariance = positions(settled, np.array([0.0]))
    assert np.isfinite(place).all()
    assert (covariance[..., 0] > 5_000.0**2).all()


def test_configuration_hash__any_rule_is_another_version() -> None:
    assert RULES.configuration_hash() != replace(RULES, cautions=(1.0, 11.0)).configuration_hash()
