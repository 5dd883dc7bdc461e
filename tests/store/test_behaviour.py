"""What animals do of themselves is noticed, explained, corrected by late data, and told where it matters."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from hub.ingest.accept import Acceptor
from hub.pipeline.line import Line
from hub.records.finding import Alert, Finding
from hub.store import alerts, findings, reference, tracks
from hub.store.database import Database
from tests import builders as a
from tests.store.ground import SITE, a_site_with

HOUR = 60.0
EVERY = {"since": a.NOON.replace(year=2000), "until": a.NOON.replace(year=2030)}


class Reserve:
    """A line over a site with two collared leopards."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.line = Line(database, SITE, lambda told, world: None)

    async def send(self, *bodies: dict[str, Any]) -> None:
        await Acceptor(self.database).accept([a.an_arrival(body, SITE) for body in bodies])
        while await self.line.step():
            pass

    async def found(self, kind: str) -> list[Finding]:
        everything = await findings.page(
            self.database, SITE, **EVERY, fence=None, subject=None, after=None, limit=10_000
        )
        return [one for one in everything if one.kind == kind]

    async def alerts(self, kind: str) -> list[Alert]:
        return [one for one in await alerts.standing(self.database, SITE) if one.kind == kind]


async def a_reserve(database: Database) -> Reserve:
    one, two = a.an_individual(SITE, "F01", sex="female"), a.an_individual(SITE, "M07", sex="male")
    collars = [a.a_device(SITE, key) for key in ("collar-1", "collar-2")]
    worn = [a.a_deployment(device, who) for device, who in zip(collars, (one, two), strict=True)]
    await a_site_with(database, one, two, *collars, *worn)
    reserve = Reserve(database)
    await reserve.line.start()
    return reserve


def wandering(hours: int, device: str = "collar-1", seed: int = 1, start: int = 0) -> list[dict[str, Any]]:
    """A fix an hour, 300 m apart."""
    dice = random.Random(seed)
    east = north = 0.0
    out: list[dict[str, Any]] = []
    for k in range(start, start + hours):
        east, north = east + dice.choice((-0.004, 0.004)), north + dice.choice((-0.003, 0.003))
        out.append(a.a_fix(device, k * HOUR, east, north))
    return out


def lying(hours: int, start: int, device: str = "collar-1", east: float = 0.2, **given: Any) -> list[dict[str, Any]]:
    """A fix an hour within some metres."""
    dice = random.Random(start)
    return [
        a.a_fix(device, k * HOUR, east + dice.gauss(0, 5e-5), dice.gauss(0, 5e-5), **given)
        for k in range(start, start + hours)
    ]


DEAD: dict[str, Any] = {"attributes": {"mortality": True, "activity": 0, "temperature": 4.0}}


async def test_rest__of_half_a_day_is_a_finding_and_no_alert(database: Database) -> None:
    reserve = await a_reserve(database)
    await reserve.send(*wandering(20), *lying(15, 20, attributes={"activity": 40}))
    (found,) = await reserve.found("immobility")
    chances = {one["cause"]: one["p"] for one in found.detail["causes"]}
    assert chances["rest"] + chances["kill"] + chances["den"] > 0.95
    assert abs(sum(chances.values()) - 1.0) < 0.01
    assert found.crossed_at == a.NOON + timedelta(hours=20)
    assert await reserve.alerts("immobility") == []


async def test_death__of_a_cold_silent_animal_whose_collar_cries_is_a_grave_alert(database: Database) -> None:
    reserve = await a_reserve(database)
    warm = [one | {"attributes": {"temperature": 31.0, "activity": 50}} for one in wandering(30)]
    await reserve.send(*warm, *lying(60, 30, **DEAD))
    (found,) = await reserve.found("immobility")
    first = found.detail["causes"][0]
    assert first["cause"] in ("death", "drop_off")
    assert {"mortality", "activity", "warmth"} <= first["reasons"].keys()
    assert all(first["reasons"][name] > 0 for name in ("mortality", "activity"))
    (alert,) = await reserve.alerts("immobility")
    assert alert.severity == "high"
    assert alert.fence is None


async def test_alert__is_taken_back_with_its_cause_when_the_animal_moves_on(database: Database) -> None:
    reserve = await a_reserve(database)
    await reserve.send(*wandering(30), *lying(60, 30, **DEAD))
    (alert,) = await reserve.alerts("immobility")
    await reserve.send(*wandering(3, start=91))
    taken = await alerts.get(database, SITE, alert.id)
    assert (taken.state, taken.cause) == ("retracted", "the animal moved on")
    (found,) = await reserve.found("immobility")
    chances = {one["cause"]: one["p"] for one in found.detail["causes"]}
    assert chances["death"] == chances["drop_off"] == 0.0
    assert found.detail["until"] is not None


async def test_finding__of_a_stay_is_not_written_anew_with_every_fix(database: Database) -> None:
    reserve = await a_reserve(database)
    await reserve.send(*wandering(20), *lying(13, 20))
    for k in range(8):
        await reserve.send(*lying(1, 33 + k))
    async with database.connection() as connection:
        assert await connection.fetchval("select count(*) from finding where kind = 'immobility'") == 1


async def test_late_fix__from_elsewhere_takes_a_stay_back(database: Database) -> None:
    reserve = await a_reserve(database)
    await reserve.send(*wandering(20), *lying(20, 20))
    assert len(await reserve.found("immobility")) == 1
    await reserve.send(a.a_fix("collar-1", 29.5 * HOUR, 0.3, 0.1))
    assert await reserve.found("immobility") == []


async def test_slow_spell__is_told_while_it_goes_on(database: Database) -> None:
    reserve = await a_reserve(database)
    dice = random.Random(5)
    slow = [
        a.a_fix("collar-1", k * HOUR, 0.001 * (k % 2) + dice.gauss(0, 2e-5), 0.002 * (k % 3)) for k in range(800, 860)
    ]
    await reserve.send(*wandering(800), *slow)
    (found,) = await reserve.found("low_speed")
    assert found.detail["is_open"] and found.detail["reach_m"] < found.detail["usual_m"] / 4
    (alert,) = await reserve.alerts("low_speed")
    assert alert.severity == "low"


async def test_encounter__of_two_is_one_finding_of_both_and_no_alert(database: Database) -> None:
    reserve = await a_reserve(database)
    together = lying(4, 30, east=0.02)
    also = [one | {"device": "collar-2", "longitude": one["longitude"] + 1e-4} for one in together]
    apart = [one | {"longitude": one["longitude"] + 0.3} for one in wandering(30, "collar-2", seed=3)]
    await reserve.send(*wandering(30), *together, *apart)
    assert await reserve.found("encounter") == []
    await reserve.send(*also)
    (found,) = await reserve.found("encounter")
    assert found.probability > 0.9
    assert {found.subject.id, found.other} == {a.an_individual(SITE, name).id for name in ("F01", "M07")}
    assert await reserve.alerts("encounter") == []


async def test_encounter__is_taken_back_when_the_collar_turns_out_to_be_on_nobody(database: Database) -> None:
    reserve = await a_reserve(database)
    together = lying(4, 30, east=0.02)
    await reserve.send(*wandering(30), *together, *(one | {"device": "collar-2"} for one in together))
    assert len(await reserve.found("encounter")) == 1
    worn = a.a_deployment(a.a_device(SITE, "collar-2"), a.an_individual(SITE, "M07"))
    async with database.transaction() as connection:
        await reference.delete(connection, SITE, "deployment", worn.id, expect=1, by="test")
    while await reserve.line.step():
        pass
    assert await reserve.found("encounter") == []


async def test_collar__that_is_where_the_animal_is_not_seen_is_doubted(database: Database) -> None:
    reserve = await a_reserve(database)
    camera, station = a.a_device(SITE, "camera-1", kind="camera"), a.a_place(SITE, "gate", longitude=a.CENTRE[0] + 0.4)
    async with database.transaction() as connection:
        for record in (camera, station, a.a_deployment(camera, station)):
            await reference.put(connection, record, expect=None, by="test")
    seen = [
        {
            "kind": "sighting",
            "device": "camera-1",
            "observed_at": (a.NOON + timedelta(hours=hour, minutes=20)).isoformat(),
            "label": "animal",
            "individual": "F01",
        }
        for hour in (40, 90, 140, 190)
    ]
    await reserve.send(*wandering(240), *seen)
    (found,) = await reserve.found("wrong_deployment")
    assert found.detail["device"] == "collar-1"
    assert found.probability > 0.9
    (alert,) = await reserve.alerts("wrong_deployment")
    assert alert.severity == "medium"


async def test_rebuild__from_the_log_finds_the_same(database: Database) -> None:
    reserve = await a_reserve(database)
    bodies = [*wandering(30), *lying(60, 30, **DEAD), *wandering(20, start=91), *lying(20, 60, device="collar-2")]
    random.Random(2).shuffle(bodies)
    for k in range(0, len(bodies), 17):
        await reserve.send(*bodies[k : k + 17])
    kinds = ("immobility", "encounter", "low_speed")
    before = [await reserve.found(kind) for kind in kinds]
    assert before[0] and before[1]
    async with database.transaction() as connection:
        await tracks.forget(connection, SITE)
    await reserve.line.rebuild()
    assert [await reserve.found(kind) for kind in kinds] == before
