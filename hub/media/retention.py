"""Pictures of persons are erased when their time is over, unless an alert rests on them; and leftovers are swept.

Erased means: the bytes are gone, the row and the hash stay, and the same bytes do not come back with the next card.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hub.media.vault import Vault
from hub.records.errors import HubError
from hub.records.medium import Medium
from hub.records.observation import UNNAMED_CAMERA
from hub.store import kept, media, shown
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)
EVERY_S: Final = 3_600.0
AT_ONCE: Final = 200
LEFT_OVER_AFTER: Final = timedelta(days=1)
"""What nobody refers to for so long was left by a hub that was killed between file and row."""


class Retention:
    """`days`: so long are pictures of persons kept after they came; 0: for ever."""

    def __init__(self, database: Database, vault: Vault, *, days: int) -> None:
        self._database = database
        self._vault = vault
        self._days = days

    async def follow(self, now: Callable[[], datetime], wall: Callable[[], datetime]) -> None:
        """Erase and sweep, for ever. `now`: the hub's clock; `wall`: that of the disk."""
        while True:
            try:
                erased, swept = await self.erase(now()), await self.sweep(wall())
                if erased or swept:
                    LOGGER.info("pictures: %s of persons erased, %s leftovers swept", erased, swept)
            except HubError as error:
                LOGGER.warning("pictures: %s; looked at again in %.0f s", error.detail, EVERY_S)
            await asyncio.sleep(EVERY_S)

    async def erase(self, now: datetime) -> int:
        """Erase what is over at this time -> how many. Raises Unavailable."""
        erased, after = 0, None
        await kept.promise(self._database, timedelta(days=self._days) if self._days else None)
        while found := await kept.over(self._database, now, after, AT_ONCE):
            for medium in found:
                if not await self._is_alerted(medium):
                    erased += await self._erase(medium, f"persons: kept for {self._days} days")
            last = found[-1]
            after = (last.received_at, last.id)
        return erased

    async def _is_alerted(self, medium: Medium) -> bool:
        if medium.taken_at is None:
            return False
        # An alert may rest on the full picture or on the small copy that came first.
        copies = [one for one in await kept.copies(self._database, medium.id) if one.taken_at is not None]
        asked = [(one.id, one.device or UNNAMED_CAMERA, one.taken_at) for one in copies if one.taken_at]
        said = await shown.said(self._database, medium.site, asked)
        observations: set[UUID] = {seen.id for _, seen in said}
        return await shown.is_alerted(self._database, medium.site, observations, medium.taken_at)

    async def _erase(self, medium: Medium, reason: str) -> bool:
        async with self._database.transaction() as connection:
            await media.lock(connection, medium.sha256, alone=True)
            if not await kept.erase(connection, medium, reason):
                return False
            # Before the commit: whoever is killed in between erases it again.
            if not await media.is_kept(connection, medium.sha256):
                await asyncio.to_thread(self._vault.remove, medium.sha256)
        return True

    async def sweep(self, wall: datetime) -> int:
        """Remove bytes that no row refers to -> how many. Raises Unavailable."""
        swept = 0
        moment = (wall - LEFT_OVER_AFTER).timestamp()
        for sha256 in await asyncio.to_thread(lambda: list(self._vault.older_than(moment))):
            async with self._database.connection() as connection:
                if await media.is_kept(connection, sha256):
                    continue
            async with self._database.transaction() as connection:
                await media.lock(connection, sha256, alone=True)
                # It may have been put again while this was asked.
                if not await media.is_kept(connection, sha256) and self._vault.put_before(sha256, moment):
                    swept += await asyncio.to_thread(self._vault.remove, sha256)
        return swept
