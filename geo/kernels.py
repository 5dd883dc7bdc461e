"""Which fences hold a position, in compiled form: one position, some, millions.

Every decision is that of exact arithmetic on the given doubles and so agrees with GEOS. A position meets the leaf of
its cell; where edges come near, its state is the parity of the leaf's south-east corner and of the edges on the way
from there along the east side, then due west. -180 and 180 degrees are one meridian.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.fence_leaves import DEEPEST, OUT
from geo.fence_table import SHEET_HEAD
from geo.orientation import BORDER, FILTER, INSIDE, OUTSIDE, left_of, orient

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.int32]
States = NDArray[np.int8]

NO_PLACE = -1  # in place of a count: this position is none


@njit(cache=True, nogil=True)
def leaf_state(words: Words, xy: Floats, block: int, leaf: int, px: float, py: float, east: float, south: float) -> int:
    """State of a position in a leaf whose word is neither OUT nor COVER, against the one fence the block is of."""
    inside, crossed = leaf & 1, leaf & 2
    at = block + (leaf >> 2)
    while True:
        v, run = int(words[at]), int(words[at + 1])
        ux, uy = xy[2 * v], xy[2 * v + 1]
        for k in range(2 * v + 2, 2 * (v + (run >> 1)) + 2, 2):
            vx, vy = xy[k], xy[k + 1]
            # The filter of `orient` at hand; here and below, | and & stand where a jump could not be foreseen.
            first, second = (ux - px) * (vy - py), (uy - py) * (vx - px)
            turn, size = first - second, abs(first) + abs(second)
            if (abs(turn) <= FILTER * size) | (size < 1e-290):
                side = orient(ux, uy, vx, vy, px, py)
                if side == 0 and min(ux, vx) <= px <= max(ux, vx) and min(uy, vy) <= py <= max(uy, vy):
                    return BORDER
                turn = float(side)
            # The ray due east from p meets the edge; so does its part beyond the leaf, if all of the edge is there.
            meets = ((uy <= py) != (vy <= py)) & ((turn > 0.0) == (vy > uy)) & ((ux <= east) | (vx <= east))
            inside ^= meets
            if crossed and (ux <= east) != (vx <= east):
                ax, ay, bx, by = (ux, uy, vx, vy) if uy <= vy else (vx, vy, ux, uy)
                beside = left_of(ax, ay, bx, by, east, py)
                inside ^= ((ay <= py < by) & beside) ^ (beside != left_of(ax, ay, bx, by, east, south))
            ux, uy = vx, vy
        if run & 1:
            return INSIDE if inside else OUTSIDE
        at += 2


@njit(cache=True, nogil=True)
def _collect(
    words: Words, xy: Floats, cells: Words, rank: Words, frame: Words, scale: float,
    px: float, py: float, fence: Integers, state: Integers, n: int,
) -> int:  # fmt: skip
    """Write the fences that hold p, and how, behind the first n; the new count, also where there is no room for all."""
    fine = scale * (1 << DEEPEST)
    gx, gy = math.floor(px * fine), math.floor(py * fine)
    column, row = (gx >> DEEPEST) - frame[0], (gy >> DEEPEST) - frame[1]
    if not (0 <= column < frame[2] and 0 <= row < frame[3]):
        return n
    at = cells[row * frame[2] + column]
    for k in range(at + 1, at + 1 + 2 * words[at], 2):
        entry, block, found = words[k], words[k + 1], INSIDE
        level = entry & 15
        shift, mask = DEEPEST - level, (1 << level) - 1
        leaf = int(words[block + (((gy >> shift) & mask) << level) + ((gx >> shift) & mask)])
        if leaf == OUT:
            continue
        if leaf > 1:
            size = (1 << shift) / fine
            found = leaf_state(words, xy, block, leaf, px, py, ((gx >> shift) + 1) * size, (gy >> shift) * size)
            if found == OUTSIDE:
                continue
        if n < len(fence):
            fence[n] = rank[entry >> 4]
            if len(state) > 0:
                state[n] = found
        n += 1
    return n


@njit(cache=True, nogil=True)
def _merge_names(fence: Integers, state: Integers, first: int, n: int) -> int:
    """Sort first..n by fence; of two entries of one fence keep the one further inside. Returns the new n."""
    for i in range(first + 1, n):
        k = i
        while k > first and fence[k - 1] > fence[k]:
            fence[k - 1], fence[k] = fence[k], fence[k - 1]
            if len(state) > 0:
                state[k - 1], state[k] = state[k], state[k - 1]
            k -= 1
    kept = first
    for i in range(first, n):
        if kept > first and fence[kept - 1] == fence[i]:
            if len(state) > 0:
                state[kept - 1] = max(state[kept - 1], state[i])
            continue
        fence[kept] = fence[i]
        if len(state) > 0:
            state[kept] = state[i]
        kept += 1
    return kept


@njit(cache=True, nogil=True)
def holding(
    words: Words, xy: Floats, cells: Words, rank: Words, frame: Words, scale: float,
    px: float, py: float, fence: Integers, state: Integers, n: int,
) -> int:  # fmt: skip
    """Write the fences that hold one position behind the first n, ascending; `state` may be of no length.

    Returns the new count, which is more than len(fence) where there was no room for all, or NO_PLACE.
    """
    if not (abs(px) <= 180.0 and abs(py) <= 90.0):
        return NO_PLACE
    end = _collect(words, xy, cells, rank, frame, scale, px, py, fence, state, n)
    if abs(px) == 180.0:
        end = _collect(words, xy, cells, rank, frame, scale, -px, py, fence, state, end)
        if end <= len(fence):
            end = _merge_names(fence, state, n, end)
    return end


@njit(cache=True, nogil=True)
def _parts(sheet: Words) -> tuple[Words, Words, Words, float]:
    """(cells, rank, frame, scale) of a fence table's sheet."""
    behind_rank = SHEET_HEAD + sheet[5]
    return sheet[behind_rank:], sheet[SHEET_HEAD:behind_rank], sheet[:4], math.ldexp(1.0, sheet[4])


@njit(cache=True, nogil=True)
def holding_one(words: Words, xy: Floats, sheet: Words, px: float, py: float) -> Integers:
    """The fences that hold what is a place, ascending. Few arguments: taking them apart costs most of the call."""
    cells, rank, frame, scale = _parts(sheet)
    room = 32
    while True:
        fence = np.empty(room, np.int64)
        n = holding(words, xy, cells, rank, frame, scale, px, py, fence, fence[:0], 0)
        if n <= room:
            return fence[: max(n, 0)]
        room = n


_BLOCK = 512  # positions at a time


@njit(cache=True, nogil=True)
def _one_alone(
    words: Words, xy: Floats, cells: Words, rank: Words, frame: Words, scale: float,
    px: float, py: float, fence: Words | Integers, state: States | Integers, n: int,
) -> int:  # fmt: skip
    """Write the fences that hold one position behind the first n; as `holding`."""
    room = 16
    while True:
        found, how = np.empty(room, np.int64), np.empty(room, np.int64)
        count = holding(words, xy, cells, rank, frame, scale, px, py, found, how, 0)
        if count <= room:
            break
        room = count
    if n + count <= len(fence):
        for k in range(count):
            fence[n + k] = found[k]
            if len(state) > 0:
                state[n + k] = how[k]
    return n + count if count >= 0 else count


@njit(cache=True, nogil=True)
def join(
    words: Words, xy: Floats, cells: Words, rank: Words, frame: Words, scale: float,
    longitude: Floats, latitude: Floats, first: int, last: int,
    held: Words, fence: Words | Integers, state: States | Integers,
) -> tuple[int, int]:  # fmt: skip
    """Count the fences of each position in held[i - first], write them to `fence`, and their states to `state`.

    `state` may be of no length. Returns (count, positions done); stopped before `last`, there was no room for more
    (count >= 0), or the position is none (NO_PLACE). Goes block by block and, within, one look-up at a time for all
    positions: the processor then waits for many cache lines at once, and waiting is where the time goes.
    """
    fine = scale * (1 << DEEPEST)
    unit = 1.0 / fine
    column, row, columns, rows = frame[0], frame[1], frame[2], frame[3]
    block_size = min(_BLOCK, last - first)
    of_point = np.empty((4, block_size), np.int32)
    gx, gy, list_at, length = of_point[0], of_point[1], of_point[2], of_point[3]
    room = 4 * block_size + 64
    pairs = np.empty((7, room), np.int32)
    n, begin = 0, first
    while begin < last:
        who, pair, block, leaf_at = pairs[0], pairs[1], pairs[2], pairs[3]
        leaf, holds, near = pairs[4], pairs[5], pairs[6]
        size = min(block_size, last - begin)
        for k in range(size):
            px, py = longitude[begin + k], latitude[begin + k]
            if not (abs(px) < 180.0 and abs(py) <= 90.0):
                size = k  # on the seam, or no place: by itself, next time round
                break
            x, y = math.floor(px * fine), math.floor(py * fine)
            gx[k], gy[k] = x, y
            c, r = (x >> DEEPEST) - column, (y >> DEEPEST) - row
            list_at[k] = cells[r * columns + c] if 0 <= c < columns and 0 <= r < rows else 0
        if size == 0:
            px, py = longitude[begin], latitude[begin]
            end = _one_alone(words, xy, cells, rank, frame, scale, px, py, fence, state, n)
            if end == NO_PLACE or end > len(fence):
                return min(end, n), begin
            held[begin - first] = end - n
            n, begin = end, begin + 1
            continue
        for k in range(size):
            length[k] = words[list_at[k]]
        count = 0
        for k in range(size):
            at, more = list_at[k] + 1, length[k]
            if count + more + 2 > room:
                size = k  # no room for the pairs of this position: next time round
                break
            # Two at least, needed or not: most lists are no longer, and a jump that is not foreseen costs more.
            for j in range(count, count + max(2, more)):
                entry, place = words[at], words[at + 1]
                level = entry & 15
                shift, mask = DEEPEST - level, (1 << level) - 1
                who[j], pair[j], block[j] = k, entry, place
                leaf_at[j] = place + (((gy[k] >> shift) & mask) << level) + ((gx[k] >> shift) & mask)
                at += 2
            count += more
        if size == 0:
            room *= 2
            pairs = np.empty((7, room), np.int32)
            continue
        if n + count > len(fence):
            return n, begin
        for j in range(count):
            leaf[j] = words[leaf_at[j]]
        edged = 0
        for j in range(count):
            holds[j] = leaf[j] & 1
            near[edged] = j
            edged += leaf[j] > 1
        for i in range(edged):
            leaf_at[i] = words[block[near[i]] + (leaf[near[i]] >> 2)]
        for i in range(edged):
            v = 2 * leaf_at[i]
            # Only to have read both cache lines that the first edges may stand in; NaN is behind the last.
            leaf_at[i] = xy[v] > xy[v + 5]
        for i in range(edged):
            j = int(near[i])
            k = int(who[j])
            shift = DEEPEST - (pair[j] & 15)
            width = (1 << shift) * unit
            found = leaf_state(
                words, xy, block[j], leaf[j], longitude[begin + k], latitude[begin + k],
                ((gx[k] >> shift) + 1) * width, (gy[k] >> shift) * width,
            )  # fmt: skip
            holds[j] = found != OUTSIDE
            leaf[j] = found  # from here on the state
        held[begin - first : begin - first + size] = 0
        for j in range(count):
            fence[n] = rank[pair[j] >> 4]
            if len(state) > 0:
                state[n] = leaf[j]
            n += holds[j]
            held[begin - first + who[j]] += holds[j]
        begin += size
    return n, last


@njit(cache=True, nogil=True)
def spread(held: Words, fence: Words, first: int, point_out: Integers, fence_out: Integers) -> None:
    """Write what `join` found as pairs: the fences of position first + k stand held[k] at a time."""
    n = 0
    for k in range(len(held)):
        for _ in range(held[k]):
            point_out[n], fence_out[n] = first + k, fence[n]
            n += 1


@njit(cache=True, nogil=True)
def locate(
    words: Words, xy: Floats, sheet: Words, longitude: Floats, latitude: Floats, rows: Integers
) -> tuple[int, int]:
    """Write the columns point, fence, state, each of a third of `rows`, of all that hold a position; as `join`."""
    cells, rank, frame, scale = _parts(sheet)
    count, room = len(longitude), len(rows) // 3
    held, fence, state = np.empty(count, np.int32), rows[room : 2 * room], rows[2 * room :]
    n, done = join(words, xy, cells, rank, frame, scale, longitude, latitude, 0, count, held, fence, state)
    if done == count:
        k = 0
        for i in range(count):
            for _ in range(held[i]):
                rows[k] = i
                k += 1
    return n, done
