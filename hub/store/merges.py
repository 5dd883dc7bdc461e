"""Entries of the roster that are one animal, as people decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from hub.records.errors import Conflict, NotFound
from hub.records.roster import Merge, standing_for
from hub.store import log
from hub.store.database import Connection, Database

NOUN = "merge"

ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtext('roster'), hashtext($1))"
ONE = "select * from individual_merge where site_id = $1 and id = $2"
HOLDING = "select * from individual_merge where site_id = $1 and withdrawn_at is null"
ENTRIES = """
select id from reference
where site_id = $1 and noun = 'individual' and id = any($2::uuid[]) and superseded_at is null and not deleted"""
ADD = """
insert into individual_merge (site_id, id, merged, stays, note, decided_by) values ($1, $2, $3, $4, $5, $6)"""


async def decide(
    connection: Connection, site: str, key: UUID, *, merged: UUID, stays: UUID, note: str, who: str
) -> None:
    """Keep a merge, in the caller's transaction. The same again changes nothing.

    Raises NotFound for what is not on the roster, Conflict where one of both is merged already, or by that id another
    merge was made.
    """
    await connection.execute(ONE_AT_A_TIME, site)
    known = await connection.fetchrow(ONE, site, key)
    if known is not None:
        if (known["merged"], known["stays"]) != (merged, stays):
            raise Conflict(f"merge {key} was made already, and says something else")
        return
    entries = {row["id"] for row in await connection.fetch(ENTRIES, site, [merged, stays])}
    for one in (merged, stays):
        if one not in entries:
            raise NotFound(f"no individual {one} at site {site}")
    held = [_merge(row) for row in await connection.fetch(HOLDING, site)]
    for one in held:
        if one.merged in (merged, stays):
            raise Conflict(
                f"{one.merged} is merged into {one.stays} already: take that back first, or name {one.stays}",
                merged_into=str(one.stays),
            )
    await connection.execute(ADD, site, key, merged, stays, note, who)
    await log.record_change(connection, site, NOUN, [key])


WITHDRAW = """
update individual_merge set withdrawn_by = $3, withdrawn_at = clock_timestamp()
where site_id = $1 and id = $2 and withdrawn_at is null returning id"""


async def withdraw(connection: Connection, site: str, key: UUID, who: str) -> None:
    """Take a merge back, in the caller's transaction; raises NotFound. Twice is once."""
    await connection.execute(ONE_AT_A_TIME, site)
    if await connection.fetchrow(ONE, site, key) is None:
        raise NotFound(f"no merge {key} at site {site}")
    if await connection.fetchval(WITHDRAW, site, key, who) is not None:
        await log.record_change(connection, site, NOUN, [key])


AS_OF = """
select * from individual_merge
where site_id = $1 and decided_at <= coalesce($2::timestamptz, 'infinity')
  and (withdrawn_at is null or withdrawn_at > $2)
order by id"""


async def holding(database: Database, site: str, as_of: datetime | None = None) -> list[Merge]:
    """Merges that hold, or that held at a time."""
    async with database.connection() as connection:
        rows = await connection.fetch(AS_OF, site, as_of)
    # What was taken back since held then.
    return [_merge(row, is_held=True) for row in rows]


HISTORY = """
select * from individual_merge where site_id = $1 and (merged = any($2::uuid[]) or stays = any($2::uuid[]))
order by decided_at, id"""


async def history(database: Database, site: str, individuals: Sequence[UUID]) -> list[Merge]:
    """All merges of some individuals, oldest first, also those that were taken back."""
    async with database.connection() as connection:
        return [_merge(row) for row in await connection.fetch(HISTORY, site, list(individuals))]


async def by_ids(database: Database, site: str, keys: Sequence[UUID]) -> list[Merge]:
    """Merges by id, also those that were taken back."""
    async with database.connection() as connection:
        rows = [await connection.fetchrow(ONE, site, key) for key in keys]
    return [_merge(row) for row in rows if row is not None]


async def in_use(connection: Connection, site: str, individual: UUID) -> bool:
    """Does a merge that holds name this individual?"""
    await connection.execute(ONE_AT_A_TIME, site)
    held = [_merge(row) for row in await connection.fetch(HOLDING, site)]
    return any(individual in (one.merged, one.stays) for one in held)


def pointers(merges: Sequence[Merge]) -> dict[UUID, UUID]:
    """Of each merged id the one that answers for it."""
    return dict(standing_for(merges, {one for merge in merges for one in (merge.merged, merge.stays)}))


def _merge(row: asyncpg.Record, *, is_held: bool = False) -> Merge:
    fields: dict[str, Any] = {name: row[name] for name in Merge.__struct_fields__}
    if is_held:
        fields |= {"withdrawn_by": None, "withdrawn_at": None}
    return Merge(**fields)
