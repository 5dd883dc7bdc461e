"""What is left out of a look through maps of cells is what no way meets."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import shapely.affinity
from shapely import LineString, Polygon, box

from geo import near_edges
from geo.cell_lists import COVERED, EMPTY
from geo.crossing import crossing_columns
from geo.fence_index import FenceIndex
from geo.fence_leaves import COVER
from geo.fence_table import FenceTable
from geo.fences import Fence
from geo.meetings import meetings

Met = set[tuple[int, int, int]]


def disc(number: int, draw: np.random.Generator) -> Fence:
    vertices = int(draw.integers(5, 300))
    turn = np.arange(vertices) * (2 * np.pi / vertices)
    reach = draw.choice([0.01, 0.1, 0.4]) * draw.uniform(0.7, 1.0, vertices)
    place = draw.uniform(-1, 1, 2)
    ring = np.stack([place[0] + reach * np.cos(turn), place[1] + reach * np.sin(turn)], axis=1)
    return Fence(f"f{number:03}", 1, Polygon(ring))


def edited_index(draw: np.random.Generator, count: int = 40) -> FenceIndex:
    """An index with fences that came, went and moved after it was built."""
    fences = [disc(number, draw) for number in range(count)]
    index = FenceIndex.build(fences[: count - 5])
    for fence in fences[count - 5 :]:
        index = index.with_fence(fence)
    for fence in fences[::7]:
        index = index.with_fence(Fence(fence.id, 2, shapely.affinity.translate(fence.geometry, 0.1, 0.05)))
    return index.without("f003").without("f020")


def ways(draw: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Fixes of which each is some way from the one before: from a hair to several cells, level and upright too."""
    step = draw.normal(0, 1, (count, 2)) * 10.0 ** draw.uniform(-6, -0.5, (count, 1))
    step[draw.uniform(size=(count, 2)) < 0.15] = 0.0
    fixes = np.mod(np.cumsum(step, axis=0) + 1.2, 2.4) - 1.2
    on_lines = draw.uniform(size=count) < 0.1
    fixes[on_lines] = np.round(fixes[on_lines] * 64) / 64
    return fixes[:, 0].copy(), fixes[:, 1].copy()


def met_by_walking(table: FenceTable, x: np.ndarray, y: np.ndarray) -> Met:
    found: Met = set()
    edge, at, flips = np.empty(4096, np.int64), np.empty(4096), np.empty(4096, np.int64)
    for s in range(len(x) - 1):
        n = meetings(
            table.words,
            table.xy,
            table.cells,
            table.frame,
            table.scale,
            x[s],
            y[s],
            x[s + 1],
            y[s + 1],
            edge,
            at,
            flips,
        )
        found |= {(s, key >> 32, key & 0xFFFFFFFF) for key in edge[:n].tolist()}
    return found


def met_by_sifting(table: FenceTable, x: np.ndarray, y: np.ndarray) -> tuple[Met, set[int]]:
    """What is met, and the ways of which nothing is told."""
    room = near_edges.room_for(near_edges.BLOCK)
    found: Met = set()
    lone: set[int] = set()
    begin, last, track = 0, len(x) - 1, np.zeros(0, np.int64)
    while begin < last:
        end = min(begin + near_edges.BLOCK, last)
        count, done = near_edges.sift(
            table.words, table.cells, table.frame, table.scale, x, y, track, begin, end, room.box, room.way
        )
        met = near_edges.near_edges(
            table.words, table.xy, table.cells, table.frame, table.scale, x, y, begin, count, room
        )
        for g in range(near_edges.grouped(count, met, room)):
            w, slot, i, j = room.group[:4, g].tolist()
            if slot < 0:
                lone.add(begin + int(room.way[w]))
            found |= {(begin + int(room.way[w]), slot, v) for v in room.edge[2, i:j].tolist()}
        assert done == end - begin
        begin = end
    return found, lone


@pytest.mark.parametrize("seed", range(4))
def test_near_edges__are_those_that_a_walk_through_all_cells_meets(seed: int) -> None:
    draw = np.random.default_rng(seed)
    table = edited_index(draw).table
    x, y = ways(draw, 3000)
    walked = met_by_walking(table, x, y)
    sifted, lone = met_by_sifting(table, x, y)
    assert sifted == {met for met in walked if met[0] not in lone}
    assert len(sifted) > 500
    assert 0 < len(lone) < 1500


def test_near_edges__where_fences_crowd_ways_are_left_alone_and_answered_all_the_same() -> None:
    crowd = [Fence(f"f{i:03}", 1, box(-1 - i / 512, -1, 1, 1)) for i in range(300)]
    index = FenceIndex.build(crowd)
    x, y = np.tile([-3.0, 0.0], 300), np.zeros(600)
    found = crossing_columns(x, y, index, threads=1)
    assert np.array_equal(found.segment, np.repeat(np.arange(599), 300))
    assert all(set(found.fence_ix[i : i + 300].tolist()) == set(range(300)) for i in range(0, len(found.fence_ix), 300))
    assert met_by_sifting(index.table, x, y)[1]


def test_crossings__are_the_same_in_any_batches() -> None:
    draw = np.random.default_rng(7)
    index = edited_index(draw)
    x, y = ways(draw, 2000)
    whole = crossing_columns(x, y, index, threads=1)
    parts = [crossing_columns(x, y, index, threads=1, first=a, last=min(a + 7, 1999)) for a in range(0, 1999, 7)]
    for name in ("segment", "fence_ix", "kind", "entered_at_fraction", "left_at_fraction"):
        together = np.concatenate([getattr(part, name) for part in parts])
        assert np.array_equal(getattr(whole, name), together, equal_nan=name.endswith("fraction"))


def test_maps__have_a_bit_where_a_leaf_has_edges() -> None:
    draw = np.random.default_rng(3)
    wide = [Fence(f"w{i}", 1, LineString(draw.uniform(-1, 1, (400, 2))).buffer(1e-4)) for i in range(2)]
    index = edited_index(draw).with_fence(wide[0]).with_fence(wide[1])
    table, levels = index.table, set[int]()
    for place in np.unique(table.cells).tolist():
        union = 0
        for k in range(place + 1, place + 1 + 2 * int(table.words[place]), 2):
            level, block = int(table.words[k]) & 15, int(table.words[k + 1])
            if block == COVERED:
                continue
            side = 1 << level
            edged = (table.words[block : block + side * side] > COVER).reshape(side, side)
            fine = np.kron(edged, np.ones((max(1, 8 >> level),) * 2, bool))
            parts = fine.reshape(8, len(fine) // 8, 8, len(fine) // 8).any(axis=(1, 3))
            expected = sum(1 << bit for bit in np.flatnonzero(parts).tolist())
            assert map_at(table, block) == expected
            union |= expected
            levels.add(level)
        assert map_at(table, place) == union
    assert map_at(table, EMPTY) == map_at(table, COVERED) == 0
    assert {1, 2, 3, 4} <= levels


def map_at(table: FenceTable, place: int) -> int:
    low, high = (int(word) & 0xFFFFFFFF for word in table.words[place - 2 : place])
    return high << 32 | low
