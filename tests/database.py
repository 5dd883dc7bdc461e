"""A real PostgreSQL for tests: one embedded server per session, one fresh migrated database per test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from hub.embedded.postgres import EmbeddedPostgres
from hub.store.database import Database
from hub.store.migrate import migrate

TEMPLATE = "rosette_template"


def forget_ground(folder: Path) -> None:
    """As root a server stands outside of a closed test folder (`hub.embedded.ground`): remove that place too."""
    server = folder / "server"
    if server.is_symlink():
        shutil.rmtree(server.resolve(), ignore_errors=True)


def dsn_of(server_dsn: str, name: str) -> str:
    """DSN of another database of the same server."""
    return server_dsn.replace("@/rosette?", f"@/{name}?")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """DSN of an embedded server that holds a migrated template database."""
    folder: Path = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(folder)
    dsn = server.start()
    try:
        asyncio.run(_prepare(dsn))
        yield dsn
    finally:
        server.stop()
        forget_ground(folder)


async def _prepare(dsn: str) -> None:
    admin = await asyncpg.connect(dsn)
    try:
        # Nothing here has to survive a power cut.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            await admin.execute(f"alter system set {setting} = off")
        await admin.execute("select pg_reload_conf()")
        await admin.execute(f"create database {TEMPLATE}")
    finally:
        await admin.close()
    database = await Database.connect(dsn_of(dsn, TEMPLATE), most=2)
    try:
        await migrate(database)
    finally:
        await database.close()


@pytest.fixture
async def database_dsn(postgres_server: str) -> AsyncIterator[str]:
    """DSN of a fresh migrated database, dropped after the test."""
    name = f"t_{uuid4().hex}"
    admin = await asyncpg.connect(postgres_server)
    try:
        await admin.execute(f"create database {name} template {TEMPLATE}")
        yield dsn_of(postgres_server, name)
        await admin.execute(f"drop database {name} with (force)")
    finally:
        await admin.close()


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """A fresh migrated database."""
    database = await Database.connect(database_dsn, most=8)
    yield database
    await database.close()
