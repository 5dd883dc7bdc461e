"""Are stated probabilities of whom a sighting shows true? People's decisions say, every night."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import msgspec

from fusion.calibration import IDENTITY, Calibration, isotonic
from hub.pipeline.association import LEAST_STATED, Window, weigh
from hub.pipeline.history import UNUSABLE
from hub.pipeline.propose import CALIBRATION, KeptCalibration, read_window
from hub.pipeline.weighing import lately, to_the_hour
from hub.pipeline.world import World, read_world
from hub.store import identity_months, noticed, sites
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)
FEWEST_REVIEWS: Final = 50
"""Decided observations below which probabilities are shown as they come: a map through fewer would follow chance."""

IDENTITY_KEPT: Final = KeptCalibration(stated=IDENTITY.stated.tolist(), true=IDENTITY.true.tolist(), reviews=0)


async def recalibrate(database: Database, site: str) -> int:
    """Fit the map from stated to true probabilities to the window's decisions; returns how many there are.

    Another map than before asks for all months again: what they propose is shown by it.
    With fewer than `FEWEST_REVIEWS` there is no map, also if there was one.
    """
    newest = await noticed.newest(database, site, sorted(UNUSABLE))
    if newest is None:
        return 0
    world = await read_world(database, site)
    window = await read_window(database, world, lately(to_the_hour(newest)))
    calibration, reviews = await asyncio.to_thread(judged_by_people, window, world)
    kept = KeptCalibration(stated=calibration.stated.tolist(), true=calibration.true.tolist(), reviews=reviews)
    before = await sites.read_setting(database, site, CALIBRATION)
    await sites.write_setting(database, site, CALIBRATION, msgspec.to_builtins(kept))
    if _shown_by(kept) != _shown_by(IDENTITY_KEPT if before is None else msgspec.convert(before, KeptCalibration)):
        async with database.transaction() as connection:
            months = [one.month for one in await identity_months.everything(database, site)]
            await identity_months.ask(connection, site, months)
    return reviews


def _shown_by(kept: KeptCalibration) -> tuple[list[float], list[float]]:
    return kept.stated, kept.true


async def recalibrate_every_site(database: Database) -> None:
    """As a job."""
    for site in await sites.everything(database):
        LOGGER.info("site %s: probabilities judged by %d reviews", site.id, await recalibrate(database, site.id))


def judged_by_people(window: Window, world: World) -> tuple[Calibration, int]:
    """The map, and the number of reviews; what is stated is weighed as if nobody had decided anything. Pure."""
    said = {key: what for key, what in window.decided.items() if what.decided or what.excluded}
    if len(said) < FEWEST_REVIEWS:
        return IDENTITY, len(said)
    stated: list[float] = []
    right: list[bool] = []
    for one in weigh(window._replace(decided={}), world).proposals:
        what = said.get(one.observation)
        for candidate in one.candidates if what is not None else ():
            assert what is not None
            # A rejection alone says nothing of the others.
            if what.decided or candidate.individual in what.excluded:
                stated.append(min(max(candidate.probability, LEAST_STATED), 1.0 - LEAST_STATED))
                right.append(what.decided and candidate.individual == what.individual)
    return isotonic(stated, right), len(said)
