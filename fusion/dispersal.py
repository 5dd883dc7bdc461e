"""Does this animal stay at home, or does its home move: two models of one set of fixes, weighed against each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.evidence import Evidence
from fusion.hierarchy import LogNormal
from fusion.parameters import Fitted, fit

STRONG: Final = math.log(20.0)
"""A Bayes factor of 20 (Kass and Raftery 1995, Journal of the American Statistical Association 90, 773-795: strong)."""
DRIFT_PERIOD_S: Final = 30 * 86_400.0
DRIFT_SD: Final = 2.0
"""Of the logarithm: a factor of 7 either way around the size of a home range in a month."""


@dataclass(frozen=True, slots=True, eq=False)
class Settlement:
    """Two fits, and the logarithm of the Bayes factor for the one whose centre moves."""

    resident: Fitted
    moving: Fitted
    log_bayes_factor: float
    ranges_moved: float
    """Standard deviation that the centre gains over the record, in sigmas of the moving fit."""

    @property
    def is_moving(self) -> bool:
        """True where the fixes speak strongly for a moving centre. Dispersal is for a person to confirm.

        Haste without memory looks like drift too: a centre that did not leave its home range has not moved.
        """
        return self.log_bayes_factor > STRONG and self.ranges_moved > 1.0

    @property
    def chosen(self) -> Fitted:
        """The fit to make the track with: the one that the fixes speak strongly for, the simpler one otherwise."""
        return self.moving if self.log_bayes_factor > STRONG else self.resident


def settlement(evidence: Evidence, prior: LogNormal) -> Settlement:
    """Fit a home range with a centre that stays, and one whose centre drifts as a random walk, and compare.

    The Bayes factor is the ratio of marginal likelihoods with all parameters integrated out by Laplace's method; both
    models are equally probable before. The drift's prior: one home range (sigma of `prior`) in `DRIFT_PERIOD_S`. As
    tau_position grows the first model becomes an integrated Ornstein-Uhlenbeck way without a home (Johnson et al. 2008,
    Ecology 89, 1208-1215), so that an animal that never returns is described by either. Raises ValueError without fixes
    that are believed.
    """
    drift = LogNormal(np.array([2.0 * prior.mean[2] - math.log(DRIFT_PERIOD_S)]), np.array([DRIFT_SD]))
    resident = fit(evidence, prior)
    moving = fit(evidence, prior, drift=drift, near=resident)
    p, duration_s = moving.parameters, float(evidence.time_s[-1] - evidence.time_s[0])
    ranges_moved = math.sqrt(p.centre_drift_m2_s * duration_s) / p.sigma_m
    return Settlement(resident, moving, moving.log_evidence - resident.log_evidence, ranges_moved)
