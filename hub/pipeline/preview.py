"""What a decision would change, before it is made: whose sightings, and how far whose track would move."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import numpy as np

from fusion.tracks import positions_at
from hub.pipeline.fuse import fuse
from hub.pipeline.history import ordered_rows
from hub.pipeline.identity import history_of
from hub.pipeline.shares import rows_of_shares, with_shares
from hub.pipeline.world import World
from hub.store import shares
from hub.store.database import Database
from hub.store.observations import Seen
from hub.store.shares import Shared

Side = tuple[Sequence[Seen], Sequence[Shared]]


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """An individual whose track would be another one. `pieces` are the fixes and sightings, and shares of
    sightings, that the track rests on.

    `largest_shift_m`: how far it would move at most, at `shift_at`; both None where there is no track before or after.
    """

    individual: UUID
    name: str
    pieces_before: int
    pieces_after: int
    largest_shift_m: float | None
    shift_at: datetime | None


async def moved(database: Database, world: World, seen: Seen, before: UUID | None, after: UUID | None) -> list[Moved]:
    """What becomes of the tracks of those whom an observation showed before and would show after a decision.

    Also of those whose track has a share of it, once it is known whom it shows. Shares of other sightings stay as they
    are until the month is weighed again.
    """
    site, out = world.site.id, list[Moved]()
    owners = {one for one in (before, after) if one is not None and before != after}
    losing = await shares.holders(database, site, [seen.id]) if after is not None and before != after else frozenset()
    for individual in sorted(owners | losing):
        if individual in world.individuals:
            history = await history_of(database, world, individual)
            others = [one for one in history if one.id != seen.id]
            then = [*others, seen] if individual == after else others
            now = [*others, seen] if individual == before else others
            shared = await shares.of_individual(database, site, individual)
            left = [one for one in shared if one.seen.id != seen.id]
            sides = (now, shared), (then, left)
            out.append(await asyncio.to_thread(_moved, individual, *sides, world))
    return out


def _moved(individual: UUID, before: Side, after: Side, world: World) -> Moved:
    record = world.individuals[individual]
    rows = [with_shares(ordered_rows(said, world), rows_of_shares(shared, world)) for said, shared in (before, after)]
    shift_m, shift_at = None, None
    if all(len(side) for side in rows):
        motion = world.movements.of(individual, record.scientific_name)
        old, new = (fuse(side, world.frame, motion, None) for side in rows)
        times = np.union1d(rows[0]["time_s"], rows[1]["time_s"])
        there, here = positions_at(old, times), positions_at(new, times)
        apart = np.hypot(here.x_m - there.x_m, here.y_m - there.y_m)
        worst = int(apart.argmax())
        shift_m, shift_at = round(float(apart[worst]), 1), datetime.fromtimestamp(float(times[worst]), UTC)
    return Moved(
        individual=individual,
        name=record.name,
        pieces_before=len(rows[0]),
        pieces_after=len(rows[1]),
        largest_shift_m=shift_m,
        shift_at=shift_at,
    )
