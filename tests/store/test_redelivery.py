"""A message without a time of its own: a redelivery is absorbed, the same words hours later are said anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from hub.ingest.accept import Acceptor, decode
from hub.records.receipt import Arrival, Decoded, Receipt
from hub.store import observations
from hub.store.database import Database
from tests import builders as a
from tests.store.ground import SITE, a_site_with

TIMELESS = b"id=phone&lat=43.1&lon=131.4"
# A few seconds before the border of two windows of ten minutes.
EDGE = a.NOON + timedelta(minutes=9, seconds=58)
PAYLOADS = Path(__file__).parents[1] / "corpus" / "payloads"


def at(moment: datetime, body: bytes = TIMELESS, **given: str) -> Arrival:
    return a.an_arrival(body, SITE, **({"dialect": "osmand", "received_at": moment} | given))


async def said(database: Database, *moments: datetime, body: bytes = TIMELESS) -> list[Receipt]:
    """Each delivery to a hub of its own, as after a kill."""
    receipts: list[Receipt] = []
    for moment in moments:
        receipts += await Acceptor(database).accept([at(moment, body)])
    return receipts


async def rows(database: Database) -> int:
    return sum(count for _, _, count in await observations.counts(database, SITE))


@pytest.mark.parametrize("after_s", [0, 1, 5, 9 * 60])
async def test_redelivery__after_a_kill_is_a_duplicate_of_the_first(database: Database, after_s: float) -> None:
    await a_site_with(database)
    first, again = await said(database, EDGE, EDGE + timedelta(seconds=after_s))
    assert (first.accepted, again.accepted, again.duplicate, again.quarantined) == (1, 0, 1, 0)
    assert again.ids == first.ids
    assert await rows(database) == 1


@pytest.mark.parametrize("after", [timedelta(minutes=10), timedelta(minutes=15), timedelta(hours=5)])
async def test_redelivery__the_same_words_later_are_said_anew(database: Database, after: timedelta) -> None:
    await a_site_with(database)
    first, again = await said(database, EDGE, EDGE + after)
    assert (first.accepted, again.accepted) == (1, 1)
    assert first.ids != again.ids


async def test_redelivery__other_words_are_another_observation(database: Database) -> None:
    await a_site_with(database)
    await said(database, EDGE)
    await said(database, EDGE, body=TIMELESS + b"&batt=50")
    assert await rows(database) == 2


async def test_redelivery__within_one_batch_is_absorbed_over_the_border_of_a_window(database: Database) -> None:
    await a_site_with(database)
    arrivals = [at(EDGE + timedelta(seconds=2 * k)) for k in range(4)]
    receipts = await Acceptor(database).accept(arrivals)
    assert [(one.accepted, one.duplicate) for one in receipts] == [(1, 0), (0, 1), (0, 1), (0, 1)]
    assert {one.ids for one in receipts} == {receipts[0].ids}


async def test_redelivery__with_the_senders_own_id_is_no_conflict(database: Database) -> None:
    await a_site_with(database)
    body = a.a_fix(source_id="7", flags=["received_time"])
    acceptor = Acceptor(database)
    for minutes in (0, 1):
        (receipt,) = await acceptor.accept(
            [a.an_arrival(body | {"observed_at": a.a_fix(minutes=minutes)["observed_at"]})]
        )
    assert (receipt.duplicate, receipt.quarantined) == (1, 0)


async def test_redelivery__exported_and_imported_again_keeps_its_id(database: Database) -> None:
    await a_site_with(database)
    await said(database, EDGE, EDGE + timedelta(minutes=11))
    exported = await observations.page(
        database,
        SITE,
        since=a.NOON - timedelta(days=1),
        until=a.NOON + timedelta(days=1),
        device=None,
        kinds=None,
        known_at=None,
        after=None,
        limit=10,
    )
    lines = [a.an_arrival(msgspec.json.encode(one.observation), SITE) for one in exported]
    receipts = await Acceptor(database).accept(lines)
    assert [receipt.ids for receipt in receipts] == [(one.id,) for one in exported]
    assert [receipt.duplicate for receipt in receipts] == [1, 1]


@pytest.mark.parametrize(
    ("dialect", "name"),
    [
        ("frigate", "count.txt"),
        ("frigate", "available.txt"),
        ("owntracks", "configuration.json"),
        ("owntracks", "batch.json"),
    ],
)
async def test_redelivery__of_any_dialect_that_falls_back_to_the_time_of_receipt(
    database: Database, dialect: str, name: str
) -> None:
    await a_site_with(database)
    body = (PAYLOADS / dialect / name).read_bytes()
    addresses = {"count.txt": "frigate/north_gate/person", "available.txt": "frigate/available"}
    address = addresses.get(name, "owntracks/amina/phone")
    given = {"dialect": dialect, "address": address}
    parts = decode(at(EDGE, body, **given))
    assert any(isinstance(part, Decoded) and "received_time" in part.observation.flags for part in parts)
    await Acceptor(database).accept([at(EDGE, body, **given)])
    count = await rows(database)
    (again,) = await Acceptor(database).accept([at(EDGE + timedelta(seconds=5), body, **given)])
    assert (again.accepted, await rows(database)) == (0, count)
