"""Looks: what models saw in pictures, which pictures wait for one, and whose turn it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args
from uuid import UUID

from hub.records.medium import Medium
from hub.store import log, media
from hub.store.database import Connection, Database

NOUN = "look"
"""In the change log: another model's look at a picture counts now, or none does."""
Lane = Literal["live", "bulk", "again"]
LANES: tuple[Lane, ...] = get_args(Lane)
"""In the order in which they are looked at."""

_WAITS = "state = 'waiting' and kind <> 'mp4'"
_CAMERA = "site_id, coalesce(device, '') as camera"
# From one camera to the next by the index: the work grows with the cameras, not with what waits of each.
IN_TURN = f"""
with recursive camera as (
    (select {_CAMERA} from medium where live = $1 and {_WAITS} order by site_id, coalesce(device, '') limit 1)
    union all
    select n.* from camera c cross join lateral (
        select {_CAMERA} from medium
        where live = $1 and {_WAITS} and (site_id, coalesce(device, '')) > (c.site_id, c.camera)
        order by site_id, coalesce(device, '') limit 1) n
)
select {media.COLUMNS} from (
    select m.* from camera c cross join lateral (
        select *, row_number() over (order by received_at, id) as turn from (
            select * from medium
            where live = $1 and {_WAITS} and site_id = c.site_id and coalesce(device, '') = c.camera
              and not (id = any($2::uuid[]))
            order by received_at, id limit $3) oldest) m) each
order by turn, received_at, id limit $3"""


async def in_turn(database: Database, limit: int, *, live: bool, in_hand: Collection[UUID] = ()) -> list[Medium]:
    """What is to be looked at next: of each camera its oldest, then of each its second; without what is `in_hand`."""
    async with database.connection() as connection:
        return [media.medium_of(row) for row in await connection.fetch(IN_TURN, live, list(in_hand), limit)]


ASKED = f"""
select {media.COLUMNS} from medium
where look_again is not null and not (id = any($1::uuid[])) order by look_again, id limit $2"""


async def asked(database: Database, limit: int, *, in_hand: Collection[UUID] = ()) -> list[Medium]:
    """What somebody wants to be looked at again, first asked first."""
    async with database.connection() as connection:
        return [media.medium_of(row) for row in await connection.fetch(ASKED, list(in_hand), limit)]


ASK = """
update medium set look_again = clock_timestamp()
where site_id = $1 and taken_at >= $2 and taken_at < $3 and ($4::text is null or device = $4)
  and state in ('seen', 'partial', 'quarantined') and kind <> 'mp4' and looked_by is distinct from $5
  and look_again is null"""


async def ask(
    database: Database, site: str, since: datetime, until: datetime, device: str | None, model: str | None
) -> int:
    """Have pictures taken in [since, until) looked at again, but for those that `model` looked at last -> how many."""
    async with database.transaction() as connection:
        # The pictures themselves have not changed: nobody need be told.
        return int((await connection.execute(ASK, site, since, until, device, model)).split()[-1])


class LookRow(NamedTuple):
    """One look as columns, in the order of `ADD`."""

    medium: UUID
    model: str
    site: str
    state: str
    body: bytes
    thresholds: bytes


ADD = """
insert into look (medium_id, model, site_id, state, body, thresholds)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::jsonb[])
on conflict (medium_id, model) do nothing"""


async def add(connection: Connection, looks: Sequence[LookRow]) -> None:
    """Keep looks; one that is there by the same model stands."""
    if looks:
        await connection.execute(ADD, *map(list, zip(*looks, strict=True)))


BEGUN = """
select distinct on (medium_id) medium_id, model, site_id, state, body, thresholds from look
where medium_id = any($1::uuid[]) and (not settled or model = $2)
order by medium_id, settled, looked_at desc"""


async def begun(database: Database, pictures: Collection[UUID], model: str) -> dict[UUID, LookRow]:
    """Of pictures that are to be looked at, looks that need not be done again: not settled yet, or by this model."""
    async with database.connection() as connection:
        return {row["medium_id"]: LookRow(*row) for row in await connection.fetch(BEGUN, list(pictures), model)}


BEFORE = "select looked_by from medium where id = $1 for update"
SETTLED = "update look set settled = true where medium_id = $1 and model = $2"
DONE = "update medium set look_again = null where id = $1 and look_again is not null"


async def settle(connection: Connection, site: str, medium: UUID, what: media.LookedAt) -> bool:
    """The detections of a look are in the log: now the picture says who looked. False where it was erased meanwhile."""
    before = await connection.fetchval(BEFORE, medium)
    await connection.execute(SETTLED, medium, what.looked_by)
    await connection.execute(DONE, medium)
    if not await media.looked_at(connection, medium, what):
        return False
    if before is not None and before != what.looked_by:
        await log.record_change(connection, site, NOUN, [medium])
    return True


ALIKE = """
select id, width_px from medium
where site_id = $1 and device = $2 and id <> $3
  and taken_at between $4::timestamptz - $7::interval and $4::timestamptz + $7::interval
  and state in ('seen', 'partial') and preview_of is null and width_px <> $5
  and bit_count((perceptual_hash # $6)::bit(64)) <= $8
order by width_px desc, id limit 1"""
IS_PREVIEW = "update medium set preview_of = $2 where id = $1 and preview_of is null returning site_id"


async def find_preview(
    connection: Connection, medium: Medium, what: media.LookedAt, within: timedelta, bits: int
) -> None:
    """A small copy that a camera sent first, and the full picture: whichever came second, the full one counts."""
    at = what.taken_at or medium.taken_at
    if medium.device is None or what.perceptual_hash is None or what.width_px is None or at is None:
        return
    found = await connection.fetchrow(
        ALIKE, medium.site, medium.device, medium.id, at, what.width_px, what.perceptual_hash, within, bits
    )
    if found is None:
        return
    is_larger = found["width_px"] > what.width_px
    small, full = (medium.id, found["id"]) if is_larger else (found["id"], medium.id)
    if await connection.fetchval(IS_PREVIEW, small, full) is not None:
        await log.record_change(connection, medium.site, media.NOUN, [small])
        await log.record_change(connection, medium.site, NOUN, [small])


class Counting(NamedTuple):
    """Whose look at a picture counts; None: nobody's, or it is a small copy of another picture."""

    looked_by: str | None
    is_preview: bool


COUNTING = "select id, looked_by, preview_of is not null as is_preview from medium where id = any($1::uuid[])"
COUNTED = """
select m.id, (select model from look l where l.medium_id = m.id and l.looked_at <= $2
              order by l.looked_at desc, model limit 1) as looked_by, m.preview_of is not null as is_preview
from medium m where m.id = any($1::uuid[])"""


async def counting(
    database: Database, pictures: Collection[UUID], as_of: datetime | None = None
) -> dict[UUID, Counting]:
    """Whose look counts, of pictures that are here; or whose was the newest at a time."""
    if not pictures:
        return {}
    async with database.connection() as connection:
        asked = (COUNTING,) if as_of is None else (COUNTED,)
        rows = await connection.fetch(*asked, list(pictures), *(() if as_of is None else (as_of,)))
    return {row["id"]: Counting(row["looked_by"], row["is_preview"]) for row in rows}


class Boxes(NamedTuple):
    """How many boxes a model saw in a picture: from it follow the ids of the detections."""

    medium: UUID
    device: str | None
    taken_at: datetime
    model: str
    boxes: int


BOXES = """
select m.id, m.device, m.taken_at, l.model, jsonb_array_length(coalesce(l.body -> 'boxes', '[]')) as boxes
from medium m join look l on l.medium_id = m.id where m.id = any($1::uuid[]) and m.taken_at is not null
order by m.taken_at, m.id, l.model"""


async def boxes(database: Database, pictures: Collection[UUID]) -> list[Boxes]:
    """What all models saw in these pictures, as far as ids of detections follow from it."""
    if not pictures:
        return []
    async with database.connection() as connection:
        return [Boxes(*row) for row in await connection.fetch(BOXES, list(pictures))]


class Look(NamedTuple):
    """One look at a picture, to be read."""

    model: str
    state: str
    looked_at: datetime
    settled: bool
    body: bytes
    thresholds: bytes


OF = """
select model, state, looked_at, settled, body, thresholds from look
where site_id = $1 and medium_id = $2 order by looked_at, model"""


async def of(database: Database, site: str, medium: UUID) -> list[Look]:
    """All looks at a picture, the first one first."""
    async with database.connection() as connection:
        return [Look(*row) for row in await connection.fetch(OF, site, medium)]


class Waits(NamedTuple):
    """How many pictures of a site wait in a lane, and since when the oldest."""

    site: str
    lane: Lane
    pictures: int
    oldest: datetime


WAITING = f"""
select site_id, case when live then 'live' else 'bulk' end as lane, count(*), min(received_at)
from medium where {_WAITS} group by 1, 2
union all
select site_id, 'again', count(*), min(look_again) from medium where look_again is not null group by 1
order by 1, 2"""


async def waiting(database: Database) -> list[Waits]:
    """What waits at all sites."""
    async with database.connection() as connection:
        return [Waits(*row) for row in await connection.fetch(WAITING)]


MOST_COUNTED = 10_000
OF_SITE = f"""
select (select count(*) from (select from medium where site_id = $1 and live and {_WAITS} limit $2) a) as live,
       (select count(*) from (select from medium where site_id = $1 and not live and {_WAITS} limit $2) b) as bulk,
       (select count(*) from (select from medium where site_id = $1 and look_again is not null limit $2) c) as again,
       (select count(*) from (select from medium where site_id = $1 and state = 'quarantined' limit $2) d) as bad,
       least((select received_at from medium where live and {_WAITS} and site_id = $1 order by received_at limit 1),
             (select received_at from medium where not live and {_WAITS} and site_id = $1 order by received_at limit 1)
       ) as oldest"""


class OfSite(NamedTuple):
    """How many pictures of a site wait live, in bulk, and again, and cannot be read; since when the oldest waits."""

    live: int
    bulk: int
    again: int
    unreadable: int
    oldest: datetime | None


async def of_site(database: Database, site: str) -> OfSite:
    """How looking goes at a site; of each kind at most 10,000 are counted."""
    async with database.connection() as connection:
        row = await connection.fetchrow(OF_SITE, site, MOST_COUNTED)
    assert row is not None
    return OfSite(*row)


UNREADABLE = """
select site_id, coalesce(device, '') as device, count(*) from medium where state = 'quarantined' group by 1, 2
order by 3 desc, 1, 2 limit $1"""


async def unreadable(database: Database, most: int) -> list[tuple[str, str, int]]:
    """(site, camera, number) of pictures that could not be read, of the cameras with most of them."""
    async with database.connection() as connection:
        return [(row[0], row[1], row[2]) for row in await connection.fetch(UNREADABLE, most)]
