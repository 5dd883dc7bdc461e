"""Clocks of devices that cannot be right: kept, flagged, used for no track, and no part of the identity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.ingest.accept import Acceptor
from hub.pipeline.line import Line
from hub.pipeline.positions import positions_at
from hub.records.receipt import Arrival
from hub.store import observations, tracks
from hub.store.database import Database
from tests import builders as a
from tests.store.ground import SITE, a_site_with

LONG_AGO = "1999-08-22T00:00:00Z"


async def flags_of(database: Database) -> list[tuple[str, ...]]:
    found = await observations.page(
        database,
        SITE,
        since=datetime(1980, 1, 1, tzinfo=UTC),
        until=a.NOON + timedelta(days=2),
        device=None,
        kinds=None,
        known_at=None,
        after=None,
        limit=10,
    )
    return [one.observation.flags for one in found]


def heard_at_noon(minutes: float, **given: object) -> Arrival:
    return a.an_arrival(a.a_fix(minutes=minutes, **given), SITE, received_at=a.NOON)


@pytest.mark.parametrize(("ahead", "flags"), [(14, ()), (16, ("clock_in_future",)), (23 * 60, ("clock_in_future",))])
async def test_clock__ahead_of_the_receipt_is_flagged(database: Database, ahead: int, flags: tuple[str, ...]) -> None:
    await a_site_with(database)
    (receipt,) = await Acceptor(database).accept([heard_at_noon(ahead)])
    assert receipt.accepted == 1
    assert await flags_of(database) == [flags]


async def test_clock__own_flags_of_the_sender_stay(database: Database) -> None:
    await a_site_with(database)
    await Acceptor(database).accept([heard_at_noon(60, flags=["drill"])])
    assert await flags_of(database) == [("drill", "clock_in_future")]


@pytest.mark.parametrize(
    ("door", "flags"), [("mqtt", ("clock_before_2000",)), ("http", ("clock_before_2000",)), ("file", ())]
)
async def test_clock__before_2000_is_a_reset_clock_at_a_live_door_and_history_in_a_file(
    database: Database, door: str, flags: tuple[str, ...]
) -> None:
    await a_site_with(database)
    body = a.a_fix() | {"observed_at": LONG_AGO}
    await Acceptor(database).accept([a.an_arrival(body, SITE, door=door)])
    assert await flags_of(database) == [flags]


@pytest.mark.parametrize(
    ("door", "years", "flags"),
    [("mqtt", 26, ("clock_reset",)), ("http", 3, ("clock_reset",)), ("mqtt", 1, ()), ("file", 26, ())],
)
async def test_clock__of_a_camera_that_starts_from_its_factorys_date_is_flagged(
    database: Database, door: str, years: int, flags: tuple[str, ...]
) -> None:
    await a_site_with(database)
    body = picture_at(a.NOON - timedelta(days=365 * years))
    await Acceptor(database).accept([a.an_arrival(body, SITE, door=door, received_at=a.NOON)])
    assert await flags_of(database) == [flags]


async def test_clock__a_fix_that_comes_years_late_has_the_time_of_its_satellites(database: Database) -> None:
    await a_site_with(database)
    body = a.a_fix() | {"observed_at": (a.NOON - timedelta(days=1_500)).isoformat()}
    await Acceptor(database).accept([a.an_arrival(body, SITE, door="mqtt", received_at=a.NOON)])
    assert await flags_of(database) == [()]


async def test_clock__a_reset_camera_moves_no_track_and_is_not_when_it_was_last_heard(database: Database) -> None:
    camera, leopard = a.a_device(SITE, "camera-1", kind="camera"), a.an_individual(SITE, "F01")
    station = a.a_place(SITE, "ford")
    await a_site_with(database, camera, station, leopard, a.a_deployment(camera, station))
    line = Line(database, SITE, lambda told, world: None)
    await line.start()
    reset = picture_at(a.NOON.replace(year=2000), individual="F01")
    await Acceptor(database).accept([a.an_arrival(reset, SITE, door="mqtt", received_at=a.NOON)])
    assert await line.step()
    assert await tracks.headers(database, SITE) == []
    (standing,) = (await positions_at(database, line.world_now, a.NOON)).values()
    assert standing.observed_at is None
    await Acceptor(database).accept([a.an_arrival(picture_at(a.NOON, individual="F01"), SITE, received_at=a.NOON)])
    assert await line.step()
    (track,) = await tracks.headers(database, SITE)
    assert track.first_at == a.NOON


def picture_at(moment: datetime, **given: object) -> dict[str, object]:
    return {"kind": "detection", "device": "camera-1", "label": "animal", "observed_at": moment.isoformat()} | given


async def test_clock__flag_is_no_part_of_the_identity(database: Database) -> None:
    await a_site_with(database)
    acceptor = Acceptor(database)
    (early,) = await acceptor.accept([heard_at_noon(60)])
    (later,) = await acceptor.accept([a.an_arrival(a.a_fix(minutes=60), SITE)])
    (exported,) = await acceptor.accept([a.an_arrival(a.a_fix(minutes=60, flags=["clock_in_future"]), SITE)])
    assert (later.duplicate, exported.duplicate) == (1, 1)
    assert early.ids == later.ids == exported.ids


async def test_clock__a_fix_of_a_wrong_clock_is_in_no_track(database: Database) -> None:
    device, leopard = a.a_device(SITE, "collar-1"), a.an_individual(SITE, "F01")
    await a_site_with(database, device, leopard, a.a_deployment(device, leopard))
    line = Line(database, SITE, lambda told, world: None)
    await line.start()
    await Acceptor(database).accept([heard_at_noon(-30), heard_at_noon(0), heard_at_noon(60, east=0.01)])
    while await line.step():
        pass
    (header,) = await tracks.headers(database, SITE)
    assert (header.points, header.last_at) == (2, a.NOON)
