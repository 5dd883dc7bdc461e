"""The task of the hub that compares coats: chips are cut from pictures, and held against the gallery.

Chips are cut by a process that may die of them. The gallery is what people decided: chips of detections whose owner
and flank were said. Whom a chip looks like follows from the chip and the gallery, so it is computed again when these
change, and comes out alike in whatever order anything arrived. Nothing here names anybody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from fusion.camera.frame import ANIMAL, overlap
from fusion.camera.pattern import METHOD
from hub.media.vault import Vault
from hub.records.coat import Chip, chip_id
from hub.records.errors import Gone
from hub.records.flank import flank_of
from hub.records.medium import Medium
from hub.records.observation import UNNAMED_CAMERA, Detection
from hub.records.roster import standing_for
from hub.see.alike import Compared, Galleries
from hub.see.frames import SAME_AREA
from hub.see.looking import Died, Looking
from hub.see.seen import Chips, Crop, Cut, CutChip
from hub.store import chips, merges, shown, sites
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)
COATED: Final = ("panthera pardus", "panthera tigris", "lynx lynx", "prionailurus bengalensis")
"""Species whose individuals are told by their coats; their subspecies too."""
ASK_EVERY_S: Final = 1.0
MOST_CUT: Final = 16
MOST_COMPARED: Final = 16
IDLE: Final = 30
"""So many times in vain, and the process that cuts is ended: it takes memory."""

_crops = msgspec.json.Decoder(list[Crop]).decode


class Cuts(Protocol):
    """What cuts chips, from one thread: `hub.see.looking`."""

    def cut(self, order: Cut) -> Chips:
        """Raises Died."""
        ...

    def close(self) -> None:
        """End."""
        ...


class Coats:
    """`run` works until it is cancelled. `classifies`: is a classifier active, so that animals are named by and by?"""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        *,
        classifies: Callable[[], bool] = lambda: False,
        cuts: Callable[[], Cuts] = Looking,
    ) -> None:
        self._database = database
        self._vault = vault
        self._classifies = classifies
        self._cuts = cuts()
        self._galleries = Galleries()
        self._digests: dict[str, tuple[str, str, str]] = {}
        self._idle = 0

    async def run(self) -> None:
        """Cut and compare. Raises Unavailable when the database does not answer: run it again."""
        try:
            while True:
                if not await self.step():
                    await asyncio.sleep(ASK_EVERY_S)
        finally:
            self._cuts.close()

    async def step(self) -> bool:
        """Some pictures and some chips -> was there anything to do?"""
        found = await chips.waiting(self._database, MOST_CUT)
        for medium in found:
            await self._cut(medium)
        self._idle = 0 if found else self._idle + 1
        if self._idle == IDLE:
            self._cuts.close()
        done = [await self._compare(site.id) for site in await sites.everything(self._database)]
        return bool(found) or any(done)

    async def _cut(self, medium: Medium) -> None:
        assert medium.taken_at is not None and medium.looked_by is not None
        asked = (medium.id, medium.device or UNNAMED_CAMERA, medium.taken_at)
        rows = [seen for _, seen in await shown.said(self._database, medium.site, [asked])]
        crops = [crop for body in await chips.named(self._database, medium.id) for crop in _crops(body)]
        wanted = [
            (seen, seen.observation, seen.observation.bounding_box)
            for seen in rows
            if isinstance(seen.observation, Detection)
            and seen.observation.bounding_box is not None
            and has_coat(seen.observation, crops, classifies=self._classifies())
        ]
        made: list[CutChip] = []
        if wanted:
            cut = await asyncio.to_thread(self._cut_out, medium.sha256, [box for _, _, box in wanted])
            made = cut.chips or [CutChip(reason=cut.reason)] * len(wanted)
        kept = [
            (
                Chip(
                    id=chip_id(seen.id, medium.id, box, METHOD),
                    site=medium.site,
                    observation=seen.id,
                    observed_at=seen.observed_at,
                    device=seen.device,
                    medium=medium.id,
                    box=box,
                    method=METHOD,
                    reason=one.reason,
                    told_flank=flank_of(observation.attributes),
                    quality=one.quality,
                    to_picture=one.to_picture or None,
                ),
                one.pattern,
            )
            for (seen, observation, box), one in zip(wanted, made, strict=True)
        ]
        async with self._database.transaction() as connection:
            await chips.put(connection, medium.id, medium.looked_by, medium.site, kept)

    def _cut_out(self, sha256: bytes, boxes: list[tuple[float, float, float, float]]) -> Chips:
        try:
            return self._cuts.cut(Cut(self._vault.open(sha256), boxes))
        except (Died, Gone) as error:
            LOGGER.warning("no chips of a picture: %s", error)
            return Chips(reason=str(error))

    async def _compare(self, site: str) -> bool:
        owned = await chips.owned(self._database, site, METHOD)
        told = await merges.holding(self._database, site)
        stands = standing_for(told, {key for one in told for key in (one.merged, one.stays)})
        gallery = [one._replace(individual=stands.get(one.individual, one.individual)) for one in owned]
        missing = self._galleries.missing(site, gallery)
        patterns = await chips.patterns(self._database, missing) if missing else {}
        digests = await asyncio.to_thread(self._galleries.settle, site, gallery, patterns)
        if self._digests.get(site) != digests:
            await chips.outdated(self._database, site, *digests, METHOD)
            self._digests[site] = digests
        stale = await chips.uncompared(self._database, site, METHOD, MOST_COMPARED)
        if not stale:
            return False
        asked = await chips.patterns(self._database, [one.id for one in stale])
        found: list[Compared] = [
            await asyncio.to_thread(self._galleries.compare, site, one, asked[one.id]) for one in stale
        ]
        async with self._database.transaction() as connection:
            await chips.compared(connection, site, found)
        return True


def has_coat(observation: Detection, crops: list[Crop], *, classifies: bool) -> bool:
    """Is this an animal whose coat tells who it is, or may it be, where nobody is there to name its species?"""
    named = observation.scientific_name or str(observation.attributes.get("named", ""))
    if observation.scientific_name is None and (box := observation.bounding_box) is not None:
        best = max(crops, key=lambda one: overlap(box, one.area), default=None)
        if best is not None and best.named and overlap(box, best.area) >= SAME_AREA:
            named = best.named[0][0]
    if named.lower().startswith(COATED):
        return True
    is_unnamed = observation.scientific_name is None and not crops and observation.label.lower() == ANIMAL
    return is_unnamed and not classifies
