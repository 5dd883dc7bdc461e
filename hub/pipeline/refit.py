"""Fit movement parameters anew to the collars of a site: every night, and when somebody asks for it."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple
from uuid import UUID

import msgspec

from fusion.dispersal import settlement
from fusion.evidence import Evidence
from fusion.parameters import Fitted, fit_species
from hub.pipeline.carried import fixes_of
from hub.pipeline.history import instant_of
from hub.pipeline.movement import kind_of, prior_of
from hub.pipeline.world import NOUNS, World
from hub.pipeline.worn import FEWEST_FIXES, Worn, errors_differ, errors_of, worn_of
from hub.records.hypothesis import Hypothesis, hypothesis_id
from hub.records.movement import Movement, Tag
from hub.store import hypotheses, merges, parameters, reference, sites
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)
# A fit that differs by less than this, as a share, is the one there is: every change makes tracks anew.
TOLERANCE = 0.05


class Refitted(NamedTuple):
    """How many collared animals were fitted, and how many of the fits are new or differ."""

    fitted: int
    changed: int


async def refit(database: Database, site: str, step: Callable[[int, int], None] | None = None) -> Refitted:
    """Fit all collared individuals of a site, and store what changed; the pipeline makes their tracks anew.

    `step` is told how many kinds are done, of how many. The work is done in a thread.
    """
    stored = await parameters.everything(database, site)
    records = await reference.everything(database, site, NOUNS)
    merged = await merges.holding(database, site)
    world = World(await sites.get(database, site), records, merges=merged)
    kinds: defaultdict[str, dict[UUID, Worn]] = defaultdict(dict)
    for key, individual in sorted(world.individuals.items()):
        said = await fixes_of(database, world, key, collars_only=True)
        kind = kind_of(individual.scientific_name)
        worn = await asyncio.to_thread(worn_of, said, world, prior_of(kind))
        if len(worn.evidence) >= FEWEST_FIXES:
            kinds[kind][key] = worn
    dispersing = {one.hypothesis.individual for one in await hypotheses.confirmed(database, site, "dispersal")}
    found: list[Movement] = []
    supposed: list[Hypothesis] = []
    for done, (kind, animals) in enumerate(sorted(kinds.items())):
        if step is not None:
            step(done, len(kinds))
        sexes = {key: world.individuals[key].sex for key in animals}
        for fits in await asyncio.to_thread(fitted_kind, kind, animals, sexes):
            found.append(fits.moving if fits.individual in dispersing else fits.resident)
            if (one := dispersal(fits, animals[fits.individual].evidence, world)) is not None:
                supposed.append(one)
    async with database.transaction() as connection:
        await hypotheses.put(connection, site, ("dispersal",), supposed)
    known = {one.individual: one for one in stored}
    changed = [one for one in found if one.individual not in known or differs(known[one.individual], one)]
    await parameters.put(database, site, changed)
    return Refitted(len(found), len(changed))


async def refit_every_site(database: Database) -> None:
    """Movement parameters of every site, from its collars; the pipeline takes up what changed."""
    for site in await sites.everything(database):
        fitted, changed = await refit(database, site.id)
        LOGGER.info("site %s: %d collared animals fitted, %d changed", site.id, fitted, changed)


class Fits(NamedTuple):
    """How one animal moves if its home stays, and if it moves; `log_bayes_factor` for the latter.

    is_moving: the fixes speak strongly for it, and the centre left its home range.
    """

    individual: UUID
    resident: Movement
    moving: Movement
    log_bayes_factor: float
    ranges_moved: float
    is_moving: bool


def fitted_kind(kind: str, animals: Mapping[UUID, Worn], sexes: Mapping[UUID, str]) -> list[Fits]:
    """Fits of one kind of animal, as residents and with centres that move. A pure function."""
    named = {str(key): worn.evidence for key, worn in animals.items()}
    fits = fit_species(named, {str(key): sex for key, sex in sexes.items()}, prior_of(kind))
    found: list[Fits] = []
    for name, evidence in sorted(named.items()):
        fit, key = fits[name], UUID(name)
        settled = settlement(evidence, fit.prior)
        resident = movement_of(key, *errors_of(animals[key], fit.fitted))
        moving = resident
        if settled.chosen is settled.moving:
            moving = movement_of(key, *errors_of(animals[key], settled.moving))
        found.append(Fits(key, resident, moving, settled.log_bayes_factor, settled.ranges_moved, settled.is_moving))
    return found


def dispersal(fits: Fits, evidence: Evidence, world: World) -> Hypothesis | None:
    """Its home moves, if its fixes speak strongly for that. One of two was dispersing before, for all that is known."""
    individual = world.individuals.get(fits.individual)
    if not fits.is_moving or individual is None:
        return None
    probability = 1.0 / (1.0 + math.exp(-min(fits.log_bayes_factor, 50.0)))
    x, y = world.frame.to_degrees(evidence.x_m[-1:], evidence.y_m[-1:])
    first, last = (instant_of(float(evidence.time_s[k])) for k in (0, -1))
    return Hypothesis(
        id=hypothesis_id("dispersal", fits.individual),
        site=world.site.id,
        kind="dispersal",
        individual=fits.individual,
        since=first,
        decided_at=last,
        probability=round(probability, 4),
        value=round(probability, 3),
        longitude=round(float(x[0]), 6),
        latitude=round(float(y[0]), 6),
        sensitive=individual.sensitive,
        evidence=(),
        detail={
            "by": "movement",
            "log_bayes_factor": round(fits.log_bayes_factor, 1),
            "ranges_moved": round(fits.ranges_moved, 1),
            "fixes": len(evidence),
            "moving": msgspec.to_builtins(fits.moving),
            "resident": msgspec.to_builtins(fits.resident),
        },
    )


def movement_of(individual: UUID, fit: Fitted, tags: tuple[Tag, ...]) -> Movement:
    """A fit, with what its tags are off by, as it is stored."""
    return Movement(
        individual=individual,
        tau_position_s=fit.parameters.tau_position_s,
        tau_velocity_s=fit.parameters.tau_velocity_s,
        sigma_m=fit.parameters.sigma_m,
        centre_drift_m2_s=fit.parameters.centre_drift_m2_s,
        error_scale=fit.error_scale,
        spread_factor=fit.spread_factor,
        log_covariance=tuple(float(value) for value in fit.log_covariance.ravel()),
        fixes=fit.fixes,
        tags=tags,
    )


def differs(one: Movement, other: Movement) -> bool:
    """Does any parameter differ by more than `TOLERANCE` of itself, or the errors of a tag?"""
    if errors_differ(one.tags, other.tags):
        return True
    names = ("tau_position_s", "tau_velocity_s", "sigma_m", "error_scale", "spread_factor")
    pairs = [(getattr(one, name), getattr(other, name)) for name in names]
    moved = (one.centre_drift_m2_s > 0.0) != (other.centre_drift_m2_s > 0.0)
    if one.centre_drift_m2_s > 0.0 and other.centre_drift_m2_s > 0.0:
        pairs.append((one.centre_drift_m2_s, other.centre_drift_m2_s))
    return moved or any(abs(math.log(b / a)) > TOLERANCE for a, b in pairs)
