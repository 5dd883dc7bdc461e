"""`rosette export`: observations of a site → a file."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click

from hub.commands.connect import connected
from hub.commands.terminal import bar, destination
from hub.ingest.plausible import EARLIEST
from hub.science.export import FORMATS, Block, Format, export
from hub.settings import Settings
from hub.store import access, sites

# Beyond any time that a door accepts.
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a date or time such as 2026-03-01 or 2026-03-01T06:00Z") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


@click.command("export")
@click.option("--site", required=True)
@click.option("--format", "form", type=click.Choice(FORMATS), default="jsonl", show_default=True)
@click.option("--from", "since", callback=_moment, help="First time, UTC unless it says otherwise.")
@click.option("--to", "until", callback=_moment, help="Time after the last.")
@click.option("-o", "--output", default="-", callback=destination, help="File [default: standard output].")
@click.pass_obj
def command(
    settings: Settings, site: str, form: Format, since: datetime | None, until: datetime | None, output: str
) -> None:
    """Write the observations of a site, in order of time.

    jsonl: the hub's own messages; imported again they get the same ids. csv: one flat table. movebank: fixes as
    Movebank tracking data. geojson: one feature an observation. Exact places are written, and that is audited.
    """
    count = asyncio.run(_export(settings, site, form, since or EARLIEST, until or LATEST, output))
    click.echo(f"{count:,} observations", err=True)


async def _export(settings: Settings, site: str, form: Format, since: datetime, until: datetime, output: str) -> int:
    async with connected(settings) as database:
        await sites.get(database, site)
        who = f"{getpass.getuser()} (rosette export)"
        await access.audit(database, site, who, "export", format=form, since=since, until=until)
        blocks = export(database, site, form, since, until)
        if output == "-":
            return await _write(blocks, sys.stdout.buffer)
        # Renamed when whole: a file with the final name is a complete one.
        target = Path(output)
        partial = target.with_name(target.name + ".part")
        with partial.open("wb") as file:
            count = await _write(blocks, file)
        partial.rename(target)
        return count


async def _write(blocks: AsyncIterator[Block], file: BinaryIO) -> int:
    count = 0
    with bar() as shown:
        task = shown.add_task("export", total=None, rows=0)
        async for block in blocks:
            file.write(block.data)
            count += block.rows
            shown.update(task, rows=count)
    file.flush()
    return count
