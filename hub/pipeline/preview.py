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
from hub.pipeline.identity import as_believed, history_of, named, subject_shown
from hub.pipeline.world import World, read_world
from hub.records.finding import Subject
from hub.records.roster import Merge
from hub.store.database import Database
from hub.store.observations import Seen


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """An individual whose track would be another one. `pieces` are the fixes and sightings that the track rests on.

    `largest_shift_m`: how far it would move at most, at `shift_at`; both None where there is no track before or after.
    """

    individual: UUID
    name: str
    pieces_before: int
    pieces_after: int
    largest_shift_m: float | None
    shift_at: datetime | None


async def moved(database: Database, world: World, seen: Seen, before: UUID | None, after: UUID | None) -> list[Moved]:
    """What becomes of the tracks of those whom an observation showed before and would show after a decision."""
    out: list[Moved] = []
    for individual in sorted({one for one in (before, after) if one is not None and before != after}):
        if individual in world.individuals:
            history = await history_of(database, world, individual)
            others = [one for one in history if one.id != seen.id]
            both = (others, [*others, seen])
            sides = both if individual == after else (both[1], both[0])
            out.append(await asyncio.to_thread(_moved, individual, *sides, world))
    return out


class RosterPreview(msgspec.Struct, frozen=True, kw_only=True):
    """Which sightings would change owner, and what becomes of the tracks of those whom it concerns."""

    observations: list[UUID]
    moved: list[Moved]


async def preview_of_merge(database: Database, world: World, merged: UUID, stays: UUID) -> RosterPreview:
    """What becomes of two entries if they are one animal: computed in the world as it would be then."""
    asked = Merge(id=merged, merged=merged, stays=stays, note="", decided_by="", decided_at=datetime.now(UTC))
    after = await read_world(database, world.site.id, also=[asked])
    said = await named(database, world, [*world.entries_of(merged), *world.entries_of(stays)])
    owners: list[dict[UUID, Subject | None]] = []
    for one_world in (world, after):
        believed = await as_believed(database, one_world, said)
        owners.append({one.id: subject_shown(one, one_world) for one in believed})
    changing = [key for key, owner in owners[0].items() if owners[1][key] != owner]
    found: list[Moved] = []
    for individual in (stays, merged):
        then = await history_of(database, after, individual) if individual in after.individuals else []
        now = await history_of(database, world, individual)
        found.append(await asyncio.to_thread(_moved, individual, now, then, world, after))
    return RosterPreview(observations=changing, moved=found)


async def moved_by_split(
    database: Database, world: World, individual: UUID, other: UUID | None, seen: Sequence[Seen]
) -> list[Moved]:
    """What becomes of the tracks of an entry, and of the other one (None: it is new), that some sightings move to."""
    moving = {one.id for one in seen}
    before = await history_of(database, world, individual)
    rest = [one for one in before if one.id not in moving]
    found = [await asyncio.to_thread(_moved, individual, before, rest, world)]
    if other is not None:
        its = await history_of(database, world, other)
        found.append(await asyncio.to_thread(_moved, other, its, [*its, *seen], world))
    return found


def _moved(
    individual: UUID, before: Sequence[Seen], after: Sequence[Seen], world: World, then: World | None = None
) -> Moved:
    """`then`: the world in which the second side is made, if it is another one."""
    record = world.individuals[individual]
    worlds = (world, then or world)
    rows = [ordered_rows(side, one) for side, one in zip((before, after), worlds, strict=True)]
    shift_m, shift_at = None, None
    if all(len(side) for side in rows):
        old, new = (
            fuse(side, one.frame, one.movements.of(individual, record.scientific_name), None)
            for side, one in zip(rows, worlds, strict=True)
        )
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
