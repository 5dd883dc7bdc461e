"""The snapshot of fences: who holds a place, and what changes when fences do."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import MultiPolygon, box

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
