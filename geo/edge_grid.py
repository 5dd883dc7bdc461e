"""The edges of one fence on a grid of its own: which lie near a place, and which cells they leave wholly in or out."""

from __future__ import annotations

import math
import weakref
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.fence_table import Floats, Integers, Rings

_PAD = 1e-9  # of the fence's width: an edge is listed in a cell that rounding puts it next to
_CELLS_PER_EDGE = 4.0
_MOST_ACROSS = 1024


class EdgeGrid(NamedTuple):
    """Edges of one fence, its interior on their left, listed by row and by cell. Degrees, as the fence is given.

    A fence cut at the antimeridian is joined again: longitudes run beyond 180 and the seam is no edge. Every list that
    could hold an edge does; that it also holds one that only comes near costs time, nothing else.
    """

    edge: Floats  # [e, 4] ax, ay, bx, by
    box: Floats  # [4] west, south, east, north
    column_scale: float  # columns per degree
    row_scale: float
    columns: int
    rows: int
    row_start: Integers  # [rows + 1]
    row_edge: Integers  # edges that reach into the row, by their first column in it
    row_column: Integers  # that column
    cell_start: Integers  # [rows * columns + 1]
    cell_edge: Integers
    before: Integers  # [rows + 1, columns + 1] listings in all cells of lower row and column
    state: Integers  # [rows, columns] winding number of the middle of the cell
    thickness_deg: float  # twice the area by the length of the border: a strip's width, a disc's radius; in latitude


_cached: dict[int, tuple[list[weakref.ref[NDArray[Any]]], EdgeGrid]] = {}


def edge_grid(rings: Rings) -> EdgeGrid:
    """The grid of a fence, kept as long as its columns live; columns that can be written to are never kept."""
    key = id(rings.x)
    known = _cached.get(key)
    if known is not None and all(kept() is column for kept, column in zip(known[0], rings, strict=True)):
        return known[1]
    grid = build_edge_grid(rings)
    if not any(column.flags.writeable for column in rings):
        x, y, start = rings
        _cached[key] = [weakref.ref(x, lambda _: _cached.pop(key, None)), weakref.ref(y), weakref.ref(start)], grid
    return grid


def build_edge_grid(rings: Rings) -> EdgeGrid:
    """Grid of about four cells an edge; time and memory grow linearly with the edges. Rings may run either way."""
    edge = _joined_at_the_seam(_interior_left(rings))
    ax, ay, bx, by = edge.T
    box = np.array([min(ax.min(), bx.min()), ay.min(), max(ax.max(), bx.max()), ay.max()])
    south, width, height = box[1], box[2] - box[0], box[3] - box[1]
    shrink = max(math.cos(math.radians((box[1] + box[3]) / 2.0)), 1e-3)
    length = float(np.hypot((bx - ax) * shrink, by - ay).sum())
    area = float(np.sum((ax - box[0]) * (by - south) - (ay - south) * (bx - box[0]))) / 2.0 * shrink

    cells = _CELLS_PER_EDGE * len(edge)
    rows = int(min(max(math.sqrt(cells * height / (width * shrink)), 1.0), _MOST_ACROSS, cells))
    columns = int(min(max(cells / rows, 1.0), _MOST_ACROSS))
    row_scale, column_scale = rows / height, columns / width

    low, high = np.minimum(ay, by), np.maximum(ay, by)
    first = _slot(low, south, row_scale, rows)
    span = _slot(high, south, row_scale, rows) - first + 1
    e = np.repeat(np.arange(len(edge)), span)
    row = first[e] + _ramp(span)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(ay == by, 0.0, (bx - ax) / (by - ay))[e]
    x_low = ax[e] + (np.clip(south + row / row_scale, low[e], high[e]) - ay[e]) * slope
    x_high = ax[e] + (np.clip(south + (row + 1) / row_scale, low[e], high[e]) - ay[e]) * slope
    level = (ay == by)[e]
    west = np.where(level, np.minimum(ax, bx)[e], np.minimum(x_low, x_high))
    east = np.where(level, np.maximum(ax, bx)[e], np.maximum(x_low, x_high))
    column = _slot(west - _PAD * width, box[0], column_scale, columns)
    across = _slot(east + _PAD * width, box[0], column_scale, columns) - column + 1

    order = np.lexsort((column, row))
    row_start = _starts(row, rows)
    listing = np.repeat(np.arange(len(e)), across)
    cell = row[listing] * columns + column[listing] + _ramp(across)
    cell_start = _starts(cell, rows * columns)
    before = np.zeros((rows + 1, columns + 1), np.int64)
    np.cumsum(np.cumsum(np.diff(cell_start).reshape(rows, columns), axis=0), axis=1, out=before[1:, 1:])

    # Winding number of each middle: crossings of its row's middle line to the west, downward +1, upward -1.
    middle = south + (row + 0.5) / row_scale
    crosses = (ay[e] > middle) != (by[e] > middle)
    x = ax[e] + (middle - ay[e]) * slope
    east_of = np.clip(np.ceil((x - box[0]) * column_scale - 0.5), 0, columns).astype(np.int64)
    turns = np.zeros((rows, columns + 1), np.int64)
    np.add.at(turns, (row[crosses], east_of[crosses]), np.where(ay > by, 1, -1)[e][crosses])
    return EdgeGrid(
        np.ascontiguousarray(edge), box, float(column_scale), float(row_scale), columns, rows, row_start, e[order],
        column[order], cell_start, e[listing][np.argsort(cell, kind="stable")], before,
        np.cumsum(turns, axis=1)[:, :-1].copy(), 2.0 * area / length,
    )  # fmt: skip


def _slot(value: Floats, origin: float, scale: float, count: int) -> Integers:
    # The same arithmetic as in the kernels, and monotone: what overlaps in value shares a slot.
    return np.clip((value - origin) * scale, 0.0, count - 1.0).astype(np.int64)


def _ramp(length: Integers) -> Integers:
    """0 .. n - 1 for each n in `length`, one after the other."""
    return np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)


def _starts(slot: Integers, count: int) -> Integers:
    return np.concatenate([[0], np.cumsum(np.bincount(slot, minlength=count))]).astype(np.int64)


def _interior_left(rings: Rings) -> Floats:
    """Edges f8[e, 4] without those of no length, turned so that the interior by even-odd count is on their left."""
    parts: list[Floats] = []
    boxes: list[tuple[float, float, float, float]] = []
    for begin, end in zip(rings.start[:-1], rings.start[1:], strict=True):
        x, y = rings.x[begin:end], rings.y[begin:end]
        parts.append(np.stack([x[:-1], y[:-1], x[1:], y[1:]], axis=1))
        boxes.append((float(x.min()), float(y.min()), float(x.max()), float(y.max())))
    out: list[Floats] = []
    limits = np.array(boxes)
    for r, part in enumerate(parts):
        ax, ay, bx, by = (part - np.tile(part[0, :2], 2)).T
        # A place on the longest edge, away from its ends and its middle, where other rings like to touch it.
        ux, uy, vx, vy = part[np.argmax(np.hypot(bx - ax, by - ay))]
        px, py = ux + 0.3819 * (vx - ux), uy + 0.3819 * (vy - uy)
        holds = (limits[:, 0] <= px) & (limits[:, 1] <= py) & (px <= limits[:, 2]) & (py <= limits[:, 3])
        holds[r] = False
        inside = sum(_crossings_west(parts[other], px, py) for other in np.flatnonzero(holds)) % 2 == 1
        left = float(np.sum(ax * by - ay * bx)) > 0.0
        out.append(part if left != inside else part[:, [2, 3, 0, 1]])
    edge = np.concatenate(out)
    return edge[(edge[:, 0] != edge[:, 2]) | (edge[:, 1] != edge[:, 3])]


def _crossings_west(edge: Floats, px: float, py: float) -> int:
    ax, ay, bx, by = edge.T
    crosses = (ay > py) != (by > py)
    ax, ay, bx, by = ax[crosses], ay[crosses], bx[crosses], by[crosses]
    return int(np.count_nonzero(ax + (py - ay) / (by - ay) * (bx - ax) < px))


def _joined_at_the_seam(edge: Floats) -> Floats:
    """Western parts moved by 360 degrees if the fence lies on both sides of 180; the seam's two sides cancel."""
    if not (np.any(edge[:, [0, 2]] == 180.0) and np.any(edge[:, [0, 2]] == -180.0)):
        return edge
    if np.any((edge[:, 0] < 0.0) != (edge[:, 2] < 0.0)):
        return edge  # a part that reaches over longitude 0 as well: which of its rings to move is not plain
    edge = edge + np.where((edge[:, :1] < 0.0) | (edge[:, 2:3] < 0.0), 360.0, 0.0) * np.array([1.0, 0.0, 1.0, 0.0])
    seam = (edge[:, 0] == 180.0) & (edge[:, 2] == 180.0)
    levels = np.unique(edge[seam][:, [1, 3]])
    net = np.zeros(len(levels), np.int64)
    for _, ay, _, by in edge[seam]:
        step = 1 if by > ay else -1
        net[np.searchsorted(levels, min(ay, by)) : np.searchsorted(levels, max(ay, by))] += step
    kept = [
        (180.0, levels[k], 180.0, levels[k + 1]) if net[k] > 0 else (180.0, levels[k + 1], 180.0, levels[k])
        for k in np.flatnonzero(net)
    ]
    return np.concatenate([edge[~seam], np.array(kept, np.float64).reshape(-1, 4)])
