"""Where a density on a grid is highest: the smallest region that holds a given share of it, as polygons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Polygon

from fusion.ellipse import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Cell centres at (x0_m + j step_m, y0_m + i step_m); share f8[rows, columns]: probability of each cell, sum 1."""

    x0_m: float
    y0_m: float
    step_m: float
    share: Floats

    @property
    def cell_m2(self) -> float:
        """Area of one cell."""
        return self.step_m**2


def area_of(grid: Grid, probability: float) -> float:
    """Area in m2 of the smallest region that holds `probability`, the last cell in part. Raises outside 0..1."""
    _checked(probability)
    falling = np.sort(grid.share, axis=None)[::-1]
    held = np.cumsum(falling)
    k = int(np.searchsorted(held, probability * held[-1]))
    before = float(held[k - 1]) if k else 0.0
    return (k + (probability * float(held[-1]) - before) / float(falling[k])) * grid.cell_m2


def level_of(grid: Grid, area_m2: float) -> float:
    """Share per cell at the border of the densest region of an area."""
    falling = np.sort(grid.share, axis=None)[::-1]
    cells = min(max(area_m2 / grid.cell_m2, 0.5), len(falling) - 0.5)
    # Cell k, in order, stands for the areas k..k+1: the border between two cells lies between their values.
    return float(np.interp(cells, np.arange(len(falling)) + 0.5, falling))


def region(grid: Grid, level: float) -> MultiPolygon:
    """Where the share per cell, interpolated between cell centres, is above `level` > 0: polygons in metres.

    Marching squares; a saddle is settled by its middle. Outside of the grid nothing is.
    """
    if not level > 0.0:
        raise ValueError("level must be above 0")
    z = np.pad(grid.share, 1) - level
    segments = _segments(z)
    if len(segments) == 0:
        return MultiPolygon()
    faces = np.array(shapely.get_parts(shapely.polygonize([LineString(one) for one in segments])))
    merged = shapely.union_all(faces[_are_high(faces, z)])
    metres = shapely.transform(merged, lambda at: (at - 1.0) * grid.step_m + np.array([grid.x0_m, grid.y0_m]))
    return MultiPolygon([metres]) if isinstance(metres, Polygon) else MultiPolygon(list(shapely.get_parts(metres)))


def _checked(probability: float) -> None:
    if not 0.0 < probability < 1.0:
        raise ValueError("probability must be above 0 and below 1")


def _segments(z: Floats) -> Floats:
    """f8[m, 2, 2]: pieces of the line z = 0, in units of cells, as (column, row)."""
    a, b, c, d = z[:-1, :-1], z[:-1, 1:], z[1:, 1:], z[1:, :-1]
    rows, columns = np.meshgrid(np.arange(a.shape[0]), np.arange(a.shape[1]), indexing="ij")
    # The same two corners give the same bits whichever cell asks, so that pieces join.
    ab = np.stack([columns + _crossing(a, b), rows.astype(np.float64)], axis=-1)
    dc = np.stack([columns + _crossing(d, c), rows + 1.0], axis=-1)
    ad = np.stack([columns.astype(np.float64), rows + _crossing(a, d)], axis=-1)
    bc = np.stack([columns + 1.0, rows + _crossing(b, c)], axis=-1)
    case = (a > 0) + 2 * (b > 0) + 4 * (c > 0) + 8 * (d > 0)
    high = (a + b + c + d) > 0.0
    found: list[Floats] = []

    def piece(where: NDArray[np.bool_], one: Floats, other: Floats) -> None:
        found.append(np.stack([one[where], other[where]], axis=1))

    piece((case == 1) | (case == 14), ab, ad)
    piece((case == 2) | (case == 13), ab, bc)
    piece((case == 4) | (case == 11), bc, dc)
    piece((case == 8) | (case == 7), dc, ad)
    piece((case == 3) | (case == 12), ad, bc)
    piece((case == 6) | (case == 9), ab, dc)
    for saddle, joined in ((5, high), (10, ~high)):
        where = case == saddle
        piece(where & joined, ab, bc)
        piece(where & joined, dc, ad)
        piece(where & ~joined, ab, ad)
        piece(where & ~joined, bc, dc)
    return np.concatenate(found)


def _crossing(one: Floats, other: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        # Never quite at a corner, where four edges would meet.
        return np.where((one > 0) != (other > 0), np.clip(one / (one - other), 1e-6, 1.0 - 1e-6), 0.0)


def _are_high(faces: NDArray[np.object_], z: Floats) -> NDArray[np.bool_]:
    """Every corner of a face lies on an edge of the grid that is cut once: one of its two ends lies in the face."""
    at = np.array([shapely.get_coordinates(face)[0] for face in faces])
    low, high = np.floor(at).astype(np.int64), np.ceil(at).astype(np.int64)
    contains_low = shapely.contains_xy(faces, low[:, 0], low[:, 1])
    end = np.where(contains_low[:, None], low, high)
    return z[end[:, 1], end[:, 0]] > 0.0
