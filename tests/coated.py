"""Pictures of drawn leopards in a vault, looked at; and what compares their coats."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache
from uuid import UUID

import numpy as np
from PIL import Image

from hub.records.identity import Verdict
from hub.records.ids import new_id
from hub.records.observation import Stored
from hub.records.reference import Individual
from hub.see.chips import chips
from hub.see.coats import Coats
from hub.see.observed import Levels
from hub.see.seen import Box, Chips, Cut, Seen
from hub.see.settling import Looked, Settler
from hub.store import chips as store
from hub.store import identities, media, sites, vicinity
from hub.store.database import Database
from hub.store.observations import Seen as Known
from tests.bench.drawn_leopards import picture, view_of
from tests.store.pictures import SITE, Reserve

FLANKS = ("left", "right")


class Here:
    """Cuts in this process."""

    def cut(self, order: Cut) -> Chips:
        return chips(order)

    def close(self) -> None:
        pass


@cache
def drawn(animal: int, flank: int, view: int) -> tuple[bytes, tuple[float, float, float, float]]:
    """A PNG of one flank of an animal by day, and the box around it as parts of the picture."""
    rng = np.random.default_rng([animal, flank, view])
    clear = {"yaw": 8.0 * view - 8.0, "length_px": 380.0, "infrared": False, "burnt": 0.0, "blades": 0, "shade": 0.0}
    seen = picture(5, animal, flank, replace(view_of(rng, whole=True), motion_px=0.3, noise=2.5, **clear))
    out = io.BytesIO()
    Image.fromarray(seen.pixels).save(out, "PNG", compress_level=1)
    height, width = seen.pixels.shape[:2]
    left, top, right, bottom = map(float, seen.box)
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    return out.getvalue(), (left / width, top / height, (right - left) / width, (bottom - top) / height)


async def a_coat(reserve: Reserve, animal: int, flank: int, view: int, label: str = "animal") -> Known:
    """A picture of a coat that was looked at; its detection."""
    data, box = drawn(animal, flank, view)
    name = f"{animal}-{flank}-{view}"
    # Times apart: pictures of one passage are not compared with each other.
    at = reserve.now.replace(hour=animal % 24, minute=20 * view + 5 * flank)
    medium = await media.get(reserve.database, SITE, await reserve.take(name, data=data, received_at=at))
    seen = Seen(state="seen", width_px=100, height_px=100, boxes=[Box(label, 0.9, label, *box)])
    site = await sites.get(reserve.database, SITE)
    looked = Looked(medium, "light@1", seen, Levels(0.2))
    await Settler(reserve.database, reserve.acceptor).settle([looked], {SITE: site})
    found = [one for one in await reserve.observed() if getattr(one.observation, "media", "") == str(medium.id)]
    return await known(reserve.database, found[0])


async def known(database: Database, stored: Stored) -> Known:
    """As the log has it."""
    seen = await vicinity.by_id(database, SITE, stored.id)
    assert seen is not None
    return seen


async def is_of(database: Database, seen: Known, individual: Individual | UUID, verdict: Verdict = "is") -> UUID:
    """A person says whose coat it is; the decision."""
    key = new_id()
    who = individual if isinstance(individual, UUID) else individual.id
    async with database.transaction() as connection:
        await identities.decide(connection, SITE, seen, key, verdict=verdict, individual=who, note="", who="anna")
    return key


async def shows(database: Database, seen: Known, flank: int) -> None:
    """A person says which flank is seen."""
    async with database.transaction() as connection:
        await store.say_flank(connection, SITE, seen.id, new_id(), FLANKS[flank], "anna")


async def compared(database: Database, reserve: Reserve) -> None:
    """Whatever is to be cut and compared, by a task that knows nothing of earlier ones."""
    task = Coats(database, reserve.vault, cuts=Here)
    while await task.step():
        pass
