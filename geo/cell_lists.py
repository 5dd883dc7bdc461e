"""Which fences reach into a grid cell, in compiled form: the lists that stand in the words of a fence table."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.fence_leaves import COVER, OUT

Integers = NDArray[np.int64]
Words = NDArray[np.int32]

HEAD = (0, 0, 0, COVER)  # the first words of all: the empty list, and a word that says COVER, with empty maps ahead
EMPTY, COVERED = 2, 3  # their places
SPARE = 4  # words behind all lists


@njit(cache=True, nogil=True)
def _settle(words: Words, end: int, count: int, twin: int) -> tuple[int, int]:
    """(place, end) of the list whose `count` entries stand behind words[end + 2]; `twin` if there stands the same."""
    begin = end + 2
    words[begin] = count
    if count == 0:
        return EMPTY, end
    for k in range(2 * count + 1):
        if words[begin + k] != words[twin + k]:
            break
    else:
        return twin, end
    words[end : end + 2] = 0
    for k in range(count):
        block = words[begin + 2 * k + 2]
        words[end] |= words[block - 2]
        words[end + 1] |= words[block - 1]
    return begin, begin + 2 * count + 1


def ended(words: Words, end: int) -> int:
    """The new end, with words that say nothing behind the lists: whoever reads one may look two entries ahead."""
    words[end : end + SPARE] = 0
    return end + SPARE


@njit(cache=True, nogil=True)
def list_cells(words: Words, end: int, windows: Integers, chunk: Integers, frame: Integers, cells: Words) -> int:
    """Write the lists of all cells, slots in their order, behind words[:end], their places to `cells`; the new end."""
    column, row, columns, rows = frame
    count = np.zeros(columns * rows + 1, np.int32)
    for s in range(len(windows)):
        place = chunk[s]
        for r in range(windows[s, 3]):
            cell = (windows[s, 1] - row + r) * columns + windows[s, 0] - column
            for k in range(windows[s, 2]):
                count[cell + k + 1] += words[place + k] != OUT
            place += windows[s, 2]
    for cell in range(columns * rows):
        count[cell + 1] += count[cell]
    entries = np.empty((count[columns * rows], 2), np.int32)
    for s in range(len(windows)):
        place = chunk[s]
        for r in range(windows[s, 3]):
            cell = (windows[s, 1] - row + r) * columns + windows[s, 0] - column
            for k in range(windows[s, 2]):
                word = words[place + k]
                if word != OUT:
                    entries[count[cell + k], 0] = s << 4 | (0 if word == COVER else word & 15)
                    entries[count[cell + k], 1] = COVERED if word == COVER else chunk[s] + (word >> 4)
                    count[cell + k] += 1
            place += windows[s, 2]
    begin, twin = 0, EMPTY
    for cell in range(columns * rows):
        size = count[cell] - begin
        for k in range(size):
            words[end + 2 * k + 3] = entries[begin + k, 0]
            words[end + 2 * k + 4] = entries[begin + k, 1]
        begin = count[cell]
        twin, end = _settle(words, end, size, twin)
        cells[cell] = twin
    return end


@njit(cache=True, nogil=True)
def relist(
    words: Words, end: int, cells: Words, frame: Integers, rank: Words, window: Integers, chunk: int, old: int, new: int
) -> int:
    """Write the lists anew that change when slot `old` goes (-1: none) and slot `new` comes (-1: none); the new end.

    `window` and `chunk` are those of either; `cells` is changed in place. Call it for the old slot with new = -1, then
    for the new one with old = -1. Returns -1 where there is no room left.
    """
    column, row, columns, _ = frame
    for r in range(window[3]):
        twin = EMPTY
        for c in range(window[2]):
            cell = (window[1] - row + r) * columns + window[0] - column + c
            word = words[chunk + r * window[2] + c]
            if word == OUT:
                continue
            source, count = cells[cell], 0
            length = words[source]
            if end + 2 * (length + 1) + 2 + SPARE >= len(words):
                return -1
            for k in range(length + 1):
                entry = words[source + 2 * k + 1]
                if (
                    new >= 0
                    and (k == length or rank[entry >> 4] > rank[new])
                    and (k == 0 or rank[words[source + 2 * k - 1] >> 4] < rank[new])
                ):
                    words[end + 2 * count + 3] = new << 4 | (0 if word == COVER else word & 15)
                    words[end + 2 * count + 4] = COVERED if word == COVER else chunk + (word >> 4)
                    count += 1
                if k < length and entry >> 4 != old:
                    words[end + 2 * count + 3] = entry
                    words[end + 2 * count + 4] = words[source + 2 * k + 2]
                    count += 1
            twin, end = _settle(words, end, count, twin)
            cells[cell] = twin
    return end
