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
def order(
    time: Times, rows: Rows, whole: bool, ordered: bool, origin: float, per_tick: float, slabs: int, start: Integers
) -> Rows:
    """Rows by slab of time, in their order within a slab; slab s is [start[s]:start[s + 1]], start i8[slabs + 1] of 0.

    Returns the rows given where all of them stand in order of time already.
    """
    count = len(time) if whole else len(rows)
    if ordered:
        at = 0
        for s in range(slabs):
            start[s] = at
            step = 1
            while at < count and _slab(time[at if whole else rows[at]], origin, per_tick, slabs) <= s:
                # Leap ahead by powers of two while it stays in the slab, then halve.
                k = at + step
                if k < count and _slab(time[k if whole else rows[k]], origin, per_tick, slabs) <= s:
                    at, step = k, 2 * step
                elif step > 1:
                    step >>= 1
                else:
                    at += 1
        start[slabs] = count
        return rows
    for k in range(count):
        start[_slab(time[k if whole else rows[k]], origin, per_tick, slabs) + 1] += 1
    for s in range(slabs):
        start[s + 1] += start[s]
    place = start[:-1].copy()
    out = np.empty(count, np.int32)
    for k in range(count):
        row = np.int32(k) if whole else rows[k]
        s = _slab(time[row], origin, per_tick, slabs)
        out[place[s]] = row
        place[s] += 1
    return out


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
