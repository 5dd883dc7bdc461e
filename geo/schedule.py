"""When a fence is watched: weekly windows, seasons, the sun. A schedule is a set of intervals of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geo.sun import daylight

Floats = NDArray[np.float64]

_EPOCH = date(1970, 1, 1)
_ALWAYS = np.array([[-np.inf, np.inf]])


@dataclass(frozen=True, slots=True)
class Window:
    """Open on some weekdays (Monday is 0) from `start` to `end`, local time in minutes since midnight, 0..1440.

    An end at or before the start lies on the next day; the weekday is that of the start.
    """

    days: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Season:
    """Local days from (month, day) to (month, day), both within; over the new year where the end is earlier.

    29 February stands for 1 March in a year that has none as a start, and for 28 February as an end.
    """

    start: tuple[int, int]
    end: tuple[int, int]

    def holds(self, day: date) -> bool:
        """Is this day of the season?"""
        here = (day.month, day.day)
        if self.start <= self.end:
            return self.start <= here <= self.end
        return here >= self.start or here <= self.end


@dataclass(frozen=True, slots=True)
class SunBound:
    """`sunrise` or `sunset`, and minutes after it (before it where negative)."""

    what: Literal["sunrise", "sunset"]
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """Open where all three agree: in a window (always, if there are none), in a season (the same), in the sun's part.

    `sun`: (from, to); from sunset to sunrise is the night, from sunrise to sunset the day, and between two of one kind
    the twilight around it. Where the sun stays down for weeks, so does the night.
    """

    windows: tuple[Window, ...] = ()
    seasons: tuple[Season, ...] = ()
    sun: tuple[SunBound, SunBound] | None = None

    def open_times(self, since_s: float, until_s: float, zone: tzinfo, longitude: float, latitude: float) -> Floats:
        """Intervals [open, close) f8[k, 2] of UNIX times, disjoint and ascending, of all that touch [since_s, until_s].

        An interval has its true ends whatever is asked for; one that lasts for more than a year has no end.
        """
        first, last = (datetime.fromtimestamp(at, UTC).year for at in (since_s, until_s))
        return _open_times(self, max(first - 2, 1), min(last + 2, 9998), zone, longitude, latitude)


@lru_cache(4_096)
def _open_times(schedule: Schedule, first: int, last: int, zone: tzinfo, longitude: float, latitude: float) -> Floats:
    days = [date(first, 1, 1) + timedelta(k) for k in range((date(last, 12, 31) - date(first, 1, 1)).days + 1)]
    begin, end = _instant(days[0], 0, zone, 0), _instant(days[-1] + timedelta(1), 0, zone, 0)
    found = np.array([[begin, end]])
    if schedule.windows:
        found = _both(found, _joined(np.array(list(_windows(schedule.windows, days, zone))).reshape(-1, 2)))
    if schedule.seasons:
        inside = [day for day in days if any(season.holds(day) for season in schedule.seasons)]
        whole = [(_instant(day, 0, zone, 0), _instant(day, 1440, zone, 0)) for day in inside]
        found = _both(found, _joined(np.array(whole).reshape(-1, 2)))
    if schedule.sun is not None:
        found = _both(found, _sunny(schedule.sun, days, longitude, latitude))
    if len(found):
        found[0, 0] = -np.inf if found[0, 0] <= begin else found[0, 0]
        found[-1, 1] = np.inf if found[-1, 1] >= end else found[-1, 1]
    found.setflags(write=False)
    return found


def _windows(windows: tuple[Window, ...], days: list[date], zone: tzinfo) -> Iterator[tuple[float, float]]:
    for day in days:
        for window in windows:
            if day.weekday() in window.days:
                end = window.end if window.end > window.start else window.end + 1440
                # An hour that comes twice is watched both times.
                yield _instant(day, window.start, zone, 0), _instant(day, end, zone, 1)


def _instant(day: date, minutes: int, zone: tzinfo, fold: int) -> float:
    """UNIX time of a local time; one that the clocks skip is the moment of the jump, `fold` chooses of two."""
    day += timedelta(minutes // 1440)
    local = datetime.combine(day, time(minutes % 1440 // 60, minutes % 60), zone).replace(fold=fold)
    at = local.timestamp()
    if datetime.fromtimestamp(at, zone).replace(tzinfo=None, fold=0) == local.replace(tzinfo=None, fold=0):
        return at
    # fold 0 reads a skipped time by the offset before the jump, which ends up after it; fold 1 the other way round.
    low, high = sorted(int(local.replace(fold=each).timestamp()) for each in (0, 1))
    offset = datetime.fromtimestamp(low, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if datetime.fromtimestamp(middle, zone).utcoffset() == offset else (low, middle)
    return float(high)


def _sunny(sun: tuple[SunBound, SunBound], days: list[date], longitude: float, latitude: float) -> Floats:
    since, to = sun
    number = np.arange((days[0] - _EPOCH).days - 1, (days[-1] - _EPOCH).days + 2)
    up, down = daylight(number, longitude, latitude)
    risen = _joined(np.stack([up, down], axis=1)[~np.isnan(up)], gap_s=120.0)
    edge = (number[0] * 86_400.0 - 4e5, number[-1] * 86_400.0 + 4e5)
    match since.what, to.what:
        case "sunrise", "sunset":
            spans = risen
        case "sunset", "sunrise":
            ends = np.concatenate([[edge[0]], risen.ravel(), [edge[1]]])
            spans = ends.reshape(-1, 2)
        case "sunrise", _:
            spans = risen[:, [0, 0]]
        case _:
            spans = risen[:, [1, 1]]
    moved = spans + np.array([since.minutes * 60.0, to.minutes * 60.0])
    return _joined(moved[moved[:, 0] < moved[:, 1]])


def _joined(spans: Floats, gap_s: float = 0.0) -> Floats:
    """Union of intervals, those joined that touch or leave no more than a gap."""
    out: list[list[float]] = []
    for begin, end in spans[np.lexsort((spans[:, 1], spans[:, 0]))].tolist():
        if out and begin <= out[-1][1] + gap_s:
            out[-1][1] = max(out[-1][1], end)
        elif begin < end:
            out.append([begin, end])
    return np.array(out, np.float64).reshape(-1, 2)


def _both(one: Floats, other: Floats) -> Floats:
    """Intersection of two unions of intervals."""
    out: list[tuple[float, float]] = []
    i = j = 0
    while i < len(one) and j < len(other):
        begin, end = max(one[i, 0], other[j, 0]), min(one[i, 1], other[j, 1])
        if begin < end:
            out.append((float(begin), float(end)))
        if one[i, 1] < other[j, 1]:
            i += 1
        else:
            j += 1
    return np.array(out, np.float64).reshape(-1, 2)


def always() -> Floats:
    """The open times of a fence without a schedule."""
    return _ALWAYS
