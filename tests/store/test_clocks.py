"""Clocks of devices that cannot be right: kept, flagged, used for no track, and no part of the identity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.ingest.accept import Acceptor
from hub.pipeline.line import Line
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
