"""How large is this animal's home range: a coarse, robust answer from its own fixes, before parameters are fitted."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from fusion.ellipse import Floats
from fusion.evidence import Evidence
from fusion.motion import MotionParameters

ENOUGH = 8
"""Fewer fixes than this say nothing about a range: the species' parameters stand."""


def scaled(parameters: MotionParameters, evidence: Evidence) -> MotionParameters:
    """Parameters whose size fits the fixes, in steps of two, so that a new fix rarely changes them.

    The size is the median absolute deviation times 1.4826 (the standard deviation of a Gaussian); tau_position grows
    with it, so that the mean speed of the model grows as its square root. A pure function of the set.
    """
    if len(evidence) < ENOUGH:
        return parameters
    deviation = [median(np.abs(axis - median(axis))) for axis in (evidence.x_m, evidence.y_m)]
    size = 1.4826 * math.hypot(*deviation) / math.sqrt(2.0)
    if size <= 0.0:
        return parameters
    step = max(-4, min(10, round(math.log2(size / parameters.sigma_m))))
    factor = 2.0**step
    tau_position_s = max(parameters.tau_position_s * factor, 1.5 * parameters.tau_velocity_s)
    return replace(parameters, sigma_m=parameters.sigma_m * factor, tau_position_s=tau_position_s)


def median(values: Floats) -> float:
    """Median of f8[n], n > 0; to the bit that of numpy, which takes ten times as long for the few values of a track."""
    ordered = np.sort(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[half])
    return (float(ordered[half - 1]) + float(ordered[half])) / 2.0
