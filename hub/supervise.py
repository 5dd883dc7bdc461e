"""Named tasks of a process: a known outage is retried with a growing pause; anything else stops the process, loudly."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hub.records.errors import Unavailable

LOGGER = logging.getLogger(__name__)
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0


async def keep(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run one task for ever: again after an outage, and out of here on a bug."""
    pause_s = FIRST_PAUSE_S
    while True:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await work()
            return
        except Unavailable as outage:
            if loop.time() - began > 30:
                pause_s = FIRST_PAUSE_S
            LOGGER.warning("%s: %s (%s); trying again in %.1f s", name, outage.detail, outage.code, pause_s)
        await asyncio.sleep(pause_s * random.uniform(0.8, 1.2))
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


async def run_all(tasks: Mapping[str, Callable[[], Awaitable[None]]], stop: asyncio.Event) -> None:
    """Run named tasks until `stop` is set; when one of them fails the others are ended and its error is raised."""
    running = [asyncio.create_task(keep(name, work), name=name) for name, work in tasks.items()]
    stopping = asyncio.create_task(stop.wait(), name="stop")
    waiting: set[asyncio.Task[Any]] = {*running, stopping}
    try:
        while not stop.is_set():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                if (error := task.exception()) is not None:
                    LOGGER.critical("%s failed: the hub stops", task.get_name(), exc_info=error)
                    raise error
    finally:
        everything: list[asyncio.Task[Any]] = [*running, stopping]
        for task in everything:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)
