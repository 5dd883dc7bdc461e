"""What a starting hub tells the person who started it: where it is, and how to get in."""

from __future__ import annotations

import secrets
import shutil
import sys

import click

from hub.console.passwords import hash_password
from hub.records.ids import new_id
from hub.records.person import Person
from hub.settings import Settings
from hub.store import people
from hub.store.database import Database

FIRST = "admin@rosette.local"


async def first_login(database: Database) -> str | None:
    """Make an administrator where there is nobody yet; returns the password, which is kept nowhere."""
    if await people.anybody(database):
        return None
    password = secrets.token_urlsafe(9)
    person = Person(id=new_id(), email=FIRST, name="Administrator", sites={"*": "admin"})
    async with database.transaction() as connection:
        await people.add(connection, person, hash_password(password))
    return password


def command() -> str:
    """How this person calls `rosette`: where it is not on PATH, by the path that started it."""
    called = sys.argv[0]
    return called if called.endswith("/rosette") and shutil.which("rosette") is None else "rosette"


def greet(settings: Settings, port: int, password: str | None, mqtt_port: int) -> None:
    """Print the address and the first login; where devices connect, when the broker took any free port."""
    scheme = "https" if settings.tls_certificate else "http"
    host = "localhost" if settings.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else settings.host
    lines = ["", f"  Rosette   {scheme}://{host}:{port}/"]
    if password:
        lines += [f"  login     {FIRST}", f"  password  {password}   (shown once)"]
    else:
        lines += [f"  login     as before; `{command()} user password {FIRST} --generate` sets a new password"]
    if not settings.mqtt_port and not settings.broker_url:
        lines += [f"  devices   mqtt://{settings.mqtt_host}:{mqtt_port}"]
    if settings.drill:
        lines += [f"  drill     site `drill`, simulated, seed {settings.drill_seed}, speed {settings.drill_speed:g}x"]
    lines += ["  stop      Ctrl-C", ""]
    click.echo("\n".join(lines))
