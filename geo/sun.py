"""Sunrise and sunset at a place: NOAA's solar equations (after Meeus 1998, chapters 25 and 28), good to a minute."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

DAY_S = 86_400.0
# Upper limb on the horizon: 34' of refraction and 16' of radius.
HORIZON_DEG = -0.833


def sun_position(time_s: ArrayLike) -> tuple[Floats, Floats]:
    """(declination in radians, equation of time in seconds) at UNIX times."""
    t = (np.asarray(time_s, np.float64) / DAY_S + 2440587.5 - 2451545.0) / 36525.0
    mean_longitude = np.radians(np.mod(280.46646 + t * (36000.76983 + t * 0.0003032), 360.0))
    anomaly = np.radians(357.52911 + t * (35999.05029 - 0.0001537 * t))
    eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t)
    centre = (
        np.sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t))
        + np.sin(2.0 * anomaly) * (0.019993 - 0.000101 * t)
        + np.sin(3.0 * anomaly) * 0.000289
    )
    node = np.radians(125.04 - 1934.136 * t)
    apparent = mean_longitude + np.radians(centre - 0.00569 - 0.00478 * np.sin(node))
    mean_obliquity = 23.0 + (26.0 + (21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))) / 60.0) / 60.0
    obliquity = np.radians(mean_obliquity + 0.00256 * np.cos(node))
    declination = np.arcsin(np.sin(obliquity) * np.sin(apparent))
    y = np.tan(obliquity / 2.0) ** 2
    equation = (
        y * np.sin(2.0 * mean_longitude)
        - 2.0 * eccentricity * np.sin(anomaly)
        + 4.0 * eccentricity * y * np.sin(anomaly) * np.cos(2.0 * mean_longitude)
        - 0.5 * y * y * np.sin(4.0 * mean_longitude)
        - 1.25 * eccentricity**2 * np.sin(2.0 * anomaly)
    )
    return declination, equation * DAY_S / (2.0 * np.pi)


def daylight(day: ArrayLike, longitude: float, latitude: float) -> tuple[Floats, Floats]:
    """(sunrise, sunset) as UNIX times, of the solar day around noon of each day (whole days since 1970), f8[n].

    Where the sun does not rise both are NaN; where it does not set they are the solar midnights before and after.
    """
    noon = (np.asarray(day, np.float64) + 0.5) * DAY_S - longitude * DAY_S / 360.0
    for _ in range(2):
        noon = (np.asarray(day, np.float64) + 0.5) * DAY_S - longitude * DAY_S / 360.0 - sun_position(noon)[1]
    return _when(noon, latitude, -1.0), _when(noon, latitude, 1.0)


def _when(noon: Floats, latitude: float, sign: float) -> Floats:
    at, never = noon, np.zeros(noon.shape, np.bool_)
    for _ in range(3):
        declination, _ = sun_position(at)
        # The poles themselves have no hour angle; a millimetre beside them has.
        phi = np.radians(min(max(latitude, -89.999999), 89.999999))
        cosine = (np.sin(np.radians(HORIZON_DEG)) - np.sin(phi) * np.sin(declination)) / (
            np.cos(phi) * np.cos(declination)
        )
        half_day = np.arccos(np.clip(cosine, -1.0, 1.0)) * DAY_S / (2.0 * np.pi)
        at = noon + sign * half_day
        never = cosine > 1.0
    return np.where(never, np.nan, at)
