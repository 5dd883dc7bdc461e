"""Nights of a site, from noon to noon by the sun: what happens in one is told as one. Numbered since the epoch."""

from __future__ import annotations

from typing import Final

import numpy as np

from fusion.ellipse import Floats

DAY_S: Final = 86_400.0
# What is known of a night rests on the fixes of it and of so long before and after.
MARGIN_S: Final = DAY_S


def numbers(time_s: Floats, longitude: float) -> Floats:
    """Which nights these times are in, f8[n]."""
    return np.floor((time_s - noon_s(longitude)) / DAY_S)


def begins(night: int, longitude: float) -> float:
    """When a night begins, at noon."""
    return night * DAY_S + noon_s(longitude)


def noon_s(longitude: float) -> float:
    """Seconds from midnight UTC to the mean noon of a meridian, in whole minutes."""
    return 60.0 * round((43_200.0 - longitude * 240.0) / 60.0)


def around(time_s: Floats, longitude: float) -> frozenset[int]:
    """The nights of which something may differ for fixes of these times."""
    found = {int(one) for one in np.unique(numbers(time_s, longitude))}
    return frozenset(night + by for night in found for by in (-1, 0, 1))
