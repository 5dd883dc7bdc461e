"""Pairs near in space and time, in compiled form: a folded grid of one side, looks of the other.

The right side of one stretch of time is laid out by grid cell and, within a cell, by time; the left side looks into
3 x 3 cells. The grid is folded onto a small torus that stays in the cache: what shares a bucket without being near is
told apart by its coordinates. All kernels live in one file because numba's cache notices a change of the file a kernel
stands in, not of those it calls. No fastmath. Inputs are read-only columns.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.found_pairs import Found, by_row, larger

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Rows = NDArray[np.int32]
Times = NDArray[Any]  # i8 ticks or f8 seconds

AXIS_M = 6_378_137.0
FLATTENING = 1.0 / 298.257223563
ECCENTRICITY_2 = FLATTENING * (2.0 - FLATTENING)

DEGREE = math.pi / 180.0
_SCANNED = 12  # entries of a cell that are walked rather than searched
_BLOCK = 256


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
    column_bits: int  # columns and rows of the tile, in powers of two
    line_bits: int


class Side(NamedTuple):
    """The entries of a table that count: entry k at place `k * step` of the columns.

    With a step of 1 the entries are the rows themselves, in order of time. Otherwise they were `packed`, four words an
    entry by slab of time, and the row of entry k is `rows[2 * k * step]`.
    """

    longitude: Floats
    latitude: Floats
    time: Times
    rows: Rows
    step: int


class Fold(NamedTuple):
    """A torus of 2**across x 2**up buckets; at least 4 each way, so that 3 neighbours never share one."""

    across: int
    up: int


class Laid(NamedTuple):
    """One stretch of a side by bucket, then time: bucket b is [start[b]:start[b + 1]].

    Bit c of `bits` says that bucket c of the torus `marks` or a neighbour is occupied: that turns most of the other
    side away after one look.
    """

    fold: Fold
    marks: Fold
    start: Rows
    bits: NDArray[np.uint64]
    time: Times
    place: Floats  # [n, 2] degrees
    row: Rows


class Near(NamedTuple):
    """What counts as near: bounds in degrees turn most away, `reach_m` (the radius and what is in doubt) decides."""

    reach_m: float
    longitude_deg: float
    latitude_deg: float
    apart: bool  # a pair of one table is told once, the lower row on the left, and no row pairs with itself


@njit(cache=True, nogil=True)
def cell(x: float, y: float, plane: Plane) -> tuple[int, int]:
    """(column, row), both positive for all places of the tile."""
    if plane.cap:
        phi, lam = y * DEGREE, x * DEGREE
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
def bucket_of(column: int, row: int, fold: Fold) -> int:
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
def folded(plane: Plane, buckets: int, least: int, most: int) -> Fold:
    # A torus of about so many buckets, no larger than the tile needs; `least` and `most` in powers of two.
    bits = least + 2
    while bits < most and (1 << bits) < buckets:
        bits += 1
    across, up = max(least, plane.column_bits), max(2, plane.line_bits)
    if across + up > bits:
        across = max(least, min(across, max(bits // 2, bits - up)))
        up = max(2, min(up, bits - across))
    return Fold(across, up)


@njit(cache=True, nogil=True)
def layout(side: Side, first: int, last: int, plane: Plane) -> Laid:
    """The entries first..last of a side."""
    longitude, latitude, times, rows, step = side
    count = last - first
    fold, marks = folded(plane, 2 * count, 2, 22), folded(plane, 64 * count, 6, 23)
    start = np.zeros((1 << (fold.across + fold.up)) + 2, np.int32)
    bits = np.zeros((1 << (marks.across + marks.up)) >> 6, np.uint64)
    bucket = np.empty(count, np.int32)
    for k in range(count):
        at = (first + k) * step
        column, line = cell(longitude[at], latitude[at], plane)
        b = bucket_of(column, line, fold)
        bucket[k] = b
        start[b + 2] += 1
        mark = bucket_of(column, line, marks)
        bits[mark >> 6] |= np.uint64(1) << np.uint64(mark & 63)
    for b in range(2, len(start)):
        start[b] += start[b - 1]
    time, place, row = np.empty(count, times.dtype), np.empty((count, 2)), np.empty(count, np.int32)
    for k in range(count):
        given, at = (first + k) * step, start[bucket[k] + 1]
        start[bucket[k] + 1] = at + 1
        time[at], place[at, 0], place[at, 1] = times[given], longitude[given], latitude[given]
        row[at] = given if step == 1 else int(rows[2 * given])
    if step != 1:
        for b in range(len(start) - 2):
            if start[b + 1] - start[b] > 1:
                _settle(time, place, row, start[b], start[b + 1])
    return Laid(fold, marks, start, _thicken(bits, marks), time, place, row)


@njit(cache=True, nogil=True)
def distance(x: float, y: float, to_x: float, to_y: float) -> float:
    """Length in metres of the shortest way between places in degrees, on WGS84; for short ways.

    The chord through the ellipsoid, bent by the radius of the normal section halfway (Euler). Measured against PROJ
    (`tests/unit/geo`): within 10 nm of the geodesic up to 20 km, 2 um at 100 km, 10 um at 150 km; then by the fifth
    power.
    """
    phi = y * DEGREE
    return bent(x, y, math.sin(phi), math.cos(phi), to_x, to_y)


@njit(cache=True, nogil=True)
def bent(x: float, y: float, sine_y: float, cosine_y: float, to_x: float, to_y: float) -> float:
    # The other latitude by a turn from the first: no further sine for a short way.
    step = (to_y - y) * DEGREE
    if abs(step) < 3e-2:
        square = step * step
        s = step * (1.0 - square * (1.0 / 6 - square * (1.0 / 120 - square * (1.0 / 5040))))
        c = 1.0 - square * (0.5 - square * (1.0 / 24 - square * (1.0 / 720 - square * (1.0 / 40320))))
        to_sine, to_cosine = sine_y * c + cosine_y * s, cosine_y * c - sine_y * s
    else:
        to_sine, to_cosine = math.sin(to_y * DEGREE), math.cos(to_y * DEGREE)
    # Distances from the axis and heights above the equator.
    w, to_w = 1.0 - ECCENTRICITY_2 * sine_y * sine_y, 1.0 - ECCENTRICITY_2 * to_sine * to_sine
    normal, to_normal = AXIS_M / math.sqrt(w), AXIS_M / math.sqrt(to_w)
    arm, to_arm = normal * cosine_y, to_normal * to_cosine
    z, to_z = normal * (1.0 - ECCENTRICITY_2) * sine_y, to_normal * (1.0 - ECCENTRICITY_2) * to_sine
    turn = abs(to_x - x)
    turn = (360.0 - turn if turn > 180.0 else turn) * (DEGREE / 2)
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
def _first(time: Times, start: int, end: int, t: float, lag: float, beyond: bool) -> int:
    """First entry of start..end, which are in order of time, that is not less than a lag after t (`beyond`: more)."""
    while start < end:
        middle = (start + end) >> 1
        # The difference, never t + lag: only that is free of rounding wherever it matters.
        if time[middle] - t < lag or (beyond and time[middle] - t == lag):
            start = middle + 1
        else:
            end = middle
    return start


@njit(cache=True, nogil=True)
def _look(
    longitude: Floats, latitude: Floats, time: Times, rows: Rows, step: int, first: int, last: int, window: float,
    near: Near, plane: Plane, fold: Fold, marks: Fold, start: Rows, bits: NDArray[np.uint64], held_time: Times,
    place: Floats, held: Rows, left: Rows, right: Rows, length: Floats, lag: Times, count: int,
) -> tuple[int, int]:  # fmt: skip
    """Pairs of the entries first..last with what is laid out, after `count` others: (next entry, pairs by now).

    Stops before an entry whose pairs do not fit. No array inside a tuple and none that changes: numba would count
    references at every look.
    """
    reach, wide, high, apart = near.reach_m, near.longitude_deg, near.latitude_deg, near.apart
    passed, hit, when = np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64), np.empty(_BLOCK, time.dtype)
    for at in range(first, last, _BLOCK):
        # First only the looks, in a steady stream and without branches; what misses is written over.
        hits = 0
        for k in range(at, min(at + _BLOCK, last)):
            column, line = cell(longitude[k * step], latitude[k * step], plane)
            mark = bucket_of(column, line, marks)
            hit[hits], when[hits] = k, time[k * step]
            hits += (bits[mark >> 6] >> np.uint64(mark & 63)) & np.uint64(1) != 0
        for h in range(hits):
            k = int(hit[h])
            x, y, t = longitude[k * step], latitude[k * step], when[h]
            r = k if step == 1 else int(rows[2 * k * step])
            column, line = cell(x, y, plane)
            before = count
            sine, cosine = 0.0, 0.0
            together = (column - 1) & ((1 << fold.across) - 1) <= (1 << fold.across) - 3
            for near_line in range(line - 1, line + 2):
                b = bucket_of(column - 1, near_line, fold)
                # Three neighbours that hold little are walked as one; they are not in order of time then.
                walked = 3 if together and start[b + 3] - start[b] <= _SCANNED else 1
                for aside in range(0, 3, walked):
                    if aside:
                        b = bucket_of(column - 1 + aside, near_line, fold)
                    a, e = int(start[b]), int(start[b + walked])
                    if e - a > _SCANNED:
                        a, e = _first(held_time, a, e, t, -window, False), _first(held_time, a, e, t, window, True)
                    for block in range(a, e, _BLOCK):
                        taken = 0
                        for i in range(block, min(block + _BLOCK, e)):
                            # No branches: what passes is kept, what does not is written over.
                            turn = abs(place[i, 0] - x)
                            near_place = (abs(place[i, 1] - y) <= high) & ((turn <= wide) | (turn >= 360.0 - wide))
                            near_time = abs(held_time[i] - t) <= window
                            passed[taken] = i
                            taken += near_place & near_time & ((not apart) | (held[i] > r))
                        for n in range(taken):
                            i = passed[n]
                            if sine == cosine:  # both 0: not looked up yet
                                sine, cosine = math.sin(y * DEGREE), math.cos(y * DEGREE)
                            metres = bent(x, y, sine, cosine, place[i, 0], place[i, 1])
                            if metres <= reach:
                                if count == len(left):
                                    return k, before
                                left[count], right[count], length[count] = r, held[i], metres
                                lag[count] = held_time[i] - t
                                count += 1
            if count - before > 1:
                by_row(right, length, lag, before, count)
    return last, count


@njit(cache=True, nogil=True)
def probe(
    side: Side, first: int, last: int, window: float, near: Near, plane: Plane, laid: Laid, found: Found, count: int
) -> tuple[Found, int]:
    """Pairs of the entries first..last of a side with what is laid out, by entry, then row, after `count` others.

    Returns the buffers, `found` or larger ones, and how many pairs are in them.
    """
    longitude, latitude, time, rows, step = side
    while first < last:
        first, count = _look(
            longitude, latitude, time, rows, step, first, last, window, near, plane, laid.fold, laid.marks, laid.start,
            laid.bits, laid.time, laid.place, laid.row, found.left, found.right, found.length, found.lag, count,
        )  # fmt: skip
        if first < last:
            found = larger(2 * len(found.left), found, count)
    return found, count
