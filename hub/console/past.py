"""Answers about what was known at a time: the parameter `as_of`, and what may be told of it to whom today.

Nobody may learn more by asking for the past than from what is told now: what became sensitive since, what is known
today to have been somebody else's, and where people were, is cleared as if it had been known then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, NamedTuple
from uuid import UUID

from litestar.params import QueryParameter

from hub.console.sensitive import Marks, is_sensitive
from hub.console.sensitive import read_world as read_world_today
from hub.console.window import instant
from hub.pipeline.identity import as_believed, subject_shown
from hub.pipeline.positions import positions_at
from hub.pipeline.propose import proposals_then
from hub.pipeline.then import Known, tracks_then
from hub.pipeline.world import World, read_world
from hub.records.finding import Subject
from hub.records.observation import Fix
from hub.records.position import Position
from hub.records.proposal import Proposal
from hub.store import observations
from hub.store.database import Database
from hub.store.observations import Seen

AsOf = Annotated[
    str | None,
    QueryParameter(name="as_of", max_length=40, description="What the hub knew at this time, with zone."),
]


OfTracks = Mapping[Subject, Marks]


class Past(NamedTuple):
    """What was known at `as_of`, and what is known today of the same site."""

    as_of: datetime
    world: World
    today: World


def known_at(text: str | None) -> datetime | None:
    """The time whose knowledge is asked for; None: now's. Raises Malformed."""
    return instant(text, datetime.now(UTC), "as_of") if text else None


class Pasts:
    """Makes what was known at a time, one at a time: whoever drags the past about keeps nobody from the present."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Semaphore(1)

    async def read(self, site: str, as_of: datetime) -> Past:
        """Both worlds of a site; raises NotFound and DatabaseUnavailable."""
        then = await read_world(self._database, site, as_of=as_of)
        return Past(as_of, then, await read_world_today(self._database, site))

    async def tracks(self, past: Past, chosen: Collection[UUID] | None) -> tuple[dict[Subject, Known], OfTracks]:
        """Tracks as they were known, and what each asks for today; raises Malformed where they are too long."""
        async with self._turn:
            known = await tracks_then(self._database, past.world, chosen)
            marks = {
                subject: await marks_of(self._database, past, subject, one.pieces) for subject, one in known.items()
            }
        return known, marks

    async def positions(self, past: Past, at: datetime) -> list[tuple[Position, Marks]]:
        """Where everything was believed to be at a time, and what each place asks for today; raises Malformed."""
        known, marks = await self.tracks(past, None)
        found = await positions_at(self._database, past.world, at, known)
        return [(position, marks_of_position(past, position, marks)) for position in found.values()]

    async def proposals(self, past: Past, of: date | None = None) -> list[Proposal]:
        """Whom sightings of a month would have been taken for, or of the newest; raises Malformed: too many."""
        async with self._turn:
            return await proposals_then(self._database, past.world, of)


async def marks_of(database: Database, past: Past, subject: Subject, pieces: Iterable[Seen]) -> Marks:
    """What a track's own pieces ask for by what is known today: they may be somebody else's, or show somebody else."""
    today = past.today
    mine = today.followed(subject)
    sensitive, personal = today.is_sensitive(subject), today.is_personal(subject)
    noticed: list[Seen] = []
    for one in pieces:
        if not isinstance(one.observation, Fix):
            noticed.append(one)
            continue
        owner = today.subject_of(one.device, one.observed_at)
        if owner != mine:
            sensitive, personal = sensitive or today.is_sensitive(owner), personal or today.is_personal(owner)
    said = await observations.by_ids(database, [(one.id, one.observed_at) for one in noticed])
    for one in await as_believed(database, today, said):
        if subject_shown(one, today) != mine:
            sensitive = sensitive or today.shows(one.observation)
    return Marks(sensitive, personal)


def marks_of_position(past: Past, position: Position, of_tracks: OfTracks) -> Marks:
    """What a position asks for: by its track; by who carried the device, as it is known today."""
    today, subject = past.today, position.subject
    if subject in of_tracks:
        return of_tracks[subject]
    owners = [subject]
    if subject.kind != "place" and position.observed_at is not None:
        owners.append(today.subject_of(position.device, position.observed_at))
    return Marks(any(map(today.is_sensitive, owners)), any(map(today.is_personal, owners)))


async def marks_of_noticed(database: Database, past: Past, said: Sequence[Seen]) -> dict[UUID, Marks]:
    """What detections and sightings ask for as they are believed today."""
    believed = await as_believed(database, past.today, said)
    return {one.id: Marks(sensitive=is_sensitive(one.observation, past.today)) for one in believed}
