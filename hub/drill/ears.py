"""Microphones on the masts: they hear shots."""

from __future__ import annotations

from typing import Final

import numpy as np

from hub.drill.geography import degrees, ground
from hub.drill.message import FLAG, Message, envelope, moment
from hub.drill.people import Trip
from hub.drill.streams import stream
from hub.records.observation import Detection

AUDIBLE_M: Final = 4_000.0
SOUND_MPS: Final = 335.0


class Ears:
    """One microphone a mast; hears a shot at distance d with probability exp(-d^2 / 2 AUDIBLE_M^2)."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.keys = [f"ear-{index + 1:02d}" for index in range(len(ground().repeaters))]
        self.places = degrees(ground().repeaters).tolist()

    def block(self, begin_s: float, end_s: float, trips: list[Trip]) -> list[Message]:
        """Shots fired in [begin_s, end_s), as each microphone heard them."""
        rng = stream(self._seed, "ears", int(begin_s))
        messages: list[Message] = []
        for trip in trips:
            for fired_s in (at_s for at_s in trip.shots_s if begin_s <= at_s < end_s):
                away_m = np.linalg.norm(ground().repeaters - trip.at(np.array([fired_s])), axis=1)
                heard = rng.random(len(away_m)) < np.exp(-0.5 * (away_m / AUDIBLE_M) ** 2)
                for ear in np.flatnonzero(heard):
                    heard_s = fired_s + float(away_m[ear]) / SOUND_MPS
                    shot = Detection(
                        device=self.keys[ear],
                        observed_at=moment(heard_s),
                        longitude=self.places[ear][0],
                        latitude=self.places[ear][1],
                        uncertainty_m=AUDIBLE_M,
                        flags=(FLAG,),
                        label="gunshot",
                        probability=round(float(rng.beta(7, 2)), 3),
                    )
                    messages.append(envelope(shot, heard_s + float(rng.uniform(2, 20))))
        return messages
