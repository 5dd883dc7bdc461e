"""A plain stand-in for the probability of being inside: by the distance to the border, as if that were straight."""

from __future__ import annotations

import math

import numpy as np
import shapely

from geo.fence_evidence import Chances, Floats
from geo.fence_table import Rings
from geo.frames import LocalFrame


def inside(rings: Rings, longitude: Floats, latitude: Floats, covariance: Floats) -> Floats:
    """P(inside) for a border that is straight as far as the error reaches; 5 % of errors are five times as large."""
    out = np.empty(len(longitude))
    for k in range(len(longitude)):
        frame = LocalFrame.around(float(longitude[k]), float(latitude[k]))
        x, y = frame.to_metres(rings.x, rings.y)
        cuts = [shapely.LinearRing(np.stack([x[a:b], y[a:b]], axis=1)) for a, b in _pairs(rings)]
        border = shapely.MultiLineString(cuts)
        here = shapely.Point(0.0, 0.0)
        within = sum(shapely.Polygon(cut).contains(here) for cut in cuts) % 2 == 1
        away = border.distance(here) * (1 if within else -1)
        sd = math.sqrt((covariance[k, 0] + covariance[k, 2]) / 2)
        out[k] = 0.95 * _phi(away / sd) + 0.05 * _phi(away / sd / 5.0)
    return out


def _pairs(rings: Rings) -> list[tuple[int, int]]:
    return list(zip(rings.start[:-1].tolist(), rings.start[1:].tolist(), strict=True))


def _phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


CHANCES = Chances(inside)
