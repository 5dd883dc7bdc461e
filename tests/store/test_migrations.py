"""Migrations: forward only, none twice, none edited after the fact."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from hub.records.errors import Misconfigured
from hub.store.database import Database
from hub.store.migrate import MIGRATIONS, migrate, read_migrations


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy that a test may edit."""
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


async def test_migrate__twice_changes_nothing(database: Database) -> None:
    assert await migrate(database) == []


async def test_migrate__hubs_that_start_together_apply_each_file_once(database: Database, folder: Path) -> None:
    number = len(read_migrations(folder)) + 1
    (folder / f"{number:04}_one_more.sql").write_text("create table one_more (id int)")
    applied = await asyncio.gather(*(migrate(database, folder) for _ in range(4)))
    assert sorted(map(len, applied)) == [0, 0, 0, 1]


async def test_migrate__an_edited_file_is_refused_by_name(database: Database, folder: Path) -> None:
    first = read_migrations(folder)[0].name
    with (folder / f"{first}.sql").open("a") as file:
        file.write("\n-- an afterthought\n")
    with pytest.raises(Misconfigured, match=rf"{first}\.sql was edited after it was applied"):
        await migrate(database, folder)


async def test_migrate__a_newer_database_is_refused_by_name(database: Database, folder: Path) -> None:
    last = read_migrations(folder)[-1].name
    (folder / f"{last}.sql").unlink()
    with pytest.raises(Misconfigured, match=rf"{last}: it belongs to a newer hub"):
        await migrate(database, folder)


async def test_migrate__a_file_that_fails_leaves_nothing_behind(database: Database, folder: Path) -> None:
    number = len(read_migrations(folder)) + 1
    (folder / f"{number:04}_broken.sql").write_text("create table half (id int); select no_such_function()")
    with pytest.raises(Exception, match="no_such_function"):
        await migrate(database, folder)
    async with database.connection() as connection:
        assert await connection.fetchval("select to_regclass('half')") is None
    (folder / f"{number:04}_broken.sql").write_text("create table half (id int)")
    assert await migrate(database, folder) == [f"{number:04}_broken"]


@pytest.mark.parametrize("name", ["0002_twin.sql", "0099_gap.sql"])
def test_numbers__gaps_and_twins_are_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("select 1")
    with pytest.raises(Misconfigured, match="gaps or twins"):
        read_migrations(folder)


def test_numbers__an_empty_folder_is_an_incomplete_installation(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="the installation is not complete"):
        read_migrations(tmp_path)
