"""Follows the log of every site: one line each, woken by commits."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

from hub.pipeline.line import Line, Told
from hub.pipeline.provisional import Provisional
from hub.pipeline.suppose import suppose
from hub.pipeline.weigher import Weigher
from hub.pipeline.world import World, read_world
from hub.records.errors import Unavailable
from hub.store import sites
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)
# Rows of a slow transaction become visible without a notice of their own: look again even if nobody calls.
LONGEST_WAIT_S = 1.0
# After a step the line rests for four times as long: the doors get most of the machine, and under load a step takes in
# more at a time, which costs less an observation. An alert should not wait for longer than half a second.
REST, SHORTEST_REST_S, LONGEST_REST_S = 4.0, 0.02, 0.5
SITES_EVERY_S = 2.0
# Whom sightings show is weighed over a whole month: not more often than this, and for a tenth of the time at most.
WEIGHED_EVERY_S, WEIGHING_REST = 15.0, 9.0
# What may lie behind it is weighed more seldom: a person looks at it once a day.
SUPPOSED_EVERY_S = 60.0


class Followers:
    """One line per site. `tell` hears of every committed step."""

    def __init__(self, database: Database, tell: Callable[[str, Told, World], None]) -> None:
        self._database = database
        self._tell = tell
        self._wakes: dict[str, asyncio.Event] = {}
        self._noticed = defaultdict[str, asyncio.Event](asyncio.Event)
        self._provisional: dict[str, Provisional] = {}
        self._changed = defaultdict[str, asyncio.Event](asyncio.Event)

    def _wake_all(self) -> None:
        for waiting in self._wakes.values():
            waiting.set()

    async def run(self) -> None:
        """Follow all sites, also those made later. A failing line is started again after an outage; a bug ends all."""
        following: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                for site in await sites.everything(self._database):
                    if site.id not in following:
                        at_once = self._provisional[site.id] = Provisional(self._database, site.id)
                        following[f"at once {site.id}"] = asyncio.create_task(at_once.run(), name=f"at once {site.id}")
                        following[site.id] = asyncio.create_task(self._follow(site.id), name=f"line {site.id}")
                        following[f"who {site.id}"] = asyncio.create_task(self._propose(site.id), name=f"who {site.id}")
                        name = f"why {site.id}"
                        following[name] = asyncio.create_task(self._suppose(site.id), name=name)
                done = [task for task in following.values() if task.done()]
                for task in done:
                    task.result()
                if following:
                    await asyncio.wait(following.values(), timeout=SITES_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(SITES_EVERY_S / 4)
        finally:
            for task in following.values():
                task.cancel()
            await asyncio.gather(*following.values(), return_exceptions=True)

    async def _propose(self, site: str) -> None:
        """Weigh who it may have been, some time after something came that bears on it; never while nothing did."""
        noticed = self._noticed[site]
        noticed.set()
        weigher = Weigher(self._database, site, self._provisional[site])
        while True:
            await noticed.wait()
            noticed.clear()
            began, pause_s = time.monotonic(), WEIGHED_EVERY_S
            try:
                if await weigher.round():
                    noticed.set()
                    pause_s = 0.0
            except Unavailable as outage:
                LOGGER.warning("who it may be at %s: %s; trying again", site, outage.detail)
                noticed.set()
            except Exception:
                LOGGER.exception("who it may be at %s could not be weighed; the line goes on", site)
            await asyncio.sleep(max(pause_s, WEIGHING_REST * (time.monotonic() - began)))

    async def _suppose(self, site: str) -> None:
        """Weigh what may lie behind it, some time after anything was heard, decided or proposed."""
        changed = self._changed[site]
        changed.set()
        while True:
            await changed.wait()
            changed.clear()
            began = time.monotonic()
            try:
                await suppose(self._database, await read_world(self._database, site))
            except Unavailable as outage:
                LOGGER.warning("what may lie behind it at %s: %s; trying again", site, outage.detail)
                changed.set()
            except Exception:
                LOGGER.exception("what may lie behind it at %s could not be weighed; the line goes on", site)
            await asyncio.sleep(max(SUPPOSED_EVERY_S, WEIGHING_REST * (time.monotonic() - began)))

    def _tell_all(self, site: str, told: Told, world: World) -> None:
        self._noticed[site].set()
        self._changed[site].set()
        self._provisional[site].hear(told.heard, world)
        self._tell(site, told, world)

    async def _follow(self, site: str) -> None:
        wake = self._wakes[site] = asyncio.Event()
        line = Line(self._database, site, lambda told, world: self._tell_all(site, told, world))
        pause_s = 0.2
        started = False
        while True:
            try:
                if not started:
                    if not await line.start():
                        self._tell_all(site, Told(cursor=line.cursor, is_start=True), line.world_now)
                    started = True
                wake.clear()
                began = time.monotonic()
                while await line.step():
                    await asyncio.sleep(min(max(REST * (time.monotonic() - began), SHORTEST_REST_S), LONGEST_REST_S))
                    began = time.monotonic()
                pause_s = 0.2
                with suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), LONGEST_WAIT_S)
            except Unavailable as outage:
                LOGGER.warning("line %s: %s; trying again in %.1f s", site, outage.detail, pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, 5.0)

    async def listen(self) -> None:
        """Wake on commits, of whatever process: the log itself calls."""
        async with self._database.connection() as connection:
            gone = asyncio.Event()

            def heard(*_: object) -> None:
                self._wake_all()

            connection.add_termination_listener(lambda _: gone.set())
            await connection.add_listener("rosette_change", heard)
            try:
                await gone.wait()
            finally:
                if not connection.is_closed():
                    await connection.remove_listener("rosette_change", heard)
        raise Unavailable("the connection that listens for changes was lost")
