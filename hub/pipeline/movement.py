"""With which movement parameters a track is made: its own fit, what its kind's fits share, or assumptions."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

import numpy as np

from fusion.hierarchy import Learnt, LogNormal, around, pooled
from fusion.motion import MotionParameters, parameters_for
from hub.records.movement import UNFITTED, Movement, Tag
from hub.records.reference import Individual

# By genus, or by species where the genus is not enough.
_KINDS = {
    "panthera tigris": "tiger",
    "panthera": "leopard",
    "ursus": "bear",
    "cervus": "deer",
    "capreolus": "deer",
    "sus": "boar",
}
# So many fitted animals of a kind say more of the next one than the assumptions do.
ENOUGH = 3
ANYWHERE_M = 2_000_000.0


class Motion(NamedTuple):
    """Parameters of a track, and what the covariances of its evidence are multiplied with. is_fitted: to collars.

    tags: what each tag is off by beside that; rows of its fixes hold it.
    """

    parameters: MotionParameters
    error_factor: float
    is_fitted: bool
    tags: tuple[Tag, ...] = ()


class Movements:
    """All fits of a site, by individual. Never changed."""

    def __init__(self, fits: Iterable[Movement] = (), individuals: Mapping[UUID, Individual] | None = None) -> None:
        self.fits = {one.individual: one for one in fits}
        self.digest = _digest(self.fits.values())
        self._tags = {(fit.individual, tag.device): tag for fit in self.fits.values() for tag in fit.tags}
        # Devices of which anything is known beside the assumptions.
        self.tagged = frozenset(device for _, device in self._tags)
        self._kinds: dict[str, list[Learnt]] = {}
        for key, individual in sorted((individuals or {}).items()):
            if (fit := self.fits.get(key)) is not None:
                self._kinds.setdefault(kind_of(individual.scientific_name), []).append(learnt(fit))
        self._shared: dict[str, Motion] = {}

    def of(self, individual: UUID, scientific_name: str) -> Motion:
        """Its own fit; else that of its kind, if enough are fitted; else assumptions, sized by its own fixes later."""
        fit = self.fits.get(individual)
        if fit is not None:
            return _motion(fit)
        return self._of_kind(kind_of(scientific_name), scientific_name)

    def tag(self, individual: UUID, device: str) -> Tag:
        """What a tag is off by on an individual, or what is assumed."""
        return self._tags.get((individual, device), UNFITTED)

    def _of_kind(self, kind: str, scientific_name: str) -> Motion:
        known = self._shared.get(kind)
        if known is None:
            animals = self._kinds.get(kind, [])
            if len(animals) >= ENOUGH:
                prior = pooled(animals, prior_of(scientific_name))
                tau_position_s, tau_velocity_s, sigma_m, _ = (float(value) for value in np.exp(prior.mean))
                tau_position_s = max(tau_position_s, 1.05 * tau_velocity_s)
                known = Motion(MotionParameters(tau_position_s, tau_velocity_s, sigma_m, ANYWHERE_M), 1.0, True)
            else:
                known = Motion(parameters_of(scientific_name), 1.0, False)
            self._shared[kind] = known
        return known


def kind_of(scientific_name: str) -> str:
    """Genus and species, without the subspecies: animals of one kind share a prior."""
    return " ".join(scientific_name.lower().split()[:2])


def parameters_of(scientific_name: str) -> MotionParameters:
    """Assumed movement parameters of a species, or those of an animal that nothing is known of."""
    kind = kind_of(scientific_name)
    for key in (kind, kind.split(" ")[0]):
        if key in _KINDS:
            return parameters_for(_KINDS[key])
    return parameters_for("default")


def prior_of(scientific_name: str) -> LogNormal:
    """What is assumed of the parameters of a species before any collar."""
    return around(parameters_of(scientific_name))


def learnt(fit: Movement) -> Learnt:
    """What a fit tells the prior of others."""
    at = np.log([fit.tau_position_s, fit.tau_velocity_s, fit.sigma_m, fit.error_scale])
    return Learnt(at, np.array(fit.log_covariance).reshape(4, 4))


def _motion(fit: Movement) -> Motion:
    parameters = MotionParameters(
        fit.tau_position_s,
        fit.tau_velocity_s,
        fit.sigma_m * math.sqrt(fit.spread_factor),
        # The site's origin says nothing of where an animal lives: imported ones may live on another continent.
        ANYWHERE_M,
        centre_drift_m2_s=fit.centre_drift_m2_s,
    )
    return Motion(parameters, fit.error_scale**2 * fit.spread_factor, True, fit.tags)


def _digest(fits: Iterable[Movement]) -> str:
    """Of everything that a track depends on, exact to the bit; no digest where nothing was fitted."""
    # repr gives floats exactly.
    text = repr(sorted((str(one.individual), repr(one)) for one in fits))
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text != "[]" else ""
