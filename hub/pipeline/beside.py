"""The pipeline beside the doors: a process that the hub starts, hears, and starts again if it dies."""

from __future__ import annotations

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress

from hub.pipeline.line import Told
from hub.pipeline.telling import Order, Telling, packed, receive
from hub.pipeline.world import World, read_world
from hub.records.errors import Unavailable
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)
# A step that is under way is rolled back by the database if it is cut off.
END_WITHIN_S = 5.0
PAUSE_S = 0.5


class Beside:
    """`tell` hears of every committed step of every site, with reference data that are at least as new as the step.

    module: what is run, by `python -m`.
    """

    def __init__(
        self,
        database: Database,
        tell: Callable[[str, Told, World], None],
        *,
        log_level: str,
        module: str = "hub.pipeline.process",
    ) -> None:
        self._database = database
        self._tell = tell
        self._order = Order(dsn=database.dsn, log_level=log_level)
        self._module = module
        self._worlds: dict[str, World] = {}
        self.pid: int | None = None

    async def run(self) -> None:
        """Follow until cancelled. Raises Unavailable when the process has ended: run it again."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", self._module), stdin=PIPE, stdout=PIPE, start_new_session=True
        )
        self.pid = process.pid
        try:
            await self._hear(process)
        finally:
            await _end(process)
        raise Unavailable(f"the pipeline ended with code {process.returncode}; what it had not committed it does again")

    async def _hear(self, process: Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(packed(self._order))
        while (telling := await receive(process.stdout, Telling)) is not None:
            site, told = telling.site, telling.told
            world = self._worlds.get(site)
            if world is None or told.is_start or any(noun != "layer" for noun, _ in told.references):
                world = self._worlds[site] = await self._read(site)
            self._tell(site, told, world)

    async def _read(self, site: str) -> World:
        while True:
            try:
                return await read_world(self._database, site)
            except Unavailable as outage:
                LOGGER.warning("reference data of %s: %s; trying again", site, outage.detail)
            await asyncio.sleep(PAUSE_S)


async def _end(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), END_WITHIN_S)
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
