"""Reading the log of observations."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from hub.records.observation import Observation, Stored
from hub.store.database import Connection, Database

_decode = msgspec.json.Decoder(Observation).decode


class Seen(NamedTuple):
    """An observation as the pipeline reads it."""

    id: UUID
    device: str
    observed_at: datetime
    received_at: datetime
    observation: Observation


BY_ID = """
select id, device, observed_at, received_at, body from observation
where id = any($1::uuid[]) and observed_at between $2 and $3"""


async def by_ids(database: Database, keys: Sequence[tuple[UUID, datetime]]) -> list[Seen]:
    """Observations by id; their times bound the partitions that are searched."""
    if not keys:
        return []
    times = [at for _, at in keys]
    async with database.connection() as connection:
        rows = await connection.fetch(BY_ID, [key for key, _ in keys], min(times), max(times))
    return [seen_of(row) for row in rows]


# The nil uuid and infinity make open ends, so that one plan serves all.
OF_DEVICE = """
select id, device, observed_at, received_at, body from observation
where site_id = $1 and device = $2
  and observed_at >= coalesce($3::timestamptz, '-infinity') and observed_at < coalesce($4::timestamptz, 'infinity')
  and recorded_at <= coalesce($5::timestamptz, 'infinity')
order by observed_at, id"""


async def of_device(
    database: Database,
    site: str,
    device: str,
    valid_from: datetime | None,
    valid_to: datetime | None,
    as_of: datetime | None = None,
) -> list[Seen]:
    """What a device said in [valid_from, valid_to), in canonical order. Open ends are None.

    as_of: only what was in the log at that time, here and below.
    """
    async with database.connection() as connection:
        return [seen_of(row) for row in await connection.fetch(OF_DEVICE, site, device, valid_from, valid_to, as_of)]


COUNT_OF_DEVICES = """
select count(*) from (
    select from observation where site_id = $1 and device = any($2::text[]) and recorded_at <= $3 limit $4) counted"""


async def count_of_devices(database: Database, site: str, devices: Sequence[str], as_of: datetime, most: int) -> int:
    """How much some devices had said at a time; counts no farther than `most`."""
    async with database.connection() as connection:
        return await connection.fetchval(COUNT_OF_DEVICES, site, list(devices), as_of, most)


READINGS = """
select id, device, observed_at, received_at, body from observation
where site_id = $1 and device = $2 and kind = 'reading'
  and observed_at >= coalesce($3::timestamptz, '-infinity') and observed_at < coalesce($4::timestamptz, 'infinity')
order by observed_at, id"""


async def readings(
    database: Database, site: str, device: str, valid_from: datetime | None, valid_to: datetime | None
) -> list[Seen]:
    """What a device measured in [valid_from, valid_to), in canonical order. Open ends are None."""
    async with database.connection() as connection:
        return [seen_of(row) for row in await connection.fetch(READINGS, site, device, valid_from, valid_to)]


# From one device to the next by the index: the work grows with the devices, not with what they said.
DEVICES = """
with recursive spoke (device) as (
    (select device from observation where site_id = $1 order by device limit 1)
    union all
    select (select device from observation o where site_id = $1 and o.device > spoke.device order by device limit 1)
    from spoke where spoke.device is not null
) select device from spoke where device is not null"""
# A query of its own: the one above reads nothing but its index.
DEVICES_AS_OF = "select distinct device from observation where site_id = $1 and recorded_at <= $2"


async def devices(database: Database, site: str, as_of: datetime | None = None) -> list[str]:
    """Keys of all devices that ever spoke, known or not."""
    async with database.connection() as connection:
        asked = (DEVICES, site) if as_of is None else (DEVICES_AS_OF, site, as_of)
        return [row["device"] for row in await connection.fetch(*asked)]


def seen_of(row: asyncpg.Record) -> Seen:
    """A row (id, device, observed_at, received_at, body) as the pipeline reads it."""
    return Seen(row["id"], row["device"], row["observed_at"], row["received_at"], _decode(row["body"]))


def as_seen(stored: Stored) -> Seen:
    """An observation of a page as the pipeline reads it."""
    said = stored.observation
    return Seen(stored.id, said.device, said.observed_at, stored.received_at, said)


class Spot(NamedTuple):
    """A usable fix as a map draws it; `uncertainty_m` None where the sender gave none."""

    id: UUID
    observed_at: datetime
    longitude: float
    latitude: float
    uncertainty_m: float | None


# Every k-th fix and the last one: a map of a week needs no fix of every ten seconds.
TRAJECTORY = """
select id, observed_at, longitude, latitude, (body ->> 'uncertainty_m')::float8 as uncertainty_m from (
    select *, row_number() over (order by observed_at, id) as k, count(*) over () as n from observation
    where site_id = $1 and device = $2 and observed_at >= $3 and observed_at < $4 and kind = 'fix'
      and longitude is not null and not coalesce(body -> 'flags' ?| $5::text[], false)
      and recorded_at <= coalesce($7::timestamptz, 'infinity')) numbered
where k % ((n - 1) / $6 + 1) = 0 or k = n order by observed_at, id"""


async def trajectory(
    database: Database,
    site: str,
    device: str,
    since: datetime,
    until: datetime,
    unusable: Sequence[str],
    most: int,
    as_of: datetime | None = None,
) -> list[Spot]:
    """Usable fixes of a device in [since, until), in order; about `most` of them, evenly thinned, if there are more."""
    async with database.connection() as connection:
        rows = await connection.fetch(TRAJECTORY, site, device, since, until, list(unusable), most, as_of)
    return [Spot(**row) for row in rows]


PAGE = """
select id, site_id, received_at, recorded_at, observed_at, body from observation
where site_id = $1 and observed_at >= $2 and observed_at < $3 and ($4::text is null or device = $4)
  and ($5::timestamptz is null or (observed_at, id) > ($5, $6::uuid))
  and ($7::text[] is null or kind = any($7)) and recorded_at <= coalesce($8::timestamptz, 'infinity')
order by observed_at, id limit $9"""


async def page(
    database: Database,
    site: str,
    *,
    since: datetime,
    until: datetime,
    device: str | None,
    kinds: Sequence[str] | None,
    known_at: datetime | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Stored]:
    """Observations of [since, until) in order of time, by keyset. `known_at`: as the hub knew it then."""
    at, last = after or (None, None)
    async with database.connection() as connection:
        rows = await connection.fetch(PAGE, site, since, until, device, at, last, kinds, known_at, limit)
    return [
        Stored(
            id=row["id"],
            site=row["site_id"],
            received_at=row["received_at"],
            recorded_at=row["recorded_at"],
            observation=_decode(row["body"]),
        )
        for row in rows
    ]


LATEST = """
select o.id, o.device, o.observed_at, o.received_at, o.body
from unnest($2::text[], $3::timestamptz[]) as d (device, since) cross join lateral (
    select * from observation
    where site_id = $1 and device = d.device and observed_at <= $4 and observed_at >= d.since
      and kind = any($5::text[]) and (longitude is not null or kind <> 'fix')
      and not (kind = 'fix' and coalesce(body -> 'flags' ?| $6::text[], false))
      and recorded_at <= coalesce($7::timestamptz, 'infinity')
    order by observed_at desc, id desc limit 1) o"""


async def latest(
    database: Database,
    site: str,
    devices: Mapping[str, datetime],
    at: datetime,
    kinds: Sequence[str],
    unusable: Sequence[str],
    as_of: datetime | None = None,
) -> list[Seen]:
    """The last thing that each device said in [its time, at]; a fix counts with a place that can be believed."""
    keys, since = list(devices), list(devices.values())
    async with database.connection() as connection:
        rows = await connection.fetch(LATEST, site, keys, since, at, list(kinds), list(unusable), as_of)
    return [seen_of(row) for row in rows]


RECORDED_AT = "select recorded_at from observation where site_id = $1 and id = $2 and observed_at = $3"


async def recorded_at(database: Database, site: str, key: UUID, observed_at: datetime) -> datetime:
    """When an observation that is in the log was there first."""
    async with database.connection() as connection:
        return await connection.fetchval(RECORDED_AT, site, key, observed_at)


RAW = "select raw, dialect, address, door from observation where site_id = $1 and id = $2 and observed_at = $3"


async def raw(database: Database, site: str, key: UUID, observed_at: datetime) -> asyncpg.Record | None:
    """The bytes that said it, and how they came."""
    async with database.connection() as connection:
        return await connection.fetchrow(RAW, site, key, observed_at)


ACTIVITY = """
select width_bucket(extract(epoch from observed_at), $4, $5, $6) as bin, count(*) as n
from observation where site_id = $1 and observed_at >= $2 and observed_at < $3 group by bin"""


async def activity(database: Database, site: str, since: datetime, until: datetime, bins: int) -> list[int]:
    """Observations per equal slice of [since, until)."""
    counts = [0] * bins
    async with database.connection() as connection:
        rows = await connection.fetch(ACTIVITY, site, since, until, since.timestamp(), until.timestamp(), bins)
    for row in rows:
        if 1 <= row["bin"] <= bins:
            counts[row["bin"] - 1] = row["n"]
    return counts


FRESHNESS = """
select max(received_at) as received_at, max(observed_at) as observed_at,
       count(*) filter (where received_at > $2) as recent
from observation where site_id = $1 and observed_at > $2"""


class Freshness(NamedTuple):
    """When something was received and observed last, and how many observations were received, since a time."""

    received_at: datetime | None
    observed_at: datetime | None
    recent: int


async def freshness(database: Database, site: str, since: datetime) -> Freshness:
    """How fresh a site's log is, of what was observed after `since`."""
    async with database.connection() as connection:
        row = await connection.fetchrow(FRESHNESS, site, since)
    assert row is not None
    return Freshness(row["received_at"], row["observed_at"], row["recent"])


MONTHS = """
select to_timestamp(right(inhrelid::regclass::text, 7) || ' +00', 'YYYY_MM TZH') as month from pg_inherits
where inhparent = 'observation'::regclass order by month desc"""
NEWEST = """
select max(observed_at) from observation
where site_id = $1 and observed_at >= $2 and observed_at < $2 + interval '32 days'"""


async def newest(database: Database, site: str) -> datetime | None:
    """When the newest of all observations of a site was observed: month by month back, to the first that has any."""
    async with database.connection() as connection:
        for row in await connection.fetch(MONTHS):
            if (found := await connection.fetchval(NEWEST, site, row["month"])) is not None:
                return found
    return None


COUNT_BY_DIALECT = """
select dialect, kind, count(*) as n from observation where site_id = $1 group by dialect, kind order by dialect, kind"""


async def counts(database: Database, site: str) -> list[tuple[str, str, int]]:
    """(dialect, kind, number) of everything in a site's log."""
    async with database.connection() as connection:
        return [(r["dialect"], r["kind"], r["n"]) for r in await connection.fetch(COUNT_BY_DIALECT, site)]


EXPORT = """
select id, site_id, received_at, recorded_at, body from observation
where site_id = $1 and observed_at >= $2 and observed_at < $3 order by observed_at, id"""


async def stream(connection: Connection, site: str, since: datetime, until: datetime) -> AsyncGenerator[Stored]:
    """All observations of [since, until), one by one, with a server-side cursor. Needs a transaction."""
    async for row in connection.cursor(EXPORT, site, since, until, prefetch=1000):
        yield Stored(
            id=row["id"],
            site=row["site_id"],
            received_at=row["received_at"],
            recorded_at=row["recorded_at"],
            observation=_decode(row["body"]),
        )
