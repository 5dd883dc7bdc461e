"""How a site's pictures are judged: every version of its text."""

from __future__ import annotations

from hub.records.errors import Stale
from hub.records.sequence import JudgingText
from hub.store.database import Connection, Database

NEWEST = """
select site_id, version, text, written_by, written_at from judging_text
where site_id = $1 order by version desc limit 1"""


async def newest(database: Database, site: str) -> JudgingText:
    """The text that holds; version 0 and empty where nobody wrote one."""
    async with database.connection() as connection:
        row = await connection.fetchrow(NEWEST, site)
    return JudgingText(site=site) if row is None else JudgingText(**dict(zip(_FIELDS, row, strict=True)))


_FIELDS = ("site", "version", "text", "written_by", "written_at")

LOCK = "select id from site where id = $1 for update"
VERSION = "select coalesce(max(version), 0) from judging_text where site_id = $1"
ADD = "insert into judging_text (site_id, version, text, written_by) values ($1, $2, $3, $4)"
# Another text judges all pictures anew.
ALL_ANEW = "update medium set sequenced = null where site_id = $1 and sequenced is not null"
MEMORIES_ANEW = "update repeat_memory set asked_at = '-infinity' where site_id = $1"


async def write(connection: Connection, site: str, text: str, who: str, expected: int | None) -> int:
    """Another version -> its number; raises Stale where `expected` (None: whatever there is) is not what stands."""
    await connection.execute(LOCK, site)
    stands = await connection.fetchval(VERSION, site)
    if expected is not None and stands != expected:
        raise Stale(f"the text of site {site!r} is at version {stands}, you edited {expected}")
    await connection.execute(ADD, site, stands + 1, text, who)
    await connection.execute(ALL_ANEW, site)
    await connection.execute(MEMORIES_ANEW, site)
    return stands + 1
