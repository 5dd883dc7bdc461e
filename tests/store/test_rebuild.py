"""`rosette rebuild` of a site whose tracks take in shares of sightings."""

from __future__ import annotations

from hub.commands import replay
from hub.settings import Settings
from hub.store.database import Database
from tests.store import shared as s


async def test_rebuild__of_tracks_with_shares_gives_equal_bytes_and_names_whose_had_been_spoilt(
    database: Database, database_dsn: str
) -> None:
    await s.a_reserve(database)
    await s.accepted(database, s.SAID)
    await s.settled(database, await s.a_line(database))
    before, settings = await s.digests(database), Settings(database_url=database_dsn)
    assert all(before)
    done = await replay._tracks(settings, s.SITE, quiet=True)  # pyright: ignore[reportPrivateUsage]
    assert done.equal and done.differing == []
    assert done.tracks >= 3
    assert await s.digests(database) == before
    async with database.connection() as connection:
        await connection.execute("delete from identity_share where individual = $1", s.who("F01").id)
    again = await replay._tracks(settings, s.SITE, quiet=True)  # pyright: ignore[reportPrivateUsage]
    assert (again.equal, again.differing) == (False, ["F01"])
    assert await s.digests(database) == before
