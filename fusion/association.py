"""Whose sighting is it: the whole set at once, with the past and the future of every individual.

Expectation-maximisation over the set in a fixed number of sweeps from a cold start. A sighting's weight for an
individual is speed x N(place | what all *other* evidence says of it at that time) x appearance x species, beside
false positives, unknown residents and those of the catalogue whose whereabouts nobody knows. Shared sightings enter an
individual's track with the covariance R/r + P(1 - r)/r, which gives the mean update of probabilistic data association
(Bar-Shalom & Tse 1975) without pinning an animal to another's camera. The silence of operating cameras enters as
factors, see `camera_process.silence`. What is then still unsure is sampled jointly, see `joint`. The answer is a
function of the set and the rules, to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fusion import association_kernels as loops
from fusion import camera_process, joint, residence
from fusion import marginal_kernels as smoothing
from fusion.association_kernels import Integers, Whereabouts
from fusion.burst_kernels import bursts, exclude
from fusion.camera_process import Cameras
from fusion.ellipse import Floats
from fusion.identities import AssociationRules, Identities
from fusion.joint import Together
from fusion.marginal_kernels import Marginals
from fusion.residence import Mapper, Residence
from fusion.roster import Roster
from fusion.sightings import NO_CAMERA, Sightings
from fusion.timelines import Silence, Timelines, timelines, whereabouts

DAY = 86_400.0
LEAST_UNKNOWN = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Identities, and what places are computed from: see `places.positions`."""

    sightings: Sightings
    roster: Roster
    cameras: Cameras
    rules: AssociationRules
    identities: Identities
    residence: Residence
    silence: Silence
    together: Together
    rates: Rates


@dataclass(frozen=True, slots=True)
class Rates:
    """false_per_s: pictures of nobody, a camera a second; unknown_share: unknown residents for each known one."""

    false_per_s: float
    unknown_share: float


def settle(
    sightings: Sightings,
    roster: Roster,
    cameras: Cameras,
    span_s: tuple[float, float],
    rules: AssociationRules,
    mapper: Mapper = map,
) -> Settled:
    """Share all sightings among the individuals of a site. span_s: from when to when cameras were listened to.

    `Sightings.camera` counts in `cameras`. `mapper` may be the map of a pool of threads; the answer is the same.
    """
    m = len(roster)
    silence = Silence.unknown(m, span_s, rules.silence_step_s)
    living = residence.of_collars(roster, cameras, rules, mapper)
    alone = residence.unseen(roster, cameras, silence, rules, mapper)
    rates = Rates(rules.false_per_day / DAY, rules.unknown_share)
    offset, who = sightings.offset, sightings.score_of
    place, spread = _anywhere(sightings, roster, rules, who)
    found, rates = shared(sightings, roster, cameras, rules, rates, living, offset, who, place, spread, np.zeros(m))
    for sweep in range(rules.sweeps):
        r = found.if_here
        if sweep < 2:
            r = np.where(r > rules.certain_at, r, 0.0)
        lines = timelines(sightings, roster, silence, found.offset, found.who, r, found.spread_m2)
        motion = residence.motions(roster, living.log_motion, rules)
        out = smoothed(lines, motion, mapper)
        if rules.silence:
            _fall_silent(lines, motion, out, cameras, rules, mapper)
            silence.keep(lines, roster.has_collar())
        if sweep in (rules.sweeps // 2 - 1, rules.sweeps - 1):
            unknown = np.maximum(rates.unknown_share * _counts(roster, sightings), LEAST_UNKNOWN)[roster.species]
            living = residence.settle(living, found, lines, r, alone, roster, cameras, rules, unknown, mapper)
        at = whereabouts(lines, out, silence, motion, rules)
        offset, who = loops.candidates(sightings.seen(), at, roster.species, rules.neighbours)
        place, spread = _terms(sightings, found, lines, out, at, offset, who, rules)
        lost = np.where(at.is_located, 0.0, 1.0)
        found, rates = shared(sightings, roster, cameras, rules, rates, living, offset, who, place, spread, lost)
    found, together = joint.settle_unsure(sightings, roster, silence, living, found, rules, mapper)
    return Settled(sightings, roster, cameras, rules, found, living, silence, together, rates)


def smoothed(lines: Timelines, motion: Floats, mapper: Mapper) -> Marginals:
    """Marginals of all rows of all individuals; motion f8[m, 6]."""
    out, likelihood = smoothing.marginals(len(lines.rows.time_s)), np.zeros(len(motion))

    def work(lo: int, hi: int) -> None:
        smoothing.smooth_rows(lines.starts, lo, hi, lines.rows, motion, out, likelihood)

    residence.each(mapper, len(motion), work)
    return out


def _fall_silent(
    lines: Timelines, motion: Floats, out: Marginals, cameras: Cameras, rules: AssociationRules, mapper: Mapper
) -> None:
    expected, step, quiet = np.zeros(len(motion)), rules.silence_step_s, lines.is_silence

    def work(lo: int, hi: int) -> None:
        camera_process.fall_silent(lines.starts, lo, hi, lines.rows, quiet, step, motion, cameras, out, expected)

    residence.each(mapper, len(motion), work)


def _anywhere(sightings: Sightings, roster: Roster, rules: AssociationRules, who: Integers) -> tuple[Floats, Floats]:
    """Log density and variance of every listed pair before anything is known of where anybody lives."""
    j = np.repeat(np.arange(len(sightings)), np.diff(sightings.offset))
    variance = rules.centre_sd_m**2 + roster.medians[who, 0] ** 2
    apart = sightings.place[j] - np.array([rules.centre_x_m, rules.centre_y_m])
    density = -0.5 * (apart**2).sum(axis=1) / variance - np.log(2.0 * np.pi * variance)
    return density, np.full(len(who), rules.centre_sd_m**2)


def _terms(
    sightings: Sightings,
    found: Identities,
    lines: Timelines,
    out: Marginals,
    at: Whereabouts,
    offset: Integers,
    who: Integers,
    rules: AssociationRules,
) -> tuple[Floats, Floats]:
    """Log density and variance of every pair: exact where it was a pair before, else by the nearest clock moment."""
    place, spread = np.empty(len(who)), np.empty(len(who))
    loops.clock_terms(sightings.seen(), offset, who, at, place, spread)
    row = lines.pair_row
    exact, exact_spread = np.empty(len(row)), np.empty(len(row))
    loops.place_terms(
        sightings.seen(), found.offset, row, out.others_place, out.others_spread, rules.others_inflation, exact,
        exact_spread,
    )  # fmt: skip
    loops.carried(offset, who, found.offset, found.who, exact, place)
    loops.carried(offset, who, found.offset, found.who, exact_spread, spread)
    return place, spread


def _counts(roster: Roster, sightings: Sightings) -> Floats:
    return np.bincount(roster.species, minlength=sightings.species.shape[1]).astype(np.float64)


def shared(
    sightings: Sightings,
    roster: Roster,
    cameras: Cameras,
    rules: AssociationRules,
    rates: Rates,
    living: Residence,
    offset: Integers,
    who: Integers,
    place: Floats,
    spread: Floats,
    lost: Floats,
) -> tuple[Identities, Rates]:
    """Probabilities of all pairs; and the rates of strangers that they imply. lost f8[m]: 1 for whom nobody locates."""
    n, j = len(sightings), np.repeat(np.arange(len(sightings)), np.diff(offset))
    motion = residence.motions(roster, living.log_motion, rules)
    speed = 0.5 * np.log(np.pi / 2.0 * motion[:, 0] * motion[:, 1] * motion[:, 2])
    appearance = loops.pair_scores(sightings.seen(), offset, who)
    species, effort = sightings.species[j, roster.species[who]], speed[who]
    nobody = _nobody(sightings, roster, cameras, rules, rates, np.exp(speed), lost)
    base = place + species + effort
    r, if_here, others = np.empty(len(who)), np.empty(len(who)), np.empty(len(who))
    strangers = np.empty((n, nobody.shape[1] + 1))
    loops.share(
        offset, who, base + appearance, living.here, base, living.in_stead, nobody, r, if_here, others, strangers
    )
    exclude(*bursts(sightings.burst), offset, who, r, if_here, others, strangers)
    watched_s = float((cameras.to_s - cameras.from_s).sum())
    false_per_s = (float(strangers[:, 0].sum()) + 1.0) / (watched_s + DAY / rules.false_per_day)
    told = rules.unknown_share_counts
    of_unknown = float(strangers[:, 1].sum() + strangers[:, 3].sum())
    unknown_share = (of_unknown + told) / (float(r.sum()) + told / rules.unknown_share)
    scales = roster.medians * np.exp(living.log_motion)
    here, stead = living.here, living.in_stead
    found = Identities(
        offset, who, r, place, appearance, species, effort, others, if_here, spread, strangers, here, stead, scales
    )
    return found, replace(rates, false_per_s=false_per_s, unknown_share=unknown_share)


def _nobody(
    sightings: Sightings,
    roster: Roster,
    cameras: Cameras,
    rules: AssociationRules,
    rates: Rates,
    speed: Floats,
    lost: Floats,
) -> Floats:
    """Log weights f8[n, 3] of a false positive, an unknown resident, and somebody known of unknown whereabouts.

    In units of the individuals' weights: recorded passes a second and metre of camera width.
    """
    counts = _counts(roster, sightings)
    kinds = len(counts)
    kind_speed = np.bincount(roster.species, weights=speed, minlength=kinds)
    lost_speed = np.bincount(roster.species, weights=lost * speed, minlength=kinds)
    apart = sightings.place - np.array([rules.centre_x_m, rules.centre_y_m])
    variance = rules.centre_sd_m**2
    anywhere = np.exp(-0.5 * (apart**2).sum(axis=1) / variance) / (2.0 * np.pi * variance)
    usual = float(np.median(cameras.width_m)) if len(cameras.width_m) else 1.0
    width = np.full(len(sightings), usual)
    by_camera = sightings.camera != NO_CAMERA
    width[by_camera] = cameras.width_m[sightings.camera[by_camera]]
    likely = np.exp(sightings.species)
    weights = [
        rates.false_per_s / width * likely.mean(axis=1),
        rates.unknown_share * (likely * kind_speed).sum(axis=1) * anywhere,
        (likely * lost_speed).sum(axis=1) * anywhere * np.exp(np.minimum(sightings.rest, loops.WIDEST)),
    ]
    return np.log(np.maximum(np.stack(weights, axis=1), 1e-300))
