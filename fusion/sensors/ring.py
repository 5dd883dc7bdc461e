"""A distance without a direction: a seismic sensor that knows how far the steps were, a radio that knows how strong."""

from __future__ import annotations

import math

import numpy as np

from fusion.ellipse import Floats, covariance_from_ellipse
from fusion.sensors.mixture import Mixture


def ring(x_m: float, y_m: float, distance_m: float, distance_sd_m: float) -> Mixture:
    """Something was distance_m, give or take distance_sd_m, from (x_m, y_m), in any direction.

    As many components as keep neighbours within a standard deviation and a half of each other, between 8 and 96; each
    as thick as the distance is unsure and as long as half its share of the circle. A tangent lies outside its arc by
    length^2 / 2 distance, which is taken back from the radius. Less than 1 % of the density is in the wrong place
    (total variation) while the sd is below a fifth of the distance, 6 % at three fifths. Raises ValueError for a
    distance or sd that is not above 0.
    """
    if not (distance_m > 0.0 and distance_sd_m > 0.0):
        raise ValueError("distance_m and distance_sd_m must be above 0")
    count = min(96, max(8, math.ceil(2.0 * math.pi * distance_m / (1.5 * distance_sd_m))))
    angle = 2.0 * np.pi * np.arange(count) / count
    along = max(math.pi * distance_m / count, 0.5 * distance_sd_m)
    radius = max(distance_m - 0.5 * along * along / distance_m, 0.1 * distance_m)
    place = np.stack([x_m + radius * np.sin(angle), y_m + radius * np.cos(angle)], axis=1)
    tangent = np.degrees(angle) + 90.0
    axes = (np.full(count, along), np.full(count, distance_sd_m))
    return Mixture(np.full(count, 1.0 / count), place, covariance_from_ellipse(*axes, tangent % 180.0, variances=1.0))


def disc(farthest_m: float) -> Floats:
    """Covariance f8[3] of a place that is anywhere within farthest_m, evenly: r^2 / 4 on each axis."""
    if not farthest_m > 0.0:
        raise ValueError("farthest_m must be above 0")
    return np.array([0.25 * farthest_m**2, 0.0, 0.25 * farthest_m**2])
