"""Everything that goes wrong between a sensor and the hub. The answers depend on seed and time alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from hub.drill.geography import Floats
from hub.drill.message import Message
from hub.drill.streams import stream

DAY_S: Final = 86_400.0
HOUR_S: Final = 3_600.0
FACTORY_S: Final = 946_684_800.0
"""2000-01-01: where the clock of a camera stands after its battery was changed."""
LOST: Final = 0.004
TWICE: Final = 0.012


class Faults:
    """The faults of one drill. Times are seconds since 1970; `start_s`: collars die only after it."""

    def __init__(self, seed: int, start_s: float) -> None:
        self._seed = seed
        self._start_s = start_s

    def collar_death(self, collar: str) -> float:
        """When the collar falls silent for good: one in eight does, within ten days of the start; the others, never."""
        rng = stream(self._seed, "collar death", collar)
        return self._start_s + float(rng.uniform(1, 10)) * DAY_S if rng.random() < 0.125 else np.inf

    def collar_delivery(self, collar: str, taken_s: float) -> float:
        """When a fix comes down: with the batch of the first successful pass of a satellite, the newest fix first.

        Passes are 3 to 8 h apart, one in four fails, and some spells of two days bring none at all.
        """
        rng = stream(self._seed, "collar passes", collar)
        period, phase = float(rng.uniform(3, 8)) * HOUR_S, float(rng.uniform(0, 1))
        number = int(np.ceil(taken_s / period - phase))
        while True:
            passed_s = (number + phase) * period
            spell = stream(self._seed, "collar spell", collar, int(passed_s // (2 * DAY_S)))
            if spell.random() > 0.06 and stream(self._seed, "pass", collar, number).random() < 0.75:
                return passed_s + 20 + (passed_s - taken_s) / 600
            number += 1

    def cameras_off(self, count: int, at_s: float) -> NDArray[np.bool_]:
        """(count,) which cameras record nothing on the day of `at_s`; the same ones for some days in a row."""
        chance = stream(self._seed, "cameras off", int(at_s // (5 * DAY_S))).random(count)
        return chance < 0.015

    def clocks_reset(self, count: int, at_s: float) -> NDArray[np.bool_]:
        """(count,) which cameras think today that it is the year 2000."""
        return stream(self._seed, "clock reset", int(at_s // DAY_S)).random(count) < 0.006

    def camera_delivery(self, repeater: int, taken_s: Floats, rng: np.random.Generator) -> Floats:
        """(n,) seconds of delivery through one repeater: soon, or in a muddled flush when it is up again."""
        arrives = taken_s + 2 + rng.exponential(12, len(taken_s))
        for day in {int(at // DAY_S) - back for at in taken_s for back in (0, 1)}:
            outage = stream(self._seed, "repeater", repeater, day)
            if outage.random() < 0.12:
                down = (day + outage.random()) * DAY_S
                up = down + float(outage.uniform(1, 9)) * HOUR_S
                caught = (arrives >= down) & (arrives < up)
                arrives[caught] = up + rng.uniform(0, 600, int(caught.sum()))
        return arrives

    def phone_delivery(self, phone: str, taken_s: Floats) -> Floats:
        """(n,) seconds of delivery of one phone's fixes: at once, or in a row after a valley without network."""
        arrives = taken_s + 0.4
        for hour in sorted({int(at // HOUR_S) - back for at in taken_s for back in (0, 1)}):
            valley = stream(self._seed, "valley", phone, hour)
            if valley.random() < 0.08:
                into = (hour + valley.random()) * HOUR_S
                out = into + float(valley.uniform(3, 15)) * 60
                caught = (taken_s >= into) & (taken_s < out)
                arrives[caught] = out + (taken_s[caught] - into) / 200
        return arrives

    def spoil(self, messages: list[Message], block_s: float) -> list[Message]:
        """Lose some messages of a block, and bring some again minutes later."""
        rng = stream(self._seed, "spoil", int(block_s))
        fate, wait_ms = rng.random(len(messages)), rng.exponential(240_000, len(messages))
        kept = [message for message, chance in zip(messages, fate, strict=True) if chance >= LOST]
        again = [
            msgspec.structs.replace(message, delivered_at=message.delivered_at + timedelta(milliseconds=round(late)))
            for message, chance, late in zip(messages, fate, wait_ms.tolist(), strict=True)
            if LOST <= chance < LOST + TWICE
        ]
        return kept + again
