"""Pictures on their way, in pieces: each piece is committed before it is acknowledged."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from hub.records.errors import Conflict, NotFound, Unavailable
from hub.records.medium import Door
from hub.store.database import Connection, Database


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a picture before it is whole.

    `owner`: who may go on with it, over HTTP. `size`: of the whole, over HTTP; `pieces`: of the whole, over MQTT.
    `medium`: what it became; `code` and `reason`: why it became nothing.
    """

    id: UUID
    site: str
    door: Door
    address: str
    sender: str | None
    owner: UUID | None = None
    device: str | None
    live: bool
    name: str = ""
    told_at: datetime | None = None
    size: int | None = None
    pieces: int | None = None
    made_at: datetime
    expires_at: datetime
    medium: UUID | None = None
    code: str | None = None
    reason: str | None = None

    @property
    def is_done(self) -> bool:
        """Did it become something, or was it refused?"""
        return self.medium is not None or self.code is not None


class Piece(msgspec.Struct, frozen=True):
    """A part of it. `place`: offset over HTTP, number from 1 over MQTT. `sealed`: None once the whole is kept."""

    place: int
    size: int
    digest: bytes
    sealed: bytes | None


COLUMNS = """id, site_id as site, door, address, sender, owner, device, live, name, told_at, size, pieces, made_at,
    expires_at, medium_id as medium, code, reason"""
BEGIN = """
insert into upload (id, site_id, door, address, sender, owner, device, live, name, told_at, size, pieces, made_at,
                    expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict (id) do nothing"""


async def begin(connection: Connection, upload: Upload) -> None:
    """Note one; one that is there stands."""
    one = upload
    await connection.execute(
        BEGIN,
        one.id,
        one.site,
        one.door,
        one.address,
        one.sender,
        one.owner,
        one.device,
        one.live,
        one.name,
        one.told_at,
        one.size,
        one.pieces,
        one.made_at,
        one.expires_at,
    )


ONE = f"select {COLUMNS} from upload where site_id = $1 and id = $2"


async def get(database: Database, site: str, upload: UUID) -> Upload:
    """One; raises NotFound."""
    async with database.connection() as connection:
        row = await connection.fetchrow(ONE, site, upload)
    if row is None:
        raise NotFound(f"no upload {upload} at site {site}: it never was, or its time is over")
    return Upload(**row)


HOLD = f"select {COLUMNS} from upload where id = $1 for update"


async def hold(connection: Connection, upload: UUID) -> Upload:
    """One, which nobody else changes before the transaction ends; raises NotFound."""
    row = await connection.fetchrow(HOLD, upload)
    if row is None:
        raise NotFound(f"no upload {upload}: it never was, or its time is over")
    return Upload(**row)


OPEN = "select count(*) from upload where site_id = $1 and owner = $2 and medium_id is null and code is null"


async def count_open(database: Database, site: str, owner: UUID) -> int:
    """How many somebody has begun and not finished."""
    async with database.connection() as connection:
        return await connection.fetchval(OPEN, site, owner)


OFFSET = "select place + size from upload_piece where upload_id = $1 order by place desc limit 1"


async def offset(connection: Connection, upload: UUID) -> int:
    """How many bytes have come, over HTTP."""
    return await connection.fetchval(OFFSET, upload) or 0


ADD = "insert into upload_piece (upload_id, place, size, digest, sealed) values ($1, $2, $3, $4, $5)"


async def add(connection: Connection, upload: UUID, piece: Piece) -> None:
    """A piece; raises Conflict where that place is taken."""
    try:
        await connection.execute(ADD, upload, piece.place, piece.size, piece.digest, piece.sealed)
    except asyncpg.UniqueViolationError:
        raise Conflict(f"place {piece.place} of upload {upload} is taken") from None


DIGEST = "select digest from upload_piece where upload_id = $1 and place = $2"


async def digest_at(connection: Connection, upload: UUID, place: int) -> bytes | None:
    """SHA-256 of the piece at a place, if there is one."""
    return await connection.fetchval(DIGEST, upload, place)


COUNT = "select count(*) from upload_piece where upload_id = $1"


async def count(connection: Connection, upload: UUID) -> int:
    """How many pieces there are."""
    return await connection.fetchval(COUNT, upload)


PLACES = "select place from upload_piece where upload_id = $1 order by place"
SEALED = "select sealed from upload_piece where upload_id = $1 and place = $2"


async def pieces(database: Database, upload: UUID) -> AsyncGenerator[tuple[int, bytes]]:
    """(place, sealed) in order, one at a time: a video is too large. Raises Unavailable if it is ended meanwhile."""
    async with database.connection() as connection:
        places = [row["place"] for row in await connection.fetch(PLACES, upload)]
    for place in places:
        async with database.connection() as connection:
            sealed = await connection.fetchval(SEALED, upload, place)
        if sealed is None:
            raise Unavailable("somebody else has finished it meanwhile")
        yield place, sealed


BECAME = "update upload set medium_id = $2, code = $3, reason = $4 where id = $1"
EMPTY = "update upload_piece set sealed = null where upload_id = $1"


async def became(connection: Connection, upload: UUID, medium: UUID | None, code: str | None, reason: str) -> None:
    """It is whole, and kept or refused: its bytes need not stand here. Hashes stay until its time is over."""
    await connection.execute(BECAME, upload, medium, code, reason or None)
    await connection.execute(EMPTY, upload)


FORGET = "delete from upload where id = $1"


async def forget(connection: Connection, upload: UUID) -> None:
    """It, and its pieces."""
    await connection.execute(FORGET, upload)


OVER = f"select {COLUMNS} from upload where expires_at < $1 order by expires_at limit $2"


async def over(database: Database, moment: datetime, limit: int) -> list[Upload]:
    """Those whose time is over."""
    async with database.connection() as connection:
        return [Upload(**row) for row in await connection.fetch(OVER, moment, limit)]


WHOLE = f"""
select {COLUMNS} from upload u where medium_id is null and code is null and (
    (door = 'http' and size = (select place + p.size from upload_piece p where upload_id = u.id
                               order by place desc limit 1))
    or (door = 'mqtt' and pieces = (select count(*) from upload_piece where upload_id = u.id)))
limit $1"""


async def whole(database: Database, limit: int) -> Sequence[Upload]:
    """All of it is here, and it became nothing yet: a hub was killed in between."""
    async with database.connection() as connection:
        return [Upload(**row) for row in await connection.fetch(WHOLE, limit)]
