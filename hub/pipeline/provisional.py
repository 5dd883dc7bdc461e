"""Step: whom may it be, for now? A new sighting is weighed alone, as soon as the line has told of it.

`propose` weighs a month as a whole, which takes its time. Until it has, what was seen since is weighed against where
everybody was believed to be when that was done last with the newest. A month is weighed without reading these answers,
and they are part of no track.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from fusion.provisional import doubt, provisional
from hub.pipeline.association import Known, of_kinds, proposals_of, sightings_of
from hub.pipeline.line import Heard
from hub.pipeline.looked import that_count
from hub.pipeline.passages import PASSAGE_S, Passage, is_animal, passages
from hub.pipeline.world import World
from hub.records.errors import Unavailable
from hub.records.proposal import Proposal
from hub.store import identities, noticed, proposals
from hub.store.database import Database
from hub.store.observations import Seen

LOGGER = logging.getLogger(__name__)
# Of more at once, an import, the newest; the others wait until the whole set is weighed.
MOST_AT_ONCE = 500


class Provisional:
    """Answers for one site. What is heard before anything was settled waits for that."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site
        self._waiting: dict[UUID, Seen] = {}
        self._world: World | None = None
        self._noticed = asyncio.Event()
        self._known: Known | None = None

    def settled(self, known: Known | None) -> None:
        """The whole set was weighed: from here on sightings are weighed against what came out."""
        self._known = known
        if self._waiting:
            self._noticed.set()

    def hear(self, heard: Iterable[Heard], world: World) -> None:
        """Take note of what a step told."""
        self._world = world
        self._waiting |= {one.seen.id: one.seen for one in heard if not one.is_again and is_animal(one.seen, world)}
        for oldest in list(self._waiting)[: max(len(self._waiting) - MOST_AT_ONCE, 0)]:
            del self._waiting[oldest]
        if self._waiting:
            self._noticed.set()

    async def run(self) -> None:
        """Answer what was heard, all of it at once, one time after the other."""
        while True:
            await self._noticed.wait()
            self._noticed.clear()
            try:
                await self.answer()
            except Unavailable as outage:
                LOGGER.warning("who it may be at %s: %s; it waits for the whole set", self._site, outage.detail)
            except Exception:
                LOGGER.exception("who it may be at %s could not be said; it waits for the whole set", self._site)

    async def answer(self) -> None:
        """Answer what waits, all of it at once. Raises DatabaseUnavailable."""
        if self._known is None or self._world is None:
            return
        waiting, self._waiting = list(self._waiting.values()), {}
        if waiting:
            await self._answer(waiting, self._world, self._known)

    async def _answer(self, fresh: list[Seen], world: World, known: Known) -> None:
        # Pictures of one passage are one witness, also those that came before.
        near = await noticed.near(self._database, self._site, fresh, timedelta(seconds=PASSAGE_S))
        near = await that_count(self._database, near)
        decided = await identities.believed_of(self._database, self._site, [one.id for one in near])
        # Of what is older than all that was weighed nothing is known; what people have decided needs no answer.
        new = {one.id for one in fresh if one.observed_at >= known.since}
        new -= {key for key, what in decided.items() if what.decided}
        touched = [one for one in passages(near, decided, world) if any(seen.id in new for seen in one.members)]
        found = [one for one in answers(touched, world, known) if one.observation in new]
        if found:
            await proposals.put_provisional(self._database, self._site, found)


def answers(found: list[Passage], world: World, known: Known) -> list[Proposal]:
    """Provisional proposals for all members of passages; a pure function. Nobody is proposed who has left since."""
    found = of_kinds(found, known.kinds)
    if not found:
        return []
    roster = known.standing.roster
    sightings = sightings_of(found, world, known.kinds, known.rank, known.stations, known.clocks, roster)
    shared = provisional(sightings, known.standing)
    value, by_key = doubt(shared), {one.members[0].id.bytes: one for one in found}
    out: list[Proposal] = []
    for j in range(len(sightings)):
        passage = by_key[sightings.keys[j].tobytes()]
        out += proposals_of(
            passage, j, shared, roster, known.configuration, float(value[j]), known.calibration, "provisional"
        )
    return out
