"""Which edges come near which of many straight ways, in compiled form: what is left to decide exactly.

Goes block by block and, within, one question at a time for all ways: most are done with after a look at the maps of
their cells, and the look-ups of the others wait for memory together, not one after the other.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.fence_leaves import COVER, DEEPEST, MARGIN
from geo.meetings import meeting
from geo.orientation import FILTER

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.int32]
Flags = NDArray[np.bool_]

BLOCK = 512  # ways at a time
_EACH = 16  # cells, fences in them, leaves, edges of a way, on average, that there is room for
_MOST_CELLS = 64  # in the box of a way that is not left alone
_MOST_MET = 64  # edges, by a way that is not left alone
_PART = DEEPEST - 3  # a cell has 8 x 8 parts

# Bits of the rows, and of the columns, first .. last of a map, at [8 * first + last].
_SPANS = [range(first, last + 1) for first in range(8) for last in range(8)]
_ROWS = np.array([sum(0xFF << 8 * row for row in span) for span in _SPANS], np.uint64).view(np.int64)
_COLUMNS = np.array([sum(0x0101010101010101 << column for column in span) for span in _SPANS], np.uint64).view(np.int64)

_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_BITS = np.zeros(64, np.int64)
_BITS[[(0x03F79D71B4CB0A89 << bit & 0xFFFFFFFFFFFFFFFF) >> 58 for bit in range(64)]] = np.arange(64)


class Room(NamedTuple):
    """Room for what is asked about a block of ways; w counts the ways that may come near an edge."""

    box: Words  # [4, k] of each way of the block: first and last column, first and last row, in the finest leaves
    way: Words  # [w] number in the block
    lone: Flags  # [w] there was no room for all that is near the way
    line: Floats  # [w, 10] ax, ay, bx, by; west, south, east, north; x of the lower end, and how x changes with y
    leaf: Words  # [w, 4] its box
    cell: Words  # [4, n] cells near ways: w, place of the list, column, row
    part: Integers  # [n] parts of the cell that are near
    block: Words  # [3, n] fences in them: number of the cell, slot << 4 | level, place of the block
    parts: Integers  # [n] leaves of theirs, or parts of these, that are near
    run: Words  # [3, n] leaves with edges: w, slot, place of the runs
    edge: Words  # [3, n] edges: w, slot, vertex
    at: Floats  # [n] where the way meets them
    flips: Integers  # [n] and how, see `meeting`
    group: Words  # [7, n] of one way and one fence: w, slot, first and behind the last of edge, and room for more


@njit(cache=True, nogil=True)
def room_for(ways: int) -> Room:
    """Room for blocks of so many ways."""
    n = _EACH * ways + _MOST_CELLS
    return Room(
        np.empty((4, ways), np.int32), np.empty(ways + 1, np.int32), np.empty(ways + 1, np.bool_),
        np.empty((ways + 1, 10)), np.empty((ways + 1, 4), np.int32), np.empty((4, n), np.int32), np.empty(n, np.int64),
        np.empty((3, n), np.int32), np.empty(n, np.int64), np.empty((3, n), np.int32), np.empty((3, n), np.int32),
        np.empty(n), np.empty(n, np.int64), np.empty((7, n), np.int32),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _map(words: Words, place: int) -> int:
    """The map that stands ahead of a block or a list."""
    return int(words[place - 1]) << 32 | (int(words[place - 2]) & 0xFFFFFFFF)


@njit(cache=True, nogil=True)
def _bit(value: int) -> int:
    """The number of the lowest bit that is set, by a sequence of de Bruijn (Leiserson, Prokop, Randall 1998)."""
    lowest = np.uint64(value & -value)
    return _BITS[(lowest * _DE_BRUIJN) >> np.uint64(58)]


@njit(cache=True, nogil=True)
def at_seam(ax: float, bx: float) -> bool:
    """Whether the short way from one longitude to another begins, ends or passes at the antimeridian."""
    return (abs(ax - bx) > 180.0) | (abs(ax) == 180.0) | (abs(bx) == 180.0)


@njit(cache=True, nogil=True)
def _boxes(longitude: Floats, latitude: Floats, first: int, last: int, finest: float, box: Words) -> bool:
    """Write the boxes of segments, in the finest leaves; whether one is at the seam. No jumps: eight at a time."""
    seam = False
    for s in range(first, last):
        k, ax, ay, bx, by = s - first, longitude[s], latitude[s], longitude[s + 1], latitude[s + 1]
        box[0, k] = np.floor(((ax if ax < bx else bx) - MARGIN) * finest)
        box[1, k] = np.floor(((bx if ax < bx else ax) + MARGIN) * finest)
        box[2, k] = np.floor(((ay if ay < by else by) - MARGIN) * finest)
        box[3, k] = np.floor(((by if ay < by else ay) + MARGIN) * finest)
        seam |= at_seam(ax, bx)
    return seam


@njit(cache=True, nogil=True)
def sift(
    words: Words, cells: Words, frame: Words, scale: float,
    longitude: Floats, latitude: Floats, track: Integers, first: int, last: int, box: Words, way: Words,
) -> tuple[int, int]:  # fmt: skip
    """Write to `way` which segments from `first` on may come near an edge, counted from there.

    Returns (how many, segments done): stops before one at the antimeridian. No segment leads from track to track.
    """
    column, row, columns, rows = frame[0], frame[1], frame[2], frame[3]
    if _boxes(longitude, latitude, first, last, scale * (1 << DEEPEST), box):
        for s in range(first, last):
            if at_seam(longitude[s], longitude[s + 1]) and (len(track) == 0 or track[s] == track[s + 1]):
                last = s
                break
    n = 0
    for k in range(last - first):
        west, east, south, north = box[0, k], box[1, k], box[2, k], box[3, k]
        c, r = (west >> DEEPEST) - column, (south >> DEEPEST) - row
        across, up = (east >> DEEPEST) - column - c, (north >> DEEPEST) - row - r
        if (c + across < 0) | (c >= columns) | (r + up < 0) | (r >= rows):
            continue
        near = True
        if ((across | up) <= 1) & (c >= 0) & (r >= 0) & (c + across < columns) & (r + up < rows):
            # Four cells or one taken four times: a jump that is not foreseen would cost more.
            at, above = r * columns + c, (r + up) * columns + c
            x_first, x_last = (west >> _PART) & 7, (east >> _PART) & 7
            y_first, y_last = (south >> _PART) & 7, (north >> _PART) & 7
            left, right = _COLUMNS[8 * x_first + (x_last | 7 * across)], _COLUMNS[x_last] * across
            low, high = _ROWS[8 * y_first + (y_last | 7 * up)], _ROWS[y_last] * up
            parts = low & ((_map(words, int(cells[at])) & left) | (_map(words, int(cells[at + across])) & right))
            parts |= high & (
                (_map(words, int(cells[above])) & left) | (_map(words, int(cells[above + across])) & right)
            )
            near = parts != 0
        if len(track) > 0:
            near &= track[first + k] == track[first + k + 1]
        way[n] = k
        n += near
    return n, last - first


@njit(cache=True, nogil=True)
def _reach(lines: Floats, w: int, south: float, north: float) -> tuple[float, float]:
    """West and east end of what a way has between two latitudes, with the margin on all sides."""
    begin = lines[w, 8] + (max(south - MARGIN, lines[w, 5]) - lines[w, 5]) * lines[w, 9]
    end = lines[w, 8] + (min(north + MARGIN, lines[w, 7]) - lines[w, 5]) * lines[w, 9]
    return max(min(begin, end), lines[w, 4]) - MARGIN, min(max(begin, end), lines[w, 6]) + MARGIN


@njit(cache=True, nogil=True)
def _cells_near(
    words: Words, cells: Words, frame: Words, scale: float, longitude: Floats, latitude: Floats,
    first: int, ways: int, room: Room,
) -> int:  # fmt: skip
    way, lone, cell, part, lines, leaves = room.way, room.lone, room.cell, room.part, room.line, room.leaf
    box, fine, size, height = room.box, scale * 8.0, 1.0 / scale, 0.125 / scale
    column, row, columns, rows = frame[0], frame[1], frame[2], frame[3]
    n = 0
    for w in range(ways):
        s = first + way[w]
        ax, ay, bx, by = longitude[s], latitude[s], longitude[s + 1], latitude[s + 1]
        lines[w, 0], lines[w, 1], lines[w, 2], lines[w, 3] = ax, ay, bx, by
        lines[w, 4], lines[w, 5], lines[w, 6], lines[w, 7] = min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)
        # A way that hardly climbs is looked for along all of its length: its lean may be too great to reckon with.
        slim = (ax != bx) & (lines[w, 7] - lines[w, 5] > MARGIN)
        lines[w, 8], lines[w, 9] = ax if ay <= by else bx, (bx - ax) / (by - ay) if slim else math.inf
        x_first, x_last, y_first, y_last = box[0, way[w]], box[1, way[w]], box[2, way[w]], box[3, way[w]]
        leaves[w, 0], leaves[w, 1], leaves[w, 2], leaves[w, 3] = x_first, x_last, y_first, y_last
        left, right = max(column, x_first >> DEEPEST), min(column + columns - 1, x_last >> DEEPEST)
        bottom, top = max(row, y_first >> DEEPEST), min(row + rows - 1, y_last >> DEEPEST)
        count = (right - left + 1) * (top - bottom + 1)
        lone[w] = (count > _MOST_CELLS) | (n + count > len(part))
        if lone[w]:
            continue
        x_first, x_last, y_first, y_last = x_first >> _PART, x_last >> _PART, y_first >> _PART, y_last >> _PART
        slanting = slim & (x_first < x_last) & (y_first < y_last)
        for r in range(bottom, top + 1):
            x_from, x_to = x_first, x_last
            if slim & (bottom < top) & (left < right):
                begin, end = _reach(lines, w, r * size, (r + 1) * size)
                x_from, x_to = math.floor(begin * fine), math.floor(end * fine)
            of_row = _ROWS[8 * max(0, y_first - 8 * r) + min(7, y_last - 8 * r)]
            for c in range(max(left, x_from >> 3), min(right, x_to >> 3) + 1):
                listed = int(cells[(r - row) * columns + c - column])
                near = _map(words, listed) & of_row & _COLUMNS[8 * max(0, x_from - 8 * c) + min(7, x_to - 8 * c)]
                if slanting & (near != 0):
                    along = 0
                    for j in range(max(y_first, 8 * r), min(y_last, 8 * r + 7) + 1):
                        begin, end = _reach(lines, w, j * height, (j + 1) * height)
                        a = min(max(math.floor(begin * fine) - 8 * c, 0), 8)
                        b = min(max(math.floor(end * fine) - 8 * c, -1), 7)
                        along |= max(0, (2 << b + 8) - (256 << a)) >> 8 << 8 * (j & 7)
                    near &= along
                cell[0, n], cell[1, n], cell[2, n], cell[3, n], part[n] = w, listed, c, r, near
                n += near != 0
    return n


@njit(cache=True, nogil=True)
def _blocks_near(
    words: Words, count: int, lone: Flags, cell: Words, part: Integers, block: Words, leaves: Integers
) -> int:
    n = 0
    for i in range(count):
        listed, near = cell[1, i], part[i]
        length = words[listed]
        if n + length > block.shape[1]:
            lone[cell[0, i]] = True
            continue
        for k in range(listed + 1, listed + 1 + 2 * length, 2):
            block[0, n], block[1, n], block[2, n] = i, words[k], words[k + 1]
            leaves[n] = _map(words, int(words[k + 1])) & near
            n += leaves[n] != 0
    return n


@njit(cache=True, nogil=True)
def _runs_near(
    words: Words, scale: float, count: int, lone: Flags, lines: Floats, leaves: Words, cell: Words, block: Words,
    parts: Integers, run: Words,
) -> int:  # fmt: skip
    n = 0
    for k in range(count):
        i, entry, place = block[0, k], block[1, k], block[2, k]
        w, level = cell[0, i], entry & 15
        if level <= 3:
            # A part is a leaf, or some parts are one: of these the south-western stands for all.
            near = parts[k]
            if level < 3:
                near = (near | (near >> 1) | (near >> 8) | (near >> 9)) & 0x0055005500550055
            if level < 2:
                near = (near | (near >> 2) | (near >> 16) | (near >> 18)) & 0x0000001100000011
            if level < 1:
                near = 1 if near != 0 else 0
            if n + 64 > run.shape[1]:
                lone[w] = True
                continue
            while near != 0:
                bit = _bit(near)
                near &= near - 1
                at = place + ((bit >> 6 - level) << level) + ((bit & 7) >> 3 - level)
                run[0, n], run[1, n], run[2, n] = w, entry >> 4, place + (words[at] >> 2)
                n += 1
            continue
        shift, side = DEEPEST - level, 1 << level
        west, south, fine = cell[2, i] << level, cell[3, i] << level, scale * side
        size = 1.0 / fine
        i_first, i_last = max(west, leaves[w, 0] >> shift), min(west + side - 1, leaves[w, 1] >> shift)
        j_first, j_last = max(south, leaves[w, 2] >> shift), min(south + side - 1, leaves[w, 3] >> shift)
        slender = (lines[w, 9] != math.inf) & (j_first < j_last) & (i_first < i_last)
        for j in range(j_first, j_last + 1):
            a, b = i_first, i_last
            if slender:
                begin, end = _reach(lines, w, j * size, (j + 1) * size)
                a, b = max(a, math.floor(begin * fine)), min(b, math.floor(end * fine))
            at = place + (j - south) * side - west
            if n + b - a + 1 > run.shape[1]:
                lone[w] = True
                break
            for c in range(at + a, at + b + 1):
                word = words[c]
                run[0, n], run[1, n], run[2, n] = w, entry >> 4, place + (word >> 2)
                n += word > COVER
    return n


@njit(cache=True, nogil=True)
def _edges_in(words: Words, count: int, lone: Flags, run: Words, edge: Words) -> int:
    n = 0
    for k in range(count):
        w, slot, at = run[0, k], run[1, k], run[2, k]
        while True:
            v, length = words[at], words[at + 1]
            if n + (length >> 1) > edge.shape[1]:
                lone[w] = True
                break
            for more in range(length >> 1):
                edge[0, n], edge[1, n], edge[2, n] = w, slot, v + more
                n += 1
            if length & 1:
                break
            at += 2
    return n


@njit(cache=True, nogil=True)
def _not_aside(xy: Floats, count: int, lines: Floats, edge: Words) -> int:
    """Keep the edges that are not surely on one side of their way, or their boxes apart."""
    n = 0
    for k in range(count):
        w, v = edge[0, k], edge[2, k]
        ux, uy, vx, vy = xy[2 * v], xy[2 * v + 1], xy[2 * v + 2], xy[2 * v + 3]
        way_x, way_y = lines[w, 2] - lines[w, 0], lines[w, 3] - lines[w, 1]
        # The filter of `orient`, for both ends.
        first, second = way_x * (uy - lines[w, 1]), way_y * (ux - lines[w, 0])
        u_turn, u_doubt = first - second, FILTER * (abs(first) + abs(second)) + 1e-290
        first, second = way_x * (vy - lines[w, 1]), way_y * (vx - lines[w, 0])
        v_turn, v_doubt = first - second, FILTER * (abs(first) + abs(second)) + 1e-290
        aside = ((u_turn > u_doubt) & (v_turn > v_doubt)) | ((u_turn < -u_doubt) & (v_turn < -v_doubt))
        aside |= (max(ux, vx) < lines[w, 4]) | (min(ux, vx) > lines[w, 6])
        aside |= (max(uy, vy) < lines[w, 5]) | (min(uy, vy) > lines[w, 7])
        edge[0, n], edge[1, n], edge[2, n] = w, edge[1, k], v
        n += not aside
    return n


@njit(cache=True, nogil=True)
def near_edges(
    words: Words, xy: Floats, cells: Words, frame: Words, scale: float,
    longitude: Floats, latitude: Floats, first: int, ways: int, room: Room,
) -> int:  # fmt: skip
    """Write the edges that the ways of `sift` touch to room.edge, by way, some twice, and how; how many.

    What is told of a way that is marked `lone` is not all.
    """
    n = _cells_near(words, cells, frame, scale, longitude, latitude, first, ways, room)
    n = _blocks_near(words, n, room.lone, room.cell, room.part, room.block, room.parts)
    n = _runs_near(words, scale, n, room.lone, room.line, room.leaf, room.cell, room.block, room.parts, room.run)
    n = _edges_in(words, n, room.lone, room.run, room.edge)
    n = _not_aside(xy, n, room.line, room.edge)
    return _touched(xy, n, room.line, room.edge, room.at, room.flips)


@njit(cache=True, nogil=True)
def _touched(xy: Floats, count: int, lines: Floats, edge: Words, at: Floats, flips: Integers) -> int:
    """Keep the edges that are touched, and say where and how."""
    n = 0
    for k in range(count):
        w, slot, v = edge[0, k], edge[1, k], edge[2, k]
        u_x, u_y, v_x, v_y = float(xy[2 * v]), float(xy[2 * v + 1]), float(xy[2 * v + 2]), float(xy[2 * v + 3])
        touches, flips[n], at[n], _ = meeting(lines[w, 0], lines[w, 1], lines[w, 2], lines[w, 3], u_x, u_y, v_x, v_y)
        edge[0, n], edge[1, n], edge[2, n] = w, slot, v
        n += touches
    return n


@njit(cache=True, nogil=True)
def grouped(ways: int, count: int, room: Room) -> int:
    """Put what is met in the order of way, fence, place, each once; write the groups of one way and one fence.

    Returns how many groups there are; one of a lone way has the slot -1 and stands for all of its fences.
    """
    lone, edge, at, flips, group = room.lone, room.edge, room.at, room.flips, room.group
    n, kept, i = 0, 0, 0
    for w in range(ways):
        first = i
        while i < count and edge[0, i] == w:
            i += 1
        if (lone[w]) | (i - first > _MOST_MET):
            group[0, n], group[1, n], group[2, n], group[3, n] = w, -1, kept, kept
            n += 1
            continue
        begin = kept
        for k in range(first, i):
            # Insert by (slot, place, vertex); an edge that was met in two leaves has twice the same place.
            slot, v, t, flip = edge[1, k], edge[2, k], at[k], flips[k]
            to = kept
            while to > begin and (
                edge[1, to - 1] > slot
                or (edge[1, to - 1] == slot and (at[to - 1] > t or (at[to - 1] == t and edge[2, to - 1] > v)))
            ):
                to -= 1
            if to > begin and edge[1, to - 1] == slot and edge[2, to - 1] == v:
                continue
            for later in range(kept, to, -1):
                edge[1, later], edge[2, later] = edge[1, later - 1], edge[2, later - 1]
                at[later], flips[later] = at[later - 1], flips[later - 1]
            edge[1, to], edge[2, to], at[to], flips[to] = slot, v, t, flip
            kept += 1
        for k in range(begin, kept):
            if k == begin or edge[1, k] != edge[1, k - 1]:
                group[0, n], group[1, n], group[2, n] = w, edge[1, k], k
                n += 1
            group[3, n - 1] = k + 1
    return n
