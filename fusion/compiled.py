"""All kernels of `fusion`, compiled before they are needed."""

from __future__ import annotations

import numpy as np

from fusion import kernels, likelihood
from fusion.behaviour.encounter import within_probability
from fusion.evidence import Evidence, keys_from
from fusion.motion import DAY, MotionParameters
from fusion.occurrence import occurrence
from fusion.ranges import home_range
from fusion.tracks import smooth


def warm_up() -> None:
    """Compile every kernel, or load it from the cache; half a minute with an empty cache."""
    kernels.warm_up()
    likelihood.warm_up()
    within_probability(np.zeros(1), np.zeros(1), np.array([[1.0, 0.0, 1.0]]), 1.0)
    parameters = MotionParameters(DAY, 3_600.0, 1_000.0)
    times = np.arange(40) * DAY / 2
    x, y = np.cos(times), np.sin(times)
    covariance = np.tile([1.0, 0.0, 1.0], (40, 1))
    evidence = Evidence.canonical(times, x, y, covariance, keys_from([k.to_bytes(16, "big") for k in range(40)]))
    track, known = smooth(evidence, parameters)
    home_range(track.time_s, track.x_m, track.y_m, parameters)
    occurrence(known, float(times[0]), float(times[-1]))
