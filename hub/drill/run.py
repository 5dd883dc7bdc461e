"""The drill while it runs: keeps simulated time, and hands the simulated devices' payloads to the hub's own doors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from hub.console.vitals import DrillState
from hub.drill.clock import DrillClock
from hub.drill.message import Message
from hub.drill.reserve import Reserve
from hub.ingest.accept import Acceptor
from hub.records.errors import Stale
from hub.records.receipt import Arrival
from hub.records.reference import Fence
from hub.store import reference, sites
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)
SETTING = "drill"
HISTORY_DAYS = 14
# Who begins a drill finds the alerts of the last day waiting.
ALERTS_BEFORE = timedelta(hours=24)
TICK_S = 0.25
# So often it is written down how far the drill has come, and looked up whether somebody wants another speed.
KEEP_EVERY_S = 2.0
# Simulated devices deliver in portions, so that a fast drill does not make one huge transaction.
PORTION = 1_000


class Drill:
    """Drives the site `drill`. Its clock is that site's time: whatever asks for `now` there gets simulated time."""

    site = "drill"

    def __init__(self, database: Database, acceptor: Acceptor, *, seed: int, speed: float) -> None:
        self._database = database
        self._acceptor = acceptor
        self._seed = seed
        self._speed = speed
        self._clock: DrillClock | None = None
        self._reserve: Reserve | None = None
        self._has_history = False
        # Told by the simulated devices and not in the log yet: an outage of the database may come between.
        self._waiting: list[Message] = []
        self._is_under_way = False
        # Simulated time before which everything is in the log.
        self._delivered = _wall()
        # The speed that is written down: it changes when another process asks for another one.
        self._asked_speed = speed

    def now(self) -> datetime:
        """Simulated time."""
        return self._clock.simulated(_wall()) if self._clock else _wall()

    @property
    def speed(self) -> float:
        """Seconds of drill time per second."""
        return self._clock.speed if self._clock else self._speed

    async def prepare(self) -> None:
        """Make the site and its reference data. A reserve once begun goes on where it stopped."""
        kept = await sites.read_setting(self._database, self.site, SETTING)
        if kept is None:
            start = _wall()
            kept = {"start": start.isoformat(), "seed": self._seed, "at": start.isoformat(), "history": False}
            kept = await sites.merge_setting(self._database, self.site, SETTING, kept | {"speed": self._speed})
        start, seed = datetime.fromisoformat(kept["start"]), kept["seed"]
        self._reserve = await asyncio.to_thread(Reserve, seed, start)
        facts = self._reserve.reference()
        async with self._database.transaction() as connection:
            await sites.put(connection, facts.site)
        # Whatever people changed stays: only what is missing is added.
        known = {record.id for record in await reference.everything(self._database, self.site, list(reference.KINDS))}
        async with self._database.transaction() as connection:
            for told in facts.records():
                record = replace(told, alert_from=start - ALERTS_BEFORE) if isinstance(told, Fence) else told
                if record.id not in known:
                    try:
                        async with connection.transaction():
                            await reference.put(connection, record, expect=None, by="drill")
                    except Stale:
                        LOGGER.info("drill: %s was deleted by somebody and stays so", record.id)
        self._delivered = datetime.fromisoformat(kept["at"])
        self._asked_speed = kept["speed"]
        self._clock = DrillClock(self._delivered, self._asked_speed, began=_wall())
        self._has_history = kept.get("history", True)

    async def run(self) -> None:
        """Deliver history once, then what the simulated devices send, for ever."""
        reserve = self._reserve
        assert reserve is not None, "prepare() comes first"
        if not self._is_under_way:
            self._waiting = await asyncio.to_thread(reserve.history, HISTORY_DAYS)
            if self._has_history:
                # In the log since before the restart: told again to come back to the same state, and left out.
                await asyncio.to_thread(reserve.advance, self._delivered)
                self._waiting = []
            self._is_under_way = True
        await self._deliver()
        await self._keep(history=True)
        last_kept = asyncio.get_running_loop().time()
        while True:
            until = self.now()
            self._waiting += await asyncio.to_thread(reserve.advance, until)
            await self._deliver()
            self._delivered = max(self._delivered, until)
            loop_s = asyncio.get_running_loop().time()
            if loop_s - last_kept > KEEP_EVERY_S:
                last_kept = loop_s
                await self._keep()
            await asyncio.sleep(TICK_S)

    async def set_speed(self, speed: float) -> DrillState:
        """0 pauses, 1000 is the fastest; raises ValueError outside."""
        assert self._clock is not None, "prepare() comes first"
        self._clock.set_speed(speed, _wall())
        await sites.merge_setting(self._database, self.site, SETTING, {"speed": speed})
        self._asked_speed = speed
        return DrillState(speed=self._clock.speed, clock=self.now())

    async def _keep(self, **more: bool) -> None:
        """Write down how far the drill has come, and obey the speed that `rosette drill speed` wrote beside it."""
        assert self._clock is not None
        fields = {"at": self._delivered.isoformat(), **more}
        kept = await sites.merge_setting(self._database, self.site, SETTING, fields)
        if kept["speed"] != self._asked_speed:
            self._asked_speed = kept["speed"]
            self._clock.set_speed(self._asked_speed, _wall())

    async def _deliver(self) -> None:
        while portion := self._waiting[:PORTION]:
            await self._acceptor.accept([_arrival(self.site, one) for one in portion])
            del self._waiting[:PORTION]


def _arrival(site: str, message: Message) -> Arrival:
    return Arrival(
        site=site,
        door="drill",
        dialect=message.dialect,
        address=f"rosette/{site}/{message.dialect}/{message.device}",
        body=message.body,
        received_at=message.delivered_at,
        sender="drill",
        device=message.device,
    )


def _wall() -> datetime:
    return datetime.now(UTC)


def site_clock(drill: Drill | None) -> Callable[[str], datetime]:
    """The time at a site: simulated for the drill, the wall's for every other."""

    def now(site: str) -> datetime:
        return drill.now() if drill is not None and site == Drill.site else _wall()

    return now
