"""This collar is not on this animal: the collar's fixes against sightings of the animal by its coat."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fusion.evidence import Evidence, merge
from fusion.likelihood import likelihood
from fusion.motion import MotionParameters

STRONG: Final = math.log(100.0)
"""Before a collar is said to be on the wrong animal: to say so undoes a track."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """log_bayes_factor: for one animal, against two; since_s: from when on it is rather two, None where it never is.

    log_bayes_factor_since: the same for the sightings from since_s on alone.
    """

    log_bayes_factor: float
    since_s: float | None
    log_bayes_factor_since: float
    sightings: int

    @property
    def is_wrong(self) -> bool:
        """True where the sightings since then speak strongly for two animals. A person confirms it."""
        return self.since_s is not None and self.log_bayes_factor_since < -STRONG


def deployment(collar: Evidence, sightings: Evidence, parameters: MotionParameters, reserve_sd_m: float) -> Deployment:
    """Are a collar's fixes and sightings of a named animal one way, or those of two animals of the same reserve.

    The Bayes factor is the ratio of marginal likelihoods: p(fixes, sightings) / (p(fixes) p(sightings)), ways and
    centres integrated out; two animals have homes independent of each other, normal with reserve_sd_m around the
    reserve's middle, the origin. One wrong name counts as a spike (the gate), not as proof. The change is looked for at
    every sighting: one animal before it, two after. Raises ValueError without fixes or sightings.
    """
    if not len(collar) or not len(sightings):
        raise ValueError("there must be fixes and sightings")
    home = replace(parameters, centre_sd_m=reserve_sd_m)
    alone = likelihood(collar, home).log_density
    times = np.unique(sightings.time_s)
    # together[k]: of the sightings before times[k] with the collar; apart[k]: of those from times[k] on without it.
    together = [_joint(collar, _part(sightings, -math.inf, at), home) - alone for at in (*times, math.inf)]
    apart = [likelihood(_part(sightings, at, math.inf), home).log_density for at in times]
    one, two = together[-1], apart[0]
    gains = [one - (together[k] + apart[k]) for k in range(len(times))]
    worst = int(np.argmin(gains))
    since = float(times[worst]) if gains[worst] < 0.0 else None
    return Deployment(one - two, since, min(gains[worst], 0.0), len(sightings))


def belongs(collar: Evidence, known: Evidence, parameters: MotionParameters, reserve_sd_m: float) -> float:
    """How far a collar's fixes fit what is known of an animal: sightings of it, and fixes of what it wore before.

    log p(fixes, known) / (p(fixes) p(known)), as in `deployment`: above 0 it wears the collar rather than one of which
    nothing is known. The difference of two animals, under one movement of the collar, is the logarithm of the Bayes
    factor between them. 0 where nothing is known. Raises ValueError without fixes.
    """
    if not len(collar):
        raise ValueError("there must be fixes")
    if not len(known):
        return 0.0
    home = replace(parameters, centre_sd_m=reserve_sd_m)
    apart = likelihood(collar, home).log_density + likelihood(known, home).log_density
    return _joint(collar, known, home) - apart


def _joint(collar: Evidence, sightings: Evidence, parameters: MotionParameters) -> float:
    return likelihood(merge(collar, sightings)[0] if len(sightings) else collar, parameters).log_density


def _part(evidence: Evidence, since_s: float, until_s: float) -> Evidence:
    return evidence.part((evidence.time_s >= since_s) & (evidence.time_s < until_s))
