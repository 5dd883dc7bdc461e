"""Sites and their settings."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from hub.records.errors import NotFound
from hub.records.site import Site
from hub.store.database import Connection, Database

PUT = """
insert into site (id, name, time_zone, longitude, latitude, drill, attributes) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (id) do update set name = excluded.name, time_zone = excluded.time_zone, longitude = excluded.longitude,
    latitude = excluded.latitude, attributes = excluded.attributes, version = site.version + 1,
    recorded_at = clock_timestamp()
where (site.name, site.time_zone, site.longitude, site.latitude, site.attributes)
    is distinct from (excluded.name, excluded.time_zone, excluded.longitude, excluded.latitude, excluded.attributes)"""


async def put(connection: Connection, site: Site) -> None:
    """Make or edit a site. Whether it is a drill is decided when it is made, for ever."""
    await connection.execute(
        PUT, site.id, site.name, site.time_zone, *site.centre, site.drill, msgspec.json.encode(site.attributes)
    )


ALL = "select * from site order by drill, id"


async def everything(database: Database) -> list[Site]:
    """All sites, real ones first."""
    async with database.connection() as connection:
        return [_site(row) for row in await connection.fetch(ALL)]


ONE = "select * from site where id = $1"


async def get(database: Database, site: str) -> Site:
    """One site; raises NotFound."""
    async with database.connection() as connection:
        row = await connection.fetchrow(ONE, site)
    if row is None:
        raise NotFound(f"no site {site!r}")
    return _site(row)


def _site(row: asyncpg.Record) -> Site:
    return Site(
        id=row["id"],
        name=row["name"],
        time_zone=row["time_zone"],
        centre=(row["longitude"], row["latitude"]),
        drill=row["drill"],
        version=row["version"],
        attributes=msgspec.json.decode(row["attributes"]),
    )


READ_SETTING = "select value from site_setting where site_id = $1 and name = $2"
WRITE_SETTING = """
insert into site_setting (site_id, name, value) values ($1, $2, $3)
on conflict (site_id, name) do update set value = excluded.value"""


async def read_setting(database: Database, site: str, name: str) -> Any:
    """A small value that survives restarts (the drill's clock and speed), or None."""
    async with database.connection() as connection:
        value = await connection.fetchval(READ_SETTING, site, name)
    return None if value is None else msgspec.json.decode(value)


async def write_setting(database: Database, site: str, name: str, value: Any) -> None:
    """Keep a small value."""
    async with database.connection() as connection:
        await connection.execute(WRITE_SETTING, site, name, msgspec.json.encode(value))


MERGE_SETTING = """
insert into site_setting (site_id, name, value) values ($1, $2, $3)
on conflict (site_id, name) do update set value = site_setting.value || excluded.value returning value"""


async def merge_setting(database: Database, site: str, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Set some fields of an object; the others, which another process may set, stay. Returns the whole of it."""
    async with database.connection() as connection:
        return msgspec.json.decode(await connection.fetchval(MERGE_SETTING, site, name, msgspec.json.encode(fields)))
