"""The append-only log of observations and the gap-free order of all changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hub.records.cursor import Cursor
from hub.store.database import Connection, Database


class Row(NamedTuple):
    """One observation as columns, ready to be appended. Order is that of `APPEND`."""

    id: UUID
    site_id: str
    device: str
    kind: str
    label: str | None
    observed_at: datetime
    received_at: datetime
    longitude: float | None
    latitude: float | None
    body: bytes
    door: str
    dialect: str
    address: str
    sender: str | None
    raw: bytes
    content: UUID


class Change(NamedTuple):
    """One entry of the change log."""

    cursor: Cursor
    noun: str
    id: UUID
    at: datetime | None


# The change log decides what is new (one row per observation id, whatever its time); only that enters the log.
_KEEP_NEW = """fresh as (
    insert into change_log (site_id, noun, id, at, content)
    select site_id, 'observation', id, observed_at, content from incoming
    on conflict (id) where noun = 'observation' do nothing
    returning id
), stored as (
    insert into observation (id, site_id, device, kind, label, observed_at, received_at, longitude, latitude, body,
                             door, dialect, address, sender, raw)
    select i.id, i.site_id, i.device, i.kind, i.label, i.observed_at, i.received_at, i.longitude, i.latitude, i.body,
           i.door, i.dialect, i.address, i.sender, i.raw
    from incoming i join fresh using (id)
)
select i.id from incoming i left join fresh using (id) where fresh.id is null"""
APPEND = (
    """
with incoming as materialized (
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
                         $7::timestamptz[], $8::float8[], $9::float8[], $10::jsonb[], $11::text[], $12::text[],
                         $13::text[], $14::text[], $15::bytea[], $16::uuid[])
        as t (id, site_id, device, kind, label, observed_at, received_at, longitude, latitude, body, door, dialect,
              address, sender, raw, content)
), """
    + _KEEP_NEW
)


async def append(connection: Connection, rows: Sequence[Row]) -> set[UUID]:
    """Append rows whose ids differ from one another; returns the ids that were there. Partitions must exist."""
    if not rows:
        return set()
    found = await connection.fetch(APPEND, *map(list, zip(*rows, strict=True)))
    return {row["id"] for row in found}


STAGE = """
create temp table if not exists incoming_rows (
    id uuid, site_id text, device text, kind text, label text, observed_at timestamptz, received_at timestamptz,
    longitude float8, latitude float8, body jsonb, door text, dialect text, address text, sender text, raw bytea,
    content uuid
) on commit delete rows"""
MERGE = "with incoming as not materialized (select * from incoming_rows), " + _KEEP_NEW


async def append_many(connection: Connection, rows: Sequence[Row]) -> set[UUID]:
    """Like `append`, by COPY and merge: faster above about 5,000 rows. Needs a transaction."""
    await connection.execute(STAGE)
    await connection.copy_records_to_table("incoming_rows", records=rows)
    return {row["id"] for row in await connection.fetch(MERGE)}


CONTENT = "select id, content from change_log where noun = 'observation' and id = any($1::uuid[])"


async def contents(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Content hashes of observations that are in the log."""
    return {row["id"]: row["content"] for row in await connection.fetch(CONTENT, ids)}


TIMES = "select id, at from change_log where noun = 'observation' and id = any($1::uuid[])"


async def times(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """`observed_at` of observations that are in the log."""
    return {row["id"]: row["at"] for row in await connection.fetch(TIMES, ids)}


async def ensure_month(database: Database, moment: datetime) -> None:
    """Make the partition that takes an observation of this time."""
    async with database.transaction() as connection:
        await connection.execute("select ensure_observation_month($1)", moment)


RECORD_CHANGE = "insert into change_log (site_id, noun, id) select $1, $2, unnest($3::uuid[])"


async def record_change(connection: Connection, site: str, noun: str, ids: Sequence[UUID]) -> None:
    """Tell every follower that these things changed, in the caller's transaction."""
    if ids:
        await connection.execute(RECORD_CHANGE, site, noun, ids)


CHANGES = """
select xid::text::bigint as xid_number, seq, noun, id, at from change_log
where site_id = $1 and (xid, seq) > ($2::text::xid8, $3) and xid < pg_snapshot_xmin(pg_current_snapshot())
  and ($5::text[] is null or noun = any($5))
order by xid, seq limit $4"""


async def changes(
    database: Database, site: str, after: Cursor, limit: int, nouns: Sequence[str] | None = None
) -> list[Change]:
    """Changes (of some nouns) after a cursor, in order, without gaps.

    A row is served once no older transaction can still commit.
    """
    async with database.connection() as connection:
        rows = await connection.fetch(CHANGES, site, str(after.xid), after.seq, limit, nouns)
    return [Change(Cursor(row["xid_number"], row["seq"]), row["noun"], row["id"], row["at"]) for row in rows]


HEAD = """
select xid::text::bigint as xid_number, seq from change_log
where site_id = $1 and xid < pg_snapshot_xmin(pg_current_snapshot())
  and ($2::text[] is null or noun = any($2))
order by xid desc, seq desc limit 1"""


async def head(database: Database, site: str, nouns: Sequence[str] | None = None) -> Cursor:
    """The newest place in a site's change log, as far as these nouns go, that a reader may have seen."""
    async with database.connection() as connection:
        row = await connection.fetchrow(HEAD, site, nouns)
    return Cursor(row["xid_number"], row["seq"]) if row else Cursor()


LAG = """
select count(*) as n, min(recorded_at) as oldest from (
    select recorded_at from change_log
    where site_id = $1 and (xid, seq) > ($2::text::xid8, $3)
      and ($4::text[] is null or noun = any($4))
    order by xid, seq limit 10000) behind"""


async def lag(
    database: Database, site: str, after: Cursor, nouns: Sequence[str] | None = None
) -> tuple[int, datetime | None]:
    """How many changes of these nouns wait behind a cursor (at most 10,000 are counted), and since when."""
    async with database.connection() as connection:
        row = await connection.fetchrow(LAG, site, str(after.xid), after.seq, nouns)
    assert row is not None
    return row["n"], row["oldest"]


# A dump carries transaction numbers of the cluster it was made in. In a younger cluster they lie in the future, and a
# reader of the log would wait for them for ever: they are told apart by `seq` alone from then on.
FROM_ANOTHER_CLUSTER = """
select exists (select from site s cross join lateral (
    select xid from change_log where site_id = s.id order by xid desc, seq desc limit 1) newest
    where newest.xid >= pg_current_xact_id())"""
RESTAMP = ("update change_log set xid = '3' where xid >= pg_current_xact_id()", "delete from pipeline_cursor")


async def settle_after_restore(database: Database) -> bool:
    """Make a log that was restored into another cluster readable; True when there was something to do."""
    async with database.transaction() as connection:
        if not await connection.fetchval(FROM_ANOTHER_CLUSTER):
            return False
        for statement in RESTAMP:
            await connection.execute(statement)
    return True
