"""`rosette models look-again`: pictures that were looked at, by the model that is active now."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import click

from hub.commands.connect import connected
from hub.records.errors import NotFound
from hub.see.eye import active_detector
from hub.see.registry import Models
from hub.settings import Settings
from hub.store import looks, sites

DAY = click.DateTime(["%Y-%m-%d"])


@click.command("look-again")
@click.option("--site", required=True, help="Key of the site.")
@click.option("--since", required=True, type=DAY, help="First day, in the site's time zone.")
@click.option("--until", required=True, type=DAY, help="Last day.")
@click.option("--device", help="One camera [default: all].")
@click.pass_obj
def command(settings: Settings, site: str, since: datetime, until: datetime, device: str | None) -> None:
    """Have pictures of a span of days looked at again, by the active model; what was seen before is kept.

    A running hub does it, after all that waits. The new detections take the place of the old ones in tracks, findings
    and alerts. Pictures that the model looked at last are left out.
    """
    model = active_detector(Models(settings.folder))
    if model is None:
        raise NotFound("no detector is active: rosette models activate")
    number = asyncio.run(_ask(settings, site, since, until, device, model.key))
    click.echo(f"{number:,} pictures will be looked at again by {model.key}")


async def _ask(settings: Settings, site: str, since: datetime, until: datetime, device: str | None, model: str) -> int:
    async with connected(settings) as database:
        zone = ZoneInfo((await sites.get(database, site)).time_zone)
        begin, end = (day.replace(tzinfo=zone) for day in (since, until + timedelta(days=1)))
        return await looks.ask(database, site, begin, end, device, model)
