"""How often cameras should have recorded somebody whose place is a Gaussian: the sum over cells, written for speed.

What cells are near is found first, for all places that are asked of together; then all cells are weighed at once for
each: `error_model` says that a division by zero is no exception, so that the processor takes four cells a turn. The
exponential is a series, right to 1e-14 of itself. No fastmath and no reduction across threads; sums are taken in the
order of the cells, and cells that are near to another place only add nothing at all: no place changes another's bits.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from fusion.camera_pyramid import WIDEST_CELL, Integers, Pyramid
from fusion.ellipse import Floats

FARTHEST_SD: Final = 3.7
"""Cameras farther than this many standard deviations are left out: one thousandth of the density at the centre."""
FARTHEST2: Final = FARTHEST_SD * FARTHEST_SD
AT_ONCE: Final = 128
"""Cells that are weighed at once. Columns of `Room.cells` follow each other at this distance."""
TOGETHER: Final = 8
"""The most places that are asked of together."""
XX, XY, YY, WATCHED, F, K, U0, U1, H00, H01, H11, COLUMNS = (AT_ONCE * (column + 2) for column in range(12))


class Room(NamedTuple):
    """Room to work in: cells f8, columns of `AT_ONCE`: x, y; covariance; watched; then what follows from them for one
    place. powers i8[AT_ONCE] and, the same memory, scale f8[AT_ONCE]; level i8[`TOGETHER`].
    """

    cells: Floats
    powers: Integers
    scale: Floats
    level: Integers


@njit(nogil=True, cache=True, error_model="numpy")
def room() -> Room:
    powers = np.empty(AT_ONCE, np.int64)
    return Room(np.empty(COLUMNS), powers, powers.view(np.float64), np.empty(TOGETHER, np.int64))


@njit(nogil=True, cache=True, error_model="numpy")
def _between(tree: Pyramid, c: int, from_s: float, to_s: float) -> tuple[float, float, float, float, float, float]:
    """What the cameras of cell c watched in a time: the moments of `Pyramid.watched`."""
    a0 = a1 = a2 = a3 = a4 = a5 = 0.0
    begin, end = tree.changes[c], tree.changes[c + 1]
    parts = (end - begin) / max(tree.when[end - 1] - tree.when[begin], 1e-9)
    for sign in (-1.0, 1.0):
        t = from_s if sign < 0.0 else to_s
        if t < tree.when[begin]:
            continue
        k = tree.near[begin + min(int((t - tree.when[begin]) * parts), end - begin - 1)]
        # The part's beginning may come out later by a rounding than it was.
        while k > begin and tree.when[k] > t:
            k -= 1
        k += 1
        while k < end and tree.when[k] <= t:
            k += 1
        at = tree.watched[k - 1]
        share = 0.0
        if k < end:
            share = (t - tree.when[k - 1]) / (tree.when[k] - tree.when[k - 1])
        to = tree.watched[min(k, end - 1)]
        a0 += sign * (at[0] + share * (to[0] - at[0]))
        a1 += sign * (at[1] + share * (to[1] - at[1]))
        a2 += sign * (at[2] + share * (to[2] - at[2]))
        a3 += sign * (at[3] + share * (to[3] - at[3]))
        a4 += sign * (at[4] + share * (to[4] - at[4]))
        a5 += sign * (at[5] + share * (to[5] - at[5]))
    # A rest of differences is no camera.
    return (a0 if a0 > 1e-9 * tree.watched[end - 1, 0] else 0.0), a1, a2, a3, a4, a5


@njit(nogil=True, cache=True, error_model="numpy")
def _weigh(work: Room, n: int, x: float, y: float, cxx: float, cxy: float, cyy: float, out: Floats, place: int) -> None:
    """Add the first n cells to out[place] f8[6]: density of N((x, y), C), gradient and Hessian, all times 2 pi."""
    cells, powers, scale = work.cells, work.powers, work.scale
    for c in range(n):
        dx, dy = cells[c] - x, cells[AT_ONCE + c] - y
        xx, xy, yy = cells[XX + c] + cxx, cells[XY + c] + cxy, cells[YY + c] + cyy
        per = 1.0 / (xx * yy - xy * xy)
        i00, i01, i11 = yy * per, -xy * per, xx * per
        u0, u1 = i00 * dx + i01 * dy, i01 * dx + i11 * dy
        quadratic = dx * u0 + dy * u1
        f = cells[WATCHED + c] * np.sqrt(per)
        f = f if quadratic <= FARTHEST2 else 0.0
        # exp(-quadratic / 2) = 2^k exp(r), k whole, |r| at most half of ln 2; even and odd powers apart.
        e = -0.5 * (quadratic if quadratic <= FARTHEST2 else FARTHEST2)
        k = np.floor(e * 1.4426950408889634 + 0.5)
        r = (e - k * 0.6931471803691238) - k * 1.9082149292705877e-10
        s = r * r
        even = 1.0 / 40_320.0 + s * (1.0 / 3_628_800.0)
        odd = 1.0 / 362_880.0 + s * (1.0 / 39_916_800.0)
        even, odd = 1.0 / 720.0 + s * even, 1.0 / 5_040.0 + s * odd
        even, odd = 1.0 / 24.0 + s * even, 1.0 / 120.0 + s * odd
        even, odd = 0.5 + s * even, 1.0 / 6.0 + s * odd
        cells[F + c] = f * ((1.0 + s * even) + r * (1.0 + s * odd))
        cells[K + c], cells[U0 + c], cells[U1 + c] = k, u0, u1
        cells[H00 + c], cells[H01 + c], cells[H11 + c] = u0 * u0 - i00, u0 * u1 - i01, u1 * u1 - i11
    for c in range(n):
        powers[c] = (np.int64(np.int32(cells[K + c])) + 1023) << 52
    total, g0, g1, h00, h01, h11 = (
        out[place, 0],
        out[place, 1],
        out[place, 2],
        out[place, 3],
        out[place, 4],
        out[place, 5],
    )
    for c in range(n):
        f = cells[F + c] * scale[c]
        total += f
        g0 += f * cells[U0 + c]
        g1 += f * cells[U1 + c]
        h00 += f * cells[H00 + c]
        h01 += f * cells[H01 + c]
        h11 += f * cells[H11 + c]
    out[place, 0], out[place, 1], out[place, 2] = total, g0, g1
    out[place, 3], out[place, 4], out[place, 5] = h00, h01, h11


@njit(nogil=True, cache=True, error_model="numpy")
def passes(places: Floats, count: int, from_s: float, to_s: float, tree: Pyramid, work: Room, out: Floats) -> None:
    """Recorded passes a metre of speed in a time of each of the first `count` places f8[., 5], at most `TOGETHER`.

    A place is N((x, y), C) as x, y, xx, xy, yy. Written to its row of out f8[., 6]: mean F, gradient 2, Hessian 3. F
    sums width x operating time x N(camera), cell by cell where the density is wide, see `camera_pyramid`.
    """
    for place in range(count):
        cxx, cxy, cyy = places[place, 2], places[place, 3], places[place, 4]
        narrow2 = 0.5 * (cxx + cyy) - np.sqrt(0.25 * (cxx - cyy) ** 2 + cxy * cxy)
        level = 0
        while level + 1 < tree.side_m.size and tree.side_m[level + 1] ** 2 <= WIDEST_CELL * WIDEST_CELL * narrow2:
            level += 1
        work.level[place] = level
        for i in range(6):
            out[place, i] = 0.0
    for level in range(tree.side_m.size):
        west = south = np.inf
        east = north = -np.inf
        side = tree.side_m[level]
        # No cameras of a cell are farther from their mean than half its side, in the root of the mean square.
        more = 0.25 * side * side if level > 0 else 0.0
        for place in range(count):
            if work.level[place] == level:
                x, y = places[place, 0], places[place, 1]
                reach_x = FARTHEST_SD * np.sqrt(places[place, 2] + more)
                reach_y = FARTHEST_SD * np.sqrt(places[place, 4] + more)
                west, east = min(west, x - reach_x), max(east, x + reach_x)
                south, north = min(south, y - reach_y), max(north, y + reach_y)
        if west < east:
            _add_level(places, count, level, west, south, east, north, from_s, to_s, tree, work, out)
    for place in range(count):
        for i in range(6):
            out[place, i] *= 0.15915494309189535


@njit(nogil=True, cache=True, error_model="numpy")
def _add_level(
    places: Floats,
    count: int,
    level: int,
    west: float,
    south: float,
    east: float,
    north: float,
    from_s: float,
    to_s: float,
    tree: Pyramid,
    work: Room,
    out: Floats,
) -> None:
    """Add all cells of a level in a box to the places of that level."""
    cells, side, n = work.cells, tree.side_m[level], 0
    k, last = tree.level[level], tree.level[level + 1]
    k += np.searchsorted(tree.column[k:last], np.int64(np.floor(west / side)))
    while k < last and tree.column[k] * side <= east:
        begin, end = tree.first[k], tree.first[k + 1]
        k += 1
        # The first cell that is not too far south.
        beyond = end
        while begin < beyond:
            middle = (begin + beyond) // 2
            if tree.cell[middle, 1] < south:
                begin = middle + 1
            else:
                beyond = middle
        for c in range(begin, end):
            x, y = tree.cell[c, 0], tree.cell[c, 1]
            if y > north:
                break
            cell_from, cell_to = tree.cell[c, 6], tree.cell[c, 7]
            vxx, vxy, vyy = tree.cell[c, 2], tree.cell[c, 3], tree.cell[c, 4]
            if tree.changes[c] == tree.changes[c + 1] or (cell_from <= from_s and to_s <= cell_to):
                watched = tree.cell[c, 5] * (min(to_s, cell_to) - max(from_s, cell_from))
            else:
                watched, m0, m1, m00, m01, m11 = _between(tree, c, from_s, to_s)
                if watched > 0.0:
                    m0, m1 = m0 / watched, m1 / watched
                    x, y = x + m0, y + m1
                    vxx, vyy = max(m00 / watched - m0 * m0, 0.0), max(m11 / watched - m1 * m1, 0.0)
                    vxy = m01 / watched - m0 * m1
            cells[n], cells[AT_ONCE + n] = x, y
            cells[XX + n], cells[XY + n], cells[YY + n], cells[WATCHED + n] = vxx, vxy, vyy, watched
            # Without a branch: one cell in four is not near, and no processor guesses which.
            n += int((watched > 0.0) & (x >= west) & (x <= east))
            if n == AT_ONCE:
                _weigh_all(places, count, level, n, work, out)
                n = 0
    _weigh_all(places, count, level, n, work, out)


@njit(nogil=True, cache=True, error_model="numpy")
def _weigh_all(places: Floats, count: int, level: int, n: int, work: Room, out: Floats) -> None:
    for place in range(count):
        if work.level[place] == level:
            x, y = places[place, 0], places[place, 1]
            _weigh(work, n, x, y, places[place, 2], places[place, 3], places[place, 4], out, place)
