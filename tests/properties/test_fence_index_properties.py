"""What holds for every set of fences, however it is laid out, edited, asked."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import Polygon, affinity

from geo import compiled
from geo.crossing import ENTER, EXIT, CrossingColumns, crossing_columns
from geo.fence_index import FenceIndex
from geo.fences import Fence

Floats = NDArray[np.float64]

# Coarse and fine ordinates, and those next to grid lines: coincident and nearly coincident places come up often.
ordinates = st.one_of(
    st.integers(0, 6).map(float),
    st.floats(1e-100, 6.0),  # GEOS loses products of smaller numbers
    st.floats(-6.0, -1e-100),
    st.integers(-96, 96).map(lambda v: v / 16),
    st.integers(1, 6).map(lambda v: float(np.nextafter(v, 9.0))),
)
places = st.tuples(ordinates, ordinates)
# On a lattice a product of ordinates is exact, so shapes may be turned and scaled without a change of shape.
knots = st.tuples(*[st.integers(-64, 64).map(lambda v: v / 16)] * 2)
columns = st.lists(places, min_size=1, max_size=25).map(lambda rows: np.array(rows, float).T.copy())


def polygons(corners: st.SearchStrategy[tuple[float, float]]) -> st.SearchStrategy[Polygon]:
    rings = st.lists(corners, min_size=3, max_size=9, unique=True)
    return rings.map(Polygon).filter(lambda shape: bool(shape.is_valid))


shapes = st.lists(polygons(places), min_size=1, max_size=6)
UNTIMED = settings(deadline=None, max_examples=60)

compiled.warm_up()


def fences_of(shapes: list[Polygon]) -> list[Fence]:
    return [Fence(f"f{i}", 1, shape) for i, shape in enumerate(shapes)]


def pairs(index: FenceIndex, x: Floats, y: Floats) -> list[tuple[int, int]]:
    return list(zip(*(column.tolist() for column in index.join(x, y)), strict=True))


def rows(found: CrossingColumns) -> list[list[float]]:
    table = [found.segment, found.fence_ix, found.kind, found.entered_at_fraction, found.left_at_fraction]
    return np.nan_to_num(np.array(table, float), nan=-1.0).T.tolist()


def with_corners(x: Floats, y: Floats, shapes: list[Polygon]) -> tuple[Floats, Floats]:
    corners = shapely.get_coordinates(shapes)
    return np.append(x, corners[:, 0]), np.append(y, corners[:, 1])


@UNTIMED
@given(shapes, columns)
def test_join__pairs_are_those_of_geos(shapes: list[Polygon], points: Floats) -> None:
    x, y = with_corners(*points, shapes)
    want = np.stack([shapely.intersects_xy(shape, x, y) for shape in shapes], axis=1)
    index = FenceIndex.build(fences_of(shapes))
    assert pairs(index, x, y) == list(zip(*(axis.tolist() for axis in np.nonzero(want)), strict=True))
    point_ix, fence_ix, state = index.locate(x, y)
    inside = np.stack([shapely.contains_xy(shape, x, y) for shape in shapes], axis=1)
    assert (state == 1).tolist() == inside[point_ix, fence_ix].tolist()


@UNTIMED
@given(shapes, columns)
def test_index__one_by_one_in_batches_and_in_bulk_say_the_same(shapes: list[Polygon], points: Floats) -> None:
    x, y = with_corners(*points, shapes)
    index = FenceIndex.build(fences_of(shapes))
    alone = [(i, f) for i in range(len(x)) for f in index.holding(x[i], y[i]).tolist()]
    assert alone == pairs(index, x, y)
    assert alone == list(zip(*(column.tolist() for column in index.locate(x, y)[:2]), strict=True))


@UNTIMED
@given(shapes, columns, st.randoms(use_true_random=False))
def test_index__order_of_places_and_names_of_fences_are_of_no_consequence(
    shapes: list[Polygon], points: Floats, draw: random.Random
) -> None:
    x, y = with_corners(*points, shapes)
    turn, name = list(range(len(x))), list(range(len(shapes)))
    draw.shuffle(turn)
    draw.shuffle(name)
    renamed = FenceIndex.build(Fence(f"f{name[i]}", 1, shape) for i, shape in enumerate(shapes))
    back = {new: old for old, new in enumerate(name)}
    told = sorted((turn[i], back[f]) for i, f in pairs(renamed, x[turn], y[turn]))
    assert told == pairs(FenceIndex.build(fences_of(shapes)), x, y)


@UNTIMED
@given(shapes, columns, st.sampled_from([1, 3_000, 20_000]))
def test_index__memory_budget_changes_no_answer(shapes: list[Polygon], points: Floats, budget: int) -> None:
    x, y = with_corners(*points, shapes)
    free, tight = FenceIndex.build(fences_of(shapes)), FenceIndex.build(fences_of(shapes), memory_budget_bytes=budget)
    assert tight.nbytes <= free.nbytes
    assert pairs(tight, x, y) == pairs(free, x, y)
    assert rows(crossing_columns(x, y, tight)) == rows(crossing_columns(x, y, free))


@UNTIMED
@given(polygons(places), columns, st.integers(0, 20), st.booleans())
def test_index__turning_and_reversing_a_ring_changes_no_answer(
    shape: Polygon, points: Floats, turn: int, back: bool
) -> None:
    x, y = with_corners(*points, [shape])
    ring = list(shape.exterior.coords)[:-1]
    turned = ring[turn % len(ring) :] + ring[: turn % len(ring)]
    same = FenceIndex.build(fences_of([Polygon(turned[::-1] if back else turned)]))
    assert pairs(same, x, y) == pairs(FenceIndex.build(fences_of([shape])), x, y)


@UNTIMED
@given(polygons(knots), columns)
def test_index__vertices_put_into_the_middle_of_edges_change_no_answer(shape: Polygon, points: Floats) -> None:
    x, y = with_corners(*points, [shape])
    ring = list(shape.exterior.coords)
    finer = [p for u, v in pairwise(ring) for p in (u, ((u[0] + v[0]) / 2, (u[1] + v[1]) / 2))]
    assert pairs(FenceIndex.build(fences_of([Polygon(finer)])), x, y) == pairs(
        FenceIndex.build(fences_of([shape])), x, y
    )


@UNTIMED
@given(shapes, columns, st.sampled_from([2.0**-30, 2.0**-9, 0.5, 2.0, 8.0]))
def test_index__scaling_by_a_power_of_two_changes_no_answer(
    shapes: list[Polygon], points: Floats, scale: float
) -> None:
    x, y = with_corners(*points, shapes)
    scaled = [affinity.scale(shape, scale, scale, origin=(0, 0)) for shape in shapes]
    if not np.array_equal(shapely.get_coordinates(scaled) / scale, shapely.get_coordinates(shapes)):
        return  # a product went below the smallest double
    assert pairs(FenceIndex.build(fences_of(scaled)), x * scale, y * scale) == pairs(
        FenceIndex.build(fences_of(shapes)), x, y
    )


edits = st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), polygons(places))), min_size=1, max_size=8)


@UNTIMED
@given(shapes, edits, columns)
def test_index__after_edits_is_what_is_built_anew(
    shapes: list[Polygon], edits: list[tuple[int, Polygon | None]], points: Floats
) -> None:
    held = {fence.id: fence for fence in fences_of(shapes)}
    first = index = FenceIndex.build(held.values())
    x, y = with_corners(*points, shapes + [shape for _, shape in edits if shape is not None])
    before = pairs(first, x, y)
    for version, (name, shape) in enumerate(edits, 2):
        if shape is not None:
            held[f"f{name}"] = Fence(f"f{name}", version, shape)
            index = index.with_fence(held[f"f{name}"])
        elif held.pop(f"f{name}", None) is not None:
            index = index.without(f"f{name}")
        fresh = FenceIndex.build(held.values())
        assert index.fences == fresh.fences
        assert pairs(index, x, y) == pairs(fresh, x, y)
        assert rows(crossing_columns(x, y, index)) == rows(crossing_columns(x, y, fresh))
        assert index.candidates((-1, -1, 1, 1)).tolist() == fresh.candidates((-1, -1, 1, 1)).tolist()
    assert pairs(first, x, y) == before


@UNTIMED
@given(st.lists(polygons(knots), min_size=1, max_size=4), st.lists(knots, min_size=2, max_size=12))
def test_crossings__way_back_swaps_enter_and_exit_of_every_fence(
    shapes: list[Polygon], fixes: list[tuple[float, float]]
) -> None:
    index = FenceIndex.build(fences_of(shapes))
    x, y = np.array(fixes).T.copy()
    there, back = crossing_columns(x, y, index), crossing_columns(x[::-1], y[::-1], index)
    swap = {ENTER: EXIT, EXIT: ENTER}

    def told(found: CrossingColumns) -> list[tuple[int, ...]]:
        return list(zip(found.segment.tolist(), found.fence_ix.tolist(), found.kind.tolist(), strict=True))

    assert sorted(told(there)) == sorted((len(x) - 2 - s, f, swap.get(kind, kind)) for s, f, kind in told(back))


@UNTIMED
@given(shapes, columns, st.data())
def test_crossings__of_a_track_do_not_depend_on_the_others(
    shapes: list[Polygon], points: Floats, data: st.DataObject
) -> None:
    x, y = with_corners(*points, shapes)
    track = np.sort(np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(x), max_size=len(x)))))
    index = FenceIndex.build(fences_of(shapes))
    want = []
    for name in np.unique(track):
        at = np.flatnonzero(track == name)
        want += [[s + int(at[0]), *rest] for s, *rest in rows(crossing_columns(x[at], y[at], index))]
    assert rows(crossing_columns(x, y, index, track=track)) == want


def test_crossings__track_of_another_length_is_refused() -> None:
    index = FenceIndex.build([])
    with pytest.raises(ValueError, match="track"):
        crossing_columns([0.0, 1.0], [0.0, 1.0], index, track=[1])
