"""One feed per site; made when a site is first heard of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from hub.console.live import SiteFeed
from hub.pipeline.line import Told
from hub.pipeline.world import World
from hub.records.errors import NotFound
from hub.store.database import Database


class Feeds:
    """Hands what pipelines tell to the feeds of their sites. `now`: the clock of a site."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._feeds: dict[str, SiteFeed] = {}
        self._new: asyncio.Queue[SiteFeed] = asyncio.Queue()
        self.now: Callable[[str], datetime] = lambda _: datetime.now(UTC)

    def tell(self, site: str, told: Told, world: World) -> None:
        """A step was committed."""
        feed = self._feeds.get(site)
        if feed is None:
            feed = self._feeds[site] = SiteFeed(self._database, site, lambda name: self.now(name))
            self._new.put_nowait(feed)
        feed.tell(told, world)

    def of(self, site: str) -> SiteFeed:
        """The feed of a site; raises NotFound while its pipeline has not started."""
        feed = self._feeds.get(site)
        if feed is None:
            raise NotFound(f"no site {site!r}, or it is still being read: try again in a moment")
        return feed

    async def run(self) -> None:
        """Send frames for all sites."""
        async with asyncio.TaskGroup() as group:
            while True:
                feed = await self._new.get()
                group.create_task(feed.run())

    @property
    def listeners(self) -> int:
        """How many streams are open at all sites."""
        return sum(feed.listeners for feed in self._feeds.values())
