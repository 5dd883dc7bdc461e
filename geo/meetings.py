"""Where a straight way meets the edges of fences, in compiled form. Whether it does is exact, where is rounded."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.cell_lists import COVERED
from geo.fence_leaves import MARGIN, cut
from geo.fence_table import FenceTable
from geo.orientation import orient

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEFT, RIGHT = 1, 2
FIRST, LAST = 1e-300, 1.0 - 2.0**-53  # the parameters next to the ends of a way


class Meetings(NamedTuple):
    """Edges that a way touches; the first so many entries count, the rest is room."""

    edge: Integers  # slot of the fence << 32 | vertex
    at: Floats  # parameter of the meeting
    flips: Integers  # see `_meeting`


@njit(cache=True, nogil=True)
def along(ax: float, ay: float, bx: float, by: float, wx: float, wy: float) -> float:
    """Parameter of w on the line a -> b by its longer axis; for w on the line, on the right side of 0 and of 1."""
    if abs(bx - ax) < abs(by - ay):
        ax, bx, wx = ay, by, wy
    if wx in (ax, bx):
        return 0.0 if wx == ax else 1.0
    t = (wx - ax) / (bx - ax)
    if min(ax, bx) < wx < max(ax, bx):
        return min(max(t, FIRST), LAST)
    return min(t, -FIRST) if (wx < ax) == (ax < bx) else max(t, 1.0 + 2.0**-52)


@njit(cache=True, nogil=True)
def meeting(
    ax: float, ay: float, bx: float, by: float, ux: float, uy: float, vx: float, vy: float
) -> tuple[bool, int, float, bool]:
    """How the edge u-v meets a-b, their boxes overlapping: (touches, flips, parameter, lies ahead of a on the line).

    `flips` says which of two copies of the line, moved a hair to the left and a hair to the right, cross the edge.
    """
    u_side = orient(ax, ay, bx, by, ux, uy)
    v_side = orient(ax, ay, bx, by, vx, vy)
    if u_side == v_side:
        return u_side == 0, 0, 0.0, False
    flips = (LEFT if (u_side > 0) != (v_side > 0) else 0) | (RIGHT if (u_side < 0) != (v_side < 0) else 0)
    if u_side == 0 or v_side == 0:
        t = along(ax, ay, bx, by, ux, uy) if u_side == 0 else along(ax, ay, bx, by, vx, vy)
        return 0.0 <= t <= 1.0, flips, t, t > 0.0
    a_side = orient(ux, uy, vx, vy, ax, ay)
    b_side = orient(ux, uy, vx, vy, bx, by)
    ahead = a_side == -u_side
    if a_side == 0 or b_side == 0:
        return True, flips, 0.0 if a_side == 0 else 1.0, ahead
    if not (ahead and b_side == u_side):
        return False, flips, 0.0, ahead
    a_far = (vx - ux) * (ay - uy) - (vy - uy) * (ax - ux)
    b_far = (vx - ux) * (by - uy) - (vy - uy) * (bx - ux)
    t = a_far / (a_far - b_far) if a_far != b_far else 0.5
    u_t = along(ax, ay, bx, by, ux, uy)
    v_t = along(ax, ay, bx, by, vx, vy)
    # Nearly parallel: the quotient may be far off, but the meeting lies on the edge. Never 0 or 1: those are the fixes.
    t = min(max(t, min(u_t, v_t)), max(u_t, v_t))
    return True, flips, min(max(t, FIRST), LAST), True


@njit(cache=True, nogil=True)
def _floor(value: float) -> int:
    return int(math.floor(value))


@njit(cache=True, nogil=True)
def _meet_block(
    table: FenceTable, slot: int, block: int, level: int, column: int, row: int,
    ax: float, ay: float, bx: float, by: float, met: Meetings, n: int,
) -> tuple[Meetings, int]:  # fmt: skip
    """Append the edges of one cell's block that a-b touches; an edge near two leaves may come twice."""
    words, xy = table.words, table.xy
    side, fine = 1 << level, table.scale * (1 << level)
    west, south = column << level, row << level
    x_low, x_high, y_low, y_high = min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)
    left, right = max(0, _floor((x_low - MARGIN) * fine) - west), min(side - 1, _floor((x_high + MARGIN) * fine) - west)
    bottom = max(0, _floor((y_low - MARGIN) * fine) - south)
    top = min(side - 1, _floor((y_high + MARGIN) * fine) - south)
    slim = bottom < top and left < right
    for r in range(bottom, top + 1):
        first, last = left, right
        if slim:
            if ay <= by:
                begin, end = cut(ax, ay, bx, by, (south + r) / fine, (south + r + 1) / fine)
            else:
                begin, end = cut(bx, by, ax, ay, (south + r) / fine, (south + r + 1) / fine)
            first, last = max(left, _floor(begin * fine) - west), min(right, _floor(end * fine) - west)
        for c in range(first, last + 1):
            leaf = words[block + r * side + c]
            if leaf <= 1:
                continue
            run = block + (leaf >> 2) - 2
            more = True
            while more:
                run += 2
                begin_v, length = words[run], words[run + 1]
                more = length & 1 == 0
                for v in range(begin_v, begin_v + (length >> 1)):
                    ux, uy, vx, vy = xy[2 * v], xy[2 * v + 1], xy[2 * v + 2], xy[2 * v + 3]
                    if (max(ux, vx) < x_low) | (min(ux, vx) > x_high) | (max(uy, vy) < y_low) | (min(uy, vy) > y_high):
                        continue
                    touches, flips, t, _ = meeting(ax, ay, bx, by, ux, uy, vx, vy)
                    if touches:
                        if n == len(met.edge):
                            met = Meetings(
                                np.append(met.edge, met.edge),
                                np.append(met.at, met.at),
                                np.append(met.flips, met.flips),
                            )
                        met.edge[n], met.at[n], met.flips[n] = slot << 32 | v, t, flips
                        n += 1
    return met, n


@njit(cache=True, nogil=True)
def _in_order(met: Meetings, n: int) -> int:
    """Sort the first n by edge, each once; the new count."""
    if n > 32:
        order = np.argsort(met.edge[:n])
        met.edge[:n], met.at[:n], met.flips[:n] = met.edge[:n][order], met.at[:n][order], met.flips[:n][order]
    else:
        for i in range(1, n):
            edge, at, flips = met.edge[i], met.at[i], met.flips[i]
            k = i
            while k > 0 and met.edge[k - 1] > edge:
                met.edge[k], met.at[k], met.flips[k] = met.edge[k - 1], met.at[k - 1], met.flips[k - 1]
                k -= 1
            met.edge[k], met.at[k], met.flips[k] = edge, at, flips
    kept = 0
    for i in range(n):
        if kept == 0 or met.edge[kept - 1] != met.edge[i]:
            met.edge[kept], met.at[kept], met.flips[kept] = met.edge[i], met.at[i], met.flips[i]
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def meetings(table: FenceTable, ax: float, ay: float, bx: float, by: float, met: Meetings) -> tuple[Meetings, int]:
    """All edges that a-b touches, by fence slot and vertex: (the buffers, which grow as needed, count)."""
    scale, n = table.scale, 0
    column, row, columns, rows = table.frame[0], table.frame[1], table.frame[2], table.frame[3]
    left = max(column, _floor((min(ax, bx) - MARGIN) * scale))
    right = min(column + columns - 1, _floor((max(ax, bx) + MARGIN) * scale))
    bottom = max(row, _floor((min(ay, by) - MARGIN) * scale))
    top = min(row + rows - 1, _floor((max(ay, by) + MARGIN) * scale))
    slim = bottom < top and left < right
    for r in range(bottom, top + 1):
        first, last = left, right
        if slim:
            if ay <= by:
                begin, end = cut(ax, ay, bx, by, r / scale, (r + 1) / scale)
            else:
                begin, end = cut(bx, by, ax, ay, r / scale, (r + 1) / scale)
            first, last = max(left, _floor(begin * scale)), min(right, _floor(end * scale))
        for c in range(first, last + 1):
            at = table.cells[(r - row) * columns + c - column]
            for k in range(at + 1, at + 1 + 2 * table.words[at], 2):
                entry, block = table.words[k], table.words[k + 1]
                if block != COVERED:
                    met, n = _meet_block(table, entry >> 4, block, entry & 15, c, r, ax, ay, bx, by, met, n)
    return met, _in_order(met, n) if n > 1 else n
