"""How an animal moves, and how far off its tags are, as fitted to what they said."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """How far off the fixes of one tag are, beside what they state: on the animal that it was fitted for.

    scale: of standard deviations, beside the movement's error_scale. psi: what the minor axes of Argos ellipses are
    multiplied with. tail: 1 / degrees of freedom of a Student-t error, 0 of a Gaussian one. fixes: how many it is from.
    """

    device: str
    scale: float = 1.0
    psi: float = 2.0
    tail: float = 0.0
    fixes: int = 0


UNFITTED: Final = Tag(device="")
"""What is assumed of a tag that nothing was fitted to: that of `fusion.sensors.argos.PSI`."""


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """Fitted movement parameters of one individual, see `fusion.parameters.Fitted`.

    log_covariance: 16 numbers, row by row, of the logarithms of tau_position_s, tau_velocity_s, sigma_m, error_scale.
    spread_factor: what all variances are multiplied with for regions to hold what they say. fixes: how many it is from.
    tags: what each of its tags is off by, in the order of devices.
    """

    individual: UUID
    tau_position_s: float
    tau_velocity_s: float
    sigma_m: float
    centre_drift_m2_s: float
    error_scale: float
    spread_factor: float
    log_covariance: tuple[float, ...]
    fixes: int
    tags: tuple[Tag, ...] = ()
