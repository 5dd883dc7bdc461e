"""By how much a camera's clock is wrong, from animals whose collars say when they passed, and from service pictures.

The stamp of a picture is the true time plus the clock's offset, positive for a clock that is fast. Three things go
wrong: a clock drifts by minutes; it keeps another time zone, whole or half hours off; or it starts again at the date of
its factory when its battery is changed. The last can be any number of years off: only a service picture, whose true
time is known, says how much, and brings its own candidates with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from fusion.ellipse import Floats

STEP_S: Final = 30.0
FARTHEST_H: Final = 14.5
"""The largest mistake of a time zone that is looked for, in hours."""
RIGHT_SD_S, DRIFT_SD_S, ZONE_SD_S, SERVICE_SD_S = 60.0, 600.0, 120.0, 60.0
RIGHT, DRIFT, ZONE, RESET = 0.85, 0.09, 0.05, 0.01
"""What is believed of a clock that nobody has checked: set by hand to the minute, drifted, in another zone, reset."""
HALF_HOURS: Final = 0.2
"""Of zone mistakes, those of half an hour beside whole ones."""
SAME_WITHIN_S: Final = 600.0


class Candidates(NamedTuple):
    """offset_s f8[g] ascending, and the log of what is believed of each before any evidence, f8[g]."""

    offset_s: Floats
    log_prior: Floats


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """offset_s: stamp less true time, the mean within ten minutes of the likeliest; sd_s around it; probability of
    that; wrong: probability that the clock is wrong by more than ten minutes; witnesses: passages and pictures used.
    """

    offset_s: float
    sd_s: float
    probability: float
    wrong: float
    witnesses: int


def candidates(service_s: Floats | None = None) -> Candidates:
    """Offsets on a grid of 30 s over all time zones, and around each offset f8[n] that a service picture showed."""
    hours = FARTHEST_H * 3600.0
    grid = np.arange(-hours, hours + 0.5 * STEP_S, STEP_S)
    shown = np.zeros(0) if service_s is None else np.asarray(service_s, np.float64)
    around = np.arange(-SAME_WITHIN_S, SAME_WITHIN_S + 0.5 * STEP_S, STEP_S)
    far = np.unique(np.round(shown[np.abs(shown) > hours] / STEP_S) * STEP_S)
    extra = np.setdiff1d((far[:, None] + around).ravel(), grid)
    density = RIGHT * _normal(grid, 0.0, RIGHT_SD_S) + DRIFT * _normal(grid, 0.0, DRIFT_SD_S)
    zones = np.array([0.5 * k for k in range(-28, 29) if k != 0])
    share = np.where(zones == np.round(zones), 1.0 - HALF_HOURS, HALF_HOURS) / np.exp(np.abs(zones) / 4.0)
    for zone, part in zip(zones, share / share.sum(), strict=True):
        density += ZONE * part * _normal(grid, zone * 3600.0, ZONE_SD_S)
    mass = density * STEP_S
    # A reset is as likely anywhere: within the zones too, where it is a trickle, and wherever a picture showed it.
    mass += RESET * STEP_S / (2.0 * hours)
    rest = np.full(len(extra), RESET / max(len(extra), 1))
    offset, prior = np.concatenate([grid, extra]), np.concatenate([mass, rest])
    order = np.argsort(offset, kind="stable")
    return Candidates(offset[order], np.log(prior[order]))


def of_passages(density: Floats, anywhere: Floats, right: Floats) -> Floats:
    """Log likelihood f8[g] of the candidates from n passages of collared animals.

    density f8[n, g]: of the camera's place under the animal's track at the stamp less each offset, per m2; anywhere
    f8[n]: the same at a time of which nothing is known, its home range; right f8[n]: probability, by its looks alone,
    that it was this animal. A picture of another one says nothing of the clock. Raises ValueError for a share outside
    0..1.
    """
    if not ((right >= 0.0) & (right <= 1.0)).all():
        raise ValueError("a probability lies in 0..1")
    either = right[:, None] * density + (1.0 - right)[:, None] * anywhere[:, None]
    return np.log(np.maximum(either, 1e-300)).sum(axis=0)


def of_service(service_s: Floats, at: Candidates) -> Floats:
    """Log likelihood f8[g] from pictures whose true time is known: service_s f8[n], their stamps less that time."""
    apart = (np.asarray(service_s, np.float64)[:, None] - at.offset_s) / SERVICE_SD_S
    # One wrong entry in a hundred must not overrule everything else.
    likely = 0.99 * np.exp(-0.5 * apart**2) / (math.sqrt(2.0 * math.pi) * SERVICE_SD_S) + 0.01 / (FARTHEST_H * 7200.0)
    return np.log(likely).sum(axis=0)


def clock_offset(at: Candidates, log_likelihood: Floats, witnesses: int) -> ClockOffset:
    """The posterior, told in a few numbers. A pure function: of equal candidates the lowest offset is the likeliest."""
    log_p = at.log_prior + log_likelihood
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    near = np.abs(at.offset_s - at.offset_s[_likeliest(at.offset_s, p)]) <= SAME_WITHIN_S
    mass = float(p[near].sum())
    mean = float((p[near] * at.offset_s[near]).sum()) / mass
    variance = float((p[near] * (at.offset_s[near] - mean) ** 2).sum()) / mass
    wrong = float(p[np.abs(at.offset_s) > SAME_WITHIN_S].sum())
    return ClockOffset(mean, math.sqrt(variance + STEP_S**2 / 12.0), mass, wrong, witnesses)


def _likeliest(offset_s: Floats, p: Floats) -> int:
    """The middle of the ten minutes that hold most."""
    total = np.concatenate([[0.0], np.cumsum(p)])
    low = np.searchsorted(offset_s, offset_s - SAME_WITHIN_S, side="left")
    high = np.searchsorted(offset_s, offset_s + SAME_WITHIN_S, side="right")
    held = total[high] - total[low]
    best = np.flatnonzero(held >= held.max() * (1.0 - 1e-9))
    # Many windows hold the same heap: the one whose own middle is likeliest.
    return int(best[np.argmax(p[best])])


def _normal(x: Floats, mean: float, sd: float) -> Floats:
    return np.exp(-0.5 * ((x - mean) / sd) ** 2) / (math.sqrt(2.0 * math.pi) * sd)
