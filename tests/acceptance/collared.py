"""A site with one device that publishes numbered fixes, a browser that watches, and what became of the numbers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import psutil

from hub.embedded.broker import DeviceUser
from hub.embedded.start import user_of
from hub.records.ids import new_id
from hub.store import access, sites
from hub.store.database import Database
from tests.acceptance.hub_process import HubProcess
from tests.acceptance.publisher import Publisher, fix
from tests.builders import a_site

SITE, DEVICE, SECRET = "leopard", "collar-1", "a secret of 32 random bytes, in hex"
RATE = 1_000.0


def a_collar(port: int, *, rate: float = RATE, device: str = DEVICE, username: str = "") -> Publisher:
    """A device that sends one numbered fix after the other, a second of its time apart."""
    began = datetime.now(UTC) - timedelta(days=2)

    def body(number: int) -> bytes:
        return fix(device, number, (began + timedelta(seconds=number)).isoformat())

    return Publisher(
        port,
        username=username or f"{SITE}:{device}",
        password=SECRET,
        topic=f"rosette/{SITE}/envelope/{device}",
        body=body,
        rate=rate,
    )


async def enrol(dsn: str, device: str = DEVICE) -> None:
    """The site, and a key with which the device may use the broker."""
    database = await Database.connect(dsn, most=1)
    try:
        async with database.transaction() as connection:
            await sites.put(connection, a_site(SITE))
            await access.add_key(connection, new_id(), SECRET, name=device, site=SITE, role="ranger", device=device)
    finally:
        await database.close()


NUMBERS = "select body ->> 'source_id' as number from observation where site_id = $1 and device = $2"


async def numbers_in_log(dsn: str, device: str = DEVICE) -> Counter[int]:
    """How often each number of a device is in the log."""
    connection = await asyncpg.connect(dsn)
    try:
        return Counter(int(row["number"]) for row in await connection.fetch(NUMBERS, SITE, device))
    finally:
        await connection.close()


def settled(dsn: str, acknowledged: Iterable[int], within_s: float = 30) -> tuple[int, int]:
    """(lost, double) once everything acknowledged is in the log, or when the time is up."""
    deadline = time.monotonic() + within_s
    while True:
        found = asyncio.run(numbers_in_log(dsn))
        lost = len(set(acknowledged) - found.keys())
        if not lost or time.monotonic() > deadline:
            return lost, sum(times - 1 for times in found.values())
        time.sleep(0.2)


async def broker_user(dsn: str) -> DeviceUser:
    """The enrolled device, as a user of a broker."""
    database = await Database.connect(dsn, most=1)
    try:
        (key,) = await access.device_keys(database)
    finally:
        await database.close()
    return user_of(key, SITE)


def family(hub: HubProcess) -> list[psutil.Process]:
    """All processes that the hub has started."""
    assert hub.process is not None
    return psutil.Process(hub.process.pid).children(recursive=True)


def orphans(processes: list[psutil.Process], within_s: float = 15) -> tuple[str, ...]:
    """Names of those that outlive the hub."""
    _, alive = psutil.wait_procs(processes, within_s)
    return tuple(process.name() for process in alive if process.status() != psutil.STATUS_ZOMBIE)


class Watcher(threading.Thread):
    """A browser that holds the live stream of the site open, and counts its frames by name."""

    def __init__(self, hub: HubProcess) -> None:
        super().__init__(name="watcher", daemon=True)
        self._client = hub.client()
        self.frames: Counter[str] = Counter()
        self.cut: str | None = None

    def run(self) -> None:
        try:
            with self._client.stream("GET", f"/api/v1/sites/{SITE}/live") as stream:
                stream.raise_for_status()
                for line in stream.iter_lines():
                    if line.startswith("event: "):
                        self.frames[line.removeprefix("event: ")] += 1
            self.cut = "ended"
        except httpx.HTTPError as error:
            self.cut = repr(error)
        finally:
            self._client.close()


def watched(hub: HubProcess, collar: Publisher) -> Watcher:
    """A stream on which positions of the collar arrive."""
    hub.wait(lambda: len(collar.acknowledged) > 200, 20)
    with closing(hub.client()) as client:
        hub.wait(lambda: client.get(f"/api/v1/sites/{SITE}/subjects").status_code == 200, 20)
    watcher = Watcher(hub)
    watcher.start()
    hub.wait(lambda: watcher.frames["positions"] > 0, 20)
    return watcher
