"""Satellite positions (GPS and its like): covariance from dilution of precision or from a stated accuracy."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from fusion.ellipse import Floats, covariance_from_radius

UERE_M: Final = 10.0
"""User equivalent range error per axis of a collar that nobody calibrated: an assumption, refitted as error_scale."""
UERE_2D_M: Final = 30.0
"""The same of a fix from three satellites, whose height is a guess. Turtle tags of ctmm: 29.6 m, and 6.9 m in 3D."""
LEAST_DOP: Final = 0.5


def covariance_from_dop(dop: ArrayLike, uere_m: float = UERE_M) -> Floats:
    """Horizontal (or, less well, whole) dilution of precision -> f8[n, 3]: (uere_m dop)^2 per axis.

    Fleming et al. 2020, bioRxiv 2020.06.12.130195: the error of a fix is the receiver's range error times HDOP. Raises
    ValueError for a value that is not above 0.
    """
    dop = np.atleast_1d(np.asarray(dop, dtype=np.float64))
    if not ((dop > 0).all() and uere_m > 0):
        raise ValueError("dilution of precision and range error must be above 0")
    variance = (uere_m * np.maximum(dop, LEAST_DOP)) ** 2
    return np.stack([variance, np.zeros_like(variance), variance], axis=1)


def covariance_from_accuracy(accuracy_m: ArrayLike, least_m: float = 1.0) -> Floats:
    """A receiver's own estimate of its horizontal error, taken as the radius that holds 68 % -> f8[n, 3]."""
    return covariance_from_radius(np.maximum(np.atleast_1d(np.asarray(accuracy_m, dtype=np.float64)), least_m))
