"""Whose is one sighting more: weighed alone, against where all were believed to be when the whole set was settled last.

The last step of `association.settle`, once more, for sightings that were not in the set: their candidates are those
they resemble and those who live near. Nothing of what was settled changes by it; the next settled answer does not
read this one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fusion import association_kernels as loops
from fusion import residence
from fusion.association import Rates, Settled, shared, smoothed
from fusion.association_kernels import Whereabouts
from fusion.camera_process import Cameras
from fusion.ellipse import Floats
from fusion.identities import AssociationRules, Identities
from fusion.residence import Mapper, Residence
from fusion.roster import Roster
from fusion.sightings import Sightings
from fusion.timelines import timelines, whereabouts


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Where everybody is believed to be, and at what rates strangers pass, by the set that was settled last."""

    roster: Roster
    cameras: Cameras
    rules: AssociationRules
    residence: Residence
    rates: Rates
    at: Whereabouts


def standing(settled: Settled, mapper: Mapper = map) -> Standing:
    """What a further sighting is weighed against: all individuals on the common clock, all sightings taken in."""
    found, roster, rules = settled.identities, settled.roster, settled.rules
    lines = timelines(
        settled.sightings, roster, settled.silence, found.offset, found.who, found.if_here, found.spread_m2
    )
    motion = residence.motions(roster, settled.residence.log_motion, rules)
    at = whereabouts(lines, smoothed(lines, motion, mapper), settled.silence, motion, rules)
    return Standing(roster, settled.cameras, rules, settled.residence, settled.rates, at)


def provisional(sightings: Sightings, known: Standing) -> Identities:
    """Share sightings among the individuals that stand; each is answered as if the others here did not exist.

    `Sightings.camera` counts in the cameras of the standing. Its work grows with the sightings and, for each, with
    those who live near; with the roster only by a pass over it.
    """
    at, rules, roster = known.at, known.rules, known.roster
    motion = residence.motions(roster, known.residence.log_motion, rules)
    # Before and after the clock nobody's place is known better than its end, and how far one strays since then.
    end_s = at.start_s + (at.place.shape[1] - 1) * at.step_s
    apart_s = np.maximum(sightings.time_s - end_s, at.start_s - sightings.time_s)
    apart_s = np.maximum(apart_s, 0.5 * at.step_s)
    farthest = at._replace(wander=strayed_m2(motion, np.full(len(motion), apart_s.max(initial=0.0))))
    offset, who = loops.candidates(sightings.seen(), farthest, roster.species, rules.neighbours)
    j = np.repeat(np.arange(len(sightings)), np.diff(offset))
    clock = np.floor((sightings.time_s[j] - at.start_s) / at.step_s + 0.5).astype(np.int64)
    k = np.clip(clock, 0, at.place.shape[1] - 1)
    around = at.spread[who, k] + strayed_m2(motion[who], apart_s[j])[:, None] * np.array([1.0, 0.0, 1.0])
    place, spread = np.empty(len(who)), np.empty(len(who))
    rows = np.arange(len(who))
    loops.place_terms(sightings.seen(), offset, rows, at.place[who, k], around, 1.0, place, spread)
    lost = np.where(at.is_located, 0.0, 1.0)
    return shared(
        sightings, roster, known.cameras, rules, known.rates, known.residence, offset, who, place, spread, lost
    )[0]


def strayed_m2(motion: Floats, seconds: Floats) -> Floats:
    """Variance f8[n] per axis of a place that was known so many seconds before or after, by motion f8[n, 6]."""
    a, b = motion[:, 0], motion[:, 1]
    return motion[:, 2] * (1.0 - (b * np.exp(-a * seconds) - a * np.exp(-b * seconds)) / (b - a))


def doubt(found: Identities) -> Floats:
    """How much of each sighting f8[n] is undecided: p (1 - p) over its owners, and half of that over being nobody's."""
    p = found.probability
    value = np.bincount(found.sighting(), weights=p * (1.0 - p), minlength=len(found.offset) - 1)
    return value + 0.5 * (found.nobody * (1.0 - found.nobody)).sum(axis=1)
