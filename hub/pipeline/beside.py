"""The pipeline in a thread and event loop of its own, beside the doors: a long track makes no message late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import uvloop

from hub.pipeline.follow import Followers
from hub.pipeline.line import Told
from hub.pipeline.world import World
from hub.store.database import Database
from hub.supervise import run_all

CONNECTIONS = 8


@asynccontextmanager
async def followers_beside(
    dsn: str, tell: Callable[[str, Told, World], None]
) -> AsyncGenerator[tuple[Followers, Callable[[], Awaitable[None]]]]:
    """(followers, a task that lives as long as they do and fails when they do); ended on leaving.

    `tell` is called in the loop of the caller. Raises DatabaseUnavailable.
    """
    here = asyncio.get_running_loop()
    ready: asyncio.Future[tuple[Followers, Callable[[], None]]] = here.create_future()

    def told(site: str, what: Told, world: World) -> None:
        here.call_soon_threadsafe(tell, site, what, world)

    async def follow() -> None:
        stop, there = asyncio.Event(), asyncio.get_running_loop()
        database = await Database.connect(dsn, most=CONNECTIONS)
        try:
            followers = Followers(database, told)
            end = (followers, lambda: there.call_soon_threadsafe(stop.set) and None)
            here.call_soon_threadsafe(ready.set_result, end)
            await run_all({"pipeline": followers.run, "changes": followers.listen}, stop)
        finally:
            await database.close()

    with ThreadPoolExecutor(1, "pipeline") as executor:
        following = asyncio.ensure_future(here.run_in_executor(executor, lambda: uvloop.run(follow())))
        await asyncio.wait((ready, following), return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            following.result()
        followers, end = ready.result()

        async def lives() -> None:
            await asyncio.shield(following)

        try:
            yield followers, lives
        finally:
            if not following.done():
                end()
            await asyncio.wait((following,))
