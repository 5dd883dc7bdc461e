"""Who may know what an animal does, with whom, and why: where it lies is where it can be found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests import builders as a
from tests.api.attack import SECRET, near, read
from tests.api.conftest import SITE, Hub

HERE = (SECRET[0] - a.CENTRE[0], SECRET[1] - a.CENTRE[1])
MINE, OTHER = a.an_individual(SITE, "F01", sensitive=True), a.an_individual(SITE, "B03", scientific_name="Meles")


async def two_that_lie_together(hub: Hub) -> None:
    """A sensitive leopard and a badger that nobody minds, at one secret place for two days, and a cry of the collar."""
    hub.clock.time = a.NOON + timedelta(days=3)
    one, two = a.a_device(SITE, "collar-1"), a.a_device(SITE, "collar-2")
    await hub.store(MINE, OTHER, one, two, a.a_deployment(one, MINE), a.a_deployment(two, OTHER))
    bodies: list[dict[str, Any]] = []
    for hour in range(50):
        east, north = HERE[0] + 1e-5 * (hour % 3), HERE[1]
        crying = {"attributes": {"mortality": 1, "activity": 0}}
        bodies += [
            a.a_fix("collar-1", hour * 60, east, north, **crying),
            a.a_fix("collar-2", hour * 60 + 5, east, north),
        ]
    await hub.send(*bodies)
    await hub.settle()


def of(items: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [item for item in items if item["kind"] == kind]


async def test_dispatcher__reads_the_posterior_and_what_speaks_for_it(hub: Hub) -> None:
    await two_that_lie_together(hub)
    found = await read(hub, "dispatcher", "findings", subject=str(MINE.id))
    (stay,) = of(found, "immobility")
    assert stay["fence"] is None
    assert abs(sum(one["p"] for one in stay["detail"]["causes"]) - 1.0) < 0.01
    assert stay["detail"]["causes"][0]["reasons"]["mortality"] > 1.0
    (alert,) = [one for one in await read(hub, "dispatcher", "alerts") if one["subject"]["id"] == str(MINE.id)]
    whole = (await hub.as_("dispatcher", "GET", f"/api/v1/sites/{SITE}/alerts/{alert['id']}")).json()
    assert whole["rule"] is None
    assert whole["findings"][0]["detail"] == stay["detail"]
    assert whole["fixes"]


async def test_encounter__is_found_by_either_of_the_two(hub: Hub) -> None:
    await two_that_lie_together(hub)
    for who, whom in ((MINE, OTHER), (OTHER, MINE)):
        met = of(await read(hub, "scientist", "findings", subject=str(who.id)), "encounter")
        assert met
        assert {met[0]["subject"]["id"], met[0]["other"]} == {str(who.id), str(whom.id)}
        assert whom.name in (met[0]["other_name"], met[0]["subject_name"])


async def test_ranger__is_told_neither_where_nor_why_nor_with_whom_a_sensitive_animal_lies(hub: Hub) -> None:
    await two_that_lie_together(hub)
    everything = await read(hub, "ranger", "findings")
    hidden = [one for one in everything if str(MINE.id) in (one["subject"]["id"], one["other"])]
    hidden += of(everything, "encounter")
    assert hidden
    assert near(hidden) == []
    assert all(one["detail"] == {} and one["other"] is None and one["other_name"] is None for one in hidden)
    for alert in await read(hub, "ranger", "alerts"):
        if alert["subject"]["id"] == str(MINE.id):
            whole = (await hub.as_("ranger", "GET", f"/api/v1/sites/{SITE}/alerts/{alert['id']}")).json()
            assert near(whole) == []
            assert whole["detail"] == {} and whole["fixes"] == []


async def test_ranger__does_not_learn_by_asking_for_one_whom_a_sensitive_animal_met(hub: Hub) -> None:
    await two_that_lie_together(hub)
    second = max(MINE.id, OTHER.id)
    assert of(await read(hub, "ranger", "findings", subject=str(second)), "encounter") == []
