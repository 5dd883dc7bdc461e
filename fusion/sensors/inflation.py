"""How much too short the minor axes of a provider's ellipses are: fitted as psi, by marginal likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from numpy.typing import ArrayLike

from fusion.evidence import Evidence, Keys
from fusion.hierarchy import LogNormal
from fusion.parameters import Fitted, fit
from fusion.sensors.argos import covariance_from_ellipse

STEPS: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 24.0)


@dataclass(frozen=True, slots=True, eq=False)
class Inflation:
    """psi: the best of `STEPS`; fitted: movement under it; log_bayes_factor: for it, against ellipses as stated."""

    psi: float
    fitted: Fitted
    log_bayes_factor: float


def fit_inflation(
    time_s: ArrayLike,
    x_m: ArrayLike,
    y_m: ArrayLike,
    semi_major_m: ArrayLike,
    semi_minor_m: ArrayLike,
    orientation_deg: ArrayLike,
    keys: Keys,
    prior: LogNormal,
) -> Inflation:
    """psi of Jonsen et al. 2020 (Movement Ecology 8:31) for one tag, its movement and overall error scale fitted too.

    Columns f8[n] as in `Evidence` and `argos.covariance_from_ellipse`. Every step is a fit of its own; the first of the
    highest wins.
    """
    fits: dict[float, Fitted] = {}
    for psi in STEPS:
        covariance = covariance_from_ellipse(semi_major_m, semi_minor_m, orientation_deg, psi)
        fits[psi] = fit(Evidence.canonical(time_s, x_m, y_m, covariance, keys), prior)
    best = max(STEPS, key=lambda psi: fits[psi].log_evidence)
    return Inflation(best, fits[best], fits[best].log_evidence - fits[1.0].log_evidence)
