"""Apply `migrations/` in order: forward only, each in a transaction, none twice, none edited after the fact."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from hub.records.errors import Misconfigured
from hub.store.database import Database

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
# Any number will do, as long as every hub takes the same lock.
_LOCK = 0x0205E77E

LEDGER = """
create table if not exists migration (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default clock_timestamp()
)"""
APPLIED = "select name, sha256 from migration order by name"
RECORD = "insert into migration (name, sha256) values ($1, $2)"


class Migration(msgspec.Struct, frozen=True):
    """One file: `NNNN_a_sentence.sql`."""

    name: str
    sha256: str
    sql: str


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """The files in order; raises Misconfigured when a number is missing or used twice."""
    found: list[Migration] = []
    for number, path in enumerate(sorted(folder.glob("[0-9]*.sql")), start=1):
        if not path.name.startswith(f"{number:04}_"):
            raise Misconfigured(f"migrations/{path.name}: expected number {number:04}; numbers have no gaps or twins")
        text = path.read_bytes()
        found.append(Migration(path.stem, hashlib.sha256(text).hexdigest(), text.decode()))
    if not found:
        raise Misconfigured(f"no migrations in {folder}: the installation is not complete")
    return found


async def migrate(database: Database, folder: Path = MIGRATIONS) -> list[str]:
    """Bring the database up to date; returns the names applied now.

    Raises Misconfigured when an applied file was edited, or when the database is newer than this hub.
    """
    migrations = read_migrations(folder)
    applied_now: list[str] = []
    async with database.connection() as connection:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        try:
            await connection.execute(LEDGER)
            ledger = {row["name"]: row["sha256"] for row in await connection.fetch(APPLIED)}
            unknown = set(ledger) - {m.name for m in migrations}
            if unknown:
                raise Misconfigured(f"the database has {', '.join(sorted(unknown))}: it belongs to a newer hub")
            for migration in migrations:
                if (known := ledger.get(migration.name)) is None:
                    async with connection.transaction():
                        await connection.execute(migration.sql)
                        await connection.execute(RECORD, migration.name, migration.sha256)
                    applied_now.append(migration.name)
                elif known != migration.sha256:
                    raise Misconfigured(
                        f"migrations/{migration.name}.sql was edited after it was applied: restore it, write a new one"
                    )
        finally:
            await connection.execute("select pg_advisory_unlock($1)", _LOCK)
    return applied_now
