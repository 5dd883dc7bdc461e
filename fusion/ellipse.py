"""Error circles and ellipses of sensors <-> 2x2 covariances, as (xx, xy, yy) in m2; x east, y north."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ARGOS_VARIANCES = 2.0


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Error ellipses, f8[n] each; orientation_deg is of the major axis, clockwise from north, in 0..180."""

    semi_major_m: Floats
    semi_minor_m: Floats
    orientation_deg: Floats


def covariance_from_radius(uncertainty_m: ArrayLike, probability: float = 0.68) -> Floats:
    """Circle that holds the truth with `probability` -> f8[n, 3].

    The distance from the centre of a circular Gaussian is Rayleigh: sd = r / sqrt(-2 ln(1 - p)). 0.68 is what Android's
    `Location.getAccuracy` promises and what most collars mean. Raises ValueError for a radius that is not above 0.
    """
    radius = np.atleast_1d(np.asarray(uncertainty_m, dtype=np.float64))
    if not (radius > 0).all():
        raise ValueError("uncertainty_m must be above 0")
    variance = radius**2 / (-2.0 * np.log1p(-probability))
    return np.stack([variance, np.zeros_like(variance), variance], axis=1)


def covariance_from_ellipse(
    semi_major_m: ArrayLike, semi_minor_m: ArrayLike, orientation_deg: ArrayLike, variances: float = ARGOS_VARIANCES
) -> Floats:
    """Error ellipse -> f8[n, 3]; orientation of the major axis clockwise from north.

    `variances`: the square of a semi-axis in variances along it. Argos axes are sqrt(2) standard deviations long:
    McClintock et al. 2015, Methods in Ecology and Evolution 6,
    266-277, the convention also of the R packages crawl and foieGras. Raises ValueError for an axis not above 0.
    """
    major, minor, bearing = (
        np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (semi_major_m, semi_minor_m, orientation_deg)
    )
    if not ((major > 0) & (minor > 0)).all():
        raise ValueError("the axes of an ellipse must be above 0")
    along, across = major**2 / variances, minor**2 / variances
    east, north = np.sin(np.radians(bearing)), np.cos(np.radians(bearing))
    return np.stack(
        [
            along * east**2 + across * north**2,
            (along - across) * east * north,
            along * north**2 + across * east**2,
        ],
        axis=1,
    )


def ellipse_from_covariance(covariance: Floats, probability: float = 0.95) -> Ellipse:
    """f8[n, 3] -> the ellipse that holds the truth with `probability` (chi-square with 2 degrees of freedom)."""
    xx, xy, yy = covariance.T
    mean, half = (xx + yy) / 2.0, np.hypot((xx - yy) / 2.0, xy)
    scale = -2.0 * np.log1p(-probability)
    return Ellipse(
        np.sqrt(scale * (mean + half)),
        np.sqrt(scale * np.maximum(mean - half, 0.0)),
        np.degrees(0.5 * np.arctan2(2.0 * xy, yy - xx)) % 180.0,
    )
