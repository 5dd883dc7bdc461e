"""Appending to the log: idempotent, whichever door is first, whatever else the batch holds."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import asyncpg
import pytest

from hub.ingest import accept, batch
from hub.ingest.accept import Acceptor
from hub.records.errors import Conflict, DatabaseUnavailable, DiskFull
from hub.store import log, observations, quarantine
from hub.store.database import Database, translate
from tests import builders as a
from tests.store.ground import SITE, a_site_with

FUTURE = a.NOON + timedelta(days=365)


async def whole_log(database: Database) -> list[tuple[str, str, int]]:
    return await observations.counts(database, SITE)


async def test_append__the_same_message_again_is_a_duplicate_and_not_a_row(database: Database) -> None:
    await a_site_with(database)
    acceptor = Acceptor(database)
    (first,) = await acceptor.accept([a.an_arrival(a.a_fix())])
    (again,) = await acceptor.accept([a.an_arrival(a.a_fix(), received_at=FUTURE, door="mqtt")])
    assert (first.accepted, again.accepted, again.duplicate) == (1, 0, 1)
    assert first.ids == again.ids
    assert await whole_log(database) == [("envelope", "fix", 1)]


async def test_append__by_copy_and_by_unnest_give_the_same_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_site_with(database)
    arrivals = [a.an_arrival(a.a_fix(minutes=k)) for k in range(30)]
    await Acceptor(database).accept(arrivals[:20])
    monkeypatch.setattr(accept, "COPY_FROM_ROWS", 1)
    receipts = await Acceptor(database).accept(arrivals)
    assert [receipt.accepted for receipt in receipts] == [0] * 20 + [1] * 10
    assert await whole_log(database) == [("envelope", "fix", 30)]


@pytest.mark.parametrize("together", [True, False])
async def test_append__an_id_with_another_body_goes_to_quarantine(database: Database, together: bool) -> None:
    await a_site_with(database)
    acceptor = Acceptor(database)
    two = [a.an_arrival(a.a_fix(east=east, source_id="1")) for east in (0, 0.001)]
    if together:
        receipts = await acceptor.accept(two)
    else:
        receipts = [*(await acceptor.accept(two[:1])), *(await acceptor.accept(two[1:]))]
    assert [(one.accepted, one.quarantined) for one in receipts] == [(1, 0), (0, 1)]
    assert "the first stands" in receipts[1].problems[0]
    (entry,) = await quarantine.page(database, SITE, None, 10)
    assert entry.code == "id-conflict"


async def test_append__an_id_with_another_time_is_the_same_observation_in_another_month(database: Database) -> None:
    await a_site_with(database)
    acceptor = Acceptor(database)
    moved = [a.an_arrival(a.a_fix(minutes=minutes, source_id="1")) for minutes in (0, 60 * 24 * 45)]
    receipts = [(await acceptor.accept([one]))[0] for one in moved]
    assert [(one.accepted, one.quarantined) for one in receipts] == [(1, 0), (0, 1)]


async def test_append__a_fix_of_2009_is_welcome(database: Database) -> None:
    await a_site_with(database)
    at = a.NOON.replace(year=2009)
    (receipt,) = await Acceptor(database).accept([a.an_arrival(a.a_fix(observed_at=at.isoformat()))])
    assert receipt.accepted == 1
    (seen,) = await observations.of_device(database, SITE, "collar-1", None, a.NOON)
    assert seen.observed_at == at


async def test_append__zones_on_both_sides_of_a_month_find_their_partitions(database: Database) -> None:
    await a_site_with(database)
    times = ["2026-03-01T05:00:00+11:00", "2026-03-01T15:00:00+11:00", "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"]
    said = [a.a_fix(observed_at=time) for time in times]
    receipts = await Acceptor(database).accept([a.an_arrival(one) for one in said])
    assert [one.accepted for one in receipts] == [1, 1, 1, 1]


async def test_append__doors_that_need_the_same_new_month_at_once_all_get_it(database: Database) -> None:
    await a_site_with(database)
    for year in range(1990, 2010):
        at = a.NOON.replace(year=year).isoformat()
        doors = [Acceptor(database) for _ in range(6)]
        said = [a.an_arrival(a.a_fix(f"collar-{k}", observed_at=at)) for k in range(6)]
        await asyncio.gather(*(door.accept([one]) for door, one in zip(doors, said, strict=True)))
    assert await whole_log(database) == [("envelope", "fix", 120)]


async def test_append__one_value_that_the_database_cannot_hold_does_not_spoil_the_batch(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_site_with(database)
    honest = batch.row_of

    def poisoned(observation: object, raw: bytes, arrival: object) -> log.Row:
        row = honest(observation, raw, arrival)  # type: ignore[arg-type]
        # What asyncpg refuses to send, and what the server refuses to take.
        match row.device:
            case "collar-3":
                return row._replace(label="\ud800")
            case "collar-5":
                return row._replace(label="a\x00b")
            case _:
                return row

    monkeypatch.setattr(batch, "row_of", poisoned)
    arrivals = [a.an_arrival(a.a_fix(f"collar-{k}")) for k in range(8)]
    receipts = await Acceptor(database).accept(arrivals)
    assert [one.accepted for one in receipts] == [1, 1, 1, 0, 1, 0, 1, 1]
    reasons = {entry.address: entry.reason for entry in await quarantine.page(database, SITE, None, 10)}
    assert all("the database cannot hold it" in reason for reason in reasons.values())
    assert sum(one.quarantined for one in receipts) == 2


async def test_append__doors_that_bring_the_same_observations_at_once_do_not_block_each_other(
    database: Database,
) -> None:
    await a_site_with(database)
    acceptor = Acceptor(database)
    arrivals = [a.an_arrival(a.a_fix(f"collar-{k}")) for k in range(300)]
    await acceptor.accept([a.an_arrival(a.a_fix("the first of its month"))])
    for _ in range(5):
        orders = [random.Random(k).sample(arrivals, len(arrivals)) for k in range(6)]
        for order in orders:
            order.append(a.an_arrival(a.a_fix("collar-0", minutes=random.Random(str(order[0])).random())))
        await asyncio.gather(*(acceptor.accept(order) for order in orders))
        async with database.connection() as connection:
            await connection.execute("truncate observation, change_log")


async def test_accept__a_site_that_does_not_exist_gets_no_log(database: Database) -> None:
    await a_site_with(database)
    (receipt,) = await Acceptor(database).accept([a.an_arrival(a.a_fix(), site="nowhere")])
    assert (receipt.accepted, receipt.quarantined) == (0, 1)
    assert "no site 'nowhere'; known: leopard" in receipt.problems[0]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (asyncpg.DiskFullError("no room"), DiskFull),
        (asyncpg.DeadlockDetectedError("deadlock"), DatabaseUnavailable),
        (asyncpg.OutOfMemoryError("shared memory"), DatabaseUnavailable),
        (asyncpg.CrashShutdownError("crash"), DatabaseUnavailable),
        (asyncpg.PostgresIOError("disk"), DatabaseUnavailable),
        (TimeoutError(), DatabaseUnavailable),
        (ConnectionRefusedError(), DatabaseUnavailable),
        (asyncpg.UniqueViolationError("twice"), Conflict),
    ],
)
def test_translate__an_outage_may_be_repeated(error: Exception, kind: type[Exception]) -> None:
    assert isinstance(translate(error), kind)


@pytest.mark.parametrize("error", [asyncpg.UndefinedColumnError("bug"), asyncpg.DataError("bad"), KeyError("bug")])
def test_translate__a_bug_is_no_outage(error: Exception) -> None:
    assert translate(error) is None


async def test_translate__a_value_that_cannot_be_sent_is_no_outage(database: Database) -> None:
    with pytest.raises(asyncpg.DataError, match="surrogates not allowed"):
        async with database.connection() as connection:
            await connection.fetch("select $1::text", "\ud800")
