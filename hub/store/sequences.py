"""Sequences as they were computed: what is to be computed again, from what, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from hub.records import sequence as records
from hub.records.errors import NotFound
from hub.store import log
from hub.store.database import Connection, Database

NOUN = "sequence"
_entries = msgspec.json.Decoder(tuple[records.SequenceEntry, ...]).decode
encode = msgspec.json.Encoder(order="deterministic").encode

# As the index says it.
_STALE = """looked_by is not null and device is not null and taken_at is not null
      and ((preview_of is null and sequenced is distinct from looked_by)
        or (preview_of is not null and sequenced is not null))"""


class Unsequenced(NamedTuple):
    """A picture whose sequence is to be computed (again)."""

    id: UUID
    site: str
    device: str
    taken_at: datetime
    looked_by: str
    is_preview: bool


NEXT = f"""
select site_id, device from medium where {_STALE} and (site_id, device) > ($1, $2)
order by site_id, device, taken_at, id limit 1"""
OF_CAMERA = f"""
select id, site_id, device, taken_at, looked_by, preview_of is not null as is_preview
from medium where site_id = $1 and device = $2 and {_STALE} order by taken_at, id limit $3"""


async def unsequenced(database: Database, most: int, after: tuple[str, str] = ("", "")) -> list[Unsequenced]:
    """The earliest pictures of one camera that has any to be computed; empty where none has.

    Cameras take turns: it is the next one after (site, camera), and after the last the first.
    """
    async with database.connection() as connection:
        camera = await connection.fetchrow(NEXT, *after) or await connection.fetchrow(NEXT, "", "")
        if camera is None:
            return []
        return [Unsequenced(*row) for row in await connection.fetch(OF_CAMERA, *camera, most)]


COUNT = f"select count(*) from (select from medium where site_id = $1 and {_STALE} limit $2) counted"


async def count_unsequenced(database: Database, site: str, most: int = 10_000) -> int:
    """How many pictures of a site wait to be put into sequences; at most so many are counted."""
    async with database.connection() as connection:
        return await connection.fetchval(COUNT, site, most)


ALONE = "select pg_advisory_xact_lock(hashtextextended($1 || chr(31) || $2, 17))"
AROUND = """
select least(min(begins_at), $3::timestamptz - $5::interval) as since,
       greatest(max(ends_at), $4::timestamptz + $5::interval) as until
from picture_sequence
where site_id = $1 and device = $2 and begins_at <= $4::timestamptz + $5::interval
  and ends_at >= $3::timestamptz - $5::interval"""


async def around(
    connection: Connection, site: str, device: str, first: datetime, last: datetime, gap: timedelta
) -> tuple[datetime, datetime]:
    """The span of all sequences that pictures of [first, last] may belong to; alone with this camera from here on."""
    await connection.execute(ALONE, site, device)
    row = await connection.fetchrow(AROUND, site, device, first, last, gap)
    assert row is not None
    return row["since"], row["until"]


class Looked(NamedTuple):
    """A picture with the look that counts, and what a classifier said of its cut-outs."""

    id: UUID
    taken_at: datetime
    looked_by: str
    infrared: bool
    sharpness: float
    body: bytes
    second: bytes | None


# Pictures of a card that know no time came at once, and were not taken at once: they are no sequence.
LOOKED = """
select m.id, m.taken_at, m.looked_by, coalesce((m.facts ->> 'infrared')::boolean, false) as infrared,
       coalesce((m.facts ->> 'sharpness')::float8, 0) as sharpness, l.body,
       (select s.body from second_look s where s.medium_id = m.id and s.reason = 'classify'
        order by s.looked_at desc, s.model limit 1) as second
from medium m join look l on l.medium_id = m.id and l.model = m.looked_by
where m.site_id = $1 and m.device = $2 and m.taken_at between $3 and $4 and m.preview_of is null
  and l.state <> 'unreadable' and (m.live or m.time_method is distinct from 'received')
order by m.taken_at, m.id"""


async def looked(connection: Connection, site: str, device: str, since: datetime, until: datetime) -> list[Looked]:
    """Pictures of a camera from `since` to `until`, both included, that were looked at."""
    return [Looked(*row) for row in await connection.fetch(LOOKED, site, device, since, until)]


GONE = """
delete from picture_sequence
where site_id = $1 and device = $2 and begins_at <= $4 and ends_at >= $3 and id <> all($5::uuid[]) returning id"""
PUT = """
insert into picture_sequence as s (site_id, id, device, begins_at, ends_at, pictures, bursts, infrared, entries, labels,
    sure, reasons, value, target, audited, judged_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
on conflict (site_id, id) do update set
    begins_at = excluded.begins_at, ends_at = excluded.ends_at, pictures = excluded.pictures,
    bursts = excluded.bursts, infrared = excluded.infrared, entries = excluded.entries, labels = excluded.labels,
    sure = excluded.sure, reasons = excluded.reasons, value = excluded.value, target = excluded.target,
    audited = excluded.audited, judged_by = excluded.judged_by, computed_at = clock_timestamp(),
    version = s.version + ((s.pictures, s.entries) is distinct from (excluded.pictures, excluded.entries))::int
where (s.ends_at, s.pictures, s.entries, s.reasons, s.value, s.target, s.audited, s.judged_by) is distinct from
      (excluded.ends_at, excluded.pictures, excluded.entries, excluded.reasons, excluded.value, excluded.target,
       excluded.audited, excluded.judged_by)
returning id"""


async def put(
    connection: Connection,
    site: str,
    device: str,
    since: datetime,
    until: datetime,
    found: Sequence[records.Sequence],
) -> None:
    """Make these the sequences of a camera in a span; whoever follows is told of those that changed."""
    changed = [row["id"] for row in await connection.fetch(GONE, site, device, since, until, [s.id for s in found])]
    for one in found:
        key = await connection.fetchval(
            PUT,
            site,
            one.id,
            device,
            one.begins_at,
            one.ends_at,
            list(one.pictures),
            one.bursts,
            one.infrared,
            encode(one.entries),
            [entry.label for entry in one.entries],
            [entry.probability for entry in one.entries],
            list(one.reasons),
            one.value,
            one.target,
            one.audited,
            one.judged_by,
        )
        if key is not None:
            changed.append(key)
    await log.record_change(connection, site, NOUN, changed)


DONE = """
update medium m set sequenced = t.looked_by
from unnest($1::uuid[], $2::text[]) as t (id, looked_by)
where m.id = t.id and m.sequenced is distinct from t.looked_by"""


async def done(connection: Connection, computed: Sequence[tuple[UUID, str | None]]) -> None:
    """These pictures were computed from these looks; a look that came meanwhile asks for it again."""
    if computed:
        # In one order, as whoever else changes several pictures at once.
        await connection.execute(DONE, *map(list, zip(*sorted(computed), strict=True)))


AGAIN = """
update medium set sequenced = null, coated = null
where id = any($1::uuid[]) and (sequenced is not null or coated is not null)"""


async def again(connection: Connection, pictures: Collection[UUID]) -> None:
    """Have the sequences of these pictures computed again."""
    if pictures:
        await connection.execute(AGAIN, sorted(pictures))


COLUMNS = """s.id, s.site_id as site, s.device, s.begins_at, s.ends_at, s.version, s.pictures, s.bursts, s.infrared,
    s.entries, s.reasons, s.value, s.target, s.audited, s.judged_by, s.computed_at"""
ONE = f"select {COLUMNS} from picture_sequence s where s.site_id = $1 and s.id = $2"


async def get(database: Database, site: str, key: UUID) -> records.Sequence:
    """One sequence; raises NotFound."""
    async with database.connection() as connection:
        row = await connection.fetchrow(ONE, site, key)
    if row is None:
        raise NotFound(f"no sequence {key} at site {site}; an earlier picture that came late gives it another id")
    return sequence_of(row)


def sequence_of(row: asyncpg.Record) -> records.Sequence:
    """A row with `COLUMNS`."""
    return records.Sequence(
        id=row["id"],
        site=row["site"],
        device=row["device"],
        begins_at=row["begins_at"],
        ends_at=row["ends_at"],
        version=row["version"],
        pictures=tuple(row["pictures"]),
        bursts=row["bursts"],
        infrared=row["infrared"],
        entries=_entries(row["entries"]),
        reasons=tuple(row["reasons"]),
        value=row["value"],
        target=row["target"],
        audited=row["audited"],
        judged_by=row["judged_by"],
        computed_at=row["computed_at"],
    )
