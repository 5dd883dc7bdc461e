"""Geofences: any order, duplication and batching of the same fixes ends in the same transitions and the same memory."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from geo.bridge import crossing_probabilities
from geo.fence_evidence import Chances
from geo.uncertainty import inside_probability
from tests.unit.geo.arrivals import Follower, a_reserve, a_walk

WATCH = a_reserve()


BOTH = Chances(inside_probability, crossing_probabilities)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_order_duplication_and_batching_ends_in_the_same(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 60), label="count")
    walk = a_walk(data.draw(st.integers(0, 100_000), label="seed"), count)
    order = data.draw(st.permutations(range(count)), label="order")
    repeated = data.draw(st.lists(st.integers(0, count - 1), max_size=8), label="repeated")
    arrivals = [*order, *repeated]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(arrivals)), max_size=12), label="cuts"))
    sorted_end, any_end = Follower(walk, WATCH, BOTH), Follower(walk, WATCH, BOTH)
    sorted_end.take(range(count))
    for first, last in zip([0, *cuts], [*cuts, len(arrivals)], strict=True):
        any_end.take(arrivals[first:last])
    assert any_end.end == sorted_end.end


def test_one_by_one_in_order_ends_in_the_same_as_all_at_once() -> None:
    walk = a_walk(11, 200)
    at_once, one_by_one = Follower(walk, WATCH, BOTH), Follower(walk, WATCH, BOTH)
    at_once.take(range(200))
    for k in range(200):
        one_by_one.take([k])
    assert one_by_one.end == at_once.end


def test_a_late_fix_looks_at_few_others() -> None:
    walk = a_walk(12, 3_000)
    late = random.Random(5).sample(range(3_000), 20)
    follower = Follower(walk, WATCH, BOTH)
    follower.take([k for k in range(3_000) if k not in late])
    before = follower.looked_at
    for k in late:
        follower.take([k])
    assert follower.looked_at - before < 20 * 150


def test_the_walks_of_this_test_tell_every_kind() -> None:
    kinds: set[str] = set()
    for seed in range(12):
        follower = Follower(a_walk(seed, 150), WATCH, BOTH)
        follower.take(range(150))
        kinds |= {one.kind for told in follower.told.values() for one in told}
    assert kinds == {
        "enter",
        "exit",
        "through",
        "possible_crossing",
        "dwell",
        "overdue",
        "proximity",
        "approach",
        "inside_at_start",
    }
