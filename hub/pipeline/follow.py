"""Follows the log of every site: one line each, woken by commits."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from hub.pipeline.line import Line, Told
from hub.pipeline.world import World
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


class Followers:
    """One line per site. `tell` hears of every committed step."""

    def __init__(self, database: Database, tell: Callable[[str, Told, World], None]) -> None:
        self._database = database
        self._tell = tell
        self._wakes: dict[str, asyncio.Event] = {}

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
                        following[site.id] = asyncio.create_task(self._follow(site.id), name=f"line {site.id}")
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

    async def _follow(self, site: str) -> None:
        wake = self._wakes[site] = asyncio.Event()
        line = Line(self._database, site, lambda told, world: self._tell(site, told, world))
        pause_s = 0.2
        started = False
        while True:
            try:
                if not started:
                    await line.start()
                    self._tell(site, Told(cursor=line.cursor, is_start=True), line.world_now)
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
