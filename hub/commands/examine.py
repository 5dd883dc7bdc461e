"""What `rosette doctor` looks at, one check a function. Nothing here changes anything."""

from __future__ import annotations

import asyncio
import ctypes
import importlib.metadata
import os
import platform
import re
import shutil
import socket
import sys
import tomllib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from hub.embedded.broker import find_nats_server
from hub.embedded.ground import EmbeddedStartFailed, Programs
from hub.embedded.postgres import find_programs
from hub.records.errors import HubError
from hub.see.registry import Models
from hub.settings import Settings
from hub.store import looks, quarantine, sites
from hub.store.condition import condition
from hub.store.database import Database

OLDEST_PYTHON = (3, 11)
OLDEST_POSTGRES = 15
LITTLE_SPACE_BYTES, NO_SPACE_BYTES = 10 << 30, 1 << 30
CLOCK_TOLERANCE = timedelta(seconds=2)
CONNECT_SECONDS = 3.0
LONGEST_LIVE = timedelta(minutes=10)
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


class Check(NamedTuple):
    """One line of the table."""

    what: str
    state: Literal["ok", "warn", "fail"]
    found: str
    remedy: str = ""


def python() -> Check:
    """The interpreter."""
    good = sys.version_info[:2] >= OLDEST_PYTHON
    remedy = "" if good else "install Python 3.11 or newer"
    return Check("Python", "ok" if good else "fail", platform.python_version(), remedy)


def packages() -> Check:
    """Are all required distributions there, the pinned ones in their version?"""
    wanted = [requirement for requirement in _requirements() if "extra ==" not in requirement]
    wrong: list[str] = []
    for requirement in wanted:
        name, pin = re.match(r"([\w.-]+)[^=;]*(?:==([\w.]+))?", requirement).groups()  # type: ignore[union-attr]
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if pin and version != pin:
            wrong.append(f"{name} is {version}, not {pin}")
    if wrong:
        return Check("packages", "fail", "; ".join(wrong), "install with the lock file: docs/start")
    return Check("packages", "ok", f"{len(wanted)} there")


def _requirements() -> list[str]:
    try:
        return importlib.metadata.requires("rosette") or []
    except importlib.metadata.PackageNotFoundError:
        # A checkout that is not installed.
        project = Path(__file__).resolve().parents[2] / "pyproject.toml"
        return tomllib.loads(project.read_text())["project"]["dependencies"] if project.exists() else []


def binaries(settings: Settings) -> list[Check]:
    """Servers that the hub starts itself, where no others are configured."""
    wanted: list[tuple[str, str, Callable[[], Programs]]] = [
        ("embedded PostgreSQL", settings.database_url, find_programs),
        ("embedded broker", settings.broker_url, find_nats_server),
    ]
    checks: list[Check] = []
    for what, own, find in wanted:
        if own:
            checks.append(Check(what, "ok", "not needed: another one is configured"))
            continue
        try:
            checks.append(Check(what, "ok", find().version))
        except EmbeddedStartFailed as failure:
            checks.append(Check(what, "fail", str(failure), "install the wheels, or configure a server of your own"))
    return checks


def folder(settings: Settings) -> list[Check]:
    """The state folder: may we write, and is there room?"""
    state = settings.folder
    # The nearest folder that is there already: the rest is made at the first start.
    there = next(path for path in (state, *state.parents) if path.exists())
    writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    free = shutil.disk_usage(there).free
    remedy = "make room: a full disk stops intake" if free < LITTLE_SPACE_BYTES else ""
    room = "fail" if free < NO_SPACE_BYTES else "warn" if free < LITTLE_SPACE_BYTES else "ok"
    return [
        Check("state folder", "ok", str(state))
        if writable
        else Check("state folder", "fail", f"{there} cannot be written", "set ROSETTE_STATE to a folder of this user"),
        Check("free space", room, f"{free / (1 << 30):.1f} GB", remedy),
    ]


def detector(settings: Settings) -> Check:
    """Is there a model that looks at pictures? A hub runs without one, and must say so."""
    models = Models(settings.folder)
    try:
        active = models.active("detect")
        broken = [one for one in models.kept() if one.problem]
    except HubError as error:
        return Check("detector", "fail", error.detail, "correct or remove active.json, then rosette models activate")
    if broken:
        found = f"{broken[0].id}: {broken[0].problem}"
        return Check("detector", "warn", found, "rosette models verify; correct its manifest, or remove its folder")
    if active is None:
        return Check("detector", "ok", "none: pictures are not looked at", "rosette models fetch, then activate")
    return Check("detector", "ok", active)


def ports(settings: Settings, *, running: bool) -> list[Check]:
    """Can the hub listen?"""
    checks = [port("web port", settings.host, settings.port, "ROSETTE_PORT", running=running)]
    if not settings.broker_url:
        checks.append(port("MQTT port", settings.mqtt_host, settings.mqtt_port, "ROSETTE_MQTT_PORT", running=running))
    return checks


def port(what: str, host: str, number: int, setting: str, *, running: bool) -> Check:
    """Can something listen there?"""
    where = f"{host}:{number}"
    if number == 0:
        return Check(what, "ok", f"{where}: any free one")
    try:
        family = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, number))
    except OSError as error:
        if running:
            return Check(what, "ok", f"{where}: used by the running hub")
        return Check(what, "fail", f"{where}: {error.strerror or error}", f"stop what listens there, or set {setting}")
    return Check(what, "ok", f"{where}: free")


def clock() -> Check:
    """Does the kernel say that something keeps the clock right? Observations are dated by clocks."""
    if sys.platform != "linux":
        return Check("clock", "warn", "this system does not say", "make sure that NTP runs")
    # struct timex with modes = 0 asks and changes nothing; 208 bytes on 64-bit Linux.
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(208))
    if state in (TIME_ERROR, -1):
        return Check("clock", "warn", "not synchronised, says the kernel", "run chrony or systemd-timesyncd")
    return Check("clock", "ok", "synchronised")


async def broker(settings: Settings, *, running: bool) -> Check:
    """Does the broker answer, where one should be running?"""
    if settings.broker_url:
        address = urlsplit(settings.broker_url)
        host, port = address.hostname or "", address.port or (8883 if address.scheme == "mqtts" else 1883)
    elif running and settings.mqtt_port:
        host, port = settings.mqtt_host, settings.mqtt_port
    else:
        return Check("broker", "ok", "starts with the hub")
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_SECONDS)
        writer.close()
        await writer.wait_closed()
    except OSError as error:
        return Check("broker", "fail", f"{host}:{port}: {error}", "start it, or correct ROSETTE_BROKER_URL")
    return Check("broker", "ok", f"{host}:{port} answers")


async def database(store: Database, now: datetime) -> list[Check]:
    """Version, migrations, clock, partitions, quarantine, pictures."""
    state = await condition(store)
    major = int(state.version.split(".")[0])
    apart_s = abs((state.at - now).total_seconds())
    recent = f"observation_{now:%Y_%m}"
    checks = [
        Check("database", "ok" if major >= OLDEST_POSTGRES else "fail", f"PostgreSQL {state.version}"),
        Check("migrations", "warn", f"{len(state.pending)} to apply: {', '.join(state.pending)}", "rosette migrate")
        if state.pending
        else Check("migrations", "ok", "up to date"),
        Check("database clock", "ok", f"{apart_s:.1f} s from ours")
        if apart_s <= CLOCK_TOLERANCE.total_seconds()
        else Check("database clock", "warn", f"{apart_s:.1f} s from ours", "let one NTP server keep both"),
    ]
    if state.pending:
        return checks
    made = ", this month's is there" if recent in state.partitions else "; this month's is made when it is needed"
    checks.append(Check("partitions", "ok", f"{len(state.partitions)} months{made}"))
    for site in await sites.everything(store):
        waiting, fresh = await quarantine.count(store, site.id, now - timedelta(days=1))
        found = f"{waiting:,} wait, {fresh:,} since yesterday"
        remedy = f"look at the reasons, then rosette replay quarantine --site {site.id}" if waiting else ""
        checks.append(Check(f"quarantine of {site.id}", "warn" if waiting else "ok", found, remedy))
        checks.append(_pictures(site.id, await looks.of_site(store, site.id), now))
    return checks


def _pictures(site: str, waits: looks.OfSite, now: datetime) -> Check:
    """Are pictures looked at?"""
    age = timedelta() if waits.oldest is None else now - waits.oldest
    since = f", the oldest for {age.total_seconds() / 60:.0f} min" if age else ""
    found = f"{waits.live + waits.bulk:,} wait{since}; {waits.unreadable:,} cannot be read"
    if waits.live and age > LONGEST_LIVE:
        remedy = "rosette models list: is a detector active? Does the hub run?"
        return Check(f"pictures of {site}", "warn", found, remedy)
    return Check(f"pictures of {site}", "ok", found)
