"""Compiled sampling of joint assignments: a path must make sense with all that is given to its individual at once.

No fastmath and no reduction across threads; every random number is a function of a sighting's key and the sweep. All
compiled functions that call each other stay in this file, but for `log_density` and `uniform`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.association_kernels import Integers, log_density
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


@njit(nogil=True, cache=True)
def _block(contest: Contest, i: int, of: Floats) -> Floats:
    """The square matrix of individual i, a view."""
    k = contest.first[i + 1] - contest.first[i]
    return of[contest.block[i] : contest.block[i + 1]].reshape(2 * k, 2 * k)


@njit(nogil=True, cache=True)
def _weighed(contest: Contest, i: int, members: Integers, count: int, inverse: Floats, pull: Floats) -> None:
    """For what is given to individual i: inverse of its covariance, and that times its residuals."""
    between, first, n = _block(contest, i, contest.between), contest.first[i], 2 * count
    S, e = np.empty((n, n)), np.empty(n)
    for a in range(count):
        slot, j = contest.slot[members[a]], contest.sighting[members[a]]
        e[2 * a] = contest.place[j, 0] - contest.mean[first + slot, 0]
        e[2 * a + 1] = contest.place[j, 1] - contest.mean[first + slot, 1]
        for b in range(count):
            other = contest.slot[members[b]]
            for u in range(2):
                for v in range(2):
                    S[2 * a + u, 2 * b + v] = between[2 * slot + u, 2 * other + v]
        S[2 * a, 2 * a] += contest.covariance[j, 0]
        S[2 * a, 2 * a + 1] += contest.covariance[j, 1]
        S[2 * a + 1, 2 * a] += contest.covariance[j, 1]
        S[2 * a + 1, 2 * a + 1] += contest.covariance[j, 2]
    # Gauss-Jordan without pivots, in a fixed order: S is positive definite.
    for c in range(n):
        pivot = 1.0 / S[c, c]
        for r in range(n):
            if r != c:
                factor = S[r, c] * pivot
                for d in range(n):
                    if d != c:
                        S[r, d] -= factor * S[c, d]
                S[r, c] = -factor
        for d in range(n):
            S[c, d] *= pivot
        S[c, c] = pivot
    for a in range(n):
        total = 0.0
        for b in range(n):
            inverse[a, b] = S[a, b]
            total += S[a, b] * e[b]
        pull[a] = total


@njit(nogil=True, cache=True)
def _density_of_member(place: int, inverse: Floats, pull: Floats) -> float:
    """Log density of one that is given to an individual, under all others that are."""
    q00, q01, q11 = (
        inverse[2 * place, 2 * place],
        inverse[2 * place, 2 * place + 1],
        inverse[2 * place + 1, 2 * place + 1],
    )
    det = q00 * q11 - q01 * q01
    e0 = (q11 * pull[2 * place] - q01 * pull[2 * place + 1]) / det
    e1 = (q00 * pull[2 * place + 1] - q01 * pull[2 * place]) / det
    return log_density(e0, e1, q11 / det, -q01 / det, q00 / det)


@njit(nogil=True, cache=True)
def _density_of_other(
    contest: Contest, p: int, members: Integers, count: int, inverse: Floats, pull: Floats, gain: Floats
) -> float:
    """Log density of the sighting of pair p, which is not given to its individual, under all that are."""
    i, j, slot = int(contest.who[p]), contest.sighting[p], contest.slot[p]
    between, first = _block(contest, i, contest.between), contest.first[i]
    x, y = contest.mean[first + slot]
    xx, xy = between[2 * slot, 2 * slot], between[2 * slot, 2 * slot + 1]
    yy = between[2 * slot + 1, 2 * slot + 1]
    for u in range(2):
        for a in range(2 * count):
            total = 0.0
            for b in range(count):
                other = 2 * contest.slot[members[b]]
                total += between[2 * slot + u, other] * inverse[2 * b, a]
                total += between[2 * slot + u, other + 1] * inverse[2 * b + 1, a]
            gain[u, a] = total
    for b in range(count):
        other = 2 * contest.slot[members[b]]
        for v in range(2):
            x += between[2 * slot, other + v] * pull[2 * b + v]
            y += between[2 * slot + 1, other + v] * pull[2 * b + v]
            xx -= gain[0, 2 * b + v] * between[2 * slot, other + v]
            xy -= gain[0, 2 * b + v] * between[2 * slot + 1, other + v]
            yy -= gain[1, 2 * b + v] * between[2 * slot + 1, other + v]
    return log_density(
        contest.place[j, 0] - x,
        contest.place[j, 1] - y,
        xx + contest.covariance[j, 0],
        xy + contest.covariance[j, 1],
        yy + contest.covariance[j, 2],
    )


@njit(nogil=True, cache=True)
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
    individuals = contest.first.size - 1
    gain = np.empty((2, 2 * np.diff(contest.first).max()))
    value = np.empty(np.diff(contest.offset).max())
    owner = start.copy()
    count = np.zeros(individuals, np.int64)
    members = np.empty(contest.who.size, np.int64)
    inverse, pull = np.empty(contest.between.size), np.empty(2 * contest.who.size)
    for q in range(lo, hi):
        for at in range(begin[q], begin[q + 1]):
            j = order[at]
            if owner[j] != NOBODY:
                i = contest.who[owner[j]]
                members[contest.first[i] + count[i]] = owner[j]
                count[i] += 1
        for at in range(begin[q], begin[q + 1]):
            for p in range(contest.offset[order[at]], contest.offset[order[at] + 1]):
                _refresh(contest, int(contest.who[p]), members, count, inverse, pull)
        for sweep in range(burn_in + sweeps):
            is_kept = sweep >= burn_in
            for at in range(begin[q], begin[q + 1]):
                j = int(order[at])
                low, high = contest.offset[j], contest.offset[j + 1]
                alone, total = _conditional(contest, j, int(owner[j]), members, count, inverse, pull, gain, value)
                if is_kept:
                    unowned[j] += alone / total / sweeps
                    for p in range(low, high):
                        owned[p] += value[p - low] / total / sweeps
                fresh, reached, drawn = NOBODY, alone, uniform(contest.key, j, sweep) * total
                for p in range(low, high):
                    if drawn < reached:
                        break
                    # The last one takes what rounding leaves.
                    fresh = p
                    reached += value[p - low]
                before = int(owner[j])
                if fresh != before:
                    _moved(contest, before, fresh, members, count)
                    for p in (before, fresh):
                        if p != NOBODY:
                            _refresh(contest, int(contest.who[p]), members, count, inverse, pull)
                    owner[j] = fresh
            for at in range(begin[q], begin[q + 1]):
                _move_both(contest, int(order[at]), sweep, owner, members, count, inverse, pull, gain)
            if is_kept:
                for at in range(begin[q], begin[q + 1]):
                    if owner[order[at]] != NOBODY:
                        _met(contest, int(owner[order[at]]), members, count, together, 1.0 / sweeps)


@njit(nogil=True, cache=True)
def _is_taken(contest: Contest, j: int, own: Integers, n: int) -> bool:
    """Has the individual another sighting of the same burst?"""
    for spot in range(n if contest.burst[j] >= 0 else 0):
        other = contest.sighting[own[spot]]
        if other != j and contest.burst[other] == contest.burst[j]:
            return True
    return False


@njit(nogil=True, cache=True)
def _conditional(
    contest: Contest,
    j: int,
    owner: int,
    members: Integers,
    count: Integers,
    inverse: Floats,
    pull: Floats,
    gain: Floats,
    value: Floats,
) -> tuple[float, float]:
    """Weights of all owners of sighting j given the owners of all others, into value; (that of nobody, their sum)."""
    low, high = contest.offset[j], contest.offset[j + 1]
    top = contest.nobody[j]
    for p in range(low, high):
        i = int(contest.who[p])
        own, n = members[contest.first[i] : contest.first[i + 1]], int(count[i])
        Q = _block(contest, i, inverse)
        u = pull[2 * contest.first[i] : 2 * contest.first[i + 1]]
        if owner == p:
            spot = 0
            while own[spot] != p:
                spot += 1
            density = _density_of_member(spot, Q, u)
        else:
            density = _density_of_other(contest, p, own, n, Q, u, gain)
        weight = contest.log_weight[p] + density
        if _is_taken(contest, j, own, n):
            weight = -np.inf
        value[p - low] = weight
        top = max(top, weight)
    total = alone = np.exp(contest.nobody[j] - top)
    for p in range(low, high):
        value[p - low] = np.exp(value[p - low] - top)
        total += value[p - low]
    return alone, total


@njit(nogil=True, cache=True)
def _pair_of(contest: Contest, j: int, p: int) -> int:
    """The pair of sighting j with the individual of pair p; NOBODY where p is, and -2 where there is none."""
    if p == NOBODY:
        return NOBODY
    for own in range(contest.offset[j], contest.offset[j + 1]):
        if contest.who[own] == contest.who[p]:
            return own
    return -2


@njit(nogil=True, cache=True)
def _move_both(
    contest: Contest,
    j: int,
    sweep: int,
    owner: Integers,
    members: Integers,
    count: Integers,
    inverse: Floats,
    pull: Floats,
    gain: Floats,
) -> None:
    """Two sightings of one owner go to another one together, or stay (Metropolis et al. 1953).

    Those of one hour hold each other where they are: one alone would never go.
    """
    other, low, ways = int(contest.partner[j]), contest.offset[j], contest.offset[j + 1] - contest.offset[j] + 1
    if other == j:
        return
    was = int(owner[j])
    also = _pair_of(contest, other, was)
    if also != owner[other] or (contest.burst[j] >= 0 and contest.burst[j] == contest.burst[other]):
        return
    # Every way of the one is as likely to be tried as the way back.
    way = int(uniform(contest.key, j, PAIRED + 2 * sweep) * ways)
    fresh = low + way if way < ways - 1 else NOBODY
    with_it = _pair_of(contest, other, fresh)
    if fresh == was or with_it == -2:
        return
    before = _taken_out(contest, j, was, members, count, inverse, pull)
    before += _taken_out(contest, other, also, members, count, inverse, pull)
    after = _put_in(contest, other, with_it, members, count, inverse, pull, gain)
    after += _put_in(contest, j, fresh, members, count, inverse, pull, gain)
    if np.log(uniform(contest.key, j, PAIRED + 2 * sweep + 1)) < after - before:
        owner[j], owner[other] = fresh, with_it
        return
    for new, old in ((fresh, was), (with_it, also)):
        _moved(contest, new, old, members, count)
    for p in (fresh, was):
        if p != NOBODY:
            _refresh(contest, int(contest.who[p]), members, count, inverse, pull)


@njit(nogil=True, cache=True)
def _taken_out(
    contest: Contest, j: int, p: int, members: Integers, count: Integers, inverse: Floats, pull: Floats
) -> float:
    """Take a sighting from its owner; returns its log weight there, given what that owner keeps."""
    if p == NOBODY:
        return contest.nobody[j]
    i = int(contest.who[p])
    spot = 0
    while members[contest.first[i] + spot] != p:
        spot += 1
    Q = _block(contest, i, inverse)
    density = _density_of_member(spot, Q, pull[2 * contest.first[i] : 2 * contest.first[i + 1]])
    _moved(contest, p, NOBODY, members, count)
    _refresh(contest, i, members, count, inverse, pull)
    return contest.log_weight[p] + density


@njit(nogil=True, cache=True)
def _put_in(
    contest: Contest,
    j: int,
    p: int,
    members: Integers,
    count: Integers,
    inverse: Floats,
    pull: Floats,
    gain: Floats,
) -> float:
    """Give a sighting to an owner; returns its log weight there, given what that owner had."""
    if p == NOBODY:
        return contest.nobody[j]
    i = int(contest.who[p])
    n = int(count[i])
    own = members[contest.first[i] : contest.first[i + 1]]
    Q = _block(contest, i, inverse)
    u = pull[2 * contest.first[i] : 2 * contest.first[i + 1]]
    weight = contest.log_weight[p] + _density_of_other(contest, p, own, n, Q, u, gain)
    if _is_taken(contest, j, own, n):
        weight = -np.inf
    _moved(contest, NOBODY, p, members, count)
    _refresh(contest, i, members, count, inverse, pull)
    return weight


@njit(nogil=True, cache=True)
def _refresh(contest: Contest, i: int, members: Integers, count: Integers, inverse: Floats, pull: Floats) -> None:
    Q = _block(contest, i, inverse)
    u = pull[2 * contest.first[i] : 2 * contest.first[i + 1]]
    _weighed(contest, i, members[contest.first[i] : contest.first[i + 1]], int(count[i]), Q, u)


@njit(nogil=True, cache=True)
def _moved(contest: Contest, before: int, after: int, members: Integers, count: Integers) -> None:
    """One sighting changes hands; members stay in the order of their slots."""
    if before != NOBODY:
        i = contest.who[before]
        own, spot = members[contest.first[i] : contest.first[i + 1]], 0
        while own[spot] != before:
            spot += 1
        for later in range(spot, count[i] - 1):
            own[later] = own[later + 1]
        count[i] -= 1
    if after != NOBODY:
        i = contest.who[after]
        own, spot = members[contest.first[i] : contest.first[i + 1]], count[i]
        while spot > 0 and contest.slot[own[spot - 1]] > contest.slot[after]:
            own[spot] = own[spot - 1]
            spot -= 1
        own[spot] = after
        count[i] += 1


@njit(nogil=True, cache=True)
def _met(contest: Contest, p: int, members: Integers, count: Integers, together: Floats, by: float) -> None:
    i = contest.who[p]
    row = contest.block[i] // 4 + contest.slot[p] * (contest.first[i + 1] - contest.first[i])
    for spot in range(count[i]):
        together[row + contest.slot[members[contest.first[i] + spot]]] += by
