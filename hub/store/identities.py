"""What people decided about whom a detection or sighting shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from hub.records.errors import Conflict, NotFound
from hub.records.identity import Believed, Decision, Verdict, believed, held
from hub.store import log
from hub.store.database import Connection, Database
from hub.store.observations import Seen, seen_of

# Only one `is` of an observation holds at a time: a new one takes the place of the old, which stays to be read; whoever
# says that it is not this one ($5) does not let stand that it is.
SUPERSEDE = """
update identity_decision set withdrawn_by = $3, withdrawn_at = clock_timestamp(), superseded_by = $4
where site_id = $1 and observation = $2 and verdict = 'is' and withdrawn_at is null
  and ($5::uuid is null or individual = $5)"""
ADD = """
insert into identity_decision (site_id, id, observation, observed_at, verdict, individual, note, decided_by, split)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended($1, 7))"
ONE = "select * from identity_decision where site_id = $1 and id = $2 for update"


async def decide(
    connection: Connection,
    site: str,
    seen: Seen,
    key: UUID,
    *,
    verdict: Verdict,
    individual: UUID | None,
    note: str,
    who: str,
    split: UUID | None = None,
) -> None:
    """Keep a decision, in the caller's transaction. The same again changes nothing; another by that id: Conflict."""
    await connection.execute(ONE_AT_A_TIME, str(seen.id))
    known = await connection.fetchrow(ONE, site, key)
    if known is not None:
        if (known["observation"], known["verdict"], known["individual"]) != (seen.id, verdict, individual):
            raise Conflict(f"decision {key} was made already, and says something else")
        return
    await connection.execute(SUPERSEDE, site, seen.id, who, key, None if verdict == "is" else individual)
    await connection.execute(ADD, site, key, seen.id, seen.observed_at, verdict, individual, note, who, split)
    await log.record_change(connection, site, "identity", [seen.id])


WITHDRAW = """
update identity_decision set withdrawn_by = $3, withdrawn_at = clock_timestamp()
where site_id = $1 and id = $2 and withdrawn_at is null returning observation"""
RESTORE = """
update identity_decision set withdrawn_by = null, withdrawn_at = null, superseded_by = null
where site_id = $1 and observation = $2 and superseded_by = $3 and not exists (
    select from identity_decision o
    where o.site_id = $1 and o.observation = $2 and o.verdict = 'is' and o.withdrawn_at is null)"""


async def withdraw(connection: Connection, site: str, observation: UUID, key: UUID, who: str) -> None:
    """Take a decision about an observation back, in the caller's transaction; raises NotFound. Twice is once.

    The one whose place it took holds again, unless somebody said who it is meanwhile.
    """
    await connection.execute(ONE_AT_A_TIME, str(observation))
    known = await connection.fetchrow(ONE, site, key)
    if known is None or known["observation"] != observation:
        raise NotFound(f"no decision {key} about {observation} at site {site}")
    if await connection.fetchval(WITHDRAW, site, key, who) is not None:
        await connection.execute(RESTORE, site, observation, key)
        await log.record_change(connection, site, "identity", [observation])


HISTORY = "select * from identity_decision where site_id = $1 and observation = $2 order by decided_at, id"


async def history(database: Database, site: str, observation: UUID) -> list[Decision]:
    """All decisions about an observation, oldest first, also those that were withdrawn."""
    async with database.connection() as connection:
        return [_decision(row) for row in await connection.fetch(HISTORY, site, observation)]


VALID = """
select * from identity_decision where site_id = $1 and observation = any($2::uuid[]) and withdrawn_at is null"""


MADE_BY = """
select * from identity_decision where site_id = $1 and observation = any($2::uuid[]) and decided_at <= $3"""


async def believed_of(
    database: Database, site: str, observations: Sequence[UUID], as_of: datetime | None = None
) -> dict[UUID, Believed]:
    """What people decided about these observations, or had decided at a time; where nothing holds, one is left out."""
    if not observations:
        return {}
    found: dict[UUID, list[Decision]] = {}
    async with database.connection() as connection:
        keys = list(observations)
        asked = (VALID, site, keys) if as_of is None else (MADE_BY, site, keys, as_of)
        for row in await connection.fetch(*asked):
            found.setdefault(row["observation"], []).append(_decision(row))
    if as_of is not None:
        found = {key: holding for key, decisions in found.items() if (holding := held(decisions, as_of))}
    return {key: believed(decisions) for key, decisions in found.items()}


MENTIONED = """
select distinct individual from identity_decision
where site_id = $1 and observation = any($2::uuid[]) and individual is not null"""
DECIDED_ON = """
select o.id, o.device, o.observed_at, o.received_at, o.body from observation o
join (select distinct observation, observed_at from identity_decision
      where site_id = $1 and observation = any($2::uuid[])) d on o.id = d.observation and o.observed_at = d.observed_at
order by o.observed_at, o.id"""


async def concerned(database: Database, site: str, observations: Sequence[UUID]) -> tuple[list[Seen], frozenset[UUID]]:
    """(the observations that decisions are about, all individuals that any decision about them ever named)."""
    async with database.connection() as connection:
        seen = [seen_of(row) for row in await connection.fetch(DECIDED_ON, site, list(observations))]
        rows = await connection.fetch(MENTIONED, site, list(observations))
    return seen, frozenset(row["individual"] for row in rows)


# What names the individual, unless people said otherwise; and what people said is the individual.
OF_INDIVIDUAL = """
select id, device, observed_at, received_at, body from (
    select o.id, o.device, o.observed_at, o.received_at, o.body from observation o
    where o.site_id = $1 and o.kind in ('detection', 'sighting') and o.body ->> 'individual' = any($2::text[])
      and not exists (
          select from identity_decision d where d.site_id = $1 and d.observation = o.id and d.withdrawn_at is null
          and (d.verdict = 'is' or d.individual = any($3::uuid[])))
    union all
    select o.id, o.device, o.observed_at, o.received_at, o.body
    from identity_decision d join observation o on o.id = d.observation and o.observed_at = d.observed_at
    where d.site_id = $1 and d.individual = any($3::uuid[]) and d.verdict = 'is' and d.withdrawn_at is null) its
order by observed_at, id"""
# All that could have been its at a time; whoever asks looks at what was decided then.
PERHAPS_OF_INDIVIDUAL = """
select o.id, o.device, o.observed_at, o.received_at, o.body from observation o
where o.site_id = $1 and o.kind in ('detection', 'sighting') and o.recorded_at <= $4
  and (o.body ->> 'individual' = any($2::text[]) or (o.id, o.observed_at) in (
      select d.observation, d.observed_at from identity_decision d
      where d.site_id = $1 and d.individual = any($3::uuid[]) and d.verdict = 'is' and d.decided_at <= $4))
order by o.observed_at, o.id"""


async def of_individual(
    database: Database, site: str, names: Sequence[str], individuals: Sequence[UUID], as_of: datetime | None = None
) -> list[Seen]:
    """Detections and sightings that show an individual, by their own word or by that of people, in canonical order.

    names, individuals: under which it is on the roster. as_of: whatever may have been its at that time, and more.
    """
    async with database.connection() as connection:
        keys = (site, list(names), list(individuals))
        asked = (OF_INDIVIDUAL, *keys) if as_of is None else (PERHAPS_OF_INDIVIDUAL, *keys, as_of)
        return [seen_of(row) for row in await connection.fetch(*asked)]


DECIDED_BY_DEVICE = """
select distinct d.individual from identity_decision d
join observation o on o.id = d.observation and o.observed_at = d.observed_at
where d.site_id = $1 and o.device = any($2::text[]) and d.individual is not null and d.withdrawn_at is null"""


async def decided_by_device(database: Database, site: str, devices: Sequence[str]) -> frozenset[UUID]:
    """Individuals that people recognised in what some devices detected."""
    if not devices:
        return frozenset()
    async with database.connection() as connection:
        rows = await connection.fetch(DECIDED_BY_DEVICE, site, list(devices))
    return frozenset(row["individual"] for row in rows)


def _decision(row: asyncpg.Record) -> Decision:
    fields: dict[str, Any] = {name: row[name] for name in Decision.__struct_fields__}
    return Decision(**fields)
