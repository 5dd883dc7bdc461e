"""Step: whom may it be? Reads a month, has it weighed as a whole (`association`), and keeps the answers.

Runs beside the line. What is probably an individual becomes part of its track: the line follows the shares that are
kept here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import Final

import msgspec
import numpy as np

from fusion.calibration import IDENTITY, Calibration
from fusion.residence import Mapper
from hub.pipeline.association import Weighed, Window, weigh
from hub.pipeline.carried import fixes_of
from hub.pipeline.clocks import SETTING
from hub.pipeline.history import UNUSABLE
from hub.pipeline.looked import that_count
from hub.pipeline.weighing import Span, basis_of, month_of, span_of
from hub.pipeline.world import World, read_world
from hub.records.errors import Malformed
from hub.records.proposal import Proposal
from hub.store import identities, identity_months, log, noticed, proposals, shares, sites
from hub.store.database import Database
from hub.store.identity_months import IdentityMonth

MOST: Final = 20_000
"""Detections and sightings of a span; of more, those of its month first, the newest before older ones."""
MOST_THEN: Final = 10_000
"""Of what was known at an earlier time, so much is weighed while somebody waits for the answer."""
CALIBRATION: Final = "identity_calibration"


class KeptCalibration(msgspec.Struct, frozen=True, kw_only=True):
    """The map from stated to true probabilities, and from how many reviews it is."""

    stated: list[float]
    true: list[float]
    reviews: int

    def map(self) -> Calibration:
        """For use."""
        return Calibration(np.array(self.stated), np.array(self.true))


async def calibration_of(database: Database, site: str) -> Calibration:
    """The map that probabilities are shown by."""
    kept = await sites.read_setting(database, site, CALIBRATION)
    return IDENTITY if kept is None else msgspec.convert(kept, KeptCalibration).map()


async def newest_month(database: Database, site: str, as_of: datetime | None = None) -> date | None:
    """The month (UTC) in which something was noticed last."""
    newest = await noticed.newest(database, site, sorted(UNUSABLE), as_of)
    return None if newest is None else month_of(newest)


async def propose(
    database: Database,
    world: World,
    asked: IdentityMonth,
    calibration: Calibration | None = None,
    mapper: Mapper = map,
) -> Weighed:
    """Weigh a month, and keep what comes out.

    `world` must be read after `asked`. `calibration`: as kept, if it was not read before. `mapper` may be the map of a
    pool of threads; the answer is the same.
    """
    site, began = world.site.id, await proposals.clock(database)
    calibration = await calibration_of(database, site) if calibration is None else calibration
    window = await read_window(database, world, span_of(asked.month))
    found = await asyncio.to_thread(weigh, window, world, calibration, mapper)
    if asked.month == await newest_month(database, site):
        await sites.write_setting(database, site, SETTING, found.clocks)
    bounds = (window.span.since, window.span.until)
    async with database.transaction() as connection:
        await proposals.put(connection, site, bounds, found.proposals, began)
        changed = await shares.put(connection, site, *bounds, found.shares)
        await identity_months.answer(connection, site, asked.month, asked.asked, basis_of(world, asked.month))
        await log.record_change(connection, site, "share", sorted(changed))
    return found


async def propose_all(
    database: Database, site: str, step: Callable[[int, int], None] | None = None, mapper: Mapper = map
) -> int:
    """Weigh all months that wait for it; `step` is told how many are done, of how many. Returns how many there were."""
    waiting = await identity_months.waiting(database, site)
    world, calibration = await read_world(database, site), await calibration_of(database, site)
    for done, month in enumerate(waiting, start=1):
        await propose(database, world, month, calibration, mapper)
        if step is not None:
            step(done, len(waiting))
    return len(waiting)


async def proposals_then(database: Database, world: World, of: date | None = None) -> list[Proposal]:
    """What weighing a month would have proposed at `world.as_of`; None: that in which something was noticed last then.

    Raises Malformed where there is too much to weigh.
    """
    month = of or await newest_month(database, world.site.id, world.as_of)
    if month is None:
        return []
    window = await read_window(database, world, span_of(month))
    pieces = len(window.seen) + sum(map(len, window.fixes.values()))
    if pieces > MOST_THEN:
        raise Malformed(
            f"as_of: {pieces:,} observations were in the month then, more than {MOST_THEN:,}, too many to be weighed "
            "while you wait"
        )
    return (await asyncio.to_thread(weigh, window, world)).proposals


async def read_window(database: Database, world: World, span: Span) -> Window:
    """All that whom a sighting shows is weighed with; nothing where nothing was noticed in the span itself."""
    site, core, at = world.site.id, (span.since, span.until), world.as_of
    seen = await noticed.of_span(database, site, span.read_since, span.read_until, MOST, core, at)
    seen = await that_count(database, seen, at)
    if not any(span.since <= one.observed_at < span.until for one in seen):
        return Window(span, (), {}, {})
    decided = await identities.believed_of(database, site, [one.id for one in seen], at)
    fixes = {one: await fixes_of(database, world, one, span.read_since, span.read_until) for one in world.individuals}
    return Window(span, seen, decided, fixes)
