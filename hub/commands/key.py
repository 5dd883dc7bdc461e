"""`rosette key`: API keys of machines."""

from __future__ import annotations

import asyncio
import secrets

import click

from hub.commands.connect import connected
from hub.console.access import KEY_PREFIX
from hub.records.ids import new_id
from hub.records.person import ROLES, Role
from hub.settings import Settings
from hub.store import access, sites


@click.group("key")
def command() -> None:
    """API keys of machines."""


@command.command("add")
@click.option("--site", required=True)
@click.option("--name", required=True, help="What it is for.")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--device", help="The key may only append observations of this device.")
@click.pass_obj
def add(settings: Settings, site: str, name: str, role: Role, device: str | None) -> None:
    """Make a key and print it, once: only its hash is kept."""
    token = KEY_PREFIX + secrets.token_urlsafe(32)
    asyncio.run(_add(settings, token, site, name, role, device))
    click.echo(token)


async def _add(settings: Settings, token: str, site: str, name: str, role: Role, device: str | None) -> None:
    key = new_id()
    async with connected(settings) as database:
        await sites.get(database, site)
        async with database.transaction() as connection:
            await access.add_key(connection, key, token, name=name, site=site, role=role, device=device)
        await access.audit(database, site, "rosette key", "add API key", key=key, name=name, role=role, device=device)
