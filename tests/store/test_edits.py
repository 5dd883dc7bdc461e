"""What people edit changes the past as well: live, after a restart, and after a failed save, with the same end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from hub.ingest.accept import Acceptor
from hub.pipeline.line import Line
from hub.pipeline.positions import positions_at
from hub.records.errors import DatabaseUnavailable
from hub.records.reference import Deployment, Reference
from hub.store import alerts, reference, sites, tracks
from hub.store.database import Database
from tests import builders as a

SITE = "leopard"
COLLAR, LEOPARD = a.a_device(SITE, "collar-1"), a.an_individual(SITE, "F01")
CAMERA, GATE = a.a_device(SITE, "camera-1", kind="camera"), a.a_place(SITE, "gate")
ON = a.a_deployment(COLLAR, LEOPARD)
OUT = 0.02
SEEN = {"kind": "detection", "device": "camera-1", "observed_at": a.NOON.isoformat(), "label": "animal"}


async def put(database: Database, *records: Reference) -> None:
    async with database.transaction() as connection:
        for record in records:
            await reference.put(connection, record, expect=None, by="test")


async def edit(database: Database, record: Reference, **changed: Any) -> None:
    async with database.transaction() as connection:
        await reference.put(connection, msgspec.structs.replace(record, **changed), expect=1, by="test")


async def say(database: Database, *bodies: dict[str, Any]) -> None:
    receipts = await Acceptor(database).accept([a.an_arrival(body) for body in bodies])
    assert [receipt.problems for receipt in receipts if receipt.problems] == []


async def a_line(database: Database) -> Line:
    line = Line(database, SITE, lambda told, world: None)
    await line.start()
    await dry(line)
    return line


async def dry(line: Line) -> None:
    while await line.step():
        pass


@pytest.fixture
async def walked(database: Database) -> Database:
    """A collared leopard that walked out of where the fence will be; the pipeline is up to date."""
    async with database.transaction() as connection:
        await sites.put(connection, a.a_site(SITE))
    await put(database, COLLAR, LEOPARD, ON, CAMERA, GATE)
    await say(database, a.a_fix(), a.a_fix(minutes=5, east=OUT))
    await a_line(database)
    return database


async def test_fence__made_while_the_hub_was_down_finds_its_crossings_at_the_start(walked: Database) -> None:
    await put(walked, a.a_fence(SITE))
    await a_line(walked)
    assert [alert.kind for alert in await alerts.standing(walked, SITE)] == ["exit"]


async def test_fence__made_while_the_database_went_away_finds_its_crossings_later(
    walked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*given: Any) -> Any:
        raise DatabaseUnavailable("away")

    line = Line(walked, SITE, lambda told, world: None)
    await line.start()
    await put(walked, a.a_fence(SITE))
    with monkeypatch.context() as unlucky:
        unlucky.setattr("hub.pipeline.line.save", away)
        with pytest.raises(DatabaseUnavailable):
            await line.step()
    await dry(line)
    assert [alert.kind for alert in await alerts.standing(walked, SITE)] == ["exit"]


async def test_fence__that_no_longer_asks_for_exits_takes_their_alerts_back(walked: Database) -> None:
    fence = a.a_fence(SITE)
    await put(walked, fence)
    line = await a_line(walked)
    await edit(walked, fence, triggers=("enter",))
    await dry(line)
    assert await alerts.standing(walked, SITE) == []
    (taken_back,) = await alerts.page(walked, SITE, ("retracted",), None, 10)
    assert taken_back.cause


async def test_individual__renamed_is_renamed_in_its_alerts(walked: Database) -> None:
    await put(walked, a.a_fence(SITE))
    line = await a_line(walked)
    await edit(walked, LEOPARD, name="Zara")
    await dry(line)
    assert [alert.subject_name for alert in await alerts.standing(walked, SITE)] == ["Zara"]


async def test_deployment__made_while_the_hub_was_down_gives_the_animal_its_track(database: Database) -> None:
    async with database.transaction() as connection:
        await sites.put(connection, a.a_site(SITE))
    await put(database, COLLAR, LEOPARD)
    await say(database, a.a_fix(), a.a_fix(minutes=5))
    await a_line(database)
    await put(database, ON)
    await a_line(database)
    assert [header.points for header in await tracks.headers(database, SITE)] == [2]


@pytest.mark.parametrize("deployed_first", [True, False])
async def test_camera__deployed_before_or_after_gives_the_named_animal_the_same_track(
    walked: Database, deployed_first: bool
) -> None:
    line = await a_line(walked)
    steps = [put(walked, a.a_deployment(CAMERA, GATE)), say(walked, SEEN | {"individual": "F01"})]
    for step in steps if deployed_first else reversed(steps):
        await step
        await dry(line)
    assert [header.points for header in await tracks.headers(walked, SITE)] == [3]


async def test_place__moved_moves_what_was_seen_there(walked: Database) -> None:
    await put(walked, a.a_deployment(CAMERA, GATE))
    await say(walked, SEEN | {"individual": "F01"})
    line = await a_line(walked)
    before = await tracks.digest(walked, SITE)
    await edit(walked, GATE, longitude=131.6)
    await dry(line)
    live = await tracks.digest(walked, SITE)
    assert live != before
    await line.rebuild()
    assert await tracks.digest(walked, SITE) == live


async def test_restart__costs_no_second_look_at_what_is_up_to_date(walked: Database) -> None:
    told: list[Any] = []
    line = Line(walked, SITE, lambda what, world: told.append(what))
    await line.start()
    assert not await line.step()
    assert told == []


async def test_restart__a_phone_is_read_back_to_the_fix_before_and_no_further(walked: Database) -> None:
    phone = a.a_device(SITE, "phone-1", kind="phone")
    amina = Deployment(id=a.an_id("d"), site=SITE, device=phone.id, carrier_kind="person", carrier=a.an_id("amina"))
    await put(walked, phone, amina, a.a_fence(SITE))
    await say(walked, *(a.a_fix("phone-1", minutes=k, east=OUT * (k % 2)) for k in range(20)))
    await a_line(walked)
    before = await alerts.standing(walked, SITE)
    line = await a_line(walked)
    await say(walked, a.a_fix("phone-1", minutes=20), a.a_fix("phone-1", minutes=19.5, east=-OUT))
    await dry(line)
    after = await alerts.standing(walked, SITE)
    assert {alert.id for alert in before} <= {alert.id for alert in after}
    await say(walked, a.a_fix("phone-1", minutes=3.5, east=-OUT))
    await dry(line)
    live = {alert.id for alert in await alerts.standing(walked, SITE)}
    await line.rebuild()
    assert {alert.id for alert in await alerts.standing(walked, SITE)} == live


async def test_sighting__of_a_person_by_a_ranger_alerts(walked: Database) -> None:
    phone = a.a_device(SITE, "phone-1", kind="phone")
    amina = Deployment(id=a.an_id("d"), site=SITE, device=phone.id, carrier_kind="person", carrier=a.an_id("amina"))
    await put(walked, phone, amina, a.a_fence(SITE, triggers=("present",), watches=("person",)))
    line = await a_line(walked)
    here = {"longitude": a.CENTRE[0], "latitude": a.CENTRE[1]}
    await say(walked, SEEN | {"kind": "sighting", "device": "phone-1", "label": "person"} | here)
    await dry(line)
    assert [alert.detail["label"] for alert in await alerts.standing(walked, SITE)] == ["person"]


async def test_position__is_no_outlier_and_nobody_elses(walked: Database) -> None:
    phone = a.a_device(SITE, "phone-1", kind="phone")
    amina = Deployment(
        id=a.an_id("d"),
        site=SITE,
        device=phone.id,
        carrier_kind="person",
        carrier=a.an_id("amina"),
        valid_from=a.NOON + timedelta(minutes=30),
    )
    await put(walked, phone, amina)
    await say(walked, a.a_fix("phone-1"), a.a_fix("phone-1", minutes=5, east=5, flags=["marked_outlier"]))
    line = await a_line(walked)

    async def at(minutes: float) -> list[float]:
        known = await positions_at(walked, line.world_now, a.NOON + timedelta(minutes=minutes))
        return [one.longitude for one in known.values() if one.device == "phone-1"]

    assert await at(10) == [a.CENTRE[0]]
    assert await at(40) == []


@pytest.mark.parametrize(
    "beyond",
    [{"uncertainty_m": 1e17}, {"ellipse": {"semi_major_m": 1e200, "semi_minor_m": 1.0, "orientation_deg": 3}}],
)
async def test_uncertainty__beyond_the_earth_is_refused_and_the_hub_goes_on(
    walked: Database, beyond: dict[str, Any]
) -> None:
    (receipt,) = await Acceptor(walked).accept([a.an_arrival(a.a_fix(minutes=9) | beyond)])
    assert receipt.quarantined == 1
    assert "half the way round the Earth" in receipt.problems[0]


async def test_uncertainty__as_large_as_it_may_be_or_as_thin_does_not_stop_the_line(walked: Database) -> None:
    thin = {"semi_major_m": 2e7, "semi_minor_m": 0.0, "orientation_deg": 33}
    await say(walked, a.a_fix(minutes=9, ellipse=thin), a.a_fix(minutes=10, uncertainty_m=2e7))
    await a_line(walked)
    assert [header.points for header in await tracks.headers(walked, SITE)] == [4]
