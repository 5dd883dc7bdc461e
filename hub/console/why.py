"""What an alert rests on: the fixes with their errors, and the fence as it stood when it asked for this."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from hub.pipeline.history import place_of
from hub.pipeline.judge import ellipse_of
from hub.pipeline.world import World
from hub.records.finding import Finding
from hub.records.observation import ErrorEllipse
from hub.records.reference import Fence
from hub.store import observations, reference
from hub.store.database import Database

# Times of findings are rounded to milliseconds.
_ROUNDED = timedelta(milliseconds=1)


class EvidenceFix(msgspec.Struct, frozen=True, kw_only=True):
    """An observation that a finding rests on, where it says. The ellipse holds the truth with 95 %."""

    id: UUID
    observed_at: datetime
    received_at: datetime
    device: str
    longitude: float
    latitude: float
    ellipse: ErrorEllipse


async def fixes_of(database: Database, world: World, finding: Finding) -> list[EvidenceFix]:
    """The observations that a finding rests on, in order of time. Only for who may read the finding exactly."""
    times = (finding.observed_from - _ROUNDED, finding.decided_at + _ROUNDED, finding.observed_to + _ROUNDED)
    keys = [(key, at) for key in finding.evidence for at in (min(times), max(times))]
    fixes: list[EvidenceFix] = []
    for seen in await observations.by_ids(database, keys):
        place = place_of(seen, world)
        if place is not None:
            fixes.append(
                EvidenceFix(
                    id=seen.id,
                    observed_at=seen.observed_at,
                    received_at=seen.received_at,
                    device=seen.device,
                    longitude=place[0],
                    latitude=place[1],
                    ellipse=ellipse_of(place[2].reshape(1, 3)),
                )
            )
    return sorted(fixes, key=lambda fix: (fix.observed_at, fix.id))


async def rule_of(database: Database, finding: Finding) -> Fence | None:
    """The version of the fence that asked for a finding; it may be gone since. None: no fence asked for it."""
    if finding.fence is None or finding.fence_version is None:
        return None
    found = await reference.at_version(database, finding.site, "fence", finding.fence, finding.fence_version)
    return found if isinstance(found, Fence) else None
