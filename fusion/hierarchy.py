"""What the animals of a kind have in common: log-normal priors of their movement parameters, learnt from collars.

Empirical Bayes: the mean and the spread of a group are themselves unknown, and are drawn towards those of the group
above it (sex within species within what is assumed of any animal), the more the fewer animals there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.ellipse import Floats
from fusion.motion import MotionParameters, parameters_for

NAMES = ("tau_position_s", "tau_velocity_s", "sigma_m", "error_scale")
ASSUMED_SD = (1.5, 1.5, 1.5, 0.7)
"""Of logarithms, around the assumptions of `motion`: a factor of 4.5 either way, 2 for what sensors state."""
WITHIN_SD = (0.6, 0.6, 0.6, 0.3)
"""How far animals of one group are assumed to differ before any was collared."""
WEIGHT_OF_SPREAD = 3.0
"""The assumed spread counts as this many animals."""


@dataclass(frozen=True, slots=True, eq=False)
class LogNormal:
    """Independent normal distributions of logarithms: mean and sd f8[k], those of `NAMES` if nothing else is said."""

    mean: Floats
    sd: Floats

    def log_density(self, at: Floats) -> float:
        """At logarithms f8[k]."""
        z = (at - self.mean) / self.sd
        return float(-0.5 * (z @ z) - np.log(self.sd).sum() - 0.5 * len(z) * np.log(2.0 * np.pi))

    def narrowed(self, sd: Floats) -> LogNormal:
        """The same middle, no wider than `sd`."""
        return LogNormal(self.mean, np.minimum(self.sd, sd))


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What one animal's fixes said: mode f8[4] of the logarithms, and covariance f8[4, 4]."""

    at: Floats
    covariance: Floats


def assumed(kind: str) -> LogNormal:
    """Before any collar: around `motion.PARAMETERS`, and wide."""
    return around(parameters_for(kind))


def around(parameters: MotionParameters) -> LogNormal:
    """Wide, around given parameters and sensors that tell the truth."""
    return LogNormal(
        np.log([parameters.tau_position_s, parameters.tau_velocity_s, parameters.sigma_m, 1.0]), np.array(ASSUMED_SD)
    )


def pooled(animals: Sequence[Learnt], above: LogNormal) -> LogNormal:
    """Prior of the next animal of a group, given those of the group and the prior of the group's own mean.

    One round of the EM algorithm for a normal hierarchy: the spread is the mean square of the modes around their mean
    plus what each is uncertain by, the mean its posterior mean; the sd returned includes what the mean is uncertain by.
    """
    if not animals:
        return above
    modes = np.stack([one.at for one in animals])
    within = np.stack([np.diag(one.covariance) for one in animals])
    n = len(animals)
    spread2 = np.array(WITHIN_SD) ** 2
    mean = modes.mean(axis=0)
    for _ in range(20):
        information = 1.0 / above.sd**2 + n / spread2
        mean = (above.mean / above.sd**2 + modes.sum(axis=0) / spread2) / information
        found = ((modes - mean) ** 2 + within).sum(axis=0) + n / information
        spread2 = (found + WEIGHT_OF_SPREAD * np.array(WITHIN_SD) ** 2) / (n + WEIGHT_OF_SPREAD)
    return LogNormal(mean, np.sqrt(spread2 + 1.0 / (1.0 / above.sd**2 + n / spread2)))
