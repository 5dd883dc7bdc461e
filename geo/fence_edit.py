"""One fence comes, goes or changes: a new table beside the old one, which its readers keep."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geo.cell_lists import EMPTY, SPARE, ended, relist
from geo.fence_leaves import lay_out
from geo.fence_table import (
    ENTRIES_PER_CELL,
    FEWEST_CELLS,
    Buffers,
    FenceTable,
    Rings,
    boxes_of,
    columns_of,
    frame_of,
    sheet_of,
    windows_of,
)

Integers = NDArray[np.int64]
Words = NDArray[np.int32]


def edited_table(
    table: FenceTable, buffers: Buffers, old: int | None, rings: Rings | None, at: int
) -> tuple[FenceTable, Buffers] | None:
    """The table without fence number `old`, and then with the fence `rings` as number `at`; either may be None.

    Costs what these fences cost, and a copy of the small columns. None where only building anew will do: an edit was
    made of this table before, its room is used up, or the fence asks for cells of another size.
    """
    frame = table.frame.astype(np.int64)
    xy, vertices = columns_of([] if rings is None else [rings], len(table.xy) // 2)
    windows = windows_of(boxes_of(xy, vertices), table.scale)
    vertex_end = len(table.xy) + len(xy)
    if len(windows):
        most = max(FEWEST_CELLS, vertex_end)
        frame = frame_of(np.concatenate([frame.reshape(1, 4), windows]))
        entries = int(windows[0, 2] * windows[0, 3])
        if len(table.cells) == 0 or math.prod(frame[2:].tolist()) > 2 * most or entries > ENTRIES_PER_CELL * most:
            return None
    if vertex_end > len(buffers.xy) or not _claimed(buffers):
        return None
    buffers.xy[len(table.xy) : vertex_end] = xy
    chunk, _ = lay_out(buffers.xy, vertices, windows, table.scale, buffers.density, 0, len(vertices))
    place, words = len(table.words), buffers.words
    end = place + len(chunk)
    if end + SPARE > len(words):
        return None
    words[place:end] = chunk
    rank, cells = table.rank.copy(), _spread_out(table.cells, table.frame, frame)
    if old is not None:
        slot = int(np.flatnonzero(rank == old)[0])
        rank[rank > old] -= 1
        rank[slot] = -1
        end = relist(words, end, cells, frame, rank, table.windows[slot], int(table.chunk[slot]), slot, -1)
    if rings is not None and end >= 0:
        rank[rank >= at] += 1
        rank = np.append(rank, np.int32(at))
        end = relist(words, end, cells, frame, rank, windows[0], place, -1, len(rank) - 1)
    if end < 0:
        return None
    end = ended(words, end)
    edited = FenceTable(
        words[:end],
        buffers.xy[:vertex_end],
        *sheet_of(frame, table.scale, rank, cells),
        table.scale,
        np.concatenate([table.box, boxes_of(xy, vertices)]),
        np.concatenate([table.vertices, vertices]),
        np.concatenate([table.windows, windows]),
        np.append(table.chunk, np.full(len(vertices), place)),
    )
    return edited, Buffers(words, buffers.xy, buffers.density, [None])


def _claimed(buffers: Buffers) -> bool:
    try:
        buffers.turn.pop()
    except IndexError:
        return False
    return True


def _spread_out(cells: Words, old: Words, new: Integers) -> Words:
    """A copy of the cells of one frame, in a frame around it."""
    wide = np.full((int(new[3]), int(new[2])), EMPTY, np.int32)
    column, row = int(old[0] - new[0]), int(old[1] - new[1])
    wide[row : row + int(old[3]), column : column + int(old[2])] = cells.reshape(int(old[3]), int(old[2]))
    return wide.reshape(-1)
