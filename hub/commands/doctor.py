"""`rosette doctor`: is everything there that the hub needs?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import click
import msgspec

from hub.commands import examine, examine_pictures
from hub.commands.connect import connected, is_running
from hub.commands.examine import Check
from hub.commands.terminal import show_json, show_table
from hub.records.errors import HubError
from hub.settings import Settings

MARKS = {"ok": "ok", "warn": "WARN", "fail": "FAIL"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """Check Python, packages, folders, ports, database, broker, clock and the log. Exit code 1 when something fails."""
    checks = asyncio.run(_examine(context.obj))
    if as_json:
        show_json(msgspec.to_builtins(checks))
    else:
        rows = [[MARKS[one.state], one.what, one.found, one.remedy] for one in checks]
        show_table("Doctor", ["", "what", "found", "what to do"], rows)
    if any(one.state == "fail" for one in checks):
        context.exit(1)


async def _examine(settings: Settings) -> list[Check]:
    running = is_running(settings)
    checks = [
        examine.python(),
        examine.packages(),
        *examine.binaries(settings),
        *examine.folder(settings),
        examine.detector(settings),
        *examine.ports(settings, running=running),
        examine.clock(),
        await examine.broker(settings, running=running),
        *await examine_pictures.picture_doors(settings, running=running),
    ]
    if not settings.database_url and not (settings.folder / "postgres").exists():
        return [*checks, Check("database", "ok", "none yet: made at the first start")]
    try:
        async with connected(settings, migrated=False) as database:
            return [*checks, *await examine.database(database, datetime.now(UTC))]
    except HubError as error:
        return [*checks, Check("database", "fail", error.detail, "start it, or correct ROSETTE_DATABASE_URL")]
