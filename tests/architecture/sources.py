"""The files of this repository: those in git and those about to be."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Tracked files and new ones that are not ignored, relative to ROOT."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return tuple(sorted(Path(line) for line in listed if (ROOT / line).is_file()))


def texts(*suffixes: str, below: tuple[str, ...] = ()) -> dict[str, str]:
    """Text by path, of files with one of these endings (all if none is given), below these folders if any are given."""
    found: dict[str, str] = {}
    for path in files():
        if (suffixes and path.suffix not in suffixes) or (below and path.parts[0] not in below):
            continue
        try:
            found[path.as_posix()] = (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue
    return found
