"""Exact planar geometry in compiled form: orientation, point in rings, segment against rings.

Every decision (which side, inside, crossed) is that of exact arithmetic on the given doubles and so agrees with GEOS;
only positions along a segment are rounded. No fastmath: the expansions need plain IEEE rules. All kernels live in one
file because numba's cache notices a change of the file a kernel stands in, not of those it calls.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from geo.fence_table import FenceTable, Floats, Integers, Rings, build_table

INSIDE, BORDER, OUTSIDE = 1, 0, -1

_FILTER = 3.3306690738754716e-16  # Shewchuk 1997, ccwerrboundA
_LEFT, _RIGHT = 1, 2
_FIRST, _LAST = 1e-300, 1.0 - 2.0**-53  # the parameters next to the ends of a segment


@njit(cache=True, nogil=True)
def _orient_exactly(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> int:
    # The six products of the expanded determinant as mantissas and exponents: nothing can overflow or underflow.
    left = (ax, -ay, bx, -by, cx, -cy)
    right = (by, bx, cy, cx, ay, ax)
    high, low, exponent = np.zeros(6), np.zeros(6), np.zeros(6, np.int64)
    for i in range(6):
        u, u_exponent = math.frexp(left[i])
        v, v_exponent = math.frexp(right[i])
        product = u * v
        split = 134217729.0 * u
        u_high = split - (split - u)
        u_low = u - u_high
        split = 134217729.0 * v
        v_high = split - (split - v)
        v_low = v - v_high
        high[i] = product
        low[i] = ((u_high * v_high - product) + u_high * v_low + u_low * v_high) + u_low * v_low
        exponent[i] = u_exponent + v_exponent

    # Shewchuk's expansion sum, from the largest exponent down, in units of the exponent at hand.
    total = np.zeros(12)
    count, unit = 0, 0
    for _ in range(6):
        best = -1
        for i in range(6):
            if high[i] != 0.0 and (best < 0 or exponent[i] > exponent[best]):
                best = i
        if best < 0:
            break
        if count > 0:
            shift = unit - exponent[best]
            # A sum that is not zero is a multiple of 2**-106 old units; what is left is less than 6 new units.
            if shift > 110:
                if np.any(total[:count] != 0.0):
                    break
                count = 0
            factor = math.ldexp(1.0, min(shift, 110))
            for k in range(count):
                total[k] *= factor
        unit = exponent[best]
        for part in (low[best], high[best]):
            carry = part
            for k in range(count):
                s = carry + total[k]
                virtual = s - carry
                total[k] = (carry - (s - virtual)) + (total[k] - virtual)
                carry = s
            total[count] = carry
            count += 1
        high[best] = 0.0
    for k in range(count - 1, -1, -1):
        if total[k] != 0.0:
            return 1 if total[k] > 0.0 else -1
    return 0


@njit(cache=True, nogil=True)
def orient(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> int:
    """Which side of the line a -> b holds c: +1 left, 0 on the line, -1 right; exact for all finite doubles."""
    first = (ax - cx) * (by - cy)
    second = (ay - cy) * (bx - cx)
    size = abs(first) + abs(second)
    if size > 1e-290:  # below, a product may have lost bits to underflow, which the filter does not allow for
        difference = first - second
        if difference > _FILTER * size:
            return 1
        if -difference > _FILTER * size:
            return -1
    elif (ax == cx or by == cy) and (ay == cy or bx == cx):
        return 0
    return _orient_exactly(ax, ay, bx, by, cx, cy)


@njit(cache=True, nogil=True)
def _ray_meets(ux: float, uy: float, vx: float, vy: float, px: float, py: float) -> int:
    """What the ray from p to the east does with the edge u-v: 0 misses, 1 crosses, 2 p lies on the edge."""
    if (uy > py and vy > py) or (uy < py and vy < py) or (ux < px and vx < px):
        return 0
    if (ux == px and uy == py) or (vx == px and vy == py):
        return 2
    if uy == vy:
        return 2 if min(ux, vx) <= px else 0
    if (uy <= py) == (vy <= py):
        return 0
    side = orient(ux, uy, vx, vy, px, py)
    if side == 0:
        return 2
    return 1 if (side > 0) == (vy > uy) else 0


@njit(cache=True, nogil=True)
def _slot(value: float, origin: float, scale: float, count: int) -> int:
    # Monotone in value also after rounding, so whatever overlaps in value shares a slot: no padding is needed.
    place = (value - origin) * scale
    if not place > 0.0:
        return 0
    return count - 1 if place >= count else int(place)


@njit(cache=True, nogil=True)
def _fence_state(table: FenceTable, f: int, px: float, py: float) -> int:
    if not (table.west[f] <= px <= table.east[f] and table.south[f] <= py <= table.north[f]):
        return OUTSIDE
    first = table.fence_band[f]
    band = first + _slot(py, table.south[f], table.band_scale[f], table.fence_band[f + 1] - first)
    inside = False
    for k in range(table.band_start[band], table.band_start[band + 1]):
        v = int(table.band_edge[k])
        met = _ray_meets(table.x[v], table.y[v], table.x[v + 1], table.y[v + 1], px, py)
        if met == 2:
            return BORDER
        if met == 1:
            inside = not inside
    return INSIDE if inside else OUTSIDE


@njit(cache=True, nogil=True)
def fix_state(table: FenceTable, f: int, px: float, py: float) -> int:
    """State of a position against fence f; -180 and 180 degrees are one meridian."""
    state = _fence_state(table, f, px, py)
    return max(state, _fence_state(table, f, -px, py)) if abs(px) == 180.0 else state


@njit(cache=True, nogil=True)
def _along(ax: float, ay: float, bx: float, by: float, wx: float, wy: float) -> float:
    """Parameter of w on the line a -> b by its longer axis; for w on the line, on the right side of 0 and of 1."""
    if abs(bx - ax) < abs(by - ay):
        ax, bx, wx = ay, by, wy
    if wx in (ax, bx):
        return 0.0 if wx == ax else 1.0
    t = (wx - ax) / (bx - ax)
    if min(ax, bx) < wx < max(ax, bx):
        return min(max(t, _FIRST), _LAST)
    return min(t, -_FIRST) if (wx < ax) == (ax < bx) else max(t, 1.0 + 2.0**-52)


@njit(cache=True, nogil=True)
def _meeting(
    ax: float, ay: float, bx: float, by: float, ux: float, uy: float, vx: float, vy: float
) -> tuple[bool, int, float, bool]:
    """How the edge u-v meets a-b, their boxes overlapping: (touches, flips, parameter, lies ahead of a on the line).

    `flips` says which of two copies of the line, moved a hair to the left and a hair to the right, cross the edge.
    """
    u_side = orient(ax, ay, bx, by, ux, uy)
    v_side = orient(ax, ay, bx, by, vx, vy)
    if u_side == v_side:
        return u_side == 0, 0, 0.0, False
    flips = (_LEFT if (u_side > 0) != (v_side > 0) else 0) | (_RIGHT if (u_side < 0) != (v_side < 0) else 0)
    if u_side == 0 or v_side == 0:
        t = _along(ax, ay, bx, by, ux, uy) if u_side == 0 else _along(ax, ay, bx, by, vx, vy)
        return 0.0 <= t <= 1.0, flips, t, t > 0.0
    a_side = orient(ux, uy, vx, vy, ax, ay)
    b_side = orient(ux, uy, vx, vy, bx, by)
    ahead = a_side == -u_side
    if a_side == 0 or b_side == 0:
        return True, flips, 0.0 if a_side == 0 else 1.0, ahead
    if not (ahead and b_side == u_side):
        return False, flips, 0.0, ahead
    a_far = (vx - ux) * (ay - uy) - (vy - uy) * (ax - ux)
    b_far = (vx - ux) * (by - uy) - (vy - uy) * (bx - ux)
    t = a_far / (a_far - b_far) if a_far != b_far else 0.5
    u_t = _along(ax, ay, bx, by, ux, uy)
    v_t = _along(ax, ay, bx, by, vx, vy)
    # Nearly parallel: the quotient may be far off, but the meeting lies on the edge. Never 0 or 1: those are the fixes.
    t = min(max(t, min(u_t, v_t)), max(u_t, v_t))
    return True, flips, min(max(t, _FIRST), _LAST), True


@njit(cache=True, nogil=True)
def _meetings(
    table: FenceTable, f: int, ax: float, ay: float, bx: float, by: float, at: Floats, flips: Integers
) -> tuple[bool, int, Floats, Integers]:
    """(touched, count, at, flips): all flips strictly between a and b, unsorted; the buffers grow as needed."""
    touched, count = False, 0
    first = table.fence_band[f]
    bands = table.fence_band[f + 1] - first
    west, east, south, north = min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)
    low = _slot(south, table.south[f], table.band_scale[f], bands)
    high = _slot(north, table.south[f], table.band_scale[f], bands)
    for band in range(low, high + 1):
        for k in range(table.band_start[first + band], table.band_start[first + band + 1]):
            v = int(table.band_edge[k])
            ux, uy, vx, vy = table.x[v], table.y[v], table.x[v + 1], table.y[v + 1]
            if (ux < west and vx < west) or (ux > east and vx > east):
                continue
            if (uy < south and vy < south) or (uy > north and vy > north):
                continue
            if band != max(low, _slot(min(uy, vy), table.south[f], table.band_scale[f], bands)):
                continue  # seen in an earlier band
            touches, flip, t, _ = _meeting(ax, ay, bx, by, ux, uy, vx, vy)
            if not touches:
                continue
            touched = True
            if flip != 0 and 0.0 < t < 1.0:
                if count == len(at):
                    at = np.append(at, np.empty_like(at))
                    flips = np.append(flips, np.empty_like(flips))
                at[count] = t
                flips[count] = flip
                count += 1
    return touched, count, at, flips


@njit(cache=True, nogil=True)
def _sides_after(table: FenceTable, f: int, ax: float, ay: float, bx: float, by: float) -> int:
    """Whether the way from a towards b starts inside on its left and on its right side; for a on the border."""
    sides = 0
    for r in range(table.fence_ring[f], table.fence_ring[f + 1]):
        for v in range(table.ring_start[r], table.ring_start[r + 1] - 1):
            ux, uy, vx, vy = table.x[v], table.y[v], table.x[v + 1], table.y[v + 1]
            _, flip, _, ahead = _meeting(ax, ay, bx, by, ux, uy, vx, vy)
            if ahead:
                sides ^= flip
    return sides


@njit(cache=True, nogil=True)
def walk(
    table: FenceTable, f: int, ax: float, ay: float, bx: float, by: float, begin: float, end: float, inside: bool
) -> tuple[bool, Floats]:
    """(inside at b, parameters of every change) on the way a -> b, for one who comes to a with the state `inside`.

    The fence is a closed set: the border is inside, a touch from outside is a stay of no length, a way along the
    border is inside. a stands at parameter `begin`, b at `end`. An absence shorter than the resolution of the
    parameter (2^-53 of the way) is not seen.
    """
    if ax == bx and ay == by:
        return inside, np.empty(0)
    state = _fence_state(table, f, ax, ay)
    _, count, at, flips = _meetings(table, f, ax, ay, bx, by, np.empty(8), np.empty(8, np.int64))
    changes = np.empty(2 * count + 3)
    n = 0
    if (state >= BORDER) != inside:
        changes[n] = begin
        n += 1
        inside = not inside
    sides = (_LEFT | _RIGHT) if state == INSIDE else 0
    if state == BORDER:
        sides = _sides_after(table, f, ax, ay, bx, by)
        if sides == 0:
            changes[n] = begin
            n += 1
            inside = False
    order = np.argsort(at[:count])
    i = 0
    while i < count:
        t = at[order[i]]
        place = begin + t * (end - begin)
        if not inside:
            changes[n] = place
            n += 1
            inside = True
        while i < count and at[order[i]] == t:
            sides ^= flips[order[i]]
            i += 1
        if sides == 0:
            changes[n] = place
            n += 1
            inside = False
    if (_fence_state(table, f, bx, by) >= BORDER) != inside:
        changes[n] = end
        n += 1
        inside = not inside
    return inside, changes[:n]


@njit(cache=True, nogil=True)
def _gather(table: FenceTable, ax: float, ay: float, bx: float, by: float, found: Integers, n: int) -> int:
    """Append the fences whose box meets the box of a-b, each once; returns the new count."""
    west, east, south, north = min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)
    x, y, columns, rows = table.grid
    left, right = _slot(west, x, columns, table.side), _slot(east, x, columns, table.side)
    bottom, top = _slot(south, y, rows, table.side), _slot(north, y, rows, table.side)
    for row in range(bottom, top + 1):
        for column in range(left, right + 1):
            cell = row * table.side + column
            for k in range(table.cell_start[cell], table.cell_start[cell + 1]):
                f = int(table.cell_fence[k])
                if west > table.east[f] or east < table.west[f] or south > table.north[f] or north < table.south[f]:
                    continue
                if column == max(left, _slot(table.west[f], x, columns, table.side)) and row == max(
                    bottom, _slot(table.south[f], y, rows, table.side)
                ):
                    found[n] = f
                    n += 1
    return n


@njit(cache=True, nogil=True)
def locate(table: FenceTable, longitude: Floats, latitude: Floats) -> Integers:
    """Rows (position, fence, state) of every fence that holds a position, by position then fence; i8[k, 3]."""
    found = np.empty(2 * len(table.west), np.int64)
    rows = np.empty((2 * len(longitude) + 8, 3), np.int64)
    n = 0
    for i in range(len(longitude)):
        px, py = longitude[i], latitude[i]
        count = _gather(table, px, py, px, py, found, 0)
        if abs(px) == 180.0:
            count = _gather(table, -px, py, -px, py, found, count)
        for f in found[:count] if abs(px) != 180.0 else np.unique(found[:count]):
            state = fix_state(table, f, px, py)
            if state >= BORDER:
                if n == len(rows):
                    rows = np.concatenate((rows, np.empty_like(rows)))
                rows[n, 0], rows[n, 1], rows[n, 2] = i, f, state
                n += 1
    return rows[:n]


@njit(cache=True, nogil=True)
def stays(table: FenceTable, longitude: Floats, latitude: Floats, first: int, last: int) -> Floats:
    """Rows (segment, fence, entered, left) of every stay that begins or ends on a segment first <= s < last; f8[k, 4].

    Segment s runs from fix s to s + 1, the short way round. Parameters count along the segment; NaN stands for an end
    of the stay that lies on another segment. Rows come in the order of the segments.
    """
    found = np.empty(4 * len(table.west), np.int64)
    at, flips = np.empty(64), np.empty(64, np.int64)
    rows = np.empty((256, 4))
    n = 0
    for s in range(first, last):
        ax, ay, bx, by = longitude[s], latitude[s], longitude[s + 1], latitude[s + 1]
        seam = 180.0 if ax > bx else -180.0  # as seen from a, should the short way cross it
        wraps = abs(ax - bx) > 180.0
        plain = not wraps and abs(ax) != 180.0 and abs(bx) != 180.0
        part, level = 0.0, ay
        if wraps:
            # Reckoned from the eastern hemisphere in both directions, so that the way back meets the same point.
            part = (180.0 - max(ax, bx)) / max(360.0 - abs(ax - bx), _FIRST)
            level = (ay + part * (by - ay)) if ax > bx else (by + part * (ay - by))
            level = min(max(level, min(ay, by)), max(ay, by))
            part = part if ax > bx else 1.0 - part
            count = _gather(table, ax, ay, seam, level, found, 0)
            count = _gather(table, -seam, level, bx, by, found, count)
        else:
            count = _gather(table, ax, ay, bx, by, found, 0)
        for x in (ax, bx):
            if abs(x) == 180.0:
                count = _gather(table, -x, ay, -x, by, found, count)
        for f in found[:count] if plain else np.unique(found[:count]):
            if plain:
                touched, _, at, flips = _meetings(table, f, ax, ay, bx, by, at, flips)
                if not touched:
                    continue
            began = fix_state(table, f, ax, ay) >= BORDER
            if abs(ax) == 180.0 and abs(bx) == 180.0:
                x = 180.0 if table.east[f] == 180.0 else -180.0
                inside, changes = walk(table, f, x, ay, x, by, 0.0, 1.0, began)
            elif wraps:
                inside, changes = walk(table, f, ax, ay, seam, level, 0.0, part, began)
                inside, more = walk(table, f, -seam, level, bx, by, part, 1.0, inside)
                changes = np.append(changes, more)
            else:
                inside, changes = walk(table, f, ax, ay, bx, by, 0.0, 1.0, began)
            if (fix_state(table, f, bx, by) >= BORDER) != inside:
                changes = np.append(changes, 1.0)  # a fence reaches b from the other side of the seam
            i = -1 if began else 0
            while i < len(changes):
                if n == len(rows):
                    rows = np.concatenate((rows, np.empty_like(rows)))
                rows[n, 0], rows[n, 1] = s, f
                rows[n, 2] = changes[i] if i >= 0 else np.nan
                rows[n, 3] = changes[i + 1] if i + 1 < len(changes) else np.nan
                n += len(changes) > 0
                i += 2
    return rows[:n]


def warm_up() -> None:
    """Compile every kernel, or load it from the cache, before the first position arrives."""
    corners = np.array([0.0, 2.0, 1.0, 0.0])
    table = build_table([Rings(corners, np.array([0.0, 0.0, 1.0, 0.0]), np.array([0, 4]))])
    locate(table, corners, corners)
    stays(table, corners, corners, 0, 3)
