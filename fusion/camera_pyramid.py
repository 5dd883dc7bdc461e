"""Cameras gathered in square cells of doubling side, so that what is uncertain is not weighed against each of them.

A density that is wide beside a cell hardly varies in it: there all cameras of a cell count as one, with their mean
place and their covariance about it, which is exact to second order. With a cell's side h and the density's least
standard deviation s, what a cell adds is wrong by at most 0.3 (h / s)^3 of the density's peak: a Gaussian's
greatest third derivative 1.38 / s^3, over 6, times the third moments 0.71 h^3 and 0.56 h^3 of the worst cell and of the
Gaussian with its covariance. h is at most `WIDEST_CELL` s; scattered cameras then come out
right to a thousandth in the mean. See Greengard & Rokhlin 1987, Journal of Computational Physics 73, 325-348, for the
same idea with higher moments.

Cells lie on fixed lines, not around the cameras at hand, and are a function of their set.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.ellipse import Floats
from fusion.evidence import frozen

Integers = NDArray[np.int64]

FINEST_M: Final = 1_000.0
"""Side of the smallest cells, and width of the columns in which single cameras are found."""
WIDEST_CELL: Final = 1.0
"""Side of a cell, in standard deviations of the density along its narrow axis, that is still taken as one place."""
FEWER: Final = 0.7
"""Cells that cost more than this part of the cameras save nothing, and are left out."""
LOOKED_UP: Final = 9
"""How much more a cell costs than a camera where it has to be looked up who operated then."""
FARTHEST_M: Final = 1e8
"""Larger cells are of no use on this planet."""


class Pyramid(NamedTuple):
    """Levels from single cameras (level 0) to one cell for all: side_m f8[levels]; the columns of level l are rows
    level[l]:level[l + 1] i8 of column, their numbers along x in ascending order; the cells of a column are rows
    first[k]:first[k + 1] i8 of cell, in order of y.

    cell f8[cells, 8]: mean place x, y in m; covariance of the cameras about it (xx, xy, yy) in m2; sum of widths in m;
    since when and until when *all* of them operate. Where some operate at other times, changes[i]:changes[i + 1] i8
    are rows of when f8, ascending; of near i8: of as many equal parts of the time between the first and the last, the
    row of the last change before each; of watched f8[., 6]: the time integral until then of (1, dx, dy, dx2, dx dy,
    dy2) x width, d from the mean place; it is linear in between.
    """

    side_m: Floats
    level: Integers
    column: Integers
    first: Integers
    cell: Floats
    changes: Integers
    when: Floats
    near: Integers
    watched: Floats


@njit(nogil=True, cache=True)
def _near(changes: Integers, when: Floats, out: Integers) -> None:
    for c in range(changes.size - 1):
        begin, end = changes[c], changes[c + 1]
        k = begin
        for part in range(end - begin):
            since = when[begin] + (when[end - 1] - when[begin]) * (part / (end - begin))
            while k + 1 < end and when[k + 1] <= since:
                k += 1
            out[begin + part] = k


@njit(nogil=True, cache=True)
def _integrals(cell_of: Integers, time_s: Floats, rates: Floats, out: Floats) -> None:
    """Time integrals f8[n, 6] of what is switched on and off by rates f8[n, 6] at time_s f8[n], cell by cell."""
    slope, total = np.zeros(6), np.zeros(6)
    for k in range(time_s.size):
        if k == 0 or cell_of[k] != cell_of[k - 1]:
            slope[:] = 0.0
            total[:] = 0.0
        else:
            total += slope * (time_s[k] - time_s[k - 1])
        out[k] = total
        slope += rates[k]


def pyramid(x_m: Floats, y_m: Floats, width_m: Floats, from_s: Floats, to_s: Floats) -> Pyramid:
    """Cells over cameras, all f8[c], which are in an order of their own: sums are taken in it."""
    spans = np.stack([width_m, from_s, to_s], axis=1)
    place = np.stack([x_m, y_m], axis=1)
    levels, cells, side_m = [_Level(FINEST_M, place, spans, np.arange(len(x_m)))], len(x_m), FINEST_M
    # Cells on either side of an axis never become one.
    while cells > 4 and side_m < FARTHEST_M:
        square = np.floor(place / side_m)
        found, member = np.unique(square, axis=0, return_inverse=True)
        cells = len(found)
        if cells <= FEWER * len(x_m):
            level = _Level(side_m, place, spans, member.reshape(-1))
            ragged = int(np.count_nonzero(np.diff(level.changes)))
            if cells + LOOKED_UP * ragged <= FEWER * len(x_m):
                levels.append(level)
        side_m *= 2.0
    return _joined(levels)


class _Level:
    """One level while it is made: cells in order of column and y."""

    def __init__(self, side_m: float, place: Floats, spans: Floats, member: Integers) -> None:
        count = int(member.max()) + 1 if len(member) else 0
        width, from_s, to_s = spans.T

        def summed(value: Floats) -> Floats:
            return np.bincount(member, weights=value, minlength=count).astype(np.float64)

        total = summed(width)
        mean = np.stack([summed(width * axis) / total for axis in place.T], axis=1)
        dx, dy = (place - mean[member]).T
        starts, ends = np.full(count, -np.inf), np.full(count, np.inf)
        np.maximum.at(starts, member, from_s)
        np.minimum.at(ends, member, to_s)
        second = [summed(width * one) / total for one in (dx * dx, dx * dy, dy * dy)]
        cell = np.stack([*mean.T, *second, total, starts, ends], axis=1)
        column = np.floor(mean[:, 0] / side_m).astype(np.int64)
        order = np.lexsort((mean[:, 1], column))
        self.side_m, self.cell = side_m, cell[order]
        self.column, first = np.unique(column[order], return_index=True)
        self.first = first.astype(np.int64)
        # Where all operate at the same times, the cell's row says it all.
        differs = (from_s != starts[member]) | (to_s != ends[member])
        ragged = np.bincount(member[differs], minlength=count) > 0
        rank = np.empty(count, np.int64)
        rank[order] = np.arange(count)
        mine = np.flatnonzero(ragged[member])
        rates = np.stack([np.ones(count)[member], dx, dy, dx * dx, dx * dy, dy * dy], axis=1) * width[:, None]
        cell_of, time_s = np.tile(rank[member[mine]], 2), np.concatenate([from_s[mine], to_s[mine]])
        rates = np.concatenate([rates[mine], -rates[mine]])
        by_time = np.lexsort((time_s, cell_of))
        self.when, self.watched = time_s[by_time], np.empty((len(by_time), 6))
        _integrals(cell_of[by_time], self.when, rates[by_time], self.watched)
        self.changes = np.searchsorted(cell_of[by_time], np.arange(count + 1)).astype(np.int64)


def _joined(levels: list[_Level]) -> Pyramid:
    when = np.concatenate([one.when for one in levels])
    cells = np.cumsum([0, *(len(one.cell) for one in levels)])
    changes = np.cumsum([0, *(len(one.when) for one in levels)])
    rows = np.append(np.concatenate([one.changes[:-1] + changes[k] for k, one in enumerate(levels)]), changes[-1])
    near = np.empty(len(when), np.int64)
    _near(rows, when, near)
    return Pyramid(
        frozen(np.array([one.side_m for one in levels])),
        frozen(np.cumsum([0, *(len(one.column) for one in levels)]).astype(np.int64)),
        frozen(np.concatenate([one.column for one in levels])),
        frozen(np.append(np.concatenate([one.first + cells[k] for k, one in enumerate(levels)]), cells[-1])),
        frozen(np.concatenate([one.cell for one in levels])),
        frozen(rows),
        frozen(when),
        frozen(near),
        frozen(np.concatenate([one.watched for one in levels])),
    )
