"""What people say of sightings: observations like any other, that can be weighed, previewed and taken back."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from fusion.association import Settled
from fusion.association_kernels import WIDEST
from fusion.ellipse import Floats
from fusion.evidence import frozen
from fusion.roster import Roster
from fusion.sightings import Sightings


class Verdict(Enum):
    """What a person says of a sighting and an individual."""

    CONFIRM = "this is the individual"
    REJECT = "this is not the individual"


@dataclass(frozen=True, slots=True, order=True)
class Decision:
    """key: content id of the sighting, 16 bytes. error: how often such a reviewer is wrong, 0 for never."""

    key: bytes
    individual: str
    is_confirmed: bool
    error: float = 0.01

    def __post_init__(self) -> None:
        if not 0.0 <= self.error < 0.5:
            raise ValueError("a reviewer's error rate lies in 0..0.5")

    @property
    def verdict(self) -> Verdict:
        """The decision in words."""
        return Verdict.CONFIRM if self.is_confirmed else Verdict.REJECT


def decided(sightings: Sightings, roster: Roster, decisions: Collection[Decision]) -> Sightings:
    """The sightings as they look once people have spoken; decisions in any order, without them the same as before.

    A confirmation by a reviewer who errs with rate e multiplies the odds of the individual against everybody else,
    strangers included, by (1 - e)/e; a rejection divides them. Several reviewers multiply. e = 0 is held at the
    largest ratio that the kernels tell apart. Raises KeyError for a sighting or an individual that is not known.
    """
    row_of = {key.tobytes(): row for row, key in enumerate(sightings.keys)}
    number_of = {name: i for i, name in enumerate(roster.names)}
    shift: dict[tuple[int, int], float] = {}
    for one in sorted(set(decisions)):
        pair = row_of[one.key], number_of[one.individual]
        odds = WIDEST if one.error == 0.0 else min(math.log((1.0 - one.error) / one.error), WIDEST)
        shift[pair] = shift.get(pair, 0.0) + (odds if one.is_confirmed else -odds)
    if not shift:
        return sightings
    lists = [
        dict(zip(sightings.score_of[lo:hi].tolist(), sightings.score[lo:hi].tolist(), strict=True))
        for lo, hi in zip(sightings.offset[:-1], sightings.offset[1:], strict=True)
    ]
    for (row, who), by in sorted(shift.items()):
        lists[row][who] = lists[row].get(who, float(sightings.rest[row])) + by
    offset = np.concatenate([[0], np.cumsum([len(one) for one in lists])]).astype(np.int64)
    return replace(
        sightings,
        offset=frozen(offset),
        score_of=frozen(np.array([who for one in lists for who in sorted(one)], dtype=np.int64)),
        score=frozen(np.array([one[who] for one in lists for who in sorted(one)])),
    )


def merged(sightings: Sightings, roster: Roster, same: str, kept: str) -> tuple[Sightings, Roster]:
    """Two names were one individual: `same` leaves the roster, its appearance scores become those of `kept`.

    Of two scores for one picture the higher stands. To split, give the roster both names and reject for the one the
    sightings of the other. Raises ValueError if `same` wears a collar: a collar is moved by its deployment.
    """
    gone, stays = roster.names.index(same), roster.names.index(kept)
    if roster.offset[gone + 1] > roster.offset[gone]:
        raise ValueError("an individual with a collar is merged by correcting the deployment")
    keep = np.delete(np.arange(len(roster)), gone)
    number = np.cumsum(np.arange(len(roster)) != gone) - 1
    number[gone] = number[stays]
    row = np.repeat(np.arange(len(sightings)), np.diff(sightings.offset))
    who = number[sightings.score_of]
    order = np.lexsort((-sightings.score, who, row))
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (row[order][1:] != row[order][:-1]) | (who[order][1:] != who[order][:-1])
    order = order[first]
    offset = np.searchsorted(row[order], np.arange(len(sightings) + 1)).astype(np.int64)
    fresh = replace(sightings, offset=frozen(offset), score_of=frozen(who[order]), score=frozen(sightings.score[order]))
    return fresh, replace(
        roster,
        names=tuple(roster.names[i] for i in keep),
        species=frozen(roster.species[keep]),
        medians=frozen(roster.medians[keep]),
        log_sd=frozen(roster.log_sd[keep]),
        offset=frozen(np.delete(roster.offset, gone + 1)),
    )


@dataclass(frozen=True, slots=True)
class Change:
    """A sighting that changes owner; None is nobody. before_p, after_p: probability of the owner named."""

    key: bytes
    before: str | None
    after: str | None
    before_p: float
    after_p: float


def changes(before: Settled, after: Settled) -> list[Change]:
    """Which sightings change owner, in canonical order: what a person is shown before a decision is kept."""
    rows = {key.tobytes(): row for row, key in enumerate(after.sightings.keys)}
    (old, old_p), (new, new_p) = before.identities.owners(), after.identities.owners()
    found: list[Change] = []
    for row, key in enumerate(before.sightings.keys):
        there = rows.get(key.tobytes())
        if there is None:
            continue
        was = before.roster.names[old[row]] if old[row] >= 0 else None
        now = after.roster.names[new[there]] if new[there] >= 0 else None
        if was != now:
            found.append(Change(key.tobytes(), was, now, float(old_p[row]), float(new_p[there])))
    return found


def moved_m(before: tuple[Floats, Floats], after: tuple[Floats, Floats]) -> Floats:
    """How far each individual's track moves, f8[m]: root mean square over the times of two `positions`."""
    return np.sqrt(((after[0] - before[0]) ** 2).sum(axis=2).mean(axis=0))


def review_queue(settled: Settled, most: int) -> list[tuple[bytes, float]]:
    """Sightings whose answer would teach the most, first: (key, expected change).

    A quick stand-in for settling anew under every possible answer: the change of the sighting's own share, the sum of
    p (1 - p) over owners and nobody, more for an owner whose track rests on few other sightings. A certain sighting
    teaches nothing. What probably shows the same animal (`Settled.together`) is answered too.
    """
    found = settled.identities
    j, p = found.sighting(), found.probability
    total = np.bincount(found.who, weights=p, minlength=len(settled.roster))
    hangs = 1.0 / (1.0 + np.maximum(total[found.who] - p, 0.0))
    value = np.bincount(j, weights=p * (1.0 - p) * (1.0 + hangs), minlength=len(settled.sightings))
    value += (found.nobody * (1.0 - found.nobody)).sum(axis=1) * 0.5
    met, own = settled.together, value.copy()
    likely = np.where(met.probability >= 0.5, met.probability, 0.0)
    value += np.bincount(met.one, weights=likely * own[met.other], minlength=len(value))
    value += np.bincount(met.other, weights=likely * own[met.one], minlength=len(value))
    order = np.lexsort((np.arange(len(value)), -value))[:most]
    return [(settled.sightings.keys[row].tobytes(), float(value[row])) for row in order]
