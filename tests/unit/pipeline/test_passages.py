"""Pictures of one passage are one witness, and what people decided binds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from hub.pipeline.passages import DECIDED, Passage, passages
from hub.pipeline.world import World
from hub.records.identity import Believed
from hub.records.ids import content_id
from hub.records.observation import Observation
from hub.store.observations import Seen
from tests import builders as a

SITE = "leopard"
LEOPARD = "Panthera pardus orientalis"


@pytest.fixture
def world() -> World:
    camera, gate = a.a_device(SITE, "camera-1", kind="camera"), a.a_place(SITE, "gate")
    known = [a.an_individual(SITE, name) for name in ("F01", "M02", "F03")]
    return World(a.a_site(SITE), [camera, gate, a.a_deployment(camera, gate), *known])


def individual(name: str) -> UUID:
    return a.an_individual(SITE, name).id


def seen(seconds: float = 0, **given: Any) -> Seen:
    at = a.NOON + timedelta(seconds=seconds)
    said = {"kind": "detection", "device": "camera-1", "observed_at": at, "label": "animal"} | given
    key = content_id("seen", repr(sorted(said.items(), key=str)))
    return Seen(key, said["device"], at, at, msgspec.convert(said, Observation))


def looks_like(**ratios: float) -> list[dict[str, Any]]:
    return [{"individual": name, "log_ratio": ratio} for name, ratio in ratios.items()]


def of(world: World, *those: Seen, decided: dict[UUID, Believed] | None = None) -> list[Passage]:
    return passages(those, decided or {}, world)


def test_passage__is_what_one_station_saw_within_two_minutes(world: World) -> None:
    found = of(world, seen(0), seen(100), seen(210), seen(400))
    assert [len(one.members) for one in found] == [3, 1]


def test_passage__is_the_same_whatever_the_order_of_arrival(world: World) -> None:
    those = [seen(0, resembles=looks_like(F01=2.0)), seen(50, resembles=looks_like(F01=4.0, M02=1.0)), seen(500)]
    assert repr(of(world, *those)) == repr(of(world, *reversed(those)))


def test_passage__counts_its_pictures_as_one_witness(world: World) -> None:
    (one,) = of(world, seen(0, resembles=looks_like(F01=2.0)), seen(5, resembles=looks_like(F01=4.0)))
    assert one.scores == {individual("F01"): 3.0}


def test_passage__of_another_species_is_another(world: World) -> None:
    found = of(world, seen(0, scientific_name=LEOPARD), seen(5, scientific_name="Sus scrofa"))
    assert [one.species for one in found] == [LEOPARD, "Sus scrofa"]


def test_passage__of_people_and_of_nothing_with_a_place_is_none(world: World) -> None:
    assert of(world, seen(label="person"), seen(device="nowhere"), seen(label="vehicle")) == []


def test_scores__of_whom_the_roster_does_not_know_are_left_out(world: World) -> None:
    (one,) = of(world, seen(resembles=looks_like(F01=2.0, X99=9.0)))
    assert set(one.scores) == {individual("F01")}


def test_scores__of_a_name_that_a_machine_gave_are_strong_but_not_certain(world: World) -> None:
    (one,) = of(world, seen(individual="M02"))
    assert 2 < one.scores[individual("M02")] < DECIDED


@pytest.mark.parametrize("who", ["F01", None])
def test_scores__of_what_people_decided_bind(world: World, who: str | None) -> None:
    one = seen(resembles=looks_like(F01=2.0, M02=5.0))
    what = Believed(decided=True, individual=None if who is None else individual(who))
    (passage,) = of(world, one, decided={one.id: what})
    assert passage.scores[individual("M02")] == -DECIDED
    assert passage.scores[individual("F01")] == (DECIDED if who else -DECIDED)
    assert passage.rest <= -DECIDED


def test_scores__of_whom_people_excluded_bind_too(world: World) -> None:
    one = seen(resembles=looks_like(F01=2.0, M02=5.0))
    (passage,) = of(world, one, decided={one.id: Believed(excluded=frozenset({individual("M02")}))})
    assert passage.scores == {individual("F01"): 2.0, individual("M02"): -DECIDED}


def test_rest__looks_no_better_than_the_worst_that_was_told(world: World) -> None:
    (one,) = of(world, seen(resembles=looks_like(F01=5.0, M02=-2.0)))
    assert one.rest == -2.0
    (nothing,) = of(world, seen())
    assert nothing.rest == 0.0


def test_world_of_nobody__knows_no_name(world: World) -> None:
    nobody = World(world.site, [*world.devices.values(), *world.places.values()])
    (one,) = of(nobody, seen(longitude=131.0, latitude=43.0, individual="F01"))
    assert one.scores == {}
