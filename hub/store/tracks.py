"""Versions of tracks and their segments; where the pipeline stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from hub.records.cursor import Cursor
from hub.records.finding import Subject
from hub.store.database import Connection, Database


class TrackVersion(NamedTuple):
    """Header of a track: what set of evidence and which configuration it is a function of."""

    subject: Subject
    version: int
    set_hash: bytes
    configuration: str
    points: int
    first_at: datetime
    last_at: datetime


class Segment(NamedTuple):
    """One month of a track as packed columns."""

    month: date
    first_at: datetime
    last_at: datetime
    columns: bytes


PUT = """
insert into track (site_id, subject_kind, subject_id, version, set_hash, configuration, points, first_at, last_at)
values ($1, $2, $3, 1, $4, $5, $6, $7, $8)
on conflict (site_id, subject_kind, subject_id) do update set
    version = track.version + 1, set_hash = excluded.set_hash, configuration = excluded.configuration,
    points = excluded.points, first_at = excluded.first_at, last_at = excluded.last_at,
    recorded_at = clock_timestamp()
where (track.set_hash, track.configuration) is distinct from (excluded.set_hash, excluded.configuration)"""
PUT_SEGMENT = """
insert into track_segment (site_id, subject_kind, subject_id, month, first_at, last_at, columns)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (site_id, subject_kind, subject_id, month) do update set
    first_at = excluded.first_at, last_at = excluded.last_at, columns = excluded.columns"""
PRUNE = """
delete from track_segment
where site_id = $1 and subject_kind = $2 and subject_id = $3 and not (month = any($4::date[]))"""


async def put(
    connection: Connection, site: str, moved: Sequence[tuple[TrackVersion, Sequence[Segment], Sequence[date]]]
) -> None:
    """Write new versions: of each its header, the segments that differ, and the months it has: others are deleted."""
    headers: list[tuple[Any, ...]] = []
    segments: list[tuple[Any, ...]] = []
    kept: list[tuple[Any, ...]] = []
    for track, changed, months in moved:
        key = (site, track.subject.kind, track.subject.id)
        headers.append((*key, track.set_hash, track.configuration, track.points, track.first_at, track.last_at))
        segments += [(*key, *segment) for segment in changed]
        kept.append((*key, months))
    await connection.executemany(PUT, headers)
    await connection.executemany(PUT_SEGMENT, segments)
    await connection.executemany(PRUNE, kept)


DROP = "delete from track where site_id = $1 and subject_kind = $2 and subject_id = $3"
DROP_SEGMENTS = "delete from track_segment where site_id = $1 and subject_kind = $2 and subject_id = $3"


async def drop(connection: Connection, site: str, subject: Subject) -> None:
    """Nothing is known of this subject any more (its deployment moved to another carrier)."""
    await connection.execute(DROP, site, subject.kind, subject.id)
    await connection.execute(DROP_SEGMENTS, site, subject.kind, subject.id)


HEADERS = """
select subject_kind, subject_id, version, set_hash, configuration, points, first_at, last_at from track
where site_id = $1 and ($2::uuid[] is null or subject_id = any($2)) order by subject_kind, subject_id"""


async def headers(database: Database, site: str, subjects: Sequence[UUID] | None = None) -> list[TrackVersion]:
    """Headers of all tracks, or of some subjects."""
    async with database.connection() as connection:
        rows = await connection.fetch(HEADERS, site, None if subjects is None else list(subjects))
    return [
        TrackVersion(
            Subject(kind=row["subject_kind"], id=row["subject_id"]),
            row["version"],
            row["set_hash"],
            row["configuration"],
            row["points"],
            row["first_at"],
            row["last_at"],
        )
        for row in rows
    ]


SEGMENTS = """
select subject_kind, subject_id, month, first_at, last_at, columns from track_segment
where site_id = $1 and ($2::uuid[] is null or subject_id = any($2)) and last_at >= $3 and first_at < $4
order by subject_kind, subject_id, month"""


async def segments(
    database: Database, site: str, subjects: Sequence[UUID] | None, since: datetime, until: datetime
) -> dict[Subject, list[Segment]]:
    """Segments that touch [since, until), in order of time, by subject."""
    found: dict[Subject, list[Segment]] = {}
    async with database.connection() as connection:
        rows = await connection.fetch(SEGMENTS, site, None if subjects is None else list(subjects), since, until)
    for row in rows:
        subject = Subject(kind=row["subject_kind"], id=row["subject_id"])
        segment = Segment(row["month"], row["first_at"], row["last_at"], row["columns"])
        found.setdefault(subject, []).append(segment)
    return found


READ_CURSOR = "select xid, seq, configuration from pipeline_cursor where site_id = $1"
MOVE_CURSOR = """
insert into pipeline_cursor (site_id, xid, seq, configuration) values ($1, $2, $3, $4)
on conflict (site_id) do update set xid = excluded.xid, seq = excluded.seq, configuration = excluded.configuration,
    moved_at = clock_timestamp()"""


async def read_cursor(database: Database, site: str) -> tuple[Cursor, str | None]:
    """Where the pipeline stands, and the configuration it stood under."""
    async with database.connection() as connection:
        row = await connection.fetchrow(READ_CURSOR, site)
    return (Cursor(row["xid"], row["seq"]), row["configuration"]) if row else (Cursor(), None)


async def move_cursor(connection: Connection, site: str, cursor: Cursor, configuration: str) -> None:
    """Everything up to here has been followed; in the transaction that saves what came of it."""
    await connection.execute(MOVE_CURSOR, site, cursor.xid, cursor.seq, configuration)


FORGET = (
    "delete from track where site_id = $1",
    "delete from track_segment where site_id = $1",
    "delete from followed_month where site_id = $1",
    "delete from pipeline_cursor where site_id = $1",
)


async def forget(connection: Connection, site: str) -> None:
    """Drop what is derived of a site's tracks; the pipeline builds it again from the log."""
    for statement in FORGET:
        await connection.execute(statement, site)


DIGEST = """
select coalesce(jsonb_object_agg(subject_kind || '/' || subject_id || '/' || month, md5(columns)), '{}') as digest
from track_segment where site_id = $1"""


async def digest(database: Database, site: str) -> Mapping[str, str]:
    """Hash of every stored segment: equal sets of observations give equal digests."""

    async with database.connection() as connection:
        return msgspec.json.decode(await connection.fetchval(DIGEST, site))


LAST_SEGMENTS = """
select distinct on (subject_kind, subject_id) subject_kind, subject_id, month, first_at, last_at, columns
from track_segment where site_id = $1 and first_at <= $2
order by subject_kind, subject_id, month desc"""


async def last_segments(database: Database, site: str, at: datetime) -> dict[Subject, Segment]:
    """Of each track, the segment that holds its last point at or before a time."""
    async with database.connection() as connection:
        rows = await connection.fetch(LAST_SEGMENTS, site, at)
    return {
        Subject(kind=row["subject_kind"], id=row["subject_id"]): Segment(
            row["month"], row["first_at"], row["last_at"], row["columns"]
        )
        for row in rows
    }
