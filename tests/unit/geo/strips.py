"""P(inside) the other way: in strips of longitude, each edge the mass below it, by dense quadrature in numpy.

With the Gaussian made round, the mass of a shape is the sum over its edges, interior on the left, of the integral of
-phi(x) Phi(y(x)) dx along the edge: no angle, no winding number, no cut, nothing in common with the kernels.
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

Floats = NDArray[np.float64]

_A, _F = 6378137.0, 1.0 / 298.257223563
_erf = np.frompyfunc(math.erf, 1, 1)
_E = 12.0  # standard deviations beyond which nothing is counted, in x


def below(y: Floats) -> Floats:
    return 0.5 + 0.5 * _erf(y / math.sqrt(2.0)).astype(np.float64)


def metres(latitude: float) -> tuple[float, float]:
    """Metres a degree to the east and to the north, from the ellipse's half axes."""
    b = _A * (1.0 - _F)
    c, s = math.cos(math.radians(latitude)), math.sin(math.radians(latitude))
    root = math.sqrt((_A * c) ** 2 + (b * s) ** 2)
    return _A**2 / root * c * math.pi / 180.0, (_A * b) ** 2 / root**3 * math.pi / 180.0


def edges_of(shape: Polygon | MultiPolygon) -> Floats:
    """f8[e, 4], interior on the left."""
    rings = [
        shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(shapely.orient_polygons(shape)))
    ]
    return np.concatenate([np.concatenate([ring[:-1], ring[1:]], axis=1) for ring in rings])


def mass(edges: Floats, longitude: float, latitude: float, covariance: Floats, order: int = 16) -> float:
    """P(inside) of one Gaussian, covariance (xx, xy, yy) in m2."""
    east_m, north_m = metres(latitude)
    xx, xy, yy = covariance
    ax, ay, bx, by = ((edges - np.array([longitude, latitude] * 2)) * np.array([east_m, north_m] * 2)).T
    root = math.sqrt(yy - xy * xy / xx)
    ay, by = (ay - xy / xx * ax) / root, (by - xy / xx * bx) / root
    ax, bx = ax / math.sqrt(xx), bx / math.sqrt(xx)
    moves = (ax != bx) & (np.minimum(ax, bx) < _E) & (np.maximum(ax, bx) > -_E)
    ax, ay, bx, by = ax[moves], ay[moves], bx[moves], by[moves]
    slope = (by - ay) / (bx - ax)
    # Cut where an edge leaves |x| < 12 and |y| < 12: beyond, phi is nothing or Phi flat. Steep edges are cut by y.
    with np.errstate(divide="ignore", invalid="ignore"):
        turns = np.stack([ax + (level - ay) / slope for level in (-_E, _E)], axis=1)
    west, east = np.clip(np.minimum(ax, bx), -_E, _E), np.clip(np.maximum(ax, bx), -_E, _E)
    turns = np.clip(np.nan_to_num(np.sort(turns, axis=1), nan=0.0, posinf=_E, neginf=-_E), west[:, None], east[:, None])
    cuts = np.column_stack([west, turns, east])
    cuts = np.where((bx < ax)[:, None], cuts[:, ::-1], cuts)
    low, high = cuts[:, :-1].ravel(), cuts[:, 1:].ravel()
    ax, ay, slope = (np.repeat(column, 3) for column in (ax, ay, slope))
    # Each piece no longer than 2/3 in x, and in y where Phi is not flat.
    rise = np.abs(np.clip(ay + (high - ax) * slope, -_E, _E) - np.clip(ay + (low - ax) * slope, -_E, _E))
    pieces = np.maximum(np.ceil((np.abs(high - low) + rise) * 1.5), 1).astype(int)
    e = np.repeat(np.arange(len(ax)), pieces)
    k = np.arange(len(e)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    step = ((high - low) / pieces)[e]
    node, weight = np.polynomial.legendre.leggauss(order)
    x = (low[e] + (k + 0.5) * step)[:, None] + 0.5 * step[:, None] * node
    y = ay[e][:, None] + (x - ax[e][:, None]) * slope[e][:, None]
    inner = np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi) * below(y)
    return float(-np.sum(inner * weight * 0.5 * step[:, None]))


def mixture(edges: Floats, longitude: float, latitude: float, covariance: Floats, weight: float, scale: float) -> float:
    return (1.0 - weight) * mass(edges, longitude, latitude, covariance) + weight * mass(
        edges, longitude, latitude, covariance * scale**2
    )
