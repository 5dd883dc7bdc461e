"""Two individuals, one known by its left flank and one by its right, may be one animal: a person is asked.

No picture of one side can tell; only where and when both were seen can. They are never made one by the hub.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import product
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np

from fusion.behaviour.wrong_deployment import belongs
from fusion.evidence import Evidence
from hub.pipeline.behave import RESERVE_SD_M
from hub.pipeline.fuse import evidence_of, sized
from hub.pipeline.history import instant_of, ordered_rows, uuid_of
from hub.pipeline.movement import kind_of
from hub.pipeline.world import World
from hub.records.hypothesis import Hypothesis, hypothesis_id
from hub.store.observations import Seen

# Sightings of each that are looked at, the newest; fewer than these say nothing of where it lives.
MOST_SIGHTINGS: Final = 24
FEWEST_SIGHTINGS: Final = 3
# Two homes whose middles lie farther apart are not one.
APART_M: Final = 16_000.0
LEAST: Final = 0.2
STAKE: Final = 1.5


class OneFlank(NamedTuple):
    """An individual of which one flank is known, and certain sightings of it in canonical order."""

    individual: UUID
    said: Sequence[Seen]
    evidence: Evidence


def one_flank(world: World, individual: UUID, seen: Sequence[Seen]) -> OneFlank | None:
    """It with its newest sightings, if one flank of it is known and it was seen often enough while it lived."""
    if world.flank_of(individual) is None or world.individuals[individual].died_at is not None:
        return None
    rows = ordered_rows(seen, world, of=individual)[-MOST_SIGHTINGS:]
    if len(rows) < FEWEST_SIGHTINGS:
        return None
    kept = {uuid_of(one) for one in rows["id"]}
    return OneFlank(individual, [one for one in seen if one.id in kept], evidence_of(rows, world.frame))


def same_animals(known: Sequence[OneFlank], world: World) -> list[Hypothesis]:
    """Pairs of a left and a right flank whose sightings fit one way; a pure function, whatever the order.

    As probable as a partner is on the roster at all, and is this one of those that live near: one in two, evenly. The
    less probable of what both sides say counts, since each has one partner at most.
    """
    sides = [[one for one in known if world.flank_of(one.individual) == side] for side in ("left", "right")]
    fits: dict[tuple[UUID, UUID], float] = {}
    for left, right in product(*(sorted(side, key=lambda one: str(one.individual)) for side in sides)):
        if _may_be_one(left, right, world):
            fits[left.individual, right.individual] = _fit(left, right, world)
    by_id = {one.individual: one for one in known}
    found: list[Hypothesis] = []
    for (left, right), fit in fits.items():
        rivals = [[f for pair, f in fits.items() if pair[k] == one] for k, one in enumerate((left, right))]
        probability = min(math.exp(fit) / (len(side) + sum(map(math.exp, side))) for side in rivals)
        if probability >= LEAST:
            found.append(_supposed(by_id[left], by_id[right], fit, probability, world))
    return found


def _may_be_one(one: OneFlank, other: OneFlank, world: World) -> bool:
    animals = [world.individuals[side.individual] for side in (one, other)]
    sexes = {animal.sex for animal in animals} - {"unknown"}
    homes = [np.array([np.median(side.evidence.x_m), np.median(side.evidence.y_m)]) for side in (one, other)]
    near = float(np.hypot(*(homes[0] - homes[1]))) <= APART_M
    return near and len(sexes) < 2 and len({kind_of(animal.scientific_name) for animal in animals}) == 1


def _fit(left: OneFlank, right: OneFlank, world: World) -> float:
    """Logarithm of the Bayes factor for one way, against the ways of two whose homes know nothing of each other."""
    motion = world.movements.of(left.individual, world.individuals[left.individual].scientific_name)
    parameters = sized(motion, left.evidence)
    return min(belongs(left.evidence, right.evidence, parameters, RESERVE_SD_M), 50.0)


def _supposed(left: OneFlank, right: OneFlank, fit: float, probability: float, world: World) -> Hypothesis:
    # Who was seen more often stays.
    stays, other = sorted((left, right), key=lambda one: (-len(one.said), str(one.individual)))
    both = sorted((*left.said, *right.said), key=lambda one: (one.observed_at, one.id))
    x, y = (
        np.median(np.concatenate([getattr(one.evidence, axis) for one in (left, right)])) for axis in ("x_m", "y_m")
    )
    longitude, latitude = world.frame.to_degrees(np.array([x]), np.array([y]))
    first = float(min(left.evidence.time_s[0], right.evidence.time_s[0]))
    return Hypothesis(
        id=hypothesis_id("same_animal", left.individual, right.individual),
        site=world.site.id,
        kind="same_animal",
        individual=stays.individual,
        since=instant_of(first),
        decided_at=both[-1].observed_at,
        probability=round(probability, 4),
        value=round(STAKE * probability, 3),
        longitude=round(float(longitude[0]), 6),
        latitude=round(float(latitude[0]), 6),
        sensitive=any(world.individuals[one.individual].sensitive for one in (left, right)),
        evidence=tuple(one.id for one in both),
        detail={
            "by": "flanks",
            "other": str(other.individual),
            "flank": world.flank_of(stays.individual),
            "log_bayes_factor": round(fit, 1),
            "sightings": len(stays.said),
            "other_sightings": len(other.said),
            "nearest_s": _nearest_s(left, right),
        },
    )


def _nearest_s(left: OneFlank, right: OneFlank) -> int:
    """How near in time both were seen, in seconds."""
    apart = np.abs(left.evidence.time_s[:, None] - right.evidence.time_s[None, :]).min()
    return round(timedelta(seconds=float(apart)).total_seconds())
