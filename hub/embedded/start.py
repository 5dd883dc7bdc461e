"""The one-command default: start what the settings do not point elsewhere, and stop it again."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from hub.embedded.broker import DeviceUser, EmbeddedBroker
from hub.embedded.ground import EmbeddedStartFailed
from hub.embedded.nats_configuration import entry_of
from hub.embedded.postgres import EmbeddedPostgres
from hub.records.errors import Misconfigured
from hub.store import access
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)
CHECK_S = 0.5
USERS_EVERY_S = 2.0
ENOUGH_ROOM_BYTES = 64 << 20


def dsn_file(state: Path) -> Path:
    """Where a running hub says how to reach its embedded database; commands on the same machine read it."""
    return state / "database.dsn"


@asynccontextmanager
async def start_database(state: Path) -> AsyncGenerator[tuple[str, EmbeddedPostgres]]:
    """(DSN, server); stopped on leaving. Raises Misconfigured with what to do when it cannot start."""
    postgres = EmbeddedPostgres(state / "postgres")
    try:
        dsn = await asyncio.to_thread(postgres.start)
    except EmbeddedStartFailed as error:
        raise Misconfigured(str(error)) from error
    file = dsn_file(state)
    file.touch(mode=0o600)
    file.write_text(dsn)
    try:
        yield dsn, postgres
    finally:
        file.unlink(missing_ok=True)
        await asyncio.to_thread(postgres.stop)


@asynccontextmanager
async def start_broker(state: Path, *, host: str, port: int, durable: bool) -> AsyncGenerator[EmbeddedBroker]:
    """The broker; stopped on leaving. Raises Misconfigured with what to do when it cannot start."""
    broker = EmbeddedBroker(state / "broker", host=host, port=port, durable=durable)
    try:
        await asyncio.to_thread(broker.start)
    except EmbeddedStartFailed as error:
        raise Misconfigured(str(error)) from error
    try:
        yield broker
    finally:
        await asyncio.to_thread(broker.stop)


async def revive(server: EmbeddedPostgres | EmbeddedBroker) -> None:
    """Start a server again whenever it has died; a start that fails is tried again. Followed for ever."""
    dead = False
    while True:
        await asyncio.sleep(CHECK_S)
        dead = dead or server.poll() is not None
        if dead:
            LOGGER.error("%s died: starting it again", type(server).__name__)
            try:
                await asyncio.to_thread(server.start)
                dead = False
            except (EmbeddedStartFailed, OSError) as error:
                LOGGER.error("%s", error)


async def watch_room(broker: EmbeddedBroker) -> None:
    """Say when the disk is full, and end a broker that takes it for full though it is not; `revive` starts it again.

    NATS 2.15 remembers a failed write for as long as it runs. What it acknowledged is on the disk. Followed for ever.
    """
    full = False
    read = broker.log.stat().st_size
    while True:
        await asyncio.sleep(CHECK_S)
        with broker.log.open("rb") as log:
            log.seek(min(read, broker.log.stat().st_size))
            said = log.read()
            read = log.tell()
        room = shutil.disk_usage(broker.folder / "server").free
        if full != (room < ENOUGH_ROOM_BYTES):
            full = not full
            what = "is full: what cannot be stored is not acknowledged" if full else "has room again"
            LOGGER.error("the disk of %s %s (%s MB are free)", broker.folder, what, room >> 20)
        if not full and b"no space left on device" in said:
            LOGGER.error("the broker still takes the disk for full: it is started again")
            await asyncio.to_thread(broker.kill)


async def device_users(broker: EmbeddedBroker, database: Database, default_site: str = "") -> None:
    """Keep the broker's users equal to the device keys of the database; looked at every two seconds."""
    known: tuple[DeviceUser, ...] | None = None
    while True:
        wanted = tuple(user_of(key, default_site) for key in await access.device_keys(database))
        if wanted != known:
            try:
                await asyncio.to_thread(broker.set_users, holdable(wanted))
                known = wanted
            except EmbeddedStartFailed as error:
                LOGGER.error("%s", error)
        await asyncio.sleep(USERS_EVERY_S)


def holdable(users: Iterable[DeviceUser]) -> tuple[DeviceUser, ...]:
    """Those that the broker can hold. One that it cannot is logged: its device has no login, all others have theirs."""
    kept: list[DeviceUser] = []
    for user in users:
        try:
            entry_of(user)
        except ValueError as error:
            LOGGER.error("device user %s is left out: %s", ascii(user.name), error)
        else:
            kept.append(user)
    return tuple(kept)


def user_of(key: access.DeviceKey, default_site: str) -> DeviceUser:
    """A device may publish below its own topics, and nothing else. Its name at the broker is ``site:device``.

    Topics that name no site belong to the default site: only its devices may use them.
    """
    at_default = key.site == default_site
    publish, subscribe = (f"rosette/{key.site}/+/{key.device}", f"rosette/{key.site}/picture/{key.device}/#"), ()
    if "/" in key.device:
        # An OwnTracks phone, user/device: it reads its commands and says everything else below its own topic.
        topics = [f"rosette/{key.site}/owntracks/{key.device}", *([f"owntracks/{key.device}"] if at_default else [])]
        publish = tuple(form for topic in topics for form in (topic, f"{topic}/#"))
        subscribe = tuple(f"{topic}/cmd" for topic in topics)
    elif key.device == "frigate" and at_default:
        publish = ("frigate/#",)
    return DeviceUser(f"{key.site}:{key.device}", key.broker_hash, publish, subscribe)
