"""Chips of named individuals, flank by flank, and whom a new chip looks like.

The method is HotSpotter's (Crall et al. 2013, WACV): points vote for individuals by how much nearer they lie to them
than to the rest (LNBNN, McCann & Lowe 2012, CVPR), and whoever comes out well is checked by one map of points onto
points.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fusion.camera.nearest import FAR, Near, Nearest
from fusion.camera.pattern import LONG_SIDE_PX, UNIT, Flank, Pattern
from fusion.camera.pattern_kernels import aligned

NEIGHBOURS: Final = 5
"""Individuals that a point votes for; the next one is the background that votes are counted from."""
SHORTLIST: Final = 12
CHIPS_EACH: Final = 3
"""Chips of an individual on the shortlist that are aligned, those with the most votes."""
REACH_PX: Final = 17.0
"""How far off a point may lie when one map takes a chip of `LONG_SIDE_PX` onto another."""
RATIO: Final = 0.92
"""A point's match on a chip must be nearer than this share of its distance to the background."""

Lines = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A chip of somebody: the individual's key, the flank, the pattern. `id` is a hash of all three."""

    individual: str
    flank: Flank
    pattern: Pattern
    id: bytes = field(init=False)

    def __post_init__(self) -> None:
        if self.flank not in ("left", "right"):
            raise ValueError(f"the flank of a chip of {self.individual!r} must be left or right, not {self.flank!r}")
        text = f"{self.individual}\0{self.flank}\0".encode()
        object.__setattr__(self, "id", hashlib.sha256(text + self.pattern.id).digest()[:16])


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """How much a chip looks like one individual, in figures that nothing has calibrated yet.

    votes: sum over the points of how much nearer they lie to it than to the background, per 100 points; inliers: points
    that one map explains, on the chip where most are; `chip`, its id; lines f8[inliers, 4]: x, y on the chip that is
    asked for and x, y on that chip. inliers is 0, chip None and lines empty for whom is not on the shortlist.
    """

    individual: str
    votes: float
    inliers: int
    chip: bytes | None
    lines: Lines


@dataclass(frozen=True, slots=True)
class _Kept:
    id: bytes
    individual: str
    points: NDArray[np.float64]


class Gallery:
    """Named chips of both flanks. Left and right are never compared. The same set answers the same in any order.

    Threads may ask together, not while chips are added or removed. Memory: 190 bytes a point, 700 points a chip at
    most.
    """

    def __init__(self, chips: Iterable[Named] = ()) -> None:
        self._flanks: dict[Flank, _Side] = {"left": _Side(), "right": _Side()}
        self.add(chips)

    def add(self, chips: Iterable[Named]) -> int:
        """How many were new; a chip that is there already changes nothing."""
        count = sum(self._flanks[one.flank].put(one) for one in chips)
        self._settle()
        return count

    def remove(self, id: bytes) -> bool:
        """Take out the chip of this id; False where it is not there."""
        taken = self._flanks["left"].take(id) or self._flanks["right"].take(id)
        self._settle()
        return taken

    def _settle(self) -> None:
        # Here and not when asked: asking changes nothing, so that threads may ask together.
        for side in self._flanks.values():
            side.nearest.settle()

    def ids(self, flank: Flank | None = None) -> frozenset[bytes]:
        """Of all chips, or of those of one flank."""
        sides = self._flanks.values() if flank is None else [self._flanks[flank]]
        return frozenset(one for side in sides for one in side.slot_of)

    def individuals(self, flank: Flank) -> list[str]:
        """Who has chips of that flank, sorted."""
        return sorted({one.individual for one in self._flanks[flank].kept.values()})

    def ask(
        self, pattern: Pattern, flank: Flank, *, without: frozenset[bytes] = frozenset(), exact: bool = False
    ) -> list[Candidate]:
        """Everybody with chips of that flank, the most alike first: by inliers, then votes, then name.

        `without`: ids of chips to pass over, such as those of the same passage. `exact`: search every list of the
        index. Raises ValueError for a flank that nobody has named: ask for both then, and compare what comes.
        """
        if flank not in self._flanks:
            raise ValueError(f"ask for the left or the right flank, not {flank!r}")
        return self._flanks[flank].ask(pattern, without, exact)


class _Side:
    """Chips of one flank."""

    def __init__(self) -> None:
        self.kept: dict[int, _Kept] = {}
        self.slot_of: dict[bytes, int] = {}
        self.nearest = Nearest()
        self._next = 0

    def put(self, chip: Named) -> bool:
        if chip.id in self.slot_of:
            return False
        slot = self._next
        self._next += 1
        self.nearest.put(slot, chip.id, chip.pattern.descriptors)
        self.kept[slot] = _Kept(chip.id, chip.individual, _placed(chip.pattern))
        self.slot_of[chip.id] = slot
        return True

    def take(self, id: bytes) -> bool:
        slot = self.slot_of.pop(id, None)
        if slot is None:
            return False
        self.nearest.take(slot)
        del self.kept[slot]
        return True

    def ask(self, pattern: Pattern, without: frozenset[bytes], exact: bool) -> list[Candidate]:
        names = sorted({one.individual for one in self.kept.values() if one.id not in without})
        if not names:
            return []
        number = {name: index for index, name in enumerate(names)}
        name_of = np.full(self._next, -1, np.int32)
        rank = np.zeros(self._next, np.int64)
        for order, (_, slot) in enumerate(sorted((one.id, slot) for slot, one in self.kept.items())):
            rank[slot] = order
            one = self.kept[slot]
            name_of[slot] = number[one.individual] if one.id not in without else -1
        # Among few, the farthest is the background; beside one alone, what is usual.
        voted = max(2, min(NEIGHBOURS + 1, len(names)))
        near = self.nearest.ask(pattern.descriptors, name_of, rank, voted, exact=exact)
        votes, by_chip = _votes(near, len(names), self._next)
        best = sorted(range(len(names)), key=lambda one: (-votes[one], one))[:SHORTLIST]
        found = {one: self._aligned(pattern, one, name_of, rank, by_chip, near) for one in best if votes[one] > 0}
        nothing = (0, None, np.zeros((0, 4)))
        share = 100.0 / max(len(pattern), 1)
        answer = [
            Candidate(name, float(votes[one]) * share, *found.get(one, nothing)) for one, name in enumerate(names)
        ]
        return sorted(answer, key=lambda one: (-one.inliers, -one.votes, one.individual))

    def _aligned(
        self,
        pattern: Pattern,
        name: int,
        name_of: NDArray[np.int32],
        rank: NDArray[np.int64],
        by_chip: NDArray[np.float64],
        near: Near,
    ) -> tuple[int, bytes | None, Lines]:
        slots = sorted(np.flatnonzero(name_of == name), key=lambda one: (-by_chip[one], rank[one]))[:CHIPS_EACH]
        best: tuple[int, bytes | None, Lines] = (0, None, np.zeros((0, 4)))
        for slot in slots:
            kept = self.kept[int(slot)]
            lines = alignment(pattern, self.nearest.of(int(slot)), kept.points, near.distance[:, -1])
            if (count := _places(lines)) > best[0]:
                best = (count, kept.id, lines)
        return best


def _votes(near: Near, names: int, slots: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each name, and of each slot: how much nearer than the background, summed over points; lengths of 1."""
    nearer = (near.distance[:, -1:] - near.distance[:, :-1]) / UNIT**2
    name, slot = near.name[:, :-1], near.slot[:, :-1]
    there = name >= 0
    # Whole numbers until the end: a sum of them has no order.
    whole = np.rint(nearer * UNIT**2)[there]
    by_name = np.bincount(name[there], weights=whole, minlength=names) / UNIT**2
    return by_name, np.bincount(slot[there], weights=whole, minlength=slots) / UNIT**2


def alignment(
    pattern: Pattern, descriptors: NDArray[np.uint8], points: NDArray[np.float64], background: NDArray[np.int32]
) -> Lines:
    """Points of a pattern and those of a chip, placed, that one map explains -> lines f8[n, 4].

    `background` i4[n] is the squared distance of each point of the pattern to what is certainly somebody else's.
    """
    if not len(pattern) or not len(descriptors):
        return np.zeros((0, 4))
    one, other = pattern.descriptors.astype(np.float32), descriptors.astype(np.float32)
    apart = np.einsum("ij,ij->i", one, one)[:, None] + np.einsum("ij,ij->i", other, other) - 2.0 * (one @ other.T)
    match = np.argmin(apart, axis=1)
    distance = apart[np.arange(len(match)), match]
    good = np.flatnonzero(
        (distance < RATIO**2 * np.minimum(background, FAR)) & (np.argmin(apart, axis=0)[match] == np.arange(len(match)))
    )
    if len(good) < 2:
        return np.zeros((0, 4))
    from_points, to_points = _placed(pattern)[good], points[match[good]]
    _, inside = aligned(from_points, to_points, REACH_PX)
    return np.concatenate([from_points[inside, :2], to_points[inside, :2]], axis=1)


def _placed(pattern: Pattern) -> NDArray[np.float64]:
    """Points f8[n, 4] as x, y, scale, angle in radians, on a chip whose long side is `LONG_SIDE_PX`."""
    points = pattern.points.astype(np.float64)
    points[:, :3] *= LONG_SIDE_PX / max(pattern.width_px, pattern.height_px)
    points[:, 3] = np.deg2rad(points[:, 3])
    return points


def _places(lines: Lines) -> int:
    """Inliers on places of their own: SIFT gives one place several directions."""
    if not len(lines):
        return 0
    whole = np.rint(lines / 2.0).astype(np.int64)
    return min(len(np.unique(whole[:, :2], axis=0)), len(np.unique(whole[:, 2:], axis=0)))
