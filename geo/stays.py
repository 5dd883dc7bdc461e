"""Stays of a track in fences, in compiled form: where they begin and end on the ways between fixes.

A fence is a closed set: the border is inside, a touch from outside is a stay of no length, a way along the border is
inside. Which changes there are is exact, however close; where along the way is rounded.
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
from geo.meeting_order import NEAR, SAME, settle
from geo.meetings import FIRST, LEFT, RIGHT, by_place, meeting, meetings
from geo.near_edges import BLOCK, grouped, near_edges, room_for, sift
from geo.orientation import BORDER, INSIDE, OUTSIDE

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.int32]


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

    a stands at parameter `begin`, b at `end`; `at` and `flips` are the meetings with the fence's edges, once settled.
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
        sides ^= flips[i] & (LEFT | RIGHT)
        i += 1
        while i < len(at) and flips[i] & SAME:
            sides ^= flips[i] & (LEFT | RIGHT)
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
    """Whether the way crosses every edge between its ends, each well after the last: then each is a change."""
    for i in range(first, last):
        if flips[i] != LEFT | RIGHT or not 0.0 < at[i] < 1.0 or (i > first and at[i] - at[i - 1] <= NEAR):
            return False
    return True


class Stays(NamedTuple):
    """Stays that begin or end on a segment; NaN stands for an end that lies on another segment."""

    segment: Integers
    fence: Integers
    entered: Floats
    left: Floats


@njit(cache=True, nogil=True)
def _with_room(out: Stays, n: int, more: int) -> Stays:
    """The columns, or wider ones with the same first n rows, with room for so many more."""
    if n + more <= len(out.segment):
        return out
    wider = len(out.segment) + more
    return Stays(
        np.append(out.segment, np.empty(wider, np.int64)), np.append(out.fence, np.empty(wider, np.int64)),
        np.append(out.entered, np.empty(wider)), np.append(out.left, np.empty(wider)),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _append(
    segments: Integers, fences: Integers, all_entered: Floats, all_left: Floats, n: int,
    segment: int, fence: int, began: bool, changes: Floats, first: int, last: int,
) -> int:  # fmt: skip
    """Write the changes as stays among those of the segment, in the order of place, then fence; there must be room."""
    i = first - began
    while i < last:
        entered = changes[i] if i >= first else np.nan
        left = changes[i + 1] if i + 1 < last else np.nan
        k, here = n, entered if i >= first else left
        while k > 0 and segments[k - 1] == segment:
            other = all_left[k - 1] if math.isnan(all_entered[k - 1]) else all_entered[k - 1]
            if other < here or (other == here and fences[k - 1] <= fence):
                break
            fences[k], all_entered[k], all_left[k] = fences[k - 1], all_entered[k - 1], all_left[k - 1]
            k -= 1
        segments[n] = segment
        fences[k], all_entered[k], all_left[k] = fence, entered, left
        n += 1
        i += 2
    return n


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
def _settled(
    table: FenceTable, ax: float, ay: float, bx: float, by: float, edge: Integers, at: Floats, flips: Integers
) -> None:
    """Put the meetings of a-b with one fence, of `_met`, in the order of place; their numbers are lost."""
    by_place(edge, at, flips)
    settle(table.xy, ax, ay, bx, by, edge & 0xFFFFFFFF, at, flips)


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
    changes = np.empty(64)
    for slot in np.unique(slots):
        began = fix_state(table, slot, ax, ay) >= BORDER
        inside, total = began, 0
        for px, py, qx, qy, begin, end in parts:
            if upright and (px > 0.0) != (table.box[slot, 2] == 180.0):
                continue  # of the two names of the meridian, the one on the fence's side
            count, edge, at, flips = _met(table, px, py, qx, qy, edge, at, flips)
            first, last = np.searchsorted(edge[:count], slot << 32), np.searchsorted(edge[:count], slot + 1 << 32)
            _settled(table, px, py, qx, qy, edge[first:last], at[first:last], flips[first:last])
            inside, changes, total = _walk(
                table, slot, px, py, qx, qy, begin, end, inside, at[first:last], flips[first:last], changes, total
            )
        if (fix_state(table, slot, bx, by) >= BORDER) != inside:
            changes = np.append(changes[:total], np.ones(8))  # a fence reaches b from the other side of the seam
            total += 1
        if total > 0:
            out = _with_room(out, n, total + 1)
            slot_rank = int(table.rank[slot])
            n = _append(out.segment, out.fence, out.entered, out.left, n, segment, slot_rank, began, changes, 0, total)
    return out, n


@njit(cache=True, nogil=True)
def _walked(
    table: FenceTable, slot: int, ax: float, ay: float, bx: float, by: float, segment: int, at: Floats, flips: Integers,
    changes: Floats, out: Stays, n: int,
) -> tuple[Floats, Stays, int]:  # fmt: skip
    """Append the stays of one segment in one fence, whatever the meetings are like, once settled."""
    began = _plane_state(table, slot, ax, ay) >= BORDER
    _, changes, total = _walk(table, slot, ax, ay, bx, by, 0.0, 1.0, began, at, flips, changes, 0)
    out = _with_room(out, n, total + 1)
    if total > 0:
        n = _append(
            out.segment, out.fence, out.entered, out.left, n, segment, int(table.rank[slot]), began, changes, 0, total
        )
    return changes, out, n


@njit(cache=True, nogil=True)
def _stays_of_lone(
    table: FenceTable, ax: float, ay: float, bx: float, by: float, segment: int, out: Stays, n: int
) -> tuple[Stays, int]:
    """Append the stays of one segment in all fences."""
    edge, at, flips, changes = np.empty(64, np.int64), np.empty(64), np.empty(64, np.int64), np.empty(64)
    count, edge, at, flips = _met(table, ax, ay, bx, by, edge, at, flips)
    i = 0
    while i < count:
        j = np.searchsorted(edge[:count], (edge[i] >> 32) + 1 << 32)
        slot = int(edge[i] >> 32)
        _settled(table, ax, ay, bx, by, edge[i:j], at[i:j], flips[i:j])
        changes, out, n = _walked(table, slot, ax, ay, bx, by, segment, at[i:j], flips[i:j], changes, out, n)
        i = j
    return out, n


@njit(cache=True, nogil=True)
def _states(
    words: Words, xy: Floats, windows: Integers, chunk: Integers, scale: float, lines: Floats, groups: int, group: Words
) -> None:
    """Write to group[4] the state of the first fix of each, as `_plane_state`; one look-up at a time for all."""
    fine = scale * (1 << DEEPEST)
    for g in range(groups):
        w, slot = group[0, g], max(group[1, g], 0)
        gx, gy = math.floor(lines[w, 0] * fine), math.floor(lines[w, 1] * fine)
        column, row = (gx >> DEEPEST) - windows[slot, 0], (gy >> DEEPEST) - windows[slot, 1]
        within = (column >= 0) & (column < windows[slot, 2]) & (row >= 0) & (row < windows[slot, 3])
        group[5, g] = chunk[slot] + row * windows[slot, 2] + column if within else 0
        group[6, g] = chunk[slot]
    for g in range(groups):
        cell = words[group[5, g]]
        w, level = group[0, g], cell & 15
        shift, mask = DEEPEST - level, (1 << level) - 1
        gx, gy = math.floor(lines[w, 0] * fine), math.floor(lines[w, 1] * fine)
        block = group[6, g] + (cell >> 4)
        leaf = block + (((gy >> shift) & mask) << level) + ((gx >> shift) & mask)
        group[4, g], group[6, g] = level, block
        group[5, g] = leaf if cell > COVER else group[5, g]  # what covers a cell or is not there says so itself
    for g in range(groups):
        group[5, g] = words[group[5, g]]
    for g in range(groups):
        leaf, px, py = int(group[5, g]), lines[group[0, g], 0], lines[group[0, g], 1]
        if leaf > COVER:
            size = (1 << (DEEPEST - group[4, g])) / fine
            east, south = (math.floor(px / size) + 1) * size, math.floor(py / size) * size
            group[4, g] = leaf_state(words, xy, int(group[6, g]), leaf, px, py, east, south)
        else:
            group[4, g] = INSIDE if leaf == COVER else OUTSIDE


@njit(cache=True, nogil=True)
def _write_plain(
    segments: Integers, fences: Integers, entered: Floats, left: Floats, n: int,
    begin: int, way: Words, rank: Words, at: Floats, flips: Integers, g: int, groups: int, group: Words,
) -> tuple[int, int]:  # fmt: skip
    """Append the stays of the groups from g on up to one that is not plain; (that group, the new n)."""
    while g < groups:
        slot, first, last, state = group[1, g], group[2, g], group[3, g], group[4, g]
        if slot < 0 or state == BORDER or not _are_plain(at, flips, first, last):
            break
        segment, fence = begin + int(way[group[0, g]]), int(rank[slot])
        n = _append(segments, fences, entered, left, n, segment, fence, state == INSIDE, at, first, last)
        g += 1
    return g, n


@njit(cache=True, nogil=True)
def stays(
    table: FenceTable, longitude: Floats, latitude: Floats, track: Integers, first: int, last: int
) -> tuple[Stays, int]:
    """(stays, count) on the segments first <= s < last, by segment, place, fence; the rest of the columns is room.

    Segment s runs from fix s to s + 1, the short way round; parameters count along it. Where `track`, if it has any
    length, differs between the two fixes, there is no segment.
    """
    words, xy, cells, rank, frame, scale = table[0], table[1], table[3], table[4], table[5], table[6]
    windows, chunk = table.windows, table.chunk
    size = 256 + (last - first) // 4
    out = Stays(np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size), np.empty(size))
    changes, block = np.empty(64), min(BLOCK, last - first)
    room = room_for(block)
    n, begin = 0, first
    while begin < last:
        end = min(begin + block, last)
        ways, done = sift(words, cells, frame, scale, longitude, latitude, track, begin, end, room.box, room.way)
        met = groups = 0
        if ways > 0:
            met = near_edges(words, xy, cells, frame, scale, longitude, latitude, begin, ways, room)
            groups = grouped(ways, met, room)
            _states(words, xy, windows, chunk, scale, room.line, groups, room.group)
            out = _with_room(out, n, met + groups)
        g = 0
        while g < groups:
            g, n = _write_plain(
                out.segment, out.fence, out.entered, out.left, n,
                begin, room.way, rank, room.at, room.flips, g, groups, room.group,
            )  # fmt: skip
            if g == groups:
                break
            w, slot, i, j = room.group[0, g], room.group[1, g], room.group[2, g], room.group[3, g]
            s = begin + int(room.way[w])
            ax, ay, bx, by = longitude[s], latitude[s], longitude[s + 1], latitude[s + 1]
            if slot < 0:
                out, n = _stays_of_lone(table, ax, ay, bx, by, s, out, n)
            else:
                settle(xy, ax, ay, bx, by, room.edge[2, i:j].astype(np.int64), room.at[i:j], room.flips[i:j])
                changes, out, n = _walked(
                    table, slot, ax, ay, bx, by, s, room.at[i:j], room.flips[i:j], changes, out, n
                )
            out = _with_room(out, n, met + groups)
            g += 1
        begin += done
        if begin < end:
            out, n = _stays_at_seam(
                table, longitude[begin], latitude[begin], longitude[begin + 1], latitude[begin + 1], begin, out, n
            )
            begin += 1
    return out, n
