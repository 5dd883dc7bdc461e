"""Movement parameters of one animal, fitted to its collar's fixes: maximum a posteriori, with uncertainty.

Only from collars: cameras see an animal where they stand, and a fit to sightings makes home ranges shrink.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fusion.ellipse import Floats
from fusion.evidence import Evidence, frozen
from fusion.hierarchy import Learnt, LogNormal, pooled
from fusion.holdout import spread_factor
from fusion.kernels import Fixes
from fusion.laplace import Mode, mode
from fusion.likelihood import is_circular, log_density
from fusion.motion import MotionParameters, OutlierPolicy
from fusion.scale import scaled
from fusion.tracks import fixes_of

LEAST_RATIO: Final = 1.05
"""tau_position is longer than tau_velocity by at least this factor."""
ROUNDS: Final = 3
"""Of fitting animals under a prior, and the prior to the animals."""
ENOUGH_OF_A_SEX: Final = 3
FIT_GATE: Final = 400.0
"""Twenty standard deviations: only spikes are held back from a fit. The gate of a track would hold back the longest
true steps, and a fit without those is too sure of itself: 82 % of the hidden fixes of real collars in 95 % regions."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What one animal's fixes say of how it moves.

    log_mean f8[4] and log_covariance f8[4, 4]: of the logarithms of `hierarchy.NAMES`. log_evidence: of the fixes, with
    the parameters integrated out, to compare models by.
    """

    parameters: MotionParameters
    error_scale: float
    """What the sensors' standard deviations are to be multiplied with."""
    spread_factor: float
    """What all variances are to be multiplied with for regions to hold what they say, see `holdout`; 1: not judged."""
    log_mean: Floats
    log_covariance: Floats
    log_evidence: float
    fixes: int
    is_found: bool

    @property
    def widened(self) -> MotionParameters:
        """Parameters for tracks: those fitted, with the spread factor in sigma."""
        return replace(self.parameters, sigma_m=self.parameters.sigma_m * math.sqrt(self.spread_factor))

    @property
    def error_factor(self) -> float:
        """What variances of sensors are to be multiplied with for tracks: error_scale^2 times the spread factor."""
        return self.error_scale**2 * self.spread_factor

    @property
    def learnt(self) -> Learnt:
        """What the prior of others is made of."""
        return Learnt(self.log_mean, self.log_covariance)

    def interval(self, name: int, probability_sd: float = 1.96) -> tuple[float, float]:
        """Bounds of `hierarchy.NAMES[name]`, of 95 % where nothing else is asked for."""
        sd = math.sqrt(self.log_covariance[name, name])
        return (
            math.exp(self.log_mean[name] - probability_sd * sd),
            math.exp(self.log_mean[name] + probability_sd * sd),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A fit, and the prior of the group that it is of."""

    fitted: Fitted
    prior: LogNormal


def fit(
    evidence: Evidence,
    prior: LogNormal,
    *,
    centre_sd_m: float = 2_000_000.0,
    drift: LogNormal | None = None,
    near: Fitted | None = None,
) -> Fitted:
    """Parameters that the fixes of one collar make most probable under a prior. A pure function of the set.

    Newton's method from two beginnings, the prior's middle and one of the fixes' own size. `drift`: prior of the
    logarithm of centre_drift_m2_s, f8[1]; without one the centre stays where it is. `near`: begin there too. Raises
    ValueError without fixes that are believed.
    """
    if not (evidence.weight > 0.0).any():
        raise ValueError("no fix is believed: there is nothing to fit to")
    fixes, circular = _centred(evidence), is_circular(evidence.covariance)
    tail = np.array([centre_sd_m**2, FIT_GATE, float(OutlierPolicy().patience)])

    def posterior(free: Floats) -> float:
        if not (np.abs(free) < 40.0).all():
            return -math.inf
        logs = _logs(free)
        tau_position_s, tau_velocity_s, sigma_m, error_scale = np.exp(logs[:4])
        p = np.array([1.0 / tau_position_s, 1.0 / tau_velocity_s, sigma_m**2, *tail, np.exp(logs[4:]).sum()])
        believed = prior.log_density(logs[:4]) + (drift.log_density(logs[4:]) if drift is not None else 0.0)
        return log_density(fixes, circular, p, error_scale) + believed

    starts = [np.append(start, drift.mean if drift is not None else []) for start in _starts(evidence, prior)]
    if near is not None:
        starts.append(np.append(_free(near.log_mean), drift.mean - 2.0 * drift.sd if drift is not None else []))
    best = max((mode(posterior, start) for start in starts), key=lambda one: one.log_density)
    return _fitted(best, evidence, centre_sd_m)


def fit_group(animals: Mapping[str, Evidence], above: LogNormal) -> tuple[dict[str, Fitted], LogNormal]:
    """Fit the animals of one group (a species, a sex of it) and the prior that they share; `above` is the group's own.

    The prior of an animal is made of the others, never of itself. Returns the fits and the prior of one not yet seen.
    """
    names = sorted(name for name, evidence in animals.items() if (evidence.weight > 0.0).any())
    fits = {name: fit(animals[name], above) for name in names}
    for _ in range(ROUNDS if len(names) > 1 else 0):
        fits = {
            name: fit(animals[name], pooled([fits[other].learnt for other in names if other != name], above))
            for name in names
        }
    fits = {name: judged(fits[name], animals[name]) for name in names}
    return fits, pooled([fits[name].learnt for name in names], above)


def fit_species(animals: Mapping[str, Evidence], sexes: Mapping[str, str], above: LogNormal) -> dict[str, Member]:
    """Fits of the animals of a species: priors of females and of males within that of the species.

    A sex with fewer than `ENOUGH_OF_A_SEX` fitted animals, and animals of unknown sex, have the prior of the species.
    """
    fits, species = fit_group(animals, above)
    found = {name: Member(fit_, species) for name, fit_ in fits.items()}
    for sex in ("female", "male"):
        group = {name: animals[name] for name in fits if sexes.get(name) == sex}
        if len(group) >= ENOUGH_OF_A_SEX:
            of_sex, prior = fit_group(group, species)
            found |= {name: Member(fit_, prior) for name, fit_ in of_sex.items()}
    return found


def judged(fitted: Fitted, evidence: Evidence) -> Fitted:
    """The fit with its spread factor, found by hiding fixes of the set that it was fitted to."""
    scaled_evidence = with_errors(evidence, fitted.error_scale**2)
    return replace(fitted, spread_factor=spread_factor(scaled_evidence, fitted.parameters))


def with_errors(evidence: Evidence, factor: float) -> Evidence:
    """The same fixes with all covariances `factor` times as large."""
    return replace(evidence, covariance=frozen(evidence.covariance * factor))


def _starts(evidence: Evidence, prior: LogNormal) -> list[Floats]:
    tau_position_s, tau_velocity_s, sigma_m, error_scale = np.exp(prior.mean)
    middle = MotionParameters(max(tau_position_s, 1.5 * tau_velocity_s), tau_velocity_s, sigma_m)
    return [
        _free(np.log([one.tau_position_s, one.tau_velocity_s, one.sigma_m, error_scale]))
        for one in dict.fromkeys((middle, scaled(middle, evidence)))
    ]


def _centred(evidence: Evidence) -> Fixes:
    # The prior of the centre is around the origin, which says nothing of where an animal lives.
    fixes = fixes_of(evidence)
    x, y = (frozen(axis - np.median(axis[evidence.weight > 0.0])) for axis in (fixes.x_m, fixes.y_m))
    return fixes._replace(x_m=x, y_m=y)


def _free(logs: Floats) -> Floats:
    """Numbers that may take any value, from logarithms of the parameters, of which one must exceed another."""
    ratio = max(math.exp(logs[0] - logs[1]) - LEAST_RATIO, 1e-3)
    return np.array([math.log(ratio), *logs[1:]])


def _logs(free: Floats) -> Floats:
    return np.array([free[1] + math.log(LEAST_RATIO + math.exp(free[0])), *free[1:]])


def _fitted(best: Mode, evidence: Evidence, centre_sd_m: float) -> Fitted:
    logs = _logs(best.at)
    slope = np.eye(len(logs))
    slope[0, 0] = math.exp(best.at[0]) / (LEAST_RATIO + math.exp(best.at[0]))
    slope[0, 1] = 1.0
    covariance = slope @ best.covariance @ slope.T
    tau_position_s, tau_velocity_s, sigma_m, error_scale = (float(value) for value in np.exp(logs[:4]))
    drift = float(np.exp(logs[4:]).sum())
    return Fitted(
        MotionParameters(tau_position_s, tau_velocity_s, sigma_m, centre_sd_m, centre_drift_m2_s=drift),
        error_scale,
        1.0,
        logs[:4],
        covariance[:4, :4],
        best.log_evidence,
        int((evidence.weight > 0.0).sum()),
        best.is_found,
    )
