"""Reading pictures for those who look at them: pages, what was seen in them, and whether an alert rests on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hub.records.medium import Medium
from hub.store.database import Database
from hub.store.media import COLUMNS, medium_of
from hub.store.observations import Seen, seen_of

PAGE = f"""
select {COLUMNS} from medium m
where site_id = $1 and taken_at >= $2 and taken_at < $3 and preview_of is null
  and ($4::text is null or device = $4) and ($5::text is null or state = $5)
  and ($6::text is null or exists (
      select from look l cross join lateral jsonb_array_elements(l.body -> 'boxes') b
      where l.medium_id = m.id and l.model = m.looked_by and b ->> 'label' = $6
        and (b ->> 'probability')::float8 >= coalesce((l.thresholds ->> 'show')::float8, 0)))
  and ($7::timestamptz is null or (taken_at, id) < ($7, $8::uuid))
order by taken_at desc, id desc limit $9"""


async def page(
    database: Database,
    site: str,
    since: datetime,
    until: datetime,
    *,
    device: str | None,
    state: str | None,
    label: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Medium]:
    """Pictures taken in [since, until), newest first, by keyset; small copies of others are left out."""
    at, last = after or (None, None)
    async with database.connection() as connection:
        rows = await connection.fetch(PAGE, site, since, until, device, state, label, at, last, limit)
    return [medium_of(row) for row in rows]


class Look(NamedTuple):
    """A look at a picture, or at a small or larger copy of it. `body` and `thresholds` as they are kept."""

    medium: UUID
    of: UUID
    model: str
    body: bytes
    thresholds: bytes


LOOKS = """
select m.id as medium, l.medium_id as of, l.model, l.body, l.thresholds
from medium m join medium c on c.id = m.id or c.id = m.preview_of or c.preview_of = m.id
join look l on l.medium_id = c.id
where m.id = any($1::uuid[]) and l.state <> 'unreadable' order by m.id, l.looked_at, l.model"""


async def looks(database: Database, pictures: Collection[UUID]) -> list[Look]:
    """What every model saw in these, and in copies of them."""
    async with database.connection() as connection:
        return [Look(*row) for row in await connection.fetch(LOOKS, list(pictures))]


SAID = """
select o.id, o.device, o.observed_at, o.received_at, o.body, p.id as medium
from unnest($2::uuid[], $3::text[], $4::timestamptz[]) as p (id, device, at)
join observation o on o.site_id = $1 and o.device = p.device and o.observed_at = p.at
where o.kind in ('detection', 'sighting') and o.body ->> 'media' = p.id::text
order by o.observed_at, o.id"""


async def said(
    database: Database, site: str, pictures: Sequence[tuple[UUID, str, datetime]]
) -> list[tuple[UUID, Seen]]:
    """What the log says of pictures (id, device, time): detections and sightings that name them."""
    if not pictures:
        return []
    columns = [list(column) for column in zip(*pictures, strict=True)]
    async with database.connection() as connection:
        return [(row["medium"], seen_of(row)) for row in await connection.fetch(SAID, site, *columns)]


# A finding of a detection stands at the detection's time.
ALERTED = """
select exists (
    select from finding f join alert a on a.finding_id = f.id and a.site_id = f.site_id
    where f.site_id = $1 and f.retracted_at is null and a.state <> 'retracted' and f.evidence && $2::uuid[]
      and f.crossed_at between $3::timestamptz - interval '1 day' and $3::timestamptz + interval '1 day')"""


async def is_alerted(database: Database, site: str, observations: Collection[UUID], at: datetime) -> bool:
    """Does an alert that stands rest on one of these observations of about this time?"""
    if not observations:
        return False
    async with database.connection() as connection:
        return await connection.fetchval(ALERTED, site, list(observations), at)
