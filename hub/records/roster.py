"""What people decided about entries of the roster: two are one animal, or one holds two."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word that two entries are one animal: all of `merged` belongs to the one that `stays`.

    One that was taken back counts no longer, and is kept to be read.
    """

    id: UUID
    merged: UUID
    stays: UUID
    note: str
    decided_by: str
    decided_at: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word that an entry holds two animals: the sightings `observations` show the `other` one.

    is_new: the other one was put on the roster by this; it goes from there again when the split is taken back, unless
    something else names it by then.
    """

    id: UUID
    individual: UUID
    other: UUID
    is_new: bool
    observations: tuple[UUID, ...]
    note: str
    decided_by: str
    decided_at: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None


def standing_for(merges: Iterable[Merge], entries: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Of each merged entry the one that stands for it, through all merges that hold, in whatever order they were made.

    Merges of what is no entry (any more) count nothing. Of entries that are merged in a circle the least id stays.
    """
    steps = {
        one.merged: one.stays
        for one in merges
        if one.withdrawn_at is None and one.merged in entries and one.stays in entries
    }
    found: dict[UUID, UUID] = {}
    for start in steps:
        way = [start]
        while (following := steps.get(way[-1])) is not None and following not in way:
            way.append(following)
        end = way[-1] if following is None else min(way[way.index(following) :])
        if end != start:
            found[start] = end
    return found
