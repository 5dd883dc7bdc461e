"""What really happens in the drill, for scoring what the hub made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import numpy as np
import shapely
from shapely.geometry import LineString

from hub.drill.geography import Floats, degrees
from hub.drill.message import moment
from hub.drill.watched import shapes


@dataclass(frozen=True, slots=True)
class Body:
    """Somebody or something that moves. role: a species, or ``ranger``, ``villager``, ``poacher``."""

    id: UUID
    kind: Literal["individual", "person", "vehicle"]
    key: str
    role: str
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Blaze:
    """A fire as it stands."""

    key: str
    longitude: float
    latitude: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """The true path of a body crossed the edge of a fence."""

    body: UUID
    key: str
    role: str
    fence: str
    kind: Literal["enter", "exit"]
    at: datetime
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Truth:
    """All bodies and fires at `at`, and the crossings in [since, at)."""

    at: datetime
    since: datetime
    bodies: tuple[Body, ...]
    fires: tuple[Blaze, ...]
    crossings: tuple[Crossing, ...]

    @property
    def poachers(self) -> tuple[Body, ...]:
        """Who is up to no good, and their vehicles."""
        return tuple(body for body in self.bodies if body.role == "poacher")


class Course(NamedTuple):
    """A true path: (n, 2) metres at (n,) seconds, straight in between."""

    id: UUID
    key: str
    role: str
    times_s: Floats
    xy: Floats


def crossings(courses: Sequence[Course]) -> list[Crossing]:
    """Every crossing of a fence of the drill by these paths, in order of time."""
    paths = [LineString(course.xy) for course in courses]
    found: list[Crossing] = []
    for fence, shape in shapes().items():
        shapely.prepare(shape)
        edge = shapely.boundary(shape)
        shapely.prepare(edge)
        for course, cut in zip(courses, shapely.intersects(edge, paths), strict=True):
            if cut:
                found += _along(course, fence, shape, edge)
    return sorted(found, key=lambda crossing: (crossing.at, crossing.key, crossing.fence))


def _along(course: Course, fence: str, shape: shapely.Geometry, edge: shapely.Geometry) -> list[Crossing]:
    """The crossings of one path and one edge: where the path is cut, and which side it is on between the cuts."""
    span_m = np.hypot(*np.diff(course.xy, axis=0).T)
    along_m = np.concatenate(([0.0], np.cumsum(span_m)))
    cuts_m: list[float] = []
    segments = [LineString(pair) for pair in np.stack((course.xy[:-1], course.xy[1:]), axis=1)]
    for number in np.flatnonzero(shapely.intersects(edge, segments)):
        cuts = shapely.get_coordinates(shapely.intersection(segments[number], edge))
        cuts_m += (along_m[number] + np.hypot(*(cuts - course.xy[number]).T)).tolist()
    marks_m = np.unique(np.concatenate(([0.0], cuts_m, along_m[-1:])))
    middles = _at(course, along_m, (marks_m[:-1] + marks_m[1:]) / 2)
    inside = shapely.contains_xy(shape, middles[:, 0], middles[:, 1])
    turns = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    places = degrees(_at(course, along_m, marks_m[turns]))
    return [
        Crossing(
            body=course.id,
            key=course.key,
            role=course.role,
            fence=fence,
            kind="enter" if inside[turn] else "exit",
            at=moment(float(np.interp(marks_m[turn], along_m, course.times_s))),
            longitude=float(place[0]),
            latitude=float(place[1]),
        )
        for turn, place in zip(turns, places, strict=True)
    ]


def _at(course: Course, along_m: Floats, wanted_m: Floats) -> Floats:
    return np.column_stack([np.interp(wanted_m, along_m, course.xy[:, axis]) for axis in (0, 1)])
