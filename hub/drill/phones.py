"""What patrols carry: a phone with OwnTracks each, and a tracker in every patrol vehicle."""

from __future__ import annotations

from typing import Final

import numpy as np

from hub.drill.faults import Faults
from hub.drill.geography import Floats, degrees
from hub.drill.message import FLAG, Message, envelope, moment, owntracks
from hub.drill.people import DRIVING_TEAMS, TEAMS, People, Trip, beat
from hub.drill.streams import stream
from hub.records.observation import Fix

ON_DUTY_S: Final = 10
OFF_DUTY_S: Final = 300
VEHICLE_S: Final = 30
HOUR_S: Final = 3_600


def phone_key(team: int) -> str:
    """Device key of a team's phone, as OwnTracks names it: user/phone."""
    return f"ranger-{team + 1}/phone"


class Phones:
    """Phones of all teams: every 10 s on duty, every 5 min at the base; vehicles every 30 s while they drive."""

    def __init__(self, seed: int, people: People, faults: Faults) -> None:
        self._seed = seed
        self._people = people
        self._faults = faults

    def block(self, begin_s: float, on_duty_s: int = ON_DUTY_S) -> list[Message]:
        """The fixes taken in the hour from `begin_s`, one in `on_duty_s` seconds from each phone on duty."""
        trips = self._people.between(begin_s, begin_s + HOUR_S)
        messages: list[Message] = []
        for team in range(TEAMS):
            trip = next((trip for trip in trips if trip.traveller == f"ranger-{team + 1}"), None)
            messages += self._phone(team, trip, begin_s, on_duty_s)
            if team < DRIVING_TEAMS and trip:
                messages += self._vehicle(team, trip, begin_s)
        return messages

    def _phone(self, team: int, trip: Trip | None, begin_s: float, on_duty_s: int) -> list[Message]:
        rng = stream(self._seed, "phone", team, int(begin_s))
        # Teams report out of step, so that the map moves every few seconds.
        fast = _ticks(begin_s, on_duty_s, 3 * (team // 3))
        slow = _ticks(begin_s, OFF_DUTY_S, 31 * team)
        if trip:
            resting = (slow < trip.begin_s) | (slow >= trip.end_s)
            times_s = np.sort(np.concatenate((fast[(fast >= trip.begin_s) & (fast < trip.end_s)], slow[resting])))
            xy = trip.at(times_s)
            ahead = trip.at(times_s + 5) - trip.at(times_s - 5)
        else:
            way, base_m = beat(team)
            times_s = slow
            xy = way.at(np.full(len(slow), base_m))
            ahead = np.zeros_like(xy)
        accuracy_m = rng.integers(4, 13, len(times_s))
        places = degrees(xy + rng.standard_normal(xy.shape) * accuracy_m[:, None] / 2)
        speed_kmh, heading_deg = _motion(ahead / 10)
        battery = _battery(times_s, team)
        key = phone_key(team)
        return [
            owntracks(
                key,
                {
                    "tid": f"r{team + 1}",
                    "tst": int(taken_s),
                    "lon": lon,
                    "lat": lat,
                    "acc": acc,
                    "vel": round(vel),
                    "cog": round(cog),
                    "batt": int(batt),
                    "conn": "m",
                },
                delivered_s,
            )
            for taken_s, (lon, lat), acc, vel, cog, batt, delivered_s in zip(
                times_s.tolist(),
                places.tolist(),
                accuracy_m.tolist(),
                speed_kmh.tolist(),
                heading_deg.tolist(),
                battery.tolist(),
                self._faults.phone_delivery(key, times_s).tolist(),
                strict=True,
            )
        ]

    def _vehicle(self, team: int, trip: Trip, begin_s: float) -> list[Message]:
        rng = stream(self._seed, "vehicle", team, int(begin_s))
        ticks = _ticks(begin_s, VEHICLE_S, 7 * team)
        times_s = ticks[(ticks >= trip.begin_s) & (ticks < trip.end_s)]
        places = degrees(trip.at(times_s) + rng.normal(0, 4, (len(times_s), 2)))
        speed_kmh, heading_deg = _motion((trip.at(times_s + 5) - trip.at(times_s - 5)) / 10)
        key = f"vehicle-{team + 1}/tracker"
        return [
            envelope(
                Fix(
                    device=key,
                    observed_at=moment(taken_s),
                    longitude=lon,
                    latitude=lat,
                    uncertainty_m=8.0,
                    speed_mps=round(vel / 3.6, 1),
                    heading_deg=round(cog, 1),
                    flags=(FLAG,),
                ),
                delivered_s,
            )
            for taken_s, (lon, lat), vel, cog, delivered_s in zip(
                times_s.tolist(),
                places.tolist(),
                speed_kmh.tolist(),
                heading_deg.tolist(),
                self._faults.phone_delivery(key, times_s).tolist(),
                strict=True,
            )
        ]


def _ticks(begin_s: float, every_s: int, phase_s: int) -> Floats:
    """Times of the hour from `begin_s` that are `phase_s` after a multiple of `every_s` since 1970."""
    first = begin_s + (phase_s - begin_s) % every_s
    return np.arange(first, begin_s + HOUR_S, every_s, dtype=np.float64)


def _motion(velocity_mps: Floats) -> tuple[Floats, Floats]:
    """(n, 2) east, north → km/h, degrees from north."""
    east, north = velocity_mps.T
    return np.hypot(east, north) * 3.6, np.degrees(np.arctan2(east, north)) % 360


def _battery(times_s: Floats, team: int) -> Floats:
    """Falls through the day and is charged by night."""
    return 100 - 70 * ((times_s / 86_400 + team / TEAMS) % 1)
