"""Coarsen a sensitive place for a reader's clearance: the centre of the grid cell that holds it.

Never a random offset: fresh noise averages out over repeated fixes, a cell gives away the same thing every time.
"""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.geodesy import distance_m

Floats = NDArray[np.float64]

_MERIDIAN_M = 20_003_931.46  # pole to pole, WGS84
_EQUATOR_M = 40_075_016.69
_ECCENTRICITY_2 = 0.00669437999014


@overload
def generalise(longitude: float, latitude: float, cell_m: float) -> tuple[float, float]: ...
@overload
def generalise(longitude: Floats, latitude: Floats, cell_m: float) -> tuple[Floats, Floats]: ...
def generalise(
    longitude: float | Floats, latitude: float | Floats, cell_m: float
) -> tuple[float, float] | tuple[Floats, Floats]:
    """Centre (longitude, latitude) of the cell of about cell_m x cell_m metres that holds the place.

    One grid covers the Earth for each cell size: rows of equal latitude, each cut into a whole number of equal columns.
    Applying it twice changes nothing. NaN stays NaN; raises ValueError if cell_m is not positive and finite.
    """
    x, y, _, _ = _cell(longitude, latitude, cell_m)
    return (float(x), float(y)) if np.ndim(x) == 0 else (x, y)


def uncertainty_m(longitude: ArrayLike, latitude: ArrayLike, cell_m: float) -> Floats:
    """Farthest that the true place can be from the generalised one, in metres: to the cell's farthest corner."""
    x, y, width, height = _cell(longitude, latitude, cell_m)
    south, north = np.maximum(y - height / 2, -90.0), np.minimum(y + height / 2, 90.0)
    return np.maximum(distance_m(x, y, x + width / 2, south), distance_m(x, y, x + width / 2, north))


def cell_box(longitude: float, latitude: float, cell_m: float) -> tuple[float, float, float, float]:
    """(west, south, east, north) in degrees of the cell that holds a place. No cell reaches over longitude 180."""
    x, y, width, height = (float(value) for value in _cell(longitude, latitude, cell_m))
    return x - width / 2, max(y - height / 2, -90.0), x + width / 2, min(y + height / 2, 90.0)


def _cell(longitude: ArrayLike, latitude: ArrayLike, cell_m: float) -> tuple[Floats, Floats, Floats, float]:
    """Centre, width and height in degrees of the cell around each place."""
    if not (0.0 < cell_m < np.inf):
        raise ValueError(f"cell_m must be a positive length in metres, not {cell_m}")
    longitude, latitude = np.asarray(longitude, np.float64), np.asarray(latitude, np.float64)
    rows = max(1.0, np.round(_MERIDIAN_M / cell_m))
    height = 180.0 / rows
    y = (np.clip(np.floor((latitude + 90.0) / height), 0.0, rows - 1.0) + 0.5) * height - 90.0
    phi = np.radians(y)
    parallel_m = _EQUATOR_M * np.cos(phi) / np.sqrt(1.0 - _ECCENTRICITY_2 * np.sin(phi) ** 2)
    columns = np.maximum(1.0, np.round(parallel_m / cell_m))
    width = 360.0 / columns
    x = (np.mod(np.floor((longitude + 180.0) / width), columns) + 0.5) * width - 180.0
    return x, y, width, height
