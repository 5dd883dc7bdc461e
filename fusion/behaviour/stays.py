"""All stretches in which an animal stayed at one place, in one pass over its fixes: a pure function of the set."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.ellipse import Floats, ellipse_from_covariance

OPEN, MOVED, SILENT = 0, 1, 2
CERTAINTY = 0.95


@dataclass(frozen=True, slots=True)
class Stay:
    """Fixes first..last (numbers, inclusive) lie around (x_m, y_m).

    supporting: as many of them say so; the others say nothing. ended_by: number of the fix that lies elsewhere, None
    where there is none (yet). is_open: neither such a fix nor a silence ended it. has_returned: it had been there in
    the days before, and away in between.
    """

    first: int
    last: int
    x_m: float
    y_m: float
    supporting: int
    ended_by: int | None
    is_open: bool
    has_returned: bool


def stays(
    time_s: Floats,
    x_m: Floats,
    y_m: Floats,
    covariance: Floats,
    *,
    radius_m: float = 100.0,
    duration_s: float = 12 * 3_600.0,
    longest_silence_s: float = 8 * 3_600.0,
    before_s: float = 5 * 86_400.0,
) -> list[Stay]:
    """Stretches of at least duration_s, f8[n] each in order of time, covariance f8[n, 3].

    The place is the running mean of the supporting fixes. A fix supports when its 95 % circle lies wholly within
    radius_m of it, contradicts when wholly outside, and is silent otherwise; a stretch ends with a
    fix that contradicts, or with more than longest_silence_s without one that supports. Where more precise fixes in a
    row are in doubt than support, the place was ill begun, and is sought anew from the first that was in doubt.
    Raises ValueError for a radius or duration that is not above 0.
    """
    if not (radius_m > 0.0 and duration_s > 0.0):
        raise ValueError("radius_m and duration_s must be above 0")
    n = len(time_s)
    if n < 2:
        return []
    reach = ellipse_from_covariance(covariance, CERTAINTY).semi_major_m
    rows, places = np.empty((n, 5), np.int64), np.empty((n, 2))
    found = _scan(time_s, x_m, y_m, reach, radius_m, duration_s, longest_silence_s, rows, places)
    out: list[Stay] = []
    for (first, last, supporting, ending, by), (x, y) in zip(
        rows[:found].tolist(), places[:found].tolist(), strict=True
    ):
        begin = int(np.searchsorted(time_s, time_s[first] - before_s))
        apart = np.hypot(x_m[begin:first] - x, y_m[begin:first] - y)
        there = np.flatnonzero(apart + reach[begin:first] <= radius_m)
        away = np.flatnonzero(apart - reach[begin:first] > radius_m)
        returned = bool(len(there) and len(away) and there[0] < away[-1])
        ended_by = by if ending == MOVED else None
        out.append(Stay(first, last, x, y, supporting, ended_by, ending == OPEN, returned))
    return out


@njit(nogil=True, cache=True)
def _scan(
    time: Floats,
    x: Floats,
    y: Floats,
    reach: Floats,
    radius: float,
    duration: float,
    silence: float,
    rows: NDArray[np.int64],
    places: Floats,
) -> int:
    found, k, n = 0, 0, time.size
    while k < n:
        if reach[k] >= radius:
            k += 1
            continue
        first = last = k
        cx, cy, supporting, doubts, doubtful = x[k], y[k], 1, 0, -1
        ending, by = OPEN, -1
        k += 1
        while k < n:
            if time[k] - time[last] > silence:
                ending = SILENT
                break
            apart = math.hypot(x[k] - cx, y[k] - cy)
            if apart - reach[k] > radius:
                ending, by = MOVED, k
                break
            if apart + reach[k] <= radius:
                supporting += 1
                cx += (x[k] - cx) / supporting
                cy += (y[k] - cy) / supporting
                last = k
                doubts, doubtful = 0, -1
            elif reach[k] < radius:
                if doubts == 0:
                    doubtful = k
                doubts += 1
                if doubts > supporting:
                    ending = SILENT
                    break
            k += 1
        if time[last] - time[first] >= duration:
            rows[found] = (first, last, supporting, ending, by)
            places[found] = (cx, cy)
            found += 1
        if doubts > supporting:
            # What came before the doubts is behind: every fix is begun with once at most.
            k = doubtful
        elif ending == SILENT:
            k = max(last + 1, doubtful if doubtful >= 0 else k)
    return found
