"""A made year of a large reserve for the rebuild benchmark: what collars and cameras recorded, in no order.

The animals of `fusion_scenario`, at its density of animals, cameras and waters, without anything whose size is animals
x sightings: a gallery of thousands is searched, and every picture comes with the twelve that it resembles most. Paths
are followed in steps of ten minutes, straight in between; collars speak every hour, to 10 m.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit

from fusion import kernels
from tests.bench.fusion_scenario import (
    DAY,
    HOUR,
    NOBODY,
    SIGMA_M,
    SPECIES,
    TAU_POSITION_S,
    TAU_VELOCITY_S,
    Floats,
    Integers,
    Reserve,
)

STEP_S: Final = 600.0
LISTED: Final = 12
GRID_M: Final = 1_000.0
ROWS: Final = 4_000
"""Pictures that are compared with the gallery at once."""


@dataclass(frozen=True, eq=False)
class Year:
    """Collared animals are rows collared i8; fixes f8[collared, hours, 2] at hours f8. Sightings: time_s, place,
    camera, truth, species_ll f8[n, 4], and of the catalogued who i8[n, 12] (ascending), score f8[n, 12], rest f8[n].
    """

    animals: int
    days: float
    side_m: float
    species: Integers
    catalogued: int
    camera_m: Floats
    reach_m: Floats
    collared: Integers
    hours: Floats
    fixes: Floats
    time_s: Floats
    place: Floats
    camera: Integers
    truth: Integers
    species_ll: Floats
    who: Integers
    score: Floats
    rest: Floats


@njit(nogil=True, cache=True)
def _live(
    seed: int,
    home: Floats,
    motion: Floats,
    start_sd: Floats,
    steps: int,
    detected: float,
    camera_m: Floats,
    reach_m: Floats,
    first: Integers,
    columns: int,
    hourly: Floats,
) -> Floats:
    """One animal's year: its place every hour goes to hourly f8[hours, 2]; returns (time, camera) of its pictures.

    motion f8[7] as in `fusion_scenario._wander`; cameras lie in cells of GRID_M, of cell c rows first[c]..first[c + 1].
    """
    np.random.seed(seed)
    every = int(HOUR / STEP_S)
    room, count = 64, 0
    found = np.empty((room, 2))
    x, y = np.random.normal() * start_sd[0], np.random.normal() * start_sd[0]
    vx, vy = np.random.normal() * start_sd[1], np.random.normal() * start_sd[1]
    last, when = -1, -1e9
    for k in range(steps):
        px, py = home[0] + x, home[1] + y
        if k % every == 0:
            hourly[k // every, 0], hourly[k // every, 1] = px, py
        a, b = np.random.normal(), np.random.normal()
        x, vx = (
            motion[0] * x + motion[1] * vx + motion[4] * a,
            motion[2] * x + motion[3] * vx + motion[5] * a + motion[6] * b,
        )
        a, b = np.random.normal(), np.random.normal()
        y, vy = (
            motion[0] * y + motion[1] * vy + motion[4] * a,
            motion[2] * y + motion[3] * vy + motion[5] * a + motion[6] * b,
        )
        qx, qy = home[0] + x - px, home[1] + y - py
        length2 = qx * qx + qy * qy
        column, row = int(px / GRID_M), int(py / GRID_M)
        for i in range(max(column - 1, 0), min(column + 2, columns)):
            low, high = i * columns + max(row - 1, 0), i * columns + min(row + 1, columns - 1)
            if low > high:
                continue
            for c in range(first[low], first[high + 1]):
                dx, dy = camera_m[c, 0] - px, camera_m[c, 1] - py
                share = min(max((dx * qx + dy * qy) / max(length2, 1e-9), 0.0), 1.0)
                if (dx - share * qx) ** 2 + (dy - share * qy) ** 2 > reach_m[c] ** 2:
                    continue
                now = (k + share) * STEP_S
                is_new = c != last or now - when > 1800.0
                last, when = c, now
                if is_new and np.random.random() < detected:
                    if count == room:
                        grown = np.empty((2 * room, 2))
                        grown[:room] = found
                        found, room = grown, 2 * room
                    found[count, 0], found[count, 1] = now, c
                    count += 1
    return found[:count]


@njit(nogil=True, cache=True)
def _listed(
    near: Floats, wide: Floats, sd: Floats, dimensions: int, who: Integers, score: Floats, rest: Floats
) -> None:
    """The most resembling of near f4[n, m] = |look - face|^2, and the log mean exp of the others."""
    n, m = near.shape
    for j in range(n):
        scale = -0.5 / (sd[j] * sd[j])
        plus = -dimensions * math.log(sd[j]) - wide[j]
        kept = min(LISTED, m)
        found = 0
        for i in range(m):
            value = scale * near[j, i] + plus
            if found == kept and value <= score[j, kept - 1]:
                continue
            spot = min(found, kept - 1)
            while spot > 0 and score[j, spot - 1] < value:
                score[j, spot], who[j, spot] = score[j, spot - 1], who[j, spot - 1]
                spot -= 1
            score[j, spot], who[j, spot] = value, i
            found = min(found + 1, kept)
        least, total = score[j, kept - 1], 0.0
        for i in range(m):
            value = scale * near[j, i] + plus - least
            if value > -25.0:
                total += math.exp(min(value, 0.0))
        # The listed ones count as 1 each in that sum only if they are no better than the least: take them out.
        for k in range(kept):
            total -= math.exp(min(score[j, k] - least, 0.0))
        rest[j] = max(least + math.log(max(total, 1e-26) / max(m - kept, 1)), -60.0)
        order = np.argsort(who[j, :kept])
        who[j, :kept], score[j, :kept] = who[j, :kept][order], score[j, :kept][order]


def _each(work: Callable[[int], Any], numbers: Iterable[int]) -> list[Any]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, numbers))


def year(animals: int, seed: int = 11, collared: float = 0.2, days: float = 365.0) -> Year:
    """`animals` at the density of `Reserve`, one in ten in no gallery, a share of the others with a collar."""
    usual = Reserve()
    factor = animals / usual.animals
    side = math.sqrt(factor * usual.side_m[0] * usual.side_m[1])
    rng = np.random.default_rng(seed)
    waters, count = max(round(usual.waters * factor), 1), round(usual.cameras * factor)
    water = rng.uniform(0.04, 0.96, (waters, 2)) * side

    def around(n: int, share: float) -> Floats:
        near = water[rng.integers(0, waters, n)] + rng.normal(0.0, 4000.0, (n, 2))
        return np.clip(np.where(rng.random((n, 1)) < share, near, rng.uniform(0, side, (n, 2))), 0.0, side)

    home, camera_m = around(animals, 0.7), around(count, 0.6)
    columns = int(side / GRID_M) + 1
    cell = (camera_m[:, 0] / GRID_M).astype(np.int64) * columns + (camera_m[:, 1] / GRID_M).astype(np.int64)
    order = np.argsort(cell, kind="stable")
    camera_m, reach_m = camera_m[order], rng.uniform(30.0, 100.0, count)
    first = np.searchsorted(cell[order], np.arange(columns * columns + 1)).astype(np.int64)
    species = rng.integers(0, len(SPECIES), animals)
    medians = np.stack([SIGMA_M, TAU_POSITION_S, TAU_VELOCITY_S], axis=1)[species]
    sigma, tau_p, tau_v = (medians * np.exp(rng.normal(0.0, 1.0, (animals, 3)) * np.array(usual.scatter))).T
    catalogued = animals - round(animals * usual.uncatalogued)
    chosen = np.sort(rng.choice(catalogued, round(animals * collared), replace=False))
    place_of = np.full(animals, -1)
    place_of[chosen] = np.arange(len(chosen))
    hours = np.arange(0.0, days * DAY, HOUR)
    fixes = np.empty((len(chosen), len(hours), 2))
    spare = np.empty((2, len(hours), 2))

    def lived(i: int) -> Floats:
        f11, f12, f21, f22, _, q11, q12, q22 = kernels.transition(STEP_S, 1 / tau_p[i], 1 / tau_v[i])
        low = q12 / math.sqrt(q11)
        noise = sigma[i] * np.array([math.sqrt(q11), low, math.sqrt(q22 - low * low)])
        motion = np.array([f11, f12, f21, f22, *noise])
        start_sd = np.array([sigma[i], sigma[i] / math.sqrt(tau_p[i] * tau_v[i])])
        hourly = fixes[place_of[i]] if place_of[i] >= 0 else np.empty_like(spare[0])
        steps = len(hours) * int(HOUR / STEP_S)
        seen = _live(
            seed + i, home[i], motion, start_sd, steps, usual.detected, camera_m, reach_m, first, columns, hourly
        )
        return np.column_stack([seen, np.full(len(seen), float(i))])

    rows = _each(lived, range(animals))
    fixes += rng.normal(0.0, 10.0, fixes.shape)
    nothing = rng.poisson(usual.false_per_camera_day * count * days)
    false = [rng.uniform(0, days * DAY, nothing), rng.integers(0, count, nothing), np.full(nothing, float(NOBODY))]
    seen = np.concatenate([*rows, np.stack(false, axis=1)])
    seen = seen[rng.permutation(len(seen))]
    camera, truth = seen[:, 1].astype(np.int64), seen[:, 2].astype(np.int64)
    looks = _looks(rng, usual, truth, species, catalogued)
    return Year(
        animals, days, side, species, catalogued, camera_m, reach_m, chosen, hours, fixes,
        seen[:, 0], camera_m[camera], camera, truth, *looks,
    )  # fmt: skip


def _looks(
    rng: np.random.Generator, usual: Reserve, truth: Integers, species: Integers, catalogued: int
) -> tuple[Floats, Integers, Floats, Floats]:
    n, d, kinds, right = len(truth), usual.dimensions, len(SPECIES), usual.species_accuracy
    faces = rng.normal(0.0, 1.0, (len(species), d))
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    really = np.where(truth == NOBODY, rng.integers(0, kinds, n), species[truth])
    said = np.where(rng.random(n) < right, really, (really + rng.integers(1, kinds, n)) % kinds)
    species_ll = np.full((n, kinds), math.log((1 - right) / (kinds - 1)))
    species_ll[np.arange(n), said] = math.log(right)
    share, noise = np.array(usual.qualities).T
    sd = noise[rng.choice(len(share), size=n, p=share)]
    face = np.where((truth == NOBODY)[:, None], rng.normal(0.0, 1 / math.sqrt(d), (n, d)), faces[truth])
    look = face + rng.normal(0.0, 1.0, (n, d)) * sd[:, None]
    variance = 1.0 / d + sd * sd
    wide = -0.5 * (look**2).sum(axis=1) / variance - 0.5 * d * np.log(variance)
    who, score, rest = np.empty((n, LISTED), np.int64), np.empty((n, LISTED)), np.empty(n)
    known = faces[:catalogued].astype(np.float32)

    def compare(lo: int) -> None:
        part = slice(lo, min(lo + ROWS, n))
        own = look[part].astype(np.float32)
        near = (own**2).sum(axis=1)[:, None] + (known**2).sum(axis=1) - 2.0 * (own @ known.T)
        _listed(near, wide[part], sd[part], d, who[part], score[part], rest[part])

    _each(compare, range(0, n, ROWS))
    return species_ll, who, score, rest
