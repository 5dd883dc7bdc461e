"""Compiled sampling of joint assignments: a path must make sense with all that is given to its individual at once.

Of every individual the mean and the covariance of its places at all contested times are kept, given what it is given
at present. So a density is two numbers and a 2 x 2 block, with or without the sighting itself; only a move costs a
rank of two in the whole matrix. Taking a sighting away is taking it in with the negative of its covariance.

No fastmath and no reduction across threads (`error_model` only says that a division by zero is no exception, so that
loops can be taken several turns at once); every random number is a function of a sighting's key and the sweep. All
compiled functions that call each other stay in this file, but for `log_density` and `uniform`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.association_kernels import LOG_TWO_PI, Integers, log_density
from fusion.counter_random import uniform
from fusion.ellipse import Floats

NOBODY: Final = -1
PAIRED: Final = 1 << 40
"""Random numbers of moves of two are counted from here, those of moves of one from 0."""


class Contest(NamedTuple):
    """Sightings of unsure owners, and who may own them.

    offset i8[c + 1] into pairs; of each pair: who i8[p] a row of `first`, slot i8[p] its place among the pairs of that
    individual, sighting i8[p], log_weight f8[p] of all but the place. Of each sighting: nobody f8[c] log weight of
    being nobody's; place f8[c, 2]; covariance f8[c, 3]; burst i8[c]; key u8[c] seed of its random numbers; partner
    i8[c] another of the same component, with which it is moved together, or itself. Of each individual: first
    i8[m + 1] into `mean` f8[p, 2] by slot, and block i8[m + 1] into `between` f8[.], the covariance (2 k, 2 k) of where
    it was at the times of its k pairs, given everything that is not contested.
    """

    offset: Integers
    who: Integers
    slot: Integers
    log_weight: Floats
    nobody: Floats
    place: Floats
    covariance: Floats
    burst: Integers
    key: NDArray[np.uint64]
    partner: Integers
    sighting: Integers
    first: Integers
    mean: Floats
    block: Integers
    between: Floats


@njit(nogil=True, cache=True, error_model="numpy")
def _take(C: Floats, x: Floats, slot: int, z: Floats, R: Floats, sign: float) -> None:
    """Take in that the place at a slot was seen at z f8[2] with covariance R f8[3] (sign 1), or give it back (-1).

    C f8[2 k, 2 k], x f8[2 k] are changed.
    """
    s, n = 2 * slot, x.size
    xx, xy, yy = C[s, s] + sign * R[0], C[s, s + 1] + sign * R[1], C[s + 1, s + 1] + sign * R[2]
    per = 1.0 / (xx * yy - xy * xy)
    i00, i01, i11 = yy * per, -xy * per, xx * per
    y0, y1 = z[0] - x[s], z[1] - x[s + 1]
    u0, u1 = i00 * y0 + i01 * y1, i01 * y0 + i11 * y1
    rows = C[s : s + 2].copy()
    for a in range(n):
        c0, c1 = rows[0, a], rows[1, a]
        g0, g1 = c0 * i00 + c1 * i01, c0 * i01 + c1 * i11
        x[a] += c0 * u0 + c1 * u1
        for b in range(n):
            C[a, b] -= g0 * rows[0, b] + g1 * rows[1, b]


@njit(nogil=True, cache=True, error_model="numpy")
def _density(
    y0: float, y1: float, xx: float, xy: float, yy: float, rxx: float, rxy: float, ryy: float, is_given: bool
) -> float:
    """Log density of a sighting that lies y from where its individual was, given all others that are its.

    C (xx, xy, yy) is the covariance of that place, R that of the sighting. Of one that is given itself, C and y hold
    it already: without it the residual is R M^-1 y and its covariance R M^-1 R, where M = R - C.
    """
    if not is_given:
        return log_density(y0, y1, xx + rxx, xy + rxy, yy + ryy)
    mxx, mxy, myy = rxx - xx, rxy - xy, ryy - yy
    r, m = rxx * ryy - rxy * rxy, mxx * myy - mxy * mxy
    quadratic = (myy * y0 * y0 - 2.0 * mxy * y0 * y1 + mxx * y1 * y1) / m
    return -0.5 * quadratic - 0.5 * np.log(r * r / m) - LOG_TWO_PI


@njit(nogil=True, cache=True, error_model="numpy")
def _of_two(
    C: Floats, x: Floats, place: Floats, covariance: Floats, one: int, slot: int, other: int, also: int, sign: float
) -> float:
    """Log density of sighting `one` at a slot, and of `other` at slot `also` once that one came (1) or went (-1)."""
    s, t = 2 * slot, 2 * also
    xx, xy, yy = C[s, s], C[s, s + 1], C[s + 1, s + 1]
    rxx, rxy, ryy = covariance[one, 0], covariance[one, 1], covariance[one, 2]
    y0, y1 = place[one, 0] - x[s], place[one, 1] - x[s + 1]
    total = _density(y0, y1, xx, xy, yy, rxx, rxy, ryy, sign < 0.0)
    xx, xy, yy = xx + sign * rxx, xy + sign * rxy, yy + sign * ryy
    per = 1.0 / (xx * yy - xy * xy)
    i00, i01, i11 = yy * per, -xy * per, xx * per
    a0, a1, b0, b1 = C[t, s], C[t, s + 1], C[t + 1, s], C[t + 1, s + 1]
    g0, g1, h0, h1 = a0 * i00 + a1 * i01, a0 * i01 + a1 * i11, b0 * i00 + b1 * i01, b0 * i01 + b1 * i11
    return total + _density(
        place[other, 0] - x[t] - g0 * y0 - g1 * y1,
        place[other, 1] - x[t + 1] - h0 * y0 - h1 * y1,
        C[t, t] - g0 * a0 - g1 * a1,
        C[t, t + 1] - g0 * b0 - g1 * b1,
        C[t + 1, t + 1] - h0 * b0 - h1 * b1,
        covariance[other, 0],
        covariance[other, 1],
        covariance[other, 2],
        sign < 0.0,
    )


class _State(NamedTuple):
    """Who owns what at present: owner i8[c] a pair, or `NOBODY`; members i8[p], of each individual in any order, and
    counts i8[m] of them; and where individuals were given that, x f8[2 p] and C as `Contest.between`.
    """

    owner: Integers
    members: Integers
    counts: Integers
    x: Floats
    C: Floats


@njit(nogil=True, cache=True, error_model="numpy")
def sample(
    contest: Contest,
    order: Integers,
    begin: Integers,
    lo: int,
    hi: int,
    start: Integers,
    burn_in: int,
    sweeps: int,
    owned: Floats,
    unowned: Floats,
    together: Floats,
) -> None:
    """Gibbs sampling (Geman & Geman 1984) of the owners of components lo..hi, whose sightings are order[begin[q]:...].

    start i8[c]: first owners, as pairs, or NOBODY. Written, as means over the sweeps after burn_in: owned f8[p] and
    unowned f8[c], the probability of each owner given all others' (Gelfand & Smith 1990), and together f8[.], (k, k)
    for each individual: how often two of its sightings were given to it at once.
    """
    pairs, individuals = contest.who.size, contest.first.size - 1
    now = _State(
        start.copy(),
        np.empty(pairs, np.int64),
        np.zeros(individuals, np.int64),
        np.empty(2 * pairs),
        np.empty(contest.between.size),
    )
    owner, who, value = now.owner, contest.who, np.empty(np.diff(contest.offset).max())
    for q in range(lo, hi):
        for at in range(begin[q], begin[q + 1]):
            for p in range(contest.offset[order[at]], contest.offset[order[at] + 1]):
                if contest.slot[p] == 0:
                    _begin(contest, now, int(who[p]))
        for at in range(begin[q], begin[q + 1]):
            if owner[order[at]] != NOBODY:
                _enter(contest, now, int(owner[order[at]]))
        for sweep in range(burn_in + sweeps):
            is_kept = sweep >= burn_in
            for at in range(begin[q], begin[q + 1]):
                j = int(order[at])
                low, high = contest.offset[j], contest.offset[j + 1]
                rxx, rxy, ryy = contest.covariance[j, 0], contest.covariance[j, 1], contest.covariance[j, 2]
                top = contest.nobody[j]
                for p in range(low, high):
                    i = who[p]
                    s, k = 2 * contest.slot[p], 2 * (contest.first[i + 1] - contest.first[i])
                    u, c = 2 * contest.first[i] + s, contest.block[i] + s * k + s
                    weight = contest.log_weight[p] + _density(
                        float(contest.place[j, 0] - now.x[u]),
                        float(contest.place[j, 1] - now.x[u + 1]),
                        float(now.C[c]),
                        float(now.C[c + 1]),
                        float(now.C[c + k + 1]),
                        rxx,
                        rxy,
                        ryy,
                        owner[j] == p,
                    )
                    if contest.burst[j] >= 0 and _is_taken(contest, now, j, int(i)):
                        weight = -np.inf
                    value[p - low] = weight
                    top = max(top, weight)
                total = alone = np.exp(contest.nobody[j] - top)
                for p in range(low, high):
                    value[p - low] = np.exp(value[p - low] - top)
                    total += value[p - low]
                if is_kept:
                    per = 1.0 / (total * sweeps)
                    unowned[j] += alone * per
                    for p in range(low, high):
                        owned[p] += value[p - low] * per
                fresh, reached, drawn = NOBODY, alone, uniform(contest.key, j, sweep) * total
                for p in range(low, high):
                    if drawn < reached:
                        break
                    # The last one takes what rounding leaves.
                    fresh = p
                    reached += value[p - low]
                if fresh != owner[j]:
                    _move(contest, now, j, fresh)
            for at in range(begin[q], begin[q + 1]):
                if contest.partner[order[at]] != order[at]:
                    _move_both(contest, now, int(order[at]), sweep)
            if is_kept:
                for at in range(begin[q], begin[q + 1]):
                    p = owner[order[at]]
                    if p != NOBODY:
                        i = who[p]
                        first = contest.first[i]
                        row = contest.block[i] // 4 + contest.slot[p] * (contest.first[i + 1] - first)
                        for spot in range(first, first + now.counts[i]):
                            together[row + contest.slot[now.members[spot]]] += 1.0 / sweeps


@njit(nogil=True, cache=True, error_model="numpy")
def _is_taken(contest: Contest, now: _State, j: int, i: int) -> bool:
    """Has individual i another sighting of the same burst?"""
    for spot in range(contest.first[i], contest.first[i] + (now.counts[i] if contest.burst[j] >= 0 else 0)):
        other = contest.sighting[now.members[spot]]
        if other != j and contest.burst[other] == contest.burst[j]:
            return True
    return False


@njit(nogil=True, cache=True, error_model="numpy")
def _pair_of(contest: Contest, j: int, p: int) -> int:
    """The pair of sighting j with the individual of pair p; NOBODY where p is, and -2 where there is none."""
    if p == NOBODY:
        return NOBODY
    for own in range(contest.offset[j], contest.offset[j + 1]):
        if contest.who[own] == contest.who[p]:
            return own
    return -2


@njit(nogil=True, cache=True, error_model="numpy")
def _move_both(contest: Contest, now: _State, j: int, sweep: int) -> None:
    """Two sightings of one owner go to another one together, or stay (Metropolis et al. 1953).

    Those of one hour hold each other where they are: one alone would never go.
    """
    other, low, ways = int(contest.partner[j]), contest.offset[j], contest.offset[j + 1] - contest.offset[j] + 1
    was = int(now.owner[j])
    also = _pair_of(contest, other, was)
    if also != now.owner[other] or (contest.burst[j] >= 0 and contest.burst[j] == contest.burst[other]):
        return
    # Every way of the one is as likely to be tried as the way back.
    way = int(uniform(contest.key, j, PAIRED + 2 * sweep) * ways)
    fresh = low + way if way < ways - 1 else NOBODY
    with_it = _pair_of(contest, other, fresh)
    if fresh == was or with_it == -2:
        return
    ratio = _weight_of_both(contest, now, other, with_it, j, fresh, 1.0)
    ratio -= _weight_of_both(contest, now, j, was, other, also, -1.0)
    if np.log(uniform(contest.key, j, PAIRED + 2 * sweep + 1)) < ratio:
        _move(contest, now, j, fresh)
        _move(contest, now, other, with_it)


@njit(nogil=True, cache=True, error_model="numpy")
def _weight_of_both(contest: Contest, now: _State, one: int, p: int, other: int, also: int, sign: float) -> float:
    """Log weight of two sightings of one owner, as pairs p and also: both would come (sign 1) or are there (-1)."""
    if p == NOBODY:
        return contest.nobody[one] + contest.nobody[other]
    i = int(contest.who[p])
    if sign > 0.0 and (_is_taken(contest, now, one, i) or _is_taken(contest, now, other, i)):
        return -np.inf
    C, x = _matrix(contest, now, i)
    return (
        contest.log_weight[p]
        + contest.log_weight[also]
        + _of_two(
            C, x, contest.place, contest.covariance, one, int(contest.slot[p]), other, int(contest.slot[also]), sign
        )
    )


@njit(nogil=True, cache=True, error_model="numpy")
def _matrix(contest: Contest, now: _State, i: int) -> tuple[Floats, Floats]:
    """C (2 k, 2 k) and x (2 k) of individual i, views."""
    k = 2 * (contest.first[i + 1] - contest.first[i])
    C = now.C[contest.block[i] : contest.block[i + 1]].reshape(k, k)
    return C, now.x[2 * contest.first[i] : 2 * contest.first[i + 1]]


@njit(nogil=True, cache=True, error_model="numpy")
def _begin(contest: Contest, now: _State, i: int) -> None:
    """Individual i has nothing."""
    now.C[contest.block[i] : contest.block[i + 1]] = contest.between[contest.block[i] : contest.block[i + 1]]
    for p in range(contest.first[i], contest.first[i + 1]):
        now.x[2 * p], now.x[2 * p + 1] = contest.mean[p]


@njit(nogil=True, cache=True, error_model="numpy")
def _enter(contest: Contest, now: _State, p: int) -> None:
    """The sighting of pair p is given to its individual."""
    i, j = int(contest.who[p]), contest.sighting[p]
    C, x = _matrix(contest, now, i)
    _take(C, x, int(contest.slot[p]), contest.place[j], contest.covariance[j], 1.0)
    now.members[contest.first[i] + now.counts[i]] = p
    now.counts[i] += 1


@njit(nogil=True, cache=True, error_model="numpy")
def _leave(contest: Contest, now: _State, p: int) -> None:
    """The sighting of pair p is taken from its individual."""
    i, j = int(contest.who[p]), contest.sighting[p]
    C, x = _matrix(contest, now, i)
    _take(C, x, int(contest.slot[p]), contest.place[j], contest.covariance[j], -1.0)
    spot = contest.first[i]
    while now.members[spot] != p:
        spot += 1
    now.counts[i] -= 1
    now.members[spot] = now.members[contest.first[i] + now.counts[i]]


@njit(nogil=True, cache=True, error_model="numpy")
def _move(contest: Contest, now: _State, j: int, fresh: int) -> None:
    """Sighting j changes hands."""
    if now.owner[j] != NOBODY:
        _leave(contest, now, int(now.owner[j]))
    if fresh != NOBODY:
        _enter(contest, now, fresh)
    now.owner[j] = fresh
