"""Fires that grow, and the pixels that passing satellites report of them hours later (in the terms of NASA FIRMS)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from shapely import contains_xy

from hub.drill.faults import DAY_S
from hub.drill.geography import UTC_OFFSET_S, Floats, degrees, ground
from hub.drill.message import FLAG, Message, envelope, moment
from hub.drill.streams import stream
from hub.records.observation import Detection

PIXEL_M: Final = 375.0
SATELLITES: Final = ("viirs-snpp", "viirs-noaa20", "viirs-noaa21")
LONGEST_DAYS: Final = 3


@dataclass(frozen=True, slots=True)
class Fire:
    """Burns from `begin_s` to `end_s`; its front is a circle that grows by `growth_mps`."""

    key: str
    xy: tuple[float, float]
    begin_s: float
    end_s: float
    growth_mps: float

    def radius_m(self, at_s: float) -> float:
        """Radius of the burnt ground while it burns."""
        return self.growth_mps * (at_s - self.begin_s)


class Fires:
    """About one fire a day, most beside roads, and six overpasses a day."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def burning(self, at_s: float) -> list[Fire]:
        """The fires that burn at this time."""
        today = int(at_s // DAY_S)
        fires = [fire for day in range(today - LONGEST_DAYS, today + 1) for fire in self._lit(day)]
        return [fire for fire in fires if fire.begin_s <= at_s < fire.end_s]

    def block(self, begin_s: float, end_s: float) -> list[Message]:
        """Pixels of the overpasses in [begin_s, end_s)."""
        passes = [
            (passed_s, satellite)
            for day in range(int(begin_s // DAY_S) - 1, int(end_s // DAY_S) + 1)
            for passed_s, satellite in self._passes(day)
            if begin_s <= passed_s < end_s
        ]
        return [message for passed_s, satellite in passes for message in self._pixels(passed_s, satellite)]

    def _lit(self, day: int) -> list[Fire]:
        rng = stream(self._seed, "fires", day)
        roads = [way for way in ground().ways if way.public]
        fires: list[Fire] = []
        for number in range(rng.poisson(1.0)):
            way = roads[rng.integers(len(roads))]
            xy = way.at(rng.uniform(0, way.length_m, 1))[0] + rng.normal(0, 1_500, 2)
            begin_s = day * DAY_S + float(rng.uniform(0, DAY_S))
            lasts_s = float(rng.uniform(6, 24 * (LONGEST_DAYS - 1))) * 3_600
            growth_mps = float(rng.uniform(20, 90)) / 3_600
            fire = Fire(f"fire-{day}-{number}", (float(xy[0]), float(xy[1])), begin_s, begin_s + lasts_s, growth_mps)
            if contains_xy(ground().land, *fire.xy):
                fires.append(fire)
        return fires

    def _passes(self, day: int) -> list[tuple[float, str]]:
        """Half past one by day and by night, local time, each satellite 50 minutes behind the one before."""
        first_s = day * DAY_S - UTC_OFFSET_S + 5_400
        noise = stream(self._seed, "overpasses", day).uniform(-900, 900, (2, len(SATELLITES)))
        return [
            (first_s + half * DAY_S / 2 + 3_000 * (turn - 1) + float(noise[half, turn]), satellite)
            for half in (0, 1)
            for turn, satellite in enumerate(SATELLITES)
        ]

    def _pixels(self, passed_s: float, satellite: str) -> list[Message]:
        rng = stream(self._seed, "pixels", satellite, round(passed_s))
        delay_s = float(rng.uniform(1.0, 3.0)) * 3_600
        day = 6 <= (passed_s + UTC_OFFSET_S) % DAY_S / 3_600 < 19
        messages: list[Message] = []
        for fire in self.burning(passed_s):
            cells = _front(fire, passed_s)
            cells = cells[rng.random(len(cells)) < 0.8]
            for longitude, latitude in degrees(cells * PIXEL_M).tolist():
                power_mw = round(float(rng.gamma(2, 4)), 2)
                pixel = Detection(
                    device=satellite,
                    observed_at=moment(passed_s - passed_s % 60),
                    longitude=longitude,
                    latitude=latitude,
                    uncertainty_m=PIXEL_M / 2,
                    flags=(FLAG,),
                    label="fire",
                    probability=0.9 if power_mw > 5 else 0.6,
                    attributes={
                        "frp": power_mw,
                        "bright_ti4": round(310 + 2 * power_mw, 1),
                        "confidence": "n" if power_mw > 5 else "l",
                        "daynight": "D" if day else "N",
                        "instrument": "VIIRS",
                    },
                )
                messages.append(envelope(pixel, passed_s + delay_s))
        return messages


def _front(fire: Fire, at_s: float) -> Floats:
    """(n, 2) indices of the pixels that the front of a fire lies in, each once."""
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    ring = np.array(fire.xy) + fire.radius_m(at_s) * np.column_stack((np.sin(angle), np.cos(angle)))
    return np.unique(np.round(ring / PIXEL_M), axis=0)
