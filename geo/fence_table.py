"""Columns of a set of fences, laid out for the kernels: bands within a fence, a grid over all fences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Rings(NamedTuple):
    """Closed rings of one fence: ring r is x, y [start[r]:start[r + 1]], its first position repeated as its last."""

    x: Floats
    y: Floats
    start: Integers


class FenceTable(NamedTuple):
    """An immutable set of fences; f counts fences, r rings, v vertices.

    The edge v runs from vertex v to v + 1. Each fence is cut into horizontal bands that list the edges reaching into
    them; one grid of side x side cells lists the fences whose box reaches into a cell, in ascending order.
    """

    x: Floats  # [v]
    y: Floats  # [v]
    ring_start: Integers  # [r + 1]
    fence_ring: Integers  # [f + 1]
    west: Floats  # [f]
    south: Floats  # [f]
    east: Floats  # [f]
    north: Floats  # [f]
    fence_band: Integers  # [f + 1]
    band_scale: Floats  # [f] bands per unit of y
    band_start: Integers  # [bands + 1]
    band_edge: Integers  # vertex numbers
    grid: Floats  # [4] west, south, columns per unit of x, rows per unit of y
    side: int
    cell_start: Integers  # [side * side + 1]
    cell_fence: Integers


def slots(value: Floats, origin: Floats | float, scale: Floats | float, count: Integers | int) -> Integers:
    """Slot 0 .. count - 1 of each value; the same arithmetic as `kernels._slot`, which looks up what this lays down."""
    with np.errstate(invalid="ignore", over="ignore"):
        place = (value - origin) * scale
        return np.where(place > 0.0, np.minimum(place, np.subtract(count, 1)), 0.0).astype(np.int64)


def _lists(slot: Integers, item: Integers, count: int) -> tuple[Integers, Integers]:
    """(start, items) of the compressed lists of items per slot, items in the order given."""
    start = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(slot, minlength=count), out=start[1:])
    return start, item[np.argsort(slot, kind="stable")]


def _ramp(length: Integers) -> Integers:
    """0 .. n - 1 for each n in `length`, one after the other."""
    end = np.cumsum(length)
    return np.arange(end[-1] if len(end) else 0, dtype=np.int64) - np.repeat(end - length, length)


def build_table(fences: Sequence[Rings]) -> FenceTable:
    """The table of the given ring sets, in their order. Time and memory grow linearly with the edges.

    A fence gets as many bands as keep its listed edges below about twice its edges: a comb costs no more than a disc.
    """
    x = np.concatenate([np.zeros(0), *(rings.x for rings in fences)])
    y = np.concatenate([np.zeros(0), *(rings.y for rings in fences)])
    vertices = np.array([len(rings.x) for rings in fences], np.int64)
    ring_lengths = np.concatenate([np.zeros(0, np.int64), *(np.diff(rings.start) for rings in fences)])
    ring_start = np.concatenate([[0], np.cumsum(ring_lengths)]).astype(np.int64)
    fence_ring = np.concatenate([[0], np.cumsum([len(rings.start) - 1 for rings in fences])]).astype(np.int64)
    west = np.array([rings.x.min() for rings in fences], np.float64)
    south = np.array([rings.y.min() for rings in fences], np.float64)
    east = np.array([rings.x.max() for rings in fences], np.float64)
    north = np.array([rings.y.max() for rings in fences], np.float64)

    edge = np.delete(np.arange(len(x), dtype=np.int64), ring_start[1:] - 1)
    owner = np.repeat(np.arange(len(fences), dtype=np.int64), vertices)[edge]
    low, high = np.minimum(y[edge], y[edge + 1]), np.maximum(y[edge], y[edge + 1])
    edges = np.bincount(owner, minlength=len(fences))
    climb = np.bincount(owner, weights=high - low, minlength=len(fences))
    bands = np.maximum(1, (edges * (north - south) / climb)).astype(np.int64)
    with np.errstate(over="ignore"):
        band_scale = bands / (north - south)
    fence_band = np.concatenate([[0], np.cumsum(bands)]).astype(np.int64)
    first = slots(low, south[owner], band_scale[owner], bands[owner])
    span = slots(high, south[owner], band_scale[owner], bands[owner]) - first + 1
    band = np.repeat(fence_band[owner] + first, span) + _ramp(span)
    band_start, band_edge = _lists(band, np.repeat(edge, span), int(fence_band[-1]))

    grid, side = _grid(west, south, east, north)
    column, row = slots(west, grid[0], grid[2], side), slots(south, grid[1], grid[3], side)
    columns = slots(east, grid[0], grid[2], side) - column + 1
    rows = slots(north, grid[1], grid[3], side) - row + 1
    step = _ramp(columns * rows)
    member = np.repeat(np.arange(len(fences), dtype=np.int64), columns * rows)
    cell = (row[member] + step // columns[member]) * side + column[member] + step % columns[member]
    cell_start, cell_fence = _lists(cell, member, side * side)
    return FenceTable(
        x, y, ring_start, fence_ring, west, south, east, north, fence_band, band_scale, band_start, band_edge,
        grid, side, cell_start, cell_fence,
    )  # fmt: skip


def _grid(west: Floats, south: Floats, east: Floats, north: Floats) -> tuple[Floats, int]:
    """Grid over all boxes, with about as many entries as eight per fence also where fences lie on top of each other."""
    if len(west) == 0:
        return np.array([0.0, 0.0, 1.0, 1.0]), 1
    width, height = east.max() - west.min(), north.max() - south.min()
    cover = float(np.sum((east - west) / width * ((north - south) / height)))
    side = int(min(256.0, 4.0 * math.sqrt(len(west)), max(1.0, math.sqrt(8.0 * len(west) / cover))))
    with np.errstate(over="ignore"):
        return np.array([west.min(), south.min(), side / width, side / height]), side
