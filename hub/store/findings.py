"""Findings: standing ones, and those that late data took back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from hub.records.finding import Finding, Subject
from hub.store.database import Connection, Database

ADD = """
insert into finding (id, site_id, subject_kind, subject_id, kind, fence_id, fence_version, observed_from, observed_to,
                     crossed_at, earliest_at, latest_at, decided_at, probability, longitude, latitude, evidence, detail,
                     other_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
on conflict (id) where retracted_at is null do nothing"""


async def add(connection: Connection, findings: Sequence[Finding]) -> None:
    """Let findings stand; one that stands already stays as it is."""
    await connection.executemany(
        ADD,
        [
            (
                f.id,
                f.site,
                f.subject.kind,
                f.subject.id,
                f.kind,
                f.fence,
                f.fence_version,
                f.observed_from,
                f.observed_to,
                f.crossed_at,
                f.earliest_at,
                f.latest_at,
                f.decided_at,
                f.probability,
                f.longitude,
                f.latitude,
                list(f.evidence),
                msgspec.json.encode(f.detail),
                f.other,
            )
            for f in findings
        ],
    )


RETRACT = """
update finding set retracted_at = clock_timestamp(), cause = $2
where id = any($1::uuid[]) and retracted_at is null"""


async def retract(connection: Connection, ids: Sequence[UUID], cause: str) -> None:
    """Take findings back; they stay readable, with the cause."""
    if ids:
        await connection.execute(RETRACT, list(ids), cause)


OF_SUBJECT = """
select * from finding where site_id = $1 and subject_id = $2 and subject_kind = $3 and retracted_at is null
  and kind <> 'encounter'
  and decided_at >= coalesce($4::timestamptz, '-infinity')
order by crossed_at, id"""


async def of_subject(database: Database, site: str, subject: Subject, since: datetime | None = None) -> list[Finding]:
    """What stands about a subject alone, of what was decided by observations at or after a time (None: ever)."""
    async with database.connection() as connection:
        return [_finding(row) for row in await connection.fetch(OF_SUBJECT, site, subject.id, subject.kind, since)]


PAGE = """
select * from finding
where site_id = $1 and retracted_at is null and crossed_at >= $2 and crossed_at < $3
  and ($4::uuid is null or fence_id = $4) and ($5::uuid is null or subject_id = $5 or other_id = $5)
  and ($6::timestamptz is null or (crossed_at, id) > ($6, $7::uuid))
order by crossed_at, id limit $8"""


async def page(
    database: Database,
    site: str,
    *,
    since: datetime,
    until: datetime,
    fence: UUID | None,
    subject: UUID | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Finding]:
    """Standing findings of [since, until) in order of time, by keyset."""
    at, last = after or (None, None)
    async with database.connection() as connection:
        rows = await connection.fetch(PAGE, site, since, until, fence, subject, at, last, limit)
    return [_finding(row) for row in rows]


OF_FENCES = """
select distinct subject_kind, subject_id from finding
where site_id = $1 and fence_id = any($2::uuid[]) and retracted_at is null"""


async def subjects_of(database: Database, site: str, fences: Sequence[UUID]) -> list[Subject]:
    """Of whom something stands at any of these fences."""
    async with database.connection() as connection:
        rows = await connection.fetch(OF_FENCES, site, list(fences))
    return [Subject(kind=row["subject_kind"], id=row["subject_id"]) for row in rows]


GOING_ON = """
select * from finding
where site_id = $1 and kind in ('immobility', 'wrong_deployment') and retracted_at is null
  and (detail -> 'is_open')::boolean order by id"""


async def going_on(database: Database, site: str) -> list[Finding]:
    """Stays and doubtful collars that are not over."""
    async with database.connection() as connection:
        return [_finding(row) for row in await connection.fetch(GOING_ON, site)]


MET = """
select * from finding
where site_id = $1 and kind = 'encounter' and retracted_at is null and (subject_id = $2 or other_id = $2)"""


async def encounters_of(database: Database, site: str, individual: UUID) -> list[Finding]:
    """All standing encounters of an individual."""
    async with database.connection() as connection:
        return [_finding(row) for row in await connection.fetch(MET, site, individual)]


BY_IDS = "select distinct on (id) * from finding where id = any($1::uuid[]) order by id, recorded_at desc"


async def by_ids(database: Database, ids: Sequence[UUID]) -> list[Finding]:
    """Findings by id, standing or taken back."""
    async with database.connection() as connection:
        return [_finding(row) for row in await connection.fetch(BY_IDS, list(ids))]


def _finding(row: asyncpg.Record) -> Finding:
    return Finding(
        id=row["id"],
        site=row["site_id"],
        subject=Subject(kind=row["subject_kind"], id=row["subject_id"]),
        kind=row["kind"],
        fence=row["fence_id"],
        fence_version=row["fence_version"],
        observed_from=row["observed_from"],
        observed_to=row["observed_to"],
        crossed_at=row["crossed_at"],
        earliest_at=row["earliest_at"],
        latest_at=row["latest_at"],
        decided_at=row["decided_at"],
        probability=row["probability"],
        longitude=row["longitude"],
        latitude=row["latitude"],
        evidence=tuple(row["evidence"]),
        other=row["other_id"],
        detail=msgspec.json.decode(row["detail"]),
    )
