"""How often cameras should have recorded somebody whose place is a Gaussian: the sum over cells, written for speed.

What cells are near is found first, then all of them are weighed at once: `error_model` says that a division by zero is
no exception, so that the processor takes four cells a turn. The exponential is a series, right to 1e-14 of itself. No
fastmath and no reduction across threads; sums are taken in the order of the cells.
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
XX, XY, YY, WATCHED, F, U0, U1, I00, I01, I11, COLUMNS = (AT_ONCE * (column + 2) for column in range(11))


class Room(NamedTuple):
    """Room to work in: cells f8, columns of `AT_ONCE`: from the place dx, dy; covariance; watched; then what follows
    from them. powers i8[AT_ONCE] and, the same memory, scale f8[AT_ONCE].
    """

    cells: Floats
    powers: Integers
    scale: Floats


@njit(nogil=True, cache=True, error_model="numpy")
def room() -> Room:
    powers = np.empty(AT_ONCE, np.int64)
    return Room(np.empty(COLUMNS), powers, powers.view(np.float64))


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
def _weigh(cells: Floats, powers: Integers, scale: Floats, n: int, out: Floats) -> None:
    """Add the first n cells to out f8[6]: density, gradient and Hessian, all times 2 pi."""
    for c in range(n):
        dx, dy, xx, xy, yy = cells[c], cells[AT_ONCE + c], cells[XX + c], cells[XY + c], cells[YY + c]
        per = 1.0 / (xx * yy - xy * xy)
        i00, i01, i11 = yy * per, -xy * per, xx * per
        u0, u1 = i00 * dx + i01 * dy, i01 * dx + i11 * dy
        quadratic = dx * u0 + dy * u1
        f = cells[WATCHED + c] * np.sqrt(per)
        f = f if quadratic <= FARTHEST2 else 0.0
        # exp(-quadratic / 2) = 2^k exp(r), k whole, |r| at most half of ln 2.
        x = -0.5 * (quadratic if quadratic <= FARTHEST2 else FARTHEST2)
        k = np.floor(x * 1.4426950408889634 + 0.5)
        r = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10
        p = 1.0 + r * (1.0 / 11.0)
        p = 1.0 + r * p * (1.0 / 10.0)
        p = 1.0 + r * p * (1.0 / 9.0)
        p = 1.0 + r * p * (1.0 / 8.0)
        p = 1.0 + r * p * (1.0 / 7.0)
        p = 1.0 + r * p * (1.0 / 6.0)
        p = 1.0 + r * p * (1.0 / 5.0)
        p = 1.0 + r * p * (1.0 / 4.0)
        p = 1.0 + r * p * (1.0 / 3.0)
        p = 1.0 + r * p * (1.0 / 2.0)
        cells[F + c] = f * (1.0 + r * p)
        cells[WATCHED + c] = k
        cells[U0 + c], cells[U1 + c] = u0, u1
        cells[I00 + c], cells[I01 + c], cells[I11 + c] = u0 * u0 - i00, u0 * u1 - i01, u1 * u1 - i11
    for c in range(n):
        powers[c] = (np.int64(np.int32(cells[WATCHED + c])) + 1023) << 52
    total, g0, g1, h00, h01, h11 = out[0], out[1], out[2], out[3], out[4], out[5]
    for c in range(n):
        f = cells[F + c] * scale[c]
        total += f
        g0 += f * cells[U0 + c]
        g1 += f * cells[U1 + c]
        h00 += f * cells[I00 + c]
        h01 += f * cells[I01 + c]
        h11 += f * cells[I11 + c]
    out[0], out[1], out[2], out[3], out[4], out[5] = total, g0, g1, h00, h01, h11


@njit(nogil=True, cache=True, error_model="numpy")
def passes(
    x: float,
    y: float,
    cxx: float,
    cxy: float,
    cyy: float,
    from_s: float,
    to_s: float,
    tree: Pyramid,
    work: Room,
    out: Floats,
) -> None:
    """Recorded passes a metre of speed by N((x, y), C) in a time: out f8[6] = their mean F, gradient 2, Hessian 3.

    F sums width x operating time x N(camera), cell by cell where the density is wide, see `camera_pyramid`.
    """
    cells = work.cells
    narrow2 = 0.5 * (cxx + cyy) - np.sqrt(0.25 * (cxx - cyy) ** 2 + cxy * cxy)
    level = 0
    while level + 1 < tree.side_m.size and tree.side_m[level + 1] ** 2 <= WIDEST_CELL * WIDEST_CELL * narrow2:
        level += 1
    side = tree.side_m[level]
    # No cameras of a cell are farther from their mean than half its side, in the root of the mean square.
    more = 0.25 * side * side if level > 0 else 0.0
    reach, reach_y = FARTHEST_SD * np.sqrt(cxx + more), FARTHEST_SD * np.sqrt(cyy + more)
    for i in range(6):
        out[i] = 0.0
    n = 0
    k, last = tree.level[level], tree.level[level + 1]
    k += np.searchsorted(tree.column[k:last], np.int64(np.floor((x - reach) / side)))
    while k < last and tree.column[k] * side <= x + reach:
        begin, end = tree.first[k], tree.first[k + 1]
        k += 1
        # The first cell that is not too far south.
        beyond = end
        while begin < beyond:
            middle = (begin + beyond) // 2
            if tree.cell[middle, 1] < y - reach_y:
                begin = middle + 1
            else:
                beyond = middle
        for c in range(begin, end):
            dx, dy = tree.cell[c, 0] - x, tree.cell[c, 1] - y
            if dy > reach_y:
                break
            cell_from, cell_to = tree.cell[c, 6], tree.cell[c, 7]
            vxx, vxy, vyy = cxx + tree.cell[c, 2], cxy + tree.cell[c, 3], cyy + tree.cell[c, 4]
            if tree.changes[c] == tree.changes[c + 1] or (cell_from <= from_s and to_s <= cell_to):
                watched = tree.cell[c, 5] * (min(to_s, cell_to) - max(from_s, cell_from))
            else:
                watched, m0, m1, m00, m01, m11 = _between(tree, c, from_s, to_s)
                if watched > 0.0:
                    m0, m1 = m0 / watched, m1 / watched
                    dx, dy = dx + m0, dy + m1
                    vxx, vyy = cxx + max(m00 / watched - m0 * m0, 0.0), cyy + max(m11 / watched - m1 * m1, 0.0)
                    vxy = cxy + m01 / watched - m0 * m1
            cells[n], cells[AT_ONCE + n] = dx, dy
            cells[XX + n], cells[XY + n], cells[YY + n], cells[WATCHED + n] = vxx, vxy, vyy, watched
            # Without a branch: one cell in four is not near, and no processor guesses which.
            n += int((watched > 0.0) & (abs(dx) <= reach))
            if n == AT_ONCE:
                _weigh(cells, work.powers, work.scale, n, out)
                n = 0
    _weigh(cells, work.powers, work.scale, n, out)
    for i in range(6):
        out[i] *= 0.15915494309189535
