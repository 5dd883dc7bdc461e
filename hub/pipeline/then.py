"""What was known at a time: tracks made anew from what the log held then, by the same steps as those of now.

A world that was read `as_of` a time carries that time; whatever is read to go with it keeps to it. So here is nothing
but: read the history, order it, fuse it. Shares of sightings are left out: all months would have to be weighed again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import numpy as np

from fusion.tracks import Track
from hub.pipeline.fuse import fuse, segments_of
from hub.pipeline.history import ordered_rows
from hub.pipeline.identity import history_of
from hub.pipeline.world import World
from hub.records.errors import Malformed
from hub.records.finding import Subject
from hub.store import observations
from hub.store.database import Database
from hub.store.observations import Seen
from hub.store.tracks import Segment

# A track is a function of all of its evidence: whoever asks for one day of then has it made from all that was known.
MOST_PIECES = 100_000


class Known(NamedTuple):
    """A track as it was known: the pieces it rests on, as they were believed then, and its months."""

    pieces: list[Seen]
    segments: list[Segment]
    set_hash: bytes


async def tracks_then(database: Database, world: World, chosen: Collection[UUID] | None = None) -> dict[Subject, Known]:
    """Tracks of some or all individuals as of `world.as_of`; who had left no trace is left out.

    Raises Malformed where they would be made of more than `MOST_PIECES` pieces.
    """
    asked = sorted(world.individuals if chosen is None else world.individuals.keys() & set(chosen), key=str)
    assert world.as_of is not None, "what holds now is in the store"
    await _bounded(database, world, world.as_of, asked)
    found: dict[Subject, Known] = {}
    for individual in asked:
        pieces = await history_of(database, world, individual)
        track = await asyncio.to_thread(_track, individual, pieces, world)
        if track is not None:
            subject = Subject(kind="individual", id=individual)
            found[subject] = Known(pieces, segments_of(track, np.ones(len(track))), track.set_hash)
    return found


async def _bounded(database: Database, world: World, as_of: datetime, asked: Collection[UUID]) -> None:
    subjects = [Subject(kind="individual", id=one) for one in asked]
    devices = sorted({stay.device for one in subjects for stay in world.stays_of_carrier.get(one, ())})
    said = await observations.count_of_devices(database, world.site.id, devices, as_of, MOST_PIECES + 1)
    if said > MOST_PIECES:
        raise Malformed(
            f"as_of: {len(asked)} individuals had left more than {MOST_PIECES:,} fixes by then, too many to be made "
            "into tracks while you wait: ask for some of them, with subject=… to /tracks"
        )


def _track(individual: UUID, pieces: list[Seen], world: World) -> Track | None:
    rows = ordered_rows(pieces, world, of=individual)
    if not len(rows):
        return None
    motion = world.movements.of(individual, world.individuals[individual].scientific_name)
    return fuse(rows, world.frame, motion, None).track


def last_segment(known: Known, at: datetime) -> Segment | None:
    """The segment that holds the last point at or before a time."""
    return next((one for one in reversed(known.segments) if one.first_at <= at), None)
