"""Compiled loops over pairs of sighting and individual: who comes into question, and how a sighting is shared.

Pairs are rows of a sparse table: offset i8[sightings + 1] into who i8[pairs], ascending within a sighting.
No fastmath and no reduction across threads. All compiled functions that call each other stay in this file.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.ellipse import Floats

Integers = NDArray[np.int64]

LOG_TWO_PI: Final = 1.8378770664093453
IMPOSSIBLE: Final = -1e300
WIDEST: Final = 60.0
"""Log likelihood ratios beyond this say nothing more."""


class Seen(NamedTuple):
    """Sightings for the kernels: time_s f8[n], place f8[n, 2], covariance f8[n, 3], species f8[n, s] log likelihoods;
    offset i8[n + 1] into score_of i8[k] (ascending within a sighting) and score f8[k]; rest f8[n] for the unlisted.
    """

    time_s: Floats
    place: Floats
    covariance: Floats
    species: Floats
    offset: Integers
    score_of: Integers
    score: Floats
    rest: Floats


class Whereabouts(NamedTuple):
    """Individuals on a common clock, start_s + k step_s: place f8[m, t, 2], spread f8[m, t, 3], home f8[m, 2], reach_m
    f8[m] around home outside of which nobody looks, wander f8[m]: variance of a place within half a step;
    is_located b[m]: near enough to one place to be looked for by it.
    """

    start_s: float
    step_s: float
    place: Floats
    spread: Floats
    home: Floats
    reach_m: Floats
    wander: Floats
    is_located: NDArray[np.bool_]


@njit(nogil=True, cache=True)
def log_density(dx: float, dy: float, xx: float, xy: float, yy: float) -> float:
    """Log of the Gaussian density with covariance (xx, xy, yy) at (dx, dy) from its mean."""
    det = xx * yy - xy * xy
    return -0.5 * (yy * dx * dx - 2.0 * xy * dx * dy + xx * dy * dy) / det - 0.5 * np.log(det) - LOG_TWO_PI


@njit(nogil=True, cache=True)
def _in_cells(home: Floats, is_located: NDArray[np.bool_], cell_m: float) -> tuple[Integers, Integers, Integers]:
    """Located individuals by the cell of their home: (lowest column, lowest row, columns, rows), first of each cell,
    members in ascending order.
    """
    low0 = low1 = np.inf
    high0 = high1 = -np.inf
    for i in range(is_located.size):
        if is_located[i]:
            low0, high0 = min(low0, home[i, 0]), max(high0, home[i, 0])
            low1, high1 = min(low1, home[i, 1]), max(high1, home[i, 1])
    shape = np.zeros(4, np.int64)
    if low0 > high0:
        return shape, np.zeros(1, np.int64), np.zeros(0, np.int64)
    shape[0], shape[1] = int(np.floor(low0 / cell_m)), int(np.floor(low1 / cell_m))
    shape[2] = int(np.floor(high0 / cell_m)) - shape[0] + 1
    shape[3] = int(np.floor(high1 / cell_m)) - shape[1] + 1
    first = np.zeros(shape[2] * shape[3] + 1, np.int64)
    cell = np.full(is_located.size, -1)
    for i in range(is_located.size):
        if is_located[i]:
            column, row = int(np.floor(home[i, 0] / cell_m)) - shape[0], int(np.floor(home[i, 1] / cell_m)) - shape[1]
            cell[i] = column * shape[3] + row
            first[cell[i] + 1] += 1
    for c in range(first.size - 1):
        first[c + 1] += first[c]
    members, filled = np.empty(first[-1], np.int64), first[:-1].copy()
    for i in range(is_located.size):
        if cell[i] >= 0:
            members[filled[cell[i]]] = i
            filled[cell[i]] += 1
    return shape, first, members


@njit(nogil=True, cache=True)
def candidates(seen: Seen, at: Whereabouts, species_of: Integers, most: int) -> tuple[Integers, Integers]:
    """Who comes into question for each sighting: those that it resembles (listed) and the `most` best by place.

    Returns offset i8[n + 1] and who i8[pairs], ascending within a sighting.
    """
    n = seen.time_s.size
    cell_m = 1.0
    for i in range(at.reach_m.size):
        if at.is_located[i]:
            cell_m = max(cell_m, at.reach_m[i])
    shape, first, members = _in_cells(at.home, at.is_located, cell_m)
    offset = np.zeros(n + 1, np.int64)
    who = np.empty(n * (most + 4) + seen.score_of.size, np.int64)
    best, value = np.empty(most, np.int64), np.empty(most)
    count = 0
    for j in range(n):
        x, y = seen.place[j]
        k = min(max(int(np.floor((seen.time_s[j] - at.start_s) / at.step_s + 0.5)), 0), at.place.shape[1] - 1)
        found = 0
        column, row = int(np.floor(x / cell_m)) - shape[0], int(np.floor(y / cell_m)) - shape[1]
        for c in range(max(column - 1, 0), min(column + 2, shape[2])):
            for q in range(max(row - 1, 0), min(row + 2, shape[3])):
                for entry in range(first[c * shape[3] + q], first[c * shape[3] + q + 1]):
                    i = members[entry]
                    if (x - at.home[i, 0]) ** 2 + (y - at.home[i, 1]) ** 2 > at.reach_m[i] ** 2:
                        continue
                    score = seen.rest[j]
                    s = np.searchsorted(seen.score_of[seen.offset[j] : seen.offset[j + 1]], i) + seen.offset[j]
                    if s < seen.offset[j + 1] and seen.score_of[s] == i:
                        continue
                    score += seen.species[j, species_of[i]] + log_density(
                        x - at.place[i, k, 0],
                        y - at.place[i, k, 1],
                        at.spread[i, k, 0] + at.wander[i] + seen.covariance[j, 0],
                        at.spread[i, k, 1] + seen.covariance[j, 1],
                        at.spread[i, k, 2] + at.wander[i] + seen.covariance[j, 2],
                    )
                    # Insertion into the best so far; of equals the one with the lower number stays ahead.
                    spot = found
                    while spot > 0 and (value[spot - 1] < score or (value[spot - 1] == score and best[spot - 1] > i)):
                        spot -= 1
                    if spot < most:
                        found = min(found + 1, most)
                        for later in range(found - 1, spot, -1):
                            best[later], value[later] = best[later - 1], value[later - 1]
                        best[spot], value[spot] = i, score
        start = count
        for s in range(seen.offset[j], seen.offset[j + 1]):
            who[count] = seen.score_of[s]
            count += 1
        for spot in range(found):
            who[count] = best[spot]
            count += 1
        who[start:count].sort()
        offset[j + 1] = count
    return offset, who[:count].copy()


@njit(nogil=True, cache=True)
def pair_scores(seen: Seen, offset: Integers, who: Integers) -> Floats:
    """Appearance of every pair: log likelihood ratio against somebody who is in no gallery."""
    out = np.empty(who.size)
    for j in range(seen.time_s.size):
        s, end = seen.offset[j], seen.offset[j + 1]
        for p in range(offset[j], offset[j + 1]):
            while s < end and seen.score_of[s] < who[p]:
                s += 1
            score = seen.score[s] if s < end and seen.score_of[s] == who[p] else seen.rest[j]
            out[p] = min(max(score, -WIDEST), WIDEST)
    return out


@njit(nogil=True, cache=True)
def carried(
    offset: Integers, who: Integers, old_offset: Integers, old_who: Integers, old: Floats, fresh: Floats
) -> None:
    """Values of the pairs of a former table go to the same pairs of the present one, by identity and never by slot."""
    for j in range(offset.size - 1):
        s = old_offset[j]
        for p in range(offset[j], offset[j + 1]):
            while s < old_offset[j + 1] and old_who[s] < who[p]:
                s += 1
            if s < old_offset[j + 1] and old_who[s] == who[p]:
                fresh[p] = old[s]


@njit(nogil=True, cache=True)
def clock_terms(seen: Seen, offset: Integers, who: Integers, at: Whereabouts, place: Floats, spread: Floats) -> None:
    """Log density of each pair's sighting under where the individual was at the nearest moment of the clock, f8[pairs],
    and the variance of that place in m2.
    """
    for j in range(seen.time_s.size):
        k = min(max(int(np.floor((seen.time_s[j] - at.start_s) / at.step_s + 0.5)), 0), at.place.shape[1] - 1)
        for p in range(offset[j], offset[j + 1]):
            i = who[p]
            xx, yy = at.spread[i, k, 0] + at.wander[i], at.spread[i, k, 2] + at.wander[i]
            place[p] = log_density(
                seen.place[j, 0] - at.place[i, k, 0],
                seen.place[j, 1] - at.place[i, k, 1],
                xx + seen.covariance[j, 0],
                at.spread[i, k, 1] + seen.covariance[j, 1],
                yy + seen.covariance[j, 2],
            )
            spread[p] = max(0.5 * (xx + yy), 1.0)


@njit(nogil=True, cache=True)
def place_terms(
    seen: Seen,
    offset: Integers,
    row: Integers,
    others_place: Floats,
    others_spread: Floats,
    inflation: float,
    out: Floats,
    spread: Floats,
) -> None:
    """Log density of each pair's sighting under what all others say of the individual; spread f8[pairs] in m2.

    row i8[pairs] into others_place f8[n, 2] and others_spread f8[n, 3], which counts `inflation` times.
    """
    for j in range(offset.size - 1):
        for p in range(offset[j], offset[j + 1]):
            r = row[p]
            xx, xy, yy = (
                others_spread[r, 0] * inflation,
                others_spread[r, 1] * inflation,
                others_spread[r, 2] * inflation,
            )
            out[p] = log_density(
                seen.place[j, 0] - others_place[r, 0],
                seen.place[j, 1] - others_place[r, 1],
                xx + seen.covariance[j, 0],
                xy + seen.covariance[j, 1],
                yy + seen.covariance[j, 2],
            )
            spread[p] = max(0.5 * (xx + yy), 1.0)


@njit(nogil=True, cache=True)
def share(
    offset: Integers,
    who: Integers,
    own: Floats,
    here: Floats,
    stranger: Floats,
    stranger_here: Floats,
    nobody: Floats,
    out: Floats,
    if_here: Floats,
    others: Floats,
    strangers: Floats,
) -> None:
    """Probability of each pair, and of each way of being nobody's, from log weights.

    own f8[pairs]: weight if the individual lives where its track says, here f8[m] the probability of that; stranger
    f8[pairs]: the same place, but an unknown resident who lives there in its stead, stranger_here f8[m]; nobody
    f8[n, k]: false positive, unknown residents, ... -> out f8[pairs]; if_here f8[pairs], the probability given that the
    individual lives there; others f8[pairs], log weight of all other explanations; strangers f8[n, k + 1], the last
    column the strangers in somebody's stead.
    """
    ways = nobody.shape[1]
    for j in range(offset.size - 1):
        top = IMPOSSIBLE
        for p in range(offset[j], offset[j + 1]):
            top = max(top, own[p], stranger[p])
        for k in range(ways):
            top = max(top, nobody[j, k])
        total = dark = 0.0
        for p in range(offset[j], offset[j + 1]):
            out[p] = here[who[p]] * np.exp(own[p] - top)
            total += out[p]
            # One unknown resident at most lives here: the likeliest, not the sum.
            dark = max(dark, stranger_here[who[p]] * np.exp(stranger[p] - top))
        for k in range(ways):
            strangers[j, k] = np.exp(nobody[j, k] - top)
            total += strangers[j, k]
        total += dark
        strangers[j, ways] = dark / total
        for k in range(ways):
            strangers[j, k] /= total
        for p in range(offset[j], offset[j + 1]):
            rest = max(total - out[p], 1e-300)
            full = np.exp(own[p] - top)
            others[p] = np.log(rest) + top
            if_here[p] = full / (full + rest)
            out[p] /= total


@njit(nogil=True, cache=True)
def gathered(who: Integers, weight: Floats, value: Floats, count: int) -> Floats:
    """Sum of weight x value by individual, in the order of the pairs."""
    out = np.zeros(count)
    for p in range(who.size):
        out[who[p]] += weight[p] * value[p]
    return out
