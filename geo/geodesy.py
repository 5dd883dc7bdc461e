"""Distance, bearing and destination on the WGS84 ellipsoid (geodesics after Karney 2013, by PROJ)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod

Floats = NDArray[np.float64]

_WGS84 = Geod(ellps="WGS84")


def _columns(*values: ArrayLike) -> tuple[tuple[int, ...], list[Floats]]:
    # PROJ wants flat writable columns of one length.
    arrays = np.broadcast_arrays(*(np.asarray(value, np.float64) for value in values))
    return arrays[0].shape, [array.flatten() for array in arrays]


def distance_m(longitude: ArrayLike, latitude: ArrayLike, to_longitude: ArrayLike, to_latitude: ArrayLike) -> Floats:
    """Length in metres of the shortest way between places in degrees; arguments broadcast."""
    shape, (x, y, to_x, to_y) = _columns(longitude, latitude, to_longitude, to_latitude)
    return np.asarray(_WGS84.inv(x, y, to_x, to_y)[2], np.float64).reshape(shape)


def bearing_deg(longitude: ArrayLike, latitude: ArrayLike, to_longitude: ArrayLike, to_latitude: ArrayLike) -> Floats:
    """Direction in which the shortest way sets out, 0 <= b < 360 clockwise from north; arguments broadcast."""
    shape, (x, y, to_x, to_y) = _columns(longitude, latitude, to_longitude, to_latitude)
    bearing = np.mod(np.asarray(_WGS84.inv(x, y, to_x, to_y)[0], np.float64), 360.0).reshape(shape)
    return np.where(bearing == 360.0, 0.0, bearing)  # -1e-15 rounds up to 360


def destination(
    longitude: ArrayLike, latitude: ArrayLike, bearing_deg: ArrayLike, distance_m: ArrayLike
) -> tuple[Floats, Floats]:
    """(longitude, latitude) reached by a geodesic of a given length and first direction; arguments broadcast."""
    shape, (x, y, bearing, distance) = _columns(longitude, latitude, bearing_deg, distance_m)
    to_longitude, to_latitude, _ = _WGS84.fwd(x, y, bearing, distance)
    return np.asarray(to_longitude, np.float64).reshape(shape), np.asarray(to_latitude, np.float64).reshape(shape)
