"""A real PostgreSQL for tests: one embedded server per session, and for each test a migrated database without a row."""

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
# What a test left running in its database ends first.
ALONE = """
select pg_terminate_backend(pid, 5000) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()"""
# Small tables lose their rows, which is quick; large ones their file, so that no test reads through what others left.
EMPTY = """
do $$
declare
    one record;
begin
    set local session_replication_role = replica;
    for one in select inhrelid::regclass as name from pg_inherits where inhparent = 'observation'::regclass loop
        execute format('drop table %s', one.name);
    end loop;
    for one in select oid::regclass as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
               and relname <> 'migration' and pg_relation_size(oid) > 0 loop
        if pg_relation_size(one.name) > 262144 then
            execute format('truncate %s cascade', one.name);
        else
            execute format('delete from %s', one.name);
        end if;
    end loop;
    perform setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) from pg_sequences
    where last_value is not null;
end $$"""
# Tables, constraints, triggers, statistics and applied migrations: what else a test may have changed.
SCHEMA = """
select md5(string_agg(part, ' ' order by part)) from (
    select format('%s %s', oid, relname) as part from pg_class where relnamespace = 'public'::regnamespace
    union all select oid::text from pg_constraint
    union all select format('%s %s', oid, tgenabled) from pg_trigger
    union all select format('%s %s', starelid, staattnum) from pg_statistic where starelid >= 16384
    union all select format('%s %s', name, sha256) from migration
)"""


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
        # Nothing here has to survive a power cut, and nothing lives long enough to be tidied up.
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
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


class Spare:
    """The database of the last test, emptied: a new one is a third of a second of copying files."""

    def __init__(self, server_dsn: str) -> None:
        self._server_dsn = server_dsn
        self._empty: str | None = None
        self._schema: str | None = None

    async def take(self) -> str:
        """Name of a migrated database without a row."""
        name, self._empty = self._empty, None
        if name is None:
            name = f"t_{uuid4().hex}"
            await self._as_admin(f"create database {name} template {TEMPLATE}")
        if self._schema is None:
            self._schema = await self._in(name, SCHEMA)
        return name

    async def give_back(self, name: str) -> None:
        """Empty it; drop it instead when the test changed more than rows."""
        for statement in (ALONE, EMPTY):
            await self._in(name, statement)
        if await self._in(name, SCHEMA) == self._schema:
            self._empty = name
        else:
            await self._as_admin(f"drop database {name} with (force)")

    async def _in(self, name: str, statement: str) -> str | None:
        connection = await asyncpg.connect(dsn_of(self._server_dsn, name))
        try:
            if statement is not SCHEMA:
                await connection.execute(statement)
                return None
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    async def _as_admin(self, statement: str) -> None:
        admin = await asyncpg.connect(self._server_dsn)
        try:
            await admin.execute(statement)
        finally:
            await admin.close()


@pytest.fixture(scope="session")
def spare(postgres_server: str) -> Spare:
    """Databases for one test after the other."""
    return Spare(postgres_server)


@pytest.fixture
async def database_dsn(postgres_server: str, spare: Spare) -> AsyncIterator[str]:
    """DSN of a migrated database without a row."""
    name = await spare.take()
    yield dsn_of(postgres_server, name)
    await spare.give_back(name)


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """A migrated database without a row."""
    database = await Database.connect(database_dsn, most=8)
    yield database
    await database.close()
