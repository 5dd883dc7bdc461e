"""The nearest descriptors of different animals among a million and more: an inverted file over the gallery itself.

Sivic & Zisserman 2003 (ICCV) with several lists looked at (Jégou et al. 2011, PAMI 33). The points that lists are
gathered around are those with the smallest hashes of content, as priorities of a treap are (Aragon & Seidel 1989): the
index is a function of the set of descriptors, whatever came first, and one more chip moves hardly anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fusion.camera.pattern import SIZE, Descriptors
from fusion.camera.pattern_kernels import Long, Whole, keep_nearest

Numbers = NDArray[np.float32]

ROWS_A_LIST: Final = 1024
LISTS_LOOKED_AT: Final = 32
"""Of all lists, the nearest; a gallery with no more is searched exactly."""
FAR: Final = 60_000
"""Squared distance, of 512 squared, that three quarters of points have to the sixth of 40 animals that they do not
show: stands for names that are not there."""
_BLOCK: Final = 8_192
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """The nearest descriptor of each of the k nearest names: distance i4[n, k] squared, rising; name i4[n, k], -1 and
    `FAR` where there are fewer; slot i4[n, k] and row i4[n, k] within it.
    """

    distance: Whole
    name: Whole
    slot: Whole
    row: Whole


class Nearest:
    """Descriptors u1[n, 128] in slots, one a chip. 154 bytes a descriptor; not to be changed while it is asked."""

    def __init__(self) -> None:
        self._descriptors: Descriptors = np.zeros((0, SIZE), np.uint8)
        self._length: Whole = np.zeros(0, np.int32)
        self._slot: Whole = np.zeros(0, np.int32)
        self._hash: NDArray[np.uint64] = np.zeros(0, np.uint64)
        self._list: Whole = np.zeros(0, np.int32)
        self._to_centre: Whole = np.zeros(0, np.int32)
        self._start: dict[int, int] = {}
        self._count: dict[int, int] = {}
        self._centre_hash: NDArray[np.uint64] = np.zeros(0, np.uint64)
        self._centres: Numbers = np.zeros((0, SIZE), np.float32)
        self._settled = True
        self._members: Whole = np.zeros(0, np.int32)
        self._begins: Long = np.zeros(1, np.int64)

    def __len__(self) -> int:
        return len(self._slot)

    @property
    def lists(self) -> int:
        """How many lists there are once what was put in has been settled."""
        return max(1, 1 << max(0, (len(self) // ROWS_A_LIST).bit_length() - 1))

    def put(self, slot: int, seed: bytes, descriptors: Descriptors) -> None:
        """A chip's descriptors into an empty slot; the seed, 8 bytes or more of its content, makes their hashes."""
        if slot in self._start:
            raise ValueError(f"slot {slot} is taken")
        before, count = len(self), len(descriptors)
        wide = descriptors.astype(np.int32)
        for name in ("_descriptors", "_length", "_slot", "_hash", "_list", "_to_centre"):
            # In place: copies of a large gallery would double what it takes.
            getattr(self, name).resize((before + count, *getattr(self, name).shape[1:]), refcheck=False)
        self._descriptors[before:] = descriptors
        self._length[before:] = np.einsum("ij,ij->i", wide, wide)
        self._slot[before:] = slot
        self._hash[before:] = _hashes(seed, count)
        self._list[before:] = -1
        self._start[slot], self._count[slot] = before, count
        self._settled = False

    def take(self, slot: int) -> None:
        """Empty a slot. Raises KeyError for one that is."""
        start, count = self._start.pop(slot), self._count.pop(slot)
        for name in ("_descriptors", "_length", "_slot", "_hash", "_list", "_to_centre"):
            column = getattr(self, name)
            column[start : len(column) - count] = column[start + count :]
            column.resize((len(column) - count, *column.shape[1:]), refcheck=False)
        self._start = {one: at - count if at > start else at for one, at in self._start.items()}
        self._settled = False

    def of(self, slot: int) -> Descriptors:
        """The descriptors in a slot, a copy: columns move when a chip is put in."""
        start = self._start[slot]
        return self._descriptors[start : start + self._count[slot]].copy()

    def settle(self) -> None:
        """Bring the lists up to date; asking does it, too."""
        if self._settled:
            return
        wanted = min(self.lists, len(self))
        chosen = np.argpartition(self._hash, wanted - 1)[:wanted] if wanted < len(self) else np.arange(len(self))
        chosen = chosen[np.argsort(self._hash[chosen])]
        hashes, before = self._hash[chosen], self._centre_hash
        moved = np.full(len(before) + 1, -1, np.int32)
        # A row's list is kept by the centre's hash; -1, no list, stays -1.
        stays = np.flatnonzero(np.isin(before, hashes))
        moved[stays] = np.searchsorted(hashes, before[stays])
        self._centre_hash, self._centres = hashes, self._descriptors[chosen].astype(np.float32)
        self._list[:] = moved[self._list]
        self._assign(np.flatnonzero(self._list < 0), np.arange(len(hashes)), fresh=True)
        added = np.flatnonzero(~np.isin(hashes, before))
        if len(added) and len(before):
            self._assign(np.arange(len(self)), added, fresh=False)
        self._members = np.argsort(self._list, kind="stable").astype(np.int32)
        self._begins = np.searchsorted(self._list[self._members], np.arange(len(hashes) + 1)).astype(np.int64)
        self._settled = True

    def _assign(self, rows: NDArray[np.intp], centres: NDArray[np.intp], *, fresh: bool) -> None:
        """Rows to the nearest of some centres, the one with the smaller hash where two are as near."""
        if not len(rows) or not len(centres):
            return
        table = self._centres[centres]
        squares = np.einsum("ij,ij->i", table, table)
        for begin in range(0, len(rows), _BLOCK):
            part = rows[begin : begin + _BLOCK]
            apart = squares - 2.0 * (self._descriptors[part].astype(np.float32) @ table.T)
            best = np.argmin(apart, axis=1)
            distance = (apart[np.arange(len(part)), best] + self._length[part]).astype(np.int32)
            number = centres[best].astype(np.int32)
            if not fresh:
                known, at = self._to_centre[part], self._list[part]
                nearer = (distance < known) | ((distance == known) & (number < at))
                part, number, distance = part[nearer], number[nearer], distance[nearer]
            self._list[part], self._to_centre[part] = number, distance

    def ask(self, descriptors: Descriptors, name: Whole, rank: Long, k: int, *, exact: bool = False) -> Near:
        """The k nearest names of descriptors u1[n, 128]; name i4[slots], and rank i8[slots] by content, which breaks
        ties.

        `exact` looks at every list. Otherwise the `LISTS_LOOKED_AT` nearest: what is really near is missed seldom.
        """
        self.settle()
        points = descriptors.astype(np.float32)
        length = np.einsum("ij,ij->i", points, points).astype(np.int32)
        best = np.full((len(points), k), FAR, np.int32)
        found = np.full((len(points), k), -1, np.int32)
        key = np.full((len(points), k), np.iinfo(np.int64).max, np.int64)
        start = np.zeros(len(name), np.int64)
        start[list(self._start)] = list(self._start.values())
        if len(self) and len(points):
            for number, asked in enumerate(self._probed(points, exact)):
                rows = self._members[self._begins[number] : self._begins[number + 1]]
                if not len(asked) or not len(rows):
                    continue
                dots = points[asked] @ self._descriptors[rows].astype(np.float32).T
                keep_nearest(dots, asked, length, rows, self._length, self._slot, start, rank, name, best, found, key)
        there = found >= 0
        by_rank = np.zeros(int(rank.max()) + 1 if len(rank) else 1, np.int32)
        full = np.array(sorted(self._start), np.int64)
        by_rank[rank[full]] = full
        safe = np.where(there, key, 0)
        slot = np.where(there, by_rank[safe // 4096], -1).astype(np.int32)
        return Near(best, found, slot, np.where(there, safe % 4096, -1).astype(np.int32))

    def _probed(self, points: Numbers, exact: bool) -> list[Long]:
        """For each list the points that look at it, ascending."""
        count = len(self._centres)
        if exact or count <= LISTS_LOOKED_AT:
            return [np.arange(len(points))] * count
        apart = np.einsum("ij,ij->i", self._centres, self._centres) - 2.0 * (points @ self._centres.T)
        # The number of the list in the lowest digits: equal distances are told apart the same way everywhere.
        order = np.argpartition(apart.astype(np.int64) * count + np.arange(count), LISTS_LOOKED_AT - 1, axis=1)
        lists = order[:, :LISTS_LOOKED_AT].ravel()
        who = np.repeat(np.arange(len(points)), LISTS_LOOKED_AT)
        by_list = np.lexsort((who, lists))
        edges = np.searchsorted(lists[by_list], np.arange(count + 1))
        return [who[by_list[a:b]] for a, b in pairwise(edges)]


def _hashes(seed: bytes, count: int) -> NDArray[np.uint64]:
    """SplitMix64 (Steele, Lea & Flood 2014, OOPSLA) of a chip's seed and the number of the row."""
    with np.errstate(over="ignore"):
        z = np.uint64(int.from_bytes(seed[:8], "little")) + np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
