"""A camera whose clock is an hour fast is found out by the animals with collars that pass it."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from hub.ingest.accept import Acceptor
from hub.pipeline.clocks import SETTING
from hub.pipeline.propose import propose
from hub.pipeline.world import read_world
from hub.records.camera_clock import CameraClock
from hub.store import proposals, reference, sites
from hub.store.database import Database
from hub.store.identity_months import IdentityMonth
from tests import builders as a

SITE = "leopard"
JULY = IdentityMonth(a.NOON.date().replace(day=1), asked=1, answered=0, basis="")


def east(hours: float) -> float:
    """Where F01 is, in degrees: to and fro with no period, which a clock could hide in."""
    return 0.04 * math.sin(hours / 1.7) + 0.03 * math.sin(hours / 2.9 + 1.0)


async def a_reserve(database: Database) -> None:
    """F01 wears a collar and walks to and fro past two cameras; M02 has none."""
    leopard, other, collar = a.an_individual(SITE, "F01"), a.an_individual(SITE, "M02"), a.a_device(SITE, "collar-1")
    records: list[Any] = [leopard, other, collar, a.a_deployment(collar, leopard)]
    for name in ("good", "fast"):
        camera, station = a.a_device(SITE, f"camera-{name}", kind="camera"), a.a_place(SITE, name)
        records += [camera, station, a.a_deployment(camera, station)]
    async with database.transaction() as connection:
        await sites.put(connection, a.a_site(SITE))
        for record in records:
            await reference.put(connection, record, expect=None, by="test")


def picture(camera: str, hours: float, **given: Any) -> dict[str, Any]:
    looks = [{"individual": "F01", "log_ratio": 6.0}, {"individual": "M02", "log_ratio": -4.0}]
    return {
        "kind": "detection",
        "device": f"camera-{camera}",
        "observed_at": (a.NOON + timedelta(hours=hours)).isoformat(),
        "label": "animal",
        "scientific_name": "Panthera pardus orientalis",
        "resembles": looks,
    } | given


FIXES = [a.a_fix(minutes=20 * k, east=east(k / 3)) for k in range(3 * 80)]
# When it passes the middle, where both cameras stand.
MINUTES = [k / 60 for k in range(60 * 78)]
PASSES = [later for now, later in pairwise(MINUTES) if east(now) * east(later) < 0][2::2]


async def sent(database: Database, *bodies: dict[str, Any]) -> None:
    receipts = await Acceptor(database).accept([a.an_arrival(body, SITE) for body in bodies])
    assert all(receipt.accepted for receipt in receipts)


async def clocks(database: Database) -> dict[str, CameraClock]:
    await propose(database, await read_world(database, SITE), JULY)
    kept = msgspec.convert(await sites.read_setting(database, SITE, SETTING), list[CameraClock])
    return {one.device: one for one in kept}


async def test_clock__an_hour_fast_is_found_and_the_right_one_is_left_alone(database: Database) -> None:
    await a_reserve(database)
    await sent(database, *FIXES)
    await sent(database, *(picture("good", at) for at in PASSES), *(picture("fast", at + 1.0) for at in PASSES))
    found = await clocks(database)
    assert found["camera-fast"].is_wrong
    assert found["camera-fast"].offset_s == pytest.approx(3600, abs=120)
    assert found["camera-fast"].witnesses == len(PASSES)
    assert not found["camera-good"].is_wrong
    assert found["camera-good"].offset_s == pytest.approx(0, abs=120)


async def test_pictures__of_a_fast_clock_are_weighed_at_the_time_they_were_taken(database: Database) -> None:
    await a_reserve(database)
    await sent(database, *FIXES)
    await sent(database, *(picture("fast", at + 1.0) for at in PASSES))
    # Nobody could say whom this one shows, but for the place: F01 was there, an hour before the stamp.
    doubtful = picture("fast", PASSES[5] + 1.0 + 0.05, resembles=[], source_id="doubtful")
    await sent(database, doubtful)
    await propose(database, await read_world(database, SITE), JULY)
    queued, _ = await proposals.queue(database, SITE, -1.0, 100)
    f01 = a.an_individual(SITE, "F01").id
    shares = [c for one in queued for c in one.candidates if c.individual == f01]
    assert shares
    # At the stamped time it was kilometres away: e^-20 of the density that it has at the corrected time.
    assert all(one.place > -25.0 for one in shares)


async def test_service_picture__tells_the_offset_without_any_animal(database: Database) -> None:
    await a_reserve(database)
    at = a.NOON + timedelta(hours=5)
    true_time = (at - timedelta(hours=9, seconds=30)).isoformat()
    await sent(database, picture("good", 5.0, attributes={"service_at": true_time}, label="person", resembles=[]))
    found = await clocks(database)
    assert found["camera-good"].offset_s == pytest.approx(9 * 3600 + 30, abs=60)
    assert found["camera-good"].is_wrong


async def test_service_picture__with_a_time_that_is_none_says_nothing(database: Database) -> None:
    await a_reserve(database)
    await sent(
        database,
        picture("good", 5.0, attributes={"service_at": "at noon"}, resembles=[]),
        picture("good", 6.0, attributes={"service_at": "2026-01-01T00:00:00"}, resembles=[]),
    )
    assert await clocks(database) == {}


async def test_live_pictures__tell_the_offset_by_when_they_came_and_a_reset_is_counted(database: Database) -> None:
    await a_reserve(database)
    hours = [3.0 * k for k in range(12)]

    def came(camera: str, at: float, ahead: float) -> Any:
        body = picture(camera, at + ahead, resembles=[], source_id=f"{camera}-{at}")
        return a.an_arrival(body, SITE, received_at=a.NOON + timedelta(hours=at, seconds=30))

    fast = [came("fast", at, 1.0) for at in hours]
    # Somebody sets this one's clock to winter time.
    good = [came("good", at, -1.0 if at > 17.0 else 0.0) for at in hours]
    await Acceptor(database).accept([*fast, *good])
    found = await clocks(database)
    assert (found["camera-fast"].is_wrong, found["camera-fast"].resets) == (True, 0)
    assert found["camera-fast"].offset_s == pytest.approx(3600, abs=60)
    assert (found["camera-good"].is_wrong, found["camera-good"].resets) == (False, 1)
    assert found["camera-good"].offset_s == pytest.approx(-3600, abs=60)
