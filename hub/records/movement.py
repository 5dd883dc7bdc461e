"""How an animal moves, as fitted to its collar."""

from __future__ import annotations

from uuid import UUID

import msgspec


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """Fitted movement parameters of one individual, see `fusion.parameters.Fitted`.

    log_covariance: 16 numbers, row by row, of the logarithms of tau_position_s, tau_velocity_s, sigma_m, error_scale.
    spread_factor: what all variances are multiplied with for regions to hold what they say. fixes: how many it is from.
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
