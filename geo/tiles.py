"""Tiles of the Earth on which cells of one size in degrees, or on a plane, hold what is near."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.spacetime_kernels import AXIS_M, ECCENTRICITY_2, Near, Plane

Floats = NDArray[np.float64]
Rows = NDArray[np.int32]
Box = tuple[float, float, float, float]

_LEAST_CELL_M = 1.0
_SLACK = 1.0 + 1e-9  # far above the rounding of a cell number
_LEAST_MERIDIAN_M = AXIS_M * (1.0 - ECCENTRICITY_2)  # radius of curvature of a meridian where it is least
_CAP_FROM_DEG = 88.0
_EDGES_DEG = (60.0, 75.0, 82.0, 86.0)  # cells of one belt differ in breadth by a factor of two at most
_MOST_SPAN_DEG = 270.0


class Bounds(NamedTuple):
    """Least and most of a set of places in degrees; longitudes also counted 0..360. Infinite for an empty set."""

    west: float
    east: float
    west_360: float
    east_360: float
    south: float
    north: float

    def joined(self, other: Bounds) -> Bounds:
        """Bounds of both sets together."""
        low = (min(a, b) for a, b in zip(self[::2], other[::2], strict=True))
        high = (max(a, b) for a, b in zip(self[1::2], other[1::2], strict=True))
        return Bounds(*(bound for pair in zip(low, high, strict=True) for bound in pair))


@dataclass(frozen=True, slots=True)
class Tile:
    """Which places it owns, how far beyond it looks, and its cells; `half_deg` 180: all longitudes."""

    south_deg: float
    north_deg: float
    centre_deg: float
    half_deg: float
    margin_x_deg: float
    margin_y_deg: float
    plane: Plane

    def near(self, reach_m: float, *, apart: bool) -> Near:
        """What is near on this tile."""
        return Near(reach_m, self.margin_x_deg, self.margin_y_deg, apart)

    def owned(self, longitude: Floats, latitude: Floats) -> NDArray[np.bool_]:
        """Which places are this tile's: every place has one."""
        mine = (latitude >= self.south_deg) & (latitude < self.north_deg)
        if self.half_deg < 180.0:
            # Eastern half with the meridian 0, western with 180, which is the same as -180.
            mine &= (longitude % 360.0 < 180.0) == (self.centre_deg > 0.0)
        return mine

    def seen(self, longitude: Floats, latitude: Floats) -> NDArray[np.bool_]:
        """Which places may be near to one of this tile's."""
        mine = (latitude >= self.south_deg - self.margin_y_deg) & (latitude <= self.north_deg + self.margin_y_deg)
        if self.half_deg < 180.0:
            off = np.abs((longitude - self.centre_deg + 180.0) % 360.0 - 180.0)
            mine &= off <= self.half_deg + self.margin_x_deg
        return mine


def tiles_of(bounds: Bounds, reach_m: float) -> list[Tile]:
    """Tiles that own all places within the bounds; one, unless they lie far apart or near a pole."""
    if not bounds.south <= bounds.north:
        return []
    cell_m = max(reach_m, _LEAST_CELL_M)
    margin = math.degrees(cell_m / _LEAST_MERIDIAN_M) * _SLACK
    sectors = _sectors(bounds)
    low = 0.0 if bounds.south <= 0.0 <= bounds.north else min(abs(bounds.south), abs(bounds.north))
    top = max(abs(bounds.south), abs(bounds.north)) + margin
    if len(sectors) == 1 and top < _CAP_FROM_DEG and 2.0 * math.cos(math.radians(top)) > math.cos(math.radians(low)):
        return [_belt(bounds.south, math.nextafter(bounds.north, math.inf), sectors[0], cell_m, margin)]
    cap = _CAP_FROM_DEG - 2.0 * margin
    edges = [edge for edge in _EDGES_DEG if edge < cap]
    edges = [-cap, *(-edge for edge in reversed(edges)), *edges, cap]
    out = [_cap(-math.inf, -cap, cell_m, margin), _cap(cap, math.inf, cell_m, margin)]
    for south, north in pairwise(edges):
        out += [_belt(south, north, sector, cell_m, margin) for sector in sectors]
    return [tile for tile in out if tile.south_deg <= bounds.north and tile.north_deg > bounds.south]


def _sectors(bounds: Bounds) -> list[tuple[float, float]]:
    """(centre, half width) in degrees of the stretches of longitude that hold all places."""
    for west, east in ((bounds.west, bounds.east), (bounds.west_360, bounds.east_360)):
        if east - west <= _MOST_SPAN_DEG:
            return [((west + east) / 2, (east - west) / 2)]
    return [(-90.0, 90.0), (90.0, 90.0)]


def _belt(south: float, north: float, sector: tuple[float, float], cell_m: float, margin: float) -> Tile:
    # A way of cell_m that starts on the belt stays below `top`: dlon/ds <= 1 / radius of the parallel there.
    top = math.radians(max(abs(south), abs(north)) + margin)
    parallel_m = AXIS_M * math.cos(top) / math.sqrt(1.0 - ECCENTRICITY_2 * math.sin(top) ** 2)
    aside = math.degrees(cell_m / parallel_m) * _SLACK
    centre, half = sector
    west, floor = centre - half - 2.5 * aside, south - 2.5 * margin
    columns, lines = int((2 * half + 5 * aside) / aside) + 4, int((north - south + 5 * margin) / margin) + 4
    plane = Plane(
        False, west, floor, 1.0 / (aside * _SLACK), 1.0 / (margin * _SLACK), columns.bit_length(), lines.bit_length()
    )
    whole = half if half == 90.0 and abs(centre) == 90.0 else 180.0
    return Tile(south, north, centre, whole, aside, margin, plane)


def _cap(south: float, north: float, cell_m: float, margin: float) -> Tile:
    # Seen along the axis no way is longer than it is.
    up = 1.0 / (cell_m * _SLACK)
    cells = int(2.0 * AXIS_M * math.cos(math.radians(_CAP_FROM_DEG - 3.0 * margin)) * up) + 4
    bits = cells.bit_length()
    return Tile(south, north, 0.0, 180.0, 360.0, margin, Plane(True, 0.0, 0.0, up, up, bits, bits))


def grown(box: Box, reach_m: float, *, wraps: bool = False) -> Box:
    """(west, south, east, north) in degrees that holds all within a reach of a box, which may be a place.

    One that reaches over the antimeridian goes all the way round, or has west > east if it `wraps`; one that reaches
    over a pole goes all the way round.
    """
    west, south, east, north = box
    margin = math.degrees(reach_m / _LEAST_MERIDIAN_M) * _SLACK
    south, north = south - margin, north + margin
    if south <= -90.0 or north >= 90.0:
        return -180.0, max(south, -90.0), 180.0, min(north, 90.0)
    top = math.radians(max(abs(south), abs(north)))
    parallel_m = AXIS_M * math.cos(top) / math.sqrt(1.0 - ECCENTRICITY_2 * math.sin(top) ** 2)
    aside = math.degrees(reach_m / parallel_m) * _SLACK
    west, east = west - aside, east + aside
    if east - west >= 360.0 or (not wraps and (west < -180.0 or east > 180.0)):
        return -180.0, south, 180.0, north
    return west + 360.0 if west < -180.0 else west, south, east - 360.0 if east > 180.0 else east, north
