"""Whom fusion takes detections and sightings for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from hub.records.proposal import Candidate, Proposal
from hub.store.database import Connection, Database

_candidates = msgspec.json.Decoder(tuple[Candidate, ...]).decode

# What came out as before is not written again, so that `computed_at` says since when it is so.
PUT = """
insert into identity_proposal (site_id, observation, observed_at, candidates, nobody, value, configuration, status)
select $1, *, 'settled' from unnest($2::uuid[], $3::timestamptz[], $4::jsonb[], $5::float8[], $6::float8[], $7::text[])
on conflict (site_id, observation) do update set
    candidates = excluded.candidates, nobody = excluded.nobody, value = excluded.value,
    configuration = excluded.configuration, status = excluded.status, computed_at = clock_timestamp()
where (identity_proposal.candidates, identity_proposal.nobody, identity_proposal.value, identity_proposal.configuration,
       identity_proposal.status)
    is distinct from (excluded.candidates, excluded.nobody, excluded.value, excluded.configuration, excluded.status)"""
# What came while all others were weighed was not among them: its provisional answer stands until the next time.
FORGET = """
delete from identity_proposal p where p.site_id = $1 and (p.status = 'settled' or p.computed_at < $3)
  and not exists (select from unnest($2::uuid[]) as kept (observation) where kept.observation = p.observation)"""
NOW = "select clock_timestamp()"


async def clock(database: Database) -> datetime:
    """The time by which the database says when a proposal was computed."""
    async with database.connection() as connection:
        return await connection.fetchval(NOW)


async def put(connection: Connection, site: str, found: Sequence[Proposal], began: datetime) -> None:
    """Make these all settled proposals of a site, in the caller's transaction.

    began: by `clock`, before the observations were read that they are a function of.
    """
    await connection.execute(FORGET, site, [one.observation for one in found], began)
    if found:
        await connection.execute(PUT, site, *_columns(found))


# Also where two sightings are weighed at once, what is settled stands.
PUT_PROVISIONAL = """
insert into identity_proposal (site_id, observation, observed_at, candidates, nobody, value, configuration, status)
select $1, *, 'provisional'
from unnest($2::uuid[], $3::timestamptz[], $4::jsonb[], $5::float8[], $6::float8[], $7::text[])
on conflict (site_id, observation) do update set
    candidates = excluded.candidates, nobody = excluded.nobody, value = excluded.value,
    configuration = excluded.configuration, computed_at = clock_timestamp()
where identity_proposal.status = 'provisional'"""


async def put_provisional(database: Database, site: str, found: Sequence[Proposal]) -> None:
    """Add proposals until the whole set has been weighed; what is settled stays as it is."""
    async with database.connection() as connection:
        await connection.execute(PUT_PROVISIONAL, site, *_columns(found))


def _columns(found: Sequence[Proposal]) -> list[list[Any]]:
    rows = [
        (p.observation, p.observed_at, msgspec.json.encode(p.candidates), p.nobody, p.value, p.configuration)
        for p in found
    ]
    return [list(column) for column in zip(*rows, strict=True)]


OF_NOBODY = "select * from identity_proposal where site_id = $1 and nobody >= $2 order by observed_at, observation"


async def of_nobody(database: Database, site: str, least: float) -> list[Proposal]:
    """Proposals by which at least so probably nobody on the roster is shown."""
    async with database.connection() as connection:
        return [_proposal(row) for row in await connection.fetch(OF_NOBODY, site, least)]


ONE = "select * from identity_proposal where site_id = $1 and observation = $2"


async def get(database: Database, site: str, observation: UUID) -> Proposal | None:
    """The proposal for one observation, if there is one."""
    async with database.connection() as connection:
        row = await connection.fetchrow(ONE, site, observation)
    return None if row is None else _proposal(row)


# What people have decided needs no second look.
QUEUE = """
select p.*, count(*) over () as waiting from identity_proposal p
where p.site_id = $1 and p.value >= $2 and not exists (
    select from identity_decision d
    where d.site_id = $1 and d.observation = p.observation and d.verdict = 'is' and d.withdrawn_at is null)
order by p.value desc, p.observation limit $3"""


async def queue(database: Database, site: str, least: float, limit: int) -> tuple[list[Proposal], int]:
    """(undecided proposals worth at least so much, worth most first; how many there are in all)."""
    async with database.connection() as connection:
        rows = await connection.fetch(QUEUE, site, least, limit)
    return [_proposal(row) for row in rows], rows[0]["waiting"] if rows else 0


def _proposal(row: asyncpg.Record) -> Proposal:
    return Proposal(
        observation=row["observation"],
        observed_at=row["observed_at"],
        candidates=_candidates(row["candidates"]),
        nobody=row["nobody"],
        value=row["value"],
        configuration=row["configuration"],
        status=row["status"],
    )
