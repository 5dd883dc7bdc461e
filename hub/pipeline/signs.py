"""What a collar says beside where it is: activity, warmth, its own alarm. Rows like those of places, by time and id."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from hub.pipeline.history import Rows
from hub.records.observation import Fix, Reading
from hub.store.observations import Seen

SIGN = np.dtype([("time_s", "<f8"), ("id", "V16"), ("activity", "<f8"), ("mortality", "<f8"), ("temperature", "<f8")])
# As trackers and Movebank call them, in small letters and with underscores.
ACTIVITY = frozenset({"activity", "activity_count", "activity_x", "acceleration", "odba"})
MORTALITY = frozenset({"mortality", "mortality_status", "mortality_signal"})
TEMPERATURE = frozenset({"temperature", "temperature_c", "external_temperature", "tag_temperature"})
_NO = frozenset({"", "0", "false", "no", "normal", "alive", "off"})


def signs_of(seen: Iterable[Seen]) -> Rows:
    """Rows `SIGN` of what says any of these, NaN where it does not say one, in the order given."""
    out: list[tuple[float, bytes, float, float, float]] = []
    for one in seen:
        observation = one.observation
        if isinstance(observation, Reading):
            said: dict[str, Any] = {observation.quantity: observation.value}
        elif isinstance(observation, Fix):
            said = observation.attributes
        else:
            continue
        found = {name.lower().replace("-", "_").replace(" ", "_"): value for name, value in said.items()}
        activity = _first(found, ACTIVITY)
        alarm = next((found[name] for name in sorted(MORTALITY) if name in found), None)
        mortality = math.nan if alarm is None else float(str(alarm).strip().lower() not in _NO)
        temperature = _first(found, TEMPERATURE)
        if not (math.isnan(activity) and math.isnan(mortality) and math.isnan(temperature)):
            out.append((one.observed_at.timestamp(), one.id.bytes, activity, mortality, temperature))
    return np.array(out, SIGN)


def _first(found: dict[str, Any], names: frozenset[str]) -> float:
    for name in sorted(names):
        value = found.get(name)
        if isinstance(value, bool) or value is None:
            continue
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        if math.isfinite(number):
            return number
    return math.nan
