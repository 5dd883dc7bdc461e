"""One fence laid out in grid cells and leaves, in compiled form.

Cells are squares of 1/scale degrees, a power of two, and begin at multiples of it: every grid line is an exact double.
A chunk is all that the index knows of one fence, as 32-bit words that hold no address outside the chunk:

    footprint   one word per cell of its box, row by row from the south-west: OUT, COVER, or place << 4 | level
    blocks      at each such place: side * side words, one per leaf of the cell (side = 2**level), then runs;
                in the two words ahead of it a map of the cell: bit 8 * row + column, from the south-west, is set where
                one of 8 x 8 equal parts holds a leaf that edges come near (rows 0 to 3 in the first word)

A leaf's word is OUT, COVER, or place << 2 | crossed << 1 | parity: where in the block the runs of edges begin that come
near the leaf, whether one of them crosses the line of its east side, and the parity of its south-east corner. A run is
(first vertex, count << 1 | is it the last); the edge v goes from vertex v to v + 1.

Edges are entered with a margin, wide against the rounding of the places where they cut grid lines; parities are exact.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.orientation import left_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.int32]

OUT, COVER = 0, 1
DEEPEST = 8  # a cell has at most 2**DEEPEST leaves a side
MARGIN = 2.0**-36  # degrees

_MOST_WORDS = 1 << 27  # of a chunk: places are shifted by four bits


@njit(cache=True, nogil=True)
def _floor(value: float) -> int:
    return math.floor(value)


@njit(cache=True, nogil=True)
def cut(ux: float, uy: float, vx: float, vy: float, south: float, north: float) -> tuple[float, float]:
    """West and east end of what an edge with uy <= vy has between two latitudes, with the margin on all sides."""
    low, high, rise = south - MARGIN, north + MARGIN, vy - uy
    begin, end = ux, vx
    if low > uy:
        begin = ux + min(1.0, (low - uy) / rise) * (vx - ux) if rise > 0.0 else ux
    if high < vy:
        end = ux + max(0.0, (high - uy) / rise) * (vx - ux) if rise > 0.0 else vx
    return min(begin, end) - MARGIN, max(begin, end) + MARGIN


@njit(cache=True, nogil=True)
def _last_line_left(ux: float, uy: float, vx: float, vy: float, y: float, scale: float, first: int, last: int) -> int:
    """The last of the meridians first .. last, counted in 1/scale, that meets y left of the edge; first - 1 if none."""
    guess = ux + (y - uy) / (vy - uy) * (vx - ux)
    line = min(max(_floor(guess * scale), first - 1), last)
    while line < last and left_of(ux, uy, vx, vy, (line + 1) / scale, y):
        line += 1
    while line >= first and not left_of(ux, uy, vx, vy, line / scale, y):
        line -= 1
    return line


@njit(cache=True, nogil=True)
def _first_change(ux: float, uy: float, vx: float, vy: float, x: float, scale: float, first: int, last: int) -> int:
    """The first of the parallels first + 1 .. last to meet x on another side than `first` does; last + 1 if none."""
    side = left_of(ux, uy, vx, vy, x, first / scale)
    guess = uy + (x - ux) / (vx - ux) * (vy - uy)
    line = min(max(_floor(guess * scale) + 1, first + 1), last + 1)
    while line > first + 1 and left_of(ux, uy, vx, vy, x, (line - 1) / scale) != side:
        line -= 1
    while line <= last and left_of(ux, uy, vx, vy, x, line / scale) == side:
        line += 1
    return line


@njit(cache=True, nogil=True)
def _room_for(words: Words, needed: int) -> Words:
    if needed <= len(words):
        return words
    wider = np.empty(max(2 * len(words), needed), np.int32)
    wider[: len(words)] = words
    return wider


@njit(cache=True, nogil=True)
def _enter_cells(
    xy: Floats, begin: int, end: int, scale: float, window: tuple[int, int, int, int], turns: Words, pairs: Words
) -> tuple[Words, int]:
    """(pairs, count): (cell, vertex) for every edge near a cell; flips `turns` where the parity of corners changes."""
    column, row, width, _ = window
    count = 0
    for v in range(begin, end - 1):
        ux, uy, vx, vy = xy[2 * v], xy[2 * v + 1], xy[2 * v + 2], xy[2 * v + 3]
        if uy > vy:
            ux, uy, vx, vy = vx, vy, ux, uy
        if not (uy < vy or ux < vx or ux > vx):
            continue  # between two rings, or of no length
        bottom, top = _floor((uy - MARGIN) * scale), _floor((vy + MARGIN) * scale)
        left, right = _floor((min(ux, vx) - MARGIN) * scale), _floor((max(ux, vx) + MARGIN) * scale)
        for r in range(bottom, top + 1):
            if bottom < top and left < right:
                west, east = cut(ux, uy, vx, vy, r / scale, (r + 1) / scale)
                a, b = max(left, _floor(west * scale)), min(right, _floor(east * scale))
            else:
                a, b = left, right
            pairs = _room_for(pairs, 2 * (count + b - a + 1))
            for c in range(a, b + 1):
                pairs[2 * count] = (r - row) * width + c - column
                pairs[2 * count + 1] = v
                count += 1
            if uy <= r / scale < vy:
                line = _last_line_left(ux, uy, vx, vy, r / scale, scale, column + 1, column + width)
                if line > column:
                    turns[(r - row) * width + line - 1 - column] ^= 1
    return pairs, count


@njit(cache=True, nogil=True)
def _fill_block(
    xy: Floats, edges: Words, parity: int, column: int, row: int, scale: float, level: int, words: Words, at: int
) -> tuple[Words, int]:
    """Write the block of one cell, whose south-east corner has the given parity, at words[at:], and its map ahead.

    Returns the words and the length of the block.
    """
    side = 1 << level
    fine, west, south = scale * side, column * side, row * side
    leaves = side * side
    runs, last = np.zeros(leaves, np.int32), np.full(leaves, -2, np.int32)
    crossed, turns, climbs = np.zeros(leaves, np.int8), np.zeros(leaves, np.int8), np.zeros(side + 1, np.int8)
    near = np.empty(4 * len(edges) + 16, np.int32)
    count = 0
    for edge in edges:
        v = int(edge)
        ux, uy, vx, vy = xy[2 * v], xy[2 * v + 1], xy[2 * v + 2], xy[2 * v + 3]
        if uy > vy:
            ux, uy, vx, vy = vx, vy, ux, uy
        bottom, top = max(0, _floor((uy - MARGIN) * fine) - south), min(side - 1, _floor((vy + MARGIN) * fine) - south)
        left = max(0, _floor((min(ux, vx) - MARGIN) * fine) - west)
        right = min(side - 1, _floor((max(ux, vx) + MARGIN) * fine) - west)
        for r in range(bottom, top + 1):
            y = (south + r) / fine
            a, b = left, right
            if bottom < top and left < right:
                begin, end = cut(ux, uy, vx, vy, y, (south + r + 1) / fine)
                a, b = max(left, _floor(begin * fine) - west), min(right, _floor(end * fine) - west)
            near = _room_for(near, 2 * (count + max(0, b - a + 1)))
            for c in range(a, b + 1):
                leaf = r * side + c
                x = (west + c + 1) / fine
                if (ux <= x) != (vx <= x):
                    crossed[leaf] = 2
                if last[leaf] != v - 1:
                    runs[leaf] += 1
                last[leaf] = v
                near[2 * count] = leaf
                near[2 * count + 1] = v
                count += 1
            if uy <= y < vy:
                line = _last_line_left(ux, uy, vx, vy, y, fine, west + 1, west + side) - west
                if 0 < line < side:
                    turns[r * side + line - 1] ^= 1
        x = (column + 1) / scale
        if side > 1 and (ux <= x) != (vx <= x):
            climbs[_first_change(ux, uy, vx, vy, x, fine, south, south + side - 1) - south] ^= 1

    total = leaves
    for leaf in range(leaves):
        total += 2 * runs[leaf]
    words = _room_for(words, at + total)
    words[at + leaves : at + total] = 0
    place, near_rows = leaves, np.zeros(8, np.int32)
    shift, wide = max(0, level - 3), 8 >> min(level, 3)
    for r in range(side):
        parity ^= climbs[r]
        here = parity
        for c in range(side - 1, -1, -1):
            leaf = r * side + c
            if c < side - 1:
                here ^= turns[leaf]
            words[at + leaf] = here
            if runs[leaf] > 0:
                words[at + leaf] |= (place << 2) | crossed[leaf]
                part = (r >> shift) * wide
                near_rows[part : part + wide] |= np.int32(((1 << wide) - 1) << (c >> shift) * wide)
                last[leaf] = -2
                begin = place - 2
                place += 2 * runs[leaf]
                runs[leaf] = begin
                words[at + place - 1] = 1  # the last run; counts are added below
    words[at - 2 : at] = 0
    for part in range(8):
        words[at - 2 + (part >> 2)] |= near_rows[part] << 8 * (part & 3)
    for k in range(count):
        leaf, v = near[2 * k], near[2 * k + 1]
        if last[leaf] != v - 1:
            runs[leaf] += 2
            words[at + runs[leaf]] = v
        words[at + runs[leaf] + 1] += 2
        last[leaf] = v
    return words, total


@njit(cache=True, nogil=True)
def level_for(edges: int, density: float) -> int:
    """Depth of a cell with so many edges: about `density` squared leaves an edge."""
    level = 0
    while level < DEEPEST and 2.0 * 4.0**level <= density * density * edges:
        level += 1
    return level


@njit(cache=True, nogil=True)
def lay_out(
    xy: Floats, vertices: Integers, windows: Integers, scale: float, density: float, first: int, last: int
) -> tuple[Words, Integers]:
    """(words, start): the chunks of the fences first <= f < last; that of f begins at words[start[f - first]].

    `vertices` i8[f, 2] are the first vertex of each fence and the one behind its last, `windows` i8[f, 4] its cells:
    western column, southern row, columns, rows. Raises ValueError for a fence too large for 32-bit places.
    """
    start = np.zeros(last - first + 1, np.int64)
    most = 0
    for f in range(first, last):
        most += vertices[f, 1] - vertices[f, 0]
    words, pairs = np.empty(16 * most + 256, np.int32), np.empty(1024, np.int32)
    at = 0
    for f in range(first, last):
        column, row, width, height = windows[f]
        cells = width * height
        turns = np.zeros(cells, np.int32)
        pairs, count = _enter_cells(
            xy, vertices[f, 0], vertices[f, 1], scale, (column, row, width, height), turns, pairs
        )
        begin = np.zeros(cells + 1, np.int32)
        for k in range(count):
            begin[pairs[2 * k] + 1] += 1
        for cell in range(cells):
            begin[cell + 1] += begin[cell]
        put, edges = begin[:cells].copy(), np.empty(count, np.int32)
        for k in range(count):
            cell = pairs[2 * k]
            edges[put[cell]] = pairs[2 * k + 1]
            put[cell] += 1
        words = _room_for(words, at + cells)
        length = cells
        for r in range(height):
            parity = 0
            for c in range(width - 1, -1, -1):
                cell = r * width + c
                parity ^= turns[cell]
                if begin[cell] == begin[cell + 1]:
                    words[at + cell] = parity
                    continue
                if length >= _MOST_WORDS:
                    raise ValueError("a fence has too many vertices for 32-bit places")
                level = level_for(int(begin[cell + 1] - begin[cell]), density)
                length += 2  # the map
                words[at + cell] = length << 4 | level
                words, size = _fill_block(
                    xy,
                    edges[begin[cell] : begin[cell + 1]],
                    parity,
                    column + c,
                    row + r,
                    scale,
                    level,
                    words,
                    at + length,
                )
                length += size
        at += length
        start[f - first + 1] = at
    return words[:at], start
