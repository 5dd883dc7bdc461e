"""Step: which detections count of those that models made of one picture? Those of the look that counts, by one model.

All are in the log for ever. Another model may look again; then its detections stand for those before. A small copy of a
picture that came itself says nothing more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from hub.records.ids import content_id
from hub.records.observation import UNNAMED_CAMERA, Detection
from hub.store import looks, observations
from hub.store.database import Database
from hub.store.observations import Seen


async def that_count(database: Database, seen: Sequence[Seen], as_of: datetime | None = None) -> list[Seen]:
    """Without the detections of looks that do not count, or did not at a time. Everything else is left as it is."""
    made = {one.id: by for one in seen if (by := look_of(one)) is not None}
    if not made:
        return list(seen)
    known = await looks.counting(database, {medium for medium, _ in made.values()}, as_of)
    out: list[Seen] = []
    for one in seen:
        medium, model = made.get(one.id, (None, ""))
        now = None if medium is None else known.get(medium)
        # Until the picture says who looked, the only look there is counts.
        if now is None or not (now.is_preview or now.looked_by not in (None, model)):
            out.append(one)
    return out


def look_of(seen: Seen) -> tuple[UUID, str] | None:
    """The picture and the model that a detection was made of and by, in this hub; None for all others."""
    observation = seen.observation
    if not isinstance(observation, Detection) or observation.media is None or observation.source_id is None:
        return None
    model = observation.attributes.get("model")
    if not isinstance(model, str) or not observation.source_id.startswith(f"{observation.media}/{model}/"):
        return None
    try:
        return UUID(observation.media), model
    except ValueError:
        return None


async def of_pictures(database: Database, site: str, pictures: Collection[UUID]) -> list[Seen]:
    """All detections that models made of these pictures, whether they count or not."""
    found = await looks.boxes(database, pictures)
    return await observations.by_ids(
        database, [(_id_of(site, one, number), one.taken_at) for one in found for number in range(one.boxes)]
    )


def _id_of(site: str, one: looks.Boxes, number: int) -> UUID:
    """As `hub.ingest.identity` makes it of a detection's source_id."""
    return content_id("observation", site, one.device or UNNAMED_CAMERA, f"{one.medium}/{one.model}/{number}")
