"""The snapshot that the pipeline computes with, made from the one before it or anew."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.testing import assert_array_equal

from hub.pipeline.world import World
from hub.records.reference import Fence
from tests import builders as a

SITE = "amur"
WORDS = (frozenset({"individual"}), frozenset({"person", "ranger"}))


def fences(count: int) -> list[Fence]:
    out: list[Fence] = []
    for k in range(count):
        x, y = a.CENTRE[0] + 0.01 * (k % 9), a.CENTRE[1] + 0.01 * (k // 9)
        ring = [[x, y], [x + 0.03, y], [x + 0.03, y + 0.02], [x, y]]
        near_m = 500.0 if k % 3 == 0 else None
        shape = {"type": "Polygon", "coordinates": [ring]}
        watches = ("person",) if k % 4 == 0 else ()
        out.append(a.a_fence(SITE, f"f{k}", geometry=shape, near_m=near_m, watches=watches))
    return out


def test_world__made_from_the_one_before_answers_as_one_made_anew() -> None:
    site, known = a.a_site(SITE), fences(30)
    before = World(site, known)
    for words in WORDS:
        before.watch_for(words)
    moved = msgspec.structs.replace(known[5], version=2, geometry=known[20].geometry)
    after = [*known[:5], moved, *known[7:], a.a_fence(SITE, "new")]
    one, other = World(site, after, before), World(site, after)
    x, y = (np.random.default_rng(1).uniform(c - 0.05, c + 0.15, 5_000) for c in a.CENTRE)
    assert [f.id for f in one.fence_index.fences] == [f.id for f in other.fence_index.fences]
    for mine, theirs in zip(one.fence_index.locate(x, y), other.fence_index.locate(x, y), strict=True):
        assert_array_equal(mine, theirs)
    for words in WORDS:
        watches = one.watch_for(words), other.watch_for(words)
        assert watches[0].fences == watches[1].fences
        assert_array_equal(watches[0].boxes, watches[1].boxes)
        found = [watch.index.locate(x, y) for watch in watches]
        for mine, theirs in zip(*found, strict=True):
            assert_array_equal(mine, theirs)
    assert one.digest == other.digest
