"""Reference data, every version of it. The newest version that nobody superseded is what holds now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import asyncpg
import msgspec

from hub.records.errors import Conflict, InvalidReference, NotFound, Stale
from hub.records.reference import Deployment, Device, Fence, Individual, Layer, Place, Reference, Versioned
from hub.store import log, merges
from hub.store.database import Connection, Database

R = TypeVar("R", bound=Versioned)
KINDS: dict[str, type[Reference]] = {
    "device": Device,
    "individual": Individual,
    "place": Place,
    "deployment": Deployment,
    "fence": Fence,
    "layer": Layer,
}
_NOUNS = {kind: noun for noun, kind in KINDS.items()}
# What is a column, not part of the body.
_COLUMNS = ("id", "site", "version", "recorded_at", "merged_into")


def noun_of(record: Versioned) -> str:
    """Name of a record's kind in the store and on the wire."""
    return _NOUNS[cast(type[Reference], type(record))]


LOCK = """
select version, deleted from reference
where site_id = $1 and noun = $2 and id = $3 and superseded_at is null for update"""
SUPERSEDE = """
update reference set superseded_at = clock_timestamp()
where site_id = $1 and noun = $2 and id = $3 and superseded_at is null"""
INSERT = """
insert into reference (site_id, noun, id, version, deleted, valid, body, recorded_by)
values ($1, $2, $3, $4, $5, $6, $7, $8) returning recorded_at"""


async def put(connection: Connection, record: R, *, expect: int | None, by: str) -> R:
    """Write the next version of a record. `expect`: the version that the caller edited, None = must be new.

    Raises Stale when somebody was first, Conflict when it contradicts another record (a device twice, a key twice),
    InvalidReference when it names a device or carrier that is not there.
    """
    noun = noun_of(record)
    if isinstance(record, Deployment):
        await _check_ends(connection, record)
    current = await connection.fetchrow(LOCK, record.site, noun, record.id)
    version: int = current["version"] if current else 0
    exists = current is not None and not current["deleted"]
    if (expect is None and exists) or (expect is not None and (not exists or expect != version)):
        raise Stale(f"{noun} {record.id} is at version {version if exists else 'none'}, you edited {expect}")
    if current is not None:
        await connection.execute(SUPERSEDE, record.site, noun, record.id)
    body = {k: v for k, v in msgspec.to_builtins(record).items() if k not in _COLUMNS}
    recorded_at = await connection.fetchval(
        INSERT, record.site, noun, record.id, version + 1, False, _valid(record), msgspec.json.encode(body), by
    )
    await log.record_change(connection, record.site, noun, [record.id])
    return msgspec.structs.replace(record, version=version + 1, recorded_at=recorded_at)


# Deployments are written beside one another; who ends a device or carrier waits for them, and they for it.
WRITING_DEPLOYMENT = "select pg_advisory_xact_lock_shared(hashtext('reference'), hashtext($1))"
ENDING_ITS_ENDS = "select pg_advisory_xact_lock(hashtext('reference'), hashtext($1))"
THERE = """
select noun, id from reference
where site_id = $1 and noun = any($2::text[]) and id = any($3::uuid[]) and superseded_at is null and not deleted"""
# People and vehicles have no records.
_CARRIERS = ("individual", "place")


async def _check_ends(connection: Connection, deployment: Deployment) -> None:
    await connection.execute(WRITING_DEPLOYMENT, deployment.site)
    wanted = {"device": ("device", deployment.device)}
    if deployment.carrier_kind in _CARRIERS:
        wanted["carrier"] = (deployment.carrier_kind, deployment.carrier)
    nouns, ids = zip(*wanted.values(), strict=True)
    rows = await connection.fetch(THERE, deployment.site, nouns, ids)
    there = {(row["noun"], row["id"]) for row in rows}
    missing = [
        {"field": field, "detail": f"there is no {end[0]} {end[1]} at site {deployment.site}: make it first"}
        for field, end in wanted.items()
        if end not in there
    ]
    if missing:
        raise InvalidReference("; ".join(f"{one['field']}: {one['detail']}" for one in missing), errors=missing)


def _valid(record: Versioned) -> asyncpg.Range[datetime]:
    if isinstance(record, Deployment):
        if record.valid_from and record.valid_to and record.valid_from >= record.valid_to:
            raise InvalidReference(f"deployment {record.id}: valid_from must be before valid_to")
        return asyncpg.Range(record.valid_from, record.valid_to)
    return asyncpg.Range(None, None)


DELETE = """
insert into reference (site_id, noun, id, version, deleted, valid, body, recorded_by)
select site_id, noun, id, version + 1, true, valid, body, $4 from reference
where site_id = $1 and noun = $2 and id = $3 order by version desc limit 1"""

USES = """
select d.id, coalesce(k.body ->> 'key', d.body ->> 'device') as device,
       coalesce(d.body ->> 'valid_from', 'ever') as since, coalesce(d.body ->> 'valid_to', 'now') as until
from reference d left join reference k on k.site_id = d.site_id and k.noun = 'device' and k.superseded_at is null
    and k.id = d.device_id
where d.site_id = $1 and d.noun = 'deployment' and d.superseded_at is null and not d.deleted
  and (($2 = 'device' and d.body ->> 'device' = $3)
       or ($2 = d.body ->> 'carrier_kind' and d.body ->> 'carrier' = $3))
order by d.id limit 5"""


async def delete(connection: Connection, site: str, noun: str, record_id: UUID, *, expect: int, by: str) -> None:
    """End a record: a last version that says so. Raises NotFound, Stale, or Conflict while a deployment names it."""
    if noun in ("device", *_CARRIERS):
        await connection.execute(ENDING_ITS_ENDS, site)
    current = await connection.fetchrow(LOCK, site, noun, record_id)
    if current is None or current["deleted"]:
        raise NotFound(f"no {noun} {record_id} at site {site}")
    if current["version"] != expect:
        raise Stale(f"{noun} {record_id} is at version {current['version']}, you saw {expect}")
    if uses := await connection.fetch(USES, site, noun, str(record_id)):
        named = ", ".join(f"{row['id']} ({row['device']}, from {row['since']} to {row['until']})" for row in uses)
        raise Conflict(
            f"{noun} {record_id} is in use: delete deployment {named} first; without its {noun} its past means nothing",
            deployments=[str(row["id"]) for row in uses],
        )
    if noun == "individual" and await merges.in_use(connection, site, record_id):
        raise Conflict(f"individual {record_id} is merged with another entry: take that back first")
    await connection.execute(SUPERSEDE, site, noun, record_id)
    await connection.execute(DELETE, site, noun, record_id, by)
    await log.record_change(connection, site, noun, [record_id])


ONE = """
select id, version, recorded_at, body from reference
where site_id = $1 and noun = $2 and id = $3 and superseded_at is null and not deleted"""


async def get(database: Database, site: str, noun: str, record_id: UUID) -> Reference:
    """The version that holds now; raises NotFound."""
    async with database.connection() as connection:
        row = await connection.fetchrow(ONE, site, noun, record_id)
    if row is None:
        raise NotFound(f"no {noun} {record_id} at site {site}")
    return _record(site, noun, row)


PAGE = """
select id, version, recorded_at, body from reference
where site_id = $1 and noun = $2 and superseded_at is null and not deleted and ($3::uuid is null or id > $3)
order by id limit $4"""


async def page(database: Database, site: str, noun: str, after: UUID | None, limit: int) -> list[Reference]:
    """Records in order of id, by keyset."""
    async with database.connection() as connection:
        rows = await connection.fetch(PAGE, site, noun, after, limit)
    return [_record(site, noun, row) for row in rows]


ALL = """
select noun, id, version, recorded_at, body from reference
where site_id = $1 and noun = any($2::text[]) and superseded_at is null and not deleted order by noun, id"""


ALL_HELD_AT = """
select * from (
    select distinct on (noun, id) noun, id, version, deleted, recorded_at, body from reference
    where site_id = $1 and noun = any($2::text[]) and recorded_at <= $3 order by noun, id, version desc) held
where not deleted order by noun, id"""


async def everything(
    database: Database, site: str, nouns: Sequence[str], as_of: datetime | None = None
) -> list[Reference]:
    """All records of some nouns that hold, or that held at a time, in one snapshot."""
    async with database.connection() as connection:
        asked = (ALL, site, list(nouns)) if as_of is None else (ALL_HELD_AT, site, list(nouns), as_of)
        rows = await connection.fetch(*asked)
    return [_record(site, row["noun"], row) for row in rows]


VERSIONS = """
select id, version, deleted, recorded_at, superseded_at, recorded_by, body from reference
where site_id = $1 and noun = $2 and id = $3 order by version"""


async def versions(database: Database, site: str, noun: str, record_id: UUID) -> list[dict[str, Any]]:
    """Every version of a record: what the hub believed, from when to when, by whom."""
    async with database.connection() as connection:
        rows = await connection.fetch(VERSIONS, site, noun, record_id)
    return [{**dict(row), "body": msgspec.json.decode(row["body"])} for row in rows]


AT_VERSION = """
select id, version, recorded_at, body from reference
where site_id = $1 and noun = $2 and id = $3 and version = $4 and not deleted"""


async def at_version(database: Database, site: str, noun: str, record_id: UUID, version: int) -> Reference | None:
    """One version of a record, whether it holds now or not; None if there is none."""
    async with database.connection() as connection:
        row = await connection.fetchrow(AT_VERSION, site, noun, record_id, version)
    return None if row is None else _record(site, noun, row)


HELD_AT = """
select distinct on (id) id, version, deleted, recorded_at, body from reference
where site_id = $1 and noun = $2 and recorded_at <= $3 order by id, version desc"""


async def as_of(database: Database, site: str, noun: str, moment: datetime) -> list[Reference]:
    """What the hub believed at a moment."""
    async with database.connection() as connection:
        rows = await connection.fetch(HELD_AT, site, noun, moment)
    return [_record(site, noun, row) for row in rows if not row["deleted"]]


THEN = """
with held as (
    select distinct on (id) id, version, deleted, recorded_at, body from reference
    where site_id = $1 and noun = $2 and recorded_at <= $3 order by id, version desc),
later as (
    select distinct on (r.id) r.id, r.version, r.deleted, r.recorded_at, r.body from reference r
    where r.site_id = $1 and r.noun = $2 and not exists (select from held h where h.id = r.id)
    and exists (
        select from reference n
        where n.site_id = $1 and n.noun = $2 and n.id = r.id and n.superseded_at is null and not n.deleted)
    order by r.id, r.version)
select id, version, recorded_at, body from held where not deleted union all
select id, version, recorded_at, body from later order by id"""


async def then(database: Database, site: str, noun: str, moment: datetime) -> list[Reference]:
    """What the hub believed at a moment; of what was written down later and still holds, the first version."""
    async with database.connection() as connection:
        rows = await connection.fetch(THEN, site, noun, moment)
    return [_record(site, noun, row) for row in rows]


def _record(site: str, noun: str, row: asyncpg.Record) -> Reference:
    body = msgspec.json.decode(row["body"])
    body |= {"id": row["id"], "site": site, "version": row["version"], "recorded_at": row["recorded_at"]}
    return msgspec.convert(body, KINDS[noun])
