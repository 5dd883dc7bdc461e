"""Step: which individuals met, night by night. Of two animals, and of nothing but what both said around that night.

So the answer is the same in whatever order it came: a night is computed anew when either of the two changes in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np

from fusion.behaviour.encounter import Encounter, encounters
from fusion.tracks import Checkpoint
from geo.tiles import grown
from hub.pipeline import identity
from hub.pipeline.fuse import fuse
from hub.pipeline.history import Rows, instant_of, ordered_rows, uuid_of
from hub.pipeline.memory import Memories
from hub.pipeline.nights import DAY_S, MARGIN_S, around, begins
from hub.pipeline.world import World
from hub.records.finding import Finding, Subject, behaviour_id
from hub.store import findings, followed
from hub.store.database import Database

DISTANCE_M: Final = 100.0
LEAST_TOLD: Final = 0.3
# Whose fixes around a night lie farther apart than this did not meet in it.
APART_M: Final = 3_000.0


class Met(NamedTuple):
    """Encounters that stand from now on, and that do not any more."""

    added: tuple[Finding, ...]
    removed: tuple[Finding, ...]


class Changed(NamedTuple):
    """An individual of which something is new in some nights; None: in any."""

    individual: UUID
    rows: Rows
    nights: frozenset[int] | None


@dataclass(slots=True)
class _Known:
    """What one step has read and smoothed already."""

    rows: dict[UUID, Rows]
    smoothed: dict[tuple[UUID, int], Checkpoint] = field(default_factory=dict[tuple[UUID, int], Checkpoint])


async def meetings(database: Database, world: World, changed: Sequence[Changed], memories: Memories) -> Met:
    """What becomes of the encounters of those of whom something is new."""
    site, longitude = world.site.id, world.site.centre[0]
    known = _Known({one.individual: one.rows for one in changed})
    before: dict[UUID, Finding] = {}
    after: dict[UUID, Finding] = {}
    for one in changed:
        nights = around(one.rows["time_s"], longitude)
        if one.nights is not None:
            nights &= one.nights
        if one.nights is None or one.nights:
            for finding in await findings.encounters_of(database, site, one.individual):
                if one.nights is None or finding.detail["night"] in one.nights:
                    before[finding.id] = finding
        if not nights or one.individual not in world.individuals:
            continue
        for other in await _neighbours(database, world, one, nights, known):
            if other not in known.rows:
                memory = memories.get(Subject(kind="individual", id=other))
                if memory is None:
                    history = await identity.history_of(database, world, other)
                    known.rows[other] = ordered_rows(history, world, of=other)
                else:
                    known.rows[other] = memory.rows
            for night in sorted(nights):
                pair = tuple(sorted((one.individual, other)))
                if (found := _met(pair[0], pair[1], night, world, known)) is not None:
                    after[found.id] = found
    return Met(
        tuple(one for key, one in sorted(after.items()) if before.get(key) != one),
        tuple(one for key, one in sorted(before.items()) if after.get(key) != one),
    )


async def _neighbours(
    database: Database, world: World, one: Changed, nights: frozenset[int], known: _Known
) -> list[UUID]:
    """Individuals that were, in the same months, where this one was in these nights."""
    longitude = world.site.centre[0]
    since, until = begins(min(nights), longitude) - MARGIN_S, begins(max(nights) + 1, longitude) + MARGIN_S
    rows = one.rows[(one.rows["time_s"] >= since) & (one.rows["time_s"] < until)]
    if not len(rows):
        return []
    box = grown(
        (
            float(rows["longitude"].min()),
            float(rows["latitude"].min()),
            float(rows["longitude"].max()),
            float(rows["latitude"].max()),
        ),
        APART_M,
    )
    months = (_month(float(rows["time_s"][0]) - DAY_S), _month(float(rows["time_s"][-1]) + DAY_S))
    found = await followed.individuals_near(database, world.site.id, box, *months)
    return sorted((found | known.rows.keys()) & world.individuals.keys() - {one.individual})


def _month(time_s: float) -> date:
    return datetime.fromtimestamp(time_s, UTC).date().replace(day=1)


def _met(one: UUID, other: UUID, night: int, world: World, known: _Known) -> Finding | None:
    longitude = world.site.centre[0]
    begin = begins(night, longitude)
    rows = [_around(known.rows[who], begin) for who in (one, other)]
    if not all(len(side) for side in rows) or not _may_have_met(rows[0], rows[1], world):
        return None
    tracks = [_smoothed(who, night, side, world, known) for who, side in zip((one, other), rows, strict=True)]
    found = encounters(tracks[0], tracks[1], begin, begin + DAY_S, distance_m=DISTANCE_M)
    best = max(found, key=lambda stretch: (stretch.probability, -stretch.at_s), default=None)
    if best is None or best.probability < LEAST_TOLD:
        return None
    return _finding(one, other, night, found, best, rows, world)


def _around(rows: Rows, begin: float) -> Rows:
    since, until = np.searchsorted(rows["time_s"], [begin - MARGIN_S, begin + DAY_S + MARGIN_S])
    return rows[since:until]


def _may_have_met(one: Rows, other: Rows, world: World) -> bool:
    ax, ay = world.frame.to_metres(one["longitude"], one["latitude"])
    bx, by = world.frame.to_metres(other["longitude"], other["latitude"])
    return bool(np.hypot(ax[:, None] - bx[None, :], ay[:, None] - by[None, :]).min() <= APART_M)


def _smoothed(who: UUID, night: int, rows: Rows, world: World, known: _Known) -> Checkpoint:
    if (who, night) not in known.smoothed:
        motion = world.movements.of(who, world.individuals[who].scientific_name)
        known.smoothed[who, night] = fuse(rows, world.frame, motion, None)
    return known.smoothed[who, night]


def _finding(
    one: UUID, other: UUID, night: int, found: list[Encounter], best: Encounter, rows: list[Rows], world: World
) -> Finding:
    nearest = [side[int(np.abs(side["time_s"] - best.at_s).argmin())] for side in rows]
    x, y = world.frame.to_degrees(np.array([best.x_m]), np.array([best.y_m]))
    subject = Subject(kind="individual", id=one)
    at = instant_of(best.at_s)
    return Finding(
        id=behaviour_id(subject, "encounter", other=other, of=str(night)),
        site=world.site.id,
        subject=subject,
        kind="encounter",
        observed_from=instant_of(found[0].since_s),
        observed_to=instant_of(found[-1].until_s),
        crossed_at=at,
        earliest_at=instant_of(best.since_s),
        latest_at=instant_of(best.until_s),
        decided_at=instant_of(max(float(side["time_s"]) for side in nearest)),
        probability=round(best.probability, 3),
        longitude=round(float(x[0]), 6),
        latitude=round(float(y[0]), 6),
        evidence=tuple(uuid_of(side["id"]) for side in nearest),
        other=other,
        detail={
            "night": night,
            "distance_m": DISTANCE_M,
            "expected_s": round(sum(stretch.expected_s for stretch in found)),
            "stretches": len(found),
        },
    )
