"""Drains the outbox: leased, delivered at least once, given up after a day."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from hub.dispatch.push import Channel, Gone
from hub.records.errors import Unavailable
from hub.store import outbox
from hub.store.database import Database
from hub.store.outbox import Telling

LOGGER = logging.getLogger(__name__)
AT_ONCE = 20
MOST_ATTEMPTS = 40
LONGEST_PAUSE = timedelta(minutes=30)


class Deliverer:
    """Hands tellings to their channels. `exhaust` runs the outbox dry, which is how tests wait for nothing."""

    def __init__(self, database: Database, channels: Mapping[str, Channel], now: Callable[[], datetime]) -> None:
        self._database = database
        self._channels = channels
        self._now = now
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            await self.exhaust()
            self.wake.clear()
            try:
                await asyncio.wait_for(self.wake.wait(), 5)
            except TimeoutError:
                continue

    async def exhaust(self) -> int:
        """Deliver all that is due now; returns how many were tried."""
        tried = 0
        while claimed := await outbox.claim(self._database, self._now(), AT_ONCE):
            await asyncio.gather(*(self._deliver(telling) for telling in claimed))
            tried += len(claimed)
        return tried

    async def _deliver(self, telling: Telling) -> None:
        channel = self._channels.get(telling.channel)
        if channel is None:
            await outbox.settle(self._database, telling.id, f"no channel {telling.channel!r} is configured")
            return
        try:
            await channel.tell(telling)
        except Gone as gone:
            await outbox.forget_recipient(self._database, telling.recipient)
            await outbox.settle(self._database, telling.id, f"gone: {gone}"[:300])
        except Unavailable as error:
            if telling.attempts >= MOST_ATTEMPTS:
                LOGGER.error("telling %s was given up after %s attempts", telling.id, telling.attempts)
                await outbox.settle(self._database, telling.id, f"given up: {error.detail}"[:300])
                return
            pause = min(timedelta(seconds=2 ** min(telling.attempts, 12)), LONGEST_PAUSE)
            await outbox.retry(self._database, telling.id, self._now() + pause, error.detail[:300])
        else:
            await outbox.settle(self._database, telling.id, "delivered")
