"""What is watched: fences with their rules, brought into the form that evidence is taken in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiLineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.fence_edges import Area, Line
from geo.fence_index import FenceIndex
from geo.fence_rules import FenceRules, Threshold, log_odds
from geo.fence_table import Rings
from geo.fences import Fence, rings_of
from geo.frames import LocalFrame
from geo.hysteresis import Settings

Floats = NDArray[np.float64]

# Beyond this many standard deviations from the border a fix is as clear as any fix can be.
FAR_SD = 20.0
_QUARTER = 16
_MOST_EDITS = 16  # of an index, before building it anew is about as quick


@dataclass(frozen=True, slots=True)
class Watched:
    """One version of a fence, an area or a line, and how it is watched."""

    id: str
    version: int
    geometry: Area | Line
    rules: FenceRules = field(default_factory=FenceRules)


@dataclass(frozen=True, slots=True, eq=False)
class Post:
    """One border to watch: that of an area (itself, or the zone of warning around it), or a line.

    core, wide: the area without and with its band, for coming in and for going out. inscribed_m: radius of the largest
    circle within. box: (west, south, east, north) in degrees.
    """

    watched: Watched
    is_line: bool
    is_zone: bool
    frame: LocalFrame
    core: Rings
    wide: Rings
    inscribed_m: float
    box: tuple[float, float, float, float]
    line_m: BaseGeometry | None
    settings: Settings
    alone: FenceIndex

    @property
    def key(self) -> str:
        """Name of the post, unique among those of a watch."""
        return key_of(self.watched.id, zone=self.is_zone)


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """An immutable set of watched fences. `index` holds the borders of areas and zones, by the key of their post."""

    fences: tuple[Watched, ...]
    index: FenceIndex
    boxes: Floats  # [f, 4] of each fence with its zone
    by_key: dict[str, Watched]
    numbers: dict[str, int]
    prepared: dict[int, tuple[Post, ...]] = field(default_factory=dict[int, tuple["Post", ...]])

    @classmethod
    def build(cls, fences: Iterable[Watched], before: Watch | None = None) -> Watch:
        """Raises ValueError if an id comes twice. Quicker where most of the fences stand in a watch from `before`."""
        ordered = tuple(sorted(fences, key=lambda one: one.id))
        borders: list[Fence] = []
        by_key: dict[str, Watched] = {}
        boxes: list[tuple[float, ...]] = []
        for one in ordered:
            if one.id in by_key:
                raise ValueError(f"fence {one.id} is given twice")
            by_key[one.id] = one
            whole: list[Area | Line] = [one.geometry]
            if isinstance(one.geometry, Polygon | MultiPolygon):
                borders.append(Fence(one.id, one.version, one.geometry))
            if one.rules.near_m is not None:
                zone = zone_of(one.geometry, one.rules.near_m)
                by_key[key_of(one.id, zone=True)] = one
                borders.append(Fence(key_of(one.id, zone=True), one.version, zone))
                whole.append(zone)
            boxes.append(tuple(float(v) for v in shapely.total_bounds(whole)))
        numbers = {one.id: k for k, one in enumerate(ordered)}
        index = index_of(borders, None if before is None else before.index)
        return cls(ordered, index, np.array(boxes, np.float64).reshape(-1, 4), by_key, numbers)

    def posts(self, numbers: Sequence[int]) -> list[Post]:
        """The posts of some fences, prepared where that was not done before."""
        out: list[Post] = []
        for k in numbers:
            posts = self.prepared.get(k)
            if posts is None:
                posts = self.prepared[k] = posts_of(self.fences[k])
            out += posts
        return out


def index_of(fences: Iterable[Fence], before: FenceIndex | None = None) -> FenceIndex:
    """An index of these fences: one from `before`, edited, where few of them differ; else built anew.

    Raises ValueError if an id comes twice.
    """
    fences = list(fences)
    new = {fence.id: fence for fence in fences}
    if before is None or len(new) < len(fences):
        return FenceIndex.build(fences)
    old = {fence.id: fence for fence in before.fences}
    gone = old.keys() - new.keys()
    come = [fence for fence in fences if not _same(old.get(fence.id), fence)]
    if len(gone) + len(come) > _MOST_EDITS:
        return FenceIndex.build(fences)
    index = before
    for fence_id in gone:
        index = index.without(fence_id)
    for fence in come:
        index = index.with_fence(fence)
    return index


def _same(old: Fence | None, new: Fence) -> bool:
    if old is None or old.version != new.version:
        return False
    return old.geometry is new.geometry or old.geometry.equals_exact(new.geometry, 0.0)


def key_of(fence_id: str, *, zone: bool) -> str:
    """Name of a post."""
    return f"{fence_id}~near" if zone else fence_id


def is_line(watched: Watched) -> bool:
    """Is the fence a line rather than an area?"""
    return isinstance(watched.geometry, LineString | MultiLineString)


@lru_cache(50_000)
def posts_of(watched: Watched) -> tuple[Post, ...]:
    """The posts of one fence: its border, and the zone around it if it has one."""
    posts = [_post(watched, watched.geometry, zone=False)]
    if watched.rules.near_m is not None:
        posts.append(_post(watched, zone_of(watched.geometry, watched.rules.near_m), zone=True))
    return tuple(posts)


def _post(watched: Watched, geometry: Area | Line, *, zone: bool) -> Post:
    frame = frame_of(geometry)
    west, south, east, north = geometry.bounds
    box = (float(west), float(south), float(east), float(north))
    settings = _settings(watched.rules, line=not zone and is_line(watched), zone=zone)
    if settings.is_line:
        parts = shapely.get_parts(geometry)
        xy = shapely.get_coordinates(parts)
        start = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(parts))]).astype(np.int64)
        lines = Rings(xy[:, 0].copy(), xy[:, 1].copy(), start)
        flat = _in_metres(geometry, frame)
        return Post(watched, True, False, frame, lines, lines, math.inf, box, flat, settings, FenceIndex.build([]))
    assert isinstance(geometry, Polygon | MultiPolygon)
    core = wide = geometry
    band_m = watched.rules.sensitivity.band_m
    if band_m > 0.0 and not zone:
        core, wide = _grown(geometry, -band_m) or geometry, zone_of(geometry, band_m)
    flat = _in_metres(core, frame)
    # What is smaller than the plane can tell has no inside to speak of.
    solid = isinstance(flat, Polygon | MultiPolygon) and not flat.is_empty
    inscribed_m = float(shapely.length(shapely.maximum_inscribed_circle(cast("Polygon", flat)))) if solid else 0.0
    alone = FenceIndex.build([Fence(watched.id, watched.version, geometry)])
    # Read-only columns, as `rings_of` makes them, have their grid kept (`edge_grid`).
    rings = rings_of(core)
    both = (rings, rings if wide is core else rings_of(wide))
    return Post(watched, False, zone, frame, *both, inscribed_m, box, None, settings, alone)


def _settings(rules: FenceRules, *, line: bool, zone: bool) -> Settings:
    def half(one: Threshold) -> tuple[float, float, float, bool, int, float]:
        return log_odds(one.begin), log_odds(one.sure), one.memory, one.jump, one.confirm_fixes, one.confirm_s

    def asked(value: float | None) -> float:
        return math.inf if value is None or line or zone else float(value)

    sensitivity = rules.sensitivity
    return Settings(
        *half(sensitivity.enter),
        *half(sensitivity.leave),
        clear=log_odds(sensitivity.clear),
        dwell_s=asked(rules.dwell_s),
        overdue_s=asked(rules.overdue_s),
        approach_s=-1.0 if rules.approach_s is None or zone else float(rules.approach_s),
        possible_at=asked(rules.possible_at),
        is_line=line,
    )


def frame_of(geometry: Area | Line) -> LocalFrame:
    """A plane around the middle of a shape; parts on both sides of the antimeridian have their middle between them."""
    west, south, east, north = geometry.bounds
    if east - west > 180.0:
        x = np.mod(shapely.get_coordinates(geometry)[:, 0], 360.0)
        west, east = float(x.min()), float(x.max())
    middle = (west + east) / 2.0
    return LocalFrame.around(middle - 360.0 if middle > 180.0 else middle, (south + north) / 2.0)


def _in_metres(geometry: Area | Line, frame: LocalFrame) -> BaseGeometry:
    flat: BaseGeometry = shapely.transform(geometry, lambda xy: np.stack(frame.to_metres(xy[:, 0], xy[:, 1]), axis=1))
    if not isinstance(flat, Polygon | MultiPolygon):
        return flat
    # Parts that meet at the antimeridian are one in the plane.
    parts = shapely.get_parts(shapely.make_valid(shapely.get_parts(flat)))
    joined = shapely.union_all([part for part in parts.tolist() if part.area > 0.0], grid_size=0.001)
    return flat.centroid if joined.is_empty else joined


@lru_cache(50_000)
def zone_of(geometry: Area | Line, near_m: float) -> Area:
    """All within `near_m` of a shape, the shape included."""
    zone = _grown(geometry, near_m)
    assert zone is not None
    return zone


def _grown(geometry: Area | Line, by_m: float) -> Area | None:
    """The shape with its border moved outwards (inwards where negative); None if nothing is left of it."""
    frame = frame_of(geometry)
    grown = shapely.buffer(_in_metres(geometry, frame), by_m, quad_segs=_QUARTER)
    if grown.is_empty:
        return None

    def back(xy: Floats) -> Floats:
        x, y = frame.to_degrees(xy[:, 0], xy[:, 1])
        # One piece on both sides of the antimeridian stays one piece, beyond 180 degrees.
        return np.stack([frame.longitude + np.mod(x - frame.longitude + 180.0, 360.0) - 180.0, y], axis=1)

    degrees = shapely.make_valid(shapely.transform(grown, back))
    parts: list[Polygon] = []
    for turn in (-360.0, 0.0, 360.0):
        moved = shapely.transform(degrees, lambda xy, turn=turn: xy + np.array([turn, 0.0]))
        piece = shapely.intersection(moved, shapely.box(-180.0, -90.0, 180.0, 90.0))
        parts += [part for part in shapely.get_parts(piece) if isinstance(part, Polygon) and part.area > 0.0]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)
