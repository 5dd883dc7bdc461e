"""Stays of a track in fences, in compiled form: where they begin and end on the ways between fixes.

A fence is a closed set: the border is inside, a touch from outside is a stay of no length, a way along the border is
inside. Which changes there are is exact; where along the way is rounded. An absence shorter than the resolution of the
parameter (2^-53 of the way) is not seen.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.fence_leaves import COVER, DEEPEST
from geo.fence_table import FenceTable
from geo.kernels import holding, leaf_state
from geo.meetings import FIRST, LEFT, RIGHT, by_place, meeting, meetings
from geo.orientation import BORDER, INSIDE, OUTSIDE

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@njit(cache=True, nogil=True)
def _plane_state(table: FenceTable, slot: int, px: float, py: float) -> int:
    fine = table.scale * (1 << DEEPEST)
    gx, gy = math.floor(px * fine), math.floor(py * fine)
    window = table.windows[slot]
    column, row = (gx >> DEEPEST) - window[0], (gy >> DEEPEST) - window[1]
    if not (0 <= column < window[2] and 0 <= row < window[3]):
        return OUTSIDE
    cell = int(table.words[table.chunk[slot] + row * window[2] + column])
    if cell <= COVER:
        return INSIDE if cell == COVER else OUTSIDE
    level, block = cell & 15, table.chunk[slot] + (cell >> 4)
    shift, mask = DEEPEST - level, (1 << level) - 1
    leaf = int(table.words[block + (((gy >> shift) & mask) << level) + ((gx >> shift) & mask)])
    if leaf <= COVER:
        return INSIDE if leaf == COVER else OUTSIDE
    size = (1 << shift) / fine
    return leaf_state(table.words, table.xy, block, leaf, px, py, ((gx >> shift) + 1) * size, (gy >> shift) * size)


@njit(cache=True, nogil=True)
def fix_state(table: FenceTable, slot: int, px: float, py: float) -> int:
    """State of a position against the fence in a slot; -180 and 180 degrees are one meridian."""
    state = _plane_state(table, slot, px, py)
    return max(state, _plane_state(table, slot, -px, py)) if abs(px) == 180.0 else state


@njit(cache=True, nogil=True)
def _sides_after(table: FenceTable, slot: int, ax: float, ay: float, bx: float, by: float) -> int:
    """Whether the way from a towards b starts inside on its left and on its right side; for a on the border."""
    sides, xy = 0, table.xy
    for v in range(table.vertices[slot, 0], table.vertices[slot, 1] - 1):
        ux, uy, vx, vy = xy[2 * v], xy[2 * v + 1], xy[2 * v + 2], xy[2 * v + 3]
        if math.isnan(ux) or math.isnan(vx):
            continue
        _, flip, _, ahead = meeting(ax, ay, bx, by, ux, uy, vx, vy)
        if ahead:
            sides ^= flip
    return sides


@njit(cache=True, nogil=True)
def _walk(
    table: FenceTable, slot: int, ax: float, ay: float, bx: float, by: float, begin: float, end: float, inside: bool,
    at: Floats, flips: Integers, changes: Floats, n: int,
) -> tuple[bool, Floats, int]:  # fmt: skip
    """Append the parameters of every change on the way a -> b, for one who comes to a with the state `inside`.

    a stands at parameter `begin`, b at `end`; `at` and `flips` are the meetings with the fence's edges, by place.
    Returns the state at b, the buffer, the count.
    """
    if ax == bx and ay == by:
        return inside, changes, n
    if n + 2 * len(at) + 3 > len(changes):
        changes = np.append(changes, np.empty(2 * len(at) + 3 + n))
    state = _plane_state(table, slot, ax, ay)
    if (state >= BORDER) != inside:
        changes[n] = begin
        n += 1
        inside = not inside
    sides = (LEFT | RIGHT) if state == INSIDE else 0
    if state == BORDER:
        sides = _sides_after(table, slot, ax, ay, bx, by)
        if sides == 0:
            changes[n] = begin
            n += 1
            inside = False
    i = 0
    while i < len(at):
        t = at[i]
        if flips[i] == 0 or not 0.0 < t < 1.0:  # an edge along the way, or one that only a fix touches
            i += 1
            continue
        place = begin + t * (end - begin)
        if not inside:
            changes[n] = place
            n += 1
            inside = True
        while i < len(at) and at[i] == t:
            sides ^= flips[i]
            i += 1
        if sides == 0:
            changes[n] = place
            n += 1
            inside = False
    if (_plane_state(table, slot, bx, by) >= BORDER) != inside:
        changes[n] = end
        n += 1
        inside = not inside
    return inside, changes, n


@njit(cache=True, nogil=True)
def _are_plain(at: Floats, flips: Integers, first: int, last: int) -> bool:
    """Whether the way crosses every edge between its ends, each at a place of its own: then each is a change."""
    for i in range(first, last):
        if flips[i] != LEFT | RIGHT or not 0.0 < at[i] < 1.0 or (i > first and at[i] == at[i - 1]):
            return False
    return True


class Stays(NamedTuple):
    """Stays that begin or end on a segment; NaN stands for an end that lies on another segment."""

    segment: Integers
    fence: Integers
    entered: Floats
    left: Floats


@njit(cache=True, nogil=True)
def _append(
    out: Stays, n: int, from_n: int, segment: int, fence: int, began: bool, changes: Floats, count: int
) -> tuple[Stays, int]:
    """Write the changes as stays among those of the segment, from_n..n, in the order of place, then fence."""
    i = -1 if began else 0
    while i < count:
        entered = changes[i] if i >= 0 else np.nan
        left = changes[i + 1] if i + 1 < count else np.nan
        if n == len(out.segment):
            out = Stays(
                np.append(out.segment, out.segment), np.append(out.fence, out.fence),
                np.append(out.entered, out.entered), np.append(out.left, out.left),
            )  # fmt: skip
        k, first = n, entered if i >= 0 else left
        while k > from_n:
            other = out.left[k - 1] if math.isnan(out.entered[k - 1]) else out.entered[k - 1]
            if other < first or (other == first and out.fence[k - 1] < fence):
                break
            out.fence[k], out.entered[k], out.left[k] = out.fence[k - 1], out.entered[k - 1], out.left[k - 1]
            k -= 1
        out.segment[n] = segment
        out.fence[k], out.entered[k], out.left[k] = fence, entered, left
        n += 1
        i += 2
    return out, n


@njit(cache=True, nogil=True)
def _met(
    table: FenceTable, ax: float, ay: float, bx: float, by: float, edge: Integers, at: Floats, flips: Integers
) -> tuple[int, Integers, Floats, Integers]:
    """(count, edge, at, flips) of the meetings on a-b, in the buffers given or in larger ones."""
    while True:
        n = meetings(table.words, table.xy, table.cells, table.frame, table.scale, ax, ay, bx, by, edge, at, flips)
        if n <= len(edge):
            return n, edge, at, flips
        edge, at, flips = np.empty(2 * n, np.int64), np.empty(2 * n), np.empty(2 * n, np.int64)


@njit(cache=True, nogil=True)
def _slots_holding(table: FenceTable, px: float, py: float) -> Integers:
    """Slots of the fences that hold a position."""
    found, none = np.empty(64, np.int64), np.empty(0, np.int64)
    slots = np.arange(len(table.rank)).astype(np.int32)
    while True:
        n = holding(table.words, table.xy, table.cells, slots, table.frame, table.scale, px, py, found, none, 0)
        if n <= len(found):
            return found[: max(n, 0)]
        found = np.empty(n, np.int64)


@njit(cache=True, nogil=True)
def _stays_at_seam(
    table: FenceTable, ax: float, ay: float, bx: float, by: float, segment: int, out: Stays, n: int
) -> tuple[Stays, int]:
    """The stays on a segment that begins, ends or passes at the antimeridian: rare, so it takes its time."""
    seam = 180.0 if ax > bx else -180.0  # as seen from a, should the short way cross it
    wraps, upright = abs(ax - bx) > 180.0, abs(ax) == 180.0 and abs(bx) == 180.0
    parts = [(ax, ay, bx, by, 0.0, 1.0)]
    if upright:
        parts = [(180.0, ay, 180.0, by, 0.0, 1.0), (-180.0, ay, -180.0, by, 0.0, 1.0)]
    elif wraps:
        # Reckoned from the eastern hemisphere in both directions, so that the way back meets the same point.
        part = (180.0 - max(ax, bx)) / max(360.0 - abs(ax - bx), FIRST)
        level = (ay + part * (by - ay)) if ax > bx else (by + part * (ay - by))
        level = min(max(level, min(ay, by)), max(ay, by))
        part = part if ax > bx else 1.0 - part
        parts = [(ax, ay, seam, level, 0.0, part), (-seam, level, bx, by, part, 1.0)]
    edge, at, flips = np.empty(64, np.int64), np.empty(64), np.empty(64, np.int64)
    slots = np.append(_slots_holding(table, ax, ay), _slots_holding(table, bx, by))
    for px, py, qx, qy, _, _ in parts:
        count, edge, at, flips = _met(table, px, py, qx, qy, edge, at, flips)
        slots = np.append(slots, edge[:count] >> 32)
    from_n, changes = n, np.empty(64)
    for slot in np.unique(slots):
        began = fix_state(table, slot, ax, ay) >= BORDER
        inside, total = began, 0
        for px, py, qx, qy, begin, end in parts:
            if upright and (px > 0.0) != (table.box[slot, 2] == 180.0):
                continue  # of the two names of the meridian, the one on the fence's side
            count, edge, at, flips = _met(table, px, py, qx, qy, edge, at, flips)
            first, last = np.searchsorted(edge[:count], slot << 32), np.searchsorted(edge[:count], slot + 1 << 32)
            by_place(at, flips, first, last)
            inside, changes, total = _walk(
                table, slot, px, py, qx, qy, begin, end, inside, at[first:last], flips[first:last], changes, total
            )
        if (fix_state(table, slot, bx, by) >= BORDER) != inside:
            changes = np.append(changes[:total], np.ones(8))  # a fence reaches b from the other side of the seam
            total += 1
        if total > 0:
            out, n = _append(out, n, from_n, segment, int(table.rank[slot]), began, changes, total)
    return out, n


@njit(cache=True, nogil=True)
def stays(
    table: FenceTable, longitude: Floats, latitude: Floats, track: Integers, first: int, last: int
) -> tuple[Stays, int]:
    """(stays, count) on the segments first <= s < last, by segment, place, fence; the rest of the columns is room.

    Segment s runs from fix s to s + 1, the short way round; parameters count along it. Where `track`, if it has any
    length, differs between the two fixes, there is no segment.
    """
    words, xy, cells, frame, scale = table.words, table.xy, table.cells, table.frame, table.scale
    edge, at, flips = np.empty(64, np.int64), np.empty(64), np.empty(64, np.int64)
    room = 256 + (last - first) // 4
    out = Stays(np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room), np.empty(room))
    changes = np.empty(64)
    n = 0
    for s in range(first, last):
        if len(track) > 0 and track[s] != track[s + 1]:
            continue
        ax, ay, bx, by = longitude[s], latitude[s], longitude[s + 1], latitude[s + 1]
        if abs(ax - bx) > 180.0 or abs(ax) == 180.0 or abs(bx) == 180.0:
            out, n = _stays_at_seam(table, ax, ay, bx, by, s, out, n)
            continue
        count = meetings(words, xy, cells, frame, scale, ax, ay, bx, by, edge, at, flips)
        if count == 0:
            continue
        if count > len(edge):
            count, edge, at, flips = _met(table, ax, ay, bx, by, edge, at, flips)
        from_n, i = n, 0
        while i < count:
            slot, j = edge[i] >> 32, i + 1
            while j < count and edge[j] >> 32 == slot:
                j += 1
            if j - i > 1:
                by_place(at, flips, i, j)
            state = _plane_state(table, slot, ax, ay)
            if state != BORDER and _are_plain(at, flips, i, j):
                out, n = _append(out, n, from_n, s, int(table.rank[slot]), state == INSIDE, at[i:j], j - i)
            else:
                _, changes, total = _walk(
                    table, slot, ax, ay, bx, by, 0.0, 1.0, state >= BORDER, at[i:j], flips[i:j], changes, 0
                )
                if total > 0:
                    out, n = _append(out, n, from_n, s, int(table.rank[slot]), state >= BORDER, changes, total)
            i = j
    return out, n
