"""A made reserve for the identity benchmark: animals that wander by the OUF model, collars, cameras, late delivery.

Everything is a pure function of `Reserve`. Animals keep to home ranges around twelve water points; cameras stand there
more often than elsewhere; a camera sees a passing animal with probability 0.75, names its species with 92 % accuracy
and its individual by an embedding of three qualities (good, medium, poor), which alone names 65 % rightly. One animal
in ten is in no gallery. Satellite batches are late by days, memory cards by weeks: 85 % arrive out of order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion import kernels

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DAY: Final = 86_400.0
HOUR: Final = 3_600.0
GPS, ARGOS, CAMERA = 0, 1, 2
NOBODY: Final = -1

SPECIES: Final = ("leopard", "elephant", "hyena", "antelope")
SIGMA_M: Final = np.array([1800.0, 4000.0, 2500.0, 800.0])
TAU_POSITION_S: Final = np.array([1.5, 4.0, 0.8, 0.7]) * DAY
TAU_VELOCITY_S: Final = np.array([1.0, 2.0, 1.0, 0.75]) * HOUR
"""Medians of a species; individuals scatter around them by `Reserve.scatter`."""


@dataclass(frozen=True)
class Reserve:
    seed: int = 1
    animals: int = 110
    uncatalogued: float = 0.10
    collared: float = 0.20
    argos: float = 0.20
    days: float = 30.0
    side_m: tuple[float, float] = (52_000.0, 50_000.0)
    cameras: int = 450
    waters: int = 12
    """Points around which home ranges and cameras gather."""
    detected: float = 0.75
    false_per_camera_day: float = 0.01
    species_accuracy: float = 0.92
    scatter: tuple[float, float, float] = (0.30, 0.30, 0.18)
    """Log standard deviations of sigma, tau_position and tau_velocity between individuals."""
    dimensions: int = 32
    qualities: tuple[tuple[float, float], ...] = ((0.45, 0.20), (0.30, 0.38), (0.25, 3.0))
    """(share, noise of the embedding per dimension) of good, medium and poor pictures."""
    step_s: float = 120.0
    truth_every_s: float = 3 * HOUR


@dataclass(frozen=True, eq=False)
class Month:
    """What happened, and what was seen of it, in order of observation.

    kind, known (the collar's animal), truth (who was seen, NOBODY for a false positive) and camera are i8[n]; place
    f8[n, 2] and covariance f8[n, 3] in metres; species_ll f8[n, 4] and identity_llr f8[n, catalogued] are log
    likelihoods of a picture by species, and by individual against a stranger. path f8[times, animals, 2].
    """

    reserve: Reserve
    species: Integers
    parameters: Floats
    catalogued: int
    collar: Integers
    camera_m: Floats
    reach_m: Floats
    time_s: Floats
    arrival_s: Floats
    kind: Integers
    place: Floats
    covariance: Floats
    known: Integers
    truth: Integers
    camera: Integers
    species_ll: Floats
    identity_llr: Floats
    path_s: Floats
    path: Floats


@njit(cache=True)
def _wander(state: Floats, motion: Floats, noise: Floats, path: Floats) -> None:
    """Advance every animal through one chunk; motion f8[n, 7]: f11, f12, f21, f22 and the Cholesky factor of Q."""
    for k in range(noise.shape[0]):
        for i in range(state.shape[0]):
            for axis in range(2):
                x, v = state[i, axis, 0], state[i, axis, 1]
                a, b = noise[k, i, axis, 0], noise[k, i, axis, 1]
                state[i, axis, 0] = motion[i, 0] * x + motion[i, 1] * v + motion[i, 4] * a
                state[i, axis, 1] = motion[i, 2] * x + motion[i, 3] * v + motion[i, 5] * a + motion[i, 6] * b
                path[k, i, axis] = state[i, axis, 0]


@njit(cache=True)
def _passes(path: Floats, first: int, camera_m: Floats, reach_m: Floats, last: Floats, step_s: float) -> Floats:
    """(time, animal, camera) at the start of every pass through the reach of the nearest camera.

    camera_m is sorted by its first column; last f8[animals, cameras] remembers when each was last in reach.
    """
    found = np.empty((0, 3))
    room, count = 1024, 0
    found = np.empty((room, 3))
    farthest = reach_m.max()
    for k in range(path.shape[0]):
        now = (first + k) * step_s
        for i in range(path.shape[1]):
            x, y = path[k, i, 0], path[k, i, 1]
            c = np.searchsorted(camera_m[:, 0], x - farthest)
            best, nearest = farthest * farthest, -1
            while c < reach_m.size and camera_m[c, 0] <= x + farthest:
                d2 = (camera_m[c, 0] - x) ** 2 + (camera_m[c, 1] - y) ** 2
                if d2 < best:
                    best, nearest = d2, c
                c += 1
            if nearest >= 0 and best < reach_m[nearest] ** 2:
                if now - last[i, nearest] > 1800.0:
                    if count == room:
                        grown = np.empty((2 * room, 3))
                        grown[:room] = found
                        found, room = grown, 2 * room
                    found[count, 0], found[count, 1], found[count, 2] = now, i, nearest
                    count += 1
                last[i, nearest] = now
    return found[:count]


def generate(reserve: Reserve) -> Month:
    """The month of a reserve."""
    rng = np.random.default_rng(reserve.seed)
    n, sides = reserve.animals, np.array(reserve.side_m)
    catalogued = n - round(n * reserve.uncatalogued)
    water = rng.uniform(0.08, 0.92, (reserve.waters, 2)) * sides
    home = np.clip(_around(rng, water, n, 0.7, sides), 0.03 * sides, 0.97 * sides)
    camera_m = np.clip(_around(rng, water, reserve.cameras, 0.6, sides), 0.0, sides)
    camera_m = camera_m[np.argsort(camera_m[:, 0], kind="stable")]
    reach_m = rng.uniform(30.0, 100.0, reserve.cameras)
    species = rng.integers(0, len(SPECIES), n)
    medians = np.stack([SIGMA_M, TAU_POSITION_S, TAU_VELOCITY_S], axis=1)[species]
    parameters = medians * np.exp(rng.normal(0.0, 1.0, (n, 3)) * np.array(reserve.scatter))
    collar = np.full(n, -1)
    chosen = rng.choice(catalogued, round(catalogued * reserve.collared), replace=False)
    collar[chosen] = GPS
    collar[chosen[: round(len(chosen) * reserve.argos)]] = ARGOS
    path, passes = _live(rng, reserve, home, parameters, camera_m, reach_m)
    rows = [_collar_rows(rng, reserve, path, int(i), int(collar[i])) for i in chosen]
    rows.append(_camera_rows(rng, reserve, passes, camera_m, reach_m))
    seen = np.concatenate(rows)
    seen = seen[np.argsort(seen[:, 0], kind="stable")]
    time_s, kind, known, truth, camera = seen[:, 0], *(seen[:, c].astype(np.int64) for c in (1, 7, 8, 9))
    species_ll, identity_llr = _looks(rng, reserve, kind, truth, species, catalogued)
    stride = round(reserve.truth_every_s / reserve.step_s)
    return Month(
        reserve=reserve,
        species=species,
        parameters=parameters,
        catalogued=catalogued,
        collar=collar,
        camera_m=camera_m,
        reach_m=reach_m,
        time_s=time_s,
        arrival_s=_arrivals(rng, reserve, time_s, known, camera, chosen),
        kind=kind,
        place=seen[:, 2:4].copy(),
        covariance=seen[:, 4:7].copy(),
        known=known,
        truth=truth,
        camera=camera,
        species_ll=species_ll,
        identity_llr=identity_llr,
        path_s=np.arange(0, path.shape[0], stride) * reserve.step_s,
        path=path[::stride].copy(),
    )


def _around(rng: np.random.Generator, water: Floats, count: int, share: float, sides: Floats) -> Floats:
    near = water[rng.integers(0, len(water), count)] + rng.normal(0.0, 4000.0, (count, 2))
    return np.where(rng.random((count, 1)) < share, near, rng.uniform(0.0, 1.0, (count, 2)) * sides)


def _live(
    rng: np.random.Generator, reserve: Reserve, home: Floats, parameters: Floats, camera_m: Floats, reach_m: Floats
) -> tuple[Floats, Floats]:
    """Paths f8[steps, animals, 2] and passes (time, animal, camera)."""
    n, steps = reserve.animals, int(reserve.days * DAY / reserve.step_s) + 1
    sigma, tau_p, tau_v = parameters.T
    motion = np.empty((n, 7))
    for i in range(n):
        f11, f12, f21, f22, _, q11, q12, q22 = kernels.transition(reserve.step_s, 1 / tau_p[i], 1 / tau_v[i])
        low = q12 / math.sqrt(q11)
        motion[i] = f11, f12, f21, f22, *(sigma[i] * np.array([math.sqrt(q11), low, math.sqrt(q22 - low * low)]))
    state = rng.normal(0.0, 1.0, (n, 2, 2)) * np.stack([sigma, sigma / np.sqrt(tau_p * tau_v)], axis=1)[:, None, :]
    path, last, passes = np.empty((steps, n, 2)), np.full((n, reserve.cameras), -1e9), []
    path[0] = state[:, :, 0]
    for first in range(1, steps, 2000):
        part = path[first : first + 2000]
        _wander(state, motion, rng.normal(0.0, 1.0, (len(part), n, 2, 2)), part)
    path += home
    for first in range(0, steps, 2000):
        passes.append(_passes(path[first : first + 2000], first, camera_m, reach_m, last, reserve.step_s))
    return path, np.concatenate(passes)


def _at(path: Floats, step_s: float, animal: int, time_s: Floats) -> Floats:
    k = np.minimum((time_s / step_s).astype(np.int64), len(path) - 2)
    share = (time_s / step_s - k)[:, None]
    return path[k, animal] * (1 - share) + path[k + 1, animal] * share


def _collar_rows(rng: np.random.Generator, reserve: Reserve, path: Floats, animal: int, kind: int) -> Floats:
    end = reserve.days * DAY
    if kind == GPS:
        every = rng.choice([1, 2, 4]) * HOUR
        time_s = np.arange(rng.uniform(0, every), end, every)
        time_s = time_s + rng.normal(0, 20.0, time_s.size)
        time_s = time_s[(rng.random(time_s.size) < 0.9) & (time_s > 0) & (time_s < end)]
        major = minor = np.full(time_s.size, 10.0)
    else:
        time_s = np.sort(rng.uniform(0, end, rng.poisson(8 * reserve.days)))
        major = rng.choice([250.0, 500.0, 1000.0, 2500.0], time_s.size, p=[0.3, 0.3, 0.25, 0.15])
        minor = major * rng.uniform(0.2, 0.6, time_s.size)
    angle = rng.normal(0, 0.4, time_s.size)
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    wrong = rng.normal(0, 1, (time_s.size, 2)) * np.stack([major, minor], axis=1)
    rows = np.empty((time_s.size, 10))
    rows[:, 0], rows[:, 1] = time_s, kind
    rows[:, 2:4] = _at(path, reserve.step_s, animal, time_s) + along * wrong[:, :1] + across * wrong[:, 1:]
    rows[:, 4] = (major * along[:, 0]) ** 2 + (minor * across[:, 0]) ** 2
    rows[:, 5] = major**2 * along[:, 0] * along[:, 1] + minor**2 * across[:, 0] * across[:, 1]
    rows[:, 6] = (major * along[:, 1]) ** 2 + (minor * across[:, 1]) ** 2
    rows[:, 7:10] = animal, animal, -1
    return rows


def _camera_rows(
    rng: np.random.Generator, reserve: Reserve, passes: Floats, camera_m: Floats, reach_m: Floats
) -> Floats:
    end = reserve.days * DAY
    passes = passes[rng.random(len(passes)) < reserve.detected]
    nothing = rng.poisson(reserve.false_per_camera_day * reserve.cameras * reserve.days)
    time_s = np.minimum(passes[:, 0] + rng.uniform(0, reserve.step_s, len(passes)), end)
    rows = np.zeros((len(passes) + nothing, 10))
    rows[:, 0] = np.concatenate([time_s, rng.uniform(0, end, nothing)])
    camera = np.concatenate([passes[:, 2].astype(np.int64), rng.integers(0, reserve.cameras, nothing)])
    rows[:, 1], rows[:, 7], rows[:, 9] = CAMERA, -1, camera
    rows[:, 2:4] = camera_m[camera]
    rows[:, 4] = rows[:, 6] = (reach_m[camera] / 2.0) ** 2
    rows[:, 8] = np.concatenate([passes[:, 1], np.full(nothing, NOBODY)])
    return rows


def _looks(
    rng: np.random.Generator, reserve: Reserve, kind: Integers, truth: Integers, species: Integers, catalogued: int
) -> tuple[Floats, Floats]:
    """Log likelihoods of every picture by species, and by individual against somebody who is in no gallery."""
    d, kinds, right = reserve.dimensions, len(SPECIES), reserve.species_accuracy
    faces = rng.normal(0.0, 1.0, (len(species), d))
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    species_ll, identity_llr = np.zeros((kind.size, kinds)), np.zeros((kind.size, catalogued))
    share, noise = np.array(reserve.qualities).T
    for j in np.flatnonzero(kind == CAMERA):
        who = truth[j]
        really = species[who] if who != NOBODY else rng.integers(kinds)
        said = really if rng.random() < right else (really + rng.integers(1, kinds)) % kinds
        species_ll[j] = math.log((1 - right) / (kinds - 1))
        species_ll[j, said] = math.log(right)
        sd = noise[rng.choice(len(share), p=share)]
        face = faces[who] if who != NOBODY else rng.normal(0.0, 1.0 / math.sqrt(d), d)
        look = face + rng.normal(0.0, sd, d)
        wide = 1.0 / d + sd * sd
        stranger = -0.5 * (look @ look) / wide - 0.5 * d * math.log(wide)
        apart = ((look - faces[:catalogued]) ** 2).sum(axis=1)
        identity_llr[j] = -0.5 * apart / sd**2 - d * math.log(sd) - stranger
    return species_ll, identity_llr


def _arrivals(
    rng: np.random.Generator, reserve: Reserve, time_s: Floats, known: Integers, camera: Integers, chosen: Integers
) -> Floats:
    """Collars send shuffled batches, one in ten late by days; four cameras in ten are emptied every 10 to 20 days."""
    arrival_s = time_s.copy()
    for i in chosen:
        mine = np.flatnonzero(known == i)
        period = rng.choice([6, 12, 24]) * HOUR
        batch = np.floor(time_s[mine] / period) + 1
        for number in np.unique(batch):
            rows = mine[batch == number]
            sent = number * period + (rng.uniform(2, 7) * DAY if rng.random() < 0.10 else 0.0)
            arrival_s[rows] = np.maximum(sent + rng.permutation(rows.size) * 2.0, time_s[rows] + 1.0)
    for c in range(reserve.cameras):
        mine = np.flatnonzero(camera == c)
        if rng.random() < 0.6:
            arrival_s[mine] = time_s[mine] + rng.exponential(120.0, mine.size)
        else:
            period = rng.uniform(10, 20) * DAY
            visit = (np.floor(time_s[mine] / period) + 1) * period
            arrival_s[mine] = np.maximum(visit + rng.permutation(mine.size) * 0.5, time_s[mine] + 1.0)
    return arrival_s


def described(month: Month) -> dict[str, float]:
    """What the month holds, for the report."""
    seen = month.kind == CAMERA
    own = np.flatnonzero(seen & (month.truth >= 0) & (month.truth < month.catalogued))
    looks = month.identity_llr[own] + month.species_ll[own][:, month.species[: month.catalogued]]
    order = np.argsort(month.arrival_s, kind="stable")
    late = np.maximum.accumulate(month.time_s[order]) > month.time_s[order]
    return {
        "observations": int(month.kind.size),
        "sightings": int(seen.sum()),
        "false": int((seen & (month.truth == NOBODY)).sum()),
        "of_uncatalogued": int((seen & (month.truth >= month.catalogued)).sum()),
        "appearance_alone_is_right": round(float((looks.argmax(axis=1) == month.truth[own]).mean()), 3),
        "out_of_order": round(float(late.mean()), 3),
    }
