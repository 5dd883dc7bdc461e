"""Pairs near in space and time, in compiled form: survey, order by time, folded grid, probe.

The right side of one stretch of time is laid out by grid cell and, within a cell, by time; the left side looks into
3 x 3 cells. The grid is folded onto a small torus that stays in the cache: what shares a bucket without being near is
told apart by its coordinates. All kernels live in one file because numba's cache notices a change of the file a kernel
stands in, not of those it calls. No fastmath. Inputs are read-only columns; times i8 ticks or f8 seconds.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Rows = NDArray[np.int32]
Times = NDArray[np.int64] | NDArray[np.float64]

AXIS_M = 6_378_137.0
FLATTENING = 1.0 / 298.257223563
ECCENTRICITY_2 = FLATTENING * (2.0 - FLATTENING)

_DEGREE = math.pi / 180.0
_SCANNED = 12  # entries of a cell that are walked rather than searched


class Plane(NamedTuple):
    """Cells of one tile of the Earth: two places within the radius are at most one cell apart along either axis.

    On a belt, columns of longitude from `west_deg` and rows of latitude from `south_deg`, `across` and `up` to the
    degree. On a cap, the plane through the pole: `across` and `up` to the metre.
    """

    cap: bool
    west_deg: float
    south_deg: float
    across: float
    up: float


class Fold(NamedTuple):
    """A torus of 2**across x 2**up buckets; at least 4 each way, so that 3 neighbours never share one."""

    across: int
    up: int


class Near(NamedTuple):
    """What counts as near: bounds in degrees turn most away, `reach_m` (the radius and what is in doubt) decides."""

    reach_m: float
    longitude_deg: float
    latitude_deg: float
    apart: bool  # a pair of one table is told once, the lower row on the left, and no row pairs with itself


@njit(cache=True, nogil=True)
def survey(longitude: Floats, latitude: Floats, time: Times, nowhen: int, out: Floats) -> tuple[int, int, bool]:
    """(first row that is no place or no time or -1, how many, rows in order of time), and the bounds of the others.

    out f8[6]: longitude least and most, the same counted 0..360, latitude least and most. `nowhen` is the tick that
    stands for no time.
    """
    first, wrong, ordered = -1, 0, True
    low, high, low_east, high_east = math.inf, -math.inf, math.inf, -math.inf
    south, north = math.inf, -math.inf
    before = -1
    for i in range(len(longitude)):
        x, y, t = longitude[i], latitude[i], time[i]
        if not (-180.0 <= x <= 180.0 and -90.0 <= y <= 90.0) or t == nowhen or not (t - t == 0):
            first = i if first < 0 else first
            wrong += 1
            continue
        ordered &= before < 0 or time[before] <= t
        before = i
        low, high = min(low, x), max(high, x)
        east = x + 360.0 if x < 0.0 else x
        low_east, high_east = min(low_east, east), max(high_east, east)
        south, north = min(south, y), max(north, y)
    out[0], out[1], out[2], out[3], out[4], out[5] = low, high, low_east, high_east, south, north
    return first, wrong, ordered


@njit(cache=True, nogil=True)
def span(time: Times, rows: Rows, whole: bool) -> tuple[float, float]:
    """Least and most of the times of some rows; there must be one."""
    count = len(time) if whole else len(rows)
    least = most = time[0 if whole else rows[0]]
    for k in range(count):
        t = time[k if whole else rows[k]]
        least, most = min(least, t), max(most, t)
    return least, most


@njit(cache=True, nogil=True)
def _slab(t: float, origin: float, per_tick: float, slabs: int) -> int:
    return min(int((t - origin) * per_tick), slabs - 1)


@njit(cache=True, nogil=True)
def order(
    time: Times, rows: Rows, whole: bool, ordered: bool, origin: float, per_tick: float, slabs: int, start: Integers
) -> Rows:
    """Rows by slab of time, in their order within a slab; slab s is [start[s]:start[s + 1]], start i8[slabs + 1] of 0.

    Returns no rows where all of them stand in that order already.
    """
    count = len(time) if whole else len(rows)
    for k in range(count):
        start[_slab(time[k if whole else rows[k]], origin, per_tick, slabs) + 1] += 1
    for s in range(slabs):
        start[s + 1] += start[s]
    if ordered:
        return rows
    place = start[:-1].copy()
    out = np.empty(count, np.int32)
    for k in range(count):
        row = np.int32(k) if whole else rows[k]
        s = _slab(time[row], origin, per_tick, slabs)
        out[place[s]] = row
        place[s] += 1
    return out


@njit(cache=True, nogil=True)
def _cell(x: float, y: float, plane: Plane) -> tuple[int, int]:
    """(column, row), both positive for all places of the tile."""
    if plane.cap:
        phi, lam = y * _DEGREE, x * _DEGREE
        sine = math.sin(phi)
        arm = AXIS_M / math.sqrt(1.0 - ECCENTRICITY_2 * sine * sine) * math.cos(phi)
        return int((arm * math.cos(lam) + AXIS_M) * plane.across), int((arm * math.sin(lam) + AXIS_M) * plane.up)
    along = x - plane.west_deg
    if along < 0.0:
        along += 360.0
    elif along >= 360.0:
        along -= 360.0
    return int(along * plane.across), int((y - plane.south_deg) * plane.up)


@njit(cache=True, nogil=True)
def _bucket(column: int, row: int, fold: Fold) -> int:
    return ((row & ((1 << fold.up) - 1)) << fold.across) | (column & ((1 << fold.across) - 1))


@njit(cache=True, nogil=True)
def _thicken(bits: NDArray[np.uint64], fold: Fold) -> NDArray[np.uint64]:
    """Bits of all buckets that have a set one within one bucket, round the torus."""
    words = (1 << fold.across) >> 6
    last = words - 1
    one, top = np.uint64(1), np.uint64(63)
    wide = np.empty_like(bits)
    for start in range(0, len(bits), words):
        for w in range(words):
            word = bits[start + w]
            left = bits[start + (w - 1 if w else last)]
            right = bits[start + (w + 1 if w < last else 0)]
            wide[start + w] = word | (word << one) | (word >> one) | (left >> top) | (right << top)
    out = np.empty_like(bits)
    size = len(bits)
    for k in range(size):
        up = k + words if k + words < size else k + words - size
        down = k - words if k >= words else k - words + size
        out[k] = wide[k] | wide[up] | wide[down]
    return out


@njit(cache=True, nogil=True)
def _settle(time: Times, place: Floats, row: Rows, start: int, end: int) -> None:
    """Order the entries of one bucket by time, rows of one time by number."""
    for k in range(start + 1, min(end, start + 64)):
        t, x, y, r = time[k], place[k, 0], place[k, 1], row[k]
        i = k
        while i > start and (time[i - 1] > t or (time[i - 1] == t and row[i - 1] > r)):
            time[i], place[i, 0], place[i, 1], row[i] = time[i - 1], place[i - 1, 0], place[i - 1, 1], row[i - 1]
            i -= 1
        time[i], place[i, 0], place[i, 1], row[i] = t, x, y, r
    if end - start > 64:
        by_time = np.argsort(time[start:end], kind="mergesort")
        time[start:end] = time[start:end][by_time]
        place[start:end] = place[start:end][by_time]
        row[start:end] = row[start:end][by_time]


@njit(cache=True, nogil=True)
def layout(
    longitude: Floats, latitude: Floats, time: Times, rows: Rows, whole: bool, first: int, last: int, ordered: bool,
    plane: Plane, fold: Fold, marks: Fold,
) -> tuple[Integers, NDArray[np.uint64], Times, Floats, Rows]:  # fmt: skip
    """(start, near, time, place, row) of the entries first..last of a side, by bucket, then time.

    Bucket b is [start[b]:start[b + 1]]; bit c of `near` says that bucket c of the torus `marks` or a neighbour is
    occupied, so that most of the other side is turned away after one look.
    """
    count = last - first
    start = np.zeros((1 << (fold.across + fold.up)) + 2, np.int64)
    bits = np.zeros((1 << (marks.across + marks.up)) >> 6, np.uint64)
    bucket = np.empty(count, np.int32)
    for k in range(count):
        r = first + k if whole else rows[first + k]
        column, line = _cell(longitude[r], latitude[r], plane)
        b = _bucket(column, line, fold)
        bucket[k] = b
        start[b + 2] += 1
        mark = _bucket(column, line, marks)
        bits[mark >> 6] |= np.uint64(1) << np.uint64(mark & 63)
    for b in range(2, len(start)):
        start[b] += start[b - 1]
    out_time = np.empty(count, time.dtype)
    place = np.empty((count, 2))
    row = np.empty(count, np.int32)
    for k in range(count):
        r = first + k if whole else rows[first + k]
        at = start[bucket[k] + 1]
        start[bucket[k] + 1] = at + 1
        out_time[at], place[at, 0], place[at, 1], row[at] = time[r], longitude[r], latitude[r], r
    if not ordered:
        for b in range(len(start) - 2):
            if start[b + 1] - start[b] > 1:
                _settle(out_time, place, row, start[b], start[b + 1])
    return start, _thicken(bits, marks), out_time, place, row


@njit(cache=True, nogil=True)
def distance(x: float, y: float, to_x: float, to_y: float) -> float:
    """Length in metres of the shortest way between places in degrees, on WGS84; for short ways.

    The chord through the ellipsoid, bent by the radius of the normal section halfway (Euler). Measured against PROJ
    (`tests/unit/geo`): within 10 nm of the geodesic up to 20 km, 2 um at 100 km, 10 um at 150 km; then by the fifth
    power. The same both ways.
    """
    return _bent(x, *_meridian(y), to_x, *_meridian(to_y))


@njit(cache=True, nogil=True)
def _meridian(y: float) -> tuple[float, float, float]:
    """(distance from the axis, height above the equator, 1 - e2 sin2) of a latitude in degrees."""
    phi = y * _DEGREE
    sine = math.sin(phi)
    w = 1.0 - ECCENTRICITY_2 * sine * sine
    normal = AXIS_M / math.sqrt(w)
    return normal * math.cos(phi), normal * (1.0 - ECCENTRICITY_2) * sine, w


@njit(cache=True, nogil=True)
def _bent(x: float, arm: float, z: float, w: float, to_x: float, to_arm: float, to_z: float, to_w: float) -> float:
    turn = abs(to_x - x)
    turn = (360.0 - turn if turn > 180.0 else turn) * (_DEGREE / 2)
    if turn < 1e-2:
        square = turn * turn
        sine = turn * (1.0 - square * (1.0 / 6 - square * (1.0 / 120 - square * (1.0 / 5040))))
    else:
        sine = math.sin(turn)
    along = (arm - to_arm) * (arm - to_arm) + (z - to_z) * (z - to_z)
    across = 4.0 * arm * to_arm * sine * sine
    chord_2 = along + across
    if chord_2 == 0.0:
        return 0.0
    # 1 / radius of the normal section: cos2 / M + sin2 / N, with w at the middle: N = a / sqrt(w), M = N (1 - e2) / w.
    middle = (w + to_w) * 0.5
    bend = math.sqrt(middle) / AXIS_M * (along * middle / (1.0 - ECCENTRICITY_2) + across) / chord_2
    square = chord_2 * bend * bend
    return math.sqrt(chord_2) * (1.0 + square * (1.0 / 24 + square * (3.0 / 640)))


@njit(cache=True, nogil=True)
def probe(
    longitude: Floats, latitude: Floats, time: Times, rows: Rows, whole: bool, first: int, last: int, window: float,
    near: Near, plane: Plane, fold: Fold, marks: Fold, start: Integers, bits: NDArray[np.uint64], held_time: Times,
    place: Floats, held: Rows, left: Rows, right: Rows, length: Floats, lag: Times,
) -> tuple[int, int]:  # fmt: skip
    """Pairs of the entries first..last of a side with what is laid out, into the buffers: (next entry, pairs).

    Stops before an entry whose pairs do not all fit. Up to 64 pairs of one entry stand by row.
    """
    count = 0
    reach, wide, high = near.reach_m, near.longitude_deg, near.latitude_deg
    for k in range(first, last):
        r = k if whole else int(rows[k])
        x, y = longitude[r], latitude[r]
        column, line = _cell(x, y, plane)
        mark = _bucket(column, line, marks)
        if not (bits[mark >> 6] >> np.uint64(mark & 63)) & np.uint64(1):
            continue
        t = time[r]
        since, until = t - window, t + window
        before = count
        arm = z = w = 0.0
        for near_line in range(line - 1, line + 2):
            for near_column in range(column - 1, column + 2):
                b = _bucket(near_column, near_line, fold)
                a, e = start[b], start[b + 1]
                if e - a > _SCANNED:
                    end = e
                    while a < end:
                        middle = (a + end) >> 1
                        if held_time[middle] < since:
                            a = middle + 1
                        else:
                            end = middle
                while a < e and held_time[a] <= until:
                    if held_time[a] >= since and abs(place[a, 1] - y) <= high:
                        turn = abs(place[a, 0] - x)
                        if (turn <= wide or 360.0 - turn <= wide) and not (near.apart and held[a] <= r):
                            if w == 0.0:
                                arm, z, w = _meridian(y)
                            metres = _bent(x, arm, z, w, place[a, 0], *_meridian(place[a, 1]))
                            if metres <= reach:
                                if count == len(left):
                                    return k, before
                                left[count], right[count], length[count] = r, held[a], metres
                                lag[count] = held_time[a] - t
                                count += 1
                    a += 1
        for i in range(before + 1, min(count, before + 64)):  # the caller orders what is more
            j = i
            while j > before and right[j - 1] > right[j]:
                right[j - 1], right[j] = right[j], right[j - 1]
                length[j - 1], length[j] = length[j], length[j - 1]
                lag[j - 1], lag[j] = lag[j], lag[j - 1]
                j -= 1
    return last, count
