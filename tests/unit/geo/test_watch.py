"""What is watched, built anew or edited from what was watched before: the answers are the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from shapely import LineString, box

from geo.fence_index import FenceIndex
from geo.fence_rules import FenceRules
from geo.fences import Fence
from geo.watch import Watch, Watched, index_of

RNG = np.random.default_rng(5)
X, Y = RNG.uniform(0.0, 10.0, (2, 20_000))


def areas(count: int, seed: int = 1) -> list[Fence]:
    x, y = np.random.default_rng(seed).uniform(0.0, 9.0, (2, count))
    return [Fence(f"f{k}", 1, box(x[k], y[k], x[k] + 0.7, y[k] + 0.4)) for k in range(count)]


def answers(index: FenceIndex) -> list[Any]:
    return [[(one.id, one.version) for one in index.fences], *index.join(X, Y)]


def assert_same(one: FenceIndex, other: FenceIndex) -> None:
    for mine, theirs in zip(answers(one), answers(other), strict=True):
        assert_array_equal(mine, theirs)


def edits() -> list[Sequence[Fence]]:
    known = areas(60)
    moved = Fence("f3", 2, box(5.0, 5.0, 6.0, 6.0))
    return [
        known,
        known[1:],
        [*known[:3], moved, *known[4:]],
        [*known, *(Fence(f"g{k}", 1, box(k, k, k + 1.0, k + 2.0)) for k in range(5))],
        [],
        areas(60, seed=2),
        [Fence(one.id, one.version, box(*one.geometry.bounds)) for one in known],
    ]


@pytest.mark.parametrize("after", edits())
def test_index__edited_answers_as_one_built_anew(after: Sequence[Fence]) -> None:
    assert_same(index_of(after, FenceIndex.build(areas(60))), FenceIndex.build(after))


def test_index__where_nothing_differs_is_the_same_one() -> None:
    index = FenceIndex.build(areas(9))
    assert index_of(areas(9), index) is index


def test_index__edited_again_and_again_answers_as_one_built_anew() -> None:
    fences, index = areas(40), FenceIndex.build(areas(40))
    for k in range(60):
        fences[k % 40] = Fence(f"f{k % 40}", 2 + k, box(k % 7, k % 5, k % 7 + 1.5, k % 5 + 1.0))
        index = index_of(fences, index)
    assert_same(index, FenceIndex.build(fences))


def test_index__of_an_id_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="f0 is given twice"):
        index_of([*areas(2), *areas(1)], FenceIndex.build(areas(2)))


def test_watch__from_another_has_its_zones_and_boxes_anew() -> None:
    near = FenceRules(near_m=2_000.0)
    before = [
        Watched("a", 1, box(0, 0, 1, 1), near),
        Watched("b", 1, box(2, 2, 3, 3)),
        Watched("c", 1, box(4, 4, 5, 5), near),
    ]
    after = [
        Watched("a", 2, box(0, 0, 1, 2), near),
        Watched("b", 2, box(2, 2, 3, 3), near),
        Watched("d", 1, LineString([(0, 7), (7, 7)])),
    ]
    one, other = Watch.build(after, Watch.build(before)), Watch.build(after)
    assert_same(one.index, other.index)
    assert_array_equal(one.boxes, other.boxes)
    assert (one.fences, one.by_key, one.numbers) == (other.fences, other.by_key, other.numbers)
