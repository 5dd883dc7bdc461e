"""Which fences hold a place, which are near a box: an immutable snapshot of a set of fences."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo import kernels
from geo.fence_edit import edited_table
from geo.fence_table import THREADS, Buffers, FenceTable, build_table, table_bytes
from geo.fences import Fence

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.int32]

_PIECE = 1 << 17  # positions that a thread takes at a time
_F8 = np.dtype(np.float64)
_NO_STATE = np.empty(0, np.int8)


@dataclass(frozen=True, slots=True, eq=False)
class FenceIndex:
    """Fences in the order of their ids (so the order of building is of no consequence) and their table.

    A fence_ix counts `fences`. Edits give a new snapshot; an old one answers as before, in any thread.
    """

    fences: tuple[Fence, ...]
    table: FenceTable
    buffers: Buffers
    memory_budget_bytes: int | None
    look: tuple[Words, Floats, Words] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # What a look-up needs: few arguments, because taking each apart costs more than a look-up.
        object.__setattr__(self, "look", self.table[:3])

    @classmethod
    def build(cls, fences: Iterable[Fence], memory_budget_bytes: int | None = None) -> FenceIndex:
        """Snapshot of the fences; raises ValueError if an id comes twice.

        By default the index takes what is best for speed, some 50 bytes a vertex. With a budget it is made coarser
        until it fits, which changes times, not answers; the vertices themselves, 16 bytes each, are never left out.
        """
        ordered = tuple(sorted(fences, key=lambda fence: fence.id))
        for one, other in pairwise(ordered):
            if one.id == other.id:
                raise ValueError(f"fence {one.id} is given twice: versions {one.version} and {other.version}")
        table, buffers = build_table([fence.rings for fence in ordered], memory_budget_bytes)
        return cls(ordered, table, buffers, memory_budget_bytes)

    @property
    def nbytes(self) -> int:
        """Bytes of the tables, without the fences themselves."""
        return table_bytes(self.table)

    def with_fence(self, fence: Fence) -> FenceIndex:
        """Snapshot with the fence added, or put in the place of the one with its id."""
        at = bisect_left(self.fences, fence.id, key=lambda other: other.id)
        known = at < len(self.fences) and self.fences[at].id == fence.id
        fences = (*self.fences[:at], fence, *self.fences[at + known :])
        return self._edited(fences, at if known else None, fence, at)

    def without(self, fence_id: str) -> FenceIndex:
        """Snapshot without the fence; raises KeyError if there is none with this id."""
        at = bisect_left(self.fences, fence_id, key=lambda other: other.id)
        if at == len(self.fences) or self.fences[at].id != fence_id:
            raise KeyError(fence_id)
        return self._edited((*self.fences[:at], *self.fences[at + 1 :]), at, None, at)

    def _edited(self, fences: tuple[Fence, ...], old: int | None, new: Fence | None, at: int) -> FenceIndex:
        edited = edited_table(self.table, self.buffers, old, None if new is None else new.rings, at)
        if edited is None:
            return FenceIndex.build(fences, self.memory_budget_bytes)
        return FenceIndex(fences, *edited, self.memory_budget_bytes)

    def holding(self, longitude: float, latitude: float) -> Integers:
        """Ascending fence_ix, i8[k], of the fences that hold one place; raises ValueError for what is no place."""
        x, y = float(longitude), float(latitude)
        if not (-180.0 <= x <= 180.0 and -90.0 <= y <= 90.0):
            raise _no_place(0, x, y)
        return kernels.holding_one(*self.look, x, y)

    def locate(self, longitude: ArrayLike, latitude: ArrayLike) -> tuple[Integers, Integers, Integers]:
        """(point_ix, fence_ix, state), each i8[k], for every place and fence that holds it, by point, then fence.

        The state is kernels.INSIDE or kernels.BORDER; -180 and 180 degrees are one meridian. The places are f8[n] in
        degrees; raises ValueError for the first that is no place. In one thread: for a batch as it comes in.
        """
        x, y = columns_of_places(longitude, latitude)
        room = 3 * len(x) + 32
        while True:
            rows = np.empty(3 * room, np.int64)
            count, done = kernels.locate(*self.look, x, y, rows)
            if count < 0:
                raise _no_place(done, x[done], y[done])
            if done == len(x):
                return rows[:count], rows[room : room + count], rows[2 * room : 2 * room + count]
            room *= 4

    def join(self, longitude: ArrayLike, latitude: ArrayLike, threads: int | None = None) -> tuple[Integers, Integers]:
        """(point_ix, fence_ix), each i8[k], of all places in or on a fence, by point, then fence; for very many places.

        The places are f8[n] in degrees; raises ValueError for the first that is no place (NaN and infinity are none).
        Runs in as many threads as there are processors, or as said.
        """
        x, y = columns_of_places(longitude, latitude)
        # In one piece each, because fresh memory costs most where it comes in small pieces.
        pieces = range(0, len(x), _PIECE)
        held = np.empty(len(x), np.int32)
        room = np.empty((len(pieces), min(len(x), _PIECE) * 3 // 2 + 64), np.int32)

        def find(i: int) -> list[Words]:
            return self._found(x, y, pieces[i], held[pieces[i] : pieces[i] + _PIECE], room[i])

        def spread(i: int) -> None:
            fences = found[i][0] if len(found[i]) == 1 else np.concatenate(found[i])
            out = slice(end[i], end[i + 1])
            kernels.spread(held[pieces[i] : pieces[i] + _PIECE], fences, pieces[i], point[out], fence[out])

        threads = min(THREADS if threads is None else threads, len(pieces))
        with nullcontext() if threads <= 1 else ThreadPoolExecutor(threads) as pool:
            each = map if pool is None else pool.map
            found = list(each(find, range(len(pieces))))
            end = np.cumsum([0, *(sum(map(len, parts)) for parts in found)])
            point, fence = np.empty(end[-1], np.int64), np.empty(end[-1], np.int64)
            for _ in each(spread, range(len(pieces))):
                pass
        return point, fence

    def _found(self, x: Floats, y: Floats, first: int, held: Words, room: Words) -> list[Words]:
        """The fences of the places from `first` on, one place after the other, in parts; how many each to `held`."""
        words, xy, _, cells, rank, frame, scale, *_ = self.table
        parts: list[Words] = []
        begin, last = first, first + len(held)
        while True:
            count, done = kernels.join(
                words, xy, cells, rank, frame, scale, x, y, begin, last, held[begin - first :], room, _NO_STATE
            )
            if count < 0:
                raise _no_place(done, x[done], y[done])
            parts.append(room[:count])
            if done == last:
                return parts
            room = np.empty((4 if done == begin else 1) * len(room), np.int32)
            begin = done

    def candidates(self, bbox: tuple[float, float, float, float]) -> Integers:
        """Ascending fence_ix of the fences whose box meets (west, south, east, north); west > east crosses 180."""
        west, south, east, north = bbox
        box = np.empty((len(self.fences), 4))
        used = self.table.rank >= 0
        box[self.table.rank[used]] = self.table.box[used]
        across = (box[:, 2] >= west) | (box[:, 0] <= east) if west > east else (box[:, 2] >= west) & (box[:, 0] <= east)
        return np.flatnonzero(across & (box[:, 3] >= south) & (box[:, 1] <= north))


def columns_of_places(longitude: ArrayLike, latitude: ArrayLike) -> tuple[Floats, Floats]:
    """Both as contiguous writable f8[n], as the kernels are compiled for; raises ValueError for unequal columns."""
    x, y = _column(longitude), _column(latitude)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"longitude and latitude must be two columns of one length, not {x.shape} and {y.shape}")
    return x, y


def checked_positions(longitude: ArrayLike, latitude: ArrayLike) -> tuple[Floats, Floats]:
    """Both as `columns_of_places`; raises ValueError for the first that is no place."""
    x, y = columns_of_places(longitude, latitude)
    wrong = np.flatnonzero(~((np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)))
    if len(wrong):
        at = int(wrong[0])
        raise _no_place(at, x[at], y[at])
    return x, y


def _column(values: ArrayLike) -> Floats:
    if type(values) is np.ndarray and values.dtype is _F8 and values.flags.carray:
        return values
    return np.require(values, np.float64, ["C", "A", "W"])


def _no_place(at: int, x: float, y: float) -> ValueError:
    return ValueError(f"position {at} ({x}, {y}) is not within longitude -180..180, latitude -90..90")
