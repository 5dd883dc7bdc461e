"""Argos positions: the provider's ellipse, inflated as fitted, or the location class where there is no ellipse."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from fusion import ellipse
from fusion.ellipse import Floats

CLASSES: Final = MappingProxyType(
    {"G": 100.0, "3": 490.0, "2": 1_010.0, "1": 1_200.0, "0": 4_180.0, "A": 6_190.0, "B": 10_280.0}
)
"""Radius in metres that holds 68 %: Costa et al. 2010, PLoS ONE 5(1) e8677, seals that carried Argos and GPS at once.
CLS states 250, 500 and 1,500 m for 3, 2 and 1 and nothing for the rest; G is a GPS position sent through Argos. Class Z
is no position: it has no covariance here."""
PSI: Final = 2.0
"""By how much the minor axis is too short where nothing was fitted: an assumption. `fit_inflation` replaces it."""


def covariance_from_class(classes: Sequence[str]) -> Floats:
    """Location classes -> f8[n, 3], circles. Raises ValueError for Z and for what is no class."""
    unknown = sorted(set(classes) - CLASSES.keys())
    if unknown:
        raise ValueError(f"no error is known of location class {', '.join(unknown)}")
    return ellipse.covariance_from_radius([CLASSES[one] for one in classes])


def covariance_from_ellipse(
    semi_major_m: ArrayLike, semi_minor_m: ArrayLike, orientation_deg: ArrayLike, psi: float = PSI
) -> Floats:
    """Error ellipses -> f8[n, 3], the minor axis stretched by psi >= 1, but never beyond the major one.

    psi is that of Jonsen et al. 2020, Movement Ecology 8:31: Argos is too sure of itself across the satellite's pass.
    Raises ValueError for axes that are not above 0 and for psi below 1.
    """
    if not psi >= 1.0:
        raise ValueError("psi must be at least 1")
    major, minor = (np.atleast_1d(np.asarray(axis, dtype=np.float64)) for axis in (semi_major_m, semi_minor_m))
    return ellipse.covariance_from_ellipse(major, np.minimum(minor * psi, np.maximum(major, minor)), orientation_deg)
