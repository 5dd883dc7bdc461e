"""What a person saw: where it was as seen from where they stood, and how sure they are of whom they saw."""

from __future__ import annotations

import math
from enum import Enum

import numpy as np

from fusion.ellipse import Floats, covariance_from_ellipse, covariance_from_radius

DISTANCE_SD = 0.25
"""Of an estimated distance, as a share of it: an assumption until a park has rangers pace some out."""
BEARING_SD_DEG = 10.0


class Sight(Enum):
    """How an animal was met; the value is the radius in metres that holds 68 %, where no distance is given."""

    AT_HAND = 10.0
    """Carcass, darted or trapped animal: the observer stands beside it."""
    SEEN = 100.0
    HEARD = 500.0
    SIGN = 50.0
    """Track, scat, kill: the animal was here, some time ago."""


def sighting_place(
    x_m: float, y_m: float, observer_sd_m: float, bearing_deg: float, distance_m: float
) -> tuple[Floats, Floats]:
    """Place f8[2] and covariance f8[3] of what was seen at a bearing (clockwise from north) and a distance.

    Linearised: good while `BEARING_SD_DEG` turns the place by less than the distance is unsure. Raises ValueError for
    a distance or sd that is not above 0.
    """
    if not (distance_m > 0.0 and observer_sd_m > 0.0):
        raise ValueError("distance_m and observer_sd_m must be above 0")
    angle = math.radians(bearing_deg)
    along, across = distance_m * DISTANCE_SD, distance_m * math.radians(BEARING_SD_DEG)
    covariance = covariance_from_ellipse(along, across, bearing_deg, variances=1.0)[0]
    covariance += np.array([observer_sd_m**2, 0.0, observer_sd_m**2])
    return np.array([x_m + distance_m * math.sin(angle), y_m + distance_m * math.cos(angle)]), covariance


def sight_covariance(sight: Sight, observer_sd_m: float) -> Floats:
    """Covariance f8[3] around the observer where no distance was given."""
    return covariance_from_radius(sight.value)[0] + np.array([observer_sd_m**2, 0.0, observer_sd_m**2])


def identity_weight(confidence: float, share_wrong: float = 0.01) -> float:
    """Weight in 0..1 of a sighting of a named individual, from the observer's confidence 0..1.

    Nobody is believed beyond 1 - share_wrong, not even who is certain; a person who confirms in review is another
    observation. Raises ValueError outside 0..1.
    """
    if not (0.0 <= confidence <= 1.0 and 0.0 <= share_wrong < 1.0):
        raise ValueError("confidence and share_wrong lie in 0..1")
    return confidence * (1.0 - share_wrong)
