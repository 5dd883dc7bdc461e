"""Migrations are numbered sentences, and `migrations/schema.sql` is what they make.

After a new migration, write the file anew: ``python -m tests.architecture.test_migrations``.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from hub.embedded.postgres import EmbeddedPostgres, find_programs
from hub.records.errors import Misconfigured
from hub.store.database import Database
from hub.store.migrate import MIGRATIONS, migrate, read_migrations

SCHEMA = MIGRATIONS / "schema.sql"
HEADING = "-- What migrations/0001 to %04d make, as pg_dump says it. Generated; tests/architecture compares it.\n\n"
# Versions, settings of the dump's session, and comments differ between two dumps of the same schema.
NOISE = re.compile(r"--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*|COMMENT ON EXTENSION .*")


def dump(dsn: str) -> str:
    """The schema of a database, without what differs from dump to dump."""
    pg_dump = find_programs().binary.with_name("pg_dump")
    asked = subprocess.run(
        [pg_dump, "--schema-only", "--no-owner", "--no-privileges", dsn], capture_output=True, text=True, check=True
    )
    lines = [line.rstrip() for line in asked.stdout.splitlines() if not NOISE.fullmatch(line)]
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return HEADING % len(read_migrations()) + body + "\n"


def test_names__are_numbered_sentences() -> None:
    for number, migration in enumerate(read_migrations(), start=1):
        words = migration.name.split("_")
        assert words[0] == f"{number:04}"
        assert len(words) >= 4, f"{migration.name}: say in a sentence what holds from now on"
        assert all(re.fullmatch("[a-z0-9]+", word) for word in words[1:]), migration.name


def test_files__begin_with_a_comment_that_says_why() -> None:
    for path in sorted(MIGRATIONS.glob("[0-9]*.sql")):
        assert path.read_text().startswith("-- "), path.name


@pytest.mark.parametrize("names", [["0001_a.sql", "0003_c.sql"], ["0001_a.sql", "0001_b.sql"], ["0002_b.sql"], []])
def test_numbers__gaps_and_twins_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("select 1")
    with pytest.raises(Misconfigured):
        read_migrations(tmp_path)


def test_schema__is_what_the_migrations_make(database_dsn: str) -> None:
    assert dump(database_dsn) == SCHEMA.read_text(), "write it anew: python -m tests.architecture.test_migrations"


async def _migrated(dsn: str) -> None:
    database = await Database.connect(dsn, most=1)
    try:
        await migrate(database)
    finally:
        await database.close()


def write_schema() -> None:
    """Migrate an empty database and write down what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder))
        try:
            dsn = server.start()
            asyncio.run(_migrated(dsn))
            SCHEMA.write_text(dump(dsn))
        finally:
            server.stop()


if __name__ == "__main__":
    write_schema()
