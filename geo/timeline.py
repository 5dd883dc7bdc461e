"""The rows of a table by time: stretches of them, in slabs, for kernels that go through time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo import slabs as kernels
from geo.columns import Columns, rows_of, sealed
from geo.spacetime_kernels import Side

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Rows = NDArray[np.int32]

NO_ROWS: Rows = rows_of(np.zeros(0, np.bool_))
RUN_CHUNK = 1 << 15  # entries that are put in order of time at once: they stay in the cache
_MOST_RUNS = RUN_CHUNK >> 4


class Slabs(NamedTuple):
    """Equal slabs of time."""

    origin: Any
    per_tick: float
    number: int


class Table(NamedTuple):
    """A table and the rows of it that count: all of them (`whole`), or `rows`; with their bounds in time."""

    columns: Columns
    rows: Rows
    whole: bool
    ordered: bool  # whole, and in order of time
    least: Any
    most: Any

    @property
    def size(self) -> int:
        """Rows that count."""
        return len(self.columns.time) if self.whole else len(self.rows)

    def within(self, belongs: Callable[[Floats, Floats], NDArray[np.bool_]]) -> Table:
        """The rows whose places belong."""
        x, y, rows = self.columns.longitude, self.columns.latitude, self.rows
        rows = rows_of(belongs(x, y)) if self.whole else sealed(rows[belongs(x[rows], y[rows])])
        return self._replace(rows=rows, whole=False, ordered=False)


@dataclass(slots=True, eq=False)
class Timeline:
    """A table by slab of time: slab s has the entries start[s]..start[s + 1].

    Rows in order of time are taken as they stand. Rows that come track after track are runs in order of time: what a
    stretch needs of each is copied when it is asked for. All others are copied at once.
    """

    table: Table
    slabs: Slabs
    start: Integers
    runs: Integers  # where each starts, and the number of rows; nothing if there are none
    _edges: Integers
    _cuts: NDArray[np.int32]
    _all: Side | None = None

    @classmethod
    def of(cls, table: Table, slabs: Slabs) -> Timeline:
        """A table in slabs."""
        time, runs = table.columns.time, np.zeros(0, np.int64)
        if table.ordered:
            start = kernels.starts(time, *slabs)
        else:
            start = kernels.counted(time, table.rows, table.whole, *slabs)
            runs = kernels.runs(time, _MOST_RUNS) if table.whole else runs
        return cls(table, slabs, start, runs, np.zeros(0, np.int64), np.zeros((0, 0), np.int32))

    def cut(self, edges: Integers) -> None:
        """Prepare for stretches whose ends are among these slabs, ascending."""
        if len(self.runs):
            self._edges = edges
            self._cuts = kernels.run_cuts(self.table.columns.time, self.runs, edges, *self.slabs)
        else:
            self.whole()

    def whole(self) -> Side:
        """All entries by slab."""
        x, y, time, _ = self.table.columns
        if self.table.ordered:
            return Side(x, y, time, NO_ROWS, 1)
        if self._all is None:
            words, when, row = _words(self.table.size, time.dtype)
            origin, per_tick, _ = self.slabs
            rows, whole = self.table.rows, self.table.whole
            kernels.pack(x, y, time, rows, whole, origin, per_tick, self.start, words, when, row)
            self._all = _side(words, when, row)
        return self._all

    def stretch(self, first: int, last: int) -> tuple[Side, Integers]:
        """(entries that hold those of the slabs first..last, where these slabs start among them, and where they end).

        Both slabs must be edges of the last `cut`.
        """
        start = self.start[first : last + 1]
        if not len(self.runs):
            return self.whole(), start
        low, high = np.searchsorted(self._edges, (first, last))
        start = start - start[0]
        x, y, time, _ = self.table.columns
        words, when, row = _words(int(start[-1]), time.dtype)
        kernels.pack_runs(x, y, time, self._cuts[low], self._cuts[high], *self.slabs, first, start, words, when, row)
        return _side(words, when, row), start


def _words(entries: int, kind: Any) -> tuple[Floats, NDArray[Any], Rows]:
    words = np.empty(4 * entries + 4)
    return words, words.view(kind), words.view(np.int32)


def _side(words: Floats, when: NDArray[Any], row: Rows) -> Side:
    return Side(sealed(words), sealed(words[1:]), sealed(when[2:]), sealed(row[6:]), 4)
