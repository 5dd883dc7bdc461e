"""Sessions of people, keys of machines, and the audit of what they read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import bcrypt
import msgspec

from hub.records.errors import InvalidReference, NotFound
from hub.records.person import Caller, Role
from hub.store.database import Connection, Database

# As `hub.embedded.nats_configuration.subject_of` reads topics.
FORBIDDEN_IN_TOPICS = re.compile(r"[+#*>$\s]|^/|/$")

OPEN_SESSION = "insert into session (token_hash, person_id, expires_at) values ($1, $2, $3)"
SWEEP = "delete from session where expires_at < clock_timestamp()"


async def open_session(connection: Connection, token_hash: bytes, person: UUID, expires_at: datetime) -> None:
    """Remember a login; forget those that ended."""
    await connection.execute(SWEEP)
    await connection.execute(OPEN_SESSION, token_hash, person, expires_at)


BY_SESSION = """
select p.id, p.name, array_agg(r.site_id) as sites, array_agg(r.role) as roles
from session s join person p on p.id = s.person_id join person_role r on r.person_id = p.id
where s.token_hash = $1 and s.expires_at > clock_timestamp() and p.active group by p.id"""


async def by_session(database: Database, token_hash: bytes) -> Caller | None:
    """Who holds this session, if it is alive."""
    async with database.connection() as connection:
        row = await connection.fetchrow(BY_SESSION, token_hash)
    if row is None:
        return None
    sites = dict(zip(row["sites"], row["roles"], strict=True))
    return Caller(id=row["id"], name=row["name"], sites=sites, session=token_hash)


CLOSE_SESSION = "delete from session where token_hash = $1"


async def close_session(database: Database, token_hash: bytes) -> None:
    """Log out."""
    async with database.connection() as connection:
        await connection.execute(CLOSE_SESSION, token_hash)


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A machine's key, without the key. `device`: it may only append for this device."""

    id: UUID
    name: str
    site: str
    role: Role
    device: str | None
    made_at: datetime
    revoked_at: datetime | None


ADD_KEY = """
insert into api_key (id, token_hash, broker_hash, name, site_id, role, device) values ($1, $2, $3, $4, $5, $6, $7)"""


async def add_key(
    connection: Connection, key: UUID, token: str, *, name: str, site: str, role: Role, device: str | None
) -> None:
    """Keep the hashes of a new key. That of a device works at the MQTT broker as well; raises InvalidReference."""
    broker_hash = None
    if device is not None:
        if FORBIDDEN_IN_TOPICS.search(device) or device.count("/") > 1 or not device.isprintable():
            raise InvalidReference(
                f"device {device!a} cannot have a key: its name becomes part of an MQTT topic, where + # * > $, "
                "blanks, characters that cannot be seen and more than one / mean something else"
            )
        # The token is 256 random bits: nobody guesses it, so the slowest bcrypt would only slow the broker down.
        broker_hash = bcrypt.hashpw(token.encode(), bcrypt.gensalt(4)).decode()
    token_hash = hashlib.sha256(token.encode()).digest()
    await connection.execute(ADD_KEY, key, token_hash, broker_hash, name, site, role, device)


class DeviceKey(msgspec.Struct, frozen=True, kw_only=True):
    """A living key that its device may use at the broker."""

    site: str
    device: str
    broker_hash: str


DEVICE_KEYS = """
select distinct on (site_id, device) site_id as site, device, broker_hash from api_key
where device is not null and broker_hash is not null and revoked_at is null
order by site_id, device, made_at desc"""


async def device_keys(database: Database) -> list[DeviceKey]:
    """The newest living key of each device."""
    async with database.connection() as connection:
        return [DeviceKey(**row) for row in await connection.fetch(DEVICE_KEYS)]


BY_KEY = "select id, name, site_id, role, device from api_key where token_hash = $1 and revoked_at is null"


async def by_key(database: Database, token_hash: bytes) -> Caller | None:
    """Which machine holds this key, if it is not revoked."""
    async with database.connection() as connection:
        row = await connection.fetchrow(BY_KEY, token_hash)
    if row is None:
        return None
    return Caller(
        id=row["id"], name=row["name"], sites={row["site_id"]: row["role"]}, machine=True, device=row["device"]
    )


SESSIONS_NOW = """
select s.token_hash, array_agg(r.site_id) as sites, array_agg(r.role) as roles
from session s join person p on p.id = s.person_id join person_role r on r.person_id = p.id
where s.token_hash = any($1::bytea[]) and s.expires_at > clock_timestamp() and p.active group by s.token_hash"""
KEYS_NOW = "select id, site_id, role from api_key where id = any($1::uuid[]) and revoked_at is null"


async def as_now(database: Database, callers: Sequence[Caller]) -> list[Caller | None]:
    """The same callers with the roles that they have now; None: logged out, expired, revoked or deactivated."""
    if not callers:
        return []
    sessions = [caller.session for caller in callers if caller.session is not None]
    keys = [caller.id for caller in callers if caller.session is None]
    roles: dict[bytes | UUID, dict[str, Role]] = {}
    async with database.connection() as connection:
        if sessions:
            for row in await connection.fetch(SESSIONS_NOW, sessions):
                roles[row["token_hash"]] = dict(zip(row["sites"], row["roles"], strict=True))
        if keys:
            for row in await connection.fetch(KEYS_NOW, keys):
                roles[row["id"]] = {row["site_id"]: row["role"]}
    held = [roles.get(caller.session or caller.id) for caller in callers]
    return [
        None if sites is None else msgspec.structs.replace(caller, sites=sites)
        for caller, sites in zip(callers, held, strict=True)
    ]


KEYS = """
select id, name, site_id as site, role, device, made_at, revoked_at from api_key where site_id = $1 order by id"""


async def keys(database: Database, site: str) -> list[ApiKey]:
    """All keys of a site."""
    async with database.connection() as connection:
        return [ApiKey(**row) for row in await connection.fetch(KEYS, site)]


REVOKE = "update api_key set revoked_at = clock_timestamp() where site_id = $1 and id = $2 and revoked_at is null"


async def revoke_key(database: Database, site: str, key: UUID) -> None:
    """End a key; raises NotFound."""
    async with database.connection() as connection:
        if await connection.execute(REVOKE, site, key) == "UPDATE 0":
            raise NotFound(f"no living API key {key} at site {site}")


AUDIT = "insert into audit (site_id, who, what, detail) values ($1, $2, $3, $4)"


async def audit(database: Database, site: str | None, who: str, what: str, **detail: Any) -> None:
    """Write down who did or read what."""
    async with database.connection() as connection:
        await connection.execute(AUDIT, site, who, what, msgspec.json.encode(detail))


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the audit."""

    seq: int
    at: datetime
    who: str
    what: str
    detail: dict[str, Any]


AUDIT_PAGE = """
select seq, at, who, what, detail from audit
where site_id = $1 and ($2::bigint is null or seq < $2) order by seq desc limit $3"""


async def audit_page(database: Database, site: str, before: int | None, limit: int) -> list[AuditEntry]:
    """Newest first, by keyset."""
    async with database.connection() as connection:
        rows: list[asyncpg.Record] = await connection.fetch(AUDIT_PAGE, site, before, limit)
    return [AuditEntry(**{**dict(row), "detail": msgspec.json.decode(row["detail"])}) for row in rows]
