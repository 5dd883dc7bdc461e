"""Camera stations that go online through repeaters, and what their detector makes of whoever passes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hub.drill.animals import SPECIES, STEP_S, STEPS, Animal
from hub.drill.faults import DAY_S, FACTORY_S, Faults
from hub.drill.geography import Floats, degrees, ground
from hub.drill.message import FLAG, Message, envelope, moment
from hub.drill.people import Trip
from hub.drill.streams import stream
from hub.records.observation import Detection, Reading, Resemblance

NUMBER: Final = 450
ON_TRACKS: Final = 0.25
ON_ROADS: Final = 0.04
HOUR_S: Final = 3_600.0
REACH_M: Final = 300.0
SHARPNESS: Final = 8.0
"""Of the detector: how far its probabilities are from a coin's."""
PEOPLE_STEPS: Final = 60
LIKENESS: Final = 10.0
"""Divergence of the likenesses of one animal from those of others: the best is the right one in 7 of 10, among 120."""
BEST_LIKENESSES: Final = 8

Shot = tuple[int, float, dict[str, Any]]
"""Camera, true seconds, and what the detector says."""


class Cameras:
    """All stations. Detection function: peak exp(-d^2 / 2 width^2) of the nearest distance d within an hour.

    That is the reason why `width` (metres, per axis) is the uncertainty the stations state.
    """

    def __init__(self, seed: int, scale: float, faults: Faults) -> None:
        self._seed = seed
        self._faults = faults
        rng = stream(seed, "cameras")
        number = max(4, round(NUMBER * scale))
        roads = tuple(way for way in ground().ways if way.public)
        ways = [
            kind[index]
            for kind, share in ((ground().tracks, ON_TRACKS), (roads, ON_ROADS))
            for index in rng.choice(len(kind), round(number * share), p=_shares([way.length_m for way in kind]))
        ]
        trail = np.array([way.at(np.array([rng.uniform(0.05, 1) * way.length_m]))[0] for way in ways]).reshape(-1, 2)
        inside = ground().scatter(rng, ground().park, number - len(ways), apart=4)
        self.xy: Floats = np.concatenate((inside, trail + rng.normal(0, 8, trail.shape)))
        self.places = degrees(self.xy).tolist()
        self.keys = [f"cam-{index + 1:03d}" for index in range(number)]
        self.repeater = np.linalg.norm(self.xy[:, None] - ground().repeaters, axis=2).argmin(axis=1)
        self._peak = rng.uniform(0.5, 0.95, number)
        self.width_m = np.round(rng.uniform(50, 120, number), 1)
        # Most clocks are good, some are minutes off, a few keep another time zone.
        clock = rng.choice(3, number, p=(0.85, 0.12, 0.03))
        errors = (rng.normal(0, 15, number), rng.normal(0, 240, number), rng.choice((-3600.0, 3600.0), number))
        self._offset_s = np.choose(clock, errors)
        self._drift = rng.normal(0, 2, number)
        self._battery = rng.uniform(0, 240, number)
        self._heartbeat_s = rng.uniform(0, DAY_S, number)
        self._false_per_hour = rng.gamma(0.5, 1.6 / 24 / 0.5, number)

    def block(self, begin_s: float, animals: list[Animal], paths: Floats, trips: list[Trip]) -> list[Message]:
        """What the stations send of the hour from `begin_s`. `paths`: (animals, STEPS + 1, 2) metres."""
        rng = stream(self._seed, "camera block", int(begin_s))
        on = ~self._faults.cameras_off(len(self.keys), begin_s)
        shots: list[Shot] = []

        times_s = np.broadcast_to(begin_s + STEP_S * np.arange(STEPS + 1), paths.shape[:2])
        for who, where, at_s in self._passages(paths, times_s, rng):
            shots += self._burst(where, at_s, rng, lambda who=who: self._animal(animals, who, rng))

        seen = [trip for trip in trips if not trip.riding]
        if seen:
            begins = [max(begin_s, trip.begin_s) for trip in seen]
            ends = [min(begin_s + HOUR_S, trip.end_s) for trip in seen]
            shares = np.linspace(0, 1, PEOPLE_STEPS + 1, dtype=np.float64)
            spans = np.array(begins)[:, None] + np.subtract(ends, begins)[:, None] * shares
            walks = np.array([trip.at(span) for trip, span in zip(seen, spans, strict=True)])
            for who, where, at_s in self._passages(walks, spans, rng):
                kind = seen[who].kind
                shots += self._burst(where, at_s, rng, lambda kind=kind: _person(kind, rng))

        for where in np.repeat(np.arange(len(self.keys)), rng.poisson(self._false_per_hour)):
            shots.append((int(where), begin_s + rng.uniform(0, HOUR_S), _nothing(rng)))

        return self._send([shot for shot in shots if on[shot[0]]], begin_s, rng) + self._heartbeats(begin_s, on, rng)

    def _passages(
        self, paths: Floats, times_s: NDArray[np.floating[Any]], rng: np.random.Generator
    ) -> list[tuple[int, int, float]]:
        """(who, camera, seconds) of each mover that a station noticed, at its nearest."""
        low, high = paths.min(axis=1) - REACH_M, paths.max(axis=1) + REACH_M
        east, north = self.xy.T
        near = (low[:, :1] <= east) & (east <= high[:, :1]) & (low[:, 1:] <= north) & (north <= high[:, 1:])
        who, where = np.nonzero(near)
        begin = paths[who, :-1]
        step = paths[who, 1:] - begin
        away = self.xy[where][:, None] - begin
        along = np.clip((away * step).sum(axis=2) / np.maximum((step**2).sum(axis=2), 1e-9), 0, 1)
        gap_m: Floats = np.linalg.norm(away - along[..., None] * step, axis=2)
        best: NDArray[np.intp] = gap_m.argmin(axis=1)
        rows = np.arange(len(who))
        chance = self._peak[where] * np.exp(-0.5 * (gap_m[rows, best] / self.width_m[where]) ** 2)
        noticed = np.flatnonzero(rng.random(len(who)) < chance)
        before, after = times_s[who, best], times_s[who, best + 1]
        at_s = before + along[rows, best] * (after - before)
        return [(int(who[row]), int(where[row]), float(at_s[row])) for row in noticed]

    def _burst(self, where: int, at_s: float, rng: np.random.Generator, describe: Any) -> list[Shot]:
        seconds = np.cumsum(rng.uniform(1, 6, 1 + min(3, rng.poisson(1.2))))
        return [(where, at_s + float(later), describe()) for later in seconds]

    def _animal(self, animals: list[Animal], who: int, rng: np.random.Generator) -> dict[str, Any]:
        animal = animals[who]
        luck = rng.random()
        if luck < 0.04:
            return {"label": "animal", "probability": _probability(rng, 0.6)}
        if luck < 0.07:
            other = SPECIES[rng.integers(len(SPECIES))]
            return {"label": "animal", "probability": _probability(rng, 0.55), "scientific_name": other.scientific_name}
        told: dict[str, Any] = {
            "label": "animal",
            "probability": _probability(rng, 0.92),
            "scientific_name": animal.species.scientific_name,
            "count": int(rng.integers(1, animal.species.group + 1)),
        }
        if animal.species.named:
            alike = [other for other in animals if other.species is animal.species]
            if rng.random() < 0.5:
                told["individual"] = (alike[rng.integers(len(alike))] if rng.random() < 0.03 else animal).name
            elif rng.random() < 0.8:
                told["resembles"] = _likenesses(animal, alike, rng)
        return told

    def _send(self, shots: list[Shot], begin_s: float, rng: np.random.Generator) -> list[Message]:
        reset = self._faults.clocks_reset(len(self.keys), begin_s)
        shots.sort(key=lambda shot: shot[:2])
        cameras = np.array([shot[0] for shot in shots], dtype=np.intp)
        taken_s = np.array([shot[1] for shot in shots])
        delivered_s = np.empty_like(taken_s)
        for group in np.unique(self.repeater[cameras]):
            through = self.repeater[cameras] == group
            delivered_s[through] = self._faults.camera_delivery(int(group), taken_s[through], rng)
        boxes = np.round(rng.uniform((0.05, 0.1, 0.1, 0.1), (0.5, 0.5, 0.45, 0.45), (len(shots), 4)), 3).tolist()
        messages: list[Message] = []
        for (camera, at_s, told), box, arrives_s in zip(shots, boxes, delivered_s.tolist(), strict=True):
            key, (longitude, latitude) = self.keys[camera], self.places[camera]
            error_s = float(self._offset_s[camera] + self._drift[camera] * (at_s / DAY_S % 60))
            shown_s = FACTORY_S + at_s % DAY_S if reset[camera] else at_s + error_s
            detection = Detection(
                device=key,
                observed_at=moment(shown_s),
                source_id=f"{key}:{round(at_s * 1000)}",
                longitude=longitude,
                latitude=latitude,
                uncertainty_m=float(self.width_m[camera]),
                flags=(FLAG,),
                bounding_box=tuple(box),
                attributes={"repeater": f"mast-{self.repeater[camera] + 1:02d}"},
                **told,
            )
            messages.append(envelope(detection, arrives_s))
        return messages

    def _heartbeats(self, begin_s: float, on: NDArray[np.bool_], rng: np.random.Generator) -> list[Message]:
        """Once a day each station tells its battery."""
        due_s = begin_s + (self._heartbeat_s - begin_s) % DAY_S
        messages: list[Message] = []
        for camera in np.flatnonzero(on & (due_s < begin_s + HOUR_S)):
            percent = 100 - ((self._battery[camera] + begin_s / DAY_S) % 240) / 2.6
            delivered_s = self._faults.camera_delivery(int(self.repeater[camera]), due_s[camera : camera + 1], rng)
            reading = Reading(
                device=self.keys[camera],
                observed_at=moment(float(due_s[camera])),
                quantity="battery",
                value=round(float(percent), 1),
                unit="%",
                flags=(FLAG,),
            )
            messages.append(envelope(reading, float(delivered_s[0])))
        return messages


def _shares(lengths_m: list[float]) -> Floats:
    return np.array(lengths_m) / sum(lengths_m)


def _probability(rng: np.random.Generator, mean: float) -> float:
    return round(float(rng.beta(SHARPNESS * mean, SHARPNESS * (1 - mean))), 3)


def _likenesses(animal: Animal, alike: list[Animal], rng: np.random.Generator) -> tuple[Resemblance, ...]:
    """The best of a recogniser of coats: log likelihood ratios, of the animal N(d/2, d), of others N(-d/2, d)."""
    ratios = rng.normal(-0.5 * LIKENESS, LIKENESS**0.5, len(alike)) + LIKENESS * np.array([o is animal for o in alike])
    best = np.argsort(-ratios, kind="stable")[:BEST_LIKENESSES]
    names = [(alike[k].name or "", round(float(ratios[k]), 2)) for k in best.tolist()]
    return tuple(Resemblance(individual=name, log_ratio=ratio) for name, ratio in names if name)


def _person(kind: str, rng: np.random.Generator) -> dict[str, Any]:
    label = "animal" if rng.random() < 0.03 else kind
    return {"label": label, "probability": _probability(rng, 0.9 if label == kind else 0.5), "count": 1}


def _nothing(rng: np.random.Generator) -> dict[str, Any]:
    """Grass in the wind: mostly a doubtful animal, now and then a doubtful person."""
    return {"label": "person" if rng.random() < 0.05 else "animal", "probability": _probability(rng, 0.35)}
