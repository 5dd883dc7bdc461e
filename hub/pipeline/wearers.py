"""Who wears a collar that is not on the animal it was said to be on: its way against what is known of all others.

Of every animal of that kind: sightings that are certain, and fixes of what it wore before. A pair of collars whose
ways fit each the other's animal was swapped, and is one hypothesis. A function of what stands and of the hour.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
import numpy as np

from fusion.behaviour.wrong_deployment import STRONG, belongs
from fusion.evidence import Evidence
from fusion.motion import MotionParameters
from hub.pipeline import identity
from hub.pipeline.behave import FEWEST_FIXES, MOST_SIGHTINGS, RESERVE_SD_M
from hub.pipeline.carried import fixes_of
from hub.pipeline.fuse import evidence_of, sized
from hub.pipeline.history import ordered_rows
from hub.pipeline.movement import kind_of
from hub.pipeline.world import World
from hub.records.finding import Subject
from hub.records.hypothesis import Hypothesis, hypothesis_id
from hub.store.database import Database
from hub.store.observations import Seen

# What an animal did so long before is where it lives still.
BEFORE: Final = timedelta(days=90)
# A fix an hour says where a collar lives; so many of them reach over six weeks.
APART_S: Final = 3_600.0
MOST_FIXES: Final = 1_000
# Whom a collar fits is named if it fits so much better than one whom nobody knows, and far better than whom it is on.
FITTING: Final = math.log(20.0)
MOST_NAMED: Final = 3


class Doubted(NamedTuple):
    """A collar in doubt: on whom it is said to be, since when that is contradicted, and what it said since."""

    device: str
    carrier: UUID
    since: datetime
    fixes: Evidence
    parameters: MotionParameters


async def with_wearers(
    database: Database, world: World, known: Sequence[Hypothesis], until: datetime
) -> list[Hypothesis]:
    """The same hypotheses, those about collars with whom each fits better; of a swapped pair one for both."""
    wrong = [one for one in known if one.kind == "wrong_deployment" and one.individual is not None]
    rest = [one for one in known if one.kind != "wrong_deployment" or one.individual is None]
    if not wrong:
        return rest
    lives = _Lives(database, world, until)
    named: dict[UUID, Hypothesis] = {}
    for one in sorted(wrong, key=lambda one: str(one.id)):
        named[one.id] = await _named(one, lives)
    return [*rest, *await _paired(named, lives)]


class _Lives:
    """What is known of where animals were, read once each."""

    def __init__(self, database: Database, world: World, until: datetime) -> None:
        self._database = database
        self.world = world
        self.until = until
        self._seen: dict[UUID, list[Seen]] = {}

    async def doubted(self, device: str, carrier: UUID, since: datetime) -> Doubted | None:
        """A collar's fixes on an animal since a time; None of too few."""
        said = await fixes_of(self._database, self.world, carrier, since, self.until)
        rows = ordered_rows((one for one in said if one.device == device), self.world)
        hours = np.floor(rows["time_s"] / APART_S)
        rows = rows[np.append(True, hours[1:] != hours[:-1])][-MOST_FIXES:] if len(rows) else rows
        if len(rows) < FEWEST_FIXES:
            return None
        motion = self.world.movements.of(carrier, self.world.individuals[carrier].scientific_name)
        fixes = evidence_of(rows, self.world.frame, motion.error_factor)
        return Doubted(device, carrier, since, fixes, sized(motion, fixes))

    async def fit(self, collar: Doubted, animal: UUID) -> float:
        """How far the collar's way is that of an animal, as a logarithm; 0: as far as that of one nobody knows."""
        world, subject = self.world, Subject(kind="individual", id=animal)
        if animal not in self._seen:
            said = await identity.named(self._database, world, world.entries_of(animal))
            believed = await identity.as_believed(self._database, world, said)
            self._seen[animal] = [one for one in believed if identity.subject_shown(one, world) == subject]
        begin = collar.since - BEFORE
        seen = [one for one in self._seen[animal] if begin <= one.observed_at < self.until]
        # Whom it is on is contradicted from then on only: what was seen before was seen with it.
        if animal == collar.carrier:
            seen = [one for one in seen if one.observed_at >= collar.since]
        seen = sorted(seen, key=lambda one: (one.observed_at, one.id))[-MOST_SIGHTINGS:]
        # What it wears now may be in doubt as well; what was taken off before is not.
        stays = world.stays_of_carrier.get(subject, ())
        before = {stay.device for stay in stays if stay.valid_to is not None and stay.valid_to <= collar.since}
        worn = await fixes_of(self._database, world, animal, begin, collar.since) if before else []
        rows = ordered_rows([*seen, *(one for one in worn if one.device in before)], world, of=animal)
        fixes = rows["is_fix"]
        hours = np.floor(rows["time_s"] / APART_S)
        rows = rows[~fixes | np.append(True, hours[1:] != hours[:-1])] if len(rows) else rows
        known = evidence_of(rows, world.frame)
        return await asyncio.to_thread(belongs, collar.fixes, known, collar.parameters, RESERVE_SD_M)

    def worn(self, animal: UUID) -> str | None:
        """The collar that an animal is said to wear now."""
        for stay in self.world.stays_of_carrier.get(Subject(kind="individual", id=animal), ()):
            device = self.world.devices.get(stay.device)
            if stay.valid_to is None and device is not None and device.kind == "collar":
                return stay.device
        return None


async def _named(one: Hypothesis, lives: _Lives) -> Hypothesis:
    """With `wearers`, whom the collar fits better, best first; `log_ratio` is against whom it is said to be on."""
    assert one.individual is not None
    collar = await lives.doubted(str(one.detail["device"]), one.individual, one.since)
    if collar is None:
        return one
    mine = await lives.fit(collar, one.individual)
    kind = kind_of(lives.world.individuals[one.individual].scientific_name)
    found: list[tuple[float, str]] = []
    for key, animal in lives.world.individuals.items():
        if key == one.individual or kind_of(animal.scientific_name) != kind:
            continue
        if animal.died_at is not None and animal.died_at < one.since:
            continue
        fit = await lives.fit(collar, key)
        if fit > FITTING and fit - mine > STRONG:
            found.append((fit - mine, str(key)))
    wearers: list[dict[str, Any]] = [
        {"individual": key, "log_ratio": round(ratio, 1)}
        for ratio, key in sorted(found, key=lambda pair: (-pair[0], pair[1]))[:MOST_NAMED]
    ]
    if not wearers:
        return one
    sensitive = one.sensitive or any(lives.world.individuals[UUID(w["individual"])].sensitive for w in wearers)
    return msgspec.structs.replace(one, sensitive=sensitive, detail=one.detail | {"wearers": wearers})


async def _paired(named: Mapping[UUID, Hypothesis], lives: _Lives) -> list[Hypothesis]:
    """Two collars of which each fits the other's animal are one hypothesis; of the others each is its own."""
    by_animal = {one.individual: one for one in named.values()}
    found: dict[UUID, Hypothesis] = {}
    for one in named.values():
        wearer = best_of(one)
        other_device = None if wearer is None else lives.worn(wearer)
        assert one.individual is not None
        if wearer is None or other_device is None or other_device == one.detail["device"]:
            found[one.id] = one
            continue
        theirs = by_animal.get(wearer)
        since = one.since if theirs is None else theirs.since
        back = await lives.doubted(other_device, wearer, since)
        ratio = -math.inf
        if back is not None:
            fit = await lives.fit(back, one.individual)
            ratio = fit - await lives.fit(back, wearer) if fit > FITTING else -math.inf
        if ratio <= STRONG:
            found[one.id] = one
            continue
        swapped = _swapped(one, theirs, wearer, other_device, since, ratio)
        found[swapped.id] = swapped
    return sorted(found.values(), key=lambda one: str(one.id))


def best_of(one: Hypothesis) -> UUID | None:
    """The animal that a collar fits best, if it fits any better than the one it is said to be on."""
    wearers: list[dict[str, Any]] = one.detail.get("wearers", [])
    return UUID(wearers[0]["individual"]) if wearers else None


def _swapped(
    one: Hypothesis, theirs: Hypothesis | None, wearer: UUID, device: str, since: datetime, ratio: float
) -> Hypothesis:
    """One hypothesis for both collars; the same whichever of the two it is made from."""
    assert one.individual is not None
    there: dict[str, Any] = theirs.detail if theirs is not None else {"device": device, "sightings": 0}
    back: float = next(
        (w["log_ratio"] for w in there.get("wearers", []) if w["individual"] == str(one.individual)), round(ratio, 1)
    )
    sides: list[dict[str, Any]] = [
        {"individual": str(one.individual), "device": one.detail["device"], "since": one.since.isoformat(),
         "log_ratio": one.detail["wearers"][0]["log_ratio"], "sightings": one.detail["sightings"]},
        {"individual": str(wearer), "device": device, "since": since.isoformat(),
         "log_ratio": back, "sightings": there["sightings"]},
    ]  # fmt: skip
    sides.sort(key=lambda side: side["individual"])
    both = [one] if theirs is None else sorted((one, theirs), key=lambda side: str(side.individual))
    first = both[0]
    evidence = tuple(sorted({key for side in both for key in side.evidence}))
    return msgspec.structs.replace(
        first,
        id=hypothesis_id("wrong_deployment", *sorted((one.individual, wearer))),
        individual=UUID(sides[0]["individual"]),
        since=min(side.since for side in both),
        decided_at=max(side.decided_at for side in both),
        probability=max(side.probability for side in both),
        value=round(sum(side.value for side in both), 3),
        sensitive=any(side.sensitive for side in both),
        evidence=evidence,
        detail={"by": "swap", "swapped": sides, "is_open": True},
    )
