"""Fences as people draw them → what `geo` watches; states at fences as bytes, for subjects that are read in part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import box as box_of

from geo import schedule as times
from geo.bridge import crossing_probabilities
from geo.fence_edges import Area, Line, parse_watched_geometry
from geo.fence_evidence import Chances
from geo.fence_rules import PRESETS, FenceRules
from geo.geofence import Memory as States
from geo.hysteresis import NUMBERS_OF_FIXES
from geo.tiles import grown
from geo.uncertainty import inside_probability
from geo.watch import Watched, frame_of
from hub.records.reference import Fence
from hub.records.schedule import DAYS, Schedule, SunBound, Window
from hub.store.followed import Box

Floats = NDArray[np.float64]

CHANCES = Chances(inside_probability, crossing_probabilities)
# From which probability an unseen way over a border is told, where a fence asks for that.
POSSIBLE_AT = 0.2
# Nobody in a reserve is faster, but for aircraft.
FASTEST_MPS = 60.0


def watched(fence: Fence) -> Watched:
    """A fence as `geo` watches it; raises InvalidFence. Brought into form once, for every snapshot that has it."""
    return _watched(msgspec.json.encode(fence, order="deterministic"))


@lru_cache(20_000)
def _watched(encoded: bytes) -> Watched:
    fence = msgspec.json.decode(encoded, type=Fence)
    shape = parse_watched_geometry(fence.geometry, fence.edges)
    return Watched(str(fence.id), fence.version, shape, rules_of(fence))


def rules_of(fence: Fence) -> FenceRules:
    """What a fence asks for. Unseen crossings are sought only where they are: it costs."""
    return FenceRules(
        sensitivity=replace(PRESETS[fence.sensitivity], band_m=fence.band_m or 0.0),
        dwell_s=fence.dwell_s,
        overdue_s=fence.overdue_s,
        near_m=fence.near_m,
        approach_s=fence.approach_s,
        possible_at=POSSIBLE_AT if "possible_crossing" in fence.triggers else None,
        schedule=None if fence.schedule is None else schedule_of(fence.schedule),
    )


def schedule_of(schedule: Schedule) -> times.Schedule:
    """A schedule as `geo` computes with it."""

    def minutes(clock: str) -> int:
        return int(clock[:2]) * 60 + int(clock[3:])

    def day(text: str) -> tuple[int, int]:
        return int(text[:2]), int(text[3:])

    def days(window: Window) -> tuple[int, ...]:
        return tuple(sorted(DAYS.index(one) for one in window.days))

    def bound(sun: SunBound) -> times.SunBound:
        return times.SunBound(sun.at, sun.minutes)

    return times.Schedule(
        tuple(times.Window(days(one), minutes(one.start), minutes(one.end)) for one in schedule.windows),
        tuple(times.Season(day(season.start), day(season.end)) for season in schedule.seasons),
        None if schedule.sun is None else (bound(schedule.sun.since), bound(schedule.sun.until)),
    )


def open_times(watching: Iterable[Watched], time_zone: str, since_s: float, until_s: float) -> dict[str, Floats]:
    """When fences with a schedule are watched, by fence id, for a span of time."""
    zone = ZoneInfo(time_zone)
    out: dict[str, Floats] = {}
    for one in watching:
        if one.rules.schedule is not None:
            middle = frame_of(one.geometry)
            place = (middle.longitude, middle.latitude)
            out[one.id] = one.rules.schedule.open_times(since_s, until_s, zone, *place)
    return out


def watches(fence: Fence, watched_as: frozenset[str]) -> bool:
    """Does this fence care about a subject or detection that goes by these words? An empty list cares about all."""
    return not fence.watches or not watched_as.isdisjoint(fence.watches)


def boxes_of_change(before: Mapping[UUID, Fence], after: Mapping[UUID, Fence]) -> list[Box]:
    """Where findings may differ, now that these fences are those; not where only names, colours or alerts do."""
    boxes: list[Box] = []
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        shapes = [(watched(one).geometry, watched(one).rules) for one in (old, new) if one is not None]
        same_rules = old is not None and new is not None and shapes[0][1] == shapes[1][1] and old.watches == new.watches
        if len(shapes) == 1:
            # A fence that is gone concerns those of whom something stands there, and they are found by that.
            differs: Area | Line | None = shapes[0][0] if old is None else None
        elif same_rules:
            differs = _difference(shapes[0][0], shapes[1][0])
        else:
            differs = box_of(*shapely.total_bounds([shape for shape, _ in shapes]))
        if differs is None or differs.is_empty:
            continue
        reach_m = max((_reach_m(rules) for _, rules in shapes), default=0.0)
        west, south, east, north = (float(v) for v in differs.bounds)
        boxes.append(grown((west, south, east, north), reach_m))
    return boxes


def _difference(old: Area | Line, new: Area | Line) -> Area | Line | None:
    if old.equals_exact(new, 0.0):
        return None
    if isinstance(old, shapely.Polygon | shapely.MultiPolygon) and isinstance(
        new, shapely.Polygon | shapely.MultiPolygon
    ):
        return shapely.symmetric_difference(old, new)  # pyright: ignore[reportReturnType]
    return box_of(*shapely.total_bounds([old, new]))


def _reach_m(rules: FenceRules) -> float:
    return (rules.near_m or 0.0) + 1.5 * (rules.approach_s or 0.0) * FASTEST_MPS + rules.sensitivity.band_m


def pack(states: States, start: int) -> tuple[bytes, int]:
    """(states before the fix `start`, the earliest fix that they refer to); fixes are counted back from `start`."""
    rows: list[tuple[str, list[float]]] = []
    earliest = start - 1
    for key in sorted(states.changes):
        changes = states.changes[key]
        at = int(np.searchsorted(changes[:, 0], start, side="left")) - 1
        if at < 0:
            continue
        row = changes[at, 1:].copy()
        for column in NUMBERS_OF_FIXES:
            if row[column] >= 0:
                earliest = min(earliest, int(row[column]) - 1)
                row[column] = start - row[column]
        rows.append((key, row.tolist()))
    return msgspec.msgpack.encode(rows), max(earliest, 0)


def unpack(packed: bytes, start: int) -> States:
    """States before the fix `start`, as a memory of the fixes before it."""
    out: dict[str, Floats] = {}
    for key, values in msgspec.msgpack.decode(packed, type=list[tuple[str, list[float]]]):
        row = np.array([start - 1.0, *values])
        for column in NUMBERS_OF_FIXES:
            if row[1 + column] >= 0:
                row[1 + column] = start - row[1 + column]
        out[key] = row.reshape(1, -1)
    return States(out)
