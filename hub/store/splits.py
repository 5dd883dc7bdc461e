"""Entries of the roster that hold two animals, as people decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from hub.records.errors import Conflict, NotFound
from hub.records.ids import content_id
from hub.records.reference import Individual
from hub.records.roster import Split
from hub.store import identities, merges, reference
from hub.store.database import Connection, Database
from hub.store.observations import Seen

ONE = "select * from individual_split where site_id = $1 and id = $2"
ADD = """
insert into individual_split (site_id, id, individual, other, is_new, note, decided_by)
values ($1, $2, $3, $4, $5, $6, $7)"""
MOVED = "select id, observation from identity_decision where site_id = $1 and split = $2 order by observation"


async def decide(
    connection: Connection,
    site: str,
    key: UUID,
    *,
    individual: UUID,
    other: UUID,
    new: Individual | None,
    seen: Sequence[Seen],
    note: str,
    who: str,
) -> None:
    """Keep a split, in the caller's transaction: `seen` show the `other` one, by one decision each.

    new: the other one's entry, which is made. The same again changes nothing; another by that id: Conflict.
    """
    await connection.execute(merges.ONE_AT_A_TIME, site)
    known = await connection.fetchrow(ONE, site, key)
    if known is not None:
        moved = {row["observation"] for row in await connection.fetch(MOVED, site, key)}
        if (known["individual"], known["other"], moved) != (individual, other, {one.id for one in seen}):
            raise Conflict(f"split {key} was made already, and says something else")
        return
    if new is not None:
        await reference.put(connection, new, expect=None, by=who)
    await connection.execute(ADD, site, key, individual, other, new is not None, note, who)
    # In one order, so that two splits of the same sightings wait for one another and not both for the other.
    for one in sorted(seen, key=lambda one: str(one.id)):
        decision = content_id("split", str(key), str(one.id))
        await identities.decide(
            connection, site, one, decision, verdict="is", individual=other, note=note, who=who, split=key
        )


WITHDRAW = """
update individual_split set withdrawn_by = $3, withdrawn_at = clock_timestamp()
where site_id = $1 and id = $2 and withdrawn_at is null returning id"""
NAMED = """
select exists (select from identity_decision where site_id = $1 and individual = $2 and withdrawn_at is null)
    or exists (select from individual_merge where site_id = $1 and $2 in (merged, stays) and withdrawn_at is null)
    or exists (select from reference where site_id = $1 and noun = 'deployment' and superseded_at is null
               and not deleted and body ->> 'carrier' = $2::text)"""
VERSION = """
select version from reference
where site_id = $1 and noun = 'individual' and id = $2 and superseded_at is null and not deleted"""


async def withdraw(connection: Connection, site: str, key: UUID, who: str) -> None:
    """Take a split back, in the caller's transaction; raises NotFound. Twice is once.

    Its decisions are taken back, but for those that others took the place of. An entry that it made ends, unless
    something names it by now, or somebody edited it.
    """
    await connection.execute(merges.ONE_AT_A_TIME, site)
    known = await connection.fetchrow(ONE, site, key)
    if known is None:
        raise NotFound(f"no split {key} at site {site}")
    if await connection.fetchval(WITHDRAW, site, key, who) is None:
        return
    for row in await connection.fetch(MOVED, site, key):
        await identities.withdraw(connection, site, row["observation"], row["id"], who)
    other = known["other"]
    if not known["is_new"] or await connection.fetchval(NAMED, site, other):
        return
    if await connection.fetchval(VERSION, site, other) == 1:
        await reference.delete(connection, site, "individual", other, expect=1, by=who)


HISTORY = """
select * from individual_split where site_id = $1 and (individual = any($2::uuid[]) or other = any($2::uuid[]))
order by decided_at, id"""


async def history(database: Database, site: str, individuals: Sequence[UUID]) -> list[Split]:
    """All splits of some individuals, oldest first, also those that were taken back."""
    async with database.connection() as connection:
        rows = await connection.fetch(HISTORY, site, list(individuals))
        return [_split(row, await connection.fetch(MOVED, site, row["id"])) for row in rows]


def _split(row: asyncpg.Record, moved: Sequence[asyncpg.Record]) -> Split:
    fields: dict[str, Any] = {name: row[name] for name in Split.__struct_fields__ if name != "observations"}
    return Split(observations=tuple(one["observation"] for one in moved), **fields)
