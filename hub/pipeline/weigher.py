"""Which months of a site are weighed next: neither what happens now nor what was imported waits for the other."""

from __future__ import annotations

import logging
from datetime import date

from hub.pipeline.propose import calibration_of, newest_month, propose
from hub.pipeline.provisional import Provisional
from hub.pipeline.world import read_world
from hub.records.errors import Unavailable
from hub.store import identity_months
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)


class Weigher:
    """Weighs the months of one site that wait for it. `at_once` hears what came out of the newest."""

    def __init__(self, database: Database, site: str, at_once: Provisional) -> None:
        self._database = database
        self._site = site
        self._at_once = at_once
        # Against whom sightings of now are weighed is not stored: the newest month says so once, also if none waits.
        self._is_known = False
        # How often a month had been asked for when it could not be weighed: it is left alone until it is asked again.
        self._failed: dict[date, int] = {}

    async def round(self) -> bool:
        """Weigh the newest and the oldest month that wait. True where others still do. Raises DatabaseUnavailable.

        A month that cannot be weighed keeps no other from it.
        """
        newest = await newest_month(self._database, self._site)
        known = await identity_months.everything(self._database, self._site)
        able = [one for one in known if self._failed.get(one.month) != one.asked]
        waiting = [one for one in able if not one.is_settled]
        now = [one for one in able if one.month == newest and (not one.is_settled or not self._is_known)]
        chosen = list(dict.fromkeys((*now, *waiting[:1], *waiting[-1:])))
        calibration = await calibration_of(self._database, self._site) if chosen else None
        for month in chosen:
            try:
                weighed = await propose(
                    self._database, await read_world(self._database, self._site), month, calibration
                )
            except Unavailable:
                raise
            except Exception:
                LOGGER.exception("who it may have been at %s in %s could not be weighed", self._site, month.month)
                self._failed[month.month] = month.asked
                continue
            if month.month == newest:
                self._is_known = True
                self._at_once.settled(weighed.known)
        return any(one not in chosen for one in waiting)
