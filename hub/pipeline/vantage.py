"""Where an animal was that was seen or heard from somewhere: that likelihood as one ellipse, for a row of a track."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

from fusion.ellipse import Floats, covariance_from_ellipse
from fusion.sensors.bearing import bearing, bearing_and_range
from fusion.sensors.ranger import BEARING_SD_DEG, DISTANCE_SD, identity_weight
from fusion.sensors.ring import disc, ring
from geo.geodesy import destination
from hub.records.observation import Sighting
from hub.records.vantage import Vantage, vantage_of
from hub.store.observations import Seen

HEARD_M: Final = 5_000.0
"""A direction without a distance reaches so far: a VHF collar on the ground, or a low call. An assumption."""
NEAREST: Final = 1e-3
"""Of the farthest a direction reaches, where it begins."""
REPEATS: Final = 4.0
"""A ray, ring or disc says nothing of where on it the animal was, but its variance would, and ten of one station would
say it loudly: it is taken this many times. Across a ray it is as wide as at its far end. Where two or three rays of
2 to 10 degrees cross, 95 % ellipses then hold the animal in 98 or 99 % of cases; with the plain moments in 79 to 86 %.
"""
LEAST_WEIGHT: Final = 0.01
"""Of who is less sure of whom they saw nothing enters a track."""


def said_from(seen: Seen) -> Vantage | None:
    """What a detection or sighting says of the animal as seen from its own place; None: nothing.

    Raises ValueError for what cannot be read: the doors refuse it, but an older log may hold it.
    """
    said = vantage_of(seen.observation.attributes)
    if said is not None and not isinstance(seen.observation, Sighting):
        # How sure a machine is is its probability.
        said = said._replace(observer_confidence=None)
    return None if said == Vantage() else said


def moved(longitude: float, latitude: float, covariance: Floats, said: Vantage) -> tuple[float, float, Floats] | None:
    """(longitude, latitude, covariance f8[3] in m2) of the animal, from those of the observer; None: not believed.

    A likelihood that is no ellipse is matched in its mean, and is wider than its moments: see `REPEATS`.
    """
    if said.is_place:
        (east_m, north_m), around = _moments(said._replace(observer_confidence=None))
        covariance = covariance + around
        if said.bearing_deg is not None:
            to = destination(
                longitude, latitude, math.degrees(math.atan2(east_m, north_m)), math.hypot(east_m, north_m)
            )
            longitude, latitude = float(to[0]), float(to[1])
    if said.observer_confidence is not None:
        weight = identity_weight(said.observer_confidence)
        if weight < LEAST_WEIGHT:
            return None
        # A weight divides information, as `fusion.evidence` has it.
        covariance = covariance / weight
    return longitude, latitude, covariance


@lru_cache(1_024)
def _moments(said: Vantage) -> tuple[tuple[float, float], Floats]:
    """Mean (east, north) in metres from the observer, and covariance f8[3]."""
    at, sd_deg, far = said.bearing_deg, said.bearing_sd_deg or BEARING_SD_DEG, said.range_m
    sd_m = said.range_sd_m or (None if far is None else max(DISTANCE_SD * far, 1.0))
    if at is not None and far is not None and sd_m is not None:
        place, covariance = bearing_and_range(0.0, 0.0, at, sd_deg, far, sd_m)
    elif at is not None:
        reach = said.range_at_most_m or HEARD_M
        place, spread = bearing(0.0, 0.0, at, sd_deg, NEAREST * reach, reach).moments()
        east, north = math.sin(math.radians(at)), math.cos(math.radians(at))
        along2 = REPEATS * float(spread @ (east * east, 2.0 * east * north, north * north))
        across = reach * math.radians(sd_deg)
        covariance = covariance_from_ellipse(math.sqrt(along2), across, at % 180.0, variances=1.0)[0]
    elif far is not None and sd_m is not None:
        covariance = ring(0.0, 0.0, far, sd_m).moments()[1]
        # Even in all directions; what its components leave of a tilt is rounding.
        place, covariance = np.zeros(2), np.array([1.0, 0.0, 1.0]) * (0.5 * REPEATS * (covariance[0] + covariance[2]))
    else:
        place, covariance = np.zeros(2), REPEATS * disc(said.range_at_most_m or HEARD_M)
    covariance.setflags(write=False)
    return (float(place[0]), float(place[1])), covariance
