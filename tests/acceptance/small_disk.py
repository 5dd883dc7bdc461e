"""A file system that is soon full, and a folder that every user can reach."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def open_folder() -> Iterator[Path]:
    """Like a state folder in /srv: the servers, which have users of their own, may pass."""
    folder = Path(tempfile.mkdtemp(prefix="rosette-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def small_disk(size_mb: int) -> Iterator[Path]:
    """A file system of its own, of that size; needs root."""
    folder = Path(tempfile.mkdtemp(prefix="rosette-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mb}m,mode=755", "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()
        folder.with_suffix(".log").unlink(missing_ok=True)


def fill(disk: Path) -> Path:
    """Take all the room that is left."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file, suppress(OSError):
        while file.write(bytes(1 << 20)):
            file.flush()
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(1 << 12)):
            pass
    return ballast
