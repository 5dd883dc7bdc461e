"""Tellings that wait: one row per alert version and recipient, leased while they are being delivered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hub.store.database import Connection, Database

# A push text carries no place: whoever reads it over a shoulder learns that something happened, not where. The subject
# of a detection is a place: the camera's name.
ENQUEUE = """
insert into outbox (site_id, alert_id, version, recipient_id, body)
select a.site_id, a.id, a.version, r.id, jsonb_build_object(
    'alert', a.id, 'version', a.version, 'state', a.state, 'severity', a.severity, 'kind', a.kind,
    'fence', a.fence_name, 'drill', s.drill,
    'subject', case when a.subject_kind = 'individual' or a.kind = 'present' then '' else a.subject_name end)
from alert a join site s on s.id = a.site_id
    join recipient r on r.site_id = a.site_id and r.gone_at is null and a.severity = any(r.severities)
where a.site_id = $1 and a.id = any($2::uuid[]) and (
    a.state = 'new' or exists (select from outbox o where o.alert_id = a.id and o.recipient_id = r.id))
on conflict do nothing"""


async def enqueue(connection: Connection, site: str, alerts: Sequence[UUID]) -> None:
    """New alerts go to those who asked for their severity; changes of one go to those who were told of it."""
    if alerts:
        await connection.execute(ENQUEUE, site, list(alerts))


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """One leased delivery."""

    id: int
    channel: str
    address: str
    recipient: UUID
    attempts: int
    body: dict[str, Any]


CLAIM = """
update outbox o set leased_until = $1 + interval '60 seconds', attempts = attempts + 1
from recipient r
where r.id = o.recipient_id and o.id in (
    select id from outbox where settled_at is null and due_at <= $1 and (leased_until is null or leased_until < $1)
    order by due_at, id limit $2 for update skip locked)
returning o.id, r.channel, r.address, r.id as recipient, o.attempts, o.body"""


async def claim(database: Database, now: datetime, limit: int) -> list[Telling]:
    """Lease what is due; an unsettled lease comes back after a minute."""
    async with database.connection() as connection:
        rows = await connection.fetch(CLAIM, now, limit)
    return [Telling(**{**dict(row), "body": msgspec.json.decode(row["body"])}) for row in rows]


UNSETTLED = "select count(*) from outbox where settled_at is null"


async def waiting(database: Database) -> int:
    """How many tellings are neither delivered nor given up."""
    async with database.connection() as connection:
        return await connection.fetchval(UNSETTLED)


SETTLE = "update outbox set settled_at = clock_timestamp(), outcome = $2 where id = $1"
RETRY = "update outbox set leased_until = null, due_at = $2, outcome = $3 where id = $1"
GONE = "update recipient set gone_at = clock_timestamp() where id = $1"


async def settle(database: Database, telling: int, outcome: str) -> None:
    """Delivered, or given up: not tried again."""
    async with database.connection() as connection:
        await connection.execute(SETTLE, telling, outcome)


async def retry(database: Database, telling: int, due_at: datetime, outcome: str) -> None:
    """Try again later."""
    async with database.connection() as connection:
        await connection.execute(RETRY, telling, due_at, outcome)


async def forget_recipient(database: Database, recipient: UUID) -> None:
    """The address is dead (an app that was removed); nothing more is sent there."""
    async with database.connection() as connection:
        await connection.execute(GONE, recipient)


ADD_RECIPIENT = """
insert into recipient (id, site_id, person_id, channel, address, severities) values ($1, $2, $3, $4, $5, $6)
on conflict (site_id, channel, address) do update set
    gone_at = null, person_id = excluded.person_id, severities = excluded.severities"""


async def add_recipient(
    database: Database,
    recipient: UUID,
    site: str,
    person: UUID | None,
    channel: str,
    address: str,
    severities: list[str],
) -> None:
    """Somebody wants to be told."""
    async with database.connection() as connection:
        await connection.execute(ADD_RECIPIENT, recipient, site, person, channel, address, severities)
