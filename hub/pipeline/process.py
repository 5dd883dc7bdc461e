"""The pipeline as a process of its own: `python -m hub.pipeline.process`, started by `beside.py`, never by a person.

It shares no interpreter with the doors: a long track makes no message late. It ends with the hub, however that ends.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import BinaryIO

import uvloop

from hub import logs
from hub.housekeeping import Job, kept
from hub.pipeline.follow import Followers
from hub.pipeline.line import Told
from hub.pipeline.recalibrate import recalibrate_every_site
from hub.pipeline.refit import refit_every_site
from hub.pipeline.telling import Order, Teller, receive
from hub.pipeline.world import World
from hub.store.database import Database
from hub.supervise import run_all

CONNECTIONS = 8
# Where processors are short, messages at the doors go before what is computed of them.
NICENESS = 5
CATCH_UP_EVERY_S = 1.0
# Heavy work has its place here, where it makes no message at the doors late.
JOBS: Sequence[Job] = (
    ("refit_movement", timedelta(hours=24), refit_every_site),
    ("recalibrate", timedelta(hours=24), recalibrate_every_site),
)
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Follow all sites until the hub closes its end of the pipe, or dies."""
    # A signal to the whole group is meant for the hub, which ends this process itself.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        # The end of the pipe would be seen only between two steps; a hub that starts anew must not meet an old line.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.nice(NICENESS)
    # Whatever a library prints must not stand between the frames.
    frames = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    uvloop.run(follow(sys.stdin.buffer, frames))


async def follow(orders: BinaryIO, frames: BinaryIO) -> None:
    """Read the order, follow, and tell of every committed step. Raises DatabaseUnavailable."""
    loop = asyncio.get_running_loop()
    hub = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(hub), orders)
    order = await receive(hub, Order)
    if order is None:
        return
    logs.set_up(order.log_level)
    pipe, _ = await loop.connect_write_pipe(asyncio.Protocol, frames)
    teller = Teller(pipe)
    stop = asyncio.Event()

    def tell(site: str, told: Told, world: World) -> None:
        # Its reference data the hub reads by itself: they are large, and change seldom.
        del world
        teller.tell(site, told)

    async def catch_up() -> None:
        # Nothing may happen at a site for a long time after the gap.
        while True:
            await asyncio.sleep(CATCH_UP_EVERY_S)
            teller.catch_up()

    async def hub_lives() -> None:
        await hub.read()
        stop.set()

    database = await Database.connect(order.dsn, most=CONNECTIONS)
    try:
        followers = Followers(database, tell)
        gc.collect()
        gc.freeze()
        tasks = {"pipeline": followers.run, "changes": followers.listen, "hub": hub_lives, "gaps": catch_up}
        with kept(database, JOBS):
            await run_all(tasks, stop)
    finally:
        pipe.close()
        await database.close()


if __name__ == "__main__":
    main()
