"""Pictures and videos: what they are, by which doors they came, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from hub.records.errors import NotFound
from hub.records.medium import Delivery, Medium, MediumState
from hub.store import log
from hub.store.database import Connection, Database

NOUN = "medium"
COLUMNS = """id, site_id, sha256, kind, bytes, device, live, received_at, recorded_at, state, reason, camera_time,
    taken_at, persons, time_method, width_px, height_px, facts, preview_of, perceptual_hash, kept_until, looked_by,
    name"""

# Whoever takes or sweeps the same bytes waits for the other one: what is about to be referred to is not swept away.
LOCK = "select pg_advisory_xact_lock_shared($1, $2)"
LOCK_ALONE = "select pg_advisory_xact_lock($1, $2)"
_LOCKS = 0x3ED1


async def lock(connection: Connection, sha256: bytes, *, alone: bool = False) -> None:
    """Until the transaction ends, nobody removes these bytes (`alone`: nobody takes them either)."""
    await connection.execute(LOCK_ALONE if alone else LOCK, _LOCKS, int.from_bytes(sha256[:4], "big", signed=True))


INSERT = """
insert into medium (id, site_id, sha256, kind, bytes, device, live, received_at, taken_at, time_method, name)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (id) do nothing returning id"""
# What waits in bulk and comes live as well is looked at as early as what came live alone.
AGAIN = """
update medium set live = live or $2, device = coalesce(device, $3)
where id = $1 and state = 'waiting' and ((not live and $2) or (device is null and $3::text is not null))"""
DELIVERED = """
insert into medium_delivery (id, medium_id, site_id, door, address, sender, device, live, received_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do update set times = medium_delivery.times + 1"""
STATE = "select state from medium where id = $1"


async def add(connection: Connection, medium: Medium, delivery: Delivery) -> tuple[bool, MediumState]:
    """Note a medium and how it came -> (is it new, its state). A change is told only of a new one."""
    one, by = medium, delivery
    new = await connection.fetchval(
        INSERT,
        one.id,
        one.site,
        one.sha256,
        one.kind,
        one.bytes,
        one.device,
        one.live,
        one.received_at,
        one.taken_at,
        one.time_method,
        one.name,
    )
    if new is None:
        await connection.execute(AGAIN, one.id, one.live, one.device)
    else:
        await log.record_change(connection, one.site, NOUN, [one.id])
    await connection.execute(
        DELIVERED, by.id, by.medium, by.site, by.door, by.address, by.sender, by.device, by.live, by.received_at
    )
    return new is not None, await connection.fetchval(STATE, one.id)


ONE = f"select {COLUMNS} from medium where site_id = $1 and id = $2"


async def get(database: Database, site: str, medium: UUID) -> Medium:
    """One; raises NotFound."""
    async with database.connection() as connection:
        row = await connection.fetchrow(ONE, site, medium)
    if row is None:
        raise NotFound(f"no medium {medium} at site {site}")
    return medium_of(row)


WAITING = f"""
select {COLUMNS} from medium where state = 'waiting' and not (id = any($1::uuid[])) and (live or not $2)
order by live desc, received_at, id limit $3"""


async def waiting(
    database: Database, limit: int, *, in_hand: Sequence[UUID] = (), live_only: bool = False
) -> list[Medium]:
    """What is to be looked at next, of all sites: live before bulk, oldest first; without what is `in_hand`."""
    async with database.connection() as connection:
        return [medium_of(row) for row in await connection.fetch(WAITING, list(in_hand), live_only, limit)]


COUNT_WAITING = """
select count(*) filter (where live) as live, count(*) filter (where not live) as bulk, min(received_at) as oldest
from medium where state = 'waiting' and site_id = $1"""


async def count_waiting(database: Database, site: str) -> tuple[int, int, datetime | None]:
    """(live, bulk, since when the oldest waits)."""
    async with database.connection() as connection:
        row = await connection.fetchrow(COUNT_WAITING, site)
    assert row is not None
    return row["live"], row["bulk"], row["oldest"]


class LookedAt(msgspec.Struct, frozen=True, kw_only=True):
    """What a look says of the medium itself."""

    state: MediumState
    looked_by: str
    reason: str | None = None
    camera_time: datetime | None = None
    taken_at: datetime | None = None
    time_method: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    facts: dict[str, Any] = {}
    perceptual_hash: int | None = None
    kept_until: datetime | None = None


# What was erased meanwhile stays erased.
LOOKED = """
update medium set state = $2, looked_by = $3, reason = $4, camera_time = coalesce($5, camera_time),
    taken_at = coalesce($6, taken_at), time_method = coalesce($7, time_method), width_px = coalesce($8, width_px),
    height_px = coalesce($9, height_px), facts = $10, perceptual_hash = coalesce($11, perceptual_hash),
    kept_until = $12,
    persons = persons or exists (
        select from look l cross join lateral jsonb_array_elements(l.body -> 'boxes') b
        where l.medium_id = $1 and b ->> 'label' = 'person'
          and (b ->> 'probability')::float8 >= coalesce((l.thresholds ->> 'show')::float8, 0) / 2)
where id = $1 and state <> 'erased' returning site_id"""


async def looked_at(connection: Connection, medium: UUID, look: LookedAt) -> bool:
    """Note what a look says of a medium, and tell of the change; False where it was erased meanwhile."""
    site = await connection.fetchval(
        LOOKED,
        medium,
        look.state,
        look.looked_by,
        look.reason,
        look.camera_time,
        look.taken_at,
        look.time_method,
        look.width_px,
        look.height_px,
        look.facts,
        look.perceptual_hash,
        look.kept_until,
    )
    if site is None:
        return False
    await log.record_change(connection, site, NOUN, [medium])
    return True


DELIVERIES = """
select id, medium_id as medium, site_id as site, door, address, sender, device, live, received_at, recorded_at, times
from medium_delivery where medium_id = $1 order by received_at, id"""


async def deliveries(database: Database, medium: UUID) -> list[Delivery]:
    """All ways by which it came, in order."""
    async with database.connection() as connection:
        return [Delivery(**row) for row in await connection.fetch(DELIVERIES, medium)]


KEPT = "select exists (select from medium where sha256 = $1 and state <> 'erased')"


async def is_kept(connection: Connection, sha256: bytes) -> bool:
    """Does any site keep these bytes?"""
    return await connection.fetchval(KEPT, sha256)


ERASED = "select exists (select from medium where id = $1 and state = 'erased')"


async def is_erased(connection: Connection, medium: UUID) -> bool:
    """Was it here, and is not kept any more?"""
    return await connection.fetchval(ERASED, medium)


def medium_of(row: asyncpg.Record) -> Medium:
    """A row of `COLUMNS`."""
    fields = dict(row)
    return Medium(site=fields.pop("site_id"), facts=msgspec.json.decode(fields.pop("facts")), **fields)
