"""One feed per site; made when a site is first heard of."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from hub.console.live import SiteFeed
from hub.pipeline.line import NOUNS_FOLLOWED, Told
from hub.pipeline.world import World
from hub.records.errors import NotFound
from hub.store import log
from hub.store.database import Database


class Feeds:
    """Hands what pipelines tell to the feeds of their sites. `now`: the clock of a site."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._feeds: dict[str, SiteFeed] = {}
        self._new: asyncio.Queue[SiteFeed] = asyncio.Queue()
        self.now: Callable[[str], datetime] = lambda _: datetime.now(UTC)
        # Steps that were told, by site.
        self.steps = Counter[str]()

    def tell(self, site: str, told: Told, world: World) -> None:
        """A step was committed."""
        feed = self._feeds.get(site)
        if feed is None:
            feed = self._feeds[site] = SiteFeed(self._database, site, lambda name: self.now(name))
            self._new.put_nowait(feed)
        feed.tell(told, world)
        self.steps[site] += not told.is_start

    def of(self, site: str) -> SiteFeed:
        """The feed of a site; raises NotFound while its pipeline has not started."""
        feed = self._feeds.get(site)
        if feed is None:
            raise NotFound(f"no site {site!r}, or it is still being read: try again in a moment")
        return feed

    def world_of(self, site: str) -> World:
        """Reference data of a site as its pipeline last used them, or newer; raises NotFound."""
        world = self.of(site).world
        assert world is not None, "a feed is made when its pipeline tells"
        return world

    async def lag(self, site: str) -> tuple[int, datetime | None]:
        """Changes that a site's pipeline has not followed yet, and since when. Raises NotFound, DatabaseUnavailable."""
        return await log.lag(self._database, site, self.of(site).cursor, NOUNS_FOLLOWED)

    @property
    def sites(self) -> frozenset[str]:
        """Sites whose pipeline has started."""
        return frozenset(self._feeds)

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
