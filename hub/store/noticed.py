"""Reading what was noticed: detections and sightings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from hub.store.database import Database
from hub.store.observations import Seen, seen_of

OF_SPAN = """
select id, device, observed_at, received_at, body from observation
where site_id = $1 and kind in ('detection', 'sighting') and observed_at >= $2 and observed_at < $3
  and recorded_at <= coalesce($7::timestamptz, 'infinity')
order by greatest($5::timestamptz - observed_at, observed_at - $6::timestamptz, interval '0'), observed_at desc, id desc
limit $4"""


async def of_span(
    database: Database,
    site: str,
    since: datetime,
    until: datetime,
    most: int,
    core: tuple[datetime, datetime] | None = None,
    as_of: datetime | None = None,
) -> list[Seen]:
    """Detections and sightings of [since, until); of more than `most` those of [core) first, then what is nearest.

    as_of: only what was in the log at that time, here and below.
    """
    inner = core or (since, until)
    async with database.connection() as connection:
        return [seen_of(row) for row in await connection.fetch(OF_SPAN, site, since, until, most, *inner, as_of)]


MONTHS = """
select distinct date_trunc('month', observed_at at time zone 'UTC')::date as month from observation
where site_id = $1 and kind in ('detection', 'sighting') and not coalesce(body -> 'flags' ?| $2::text[], false)"""


async def months(database: Database, site: str, unusable: Sequence[str]) -> list[date]:
    """Months (UTC) in which anything was noticed, by clocks that can be believed."""
    async with database.connection() as connection:
        return [row["month"] for row in await connection.fetch(MONTHS, site, list(unusable))]


NEAR = """
select distinct o.id, o.device, o.observed_at, o.received_at, o.body
from unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) as d (device, since, until) cross join lateral (
    select * from observation
    where site_id = $1 and device = d.device and observed_at between d.since and d.until
      and kind in ('detection', 'sighting')) o
order by o.observed_at, o.id"""


async def near(database: Database, site: str, seen: Sequence[Seen], within: timedelta) -> list[Seen]:
    """What the devices of some detections and sightings noticed that near to them in time, those among it."""
    devices = [one.device for one in seen]
    since, until = [one.observed_at - within for one in seen], [one.observed_at + within for one in seen]
    async with database.connection() as connection:
        return [seen_of(row) for row in await connection.fetch(NEAR, site, devices, since, until)]


HEARD_DAYS = """
select count(distinct (observed_at at time zone 'UTC')::date) from observation
where site_id = $1 and kind in ('detection', 'sighting') and observed_at > $2 and observed_at <= $3"""


async def heard_days(database: Database, site: str, since: datetime, until: datetime) -> int:
    """Days (UTC) of (since, until] on which anything was detected or sighted at a site."""
    async with database.connection() as connection:
        return await connection.fetchval(HEARD_DAYS, site, since, until)


NEWEST = """
select observed_at from observation
where site_id = $1 and kind in ('detection', 'sighting') and not coalesce(body -> 'flags' ?| $2::text[], false)
  and recorded_at <= coalesce($3::timestamptz, 'infinity')
order by observed_at desc limit 1"""


async def newest(
    database: Database, site: str, unusable: Sequence[str], as_of: datetime | None = None
) -> datetime | None:
    """When something was detected or sighted last, by clocks that can be believed."""
    async with database.connection() as connection:
        return await connection.fetchval(NEWEST, site, list(unusable), as_of)


NAMED_BY = """
select distinct body ->> 'individual' as name from observation
where site_id = $1 and device = any($2::text[]) and kind in ('detection', 'sighting') and body ? 'individual'"""


async def named_by(database: Database, site: str, devices: Sequence[str]) -> list[str]:
    """Names of individuals in what some devices detected."""
    if not devices:
        return []
    async with database.connection() as connection:
        return [row["name"] for row in await connection.fetch(NAMED_BY, site, list(devices))]
