"""Collars: an hourly GPS fix of the animal that wears one, sent home by satellite much later."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from hub.drill.animals import BLOCK_S, STEP_S, STEPS, Herd
from hub.drill.faults import DAY_S, Faults
from hub.drill.geography import degrees
from hub.drill.message import FLAG, Message, envelope, moment
from hub.drill.streams import stream
from hub.records.observation import Fix

FAILED: Final = 0.05
OUTLYING: Final = 0.01
METRES_PER_HDOP: Final = 6.0


class Collars:
    """The collars on the animals of `herd` (all of them wear one)."""

    def __init__(self, seed: int, herd: Herd, faults: Faults) -> None:
        self._seed = seed
        self._herd = herd
        self._faults = faults
        self._keys = [animal.collar or "" for animal in herd.animals]
        rng = stream(seed, "collar habits")
        self._phase_s = rng.uniform(120, BLOCK_S - 120, len(self._keys))
        self._battery = rng.uniform(55, 100, len(self._keys))
        self._death_s = np.array([faults.collar_death(key) for key in self._keys])

    def block(self, index: int, begin_s: float) -> list[Message]:
        """The fixes taken in hour `index` of the drill, which begins at `begin_s`."""
        count = len(self._keys)
        rng = stream(self._seed, "collars", int(begin_s))
        into = self._phase_s + rng.uniform(-90, 90, count)
        failed, outlying = rng.random(count) < FAILED, rng.random(count) < OUTLYING
        hdop = np.round(1 + rng.gamma(1.5, 0.6, count) + 6 * outlying, 1)
        error_m = np.where(outlying, 1_500.0, METRES_PER_HDOP * hdop)[:, None] * rng.standard_normal((count, 2))
        satellites = rng.integers(4, 11, count)

        paths, steps = self._herd.block(index), into / STEP_S
        lower = np.minimum(steps.astype(int), STEPS - 1)
        rows = np.arange(count)
        before, after = paths[rows, lower], paths[rows, lower + 1]
        places = degrees(before + (after - before) * (steps - lower)[:, None] + error_m)
        speeds = np.hypot(*(after - before).T) / STEP_S

        messages: list[Message] = []
        for row in np.flatnonzero(begin_s + into < self._death_s):
            key, taken_s = self._keys[row], begin_s + float(into[row])
            told: dict[str, Any] = {
                "device": key,
                "observed_at": moment(taken_s),
                "source_id": f"{key}:{round(taken_s)}",
                "battery_percent": round(max(5.0, float(self._battery[row]) - begin_s / DAY_S % 90 / 2), 1),
            }
            if failed[row]:
                fix = Fix(**told, flags=(FLAG, "failed_fix"), attributes={"satellites": 2})
            else:
                fix = Fix(
                    **told,
                    longitude=float(places[row, 0]),
                    latitude=float(places[row, 1]),
                    uncertainty_m=round(METRES_PER_HDOP * float(hdop[row]), 1),
                    speed_mps=round(float(speeds[row]), 2),
                    flags=(FLAG,),
                    attributes={"hdop": float(hdop[row]), "satellites": int(satellites[row])},
                )
            messages.append(envelope(fix, self._faults.collar_delivery(key, taken_s)))
        return messages
