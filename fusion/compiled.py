"""All kernels of `fusion`, compiled before they are needed."""

from __future__ import annotations

import numpy as np

from fusion import kernels, likelihood
from fusion.association import settle
from fusion.behaviour.encounter import within_probability
from fusion.behaviour.slow_spells import slow_spells
from fusion.behaviour.stays import stays
from fusion.camera import pattern_kernels
from fusion.camera_process import sorted_cameras
from fusion.evidence import Evidence, keys_from
from fusion.identities import AssociationRules
from fusion.motion import DAY, MotionParameters
from fusion.occurrence import occurrence
from fusion.places import positions
from fusion.ranges import home_range
from fusion.roster import Roster
from fusion.sightings import NO_CAMERA, Sightings
from fusion.tracks import smooth


def warm_up() -> None:
    """Compile every kernel, or load it from the cache; a minute with an empty cache."""
    kernels.warm_up()
    likelihood.warm_up()
    pattern_kernels.warm_up()
    _one_animal()
    _whose()


def _one_animal() -> None:
    """Where one animal was, where it lives, and whom it met."""
    within_probability(np.zeros(1), np.zeros(1), np.array([[1.0, 0.0, 1.0]]), 1.0)
    parameters = MotionParameters(DAY, 3_600.0, 1_000.0)
    times = np.arange(40) * DAY / 2
    x, y = np.cos(times), np.sin(times)
    covariance = np.tile([1.0, 0.0, 1.0], (40, 1))
    evidence = Evidence.canonical(times, x, y, covariance, keys_from([k.to_bytes(16, "big") for k in range(40)]))
    track, known = smooth(evidence, parameters)
    home_range(track.time_s, track.x_m, track.y_m, parameters)
    occurrence(known, float(times[0]), float(times[-1]))
    stays(times, x, y, covariance)
    slow_spells(np.linspace(0.0, 200 * DAY / 4, 200), np.zeros(200), np.zeros(200), np.tile([1.0, 0.0, 1.0], (200, 1)))


def _whose() -> None:
    """Whose two sightings are, beside one collar and one camera."""
    place, covariance = np.zeros((2, 2)), np.tile([100.0, 0.0, 100.0], (2, 1))
    keys = keys_from([bytes([n]) * 16 for n in (1, 2)])
    none = np.full(2, NO_CAMERA)
    sightings = Sightings.canonical(
        [0.0, 3600.0], place, covariance, [0, NO_CAMERA], none, np.zeros((2, 1)), [0, 1, 2], [0, 1], [9.0, 9.0],
        np.full(2, -9.0), keys,
    )  # fmt: skip
    motion = MotionParameters(86_400.0, 3_600.0, 1_000.0)
    collars = {"a": Evidence.canonical([0.0, 7200.0], [0.0, 5.0], [0.0, 5.0], covariance, keys)}
    roster = Roster.of(["a", "b"], [0, 0], [motion] * 2, [0.4, 0.4, 0.3], collars)
    cameras, _ = sorted_cameras(np.zeros(1), np.zeros(1), np.full(1, 100.0), np.zeros(1), np.full(1, 86_400.0))
    # None is so sure that it would not be sampled with the others.
    rules = AssociationRules(sweeps=3, unsure_below=2.0)
    positions(settle(sightings, roster, cameras, (0.0, 86_400.0), rules), np.zeros(1))
