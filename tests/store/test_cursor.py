"""The gap-free order of changes, under writers that commit in another order than they began."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from uuid import UUID

from hub.records.cursor import Cursor
from hub.store import log
from hub.store.database import Database
from tests.builders import NOON, an_id

SITE = "leopard"
WRITERS, TRANSACTIONS = 8, 40
SERIAL = "select seq, id from change_log where site_id = $1 and seq > $2 order by seq"


async def write(database: Database, writer: int) -> list[UUID]:
    """Transactions of a few rows that stay open for a random moment."""
    dice = random.Random(writer)
    written: list[UUID] = []
    for number in range(TRANSACTIONS):
        ids = [an_id(str(writer), str(number), str(k)) for k in range(dice.randint(1, 3))]
        async with database.transaction() as connection:
            for one in ids:
                await log.record_change(connection, SITE, "position", [one])
                await asyncio.sleep(dice.random() * 0.003)
        written += ids
    return written


async def follow(database: Database, done: asyncio.Event) -> list[UUID]:
    """What a reader sees that asks again and again from where it stood."""
    cursor, seen = Cursor(), list[UUID]()
    while True:
        last = done.is_set()
        found = await log.changes(database, SITE, cursor, 50)
        seen += [change.id for change in found]
        cursor = found[-1].cursor if found else cursor
        if last and not found:
            return seen


async def follow_serially(database: Database, done: asyncio.Event) -> list[UUID]:
    """The same with a plain serial number as cursor."""
    position, seen = 0, list[UUID]()
    while True:
        last = done.is_set()
        async with database.connection() as connection:
            found = await connection.fetch(SERIAL, SITE, position)
        seen += [row["id"] for row in found]
        position = found[-1]["seq"] if found else position
        if last and not found:
            return seen


async def test_cursor__a_reader_sees_every_change_once_though_a_serial_number_would_lose_some(
    database_dsn: str,
) -> None:
    database = await Database.connect(database_dsn, most=WRITERS + 2)
    try:
        done = asyncio.Event()
        readers = [asyncio.create_task(kind(database, done)) for kind in (follow, follow_serially)]
        written = await asyncio.gather(*(write(database, writer) for writer in range(WRITERS)))
        done.set()
        seen, seen_serially = await asyncio.gather(*readers)
    finally:
        await database.close()
    everything = {one for ids in written for one in ids}
    assert len(seen) == len(set(seen)) == len(everything)
    assert set(seen) == everything
    # The test of the test: these writers do commit out of order.
    assert len(set(seen_serially)) < len(everything)


async def test_cursor__what_an_open_transaction_may_still_precede_is_not_served(database: Database) -> None:
    async with database.connection() as slow:
        begun = slow.transaction()
        await begun.start()
        await log.record_change(slow, SITE, "position", [an_id("slow")])
        async with database.transaction() as quick:
            await log.record_change(quick, SITE, "position", [an_id("quick")])
        assert await log.changes(database, SITE, Cursor(), 10) == []
        await begun.commit()
    found = await log.changes(database, SITE, Cursor(), 10)
    assert [change.id for change in found] == [an_id("slow"), an_id("quick")]
    assert await log.head(database, SITE) == found[-1].cursor
    assert (await log.lag(database, SITE, found[0].cursor))[0] == 1


async def test_cursor__sites_are_followed_apart(database: Database) -> None:
    async with database.transaction() as connection:
        await log.record_change(connection, SITE, "position", [an_id("here")])
        await log.record_change(connection, "tundra", "position", [an_id("there")])
    assert [change.id for change in await log.changes(database, SITE, Cursor(), 10)] == [an_id("here")]


async def test_partitions__a_month_of_2009_is_made_on_demand_and_again_harmlessly(database: Database) -> None:
    for moment in (NOON.replace(year=2009), NOON.replace(year=2009) + timedelta(days=3), NOON):
        await log.ensure_month(database, moment)
    async with database.connection() as connection:
        names = await connection.fetch(
            "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'observation'::regclass"
        )
    assert {row["name"] for row in names} >= {"observation_2009_07", "observation_2026_07"}
