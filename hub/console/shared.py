"""What of a track is probable only: which sightings, with which share, and why they are thought to be this animal's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from hub.pipeline.fuse import Points
from hub.pipeline.weighing import months_reading
from hub.records.proposal import Candidate, Status
from hub.store import identity_months, proposals
from hub.store.database import Database


class SharedSighting(msgspec.Struct, frozen=True, kw_only=True):
    """A point of a track that is a share of a sighting; `why`: its reasons as natural logarithms, if stored."""

    observation: UUID
    share: float
    status: Status
    why: Candidate | None


async def shared_of(database: Database, site: str, individual: UUID, points: Points) -> list[SharedSighting]:
    """The points that are not certain, in order of time."""
    asked = {UUID(key): share for key, share in zip(points.observation, points.share, strict=True) if share < 1.0}
    found = await proposals.of_observations(database, site, list(asked))
    return [
        SharedSighting(
            observation=key,
            share=share,
            status=found[key].status if key in found else "provisional",
            why=next((one for one in found[key].candidates if one.individual == individual), None)
            if key in found
            else None,
        )
        for key, share in asked.items()
    ]


async def status_of(database: Database, site: str, since: datetime, until: datetime) -> Status:
    """Has everything been weighed that bears on [since, until)?"""
    waiting = [one.month for one in await identity_months.waiting(database, site)]
    touched = months_reading((since, until))
    return "provisional" if any(min(touched) <= month <= max(touched) for month in waiting) else "settled"


def certain(points: Points) -> Points:
    """Without what is probable only: a place where perhaps another was seen is not for every reader."""
    kept = [k for k, share in enumerate(points.share) if share == 1.0]
    if len(kept) == len(points.share):
        return points
    columns: dict[str, Sequence[float] | Sequence[str]] = {
        name: [getattr(points, name)[k] for k in kept] for name in Points.__struct_fields__
    }
    return msgspec.convert(columns, Points)
