"""The task of the hub that looks: waiting pictures, whose turn it is, are looked at by processes with the active model.

Processes die, models come and go, the hub is killed: a picture waits until its look is settled. Without a model all
wait, and the hub says so.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

from fusion.camera.manifest import ManifestError
from hub.ingest.accept import Acceptor
from hub.media.vault import Vault
from hub.records.errors import Gone, HubError
from hub.records.medium import Medium
from hub.records.site import Site
from hub.see.eye import Active, Broken, Eye, active_detector
from hub.see.lanes import Lanes
from hub.see.registry import Models
from hub.see.seen import Seen
from hub.see.settling import Looked, Settler, looked_of
from hub.store import sites
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)
MODEL_EVERY_S: Final = 2.0
"""So often it is looked up which model is active."""
ASK_EVERY_S: Final = 1.0
"""What nobody called for is found after this time."""
LEAST_PAUSE_S: Final = 0.02
"""Between questions to the database: a flood of changes is one reason to ask, not thousands."""
BROKEN_PAUSE_S: Final = (0.5, 10.0)
"""After a fault of the model or the machine: first, and at most."""
MOST_SETTLED: Final = 64
SITES_EVERY_S: Final = 10.0


class Looks(Protocol):
    """What looks at one picture at a time, from one thread: `hub.see.eye`."""

    @property
    def deaths(self) -> int: ...

    def look(self, model: Active, data: bytes) -> Seen:
        """What this model sees. Raises Broken."""
        ...

    def close(self) -> None:
        """End; may come from another thread."""
        ...


class Seeing:
    """`run` looks until it is cancelled; the rest says how that goes. `processes`: how many look at once."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        models: Models,
        acceptor: Acceptor,
        *,
        processes: int | None = None,
        arrived: asyncio.Event | None = None,
        eye: Callable[[], Looks] = Eye,
    ) -> None:
        self._database = database
        self._vault = vault
        self._models = models
        self._settler = Settler(database, acceptor)
        self.processes = processes or max(1, (os.cpu_count() or 2) - 1)
        self._arrived = arrived or asyncio.Event()
        self._eye = eye
        self._changed = asyncio.Event()
        self._sites: dict[str, Site] = {}
        self.model: Active | None = None
        self.problem = ""
        """Why nothing is looked at though a model is active."""
        self.is_following = False
        """It was looked up which model is active."""
        self.looked = Counter[str]()
        """Pictures since the start, by what came out."""
        self.spent_ms = Counter[str]()
        """Processor time since the start, of reading and of the model."""
        self._lanes = Lanes(database, self.processes)
        self._eyes: list[Looks] = []
        self._deaths = 0

    @property
    def deaths(self) -> int:
        """Processes that ended while they looked, since the start."""
        return self._deaths + sum(eye.deaths for eye in self._eyes)

    def wake(self) -> None:
        """Something new may be looked at: it need not be found by and by."""
        self._arrived.set()

    async def run(self) -> None:
        """Look. Raises Unavailable when the database or the disk does not answer: run it again."""
        lanes = self._lanes = Lanes(self._database, self.processes)
        done: asyncio.Queue[Looked] = asyncio.Queue(MOST_SETTLED)
        threads = ThreadPoolExecutor(self.processes, thread_name_prefix="look")
        self._eyes = [self._eye() for _ in range(self.processes)]
        work = [self._follow_model(lanes), self._fill(lanes), self._settle(lanes, done)]
        work += [self._look(eye, lanes, done, threads) for eye in self._eyes]
        try:
            await _first_failure(work)
        finally:
            self._deaths = self.deaths
            eyes, self._eyes = self._eyes, []
            for eye in eyes:
                eye.close()
            threads.shutdown(wait=False, cancel_futures=True)

    async def _follow_model(self, lanes: Lanes) -> None:
        while True:
            try:
                active = await asyncio.to_thread(active_detector, self._models)
                if active is None or active != self.model:
                    self.problem = ""
            except (ManifestError, HubError, OSError) as error:
                active, self.problem = None, f"the active detector cannot be used: {error}"
            if active != self.model:
                LOGGER.info("pictures are looked at by %s from now on", active.key if active else "nobody")
                self.model = active
                lanes.put_back()
                self._changed.set()
            self.is_following = True
            await asyncio.sleep(MODEL_EVERY_S)

    async def _fill(self, lanes: Lanes) -> None:
        clock = asyncio.get_running_loop().time
        known_at, is_more = clock() - SITES_EVERY_S, False
        while True:
            self._arrived.clear()
            self._changed.clear()
            if self.model is not None:
                if clock() - known_at >= SITES_EVERY_S:
                    self._sites = {site.id: site for site in await sites.everything(self._database)}
                    known_at = clock()
                is_more = await lanes.fill(self.model.key)
            await asyncio.sleep(LEAST_PAUSE_S)
            more = (lanes.wanted,) if is_more and self.model else ()
            await _any(ASK_EVERY_S, self._changed, *((self._arrived,) if self.model else ()), *more)

    async def _look(self, eye: Looks, lanes: Lanes, done: asyncio.Queue[Looked], threads: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        pause_s, longest_s = BROKEN_PAUSE_S
        while True:
            turn = await lanes.take()
            medium, model = turn.medium, self.model
            if medium.site not in self._sites:
                self._sites = {site.id: site for site in await sites.everything(self._database)}
            if turn.begun is not None:
                await done.put(looked_of(medium, turn.begun))
                continue
            if model is None:
                lanes.done(medium.id)
                continue
            try:
                seen = await loop.run_in_executor(threads, self._look_at, eye, model, medium)
            except Broken as broken:
                self.problem = str(broken)
                LOGGER.error("pictures wait: %s", broken)
                lanes.done(medium.id)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, longest_s)
                continue
            self.problem, pause_s = "", BROKEN_PAUSE_S[0]
            await done.put(Looked(medium, model.key, seen, model.levels))

    def _look_at(self, eye: Looks, model: Active, medium: Medium) -> Seen:
        try:
            data = self._vault.open(medium.sha256)
        except Gone as gone:
            return Seen(state="unreadable", reason=f"it is not in the vault as it was: {gone.detail}")
        return eye.look(model, data)

    async def _settle(self, lanes: Lanes, done: asyncio.Queue[Looked]) -> None:
        while True:
            batch = [await done.get()]
            while len(batch) < MOST_SETTLED and not done.empty():
                batch.append(done.get_nowait())
            await self._settle_all(batch)
            for one in batch:
                lanes.done(one.medium.id)
                self.looked[one.seen.state] += 1
                if one.is_new:
                    self.spent_ms["decode"] += round(one.seen.decode_ms)
                    self.spent_ms["model"] += round(one.seen.model_ms)

    async def _settle_all(self, batch: Sequence[Looked]) -> None:
        """Settle looks; one that cannot be kept, whatever is in it, must not hold up the others, or end the hub."""
        try:
            await self._settler.settle(batch, self._sites)
        except HubError:
            raise
        except Exception as bug:
            if len(batch) > 1:
                for one in batch:
                    await self._settle_all([one])
                return
            (one,) = batch
            if one.seen.state == "unreadable":
                raise
            LOGGER.exception("what was seen in picture %s cannot be kept", one.medium.id)
            reason = f"what was seen cannot be kept: {type(bug).__name__}"
            await self._settle_all([one._replace(seen=Seen(state="unreadable", reason=reason))])


async def _any(seconds: float, *called: asyncio.Event) -> None:
    waiting = [asyncio.ensure_future(one.wait()) for one in called]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()


async def _first_failure(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    tasks = [asyncio.create_task(one) for one in work]
    try:
        for task in (await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED))[0]:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
