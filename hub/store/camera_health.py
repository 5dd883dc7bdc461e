"""What a site's cameras sent lately: signs of life, batteries, what could not be read, what their days look like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from hub.store.database import Connection

# The last 28 days before the camera was heard last. Cards and files are brought by people, and looks are the hub's own:
# none is a sign of life. A camera whose clock was reset reports in the years of its factory, and lives.
REPORTS = """
with camera as (
    select device, greatest(
        (select observed_at from observation o
         where o.site_id = $1 and o.device = c.device and o.observed_at <= $3 and o.received_at <= $3
           and o.observed_at >= $3::timestamptz - interval '180 days' and o.door <> all($4::text[])
         order by o.observed_at desc limit 1),
        (select taken_at from medium m
         where m.site_id = $1 and m.device = c.device and m.taken_at <= $3 and m.received_at <= $3
           and m.taken_at >= $3::timestamptz - interval '180 days' and m.live
         order by m.taken_at desc limit 1)) as newest
    from unnest($2::text[]) as c (device)),
stretch as (select device, coalesce(newest, $3::timestamptz) - interval '30 days' as since from camera)
select device, array_agg(latest_s / 3600) from (
select s.device, max(extract(epoch from r.received_at)::float8) as latest_s
from stretch s cross join lateral (
    select received_at from observation o
    where o.site_id = $1 and o.device = s.device and o.observed_at >= s.since and o.observed_at <= $3
      and o.door <> all($4::text[])
    union all
    select received_at from observation o
    where o.site_id = $1 and o.device = s.device and o.observed_at < '2012-01-01' and o.received_at >= s.since
      and o.door <> all($4::text[])
    union all
    select received_at from medium m
    where m.site_id = $1 and m.device = s.device and m.live and m.received_at >= s.since
      and (m.taken_at is null or m.taken_at >= s.since)
) r
where r.received_at <= $3
group by s.device, floor(extract(epoch from r.received_at)::float8 / 3600)) by_hour
group by device"""
NO_SIGN = ("file", "card", "see")


async def reports(
    connection: Connection, site: str, cameras: Sequence[str], now: datetime
) -> list[tuple[str, list[float]]]:
    """(camera, the newest receipt of each hour in which something came, as hours since the epoch), in no order."""
    return [tuple(row) for row in await connection.fetch(REPORTS, site, list(cameras), now, NO_SIGN)]


BATTERIES = """
select c.device, b.value, b.observed_at from unnest($2::text[]) as c (device) cross join lateral (
    select (body ->> 'value')::float8 as value, observed_at from observation o
    where o.site_id = $1 and o.device = c.device and o.observed_at > $3::timestamptz - interval '14 days'
      and o.observed_at <= $3 and o.received_at <= $3
      and o.kind = 'reading' and o.body ->> 'quantity' = 'battery' and o.body ->> 'unit' = '%'
    order by o.observed_at desc, o.id limit 1) b"""


class Battery(NamedTuple):
    """The newest reading of a camera's battery, in percent."""

    camera: str
    percent: float
    observed_at: datetime


async def batteries(connection: Connection, site: str, cameras: Sequence[str], now: datetime) -> list[Battery]:
    """Of the last fourteen days."""
    return [Battery(*row) for row in await connection.fetch(BATTERIES, site, list(cameras), now)]


UNREADABLE = """
with bad as (
    select device, count(*) as bad from medium
    where site_id = $1 and device = any($2) and state = 'quarantined'
      and received_at > $3::timestamptz - interval '7 days' and received_at <= $3
    group by device)
select device, bad, (
    select count(*) from medium m
    where m.site_id = $1 and m.device = bad.device and m.received_at > $3::timestamptz - interval '7 days'
      and m.received_at <= $3
      and m.state in ('seen', 'partial', 'quarantined')) as looked_at
from bad"""


async def unreadable(
    connection: Connection, site: str, cameras: Sequence[str], now: datetime
) -> list[tuple[str, int, int]]:
    """(camera, pictures of the last seven days that could not be read, those looked at), where any could not."""
    return [tuple(row) for row in await connection.fetch(UNREADABLE, site, list(cameras), now)]


# A few pictures show what a day looks like.
DAYS = """
select c.device, extract(epoch from d.day)::bigint / 86400, p.infrared, p.perceptual_hash
from unnest($2::text[]) as c (device)
cross join generate_series(date_trunc('day', $3::timestamptz, 'UTC') - interval '29 days',
                           date_trunc('day', $3::timestamptz, 'UTC'), interval '1 day') as d (day)
cross join lateral (
    select coalesce((m.facts ->> 'infrared')::boolean, false) as infrared, m.perceptual_hash from medium m
    where m.site_id = $1 and m.device = c.device and m.taken_at >= d.day and m.taken_at < d.day + interval '1 day'
      and m.received_at <= $3 and m.perceptual_hash is not null and m.state <> 'erased' and m.preview_of is null
    order by m.taken_at, m.id limit 5) p"""


async def days(
    connection: Connection, site: str, cameras: Sequence[str], now: datetime
) -> list[tuple[str, int, bool, int]]:
    """(camera, day since 1970, infrared, hash) of at most five pictures of each of the last thirty days."""
    return [tuple(row) for row in await connection.fetch(DAYS, site, list(cameras), now)]
