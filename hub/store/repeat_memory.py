"""What a camera's memory of repeated boxes holds, by calendar month, and which months are to be gone through again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from hub.store.database import Connection, Database

ASK = """
insert into repeat_memory (site_id, device, month, asked_at)
select $1, $2, unnest($3::date[]), clock_timestamp()
on conflict (site_id, device, month) do update set asked_at = coalesce(repeat_memory.asked_at, excluded.asked_at)"""


async def ask(connection: Connection, site: str, device: str, months: Sequence[date]) -> None:
    """Pictures of these months came: go through them by and by."""
    if months:
        await connection.execute(ASK, site, device, list(months))


ASK_AGAIN = """
update repeat_memory set asked_at = coalesce(asked_at, clock_timestamp())
where site_id = $1 and device = $2 and jsonb_array_length(boxes) > 0
  and month between date_trunc('month', $3::timestamptz at time zone 'UTC') and $4::timestamptz at time zone 'UTC'"""


async def answered(connection: Connection, site: str, device: str, begins_at: datetime, ends_at: datetime) -> None:
    """A person said something of pictures of this span, or took it back: it may be about a box that repeats."""
    await connection.execute(ASK_AGAIN, site, device, begins_at, ends_at)


EMPTY = """
select distinct unnest(v.pictures) as picture from sequence_verdict v
where v.site_id = $1 and v.device = $2 and v.withdrawn_at is null and v.pictures && $3::uuid[]
  and v.said -> 0 ->> 'label' = 'blank'"""


async def called_empty(connection: Connection, site: str, device: str, pictures: Sequence[UUID]) -> set[UUID]:
    """Pictures of these on which, as a person said, nothing is."""
    return {row["picture"] for row in await connection.fetch(EMPTY, site, device, list(pictures))} & set(pictures)


class Asked(NamedTuple):
    """A camera's month that is to be gone through."""

    site: str
    device: str
    month: date


NEXT = """
select site_id, device, month from repeat_memory
where asked_at <= clock_timestamp() - $1::float8 * interval '1 second' order by asked_at limit 1"""


async def next_asked(database: Database, rest_s: float) -> Asked | None:
    """What was asked for at least so long ago, if anything."""
    async with database.connection() as connection:
        row = await connection.fetchrow(NEXT, rest_s)
    return None if row is None else Asked(*row)


BEGIN = """
update repeat_memory set asked_at = null where site_id = $1 and device = $2 and month = $3 returning boxes"""


async def begin(connection: Connection, asked: Asked) -> bytes:
    """What the month held so far; whoever asks from here on asks for another time."""
    return await connection.fetchval(BEGIN, asked.site, asked.device, asked.month)


class Boxed(NamedTuple):
    """A picture of the month: its time, light, hash, and boxes as [probability, x, y, width, height] of animals."""

    id: UUID
    taken_at: datetime
    infrared: bool
    hash: int
    boxes: bytes


BOXED = """
select m.id, m.taken_at, coalesce((m.facts ->> 'infrared')::boolean, false), coalesce(m.perceptual_hash, 0),
       coalesce((select jsonb_agg(jsonb_build_array(b -> 'probability', b -> 'x', b -> 'y', b -> 'width',
                                                   b -> 'height'))
                 from jsonb_array_elements(l.body -> 'boxes') b
                 where b ->> 'label' = 'animal' and (b ->> 'probability')::float8 >= 0.1), '[]') as boxes
from medium m join look l on l.medium_id = m.id and l.model = m.looked_by
where m.site_id = $1 and m.device = $2 and m.taken_at >= $3 and m.taken_at < $4 and m.preview_of is null
  and l.state <> 'unreadable'
order by m.taken_at, m.id"""


async def boxed(connection: Connection, site: str, device: str, since: datetime, until: datetime) -> list[Boxed]:
    """All pictures of a camera in [since, until) that were looked at, and where animals seemed to be on them."""
    return [Boxed(*row) for row in await connection.fetch(BOXED, site, device, since, until)]


KEEP = "update repeat_memory set boxes = $4 where site_id = $1 and device = $2 and month = $3"


async def keep(connection: Connection, asked: Asked, boxes: bytes) -> None:
    """What the month holds now."""
    await connection.execute(KEEP, asked.site, asked.device, asked.month, boxes)


HELD = "select month, boxes from repeat_memory where site_id = $1 and device = $2 and month = any($3::date[])"


async def held(connection: Connection, site: str, device: str, months: Sequence[date]) -> dict[date, bytes]:
    """What these months of a camera hold."""
    return {row["month"]: row["boxes"] for row in await connection.fetch(HELD, site, device, list(months))}


OF_SITE = """
select device, month, boxes from repeat_memory
where site_id = $1 and jsonb_array_length(boxes) > 0 order by month desc, device limit $2"""


async def of_site(database: Database, site: str, limit: int) -> list[tuple[str, date, bytes]]:
    """(camera, month, boxes) where any box repeats, the newest month first."""
    async with database.connection() as connection:
        return [(row[0], row[1], row[2]) for row in await connection.fetch(OF_SITE, site, limit)]
