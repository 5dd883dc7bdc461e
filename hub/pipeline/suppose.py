"""What may lie behind it all: births, deaths, collars on other animals. Nothing is done about it without a person.

Weighed from standing findings, from whom sightings are taken for, and from silence; a function of these and of the hour
of the newest observation, so the same whatever the order in which anything came.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import numpy as np

from hub.pipeline import identity
from hub.pipeline.carried import fixes_of
from hub.pipeline.flanks import OneFlank, one_flank, same_animals
from hub.pipeline.history import UNUSABLE, place_of
from hub.pipeline.looked import that_count
from hub.pipeline.wearers import with_wearers
from hub.pipeline.weighing import WINDOW, to_the_hour
from hub.pipeline.world import World
from hub.records.finding import Finding, Subject
from hub.records.flank import flank_of
from hub.records.hypothesis import Hypothesis, HypothesisKind, hypothesis_id
from hub.records.observation import Detection, Sighting
from hub.records.proposal import Proposal
from hub.store import findings, hypotheses, identities, noticed, observations, proposals
from hub.store.database import Database
from hub.store.observations import Seen

SUPPOSED: Final[tuple[HypothesisKind, ...]] = ("birth", "death", "wrong_deployment", "same_animal")
# What confirming one is worth, for one that is certain: how much of what is believed would be another.
STAKES: Final = {"death": 3.0, "wrong_deployment": 2.0, "birth": 2.0}
LEAST_DEATH: Final = 0.05
# Sightings that are likely of nobody on the roster, and how near and alike they must be to be one stranger.
LEAST_NOBODY: Final = 0.6
NEAR_M: Final = 8_000.0
ALIKE: Final = 2.0
FEWEST_PASSAGES: Final = 3
PASSAGE: Final = timedelta(minutes=30)
# Silence: fewer sightings than this are no rate; hazard of death a second, as in `fusion.behaviour.cause`.
FEWEST_SEEN: Final = 5
LIFE_S: Final = 6 * 365 * 86_400.0
LEAST_SILENCE: Final = 0.5
# A confirmed death is in doubt by what was observed so long after it.
AFTERWARDS: Final = timedelta(days=1)
MOVED_M: Final = 1_000.0
MOST_STRANGERS: Final = 2_000


class Stranger(NamedTuple):
    """A sighting that nobody on the roster explains."""

    seen: Seen
    nobody: float
    longitude: float
    latitude: float
    species: str | None
    looks: dict[str, float]
    flank: str | None


async def suppose(database: Database, world: World) -> list[Hypothesis]:
    """Weigh all hypotheses of a site but those of dispersal (see `refit.py`), and keep them."""
    site = world.site.id
    newest = await observations.newest(database, site)
    if newest is None:
        return []
    until = to_the_hour(newest)
    standing = await findings.going_on(database, site)
    known = [one for one in (_of_finding(finding, world) for finding in standing) if one is not None]
    known += await asyncio.to_thread(same_animals, await _one_flanked(database, world), world)
    dying = {one.individual for one in known if one.kind == "death"}
    for key in sorted(world.individuals):
        if key not in dying and (one := await _silent(database, world, key, until)) is not None:
            known.append(one)
    known += births(await _strangers(database, world, until), world)
    known = await with_wearers(database, world, known, until)
    async with database.transaction() as connection:
        await hypotheses.put(connection, site, SUPPOSED, known)
    return known


def _of_finding(finding: Finding, world: World) -> Hypothesis | None:
    """What a stay or a doubtful collar may mean, while it goes on."""
    individual = world.individuals.get(finding.subject.id)
    if individual is None or not finding.detail.get("is_open"):
        return None
    kind: HypothesisKind = "wrong_deployment"
    probability = finding.probability
    detail = {"finding": str(finding.id), **finding.detail}
    if finding.kind == "immobility":
        kind = "death"
        probability = next(one["p"] for one in finding.detail["causes"] if one["cause"] == "death")
        detail["by"] = "immobility"
        if probability < LEAST_DEATH:
            return None
    return _made(kind, (finding.id,), world, individual.id, finding.observed_from, finding.decided_at, probability,
                 (finding.longitude, finding.latitude), individual.sensitive, finding.evidence, detail)  # fmt: skip


async def _silent(database: Database, world: World, key: UUID, until: datetime) -> Hypothesis | None:
    """Has an animal that used to be seen not been seen for too long? Or one that is said to be dead been seen since?

    P(no sighting for so long | alive) is that of a gamma-Poisson rate from its own past, in days in which any station
    of the site was heard. Whatever says that it lives, its collar too, ends the silence.
    """
    individual, site = world.individuals[key], world.site.id
    seen = await identity.named(database, world, world.entries_of(key))
    subject = Subject(kind="individual", id=key)
    believed = await identity.as_believed(database, world, seen)
    seen = [one for one in believed if identity.subject_shown(one, world) == subject and place_of(one, world)]
    if individual.died_at is not None:
        fixes = await fixes_of(database, world, key, individual.died_at + AFTERWARDS)
        later = [one for one in seen if one.observed_at > individual.died_at + AFTERWARDS]
        return _alive(world, key, later) if later else _alive(world, key, _moving(fixes, world))
    if len(seen) < FEWEST_SEEN:
        return None
    fixes = await fixes_of(database, world, key, seen[-1].observed_at, until)
    last = max([seen[-1], *(one for one in fixes if place_of(one, world))], key=lambda one: (one.observed_at, one.id))
    past = await noticed.heard_days(database, site, seen[0].observed_at, seen[-1].observed_at)
    quiet = await noticed.heard_days(database, site, last.observed_at, until)
    if not past or not quiet:
        return None
    alive = (1.0 + quiet / past) ** -float(len(seen) - 1)
    dead = 1.0 - math.exp(-(until - last.observed_at).total_seconds() / LIFE_S)
    probability = dead / (dead + (1.0 - dead) * alive)
    place = place_of(last, world)
    if probability < LEAST_SILENCE or place is None:
        return None
    detail = {"by": "silence", "sightings": len(seen), "days": past, "quiet_days": quiet, "alive": round(alive, 4)}
    return _made("death", (key, last.id), world, key, last.observed_at, last.observed_at, probability,
                 (place[0], place[1]), individual.sensitive, (last.id,), detail)  # fmt: skip


async def _one_flanked(database: Database, world: World) -> list[OneFlank]:
    """Who is known by one flank, with what certainly shows it."""
    found: list[OneFlank] = []
    for key in sorted(world.one_flanked):
        subject = Subject(kind="individual", id=key)
        said = await identity.named(database, world, world.entries_of(key))
        seen = [
            one
            for one in await identity.as_believed(database, world, said)
            if identity.subject_shown(one, world) == subject
        ]
        if (one := one_flank(world, key, seen)) is not None:
            found.append(one)
    return found


def _moving(fixes: Sequence[Seen], world: World) -> list[Seen]:
    """Fixes that lie farther from the first of them than a collar that lies still says."""
    places = [(one, place) for one in fixes if (place := place_of(one, world)) is not None]
    if not places:
        return []
    x, y = world.frame.to_metres(
        np.array([place[0] for _, place in places]), np.array([place[1] for _, place in places])
    )
    return [one for (one, _), far in zip(places, np.hypot(x - x[0], y - y[0]) > MOVED_M, strict=True) if far]


def _alive(world: World, key: UUID, later: Sequence[Seen]) -> Hypothesis | None:
    """It was said to be dead, and something says that it lives: is it still?"""
    individual = world.individuals[key]
    if not later or individual.died_at is None:
        return None
    place = place_of(later[0], world)
    assert place is not None, "only what has a place is looked at"
    detail = {"by": "contradiction", "died_at": individual.died_at.isoformat(), "times": len(later)}
    return _made("death", (key, later[0].id), world, key, later[0].observed_at, later[-1].observed_at,
                 0.1 ** min(len(later), 3), (place[0], place[1]), individual.sensitive,
                 tuple(one.id for one in later[:8]), detail, value=STAKES["death"])  # fmt: skip


async def _strangers(database: Database, world: World, until: datetime) -> list[Stranger]:
    site = world.site.id
    supposed: dict[UUID, Proposal] = {
        one.observation: one for one in await proposals.of_nobody(database, site, LEAST_NOBODY)
    }
    seen = await noticed.of_span(database, site, until - WINDOW, until, 20_000)
    seen = await that_count(database, seen)
    decided = await identities.believed_of(database, site, [one.id for one in seen])
    kinds = {one.scientific_name for one in world.individuals.values()}
    out: list[Stranger] = []
    for one in sorted(seen, key=lambda one: (one.observed_at, one.id)):
        observation, word = one.observation, decided.get(one.id)
        if not isinstance(observation, Detection | Sighting) or not UNUSABLE.isdisjoint(observation.flags):
            continue
        place = place_of(one, world)
        said_nobody = word is not None and word.decided and word.individual is None
        # Whom no recogniser of coats has looked at is a stranger to nobody.
        if not said_nobody and (observation.scientific_name not in kinds or not observation.resembles):
            continue
        proposal = supposed.get(one.id)
        is_open = word is None or not word.decided
        if place is None or not (said_nobody or (proposal is not None and is_open)):
            continue
        out.append(
            Stranger(
                one, 0.99 if said_nobody or proposal is None else proposal.nobody, place[0], place[1],
                observation.scientific_name, {r.individual: r.log_ratio for r in observation.resembles},
                flank_of(observation.attributes),
            )
        )  # fmt: skip
    return out[-MOST_STRANGERS:]


def births(strangers: Sequence[Stranger], world: World) -> list[Hypothesis]:
    """Strangers of one kind near each other that look alike, seen at least three times, may be one new resident.

    Of pictures one after the other by the same station the first counts. Left and right flanks do not tell each other
    apart: of strangers whose flanks are all one, the individual is provisional, known by that flank alone. A pure
    function; single linkage, so that it does not depend on the order.
    """
    group = list(range(len(strangers)))

    def root(k: int) -> int:
        while group[k] != k:
            k = group[k]
        return k

    x, y = world.frame.to_metres(
        np.array([one.longitude for one in strangers]), np.array([one.latitude for one in strangers])
    )
    for i, one in enumerate(strangers):
        for j in np.flatnonzero(np.hypot(x[:i] - x[i], y[:i] - y[i]) <= NEAR_M).tolist():
            if root(i) != root(j) and _alike(one, strangers[j]):
                low, high = sorted((root(i), root(j)))
                group[high] = low
    found: list[Hypothesis] = []
    for first in sorted({root(k) for k in range(len(strangers))}):
        members = [strangers[k] for k in range(len(strangers)) if root(k) == first]
        passages = [one for k, one in enumerate(members) if not k or not _same_passage(members[k - 1], one)]
        if len(passages) < FEWEST_PASSAGES:
            continue
        nobody = sum(one.nobody for one in passages) / len(passages)
        # Each further picture halves the chance that they only happen to be alike.
        probability = nobody * (1.0 - 0.5 ** (len(passages) - 1))
        flanks = {one.flank for one in members if one.flank is not None}
        species = next((one.species for one in members if one.species), None)
        sensitive = any(world.shows(one.seen.observation) for one in members) or species is None
        detail = {
            "by": "strangers",
            "passages": len(passages),
            "species": species,
            "flank": next(iter(flanks)) if len(flanks) == 1 and all(one.flank for one in members) else None,
            "nobody": round(nobody, 3),
            "times": [one.seen.observed_at.isoformat() for one in members],
        }
        middle = (
            sum(one.longitude for one in passages) / len(passages),
            sum(one.latitude for one in passages) / len(passages),
        )
        since, newest = members[0].seen, members[-1].seen
        found.append(
            _made("birth", (since.id,), world, None, since.observed_at, newest.observed_at, probability, middle,
                  sensitive, tuple(one.seen.id for one in members), detail)
        )  # fmt: skip
    return found


def _same_passage(one: Stranger, other: Stranger) -> bool:
    return one.seen.device == other.seen.device and other.seen.observed_at - one.seen.observed_at <= PASSAGE


def _alike(one: Stranger, other: Stranger) -> bool:
    if one.species and other.species and one.species != other.species:
        return False
    shared = one.looks.keys() & other.looks.keys()
    if not shared or (one.flank and other.flank and one.flank != other.flank):
        # Different flanks cannot be told to differ; without anything in common only the place speaks.
        return True
    return sum(abs(one.looks[name] - other.looks[name]) for name in shared) / len(shared) <= ALIKE


def _made(
    kind: HypothesisKind,
    rests_on: tuple[UUID, ...],
    world: World,
    individual: UUID | None,
    since: datetime,
    decided_at: datetime,
    probability: float,
    place: tuple[float, float],
    sensitive: bool,
    evidence: tuple[UUID, ...],
    detail: dict[str, Any],
    value: float | None = None,
) -> Hypothesis:
    return Hypothesis(
        id=hypothesis_id(kind, *rests_on),
        site=world.site.id,
        kind=kind,
        individual=individual,
        since=since,
        decided_at=decided_at,
        probability=round(probability, 4),
        value=round(STAKES[kind] * probability if value is None else value, 3),
        longitude=round(place[0], 6),
        latitude=round(place[1], 6),
        sensitive=sensitive,
        evidence=evidence,
        detail=detail,
    )
