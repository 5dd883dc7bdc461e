"""`rosette site`: protected areas."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

import click
import msgspec

from hub.commands.connect import connected
from hub.commands.terminal import show_json, show_table
from hub.records.errors import Conflict
from hub.records.site import Site
from hub.settings import Settings
from hub.store import sites


def zone(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A name of the IANA time zone database, or a usage error."""
    try:
        return ZoneInfo(value).key
    except (ValueError, OSError, LookupError):
        raise click.BadParameter(f"{value!r} is not a time zone such as Africa/Nairobi") from None


@click.group("site")
def command() -> None:
    """Protected areas."""


@command.command("add")
@click.argument("site")
@click.option("--name", help="What people call it [default: SITE].")
@click.option("--centre", nargs=2, type=float, required=True, metavar="LONGITUDE LATITUDE", help="In degrees.")
@click.option("--time-zone", required=True, callback=zone, help="Such as Africa/Nairobi.")
@click.pass_obj
def add(settings: Settings, site: str, name: str | None, centre: tuple[float, float], time_zone: str) -> None:
    """Add a site. SITE is short: small letters, digits and hyphens."""
    longitude, latitude = centre
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise click.UsageError("--centre is LONGITUDE (-180 to 180) and then LATITUDE (-90 to 90)")
    fields = {"id": site, "name": name or site, "time_zone": time_zone, "centre": centre}
    try:
        made = msgspec.convert(fields, Site)
    except msgspec.ValidationError as error:
        raise click.UsageError(f"{site}: {error}") from None
    asyncio.run(_add(settings, made))
    click.echo(f"made site {site}")


async def _add(settings: Settings, site: Site) -> None:
    async with connected(settings) as database:
        if site.id in {known.id for known in await sites.everything(database)}:
            raise Conflict(f"there is a site {site.id!r} already")
        async with database.transaction() as connection:
            await sites.put(connection, site)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def list_sites(settings: Settings, as_json: bool) -> None:
    """All sites."""
    known = asyncio.run(_list(settings))
    if as_json:
        show_json(known)
        return
    rows = [
        [site.id, site.name, f"{site.centre[0]}, {site.centre[1]}", site.time_zone, "drill" if site.drill else ""]
        for site in known
    ]
    show_table("Sites", ["site", "name", "longitude, latitude", "time zone", ""], rows)


async def _list(settings: Settings) -> list[Site]:
    async with connected(settings) as database:
        return await sites.everything(database)
