"""All stretches in which an animal stayed at one place, in one pass over its fixes: a pure function of the set."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.behaviour.fixes import Fixes
from fusion.ellipse import Floats, ellipse_from_covariance

OPEN, MOVED, SILENT = 0, 1, 2
CERTAINTY = 0.95
LIMITS = (100.0, 12 * 3_600.0, 8 * 3_600.0, 5 * 86_400.0)
"""Radius in m, least duration, longest silence and how long before a return counts, in s."""
TURN = 64
"""So many fixes apart is noted where a search began anew."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """found: all stays of `fixes`, the first `kept` of them the very objects of the search that this one went on from.

    turns: where the search began anew now and then, the last fix that it had looked at by then and how many stays it
    had found, i8[k, 3]: what a later search goes on from.
    """

    fixes: Fixes
    found: list[Stay]
    turns: NDArray[np.int64]
    kept: int = 0


def stays(
    time_s: Floats,
    x_m: Floats,
    y_m: Floats,
    covariance: Floats,
    *,
    radius_m: float = LIMITS[0],
    duration_s: float = LIMITS[1],
    longest_silence_s: float = LIMITS[2],
    before_s: float = LIMITS[3],
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
    limits = (radius_m, duration_s, longest_silence_s, before_s)
    return _search(Fixes(time_s, x_m, y_m, covariance), limits, None, 0).found


def search_stays(fixes: Fixes, before: Stays | None = None, same: int = 0) -> Stays:
    """What `stays` finds, without looking anew at what cannot differ from a search `before`, of which the first `same`
    fixes are these."""
    return _search(fixes, LIMITS, before, same)


def _search(fixes: Fixes, limits: tuple[float, float, float, float], before: Stays | None, same: int) -> Stays:
    n, (radius_m, duration_s, longest_silence_s, before_s) = len(fixes), limits
    if n < 2:
        return Stays(fixes, [], np.empty((0, 3), np.int64))
    turn = -1 if before is None else int(np.searchsorted(before.turns[:, 1], same)) - 1
    # A turn that had looked at nothing but what is the same.
    begin, _, kept = before.turns[turn].tolist() if before is not None and turn >= 0 else (0, -1, 0)
    known = before.found[:kept] if before is not None else []
    old = before.turns[: turn + 1] if before is not None else np.empty((0, 3), np.int64)
    time_s, x_m, y_m = fixes.time_s, fixes.x_m, fixes.y_m
    # As far back as a return may count.
    low = int(np.searchsorted(time_s, time_s[begin] - before_s)) if begin < n else n
    reach = np.empty(n)
    reach[low:] = ellipse_from_covariance(fixes.covariance[low:], CERTAINTY).semi_major_m
    rows, places = np.empty((n - begin, 5), np.int64), np.empty((n - begin, 2))
    turns = np.empty(((n - begin) // TURN + 2, 3), np.int64)
    last = (int(old[-1, 0]), int(old[-1, 1])) if len(old) else (-TURN, -1)
    found, turned = _scan(
        time_s, x_m, y_m, reach, radius_m, duration_s, longest_silence_s, begin, last[0], last[1], rows, places, turns
    )
    out = known
    for (first, last_fix, supporting, ending, by), (x, y) in zip(
        rows[:found].tolist(), places[:found].tolist(), strict=True
    ):
        since = int(np.searchsorted(time_s, time_s[first] - before_s))
        apart = np.hypot(x_m[since:first] - x, y_m[since:first] - y)
        there = np.flatnonzero(apart + reach[since:first] <= radius_m)
        away = np.flatnonzero(apart - reach[since:first] > radius_m)
        returned = bool(len(there) and len(away) and there[0] < away[-1])
        ended_by = by if ending == MOVED else None
        out.append(Stay(first, last_fix, x, y, supporting, ended_by, ending == OPEN, returned))
    new = turns[:turned]
    new[:, 2] += kept
    return Stays(fixes, out, np.concatenate([old, new]), kept)


@njit(nogil=True, cache=True)
def _scan(
    time: Floats,
    x: Floats,
    y: Floats,
    reach: Floats,
    radius: float,
    duration: float,
    silence: float,
    begin: int,
    turn: int,
    looked: int,
    rows: NDArray[np.int64],
    places: Floats,
    turns: NDArray[np.int64],
) -> tuple[int, int]:
    """turn: where the last turn is; looked: the last fix that was looked at before `begin`."""
    found, turned, k, n = 0, 0, begin, time.size
    while k < n:
        if k >= turn + TURN:
            turns[turned] = k, looked, found
            turned += 1
            turn = k
        if reach[k] >= radius:
            looked = max(looked, k)
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
        # Who came to the end will look at whatever follows.
        looked = max(looked, k)
        if time[last] - time[first] >= duration:
            rows[found] = (first, last, supporting, ending, by)
            places[found] = (cx, cy)
            found += 1
        if doubts > supporting:
            # What came before the doubts is behind: every fix is begun with once at most.
            k = doubtful
        elif ending == SILENT:
            k = max(last + 1, doubtful if doubtful >= 0 else k)
    return found, turned
