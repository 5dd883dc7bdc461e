"""`rosette refit`: movement parameters anew from the collars, as the hub does every night."""

from __future__ import annotations

import asyncio

import click

from hub.commands.connect import connected
from hub.commands.terminal import bar, show_json
from hub.settings import Settings
from hub.store import sites


@click.command("refit")
@click.option("--site", help="One site [default: all].")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def command(settings: Settings, site: str | None, as_json: bool) -> None:
    """Fit how animals move to the fixes of their collars, and stated probabilities to what people decided.

    A running hub makes the tracks anew whose parameters changed; otherwise it is done at the next start.
    """
    told = asyncio.run(_refit(settings, site, quiet=as_json))
    if as_json:
        show_json(told)
        return
    for key, counts in told.items():
        click.echo(f"{key}: {counts['fitted']:,} collared animals fitted, {counts['changed']:,} changed")
        click.echo(f"{key}: {counts['reviews']:,} reviews of whom sightings show")


async def _refit(settings: Settings, site: str | None, *, quiet: bool) -> dict[str, dict[str, int]]:
    # Imported late: it compiles or loads the kernels.
    from hub.pipeline.recalibrate import recalibrate
    from hub.pipeline.refit import refit

    told: dict[str, dict[str, int]] = {}
    async with connected(settings) as database:
        chosen = [await sites.get(database, site)] if site else await sites.everything(database)
        with bar(quiet=quiet) as shown:
            for one in chosen:
                task = shown.add_task(f"kinds of {one.id}", total=None, rows=0)
                done = await refit(database, one.id, lambda n, of, task=task: shown.update(task, completed=n, total=of))
                shown.update(task, rows=done.fitted)
                told[one.id] = done._asdict() | {"reviews": await recalibrate(database, one.id)}
    return told
