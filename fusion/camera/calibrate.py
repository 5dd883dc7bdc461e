"""Scores of a model become probabilities that come true."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fusion.camera.manifest import Calibration

Numbers = NDArray[np.float32]


def calibrated(scores: Numbers, how: Calibration) -> Numbers:
    """Scores 0 to 1 of any shape -> probabilities of that shape.

    `temperature`: the log odds are divided by t (Guo et al. 2017, arXiv 1706.04599, for one score a box); `isotonic`:
    straight lines between the knots, constant beyond them (Zadrozny & Elkan 2002). Order is kept by both.
    """
    if how.method == "none" or (how.method == "temperature" and how.t == 1.0):
        return scores
    if how.method == "isotonic":
        x, y = np.array(how.knots, dtype=np.float64).T
        return np.interp(scores, x, y).astype(np.float32)
    inner = np.clip(scores.astype(np.float64), 1e-9, 1 - 1e-9)
    odds = np.log(inner) - np.log1p(-inner)
    return (1.0 / (1.0 + np.exp(-odds / how.t))).astype(np.float32)
