"""Files below a folder that strangers write into: no link is followed, nothing outside is read, moved or made."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

DEEPEST: Final = 10
MOST_AT_ONCE: Final = 20_000
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not blocking: what was a file a moment ago may be a pipe by now.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Mark(NamedTuple):
    """What changes when a file does: inode, size in bytes, time of its last change in ns."""

    inode: int
    size: int
    changed_ns: int


class Found(NamedTuple):
    """A file, or a link, by its path below the folder."""

    path: tuple[str, ...]
    mark: Mark
    link: bool = False

    @property
    def text(self) -> str:
        """The path as text that a database takes."""
        return "/".join(self.path).encode("utf-8", "replace").decode()


class Unsafe(Exception):
    """It is no plain file any more, or is another one than was found."""


class Tree:
    """A folder; all methods block."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def files(self, *, without: frozenset[str], unfinished: tuple[str, ...]) -> list[Found]:
        """Files and links, the longest unchanged first.

        without: folders at the top that are left out. unfinished: endings of names that somebody will rename; names
        that begin with a dot are left out too. Raises OSError where the folder itself cannot be read.
        """
        found: list[Found] = []
        waiting: list[tuple[str, ...]] = [()]
        while waiting and len(found) < MOST_AT_ONCE:
            parts = waiting.pop()
            try:
                with self._opened(parts) as folder, os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.name.startswith(".") or (not parts and entry.name in without):
                            continue
                        path = (*parts, entry.name)
                        if entry.is_dir(follow_symlinks=False):
                            if len(path) < DEEPEST:
                                waiting.append(path)
                            continue
                        link = entry.is_symlink()
                        if not (link or entry.is_file(follow_symlinks=False)):
                            continue
                        if not entry.name.lower().endswith(unfinished):
                            found.append(Found(path, _mark(entry.stat(follow_symlinks=False)), link))
            except OSError:
                # Folders come and go; only the whole one must be there.
                if not parts:
                    raise
        return sorted(found, key=lambda one: (one.mark.changed_ns, one.path))

    @contextmanager
    def reading(self, found: Found) -> Generator[BinaryIO]:
        """The file that was found, open; raises Unsafe and OSError."""
        with self._opened(found.path[:-1]) as folder:
            descriptor = os.open(found.path[-1], _FILE, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as file:
            self.check(file, found)
            yield file

    def check(self, file: BinaryIO, found: Found) -> None:
        """Raises Unsafe where an open file is not, or not any more, what was found."""
        now = os.fstat(file.fileno())
        if not stat.S_ISREG(now.st_mode) or _mark(now) != found.mark:
            raise Unsafe("it changed meanwhile")
        if now.st_nlink != 1:
            # A second name may be a way to a file that its writer may not read.
            raise Unsafe("the file has more than one name (hard links)")

    def move(self, found: Found, into: str, *, note: str = "") -> None:
        """Move a file below folder `into` of the top, under the same path; `note` lies beside it. Raises OSError."""
        parts = found.path[:-1]
        with self._opened(parts) as source, self._opened((into, *parts), make=True) as target:
            name = _free_name(found.path[-1], target)
            if note:
                flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
                with os.fdopen(os.open(f"{name}.reason.txt", flags, 0o644, dir_fd=target), "w") as file:
                    file.write(note + "\n")
            os.rename(found.path[-1], name, src_dir_fd=source, dst_dir_fd=target)

    def remove(self, found: Found) -> None:
        """Delete a file; raises OSError."""
        with self._opened(found.path[:-1]) as folder:
            os.unlink(found.path[-1], dir_fd=folder)

    @contextmanager
    def _opened(self, parts: tuple[str, ...], *, make: bool = False) -> Generator[int]:
        """Descriptor of a folder, each of its parents opened without following a link."""
        with ExitStack() as stack:
            folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            stack.callback(os.close, folder)
            for part in parts:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=folder)
                folder = os.open(part, _FOLDER, dir_fd=folder)
                stack.callback(os.close, folder)
            yield folder


def _mark(found: os.stat_result) -> Mark:
    return Mark(found.st_ino, found.st_size, found.st_mtime_ns)


def _free_name(name: str, folder: int) -> str:
    """A name that is not taken there: IMG_0001.JPG, IMG_0001.JPG.1 …"""
    taken = set(os.listdir(folder))
    if name not in taken:
        return name
    number = 1
    while f"{name}.{number}" in taken:
        number += 1
    return f"{name}.{number}"
