"""Pairs near in space and time where few entries are in the window at once, in compiled form.

Both sides pass by in order of time, slab by slab. Of the right one, what the window of the slab holds is chained by
cells of twice the reach, each entry in the four cells that hold all that may be near it; so an entry of the left one
looks into the one cell that it lies in. Chains run from the youngest entry to older ones: what has left the window is
never taken out, a chain ends where it comes to it. The grid is folded onto a small torus and the entries stand in a
ring, both small enough to stay in the cache. No fastmath. Inputs are read-only columns.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from geo.found_pairs import Found, by_row, larger
from geo.spacetime_kernels import (
    DEGREE,
    Floats,
    Fold,
    Integers,
    Near,
    Plane,
    Rows,
    Side,
    Times,
    bent,
    bucket_of,
    cell,
    folded,
)

_BLOCK = 256


class Held(NamedTuple):
    """Room for what is in the window at once.

    `ring` is a power of two, no less than there are right entries within the window of any slab; about so many
    `buckets` the cells are folded to.
    """

    ring: int
    buckets: int


@njit(cache=True, nogil=True)
def _chain(
    longitude: Floats, latitude: Floats, time: Times, rows: Rows, step: int, first: int, last: int, plane: Plane,
    fold: Fold, head: Rows, older: Rows, when: Times, place: Floats, held: Rows,
) -> None:  # fmt: skip
    """Chain the entries first..last, the older first."""
    mask = len(held) - 1
    for k in range(first, last):
        at, j = k * step, k & mask
        x, y = longitude[at], latitude[at]
        when[j], place[j, 0], place[j, 1] = time[at], x, y
        held[j] = at if step == 1 else rows[2 * at]
        column, line = cell(x, y, plane)
        left, below = (column - 1) >> 1, (line - 1) >> 1
        for up in range(below, below + 2):
            for across in range(left, left + 2):
                # Of two neighbours one is even: that tells the four links of an entry apart.
                b, link = bucket_of(across, up, fold), (up & 1) << 1 | across & 1
                older[j, link] = head[b]
                head[b] = k


@njit(cache=True, nogil=True)
def _look(
    longitude: Floats, latitude: Floats, time: Times, rows: Rows, step: int, first: int, last: int, oldest: int,
    window: float, near: Near, plane: Plane, fold: Fold, head: Rows, older: Rows, when: Times, place: Floats,
    held: Rows, hit: Integers, chain: Rows, left: Rows, right: Rows, length: Floats, lag: Times, count: int,
) -> tuple[int, int]:  # fmt: skip
    """Pairs of the entries first..last, no more than _BLOCK, with what is chained, after `count` others.

    Returns (next entry, pairs by now): stops before an entry whose pairs do not fit.
    """
    reach, wide, high, apart = near.reach_m, near.longitude_deg, near.latitude_deg, near.apart
    mask, hits = len(held) - 1, 0
    # First only the looks, in a steady stream and without branches; what misses is written over.
    for k in range(first, last):
        column, line = cell(longitude[k * step], latitude[k * step], plane)
        youngest = head[bucket_of(column >> 1, line >> 1, fold)]
        hit[hits], chain[hits] = k, youngest
        hits += youngest >= oldest
    for h in range(hits):
        k = int(hit[h])
        x, y, t = longitude[k * step], latitude[k * step], time[k * step]
        r = k if step == 1 else int(rows[2 * k * step])
        column, line = cell(x, y, plane)
        link = (line >> 1 & 1) << 1 | column >> 1 & 1
        before, sine, cosine = count, 0.0, 0.0
        i, end = int(chain[h]), max(oldest, k + 1) if apart else oldest
        while i >= end:
            j = i & mask
            i = int(older[j, link])
            turn = abs(place[j, 0] - x)
            near_place = (abs(place[j, 1] - y) <= high) & ((turn <= wide) | (turn >= 360.0 - wide))
            if near_place & (abs(when[j] - t) <= window):
                if sine == cosine:  # both 0: not looked up yet
                    sine, cosine = math.sin(y * DEGREE), math.cos(y * DEGREE)
                metres = bent(x, y, sine, cosine, place[j, 0], place[j, 1])
                if metres <= reach:
                    if count == len(left):
                        return k, before
                    turned = apart and held[j] < r
                    left[count], right[count] = (held[j], r) if turned else (r, held[j])
                    length[count], lag[count] = metres, t - when[j] if turned else when[j] - t
                    count += 1
        if step == 1 and count - before > 1:
            # Packed entries are put in order at the end. A chain tells the youngest first: turned round, rows that
            # come in order of time are in order.
            for n in range((count - before) >> 1):
                a, b = before + n, count - 1 - n
                left[a], left[b], right[a], right[b] = left[b], left[a], right[b], right[a]
                length[a], length[b], lag[a], lag[b] = length[b], length[a], lag[b], lag[a]
            by_row(right, length, lag, before, count)
    return last, count


@njit(cache=True, nogil=True)
def sweep(
    left: Side, right: Side, starts: Integers, their_starts: Integers, first: int, last: int, pad: int, size: Held,
    window: float, near: Near, plane: Plane, found: Found,
) -> tuple[Found, int]:  # fmt: skip
    """Pairs of the left entries in the slabs first..last, by entry, then row.

    Slab s of a side is [start[s]:start[s + 1]]; what is within the window of it lies at most `pad` slabs away.
    Returns the buffers, `found` or larger ones, and how many pairs are in them.
    """
    longitude, latitude, time, rows, step = left
    their_longitude, their_latitude, their_time, their_rows, their_step = right
    one, other, length, lag = found
    slabs, count = len(starts) - 1, 0
    fold = folded(plane, size.buckets, 2, 18)
    head = np.full(1 << (fold.across + fold.up), -1, np.int32)
    older, held = np.empty((size.ring, 4), np.int32), np.empty(size.ring, np.int32)
    when, place = np.empty(size.ring, time.dtype), np.empty((size.ring, 2))
    hit, chain = np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int32)
    chained = 0
    for s in range(first, last):
        if starts[s + 1] == starts[s]:
            continue
        oldest, newest = their_starts[max(0, s - pad)], their_starts[min(slabs, s + 1 + pad)]
        if near.apart:
            oldest = max(oldest, starts[s])  # a pair is found by the earlier of its entries
        chained = max(chained, oldest)
        _chain(
            their_longitude, their_latitude, their_time, their_rows, their_step, chained, newest, plane, fold, head,
            older, when, place, held,
        )  # fmt: skip
        chained = max(chained, newest)
        if oldest >= newest:
            continue
        at = starts[s]
        while at < starts[s + 1]:
            until = min(at + _BLOCK, starts[s + 1])
            at, count = _look(
                longitude, latitude, time, rows, step, at, until, oldest, window, near, plane, fold, head, older, when,
                place, held, hit, chain, one, other, length, lag, count,
            )  # fmt: skip
            if at < until:
                one, other, length, lag = larger(2 * len(one), Found(one, other, length, lag), count)
    return Found(one, other, length, lag), count
