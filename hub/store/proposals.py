"""Whom fusion takes detections and sightings for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from hub.records.proposal import Candidate, Proposal
from hub.store.database import Connection, Database

_candidates = msgspec.json.Decoder(tuple[Candidate, ...]).decode

# What came out as before is not written again, so that `computed_at` says since when it is so.
PUT = """
insert into identity_proposal (site_id, observation, observed_at, candidates, nobody, value, configuration)
select $1, * from unnest($2::uuid[], $3::timestamptz[], $4::jsonb[], $5::float8[], $6::float8[], $7::text[])
on conflict (site_id, observation) do update set
    candidates = excluded.candidates, nobody = excluded.nobody, value = excluded.value,
    configuration = excluded.configuration, computed_at = clock_timestamp()
where (identity_proposal.candidates, identity_proposal.nobody, identity_proposal.value, identity_proposal.configuration)
    is distinct from (excluded.candidates, excluded.nobody, excluded.value, excluded.configuration)"""
FORGET = """
delete from identity_proposal p where p.site_id = $1 and p.observed_at >= $2 and p.observed_at < $3
  and not exists (select from unnest($4::uuid[]) as kept (observation) where kept.observation = p.observation)"""


async def put(connection: Connection, site: str, since: datetime, until: datetime, found: Sequence[Proposal]) -> None:
    """Make these all proposals of [since, until), in the caller's transaction."""
    await connection.execute(FORGET, site, since, until, [one.observation for one in found])
    if found:
        columns = zip(
            *(
                (p.observation, p.observed_at, msgspec.json.encode(p.candidates), p.nobody, p.value, p.configuration)
                for p in found
            ),
            strict=True,
        )
        await connection.execute(PUT, site, *map(list, columns))


# A month that waits to be weighed again has provisional answers.
WITH_STATUS = """
select p.*, case when m.answered < m.asked then 'provisional' else 'settled' end as status
from identity_proposal p left join identity_month m
  on m.site_id = p.site_id and m.month = date_trunc('month', p.observed_at at time zone 'UTC')::date"""
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
    return Proposal(
        observation=row["observation"],
        observed_at=row["observed_at"],
        candidates=_candidates(row["candidates"]),
        nobody=row["nobody"],
        value=row["value"],
        configuration=row["configuration"],
        status=row["status"],
    )


DIGEST = """
select coalesce(jsonb_object_agg(p.observation, md5(row(p.candidates, p.nobody, p.value, p.configuration)::text)), '{}')
from identity_proposal p where p.site_id = $1"""
SHARES_DIGEST = """
select coalesce(jsonb_object_agg(individual, digest), '{}') from (
    select individual, md5(string_agg(row(observation, share, spread_m2)::text, ';' order by observation)) as digest
    from identity_share where site_id = $1 group by individual) each"""


async def digest(database: Database, site: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """(hash of every proposal by its observation, hash of all shares of each individual)."""
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
