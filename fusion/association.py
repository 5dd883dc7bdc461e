"""Whose sighting is it: the whole set at once, with the past and the future of every individual.

Expectation-maximisation over the set in a fixed number of sweeps from a cold start. A sighting's weight for an
individual is  speed x N(place | what all *other* evidence says of it at that time) x appearance x species,  beside
false positives, unknown residents and those of the catalogue whose whereabouts nobody knows. Shared sightings enter an
individual's track with the covariance R/r + P(1 - r)/r, which gives the mean update of probabilistic data association
(Bar-Shalom & Tse 1975) without pinning an animal to another's camera. The silence of operating cameras enters as
factors, see `marginal_kernels.silence`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from typing import Any, Final

import numpy as np

from fusion import association_kernels as loops
from fusion import marginal_kernels as smoothing
from fusion.association_kernels import Integers, Whereabouts
from fusion.ellipse import Floats
from fusion.marginal_kernels import Cameras, Rows
from fusion.roster import Roster, shifted
from fusion.sightings import NO_CAMERA, Sightings

MODEL: Final = "whole-set-1"
LEAST_SHARE: Final = 0.01
"""A smaller share of a sighting tells an individual's track nothing."""
CHUNK: Final = 64
"""Individuals per unit of work; results do not depend on it, each individual is computed alone."""
NODES: Final = np.array([[s, t, 0.0] for s in (-1.6, -0.8, 0.0, 0.8, 1.6) for t in (-1.2, 0.0, 1.2)])
"""Motions that an individual without a collar may have, in log standard deviations of its kind."""

Mapper = Callable[[Callable[[tuple[int, int]], None], Iterable[tuple[int, int]]], Iterable[None]]


@dataclass(frozen=True, slots=True)
class AssociationRules:
    """What is assumed before any evidence. Rates and shares are starting points: they are fitted to the set."""

    sweeps: int = 8
    neighbours: int = 8
    """Individuals that come into question by place alone, beside those that a sighting resembles."""
    centre_x_m: float = 0.0
    centre_y_m: float = 0.0
    centre_sd_m: float = 15_000.0
    """Where home ranges lie: their mean and standard deviation per axis."""
    silence_step_s: float = 21_600.0
    silence: bool = True
    false_per_day: float = 0.02
    """Pictures of nothing, or of nobody that counts, a camera a day."""
    unknown_share: float = 0.2
    """Residents that are in no gallery, for each that is."""
    certain_at: float = 0.7
    """In the first two sweeps only shares above this are taken."""
    located_sd_m: float = 6_000.0
    """Whose place is known worse than this at its best is not looked for by place."""

    def configuration_hash(self) -> bytes:
        """sha256 of the model's name and every rule, exact to the bit."""
        return hashlib.sha256(repr((MODEL, astuple(self))).encode()).digest()


@dataclass(frozen=True, slots=True, eq=False)
class Identities:
    """Whose each sighting is: pairs of sighting j are rows offset[j]:offset[j + 1].

    who i8[p]; probability f8[p]; its reasons as log terms f8[p]: place, appearance, species, effort (the individual's
    speed against the mean of its kind); nobody f8[n, 4]: false positive, unknown resident, a known individual of
    unknown whereabouts, an unknown resident in place of a known one. anchor f8[m]: probability that the individual is
    who its sightings say. motion f8[m, 3]: sigma_m, tau_position_s, tau_velocity_s.
    """

    offset: Integers
    who: Integers
    probability: Floats
    place: Floats
    appearance: Floats
    species: Floats
    effort: Floats
    nobody: Floats
    anchor: Floats
    motion: Floats
    spread_m2: Floats

    def owners(self) -> tuple[Integers, Floats]:
        """The likeliest owner of each sighting i8[n], -1 for nobody, and the probability of that answer f8[n]."""
        n = len(self.offset) - 1
        owner, stated = np.full(n, -1), self.nobody.sum(axis=1)
        sighting = np.repeat(np.arange(n), np.diff(self.offset))
        # Of equals the one with the lower number.
        order = np.lexsort((self.who, -self.probability, sighting))
        first = order[np.searchsorted(sighting, np.flatnonzero(np.diff(self.offset)))]
        row = sighting[first]
        better = self.probability[first] > stated[row]
        owner[row[better]] = self.who[first[better]]
        stated[row[better]] = self.probability[first[better]]
        return owner, stated


class Association:
    """One run over one set. `identities` after `run`; `positions` at any times."""

    def __init__(
        self,
        sightings: Sightings,
        roster: Roster,
        cameras: Cameras,
        span_s: tuple[float, float],
        rules: AssociationRules,
        mapper: Mapper = map,
    ) -> None:
        self.sightings, self.roster, self.cameras, self.rules, self.mapper = sightings, roster, cameras, rules, mapper
        self.span_s = span_s
        m = len(roster)
        self.collared = roster.has_collar()
        self.clock_s = np.arange(span_s[0], span_s[1] + 0.5 * rules.silence_step_s, rules.silence_step_s)
        self.log_motion = np.zeros((m, 3))
        self.anchor = np.ones(m)
        self.in_stead = np.zeros(m)
        self.unseen: Floats | None = None
        self.false_rate = rules.false_per_day / 86_400.0
        self.unknown_share = rules.unknown_share
        self.silence_precision = np.zeros((m, len(self.clock_s), 3))
        self.silence_shift = np.zeros((m, len(self.clock_s), 2))

    def run(self) -> Identities:
        rules, s, m = self.rules, self.sightings, len(self.roster)
        seen = s.seen()
        self._fit_collars()
        offset, who = s.offset.copy(), s.score_of.copy()
        place = self._prior_places(offset, who)
        spread = np.full(len(who), rules.centre_sd_m**2)
        result = self._share(offset, who, place, spread, np.zeros(m))
        for sweep in range(rules.sweeps):
            r = self.if_here
            if sweep < 2:
                r = np.where(r > rules.certain_at, r, 0.0)
            rows, order, is_silence, pairs_at = self._rows(offset, who, r, spread)
            out = smoothing.marginals(len(rows.time_s))
            motion = self.motion(self.log_motion)
            starts = self.starts
            self._each(lambda span, rows=rows, motion=motion, out=out, starts=starts: smoothing.smooth_rows(
                starts, span[0], span[1], rows, motion, out, np.zeros(m)))
            if rules.silence:
                self._each(lambda span, rows=rows, motion=motion, out=out, starts=starts: smoothing.fall_silent(
                    starts, span[0], span[1], rows, is_silence, rules.silence_step_s, motion, self.cameras, out,
                    np.zeros(m)))
                self._keep_silence(rows, is_silence)
            if sweep in (2, 4, 6, 7):
                self._fit(rows, is_silence, offset, who, r, result)
            at = self._whereabouts(out, is_silence, motion)
            fresh_offset, fresh_who = loops.candidates(seen, at, self.roster.species, rules.neighbours)
            sighting = np.repeat(np.arange(len(s)), np.diff(fresh_offset))
            place, spread = self._clock_places(at, sighting, fresh_who)
            exact, exact_spread = np.empty(len(who)), np.empty(len(who))
            j = np.repeat(np.arange(len(s)), np.diff(offset))
            loops.place_terms(s.place[j], s.covariance[j], out.others_place[pairs_at], out.others_spread[pairs_at],
                              exact, exact_spread)
            loops.carried(fresh_offset, fresh_who, offset, who, exact, place)
            loops.carried(fresh_offset, fresh_who, offset, who, exact_spread, spread)
            offset, who = fresh_offset, fresh_who
            located = at.is_located
            result = self._share(offset, who, place, spread, np.where(located, 0.0, 1.0))
        self.identities = result
        return result

    def motion(self, log_motion: Floats) -> Floats:
        """Kernels' f8[..., 6] of individual deviations f8[m, ..., 3] in log units from the medians of the kind."""
        shape = (len(self.roster),) + (1,) * (log_motion.ndim - 2) + (3,)
        scales = self.roster.medians.reshape(shape) * np.exp(log_motion)
        out = np.empty((*log_motion.shape[:-1], 6))
        tau_v = np.minimum(scales[..., 2], scales[..., 1] / 1.05)
        out[..., 0], out[..., 1], out[..., 2] = 1.0 / scales[..., 1], 1.0 / tau_v, scales[..., 0] ** 2
        out[..., 3], out[..., 4] = self.rules.centre_x_m, self.rules.centre_y_m
        out[..., 5] = self.rules.centre_sd_m**2
        return out

    def _each(self, work: Callable[[tuple[int, int]], None], m: int | None = None) -> None:
        m = len(self.roster) if m is None else m
        for _ in self.mapper(work, [(lo, min(lo + CHUNK, m)) for lo in range(0, m, CHUNK)]):
            pass

    def _prior_places(self, offset: Integers, who: Integers) -> Floats:
        s, rules = self.sightings, self.rules
        j = np.repeat(np.arange(len(s)), np.diff(offset))
        v = rules.centre_sd_m**2 + self.roster.medians[who, 0] ** 2
        d2 = (s.place[j, 0] - rules.centre_x_m) ** 2 + (s.place[j, 1] - rules.centre_y_m) ** 2
        return -0.5 * d2 / v - np.log(2 * np.pi * v)

    def _share(self, offset: Integers, who: Integers, place: Floats, spread: Floats, lost: Floats) -> Identities:
        s, rules, roster = self.sightings, self.rules, self.roster
        n, m = len(s), len(roster)
        j = np.repeat(np.arange(n), np.diff(offset))
        motion = self.motion(self.log_motion)
        speed = 0.5 * np.log(np.pi / 2 * motion[:, 0] * motion[:, 1] * motion[:, 2])
        appearance = loops.pair_scores(s.seen(), offset, who)
        species = s.species[j, roster.species[who]]
        effort = speed[who]
        base = place + species + effort
        # Nobody: densities per m2 and m/s, as those of the individuals.
        kinds = s.species.shape[1]
        counts = np.bincount(roster.species, minlength=kinds).astype(float)
        kind_speed = np.exp(np.array([speed[roster.species == k].mean() if counts[k] else -2.0 for k in range(kinds)]))
        v = rules.centre_sd_m**2
        d2 = (s.place[:, 0] - rules.centre_x_m) ** 2 + (s.place[:, 1] - rules.centre_y_m) ** 2
        anywhere = np.exp(-0.5 * d2 / v) / (2 * np.pi * v)
        likely = np.exp(s.species)
        width = np.where(s.camera >= 0, self.cameras.width_m[np.maximum(s.camera, 0)], np.median(self.cameras.width_m))
        lost_speed = np.bincount(roster.species, weights=lost * np.exp(speed), minlength=kinds)
        nobody = np.stack(
            [
                self.false_rate / width * likely.mean(axis=1),
                self.unknown_share * (likely * (counts * kind_speed)).sum(axis=1) * anywhere,
                (likely * lost_speed).sum(axis=1) * anywhere * np.exp(s.rest),
            ],
            axis=1,
        )
        nobody = np.log(np.maximum(nobody, 1e-300))
        r, if_here, others = np.empty(len(who)), np.empty(len(who)), np.empty(len(who))
        strangers = np.empty((n, 4))
        loops.share(offset, who, base + appearance, self.anchor, base, self.in_stead, nobody, r, if_here, others, strangers)
        self.if_here, self.others = if_here, others
        anchor = self.anchor
        watched = float((self.cameras.to_s - self.cameras.from_s).sum())
        self.false_rate = (strangers[:, 0].sum() + 1.0) / (watched + 1.0 / (rules.false_per_day / 86_400.0))
        unknown_seen = strangers[:, 1].sum() + strangers[:, 3].sum()
        self.unknown_share = float((unknown_seen + 1.0) / (r.sum() + 1.0 / rules.unknown_share))
        return Identities(offset, who, r, place, appearance, species, effort, strangers, anchor,
                          self.roster.medians * np.exp(self.log_motion), spread)

    def _rows(self, offset: Integers, who: Integers, r: Floats, spread: Floats) -> Any:
        s, roster, m, c = self.sightings, self.roster, len(self.roster), len(self.clock_s)
        fixes = len(roster.time_s)
        j = np.repeat(np.arange(len(s)), np.diff(offset))
        taken = r > LEAST_SHARE
        safe = np.maximum(r, LEAST_SHARE)
        xx, xy, yy = (s.covariance[j] / safe[:, None]).T
        more = spread * (1 - safe) / safe
        xx, yy = xx + more, yy + more
        precision = np.where(taken[:, None], np.stack([yy, -xy, xx], axis=1) / (xx * yy - xy * xy)[:, None], 0.0)
        animal = np.concatenate([np.repeat(np.arange(m), np.diff(roster.offset)), who, np.repeat(np.arange(m), c)])
        time_s = np.concatenate([roster.time_s, s.time_s[j], np.tile(self.clock_s, m)])
        order = np.lexsort((np.arange(len(animal)), time_s, animal))
        precision = np.concatenate([roster.precision, precision, self.silence_precision.reshape(-1, 3)])[order]
        shift = np.concatenate([roster.shift, shifted(precision_of := np.where(taken[:, None], np.stack([yy, -xy, xx], axis=1) / (xx * yy - xy * xy)[:, None], 0.0), s.place[j]), self.silence_shift.reshape(-1, 2)])[order]
        weight = np.concatenate([np.ones(fixes), np.where(taken, r, 0.0), np.zeros(m * c)])[order]
        self.starts = np.searchsorted(animal[order], np.arange(m + 1)).astype(np.int64)
        is_clock = order >= fixes + len(who)
        self.is_clock = is_clock
        is_silence = is_clock & ~self.collared[animal[order]]
        pairs_at = np.empty(len(who), np.int64)
        is_pair = (order >= fixes) & ~is_clock
        pairs_at[order[is_pair] - fixes] = np.flatnonzero(is_pair)
        return Rows(time_s[order], precision, shift, weight), order, is_silence, pairs_at

    def _keep_silence(self, rows: Rows, is_silence: Any) -> None:
        c = len(self.clock_s)
        mine = ~self.collared
        self.silence_precision[mine] = rows.precision[is_silence].reshape(-1, c, 3)
        self.silence_shift[mine] = rows.shift[is_silence].reshape(-1, c, 2)

    def _whereabouts(self, out: Any, is_silence: Any, motion: Floats) -> Whereabouts:
        m, c, step = len(self.roster), len(self.clock_s), self.rules.silence_step_s
        place = out.place[self.is_clock].reshape(m, c, 2)
        spread = out.spread[self.is_clock].reshape(m, c, 3)
        home = place.mean(axis=1)
        variance = 0.5 * (spread[..., 0] + spread[..., 2]).mean(axis=1) + 0.5 * ((place - home[:, None]) ** 2).sum(axis=2).mean(axis=1)
        a, b, half = motion[:, 0], motion[:, 1], 0.5 * step
        wander = motion[:, 2] * (1 - (b * np.exp(-a * half) - a * np.exp(-b * half)) / (b - a))
        located = variance < self.rules.located_sd_m**2
        return Whereabouts(self.clock_s[0], step, np.ascontiguousarray(place), np.ascontiguousarray(spread), home, 5.0 * np.sqrt(variance), wander, located)

    def _clock_places(self, at: Whereabouts, j: Integers, who: Integers) -> tuple[Floats, Floats]:
        s = self.sightings
        k = np.clip(np.floor((s.time_s[j] - at.start_s) / at.step_s + 0.5).astype(np.int64), 0, at.place.shape[1] - 1)
        place, spread = np.empty(len(who)), np.empty(len(who))
        around = at.spread[who, k] + at.wander[who][:, None] * np.array([1.0, 0.0, 1.0])
        loops.place_terms(s.place[j], s.covariance[j], at.place[who, k], around, place, spread)
        return place, spread

    def _fit_collars(self) -> None:
        """Posterior mean of the motion of everybody with a collar, by three grids, each finer than the last."""
        roster = self.roster
        m = len(roster)
        rows = Rows(roster.time_s, roster.precision, roster.shift, np.ones(len(roster.time_s)))
        nothing = np.zeros(len(roster.time_s), dtype=np.bool_)
        cube = np.array([[s, t, v] for s in (-1.0, 0.0, 1.0) for t in (-1.0, 0.0, 1.0) for v in (-1.0, 0.0, 1.0)])
        centre = np.zeros((m, 3))
        chosen = np.flatnonzero(self.collared)
        for width in (0.5, 0.25, 0.12, 0.06):
            deviation = centre[:, None, :] + cube * width
            weights = np.zeros((m, len(cube)))
            motions = self.motion(deviation)
            self._each(lambda span, w=weights, mo=motions: smoothing.weigh_motions(
                chosen, roster.offset, span[0], span[1], rows, nothing, 1.0, mo, np.zeros(m), self.cameras, w), len(chosen))
            weights -= 0.5 * ((deviation / roster.log_sd[:, None]) ** 2).sum(axis=2)
            p = np.exp(weights - weights.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            centre = (p[:, :, None] * deviation).sum(axis=1)
        self.log_motion[self.collared] = centre[self.collared]

    def _fit(self, rows: Rows, is_silence: Any, offset: Integers, who: Integers, r: Floats, result: Identities) -> None:
        m = len(self.roster)
        deviation = self.roster.log_sd[:, None, :] * NODES
        weights = np.zeros((m, len(NODES)))
        motions = self.motion(deviation)
        recorded = np.bincount(who, weights=np.where(r > LEAST_SHARE, r, 0.0), minlength=m)
        quiet = is_silence if self.rules.silence else np.zeros_like(is_silence)
        starts = self.starts
        # Collared individuals have their motion from their collars.
        chosen = np.flatnonzero(~self.collared)
        step = self.rules.silence_step_s
        self._each(lambda span: smoothing.weigh_motions(
            chosen, starts, span[0], span[1], rows, quiet, step, motions, recorded, self.cameras, weights), len(chosen))
        prior = -0.5 * (NODES**2).sum(axis=1)
        prior -= np.log(np.exp(prior).sum())
        weights += prior
        if self.unseen is None:
            alone = Rows(np.tile(self.clock_s, m), np.zeros((m * len(self.clock_s), 3)), np.zeros((m * len(self.clock_s), 2)), np.zeros(m * len(self.clock_s)))
            lonely = np.arange(m + 1) * len(self.clock_s)
            unseen = np.zeros((m, len(NODES)))
            everything = np.full(len(alone.time_s), self.rules.silence)
            self._each(lambda span: smoothing.weigh_motions(
                chosen, lonely, span[0], span[1], alone, everything, step, motions, np.zeros(m), self.cameras, unseen), len(chosen))
            self.unseen = np.log(np.exp(unseen + prior).sum(axis=1))
        q = np.where(r > LEAST_SHARE, r, 0.0)
        h = np.clip(q, 1e-12, 1 - 1e-12)
        entropy = -(h * np.log(h) + (1 - h) * np.log(1 - h)) * (q > 0)
        gain = np.bincount(who, weights=q * (result.species - self.others) + entropy, minlength=m)
        looks = np.bincount(who, weights=q * result.appearance, minlength=m)
        top = weights.max(axis=1)
        evidence = top + np.log(np.exp(weights - top[:, None]).sum(axis=1)) + gain - self.unseen
        kinds = self.sightings.species.shape[1]
        counts = np.bincount(self.roster.species, minlength=kinds)
        unknown = np.log(np.maximum(self.unknown_share * counts, 0.05))[self.roster.species]
        a, b = np.clip(evidence + looks, -40, 40), np.clip(evidence + unknown, -40, 40)
        self.log_odds = a
        total = 1 + np.exp(a) + np.exp(b)
        self.anchor = np.where(self.collared, 1.0, np.exp(a) / total)
        self.in_stead = np.where(self.collared, 0.0, np.exp(b) / total)
        p = np.exp(weights - weights.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        self.node_weight = p
        mean = (p[:, :, None] * deviation).sum(axis=1)
        self.log_motion[~self.collared] = mean[~self.collared]

    def positions(self, times: Floats) -> tuple[Floats, Floats]:
        """Place f8[t, m, 2] and covariance f8[t, m, 3] of everybody at `times`, over motion, place and identity."""
        m, q = len(self.roster), len(times)
        result = self.identities
        r = self.if_here
        rows, order, is_silence, _ = self._rows(result.offset, result.who, r, result.spread_m2)
        n = len(rows.time_s)
        animal = np.concatenate([np.repeat(np.arange(m), np.diff(self.starts)), np.repeat(np.arange(m), q)])
        time_s = np.concatenate([rows.time_s, np.tile(times, m)])
        again = np.lexsort((np.arange(len(animal)), time_s, animal))
        pad = lambda v: np.concatenate([v, np.zeros((m * q, *v.shape[1:]), v.dtype)])[again]
        full = Rows(time_s[again], pad(rows.precision), pad(rows.shift), pad(rows.weight))
        quiet = pad(is_silence) if self.rules.silence else np.zeros(len(again), np.bool_)
        starts = np.searchsorted(animal[again], np.arange(m + 1)).astype(np.int64)
        deviation = np.where(self.collared[:, None, None], self.log_motion[:, None, :], self.roster.log_sd[:, None, :] * NODES)
        weight = np.where(self.collared[:, None], np.eye(len(NODES))[0], self.node_weight)
        weight = np.where(weight < 0.01, 0.0, weight)
        weight /= weight.sum(axis=1, keepdims=True)
        place, spread = np.zeros((len(again), 2)), np.zeros((len(again), 3))
        motions = self.motion(deviation)
        self._each(lambda span: smoothing.mix_motions(
            starts, span[0], span[1], full, quiet, self.rules.silence_step_s, motions, weight, self.cameras, 2, place, spread))
        asked = again >= n
        mean = place[asked].reshape(m, q, 2).transpose(1, 0, 2)
        cov = spread[asked].reshape(m, q, 3).transpose(1, 0, 2)
        # Where the individual may be somebody else, it may be anywhere.
        p = self.anchor[None, :, None]
        centre = np.array([self.rules.centre_x_m, self.rules.centre_y_m])
        wide = np.array([1.0, 0.0, 1.0]) * (self.rules.centre_sd_m**2 + self.roster.medians[:, :1] ** 2)[None]
        d = mean - centre
        apart = np.stack([d[..., 0] ** 2, d[..., 0] * d[..., 1], d[..., 1] ** 2], axis=-1)
        return p * mean + (1 - p) * centre, p * cov + (1 - p) * wide + p * (1 - p) * apart
