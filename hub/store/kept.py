"""How long pictures are kept, and that they were erased."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from hub.records.medium import Medium
from hub.store import log
from hub.store.database import Connection, Database
from hub.store.media import COLUMNS, NOUN, medium_of

# The setting of today holds for pictures of yesterday too.
PROMISE = """
update medium set kept_until = received_at + $1::interval
where persons and state <> 'erased' and kept_until is distinct from received_at + $1::interval"""


async def promise(database: Database, days: timedelta | None) -> None:
    """Note until when pictures of persons are kept; None: for ever."""
    async with database.connection() as connection:
        await connection.execute(PROMISE, days)


OVER = f"""
select {COLUMNS} from medium
where persons and state in ('seen', 'partial') and kept_until <= $1
  and ($2::timestamptz is null or (received_at, id) > ($2, $3::uuid))
order by received_at, id limit $4"""


async def over(database: Database, moment: datetime, after: tuple[datetime, UUID] | None, limit: int) -> list[Medium]:
    """Pictures whose time is over, oldest first, by keyset."""
    at, last = after or (None, None)
    async with database.connection() as connection:
        return [medium_of(row) for row in await connection.fetch(OVER, moment, at, last, limit)]


COPIES = f"""
select {COLUMNS} from medium m
where id = $1 or preview_of = $1 or id = (select preview_of from medium where id = $1)"""


async def copies(database: Database, medium: UUID) -> list[Medium]:
    """It, the small copies of it, and the picture that it is a small copy of."""
    async with database.connection() as connection:
        return [medium_of(row) for row in await connection.fetch(COPIES, medium)]


ERASE = """
update medium set state = 'erased', reason = $2, look_again = null, facts = '{}'
where id = $1 and state <> 'erased' returning id"""


async def erase(connection: Connection, medium: Medium, reason: str) -> bool:
    """Note that its bytes are not kept any more; False where they were not."""
    if await connection.fetchval(ERASE, medium.id, reason) is None:
        return False
    await log.record_change(connection, medium.site, NOUN, [medium.id])
    return True
