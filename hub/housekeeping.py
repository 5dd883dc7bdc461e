"""Jobs that keep the house: a table of name, interval and function, for each process that has some."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from hub.records.errors import Unavailable
from hub.store import log
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)
MONTHS_AHEAD = 3
# A hub that is started anew every day keeps house all the same; not while it still takes up what it missed.
FIRST_AFTER = timedelta(hours=1)


async def make_months_ahead(database: Database) -> None:
    """Partitions of this month and the next three, so that no live message waits for one to be made."""
    moment = datetime.now(UTC).replace(day=1)
    for _ in range(MONTHS_AHEAD + 1):
        await log.ensure_month(database, moment)
        moment = (moment + timedelta(days=32)).replace(day=1)


Job = tuple[str, timedelta, Callable[[Database], Awaitable[None]]]
# Of the hub's own process; those of the pipeline's stand in hub/pipeline/process.py.
JOBS: Sequence[Job] = (("make_months_ahead", timedelta(hours=6), make_months_ahead),)


def schedule(database: Database, jobs: Sequence[Job] = JOBS) -> AsyncIOScheduler:
    """The scheduler with these jobs, not started. A run that was missed is made up for, once."""
    scheduler = AsyncIOScheduler(
        timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    for name, interval, function in jobs:
        scheduler.add_job(
            _run,
            "interval",
            args=(name, function, database),
            id=name,
            seconds=interval.total_seconds(),
            next_run_time=datetime.now(UTC) + min(interval, FIRST_AFTER),
        )
    return scheduler


@contextmanager
def kept(database: Database, jobs: Sequence[Job] = JOBS) -> Generator[None]:
    """These jobs run until this is left; one that is under way then is not waited for."""
    scheduler = schedule(database, jobs)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


async def _run(name: str, function: Callable[[Database], Awaitable[None]], database: Database) -> None:
    try:
        await function(database)
    except Unavailable as outage:
        LOGGER.warning("job %s: %s; it runs again at its next time", name, outage.detail)
