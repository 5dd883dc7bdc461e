"""`rosette drill`: the simulated reserve, live or as a file."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import msgspec

from hub.commands.connect import connected, is_running
from hub.commands.run import run_hub
from hub.commands.terminal import bar, destination, show_json
from hub.ingest.accept import decode
from hub.records.errors import Conflict, NotFound
from hub.records.receipt import Arrival, Decoded
from hub.settings import Settings
from hub.store import sites

# Site of the drill and the setting in which it keeps its clock.
SITE = SETTING = "drill"
SPEED = click.FloatRange(0, 1000)
_json = msgspec.json.Encoder(order="deterministic").encode


@click.group("drill", invoke_without_command=True)
@click.option("--speed", type=SPEED, help="Seconds of drill time per second; 0 pauses.")
@click.option("--seed", type=int, help="Which reserve; the same seed, the same reserve.")
@click.pass_context
def command(context: click.Context, speed: float | None, seed: int | None) -> None:
    """Run the hub with the simulated reserve, marked DRILL everywhere. A drill once begun goes on where it stopped."""
    settings: Settings = context.obj
    if context.invoked_subcommand is not None:
        return
    if not settings.database_url and is_running(settings):
        raise Conflict("the hub is running: start it with ROSETTE_DRILL=true, and use `rosette drill speed N`")
    chosen = {"drill_speed": speed, "drill_seed": seed}
    kept = asyncio.run(_continue(settings, speed))
    if kept is not None and seed is not None and seed != kept["seed"]:
        raise Conflict(f"the drill was begun with seed {kept['seed']}: another reserve needs another state folder")
    given = {name: value for name, value in chosen.items() if value is not None}
    run_hub(msgspec.structs.replace(settings, drill=True, **given))


async def _continue(settings: Settings, speed: float | None) -> dict[str, Any] | None:
    """What is kept of a drill that was begun, with the speed that is asked for now."""
    async with connected(settings) as database:
        kept = await sites.read_setting(database, SITE, SETTING)
        if kept is not None and speed is not None:
            await sites.merge_setting(database, SITE, SETTING, {"speed": speed})
        return kept


@command.command("status")
@click.pass_obj
def status(settings: Settings) -> None:
    """Where the drill's clock stands."""
    show_json(asyncio.run(_status(settings)))


async def _status(settings: Settings) -> dict[str, Any]:
    async with connected(settings) as database:
        return _begun(await sites.read_setting(database, SITE, SETTING))


@command.command("speed")
@click.argument("speed", type=SPEED)
@click.pass_obj
def set_speed(settings: Settings, speed: float) -> None:
    """Run at SPEED seconds of drill time per second (0 to 1000, 0 pauses)."""
    asyncio.run(_set_speed(settings, speed))
    click.echo(f"speed {speed:g}")


async def _set_speed(settings: Settings, speed: float) -> None:
    async with connected(settings) as database:
        _begun(await sites.read_setting(database, SITE, SETTING))
        await sites.merge_setting(database, SITE, SETTING, {"speed": speed})


def _begun(kept: dict[str, Any] | None) -> dict[str, Any]:
    if kept is None:
        raise NotFound("no drill was begun here: `rosette drill` begins one")
    return kept


@command.command("generate")
@click.option("--hours", type=click.FloatRange(min=0, min_open=True), required=True)
@click.option("--seed", type=int, help="Which reserve.")
@click.option("--start", type=click.DateTime(), help="Simulated time of the beginning, UTC [default: HOURS ago].")
@click.option("--scale", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="Share of the animals.")
@click.option("-o", "--output", required=True, callback=destination, help="File; - is standard output.")
@click.pass_obj
def generate(
    settings: Settings, hours: float, seed: int | None, start: datetime | None, scale: float, output: str
) -> None:
    """Write what the simulated devices send, one observation a line, for `rosette import envelope`.

    Lines are in order of delivery, late and repeated ones included, as a hub would get them.
    """
    # Imported late: the simulation needs the geometry.
    from hub.drill.reserve import Reserve

    begin = (datetime.now(UTC) - timedelta(hours=hours)) if start is None else start.replace(tzinfo=UTC)
    reserve = Reserve(settings.drill_seed if seed is None else seed, begin, scale)
    written = unreadable = 0
    with click.open_file(output, "wb") as file, bar() as shown:
        task = shown.add_task(Path(output).name, total=hours, rows=0)
        passed = 0.0
        while passed < hours:
            passed = min(passed + 1.0, hours)
            for message in reserve.advance(begin + timedelta(hours=passed)):
                arrival = Arrival(
                    site=SITE,
                    door="file",
                    dialect=message.dialect,
                    address=message.device,
                    body=message.body,
                    received_at=message.delivered_at,
                    device=message.device,
                )
                for part in decode(arrival):
                    if isinstance(part, Decoded):
                        file.write(_json(part.observation) + b"\n")
                        written += 1
                    else:
                        unreadable += 1
            shown.update(task, completed=passed, rows=written)
    told = f"{written:,} observations of {hours:g} hours" + (f", {unreadable} unreadable" if unreadable else "")
    click.echo(told, err=output == "-")
