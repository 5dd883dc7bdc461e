"""Pairs of rows that were found, in buffers, in compiled form."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int32]
Times = NDArray[Any]  # i8 ticks or f8 seconds


class Found(NamedTuple):
    """Pairs: rows of the two sides, metres between them, ticks from the left one to the right one."""

    left: Rows
    right: Rows
    length: Floats
    lag: Times


@njit(cache=True, nogil=True)
def by_row(right: Rows, length: Floats, lag: Times, start: int, end: int) -> None:
    """Order the pairs of one entry."""
    if end - start > 64:
        by_row = np.argsort(right[start:end])
        right[start:end] = right[start:end][by_row]
        length[start:end] = length[start:end][by_row]
        lag[start:end] = lag[start:end][by_row]
        return
    for i in range(start + 1, end):
        r, metres, ticks = right[i], length[i], lag[i]
        while i > start and right[i - 1] > r:
            right[i], length[i], lag[i] = right[i - 1], length[i - 1], lag[i - 1]
            i -= 1
        right[i], length[i], lag[i] = r, metres, ticks


@njit(cache=True, nogil=True)
def larger(size: int, held: Found, count: int) -> Found:
    """Buffers of a size with the first `count` pairs of others."""
    out = Found(np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size), np.empty(size, held.lag.dtype))
    out.left[:count], out.right[:count] = held.left[:count], held.right[:count]
    out.length[:count], out.lag[:count] = held.length[:count], held.lag[:count]
    return out


@njit(cache=True, nogil=True)
def in_order(found: Found) -> Found:
    """The same pairs by left row, then right row: those of some left rows together, then each such bunch for itself."""
    left, right, length, lag = found
    size = len(left)
    shift, least, most = 0, left.min(), left.max()
    while (most - least) >> shift > size:
        shift += 1
    start = np.zeros(((most - least) >> shift) + 2, np.int32)
    for k in range(size):
        start[((left[k] - least) >> shift) + 1] += 1
    for b in range(1, len(start)):
        start[b] += start[b - 1]
    key, out = np.empty(size, np.int64), larger(size, found, 0)
    for k in range(size):
        at = start[(left[k] - least) >> shift]
        start[(left[k] - least) >> shift] = at + 1
        key[at] = np.int64(left[k]) << 32 | right[k]
        out.length[at], out.lag[at] = length[k], lag[k]
    first = 0
    for b in range(len(start) - 1):
        last = start[b]
        if last - first > 64:
            by_key = np.argsort(key[first:last])
            key[first:last] = key[first:last][by_key]
            out.length[first:last] = out.length[first:last][by_key]
            out.lag[first:last] = out.lag[first:last][by_key]
        else:
            for i in range(first + 1, last):
                rows, metres, ticks = key[i], out.length[i], out.lag[i]
                while i > first and key[i - 1] > rows:
                    key[i], out.length[i], out.lag[i] = key[i - 1], out.length[i - 1], out.lag[i - 1]
                    i -= 1
                key[i], out.length[i], out.lag[i] = rows, metres, ticks
        first = last
    for k in range(size):
        out.left[k], out.right[k] = key[k] >> 32, key[k] & 0xFFFFFFFF
    return out
