"""The snapshot of fences: who holds a place, and what changes when fences do."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import shapely.affinity
from shapely import LineString, MultiPolygon, box

from geo import kernels
from geo.fence_index import FenceIndex
from geo.fences import Fence

NEAR, FAR = Fence("near", 1, box(0, 0, 2, 2)), Fence("far", 1, box(1, 1, 9, 9))
DATELINE = Fence("dateline", 1, MultiPolygon([box(178, -20, 180, -10), box(-180, -20, -178, -10)]))


def held(index: FenceIndex, longitude: float, latitude: float) -> list[tuple[str, int]]:
    _, fence_ix, state = index.locate([longitude], [latitude])
    return [(index.fences[f].id, s) for f, s in zip(fence_ix.tolist(), state.tolist(), strict=True)]


def test_index__tells_every_fence_that_holds_a_place_and_whether_on_its_border() -> None:
    index = FenceIndex.build([NEAR, FAR])
    point_ix, fence_ix, state = index.locate([5.0, 1.0, -1.0, 1.5], [5.0, 0.5, 0.0, 2.0])
    assert [index.fences[f].id for f in fence_ix] == ["far", "near", "far", "near"]
    assert point_ix.tolist() == [0, 1, 3, 3]
    assert state.tolist() == [kernels.INSIDE, kernels.INSIDE, kernels.INSIDE, kernels.BORDER]


def test_index__order_of_building_is_of_no_consequence() -> None:
    one, other = FenceIndex.build([NEAR, FAR, DATELINE]), FenceIndex.build([DATELINE, FAR, NEAR])
    assert one.fences == other.fences
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one.table, other.table, strict=True))


def test_index__both_names_of_the_antimeridian_are_one_place() -> None:
    index = FenceIndex.build([DATELINE, Fence("east", 1, box(170, -20, 180, -10))])
    assert held(index, 180, -15) == held(index, -180, -15) == [("dateline", 0), ("east", 0)]


def test_index__change_gives_a_new_snapshot_and_leaves_the_old() -> None:
    old = FenceIndex.build([NEAR])
    both = old.with_fence(FAR)
    moved = both.with_fence(Fence("near", 2, box(20, 20, 21, 21)))
    assert held(old, 1.5, 1.5) == [("near", 1)]
    assert held(both, 1.5, 1.5) == [("far", 1), ("near", 1)]
    assert held(moved, 1.5, 1.5) == [("far", 1)]
    assert [fence.version for fence in moved.fences] == [1, 2]
    assert held(both.without("far"), 1.5, 1.5) == [("near", 1)]


def test_index__unknown_and_repeated_ids_are_refused() -> None:
    with pytest.raises(KeyError):
        FenceIndex.build([NEAR]).without("far")
    with pytest.raises(ValueError, match="near is given twice"):
        FenceIndex.build([NEAR, NEAR])


def test_index__without_fences_holds_nothing() -> None:
    index = FenceIndex.build([])
    assert [len(column) for column in index.locate([1.0], [1.0])] == [0, 0, 0]
    assert len(index.candidates((-180, -90, 180, 90))) == 0


def test_index__candidates_are_the_boxes_that_meet_also_across_the_antimeridian() -> None:
    index = FenceIndex.build([NEAR, FAR, Fence("west", 1, box(-180, -20, -178, -10))])
    names = [fence.id for fence in index.fences]
    assert [names[f] for f in index.candidates((9, 9, 10, 10))] == ["far"]
    assert [names[f] for f in index.candidates((170, -15, -179, -12))] == ["west"]
    assert [names[f] for f in index.candidates((3, -9, 10, 0.5))] == []


@pytest.mark.parametrize(("longitude", "latitude"), [(np.nan, 0.0), (0.0, np.inf), (180.1, 0.0), (0.0, -90.1)])
def test_index__what_is_no_place_is_refused(longitude: float, latitude: float) -> None:
    with pytest.raises(ValueError, match="position 1"):
        FenceIndex.build([NEAR]).locate([0.0, longitude], [0.0, latitude])


def test_index__columns_of_two_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        FenceIndex.build([NEAR]).locate([0.0, 1.0], [0.0])


def test_index__read_only_columns_are_taken() -> None:
    longitude = np.array([1.0, 5.0])
    longitude.setflags(write=False)
    assert FenceIndex.build([NEAR]).locate(longitude, longitude)[0].tolist() == [0]


def test_index__any_number_of_fences_may_hold_one_place() -> None:
    index = FenceIndex.build([Fence(f"f{i:03}", 1, box(-1 - i / 512, -1, 1, 1)) for i in range(700)])
    everywhere = list(range(700))
    assert index.holding(0.0, 0.0).tolist() == everywhere
    assert index.locate([5.0, 0.0], [0.0, 0.0])[1].tolist() == everywhere
    point_ix, fence_ix = index.join(np.linspace(-0.9, 0.9, 300), np.zeros(300))
    assert point_ix.tolist() == [i for i in range(300) for _ in everywhere]
    assert fence_ix.tolist() == everywhere * 300


def wandering(count: int) -> list[Fence]:
    rng = np.random.default_rng(8)
    lines = [np.cumsum(rng.normal(0, 0.02, (30, 2)), axis=0) + rng.uniform(-3, 3, 2) for _ in range(count)]
    return [Fence(f"f{i:03}", 1, shapely.buffer(LineString(line), 0.05)) for i, line in enumerate(lines)]


def test_join__over_many_pieces_and_threads_is_locate_and_geos() -> None:
    index = FenceIndex.build(wandering(60))
    rng = np.random.default_rng(9)
    longitude, latitude = rng.uniform(-4, 4, (2, 300_000))
    longitude[[7, 200_000]] = [180.0, -180.0]
    alone, together = index.join(longitude, latitude, threads=1), index.join(longitude, latitude, threads=3)
    point_ix, fence_ix, _ = index.locate(longitude, latitude)
    for one, other, third in zip(alone, together, (point_ix, fence_ix), strict=True):
        assert np.array_equal(one, other) and np.array_equal(one, third)
    for f, fence in enumerate(index.fences):
        held = np.flatnonzero(shapely.intersects_xy(fence.geometry, longitude, latitude))
        assert np.array_equal(point_ix[fence_ix == f], held)
    assert len(point_ix) > 1000


def test_join__seam_and_no_fence_near() -> None:
    index = FenceIndex.build([DATELINE, Fence("east", 1, box(170, -20, 180, -10))])
    point_ix, fence_ix = index.join([180.0, 0.0, -180.0, 179.0], [-15.0] * 4)
    assert point_ix.tolist() == [0, 0, 2, 2, 3, 3]
    assert fence_ix.tolist() == [0, 1, 0, 1, 0, 1]


def test_join__first_place_that_is_none_is_named() -> None:
    index = FenceIndex.build([NEAR])
    longitude = np.zeros(400_000)
    longitude[[150_000, 390_000]] = np.nan
    with pytest.raises(ValueError, match="position 150000 "):
        index.join(longitude, np.zeros(400_000), threads=2)
    with pytest.raises(ValueError, match="position 0 "):
        index.holding(0.0, np.inf)


def test_index__two_edits_of_one_snapshot_do_not_meet() -> None:
    start = FenceIndex.build([NEAR, FAR])
    one, other = start.with_fence(Fence("a", 1, box(0, 0, 1, 1))), start.with_fence(Fence("b", 1, box(4, 4, 5, 5)))
    assert held(one, 0.5, 0.5) == [("a", 1), ("near", 1)]
    assert held(other, 0.5, 0.5) == [("near", 1)]
    assert held(other, 4.5, 4.5) == [("b", 1), ("far", 1)]
    assert held(one, 4.5, 4.5) == held(start, 4.5, 4.5) == [("far", 1)]


def test_index__many_edits_keep_its_size_and_its_answers() -> None:
    fences = wandering(40)
    index = FenceIndex.build(fences)
    size = index.nbytes
    for version in range(2, 12):
        for fence in fences:
            index = index.with_fence(Fence(fence.id, version, shapely.affinity.translate(fence.geometry, 0.25)))
    assert index.nbytes < 3 * size
    fresh = FenceIndex.build(index.fences)
    places = np.random.default_rng(10).uniform(-4, 4, (2, 5000))
    assert all(np.array_equal(a, b) for a, b in zip(index.join(*places), fresh.join(*places), strict=True))


def test_index__edit_may_lie_far_from_all_other_fences() -> None:
    index = FenceIndex.build([NEAR]).with_fence(Fence("away", 1, box(-170, 60, -169, 61)))
    assert held(index, -169.5, 60.5) == [("away", 1)]
    assert held(index, 1.0, 1.0) == [("near", 1)]


def test_index__keeps_to_its_memory_budget() -> None:
    fences = wandering(60)
    free = FenceIndex.build(fences)
    assert FenceIndex.build(fences, memory_budget_bytes=free.nbytes // 2).nbytes <= free.nbytes // 2


def test_index__fence_outside_the_earth_is_refused() -> None:
    with pytest.raises(ValueError, match="longitude -180"):
        FenceIndex.build([Fence("a", 1, box(179, 0, 181, 1))])
