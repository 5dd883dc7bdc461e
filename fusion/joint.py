"""Sightings whose owners are unsure, all at once: whose they are, and which of them show one animal.

`association.settle` weighs a sighting as if the shares of all others were witnesses of their own. Where owners are
unsure, that is not so: if this one is hers, that one is not, and the third was too far away. Unsure sightings that
share candidates, directly or through others, form a component; its joint assignments are sampled, under the whole path
of every individual given all that is sure. What would grow too large is cut: a share below
`AssociationRules.joint_least` stays as it is, and of one individual the `MOST` most doubtful sightings are sampled.

A path whose motion is taken as known is a little too sure of itself, shares that are spread out are a little too
unsure; their mean is better than both (a linear pool: Stone 1961, Annals of Mathematical Statistics 32, 1339-1342).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusion import joint_kernels as kernels
from fusion import path_kernels, residence
from fusion.association_kernels import Integers
from fusion.ellipse import Floats
from fusion.identities import AssociationRules, Identities
from fusion.joint_kernels import NOBODY, Contest
from fusion.residence import Mapper, Residence
from fusion.roster import Roster
from fusion.sightings import NO_CAMERA, Sightings
from fusion.timelines import Silence, timelines

MOST: Final = 48
LEAST_TOGETHER: Final = 0.05
_TINY: Final = 1e-300
SHARPEST_M: Final = 1.0
"""No place is taken to be known better than this: a sighting is taken back from a path many times, by subtraction."""


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """Unsure sightings that may show one animal of the roster: one, other i8[k] rows of `Sightings`, one < other;
    probability f8[k] that both are of the same one, whichever it is; pairs below `LEAST_TOGETHER` are left out.
    """

    one: Integers
    other: Integers
    probability: Floats

    @classmethod
    def nothing(cls) -> Together:
        """No sighting is unsure."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


class _Chosen(NamedTuple):
    """pairs i8[p] rows of `Identities` that are sampled, rows i8[c] their sightings, local i8[p] into rows."""

    pairs: Integers
    rows: Integers
    local: Integers


def settle_unsure(
    sightings: Sightings,
    roster: Roster,
    silence: Silence,
    living: Residence,
    found: Identities,
    rules: AssociationRules,
    mapper: Mapper = map,
) -> tuple[Identities, Together]:
    """The same identities with the shares of unsure sightings replaced; and which of those show one animal."""
    chosen = _unsure(found, rules)
    if not len(chosen.pairs):
        return found, Together.nothing()
    contest = _contest(sightings, roster, silence, living, found, rules, chosen, mapper)
    order, begin = components(contest.who, contest.sighting, len(chosen.rows), len(roster))
    nobody = np.minimum(found.nobody[chosen.rows].sum(axis=1), 1.0)
    share = found.probability[chosen.pairs]
    owned, unowned = np.zeros(len(chosen.pairs)), np.zeros(len(chosen.rows))
    together = np.zeros(len(contest.between) // 4)
    start = _likeliest(contest, share, nobody)

    def work(lo: int, hi: int) -> None:
        kernels.sample(
            contest, order, begin, lo, hi, start, rules.joint_burn_in, rules.joint_sweeps, owned, unowned, together
        )

    residence.each(mapper, len(begin) - 1, work)
    # What is spread over shares too small to be sampled stays there.
    sampled = np.minimum(np.bincount(chosen.local, weights=share, minlength=len(nobody)) + nobody, 1.0)
    weight = rules.joint_weight
    fresh = (1.0 - weight) * share + weight * owned * sampled[chosen.local]
    alone = (1.0 - weight) * nobody + weight * unowned * sampled
    return _replaced(found, chosen, fresh, alone / np.maximum(nobody, _TINY)), _met(contest, chosen, together)


def _unsure(found: Identities, rules: AssociationRules) -> _Chosen:
    j = found.sighting()
    best = found.nobody.sum(axis=1)
    np.maximum.at(best, j, found.probability)
    pairs = np.flatnonzero((best < rules.unsure_below)[j] & (found.probability >= rules.joint_least))
    who, p = found.who[pairs], found.probability[pairs]
    # Of equal doubt the earlier sighting.
    order = np.lexsort((j[pairs], -p * (1.0 - p), who))
    rank = np.arange(len(pairs)) - np.searchsorted(who[order], who[order])
    pairs = np.sort(pairs[order[rank < MOST]])
    rows, local = np.unique(j[pairs], return_inverse=True)
    return _Chosen(pairs, rows.astype(np.int64), local.reshape(-1).astype(np.int64))


def _contest(
    sightings: Sightings,
    roster: Roster,
    silence: Silence,
    living: Residence,
    found: Identities,
    rules: AssociationRules,
    chosen: _Chosen,
    mapper: Mapper,
) -> Contest:
    m, pairs, rows, local = len(roster), chosen.pairs, chosen.rows, chosen.local
    who = found.who[pairs]
    lines = timelines(sightings, roster, silence, found.offset, found.who, found.if_here, found.spread_m2)
    by_individual = np.lexsort((local, who))
    first = np.searchsorted(who[by_individual], np.arange(m + 1)).astype(np.int64)
    slot = np.empty(len(pairs), np.int64)
    slot[by_individual] = np.arange(len(pairs)) - first[who[by_individual]]
    block = np.concatenate([[0], np.cumsum(4 * np.diff(first) ** 2)]).astype(np.int64)
    mean, between = np.zeros((len(pairs), 2)), np.zeros(int(block[-1]))
    motion, row = residence.motions(roster, living.log_motion, rules), lines.pair_row[pairs[by_individual]]

    def work(lo: int, hi: int) -> None:
        path_kernels.paths(lines.starts, lo, hi, lines.rows, motion, first, row, block, mean, between)

    residence.each(mapper, m, work)
    halves = np.ascontiguousarray(sightings.keys).view("<u8").reshape(-1, 2).astype(np.uint64)[rows]
    weight = (found.appearance + found.species + found.effort)[pairs] + np.log(np.maximum(found.residence[who], _TINY))
    return Contest(
        offset=np.searchsorted(local, np.arange(len(rows) + 1)).astype(np.int64),
        who=who,
        slot=slot,
        log_weight=weight + _untaken(sightings, found, chosen),
        nobody=_weight_of_nobody(found, chosen),
        place=np.ascontiguousarray(sightings.place[rows]),
        covariance=np.maximum(sightings.covariance[rows], [SHARPEST_M**2, -np.inf, SHARPEST_M**2]),
        burst=np.ascontiguousarray(sightings.burst[rows]),
        key=halves[:, 0] ^ (halves[:, 1] * np.uint64(0x9E3779B97F4A7C15)),
        partner=_partners(sightings.time_s[rows], who, local),
        sighting=local,
        first=first,
        mean=mean,
        block=block,
        between=between,
    )


def _weight_of_nobody(found: Identities, chosen: _Chosen) -> Floats:
    """Log weight of being nobody's, in the units of the pairs: the share of nobody, of the sum of all weights."""
    j = found.sighting()
    order = np.lexsort((found.who, found.probability, j))
    least = order[np.searchsorted(j[order], chosen.rows)]
    total = found.others[least] - np.log(np.maximum(1.0 - found.probability[least], _TINY))
    return total + np.log(np.maximum(found.nobody[chosen.rows].sum(axis=1), _TINY))


def _partners(time_s: Floats, who: Integers, local: Integers) -> Integers:
    """Of each sighting the nearest in time with which it shares a candidate, the earlier of two; itself, if none."""
    order = np.lexsort((local, who))
    gap, partner = np.full(len(time_s), np.inf), np.arange(len(time_s))
    one, other = local[order][:-1], local[order][1:]
    met = who[order][:-1] == who[order][1:]
    # Within an individual the sightings are in order of time: the nearest one is next to it.
    for mine, theirs in ((other[met], one[met]), (one[met], other[met])):
        apart = np.abs(time_s[mine] - time_s[theirs])
        by = np.lexsort((theirs, apart, mine))
        first = by[np.unique(mine[by], return_index=True)[1]]
        nearer = first[apart[first] < gap[mine[first]]]
        gap[mine[nearer]], partner[mine[nearer]] = apart[nearer], theirs[nearer]
    return partner


def _untaken(sightings: Sightings, found: Identities, chosen: _Chosen) -> Floats:
    """Log probability f8[p] that no sighting of the same burst which is not sampled is of the individual already."""
    j, m = found.sighting(), len(found.residence)
    shared = sightings.burst[j] != NO_CAMERA
    place = np.where(shared, sightings.burst[j], 0) * m + found.who
    rest = shared.copy()
    rest[chosen.pairs] = False
    # A sighting does not stand in its own way: of its own pairs each has another individual.
    names, at = np.unique(place[rest], return_inverse=True)
    out = np.zeros(len(chosen.pairs))
    if len(names):
        free = np.bincount(at.reshape(-1), weights=np.log1p(-np.minimum(found.probability[rest], 1.0 - 1e-12)))
        mine = place[chosen.pairs]
        k = np.minimum(np.searchsorted(names, mine), len(names) - 1)
        met = shared[chosen.pairs] & (names[k] == mine)
        out[met] = free[k[met]]
    return out


def components(who: Integers, sighting: Integers, c: int, m: int) -> tuple[Integers, Integers]:
    """Sightings that share candidates, directly or through others: order i8[c], and where each component begins.

    who i8[p] below m and sighting i8[p] below c are the pairs; every sighting has one.
    """
    label = np.arange(c)
    while True:
        lowest = np.full(m, c)
        np.minimum.at(lowest, who, label[sighting])
        fresh = label.copy()
        np.minimum.at(fresh, sighting, lowest[who])
        fresh = fresh[fresh]
        if (fresh == label).all():
            break
        label = fresh
    order = np.lexsort((np.arange(c), label))
    return order, np.append(np.searchsorted(label[order], np.unique(label)), c).astype(np.int64)


def _likeliest(contest: Contest, share: Floats, nobody: Floats) -> Integers:
    """The pair that each sighting is given to first, or `NOBODY`."""
    order = np.lexsort((contest.who, -share, contest.sighting))
    best = order[contest.offset[:-1]]
    return np.where(share[best] > nobody, best, NOBODY)


def _replaced(found: Identities, chosen: _Chosen, fresh: Floats, alone: Floats) -> Identities:
    """fresh f8[p] for the shares of the chosen pairs; nobody's share times alone f8[c]; all else follows from them."""
    pairs = chosen.pairs
    probability, if_here, others = found.probability.copy(), found.if_here.copy(), found.others.copy()
    nobody = found.nobody.copy()
    probability[pairs] = fresh
    nobody[chosen.rows] *= alone[:, None]
    odds = fresh / np.maximum(1.0 - fresh, 1e-12)
    here = np.maximum(found.residence[found.who[pairs]], 1e-12)
    if_here[pairs] = odds / (odds + here)
    weight = (found.place + found.appearance + found.species + found.effort)[pairs]
    others[pairs] = weight + np.log(here) - np.log(np.maximum(odds, _TINY))
    return replace(found, probability=probability, if_here=if_here, others=others, nobody=nobody)


def _met(contest: Contest, chosen: _Chosen, together: Floats) -> Together:
    """Sum over individuals of how often two sightings were theirs at once."""
    by_individual = np.lexsort((contest.slot, contest.who))
    counts: NDArray[np.int64] = np.diff(contest.first)
    of = np.repeat(np.arange(len(counts)), counts**2)
    at = np.arange(len(together)) - (contest.block // 4)[of]
    k = counts[of]
    one = contest.sighting[by_individual[contest.first[of] + at // np.maximum(k, 1)]]
    other = contest.sighting[by_individual[contest.first[of] + at % np.maximum(k, 1)]]
    is_pair = (one < other) & (together > 0.0)
    c = len(chosen.rows)
    names, back = np.unique(one[is_pair] * c + other[is_pair], return_inverse=True)
    probability = np.minimum(np.bincount(back.reshape(-1), weights=together[is_pair], minlength=len(names)), 1.0)
    kept = probability >= LEAST_TOGETHER
    return Together(chosen.rows[names[kept] // c], chosen.rows[names[kept] % c], probability[kept])
