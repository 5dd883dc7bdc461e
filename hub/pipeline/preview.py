"""What a decision would change, before it is made: whose sightings, and how far whose track would move."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import numpy as np

from fusion.tracks import positions_at
from hub.pipeline.confirm import Change
from hub.pipeline.fuse import fuse
from hub.pipeline.history import ordered_rows
from hub.pipeline.identity import as_believed, history_of, named, subject_shown
from hub.pipeline.shares import MOST_OF_A_SHARE, rows_of_shares, with_shares
from hub.pipeline.world import World, read_world
from hub.records.finding import Subject
from hub.records.reference import Deployment
from hub.records.roster import Merge
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
    shared = {one: await shares.of_individual(database, world.site.id, one) for one in (stays, merged)}
    together = _together(*shared.values())
    for individual in (stays, merged):
        then = await history_of(database, after, individual) if individual in after.individuals else []
        now = await history_of(database, world, individual)
        sides = (now, shared[individual]), (then, together if individual in after.individuals else [])
        found.append(await asyncio.to_thread(_moved, individual, *sides, world, after))
    return RosterPreview(observations=changing, moved=found)


async def preview_of_changes(database: Database, world: World, changes: Sequence[Change]) -> RosterPreview:
    """What becomes of everybody whom a decision about a hypothesis concerns, in the world as it would be then.

    Shares of other sightings stay as they are until the months are weighed again, as in `moved`.
    """
    if (merge := next((one.merge for one in changes if one.merge is not None), None)) is not None:
        return await preview_of_merge(database, world, merge.merged, merge.stays)
    site = world.site.id
    records = [one.record for one in changes if one.record is not None]
    fitted = [one.movement for one in changes if one.movement is not None]
    after = await read_world(database, site, instead=records, fitted=fitted)
    given = {one.sighting.id: one for one in changes if one.sighting is not None}
    said = await as_believed(database, world, [one.sighting for one in given.values() if one.sighting is not None])
    owners = {one.id: owner.id for one in said if (owner := subject_shown(one, world)) is not None}
    changing = [one for one in given if owners.get(one) != given[one].individual]
    concerned = {one.carrier for one in records if isinstance(one, Deployment)} | {one.individual for one in fitted}
    concerned |= {world.merged.get(one, one) for one in concerned}
    for one in changing:
        concerned |= {who for who in (owners.get(one), given[one].individual) if who is not None}
    concerned |= await shares.holders(database, site, changing) if changing else frozenset()
    found: list[Moved] = []
    for who in sorted(concerned & after.individuals.keys(), key=str):
        now = await history_of(database, world, who) if who in world.individuals else []
        then = [one for one in await history_of(database, after, who) if one.id not in given]
        then += [one for one in said if given[one.id].individual == who]
        shared = await shares.of_individual(database, site, who)
        left = [one for one in shared if one.seen.id not in given]
        found.append(await asyncio.to_thread(_moved, who, (now, shared), (then, left), world, after))
    return RosterPreview(observations=changing, moved=found)


async def moved_by_split(
    database: Database, world: World, individual: UUID, other: UUID | None, seen: Sequence[Seen]
) -> list[Moved]:
    """What becomes of the tracks of an entry, and of the other one (None: it is new), that some sightings move to.

    Shares of other sightings stay as they are until the months are weighed again, as in `moved`.
    """
    site = world.site.id
    shared = await shares.of_individual(database, site, individual)
    moving = {one.id for one in seen}
    before = await history_of(database, world, individual)
    rest = [one for one in before if one.id not in moving]
    found = [await asyncio.to_thread(_moved, individual, (before, shared), (rest, shared), world)]
    if other is not None:
        its = await history_of(database, world, other)
        others = await shares.of_individual(database, site, other)
        left = [one for one in others if one.seen.id not in moving]
        found.append(await asyncio.to_thread(_moved, other, (its, others), ([*its, *seen], left), world))
    return found


def _together(one: Sequence[Shared], other: Sequence[Shared]) -> list[Shared]:
    """What is probably one of two is as probably the one that they are, until the months are weighed again."""
    out = {shared.seen.id: shared for shared in one}
    for shared in other:
        held = out.get(shared.seen.id)
        if held is not None:
            share = min(held.share + shared.share, MOST_OF_A_SHARE)
            shared = shared._replace(share=share, spread_m2=max(held.spread_m2, shared.spread_m2))
        out[shared.seen.id] = shared
    return sorted(out.values(), key=lambda shared: (shared.seen.observed_at, shared.seen.id))


def _moved(individual: UUID, before: Side, after: Side, world: World, then: World | None = None) -> Moved:
    """`then`: the world in which the second side is made, if it is another one."""
    worlds = (world, then or world)
    record = world.individuals.get(individual) or worlds[1].individuals[individual]
    rows = [
        with_shares(ordered_rows(said, one, of=individual), rows_of_shares(shared, one))
        for (said, shared), one in zip((before, after), worlds, strict=True)
    ]
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
