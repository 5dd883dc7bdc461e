"""People on the move: patrols in three shifts, villagers, drivers, and poachers. A day depends on the seed alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from shapely.geometry import LineString, Point

from hub.drill.geography import UTC_OFFSET_S, Floats, Way, ground, metres, roughen
from hub.drill.outlines import SETTLEMENTS
from hub.drill.streams import stream

DAY_S: Final = 86_400.0
SHIFT_S: Final = 28_800.0
TEAMS: Final = 9
DRIVING_TEAMS: Final = 3
MAIN_ROAD: Final = "Khasan – Razdolnoye"
DRIVING_BASES: Final = ("Kraskino", "Narva", "Barabash")

Role = Literal["ranger", "villager", "poacher"]


@dataclass(frozen=True, slots=True)
class Trip:
    """One traveller's true way: `xy` (n, 2) metres at `times_s` (n,), straight in between.

    riding: inside a vehicle that is a trip of its own, so no camera sees the person. shots_s: when they fire a gun.
    """

    traveller: str
    kind: Literal["person", "vehicle"]
    role: Role
    times_s: Floats
    xy: Floats
    riding: bool = False
    shots_s: tuple[float, ...] = ()

    @property
    def begin_s(self) -> float:
        return float(self.times_s[0])

    @property
    def end_s(self) -> float:
        return float(self.times_s[-1])

    def at(self, times_s: Floats) -> Floats:
        """(n,) seconds → (n, 2) metres; outside the trip, its nearer end."""
        return np.column_stack([np.interp(times_s, self.times_s, self.xy[:, axis]) for axis in (0, 1)])


@dataclass(slots=True)
class People:
    """All trips of the drill, made day by day (by the local calendar) and kept for the last few days asked for."""

    seed: int
    scale: float
    _days: dict[int, list[Trip]] = field(default_factory=dict)

    def between(self, begin_s: float, end_s: float) -> list[Trip]:
        """Trips that are under way at some time in [begin_s, end_s); a trip may have begun the evening before."""
        first, last = (int((at + UTC_OFFSET_S) // DAY_S) for at in (begin_s, end_s))
        trips = [trip for day in range(first - 1, last + 1) for trip in self._day(day)]
        return [trip for trip in trips if trip.begin_s < end_s and trip.end_s > begin_s]

    def _day(self, day: int) -> list[Trip]:
        if day not in self._days:
            for old in sorted(self._days)[:-4]:
                del self._days[old]
            midnight_s = day * DAY_S - UTC_OFFSET_S
            self._days[day] = [
                *(trip for team in range(TEAMS) for trip in patrol(self.seed, team, day)),
                *_walkers(self.seed, day, midnight_s, round(24 * self.scale)),
                *_drivers(self.seed, day, midnight_s, round(40 * self.scale)),
                *_poachers(self.seed, day, midnight_s, self.scale),
            ]
        return self._days[day]


def beat(team: int) -> tuple[Way, float]:
    """The way that a team patrols and the distance along it of its base, where it is when off duty."""
    ways = {way.name: way for way in ground().ways}
    if team >= DRIVING_TEAMS:
        return ground().tracks[team - DRIVING_TEAMS], 0.0
    base = metres([SETTLEMENTS[DRIVING_BASES[team]]])[0]
    return ways[MAIN_ROAD], float(LineString(ways[MAIN_ROAD].xy).project(Point(*base)))


def patrol(seed: int, team: int, day: int) -> list[Trip]:
    """The shift of a team on a local day: out along its beat and back to the base; driving teams take their vehicle."""
    rng = stream(seed, "patrol", team, day)
    begin_s = day * DAY_S - UTC_OFFSET_S + SHIFT_S * (team % 3)
    driving = team < DRIVING_TEAMS
    times_s = begin_s + np.arange(0, SHIFT_S + 1, 60.0)
    way, base_m = beat(team)
    speed_mps = rng.uniform(7, 11) if driving else rng.uniform(0.8, 1.2)
    gone_m = base_m + speed_mps * np.minimum(times_s - begin_s, begin_s + SHIFT_S - times_s)
    # Turned back at each end of the way, as often as the shift is long.
    xy = way.at(way.length_m - np.abs(gone_m % (2 * way.length_m) - way.length_m))
    ranger = Trip(f"ranger-{team + 1}", "person", "ranger", times_s, xy, riding=driving)
    return [ranger, Trip(f"vehicle-{team + 1}", "vehicle", "ranger", times_s, xy)] if driving else [ranger]


def _timed(xy: Floats, begin_s: float, speed_mps: float) -> Floats:
    return begin_s + np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T)))) / speed_mps


def _walkers(seed: int, day: int, midnight_s: float, count: int) -> list[Trip]:
    rng = stream(seed, "walkers", day)
    villages = list(ground().settlements.values())
    trips: list[Trip] = []
    for number in range(count):
        home = villages[rng.integers(len(villages))]
        bearing, reach_m = rng.uniform(0, 2 * np.pi), rng.uniform(800, 5_000)
        out = roughen(np.array([home, home + reach_m * np.array([np.sin(bearing), np.cos(bearing)])]), rng)
        begin_s = midnight_s + rng.uniform(6, 17) * 3_600
        if LineString(out).within(ground().land):
            xy = np.concatenate((out, out[-2::-1]))
            trips.append(Trip(f"walker-{day}-{number}", "person", "villager", _timed(xy, begin_s, 0.9), xy))
    return trips


def _drivers(seed: int, day: int, midnight_s: float, count: int) -> list[Trip]:
    rng = stream(seed, "drivers", day)
    roads = [way for way in ground().ways if way.public]
    share = np.array([way.length_m for way in roads])
    trips: list[Trip] = []
    for number in range(count):
        way = roads[rng.choice(len(roads), p=share / share.sum())]
        ends, speed_mps = rng.uniform(0, way.length_m, 2), rng.uniform(11, 19)
        begin_s = midnight_s + rng.uniform(5, 23) * 3_600
        lasts_s = max(60.0, abs(ends[1] - ends[0]) / speed_mps)
        times_s = np.linspace(0, lasts_s, 2 + int(lasts_s // 30))
        xy = way.at(np.interp(times_s, (0, lasts_s), ends))
        trips.append(Trip(f"car-{day}-{number}", "vehicle", "villager", begin_s + times_s, xy))
    return trips


def _poachers(seed: int, day: int, midnight_s: float, scale: float) -> list[Trip]:
    """At least one a day, between dusk and the small hours: over the border on foot, or by a track and then on foot."""
    rng = stream(seed, "poachers", day)
    trips: list[Trip] = []
    for number in range(1 + rng.poisson(1.2 * scale)):
        begin_s = midnight_s + rng.uniform(19, 27) * 3_600
        targets = ground().scatter(rng, ground().cores, 60)
        if rng.random() < 0.5:
            entry = ground().border[rng.integers(len(ground().border) // 6, len(ground().border) * 5 // 6)]
            goal = _reachable(targets, entry, rng)
            start = entry - 1_500 * (goal - entry) / np.hypot(*(goal - entry))
            trips.append(_foray(f"poacher-{day}-{number}", start, goal, begin_s, rng))
        else:
            way = ground().tracks[rng.integers(len(ground().tracks))]
            park_m, speed_mps = rng.uniform(0.2, 0.6) * way.length_m, rng.uniform(3, 6)
            drive_s = park_m / speed_mps
            start = way.at(np.array([park_m]))[0]
            goal = _reachable(targets, start, rng)
            foray = _foray(f"poacher-{day}-{number}", start, goal, begin_s + drive_s, rng)
            legs_s = np.arange(0, drive_s, 60.0)
            times_s = np.concatenate((begin_s + legs_s, [foray.begin_s], foray.end_s + legs_s, [foray.end_s + drive_s]))
            turns_s = (begin_s, foray.begin_s, foray.end_s, foray.end_s + drive_s)
            along_m = np.interp(times_s, turns_s, (0, park_m, park_m, 0))
            trips += [foray, Trip(f"poacher-car-{day}-{number}", "vehicle", "poacher", times_s, way.at(along_m))]
    return trips


def _reachable(targets: Floats, start: Floats, rng: np.random.Generator) -> Floats:
    away_m = np.hypot(*(targets - start).T)
    near = targets[(away_m > 1_500) & (away_m < 9_000)]
    return near[rng.integers(len(near))] if len(near) else targets[np.argmin(away_m)]


def _foray(name: str, start: Floats, goal: Floats, begin_s: float, rng: np.random.Generator) -> Trip:
    """In by a crooked way, some hours of setting snares around the goal, a few shots, and out by the same way."""
    into = roughen(np.array([start, goal]), rng, roughness=0.15, halvings=5)
    there = goal + np.cumsum(rng.normal(0, 90, (12, 2)), axis=0)
    in_s = _timed(into, begin_s, rng.uniform(0.9, 1.3))
    stay_s = in_s[-1] + np.linspace(0, 1, 13)[1:] * rng.uniform(1, 3.5) * 3_600
    xy = np.concatenate((into, there, into[::-1]))
    out_s = stay_s[-1] + 300 + (in_s - in_s[0])
    shots = tuple(float(at) for at in rng.uniform(in_s[-1], stay_s[-1], rng.poisson(1.5)))
    return Trip(name, "person", "poacher", np.concatenate((in_s, stay_s, out_s)), xy, shots_s=shots)
