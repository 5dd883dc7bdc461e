"""Has an animal stopped moving: dead, darted, snared, or a collar that fell off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.ellipse import Floats, ellipse_from_covariance

CERTAINTY: Final = 0.95


@dataclass(frozen=True, slots=True)
class Immobility:
    """The animal stayed within radius_m of (x_m, y_m) from since_s to until_s, as far as the fixes can tell."""

    since_s: float
    until_s: float
    x_m: float
    y_m: float
    radius_m: float
    """Farthest edge of a supporting fix's 95 % ellipse from the place: never above the radius asked for."""
    supporting: int
    too_uncertain: int
    """Fixes of that time which could lie inside or outside and say nothing."""


def immobility(
    time_s: Floats,
    x_m: Floats,
    y_m: Floats,
    covariance: Floats,
    *,
    radius_m: float = 50.0,
    duration_s: float = 12 * 3600.0,
    longest_silence_s: float = 6 * 3600.0,
) -> Immobility | None:
    """Judge the end of a track, f8[n] each in order of time, covariance f8[n, 3]; None where it is not immobile.

    A fix supports when its 95 % ellipse, taken as a circle of the major axis, lies wholly within radius_m of the place
    (the median of the precise fixes of the last duration_s); it contradicts when that circle lies wholly outside;
    otherwise it is silent. Immobile = supporting fixes span duration_s back from the last of them without one that
    contradicts after the first and without a gap above longest_silence_s: not knowing is not standing still.
    """
    reach = ellipse_from_covariance(covariance, CERTAINTY).semi_major_m
    precise = reach < radius_m
    if not precise.any():
        return None
    recent = precise & (time_s >= time_s[precise][-1] - duration_s)
    x, y = float(np.median(x_m[recent])), float(np.median(y_m[recent]))
    distance = np.hypot(x_m - x, y_m - y)
    left = np.flatnonzero(distance - reach > radius_m)
    stayed = np.arange(len(time_s)) > (left[-1] if len(left) else -1)
    supports = np.flatnonzero(stayed & (distance + reach <= radius_m))
    if len(supports) < 2:
        return None
    silences = np.flatnonzero(np.diff(time_s[supports]) > longest_silence_s)
    supports = supports[silences[-1] + 1 :] if len(silences) else supports
    since, until = float(time_s[supports[0]]), float(time_s[supports[-1]])
    if until - since < duration_s:
        return None
    return Immobility(
        since,
        until,
        x,
        y,
        float((distance + reach)[supports].max()),
        len(supports),
        int(supports[-1] - supports[0]) + 1 - len(supports),
    )
