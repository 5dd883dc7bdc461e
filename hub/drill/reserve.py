"""The simulated reserve: what its devices send, and what is true."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from hub.drill.animals import BLOCK_S, STEP_S, STEPS, Herd, population
from hub.drill.cameras import Cameras
from hub.drill.collars import Collars
from hub.drill.ears import Ears
from hub.drill.faults import Faults
from hub.drill.fires import Fires
from hub.drill.geography import Floats, degrees
from hub.drill.message import Message, unix
from hub.drill.people import People
from hub.drill.phones import Phones
from hub.drill.reference import ReserveReference, identity, refer
from hub.drill.truth import Blaze, Body, Course, Truth, crossings

HISTORY_CAMERA_HOURS: Final = 72
HISTORY_PHONE_HOURS: Final = 24
HISTORY_PHONE_S: Final = 60
TRUTH_HOURS: Final = 96
"""For so long the true paths of animals are kept."""


class Reserve:
    """Deterministic for a seed and start, whatever the steps of `advance`: it thinks in whole hours since `start`.

    start: aware; the whole second of it counts. scale: share of the animals, cameras, villagers and poachers (patrols
    stay nine teams).
    """

    def __init__(self, seed: int, start: datetime, scale: float = 1.0) -> None:
        self.start = start.replace(microsecond=0)
        self._start_s = unix(self.start)
        self._faults = Faults(seed, self._start_s)
        animals = population(seed, scale)
        self._herds = (
            Herd(seed, [animal for animal in animals if animal.collar]),
            Herd(seed, [animal for animal in animals if not animal.collar]),
        )
        self._animals = [animal for herd in self._herds for animal in herd.animals]
        self._collars = Collars(seed, self._herds[0], self._faults)
        self._cameras = Cameras(seed, scale, self._faults)
        self._people = People(seed, scale)
        self._phones = Phones(seed, self._people, self._faults)
        self._ears = Ears(seed)
        self._fires = Fires(seed)
        self._pending: list[Message] = []
        self._next = 0
        self._until = self.start

    def reference(self) -> ReserveReference:
        """What the hub must know before the first message."""
        return refer(self._animals, self._cameras, self._ears, self.start)

    def advance(self, until: datetime) -> list[Message]:
        """Messages delivered since the last call (at first: since `start`) and before `until`, in order of delivery."""
        while self._begin_s(self._next) < unix(until):
            begin_s = self._begin_s(self._next)
            collars, phones = self._collars.block(self._next, begin_s), self._phones.block(begin_s)
            self._add(self._next, collars + self._stations(self._next) + phones)
            self._next += 1
            for herd in self._herds:
                herd.forget(self._next - TRUTH_HOURS)
        self._until = max(self._until, until)
        return self._deliver(self._until)

    def history(self, days: int) -> list[Message]:
        """Messages delivered before `start`: collars for `days` days, cameras for the last three, phones for the last.

        What was observed before `start` and is still under way comes with `advance`. Call it once, before `advance`.
        """
        if self._next or self._pending:
            raise RuntimeError("the history of a drill comes once, before its first advance")
        for index in range(-24 * days, 0):
            messages = self._collars.block(index, self._begin_s(index))
            if index >= -HISTORY_CAMERA_HOURS:
                messages += self._stations(index)
            if index >= -HISTORY_PHONE_HOURS:
                messages += self._phones.block(self._begin_s(index), HISTORY_PHONE_S)
            self._add(index, messages)
        return self._deliver(self.start)

    def truth(self, at: datetime, since: datetime | None = None) -> Truth:
        """Who is where at `at`, and which fences were crossed in [since, at); by default the hour before.

        LookupError for animals more than TRUTH_HOURS behind the furthest `advance`.
        """
        since = since or at - timedelta(hours=1)
        at_s, since_s = unix(at), unix(since)
        index = int((at_s - self._start_s) // BLOCK_S)
        steps = (at_s - self._begin_s(index)) / STEP_S
        lower = min(int(steps), STEPS - 1)
        paths = self._paths(index)
        animals = degrees(paths[:, lower] + (paths[:, lower + 1] - paths[:, lower]) * (steps - lower)).tolist()
        bodies = [
            Body(identity("individual", animal.key), "individual", animal.key, animal.species.key, place[0], place[1])
            for animal, place in zip(self._animals, animals, strict=True)
        ]
        for trip in self._people.between(at_s, at_s + 0.001):
            longitude, latitude = degrees(trip.at(np.array([at_s])))[0].tolist()
            who = identity(trip.kind, trip.traveller)
            bodies.append(Body(who, trip.kind, trip.traveller, trip.role, longitude, latitude))
        fires = [
            Blaze(fire.key, place[0], place[1], fire.radius_m(at_s))
            for fire in self._fires.burning(at_s)
            for place in degrees(np.array([fire.xy])).tolist()
        ]
        crossed = crossings(self._courses(since_s, at_s))
        return Truth(at, since, tuple(bodies), tuple(fires), tuple(crossed))

    def _begin_s(self, index: int) -> float:
        return self._start_s + index * BLOCK_S

    def _paths(self, index: int) -> Floats:
        return np.concatenate([herd.block(index) for herd in self._herds])

    def _stations(self, index: int) -> list[Message]:
        """What cameras, microphones and satellites see of an hour."""
        begin_s, end_s = self._begin_s(index), self._begin_s(index + 1)
        trips = self._people.between(begin_s, end_s)
        return [
            *self._cameras.block(begin_s, self._animals, self._paths(index), trips),
            *self._ears.block(begin_s, end_s, trips),
            *self._fires.block(begin_s, end_s),
        ]

    def _add(self, index: int, messages: list[Message]) -> None:
        self._pending += self._faults.spoil(messages, self._begin_s(index))
        self._pending.sort()

    def _deliver(self, until: datetime) -> list[Message]:
        cut = bisect_left(self._pending, until, key=lambda message: message.delivered_at)
        due, self._pending = self._pending[:cut], self._pending[cut:]
        return due

    def _courses(self, since_s: float, at_s: float) -> list[Course]:
        """True paths of everybody, cut to [since_s, at_s]."""
        first = int((since_s - self._start_s) // BLOCK_S)
        last = max(first, int(np.ceil((at_s - self._start_s) / BLOCK_S)) - 1)
        hours = [self._paths(index) for index in range(first, last + 1)]
        # The end of an hour is the beginning of the next.
        paths = np.concatenate([hour[:, :-1] for hour in hours] + [hours[-1][:, -1:]], axis=1)
        times_s = self._begin_s(first) + STEP_S * np.arange(paths.shape[1])
        courses = [
            Course(identity("individual", animal.key), animal.key, animal.species.key, times_s, path)
            for animal, path in zip(self._animals, paths, strict=True)
        ]
        courses += [
            Course(identity(trip.kind, trip.traveller), trip.traveller, trip.role, trip.times_s, trip.xy)
            for trip in self._people.between(since_s, at_s)
        ]
        return [_cut(course, since_s, at_s) for course in courses]


def _cut(course: Course, since_s: float, at_s: float) -> Course:
    """The part of a course between two times."""
    since_s, at_s = max(since_s, float(course.times_s[0])), min(at_s, float(course.times_s[-1]))
    within = course.times_s[(course.times_s > since_s) & (course.times_s < at_s)]
    times_s = np.concatenate(([since_s], within, [at_s]))
    xy = np.column_stack([np.interp(times_s, course.times_s, course.xy[:, axis]) for axis in (0, 1)])
    return course._replace(times_s=times_s, xy=xy)
