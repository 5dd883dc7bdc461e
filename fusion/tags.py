"""What the tags of one animal are off by, each beside what all of them are: scale of its errors, and how heavy a tail.

An animal is collared again, or wears two tags at once. A fit of its movement has one scale for all that they state;
what one tag is better or worse than that, and whether its errors are Gaussian, its own fixes say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fusion.dispersal import STRONG
from fusion.evidence import Evidence, frozen
from fusion.holdout import spread_factor
from fusion.likelihood import likelihood
from fusion.parameters import Fitted, with_errors
from fusion.sensors.heavy_tail import FEWEST, heavy_tail
from fusion.wary import heavy_tail_weights

SCALES: Final = tuple(float(2.0 ** (k / 4.0)) for k in range(-8, 9))
"""From a quarter to four times, in steps of a fifth."""
SWEEPS: Final = 3


@dataclass(frozen=True, slots=True)
class TagError:
    """scale: of standard deviations, beside the fit's error_scale; tail: 1 / degrees of freedom, 0 of a Gaussian."""

    scale: float
    tail: float


def tag_errors(evidence: Evidence, tag: NDArray[np.int64], fitted: Fitted) -> dict[int, TagError]:
    """Errors of every tag, tag i8[n] numbering whose each fix is, given how the animal moves. A function of the set.

    A tag with fewer than `FEWEST` fixes, and an only one, is as the fit has it. Another scale needs strong evidence.
    """
    tags = [int(one) for one in np.unique(tag)]
    scale = dict.fromkeys(tags, 1.0)
    enough = [one for one in tags if int((tag == one).sum()) >= FEWEST] if len(tags) > 1 else []
    # Each given what the others are off by, which the first of them do not know the first time.
    for one in enough * SWEEPS:
        others = evidence
        for other in tags:
            others = others if other == one else _scaled(others, tag == other, scale[other])
        log = {s: _log_density(_scaled(others, tag == one, s), fitted) for s in SCALES}
        best = max(SCALES, key=lambda s: log[s])
        scale[one] = best if log[best] - log[1.0] > STRONG else 1.0
    for one in tags:
        evidence = _scaled(evidence, tag == one, scale[one])
    stated = with_errors(evidence, fitted.error_scale**2)
    return {one: TagError(scale[one], heavy_tail(stated, fitted.parameters, tag == one)) for one in tags}


def judged_with(evidence: Evidence, tag: NDArray[np.int64], fitted: Fitted, errors: dict[int, TagError]) -> Fitted:
    """The fit with the spread factor that regions of tracks need which are made with these errors."""
    for one, error in errors.items():
        evidence = _scaled(evidence, tag == one, error.scale)
    stated = with_errors(evidence, fitted.error_scale**2)
    tail = np.array([errors[int(one)].tail for one in tag])
    weighed = replace(stated, weight=heavy_tail_weights(stated, fitted.parameters, tail))
    return replace(fitted, spread_factor=spread_factor(weighed, fitted.parameters))


def _log_density(evidence: Evidence, fitted: Fitted) -> float:
    return likelihood(evidence, fitted.parameters, fitted.error_scale).log_density


def _scaled(evidence: Evidence, which: NDArray[np.bool_], scale: float) -> Evidence:
    if scale == 1.0:
        return evidence
    return replace(evidence, covariance=frozen(evidence.covariance * np.where(which, scale**2, 1.0)[:, None]))
