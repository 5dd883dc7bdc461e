"""Which sightings are part of whose track, and with which share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hub.records.proposal import Share
from hub.store.database import Connection, Database
from hub.store.observations import Seen, seen_of


class Shared(NamedTuple):
    """An observation and what of it is part of one individual's track."""

    seen: Seen
    share: float
    spread_m2: float


FORGET = """
delete from identity_share s where s.site_id = $1 and s.observed_at >= $2 and s.observed_at < $3
  and not exists (select from unnest($4::uuid[], $5::uuid[]) as kept (individual, observation)
                  where kept.individual = s.individual and kept.observation = s.observation)
returning individual"""
PUT = """
insert into identity_share (site_id, individual, observation, observed_at, share, spread_m2)
select $1, * from unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::float8[], $6::float8[])
on conflict (site_id, individual, observation) do update set
    observed_at = excluded.observed_at, share = excluded.share, spread_m2 = excluded.spread_m2
where (identity_share.observed_at, identity_share.share, identity_share.spread_m2)
    is distinct from (excluded.observed_at, excluded.share, excluded.spread_m2)
returning individual"""


async def put(
    connection: Connection, site: str, since: datetime, until: datetime, found: Sequence[Share]
) -> frozenset[UUID]:
    """Make these all shares of [since, until), in the caller's transaction; returns whose shares changed."""
    individuals, keys = [one.individual for one in found], [one.observation for one in found]
    gone = await connection.fetch(FORGET, site, since, until, individuals, keys)
    times, shares = [one.observed_at for one in found], [one.share for one in found]
    spreads = [one.spread_m2 for one in found]
    changed = await connection.fetch(PUT, site, individuals, keys, times, shares, spreads)
    return frozenset(row["individual"] for row in (*gone, *changed))


# A person's word holds at once: what is decided of an observation is not shared any more, weighed anew or not.
OF_INDIVIDUAL = """
select s.share, s.spread_m2, o.id, o.device, o.observed_at, o.received_at, o.body
from identity_share s join observation o on o.id = s.observation and o.observed_at = s.observed_at
where s.site_id = $1 and s.individual = $2 and not exists (
    select from identity_decision d where d.site_id = $1 and d.observation = s.observation and d.withdrawn_at is null
    and (d.verdict = 'is' or d.individual = $2))
order by o.observed_at, o.id"""


async def of_individual(database: Database, site: str, individual: UUID) -> list[Shared]:
    """What probably shows an individual, in canonical order."""
    async with database.connection() as connection:
        rows = await connection.fetch(OF_INDIVIDUAL, site, individual)
    return [Shared(seen_of(row), row["share"], row["spread_m2"]) for row in rows]


HOLDERS = "select distinct individual from identity_share where site_id = $1 and observation = any($2::uuid[])"


async def holders(database: Database, site: str, observations: Sequence[UUID]) -> frozenset[UUID]:
    """In whose tracks these observations are, with any share."""
    async with database.connection() as connection:
        rows = await connection.fetch(HOLDERS, site, list(observations))
    return frozenset(row["individual"] for row in rows)
