"""The database that a command works on: yours, the running hub's, or the embedded one for as long as it takes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from hub.embedded.child import FolderLock
from hub.embedded.ground import EmbeddedStartFailed
from hub.embedded.start import dsn_file, start_database
from hub.records.errors import Conflict, DatabaseUnavailable
from hub.settings import Settings
from hub.store.database import Database
from hub.store.migrate import migrate

CONNECTIONS = 4


def is_running(settings: Settings) -> bool:
    """Does a living process hold the embedded PostgreSQL of this state folder?"""
    lock = FolderLock(settings.folder / "postgres" / "hub.lock")
    if not lock.path.exists():
        return False
    try:
        lock.acquire()
    except EmbeddedStartFailed:
        return True
    lock.release()
    return False


@asynccontextmanager
async def connected(
    settings: Settings, *, migrated: bool = True, without_hub: bool = False
) -> AsyncGenerator[Database]:
    """A database, brought up to date unless `migrated` is False.

    `without_hub`: raises Conflict while a hub runs on the embedded database. Raises Unavailable and Misconfigured.
    """
    async with AsyncExitStack() as stack:
        if settings.database_url:
            dsn = settings.database_url
        elif is_running(settings):
            if without_hub:
                raise Conflict("the hub is running and would work against this command: stop it first")
            dsn = _dsn_of_running_hub(settings)
        else:
            dsn, _ = await stack.enter_async_context(start_database(settings.folder))
        database = await Database.connect(dsn, most=CONNECTIONS)
        stack.push_async_callback(database.close)
        if migrated:
            await migrate(database)
        yield database


def _dsn_of_running_hub(settings: Settings) -> str:
    file = dsn_file(settings.folder)
    try:
        return file.read_text()
    except OSError as error:
        raise DatabaseUnavailable(f"a hub is starting or stopping in {settings.folder} ({file}: {error})") from None
