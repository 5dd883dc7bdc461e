"""How far a place is from the border of a shape."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiLineString, MultiPolygon, Polygon

from geo.frames import LocalFrame

Floats = NDArray[np.float64]

# Pieces of an edge so short that a straight one in degrees and a straight one in the plane lie within centimetres:
# the bow is d^2 tan|lat| / (8 R), 7 cm for a piece of 2 km at 45 degrees.
_PIECE_DEG = 0.02


def border_distance_m(
    geometry: Polygon | MultiPolygon | LineString | MultiLineString, longitude: float, latitude: float
) -> float:
    """Metres from a place to the nearest point of a border (or line), negative inside an area.

    Edges are straight in degrees; distances from the place are exact on the ellipsoid, but for the bow of `_PIECE_DEG`.
    Where an area goes on at the other side of longitude 180, its cut there is no border. Infinite where there is none.
    """
    is_area = isinstance(geometry, Polygon | MultiPolygon)
    rings = shapely.segmentize(geometry.boundary if is_area else geometry, _PIECE_DEG)
    xy, ring = shapely.get_coordinates(shapely.get_parts(rings), return_index=True)
    joined = ring[1:] == ring[:-1]
    if is_area and geometry.bounds[0] == -180.0 and geometry.bounds[2] == 180.0:
        at_180 = np.abs(xy[:, 0]) == 180.0
        joined &= ~(at_180[1:] & at_180[:-1])
    frame = LocalFrame.around(longitude, latitude)
    x, y = frame.to_metres(xy[:, 0], xy[:, 1])
    start, way = np.stack([x, y], axis=1)[:-1][joined], np.stack([np.diff(x), np.diff(y)], axis=1)[joined]
    if len(start) == 0:
        return -np.inf if is_area else np.inf
    length = np.maximum((way**2).sum(axis=1), 1e-12)
    share = np.clip(-(start * way).sum(axis=1) / length, 0.0, 1.0)
    far = float(np.hypot(*(start + share[:, None] * way).T).min())
    return -far if is_area and shapely.intersects_xy(geometry, longitude, latitude) else far
