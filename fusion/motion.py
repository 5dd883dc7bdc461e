"""How animals move: a home range, a position that wanders in it, a velocity that lasts a while (OUF).

Per axis, with a = 1/tau_position, b = 1/tau_velocity, s = sigma, m the centre of the home range:

    dx = v dt,  dv = -(a + b) v dt - a b (x - m) dt + sqrt(2 a b (a + b)) s dW,  m constant
    or, of an animal that disperses, m a random walk that carries x along: both gain the variance `centre_drift_m2_s`
    cov(x_t, x_s) = s^2 (b e^-a|t-s| - a e^-b|t-s|) / (b - a) + var(m)

Fleming et al. 2014, American Naturalist 183, E154-E167, name it OUF. After a long gap the position relaxes to the home
range instead of drifting away for ever.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np

from fusion import kernels
from fusion.ellipse import Floats

MODEL: Final = "ouf-2"
"""Raised whenever the arithmetic changes: a track made by other arithmetic is another version of it."""


@dataclass(frozen=True, slots=True)
class OutlierPolicy:
    """What happens to a fix that the past finds incredible.

    A fix whose squared Mahalanobis distance d2 from its prediction exceeds `gate` has its covariance inflated until d2
    equals the gate: its pull then falls as 1/d2. It is never dropped. After `patience` such fixes in a row the next one
    is believed to be a move (a translocation, a wrong first fix): the old place is forgotten to the prior. The rule
    reads only fixes before the present one, so that it is a function of the canonical order.
    """

    gate: float = 13.8155
    """99.9 % point of chi-square with 2 degrees of freedom, -2 ln 0.001; math.inf believes everything."""
    patience: int = 3

    def __post_init__(self) -> None:
        if not self.gate > 0 or self.patience < 1:
            raise ValueError("gate must be above 0 and patience at least 1")


@dataclass(frozen=True, slots=True)
class MotionParameters:
    """Time scales and size of a home range. Raises ValueError where the model is not defined."""

    tau_position_s: float
    """How long a place in the home range is remembered."""
    tau_velocity_s: float
    """How long a direction is kept; shorter than tau_position_s by at least 5 %."""
    sigma_m: float
    """Standard deviation of the home range, per axis."""
    centre_sd_m: float = 50_000.0
    """What is known of the centre before any fix: its standard deviation around the site's origin, per axis."""
    outliers: OutlierPolicy = field(default_factory=OutlierPolicy)
    centre_drift_m2_s: float = 0.0
    """Variance that the centre gains in a second, per axis; 0: an animal that stays at home."""

    def __post_init__(self) -> None:
        scales = (self.tau_position_s, self.tau_velocity_s, self.sigma_m, self.centre_sd_m)
        if not all(math.isfinite(value) and value > 0 for value in scales):
            raise ValueError("time scales and standard deviations must be finite and above 0")
        if self.tau_position_s < 1.05 * self.tau_velocity_s:
            raise ValueError("tau_position_s must be at least 1.05 times tau_velocity_s")
        if not (math.isfinite(self.centre_drift_m2_s) and self.centre_drift_m2_s >= 0):
            raise ValueError("centre_drift_m2_s must be finite and at least 0")

    @property
    def mean_speed_mps(self) -> float:
        """Mean speed the model implies: sqrt(pi / 2) s sqrt(a b), the Rayleigh mean of the velocity."""
        return self.sigma_m * math.sqrt(math.pi / 2.0 / (self.tau_position_s * self.tau_velocity_s))

    @property
    def range_95_km2(self) -> float:
        """Area that holds 95 % of the time: pi s^2 times the chi-square point 5.991."""
        return math.pi * -2.0 * math.log(0.05) * self.sigma_m**2 / 1e6

    def configuration_hash(self) -> bytes:
        """sha256 of the model's name and every parameter, exact to the bit."""
        return hashlib.sha256(repr((MODEL, astuple(self))).encode()).digest()

    def vector(self) -> Floats:
        """The parameters as the kernels read them, see `kernels`."""
        return np.array(
            [
                1.0 / self.tau_position_s,
                1.0 / self.tau_velocity_s,
                self.sigma_m**2,
                self.centre_sd_m**2,
                self.outliers.gate,
                float(self.outliers.patience),
                self.centre_drift_m2_s,
            ]
        )


def transition(parameters: MotionParameters, gap_s: float) -> tuple[Floats, Floats]:
    """Exact transition F and process noise Q, f8[3, 3] each, of one axis (x, v, m) over any gap >= 0."""
    f11, f12, f21, f22, g, q11, q12, q22 = kernels.transition(
        gap_s, 1.0 / parameters.tau_position_s, 1.0 / parameters.tau_velocity_s
    )
    variance = parameters.sigma_m**2
    return (
        np.array([[f11, f12, g], [f21, f22, -f21], [0.0, 0.0, 1.0]]),
        variance * np.array([[q11, q12, 0.0], [q12, q22, 0.0], [0.0, 0.0, 0.0]]),
    )


HOUR: Final = 3600.0
DAY: Final = 86_400.0

PARAMETERS: Final[Mapping[str, MotionParameters]] = MappingProxyType(
    {
        # Assumption: a carnivore of middle size.
        "default": MotionParameters(2 * DAY, 0.5 * HOUR, 3_000.0),
        # Assumption: 95 % range of 170 km2. Time scales: those with which 95 % ellipses hold 95 % of withheld fixes of
        # jaguars (Morato et al. 2018, doi:10.1002/ecy.2379), the nearest cat with open GPS data.
        "leopard": MotionParameters(2 * DAY, 0.5 * HOUR, 3_000.0),
        # 95 % range of 570 km2, between females (401 km2) and males (778 km2) in south-west Primorye and Ussuriskii:
        # Hernandez-Blanco et al. 2015, Integrative Zoology 10, 365-375. Time scales: assumption.
        "tiger": MotionParameters(3 * DAY, 1 * HOUR, 5_500.0),
        # Assumption: 95 % range of 300 km2. Time scales: judged, as above, on the one brown bear of R's adehabitatLT.
        "bear": MotionParameters(4 * DAY, 0.5 * HOUR, 4_000.0),
        # Assumption: 95 % range of 4.7 km2.
        "deer": MotionParameters(12 * HOUR, 0.5 * HOUR, 500.0),
        # Assumption: 95 % range of 42 km2.
        "boar": MotionParameters(1 * DAY, 0.5 * HOUR, 1_500.0),
    }
)
"""Where a site has fitted nothing of its own. Every number marked so is an assumption to be refitted on collar data."""


def parameters_for(kind: str) -> MotionParameters:
    """Parameters of a kind of animal; those of "default" for a kind that has none."""
    return PARAMETERS.get(kind, PARAMETERS["default"])
