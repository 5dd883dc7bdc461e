"""Individuals of whom one flank is known: what pictures of the other say of them, and who may be the same animal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from fusion.motion import DAY, MotionParameters
from hub.pipeline.flanks import one_flank, same_animals
from hub.pipeline.passages import passages
from hub.pipeline.world import World
from hub.records.flank import flank_of
from hub.records.identity import Believed
from hub.records.observation import Detection, Resemblance, Sighting
from hub.records.reference import Individual
from hub.records.roster import Merge
from hub.store.observations import Seen
from tests import builders as a
from tests.unit.fusion.simulated import BELIEVING, walk

SITE = "leopard"
CAT = MotionParameters(2 * DAY, 1_800.0, 3_000.0, centre_sd_m=1.0, outliers=BELIEVING)
LEFT = a.an_individual(SITE, "L1", attributes={"flank": "left"})
RIGHT = a.an_individual(SITE, "R1", attributes={"flank": "right"})
BOTH = a.an_individual(SITE, "B1")


def world_of(*individuals: Individual, merged: list[Merge] | None = None) -> World:
    return World(a.a_site(SITE), individuals, merges=merged or [])


def picture(flank: str | None, minutes: float = 0.0, **looks: float) -> Seen:
    at = a.NOON + timedelta(minutes=minutes)
    said = Detection(
        device="cam",
        observed_at=at,
        label="animal",
        longitude=a.CENTRE[0],
        latitude=a.CENTRE[1],
        scientific_name=LEFT.scientific_name,
        resembles=tuple(Resemblance(individual=name, log_ratio=score) for name, score in looks.items()),
        attributes={} if flank is None else {"flank": flank},
    )
    return Seen(a.an_id("picture", str(minutes), str(flank)), "cam", at, at, said)


def scores(*seen: Seen, world: World, decided: dict[Any, Believed] | None = None) -> dict[Any, float]:
    (passage,) = passages(seen, decided or {}, world)
    return passage.scores


@pytest.mark.parametrize("said", ["LEFT", " left ", "left"])
def test_flank__is_read_as_people_and_machines_write_it(said: str) -> None:
    assert flank_of({"flank": said}) == "left"
    assert flank_of({"flank": "unknown"}) is flank_of({}) is None


def test_other_side__says_nothing_for_or_against_who_is_known_by_one() -> None:
    world = world_of(LEFT, RIGHT, BOTH)
    found = scores(picture("right", L1=-8.0, R1=5.0, B1=-3.0), world=world)
    assert found == {RIGHT.id: 5.0, BOTH.id: -3.0, LEFT.id: 0.0}


def test_other_side__even_unnamed_is_not_worse_than_a_stranger() -> None:
    found = scores(picture("right", R1=5.0, B1=-6.0), world=world_of(LEFT, RIGHT, BOTH))
    assert found[LEFT.id] == 0.0


def test_same_side__counts_as_for_anybody() -> None:
    found = scores(picture("left", L1=-8.0), world=world_of(LEFT, BOTH))
    assert found == {LEFT.id: -8.0}


def test_passage__with_both_sides_speaks_by_the_side_that_is_known() -> None:
    world = world_of(LEFT, RIGHT)
    found = scores(picture("left", L1=4.0), picture("right", minutes=0.1, L1=-9.0, R1=3.0), world=world)
    assert found == {LEFT.id: 4.0, RIGHT.id: 3.0}


def test_person__may_say_that_the_other_side_is_its() -> None:
    seen = picture("right", R1=4.0)
    word = Believed(decided=True, individual=LEFT.id)
    assert scores(seen, world=world_of(LEFT, RIGHT), decided={seen.id: word})[LEFT.id] > 10.0


def test_merge__of_a_left_and_a_right_flank_is_known_by_both() -> None:
    merge = Merge(id=a.an_id("m"), merged=RIGHT.id, stays=LEFT.id, note="", decided_by="", decided_at=a.NOON)
    world = world_of(LEFT, RIGHT, BOTH, merged=[merge])
    assert world.flank_of(LEFT.id) is None and world.one_flanked == frozenset()
    assert world_of(LEFT, RIGHT, BOTH).one_flanked == {LEFT.id, RIGHT.id}


def sightings(name: str, seed: int, turn: int, east_m: float = 0.0) -> list[Seen]:
    """Every other of 24 days of one animal's way."""
    times = np.arange(24) * DAY
    places = walk(times, CAT, np.random.default_rng(seed))
    found: list[Seen] = []
    for k in range(turn, 24, 2):
        at = a.NOON + timedelta(seconds=float(times[k]))
        said = Sighting(
            device="ranger",
            observed_at=at,
            label="animal",
            individual=name,
            longitude=a.CENTRE[0] + (places[k, 0] + east_m) / 81_000.0,
            latitude=a.CENTRE[1] + places[k, 1] / 111_100.0,
        )
        found.append(Seen(a.an_id(name, str(k)), "ranger", at, at, said))
    return found


def supposed(world: World, *seen: tuple[Individual, list[Seen]]) -> list[Any]:
    known = [found for one, said in seen if (found := one_flank(world, one.id, said)) is not None]
    assert same_animals(known, world) == same_animals(known[::-1], world)
    return same_animals(known, world)


def test_same_animal__is_supposed_of_two_flanks_that_go_one_way() -> None:
    world = world_of(LEFT, RIGHT)
    (one,) = supposed(world, (LEFT, sightings("L1", 1, 0)), (RIGHT, sightings("R1", 1, 1)))
    assert (one.kind, one.probability > 0.5) == ("same_animal", True)
    assert {str(one.individual), one.detail["other"]} == {str(LEFT.id), str(RIGHT.id)}
    assert len(one.evidence) == 24


def test_same_animal__is_not_supposed_of_two_that_live_apart_or_are_of_two_sexes() -> None:
    far = (LEFT, sightings("L1", 1, 0)), (RIGHT, sightings("R1", 2, 1, east_m=14_000.0))
    assert supposed(world_of(LEFT, RIGHT), *far) == []
    pair = [a.an_individual(SITE, n, sex=s, attributes={"flank": f})
            for n, s, f in (("L1", "female", "left"), ("R1", "male", "right"))]  # fmt: skip
    near = (pair[0], sightings("L1", 1, 0)), (pair[1], sightings("R1", 1, 1))
    assert supposed(world_of(*pair), *near) == []


def test_same_animal__is_not_supposed_of_the_same_flank() -> None:
    other = a.an_individual(SITE, "L2", attributes={"flank": "left"})
    near = (LEFT, sightings("L1", 1, 0)), (other, sightings("L2", 1, 1))
    assert supposed(world_of(LEFT, other), *near) == []
