"""Whom fusion takes detections and sightings for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from hub.records.proposal import Candidate, Proposal, Together
from hub.store.database import Connection, Database


class _Weighed(msgspec.Struct, frozen=True):
    """The column `candidates` of what was weighed together with others; of all else it is the candidates alone."""

    candidates: tuple[Candidate, ...]
    together: tuple[Together, ...]


_weighed = msgspec.json.Decoder(tuple[Candidate, ...] | _Weighed).decode

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
# What came while its month was weighed was not among it: its provisional answer stands until the next time.
FORGET = """
delete from identity_proposal p where p.site_id = $1 and p.observed_at >= $2 and p.observed_at < $3
  and (p.status = 'settled' or p.computed_at < $5)
  and not exists (select from unnest($4::uuid[]) as kept (observation) where kept.observation = p.observation)"""
NOW = "select clock_timestamp()"


async def clock(database: Database) -> datetime:
    """The time by which the database says when a proposal was computed."""
    async with database.connection() as connection:
        return await connection.fetchval(NOW)


async def put(
    connection: Connection, site: str, span: tuple[datetime, datetime], found: Sequence[Proposal], began: datetime
) -> None:
    """Make these all proposals of [begin, end) of a site that were weighed together, in the caller's transaction.

    began: by `clock`, before the observations were read that they are a function of.
    """
    await connection.execute(FORGET, site, *span, [one.observation for one in found], began)
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
    rows = [(p.observation, p.observed_at, _encoded(p), p.nobody, p.value, p.configuration) for p in found]
    return [list(column) for column in zip(*rows, strict=True)]


def _encoded(proposal: Proposal) -> bytes:
    if not proposal.together:
        return msgspec.json.encode(proposal.candidates)
    return msgspec.json.encode(_Weighed(proposal.candidates, proposal.together))


# A month that waits to be weighed again has provisional answers, as has what was weighed alone.
WITH_STATUS = """
select p.site_id, p.observation, p.observed_at, p.candidates, p.nobody, p.value, p.configuration, p.computed_at,
       case when p.status = 'provisional' or m.answered < m.asked then 'provisional' else 'settled' end as status
from identity_proposal p left join identity_month m
  on m.site_id = p.site_id and m.month = date_trunc('month', p.observed_at at time zone 'UTC')::date"""
OF_NOBODY = f"{WITH_STATUS} where p.site_id = $1 and p.nobody >= $2 order by p.observed_at, p.observation"


async def of_nobody(database: Database, site: str, least: float) -> list[Proposal]:
    """Proposals by which at least so probably nobody on the roster is shown."""
    async with database.connection() as connection:
        return [_proposal(row) for row in await connection.fetch(OF_NOBODY, site, least)]


ONE = f"{WITH_STATUS} where p.site_id = $1 and p.observation = $2"


async def get(database: Database, site: str, observation: UUID) -> Proposal | None:
    """The proposal for one observation, if there is one."""
    async with database.connection() as connection:
        row = await connection.fetchrow(ONE, site, observation)
    return None if row is None else _proposal(row)


SOME = f"{WITH_STATUS} where p.site_id = $1 and p.observation = any($2::uuid[])"


async def of_observations(database: Database, site: str, observations: Sequence[UUID]) -> dict[UUID, Proposal]:
    """The proposals for these observations; those that were not weighed are left out."""
    if not observations:
        return {}
    async with database.connection() as connection:
        rows = await connection.fetch(SOME, site, list(observations))
    return {row["observation"]: _proposal(row) for row in rows}


# What people have decided needs no second look.
QUEUE = f"""
select p.*, count(*) over () as waiting from ({WITH_STATUS}) p
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
    told = _weighed(row["candidates"])
    weighed = told if isinstance(told, _Weighed) else _Weighed(told, ())
    return Proposal(
        observation=row["observation"],
        observed_at=row["observed_at"],
        candidates=weighed.candidates,
        nobody=row["nobody"],
        value=row["value"],
        configuration=row["configuration"],
        status=row["status"],
        together=weighed.together,
    )


DIGEST = """
select coalesce(jsonb_object_agg(p.observation, md5(row(p.candidates, p.nobody, p.value, p.configuration)::text)), '{}')
from identity_proposal p where p.site_id = $1 and p.status = 'settled'"""
SHARES_DIGEST = """
select coalesce(jsonb_object_agg(individual, digest), '{}') from (
    select individual, md5(string_agg(row(observation, share, spread_m2)::text, ';' order by observation)) as digest
    from identity_share where site_id = $1 group by individual) each"""


async def digest(database: Database, site: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """(hash of each proposal that was weighed with its month, by its observation; of all shares of each individual)."""
    async with database.connection() as connection:
        found = [await connection.fetchval(statement, site) for statement in (DIGEST, SHARES_DIGEST)]
    return msgspec.json.decode(found[0]), msgspec.json.decode(found[1])


FORGET_ALL = (
    "delete from identity_proposal where site_id = $1",
    "delete from identity_share where site_id = $1",
    "delete from identity_month where site_id = $1",
)


async def forget(connection: Connection, site: str) -> None:
    """Drop what was weighed at a site; it is weighed again from the log."""
    for statement in FORGET_ALL:
        await connection.execute(statement, site)
