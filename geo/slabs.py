"""Columns of places and times, surveyed, and cut into slabs of time, in compiled form.

Inputs are read-only columns; times are i8 ticks or f8 seconds. Kernels of one file, as in `geo.spacetime_kernels`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Rows = NDArray[np.int32]
Times = NDArray[Any]  # i8 ticks or f8 seconds

_LOOKED_UP, _LAID_OUT = 8192, 2048  # entries of a stretch of time that are worth its overhead


@njit(cache=True, nogil=True)
def survey(
    longitude: Floats, latitude: Floats, time: Times, nowhen: int, out: Floats
) -> tuple[int, int, bool, float, float]:
    """(first row that is no place or no time or -1, how many, rows in order of time, least and most time).

    out f8[6], the bounds of the other rows: longitude least and most, the same counted 0..360, latitude least and most.
    `nowhen` is the tick that stands for no time. Where no row is good, the times mean nothing.
    """
    first, wrong, ordered = -1, 0, True
    low, high, low_east, high_east = math.inf, -math.inf, math.inf, -math.inf
    south, north = math.inf, -math.inf
    before, least, most = -1, 0, 0
    for i in range(len(longitude)):
        x, y, t = longitude[i], latitude[i], time[i]
        if not (-180.0 <= x <= 180.0 and -90.0 <= y <= 90.0) or t == nowhen or t - t != 0:
            first = i if first < 0 else first
            wrong += 1
            continue
        if before < 0:
            least = most = i
        else:
            ordered &= time[before] <= t
            if t < time[least]:
                least = i
            elif t > time[most]:
                most = i
        before = i
        low, high = min(low, x), max(high, x)
        east = x + 360.0 if x < 0.0 else x
        low_east, high_east = min(low_east, east), max(high_east, east)
        south, north = min(south, y), max(north, y)
    out[0], out[1], out[2], out[3], out[4], out[5] = low, high, low_east, high_east, south, north
    return first, wrong, ordered, time[least], time[most]


@njit(cache=True, nogil=True)
def _slab(t: float, origin: float, per_tick: float, slabs: int) -> int:
    return min(int((t - origin) * per_tick), slabs - 1)


@njit(cache=True, nogil=True)
def starts(time: Times, origin: float, per_tick: float, slabs: int) -> Integers:
    """Where the slabs start, i8[slabs + 1], among entries in order of time: slab s is [start[s]:start[s + 1]]."""
    start = np.empty(slabs + 1, np.int64)
    at, before = 0, 0
    for s in range(slabs):
        start[s] = at
        at = _after(time, at, len(time), at + before, s, origin, per_tick, slabs)
        before = at - start[s]
    start[slabs] = len(time)
    return start


@njit(cache=True, nogil=True)
def _after(time: Times, low: int, high: int, guess: int, s: int, origin: float, per_tick: float, slabs: int) -> int:
    """First of the entries low..high, in order of time, that lies after slab s; soon found if near the guess."""
    at, step = min(guess, high), 1
    if at < high and _slab(time[at], origin, per_tick, slabs) <= s:
        low = at + 1
        while low < high and _slab(time[min(low + step, high) - 1], origin, per_tick, slabs) <= s:
            low, step = min(low + step, high), 2 * step
        high = min(low + step, high)
    else:
        high = at
        while low < high and _slab(time[max(high - step, low)], origin, per_tick, slabs) > s:
            high, step = max(high - step, low), 2 * step
        low = max(high - step, low)
    while low < high:
        middle = (low + high) >> 1
        if _slab(time[middle], origin, per_tick, slabs) <= s:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def runs(time: Times, most: int) -> Integers:
    """Where the runs of rows in order of time start, and the number of rows; none if there are more than `most`."""
    out = np.empty(most + 1, np.int64)
    count = 0
    for k in range(len(time)):
        if k == 0 or time[k] < time[k - 1]:
            if count == most:
                return out[:0]
            out[count] = k
            count += 1
    out[count] = len(time)
    return out[: count + 1]


@njit(cache=True, nogil=True)
def run_cuts(
    time: Times, start: Integers, before: Integers, origin: float, per_tick: float, slabs: int
) -> NDArray[np.int32]:
    """i4[cuts, runs]: for each run the first row in slab before[c] or a later one; `before` ascends."""
    out = np.empty((len(before), len(start) - 1), np.int32)
    for r in range(len(start) - 1):
        at, last = start[r], 0
        for c in range(len(before)):
            begin = at
            at = _after(time, at, start[r + 1], at + last, before[c] - 1, origin, per_tick, slabs)
            last = at - begin
            out[c, r] = at
    return out


@njit(cache=True, nogil=True)
def counted(time: Times, rows: Rows, whole: bool, origin: float, per_tick: float, slabs: int) -> Integers:
    """Where the slabs start, i8[slabs + 1], once the rows of a table are `packed` by slab: all of them, or `rows`."""
    start = np.zeros(slabs + 1, np.int64)
    for k in range(len(time) if whole else len(rows)):
        start[_slab(time[k if whole else rows[k]], origin, per_tick, slabs) + 1] += 1
    for s in range(slabs):
        start[s + 1] += start[s]
    return start


@njit(cache=True, nogil=True)
def pack(
    longitude: Floats, latitude: Floats, time: Times, rows: Rows, whole: bool, origin: float, per_tick: float,
    start: Integers, place: Floats, when: Times, row: Rows,
) -> None:  # fmt: skip
    """Write the rows that count by slab, in their order within a slab, to three views of one f8[n, 4].

    Entry k: longitude and latitude in place[4 * k:], its time in when[4 * k + 2], its row in row[8 * k + 6]. All of an
    entry lies on one line of the cache: that is one miss for each where rows come track after track.
    """
    slabs = len(start) - 1
    free = start[:-1].copy()
    for k in range(len(time) if whole else len(rows)):
        r = k if whole else int(rows[k])
        s = _slab(time[r], origin, per_tick, slabs)
        at = free[s]
        free[s] = at + 1
        place[4 * at], place[4 * at + 1], when[4 * at + 2], row[8 * at + 6] = longitude[r], latitude[r], time[r], r


@njit(cache=True, nogil=True)
def pack_runs(
    longitude: Floats, latitude: Floats, time: Times, low: Rows, high: Rows, origin: float, per_tick: float,
    slabs: int, first: int, start: Integers, place: Floats, when: Times, row: Rows,
) -> None:  # fmt: skip
    """Like `pack`, of the rows low[r]..high[r] of each run r; slab `first` and those after it start at `start`."""
    free = start.copy()
    for run in range(len(low)):
        for r in range(low[run], high[run]):
            s = _slab(time[r], origin, per_tick, slabs) - first
            at = free[s]
            free[s] = at + 1
            place[4 * at], place[4 * at + 1], when[4 * at + 2], row[8 * at + 6] = longitude[r], latitude[r], time[r], r


@njit(cache=True, nogil=True)
def stretches(left: Integers, right: Integers, pad: int) -> Integers:
    """i8[k, 4] (left from, to, right from, to) of the entries that meet, over all time, from the starts of the slabs.

    Each left entry is in one stretch. A stretch is four times as long as the window reaches, so that the right side is
    laid out 1.5 times; and longer, where that is little work.
    """
    slabs = len(left) - 1
    out = np.empty((slabs, 4), np.int64)
    count, at = 0, 0
    while at < slabs:
        if left[at + 1] == left[at]:
            at += 1
            continue
        first = right[max(0, at - pad)]
        end = min(slabs, at + 4 * pad)
        while end < slabs and left[end] - left[at] < _LOOKED_UP and right[min(slabs, end + pad)] - first < _LAID_OUT:
            end += 1
        last = right[min(slabs, end + pad)]
        if last > first:
            out[count, 0], out[count, 1], out[count, 2], out[count, 3] = left[at], left[end], first, last
            count += 1
        at = end
    return out[:count].copy()
