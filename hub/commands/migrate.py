"""`rosette migrate`: bring the database up to date."""

from __future__ import annotations

import asyncio

import click

from hub.commands.connect import connected
from hub.settings import Settings
from hub.store.migrate import migrate


@click.command("migrate")
@click.pass_obj
def command(settings: Settings) -> None:
    """Apply what is new in migrations/. `rosette run` does it too; this is for a database of your own."""
    applied = asyncio.run(_migrate(settings))
    for name in applied:
        click.echo(f"applied {name}")
    if not applied:
        click.echo("up to date")


async def _migrate(settings: Settings) -> list[str]:
    async with connected(settings, migrated=False) as database:
        return await migrate(database)
