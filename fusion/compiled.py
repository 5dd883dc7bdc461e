"""All kernels of `fusion`, compiled before they are needed."""

from __future__ import annotations

import numpy as np

from fusion import kernels
from fusion.association import settle
from fusion.camera_process import sorted_cameras
from fusion.evidence import Evidence, keys_from
from fusion.identities import AssociationRules
from fusion.motion import MotionParameters
from fusion.places import positions
from fusion.roster import Roster
from fusion.sightings import NO_CAMERA, Sightings


def warm_up() -> None:
    """Compile every kernel, or load it from the cache; a minute with an empty cache."""
    kernels.warm_up()
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
    positions(settle(sightings, roster, cameras, (0.0, 86_400.0), AssociationRules(sweeps=3)), np.zeros(1))
