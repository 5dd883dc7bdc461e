"""What a camera or a person saw at one moment, as evidence of identity: one row a passage, not one a picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np

from fusion.ellipse import Floats
from hub.pipeline.history import place_of
from hub.pipeline.identity import named_by
from hub.pipeline.world import World
from hub.records.flank import flank_of
from hub.records.identity import NOTHING_DECIDED, Believed
from hub.records.observation import Detection, Sighting
from hub.store.observations import Seen

# Pictures of one station within this time show the same passage: their likenesses are no independent witnesses.
PASSAGE_S = 120.0
# Whoever is named by a sender is that individual so often; a person on the spot is believed more.
NAMED_BY_MACHINE, NAMED_BY_PERSON = 0.95, 0.98
# Of pictures whose species is told, so many tell the right one.
SPECIES_RIGHT = 0.93
# A decision of people binds, wherever the animal is thought to be; no recogniser may say as much.
DECIDED = 60.0
ANIMAL_LABELS = frozenset({"animal", ""})


class Passage(NamedTuple):
    """`members` in canonical order; `scores`: log likelihood ratios by individual; `species`: of all who tell."""

    members: tuple[Seen, ...]
    longitude: float
    latitude: float
    covariance: Floats
    scores: dict[UUID, float]
    rest: float
    species: str | None


def is_animal(seen: Seen, world: World) -> bool:
    """Could this be an individual of the roster: an animal, or something that names a species or somebody?"""
    observation = seen.observation
    if not isinstance(observation, Detection | Sighting):
        return False
    if observation.label.lower() in ANIMAL_LABELS or observation.resembles:
        return True
    return observation.scientific_name is not None or observation.individual in world.individual_by_name


def passages(seen: Sequence[Seen], decided: dict[UUID, Believed], world: World) -> list[Passage]:
    """Animals that were seen, those of one passage together; a pure function of the set."""
    usable = [(one, place) for one in seen if is_animal(one, world) and (place := place_of(one, world)) is not None]
    usable.sort(key=lambda pair: (pair[0].device, pair[0].observed_at, pair[0].id))
    groups: list[list[tuple[Seen, tuple[float, float, Floats]]]] = []
    for one, place in usable:
        last = groups[-1][-1][0] if groups else None
        if (
            last is not None
            and isinstance(one.observation, Detection)
            and isinstance(last.observation, Detection)
            and last.device == one.device
            and (one.observed_at - last.observed_at).total_seconds() <= PASSAGE_S
            and species_of(last) in (species_of(one), None)
        ):
            groups[-1].append((one, place))
        else:
            groups.append([(one, place)])
    return [_passage(group, decided, world) for group in groups]


def species_of(seen: Seen) -> str | None:
    """The species that an observation tells."""
    observation = seen.observation
    return observation.scientific_name if isinstance(observation, Detection | Sighting) else None


def _passage(
    group: Sequence[tuple[Seen, tuple[float, float, Floats]]], decided: dict[UUID, Believed], world: World
) -> Passage:
    scores: dict[UUID, list[float]] = {}
    named = [_scores(one, decided.get(one.id, NOTHING_DECIDED), world) for one, _ in group]
    for told in named:
        for individual, score in told.items():
            scores.setdefault(individual, []).append(score)
    # One passage is one witness: the mean of those who said anything, but for people, whose word stands.
    joined = {
        who: max(said, key=abs) if max(map(abs, said)) >= DECIDED else sum(said) / len(said)
        for who, said in scores.items()
    }
    rest = _rest(joined)
    joined |= dict.fromkeys(_unseen_sides([one for one, _ in group], world) - joined.keys(), 0.0)
    longitude, latitude, covariance = group[0][1]
    told = {name for one, _ in group if (name := species_of(one)) is not None}
    return Passage(
        tuple(one for one, _ in group),
        longitude,
        latitude,
        covariance,
        joined,
        rest,
        told.pop() if len(told) == 1 else None,
    )


def _scores(seen: Seen, what: Believed, world: World) -> dict[UUID, float]:
    observation = seen.observation
    assert isinstance(observation, Detection | Sighting)
    scores: dict[UUID, float] = {}
    for one in observation.resembles:
        individual = world.individual_by_name.get(one.individual)
        if individual is not None and not _is_other_side(seen, individual, world):
            scores[individual] = one.log_ratio
    known = named_by(observation, world)
    # A machine cannot know by one side whom it knows by the other; a person on the spot may.
    if isinstance(observation, Detection) and known is not None and _is_other_side(seen, known, world):
        known = None
    if known is not None and not observation.resembles:
        right = NAMED_BY_PERSON if isinstance(observation, Sighting) else NAMED_BY_MACHINE
        scores[known] = math.log(right / (1 - right) * max(len(world.individuals) - 1, 1))
    for individual in filter(None, map(world.entry, what.excluded)):
        scores[individual] = -DECIDED
    if what.decided:
        scores = dict.fromkeys(scores, -DECIDED)
        if (individual := world.entry(what.individual)) is not None:
            scores[individual] = DECIDED
    return scores


def _is_other_side(seen: Seen, individual: UUID, world: World) -> bool:
    """Does it show the flank by which an individual is not known? Then looks say nothing of it, for or against."""
    shown, known = flank_of(seen.observation.attributes), world.flank_of(individual)
    return shown is not None and known is not None and shown != known


def _unseen_sides(members: Sequence[Seen], world: World) -> set[UUID]:
    """Individuals of whom a recogniser that looked at a passage saw nothing that it could know them by."""
    looked = [one for one in members if isinstance(one.observation, Detection | Sighting) and one.observation.resembles]
    if not looked:
        return set()
    return {key for key in world.one_flanked if all(_is_other_side(one, key, world) for one in looked)}


def _rest(scores: dict[UUID, float]) -> float:
    """What those who are not listed look like: worse than the worst that is, where a recogniser gave its best."""
    if not scores:
        return 0.0
    if max(scores.values()) >= DECIDED:
        return -DECIDED
    return min(0.0, *scores.values())


def species_table(found: Iterable[Passage], kinds: Sequence[str]) -> Floats:
    """f8[n, s] log likelihood of the species that was told, by species."""
    rows: list[list[float]] = []
    wrong = math.log((1 - SPECIES_RIGHT) / max(len(kinds) - 1, 1)) if len(kinds) > 1 else math.log(1 - SPECIES_RIGHT)
    for one in found:
        if one.species is None:
            rows.append([0.0] * len(kinds))
        else:
            rows.append([math.log(SPECIES_RIGHT) if kind == one.species else wrong for kind in kinds])
    return np.array(rows, dtype=np.float64).reshape(-1, len(kinds))
