"""Everything that bears on each individual, in order of time: fixes of its collar, its share of sightings, silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion import timeline_kernels as loops
from fusion.association_kernels import Integers, Whereabouts
from fusion.ellipse import Floats
from fusion.identities import AssociationRules
from fusion.marginal_kernels import Marginals, Rows
from fusion.roster import Roster, shifted
from fusion.shares import effective_covariance
from fusion.sightings import Sightings

LEAST_SHARE = 0.01
"""A smaller share of a sighting tells an individual's track nothing."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Timelines:
    """Rows of individual i are starts[i]:starts[i + 1]; is_clock b[n]: a moment of the common clock, is_silence b[n]:
    one of somebody without a collar; pair_row i8[p]: where each pair of sighting and individual went.
    """

    starts: Integers
    rows: Rows
    is_clock: Flags
    is_silence: Flags
    pair_row: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Silence:
    """Factors of silence on the common clock: clock_s f8[t], precision f8[m, t, 3], shift f8[m, t, 2]."""

    clock_s: Floats
    precision: Floats
    shift: Floats

    @classmethod
    def unknown(cls, individuals: int, span_s: tuple[float, float], step_s: float) -> Silence:
        """No factors yet, on a clock over the span of the observations."""
        clock_s = np.arange(span_s[0], span_s[1] + 0.5 * step_s, step_s)
        return cls(clock_s, np.zeros((individuals, len(clock_s), 3)), np.zeros((individuals, len(clock_s), 2)))

    def keep(self, timelines: Timelines, collared: Flags) -> None:
        """Remember the factors that `camera_process.fall_silent` wrote."""
        rows, at = timelines.rows, timelines.is_silence
        self.precision[~collared] = rows.precision[at].reshape(-1, len(self.clock_s), 3)
        self.shift[~collared] = rows.shift[at].reshape(-1, len(self.clock_s), 2)


def timelines(
    sightings: Sightings, roster: Roster, silence: Silence, offset: Integers, who: Integers, r: Floats, spread: Floats
) -> Timelines:
    """All that bears on each individual; a share r f8[p] of a sighting has covariance R/r + P (1 - r)/r."""
    m, c, fixes = len(roster), len(silence.clock_s), len(roster.time_s)
    j = np.repeat(np.arange(len(sightings)), np.diff(offset))
    taken = r > LEAST_SHARE
    safe = np.maximum(r, LEAST_SHARE)
    xx, xy, yy = effective_covariance(sightings.covariance[j], safe, spread).T
    precision = np.stack([yy, -xy, xx], axis=1) * (taken / (xx * yy - xy * xy))[:, None]
    shift = shifted(precision, sightings.place[j])
    pairs = Rows(sightings.time_s[j], precision, shift, np.where(taken, r, 0.0))
    first, pair = loops.by_individual(who, m)
    n = fixes + len(who) + m * c
    rows = Rows(np.empty(n), np.empty((n, 3)), np.empty((n, 2)), np.empty(n))
    is_clock, pair_row = np.empty(n, np.bool_), np.empty(len(who), np.int64)
    fixed = Rows(roster.time_s, roster.precision, roster.shift, np.ones(fixes))
    loops.merge(
        roster.offset, fixed, first, pair, pairs, silence.clock_s, silence.precision, silence.shift, rows, is_clock,
        pair_row,
    )  # fmt: skip
    starts = roster.offset + first + np.arange(m + 1) * c
    return Timelines(starts, rows, is_clock, is_clock & np.repeat(~roster.has_collar(), np.diff(starts)), pair_row)


def whereabouts(
    lines: Timelines, out: Marginals, silence: Silence, motion: Floats, rules: AssociationRules
) -> Whereabouts:
    """Where everybody is on the common clock, and around what home."""
    m, c, half = len(motion), len(silence.clock_s), 0.5 * rules.silence_step_s
    place = out.place[lines.is_clock].reshape(m, c, 2)
    spread = out.spread[lines.is_clock].reshape(m, c, 3)
    home = place.mean(axis=1)
    apart = ((place - home[:, None]) ** 2).sum(axis=2)
    variance = 0.5 * (spread[..., 0] + spread[..., 2] + apart).mean(axis=1)
    a, b = motion[:, 0], motion[:, 1]
    wander = motion[:, 2] * (1.0 - (b * np.exp(-a * half) - a * np.exp(-b * half)) / (b - a))
    located = variance < rules.located_sd_m**2
    start = float(silence.clock_s[0])
    return Whereabouts(start, rules.silence_step_s, place, spread, home, 5.0 * np.sqrt(variance), wander, located)
