"""A set of fences as columns for the kernels: laid out once per fence, listed per grid cell, edited by appending.

Words and vertices of all fences stand in two buffers with room to spare. An edit writes behind their end and copies the
small columns; whatever an older table refers to stays as it was, so its readers see nothing of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import config
from numpy.typing import NDArray

from geo.cell_lists import HEAD, ended, list_cells
from geo.fence_leaves import MARGIN, lay_out

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.int32]

THREADS = int(vars(config)["NUMBA_DEFAULT_NUM_THREADS"])  # processors that this process may use
DEFAULT_DENSITY = 2.0  # see fence_leaves.level_for

SHEET_HEAD = 6  # words of a sheet before the ranks
FEWEST_CELLS = 1 << 12  # that any set may have, however small
ENTRIES_PER_CELL = 8  # of the lists, at most, over all cells that the set may have

_FINEST, _COARSEST = 2.0**10, 2.0**-9  # cells a degree
_MOST = 2**31 - 2**16  # words
_PARALLEL_FROM = 20_000  # vertices; below, a second thread costs more than it brings


class Rings(NamedTuple):
    """Closed rings of one fence: ring r is x, y [start[r]:start[r + 1]], its first position repeated as its last."""

    x: Floats
    y: Floats
    start: Integers


class FenceTable(NamedTuple):
    """An immutable set of fences; s counts slots (in the order of their coming), f the fences in use, in their order.

    A cell's list begins at words[cells[i]]: how many fences reach into the cell, then for each, in the order of the
    fences, slot << 4 | level and the place of the block; one that covers the cell has level 0 and place COVERED, where
    COVER stands. In the two words ahead of a list stand the maps of its blocks, one over the other.
    """

    words: Words  # lists and chunks, see geo/fence_leaves.py
    xy: Floats  # [2 v] longitude, latitude of each vertex; a pair of NaN stands behind each ring
    sheet: Words  # all that is small, for calls that must cost little: frame, binary exponent of scale, s; rank; cells
    cells: Words  # [rows * columns] from the south-west; like the two that follow, a part of the sheet
    rank: Words  # [s] f, or -1 if no longer in use
    frame: Words  # [4] western column, southern row, columns, rows of the grid
    scale: float  # cells a degree, a power of two
    box: Floats  # [s, 4] west, south, east, north
    vertices: Integers  # [s, 2] first vertex and the one behind the last
    windows: Integers  # [s, 4] western column, southern row, columns, rows of the footprint
    chunk: Integers  # [s] where the chunk begins in words


@dataclass(frozen=True, slots=True, eq=False)
class Buffers:
    """Room that the tables of one line of edits share, and the right to write behind the end of one of them."""

    words: Words
    xy: Floats
    density: float
    turn: list[None]  # one entry: who pops it, which is atomic, may write; whoever comes later builds anew


def table_bytes(table: FenceTable) -> int:
    """Bytes of all columns."""
    return sum(column.nbytes for column in (*table[:3], *table[7:]))


def sheet_of(frame: Integers, scale: float, rank: Words, cells: Words) -> tuple[Words, Words, Words, Words]:
    """(sheet, cells, rank, frame): the first holds the others."""
    exponent = math.frexp(scale)[1] - 1
    sheet = np.concatenate([frame, [exponent, len(rank)], rank, cells], dtype=np.int32, casting="same_kind")
    return sheet, sheet[SHEET_HEAD + len(rank) :], sheet[SHEET_HEAD : SHEET_HEAD + len(rank)], sheet[:4]


def build_table(fences: Sequence[Rings], memory_budget_bytes: int | None = None) -> tuple[FenceTable, Buffers]:
    """The table of the given ring sets, in their order.

    Cells and leaves are as fine as the edges ask for; where that takes more than `memory_budget_bytes`, both are made
    coarser until it fits or nothing is left to gain (the vertices alone may be more). Raises ValueError for a vertex
    outside longitude -180..180, latitude -90..90, and for 2^29 vertices or 2^31 words.
    """
    xy, vertices = columns_of(fences, 0)
    box = boxes_of(xy, vertices)
    density, cells = DEFAULT_DENSITY, max(FEWEST_CELLS, len(xy) // 2)
    while True:
        scale = _scale(box, cells, ENTRIES_PER_CELL * cells)
        windows = windows_of(box, scale)
        chunks, start = _chunks(xy, vertices, windows, scale, density)
        table, buffers = _assemble(xy, vertices, box, windows, chunks, start, scale, density)
        if memory_budget_bytes is None or table_bytes(table) <= memory_budget_bytes or density < 2.0**-8:
            return table, buffers
        density, cells = density / 2.0, max(16, cells // 4)


def columns_of(fences: Sequence[Rings], before: int) -> tuple[Floats, Integers]:
    """(xy, vertices): the rings with a NaN behind each, numbered from `before`."""
    lengths = np.array([len(rings.x) + len(rings.start) - 1 for rings in fences], np.int64)
    end = before + np.cumsum(lengths)
    vertices = np.stack([end - lengths, end], axis=1).reshape(-1, 2)
    if len(end) and end[-1] > _MOST // 4:  # four vertices a fence at least: so there are less than 2^27 slots
        raise ValueError(f"{end[-1]} vertices are more than 32-bit places can tell apart")
    x = np.concatenate([np.zeros(0), *(rings.x for rings in fences)])
    y = np.concatenate([np.zeros(0), *(rings.y for rings in fences)])
    if not (np.all(np.abs(x) <= 180.0) and np.all(np.abs(y) <= 90.0)):
        raise ValueError("a vertex of a fence is not within longitude -180..180, latitude -90..90")
    ring_lengths = np.concatenate([np.zeros(0, np.int64), *(np.diff(rings.start) for rings in fences)])
    xy = np.full((len(x) + len(ring_lengths), 2), np.nan)
    # Every vertex moves up by the number of rings before it.
    place = np.arange(len(x)) + np.repeat(np.arange(len(ring_lengths)), ring_lengths)
    xy[place, 0], xy[place, 1] = x, y
    return xy.reshape(-1), vertices


def boxes_of(xy: Floats, vertices: Integers) -> Floats:
    """f8[s, 4]: west, south, east, north of fences whose vertices follow each other in xy."""
    if len(vertices) == 0:
        return np.zeros((0, 4))
    points, first = xy.reshape(-1, 2), vertices[:, 0] - vertices[0, 0]
    low, high = np.fmin.reduceat(points, first), np.fmax.reduceat(points, first)
    return np.concatenate([low, high], axis=1)


def windows_of(box: Floats, scale: float) -> Integers:
    """i8[s, 4]: western column, southern row, columns, rows of the cells near each box."""
    low = np.floor((box[:, :2] - MARGIN) * scale).astype(np.int64)
    high = np.floor((box[:, 2:] + MARGIN) * scale).astype(np.int64)
    return np.concatenate([low, high - low + 1], axis=1)


def frame_of(windows: Integers) -> Integers:
    """i8[4]: the window around all windows."""
    if len(windows) == 0:
        return np.zeros(4, np.int64)
    low, high = windows[:, :2].min(axis=0), (windows[:, :2] + windows[:, 2:]).max(axis=0)
    return np.concatenate([low, high - low])


def _scale(box: Floats, cells: int, entries: int) -> float:
    """The finest scale with at most so many cells over all boxes, and so many counted box by box."""
    scale = _FINEST
    while scale > _COARSEST:
        windows = windows_of(box, scale)
        if math.prod(frame_of(windows)[2:].tolist()) <= cells and np.sum(windows[:, 2] * windows[:, 3]) <= entries:
            break
        scale /= 2.0
    return scale


def _chunks(
    xy: Floats, vertices: Integers, windows: Integers, scale: float, density: float
) -> tuple[list[Words], Integers]:
    """Chunks of all fences in pieces, and where each chunk begins in the pieces laid end to end."""
    count, total = len(vertices), int(vertices[-1, 1]) if len(vertices) else 0
    pieces = 2 * THREADS if total >= _PARALLEL_FROM else 1
    cuts = np.searchsorted(vertices[:, 0], np.linspace(0, total, pieces + 1))
    cuts[0], cuts[-1] = 0, count
    spans = [(int(a), int(b)) for a, b in pairwise(cuts) if a < b]

    def one(span: tuple[int, int]) -> tuple[Words, Integers]:
        return lay_out(xy, vertices, windows, scale, density, *span)

    if len(spans) > 1:
        with ThreadPoolExecutor(THREADS) as pool:
            done = list(pool.map(one, spans))
    else:
        done = [one(span) for span in spans]
    start = np.zeros(count, np.int64)
    before = 0
    for (first, last), (words, begin) in zip(spans, done, strict=True):
        start[first:last] = begin[:-1] + before
        before += len(words)
    return [words for words, _ in done], start


def _assemble(
    xy: Floats,
    vertices: Integers,
    box: Floats,
    windows: Integers,
    chunks: list[Words],
    start: Integers,
    scale: float,
    density: float,
) -> tuple[FenceTable, Buffers]:
    """The head, the chunks, the lists; buffers with as much room again, which costs nothing until used."""
    frame = frame_of(windows)
    used = len(HEAD) + sum(map(len, chunks))
    slots = np.arange(len(vertices), dtype=np.int32)
    # Two words an entry and three ahead of each list are the most there can be.
    most = used + 2 * int(np.sum(windows[:, 2] * windows[:, 3])) + 3 * math.prod(frame[2:].tolist())
    if most > _MOST:
        raise ValueError("the fences take more words than 32-bit places can tell apart")
    words = np.empty(min(2 * most + (1 << 16), _MOST), np.int32)
    np.concatenate([np.array(HEAD, np.int32), *chunks], out=words[:used])
    room = np.empty(2 * len(xy) + (1 << 12))
    room[: len(xy)] = xy
    chunk = start + len(HEAD)
    cells = np.empty(math.prod(frame[2:].tolist()), np.int32)
    end = ended(words, list_cells(words, used, windows, chunk, frame, cells))
    sheet = sheet_of(frame, scale, slots, cells)
    table = FenceTable(words[:end], room[: len(xy)], *sheet, scale, box, vertices, windows, chunk)
    return table, Buffers(words, room, density, [None])
