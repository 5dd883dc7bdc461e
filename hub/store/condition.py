"""What state the database itself is in, for `rosette doctor`. Reads only."""

from __future__ import annotations

from datetime import datetime

import msgspec

from hub.store import migrate
from hub.store.database import Database

VERSION_AND_CLOCK = "select current_setting('server_version') as version, clock_timestamp() as at"
HAS_LEDGER = "select to_regclass('migration') is not null"
PARTITIONS = """
select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = to_regclass('observation') order by name"""


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """pending: migrations not applied yet. partitions: months of the log, as ``observation_YYYY_MM``."""

    version: str
    at: datetime
    pending: tuple[str, ...]
    partitions: tuple[str, ...]


async def condition(database: Database) -> Condition:
    """Look at the database; raises Unavailable."""
    async with database.connection() as connection:
        row = await connection.fetchrow(VERSION_AND_CLOCK)
        assert row is not None
        applied: set[str] = set()
        if await connection.fetchval(HAS_LEDGER):
            applied = {entry["name"] for entry in await connection.fetch(migrate.APPLIED)}
        partitions = tuple(entry["name"] for entry in await connection.fetch(PARTITIONS))
    pending = tuple(one.name for one in migrate.read_migrations() if one.name not in applied)
    return Condition(version=row["version"], at=row["at"], pending=pending, partitions=partitions)
