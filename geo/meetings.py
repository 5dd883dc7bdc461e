"""Where a straight way meets the edges of fences, in compiled form. Whether it does is exact, where is rounded."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.cell_lists import COVERED
from geo.fence_leaves import COVER, DEEPEST, MARGIN
from geo.orientation import FILTER, determinant, orient

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.int32]

LEFT, RIGHT = 1, 2
FIRST, LAST = 1e-300, 1.0 - 2.0**-53  # the parameters next to the ends of a way


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
def part(a_far: float, a_unit: int, b_far: float, b_unit: int) -> float:
    """Parameter on a -> b of a line between them from which a is a_far 2^a_unit away and b -b_far 2^b_unit."""
    if a_unit != b_unit:
        b_far = math.ldexp(b_far, min(max(b_unit - a_unit, -2000), 1000))
    return a_far / (a_far - b_far) if a_far != b_far else 0.5


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
    # Where edge and way are nearly parallel, doubles would leave nothing but noise, and two meetings at one place.
    a_far, a_unit = determinant(ux, uy, vx, vy, ax, ay)
    b_far, b_unit = determinant(ux, uy, vx, vy, bx, by)
    t = part(a_far, a_unit, b_far, b_unit)
    u_t = along(ax, ay, bx, by, ux, uy)
    v_t = along(ax, ay, bx, by, vx, vy)
    # Nearly parallel: the quotient may be far off, but the meeting lies on the edge. Never 0 or 1: those are the fixes.
    t = min(max(t, min(u_t, v_t)), max(u_t, v_t))
    return True, flips, min(max(t, FIRST), LAST), True


@njit(cache=True, nogil=True)
def _turn(x: float, y: float, px: float, py: float) -> tuple[float, float]:
    """(turn from x, y to px, py, how much of it may be error): the filter of `orient`, for many p."""
    first, second = x * py, y * px
    return first - second, FILTER * (abs(first) + abs(second)) + 1e-290


@njit(cache=True, nogil=True)
def meetings(
    words: Words, xy: Floats, cells: Words, frame: Words, scale: float,
    ax: float, ay: float, bx: float, by: float, edge: Integers, at: Floats, flips: Integers,
) -> int:  # fmt: skip
    """Write all edges that a-b touches, in order: `edge` (fence slot << 32 | vertex), and what `meeting` says of it.

    Returns how many there are, which is more than there is room for where these are not all.
    """
    finest, unit, n = scale * (1 << DEEPEST), 1.0 / (scale * (1 << DEEPEST)), 0
    cell = unit * (1 << DEEPEST)
    way_x, way_y = bx - ax, by - ay
    x_low, x_high, y_low, y_high = min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)
    x_first, x_last = math.floor((x_low - MARGIN) * finest), math.floor((x_high + MARGIN) * finest)
    y_first, y_last = math.floor((y_low - MARGIN) * finest), math.floor((y_high + MARGIN) * finest)
    # A way that hardly climbs is looked for along all of its length: its lean may be too great to reckon with.
    slim = ax != bx and y_high - y_low > MARGIN
    lean = (bx - ax) / (by - ay) if slim else 0.0
    x_foot = ax if ay <= by else bx
    column, row, columns, rows = frame[0], frame[1], frame[2], frame[3]
    left, right = max(column, x_first >> DEEPEST), min(column + columns - 1, x_last >> DEEPEST)
    bottom, top = max(row, y_first >> DEEPEST), min(row + rows - 1, y_last >> DEEPEST)
    for r in range(bottom, top + 1):
        c_first, c_last = left, right
        if slim and bottom < top and left < right:
            begin, end = _reach(x_foot, lean, y_low, y_high, x_low, x_high, r * cell, (r + 1) * cell)
            c_first, c_last = max(left, math.floor(begin * scale)), min(right, math.floor(end * scale))
        for c in range(c_first, c_last + 1):
            listed = cells[(r - row) * columns + c - column]
            for k in range(listed + 1, listed + 1 + 2 * words[listed], 2):
                block = words[k + 1]
                if block == COVERED:
                    continue
                level = words[k] & 15
                shift, side = DEEPEST - level, 1 << level
                west, south, fine, size = c << level, r << level, scale * side, unit * (1 << shift)
                i_first, i_last = max(west, x_first >> shift), min(west + side - 1, x_last >> shift)
                j_first, j_last = max(south, y_first >> shift), min(south + side - 1, y_last >> shift)
                slender = slim and j_first < j_last and i_first < i_last
                for j in range(j_first, j_last + 1):
                    first, last = i_first, i_last
                    if slender:
                        begin, end = _reach(x_foot, lean, y_low, y_high, x_low, x_high, j * size, (j + 1) * size)
                        first, last = max(first, math.floor(begin * fine)), min(last, math.floor(end * fine))
                    for place in range(
                        block + (j - south) * side + first - west, block + (j - south) * side + last - west + 1
                    ):
                        leaf = words[place]
                        if leaf <= COVER:
                            continue
                        run = block + (leaf >> 2) - 2
                        more = True
                        while more:
                            run += 2
                            first_v, length = int(words[run]), int(words[run + 1])
                            more = length & 1 == 0
                            ux, uy = xy[2 * first_v], xy[2 * first_v + 1]
                            u_turn, doubt = _turn(way_x, way_y, ux - ax, uy - ay)
                            u_side = (u_turn > doubt) - (u_turn < -doubt)
                            for v in range(first_v, first_v + (length >> 1)):
                                vx, vy = xy[2 * v + 2], xy[2 * v + 3]
                                v_turn, doubt = _turn(way_x, way_y, vx - ax, vy - ay)
                                v_side = (v_turn > doubt) - (v_turn < -doubt)
                                # Surely both on one side of the way, or boxes apart: as most are, and with one jump.
                                aside = (u_side == v_side) & (u_side != 0)
                                apart = (max(ux, vx) < x_low) | (min(ux, vx) > x_high)
                                apart |= (max(uy, vy) < y_low) | (min(uy, vy) > y_high)
                                if not (aside | apart):
                                    touches, flip, t, _ = meeting(ax, ay, bx, by, ux, uy, vx, vy)
                                    if touches:
                                        if n < len(edge):
                                            edge[n], at[n], flips[n] = words[k] >> 4 << 32 | v, t, flip
                                        n += 1
                                ux, uy, u_side = vx, vy, v_side
    return n if n < 2 or n > len(edge) else _in_order(edge, at, flips, n)


@njit(cache=True, nogil=True)
def _reach(
    x_foot: float, lean: float, y_low: float, y_high: float, x_low: float, x_high: float, south: float, north: float
) -> tuple[float, float]:
    """West and east end of what a way has between two latitudes, with the margin on all sides; as `cut`."""
    begin = x_foot + (max(south - MARGIN, y_low) - y_low) * lean
    end = x_foot + (min(north + MARGIN, y_high) - y_low) * lean
    return max(min(begin, end), x_low) - MARGIN, min(max(begin, end), x_high) + MARGIN


@njit(cache=True, nogil=True)
def _in_order(edge: Integers, at: Floats, flips: Integers, n: int) -> int:
    """Sort the first n by edge, each once; the new count."""
    if n > 32:
        order = np.argsort(edge[:n])
        edge[:n], at[:n], flips[:n] = edge[:n][order], at[:n][order], flips[:n][order]
    else:
        for i in range(1, n):
            an_edge, t, flip = edge[i], at[i], flips[i]
            k = i
            while k > 0 and edge[k - 1] > an_edge:
                edge[k], at[k], flips[k] = edge[k - 1], at[k - 1], flips[k - 1]
                k -= 1
            edge[k], at[k], flips[k] = an_edge, t, flip
    kept = 0
    for i in range(n):
        if kept == 0 or edge[kept - 1] != edge[i]:
            edge[kept], at[kept], flips[kept] = edge[i], at[i], flips[i]
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def by_place(edge: Integers, at: Floats, flips: Integers) -> None:
    """Sort meetings with one fence by their parameter."""
    if len(at) > 32:
        order = np.argsort(at)
        edge[:], at[:], flips[:] = edge[order], at[order], flips[order]
        return
    for i in range(1, len(at)):
        an_edge, t, flip = edge[i], at[i], flips[i]
        k = i
        while k > 0 and at[k - 1] > t:
            edge[k], at[k], flips[k] = edge[k - 1], at[k - 1], flips[k - 1]
            k -= 1
        edge[k], at[k], flips[k] = an_edge, t, flip
