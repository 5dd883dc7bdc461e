"""`rosette run`: the hub."""

from __future__ import annotations

import importlib
from typing import Any

import click
import msgspec

from hub.settings import Settings


def run_hub(settings: Settings) -> None:
    """Run the hub until it is told to stop. Imported late: the other commands need none of it."""
    importlib.import_module("hub.app").run(settings)


@click.command("run")
@click.option("--drill", is_flag=True, help="With the simulated reserve, as site `drill`.")
@click.option("--speed", type=click.FloatRange(0, 1000), help="Seconds of drill time per second.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the web server.")
@click.pass_obj
def command(settings: Settings, drill: bool, speed: float | None, port: int | None) -> None:
    """Run the hub: web server, broker, pipeline and, by default, its own database."""
    given: dict[str, Any] = {"drill": drill or None, "drill_speed": speed, "port": port}
    run_hub(msgspec.structs.replace(settings, **{k: v for k, v in given.items() if v is not None}))
