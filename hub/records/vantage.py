"""What an observer or a sensor says of where an animal was as seen or heard from its own place, and how surely."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

WIDEST_BEARING_SD_DEG: Final = 15.0
"""Of a wider one an ellipse is no picture any more: `fusion.sensors.bearing`."""
FARTHEST_M: Final = 100_000.0
LEAST_M: Final = 1.0


class Vantage(NamedTuple):
    """bearing_deg clockwise from true north, 0 to 360; ranges in metres; confidence 0 to 1. None: not said."""

    bearing_deg: float | None = None
    bearing_sd_deg: float | None = None
    range_m: float | None = None
    range_sd_m: float | None = None
    range_at_most_m: float | None = None
    observer_confidence: float | None = None

    @property
    def is_place(self) -> bool:
        """Does it say where the animal was, or only how sure the observer is?"""
        return self.bearing_deg is not None or self.range_m is not None or self.range_at_most_m is not None


# Lowest and highest value, in the order of the fields.
_BOUNDS: Final = (
    ("bearing_deg", 0.0, 360.0),
    ("bearing_sd_deg", 0.01, WIDEST_BEARING_SD_DEG),
    ("range_m", LEAST_M, FARTHEST_M),
    ("range_sd_m", LEAST_M, FARTHEST_M),
    ("range_at_most_m", LEAST_M, FARTHEST_M),
    ("observer_confidence", 0.0, 1.0),
)
_NAMES: Final = frozenset(name for name, _, _ in _BOUNDS)


def vantage_of(attributes: Mapping[str, Any]) -> Vantage | None:
    """What the attributes of a detection or sighting say; None: nothing of the kind.

    Raises ValueError with the name, the value and what is allowed, also for an error or a limit of nothing.
    """
    if _NAMES.isdisjoint(attributes):
        return None
    said = Vantage(*(_number(attributes, *bounds) for bounds in _BOUNDS))
    if said.bearing_sd_deg is not None and said.bearing_deg is None:
        raise ValueError("bearing_sd_deg is given without bearing_deg")
    if said.range_sd_m is not None and said.range_m is None:
        raise ValueError("range_sd_m is given without range_m")
    if said.range_m is not None and said.range_at_most_m is not None:
        raise ValueError("range_m and range_at_most_m are both given: send the distance, or the farthest it can be")
    return said


def _number(attributes: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    value = attributes.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is {str(value)[:40]!r}: a number from {low:g} to {high:g} is expected")
    if not low <= value <= high or not math.isfinite(value):  # also refuses NaN
        raise ValueError(f"{name} is {str(value)[:40]}: it is a number from {low:g} to {high:g}")
    return float(value)
