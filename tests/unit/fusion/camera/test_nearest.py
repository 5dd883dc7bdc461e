"""The nearest descriptors of different names: exact where asked, and a function of the set alone."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.camera import nearest
from fusion.camera.nearest import Near, Nearest

CHIPS, POINTS = 40, 30
FAR = 200_000
"""These chips differ more than coats do."""


def descriptors(seed: int, count: int) -> np.ndarray:
    """Of about unit length, in clusters, as SIFT's are."""
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(0).random((20, 128))
    raw = middles[rng.integers(20, size=count)] + 0.25 * rng.random((count, 128))
    return np.rint(512 * raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.uint8)


@pytest.fixture(autouse=True)
def small_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "ROWS_A_LIST", 16)
    monkeypatch.setattr(nearest, "LISTS_LOOKED_AT", 6)
    monkeypatch.setattr(nearest, "FAR", FAR)


CHIP = [descriptors(100 + k, POINTS) for k in range(CHIPS)]


def filled(order: list[int]) -> Nearest:
    index = Nearest()
    for at, k in enumerate(order):
        index.put(at, k.to_bytes(8, "big"), CHIP[k])
    return index


def asked(index: Nearest, order: list[int], *, exact: bool = False) -> Near:
    """By chips in slots 0, 1, …; five chips a name; the chip's number is its rank by content."""
    name = np.array([k // 5 for k in order], np.int32)
    return index.ask(descriptors(7, 50), name, np.array(order, np.int64), 3, exact=exact)


def in_chips(near: Near, order: list[int]) -> tuple[object, ...]:
    return near.distance.tolist(), near.name.tolist(), np.array(order)[near.slot].tolist(), near.row.tolist()


def test_exact__is_what_comparing_with_everything_gives() -> None:
    order = list(range(CHIPS))
    near = asked(filled(order), order, exact=True)
    points = descriptors(7, 50).astype(int)
    everything = np.concatenate(CHIP).astype(int)
    apart = np.square(points[:, None] - everything[None]).sum(axis=2)
    by_name = apart.reshape(50, CHIPS // 5, -1)
    best = np.sort(by_name.min(axis=2), axis=1)[:, :3]
    assert np.array_equal(near.distance, best)
    assert np.array_equal(near.distance[:, 0], apart.min(axis=1))
    rows = near.slot[:, 0] * POINTS + near.row[:, 0]
    assert np.array_equal(rows, apart.argmin(axis=1))


def test_lists__find_nearly_all_that_is_near() -> None:
    order = list(range(CHIPS))
    index = filled(order)
    assert index.lists == 64
    some, everything = asked(index, order), asked(index, order, exact=True)
    assert np.mean(some.distance[:, 0] == everything.distance[:, 0]) > 0.8
    assert (some.distance >= everything.distance).all()


def test_index__is_a_function_of_the_set_whatever_came_when() -> None:
    order = list(range(CHIPS))
    expected = in_chips(asked(filled(order), order), order)
    shuffled = np.random.default_rng(3).permutation(CHIPS).tolist()
    assert in_chips(asked(filled(shuffled), shuffled), shuffled) == expected
    # One after the other, asked in between, with others that come and go.
    index = Nearest()
    for at, k in enumerate(order):
        index.put(at, int(k).to_bytes(8, "big"), CHIP[k])
        index.put(1000 + at, (k + 500).to_bytes(8, "big"), descriptors(900 + k, 11))
        if k % 7 == 0:
            index.settle()
    for at in range(CHIPS):
        index.take(1000 + at)
        if at % 9 == 0:
            index.settle()
    name = np.array([*(k // 5 for k in order), *[-1] * 1000], np.int32)
    near = index.ask(descriptors(7, 50), name, np.arange(len(name)), 3)
    assert in_chips(near, [*order, *[0] * 1000]) == expected


def test_names__that_are_not_there_stand_far_away() -> None:
    index = filled([3])
    near = index.ask(CHIP[3][:2], np.zeros(1, np.int32), np.zeros(1, np.int64), 3)
    assert near.distance[:, 0].tolist() == [0, 0]
    assert near.row[:, 0].tolist() == [0, 1]
    assert (near.distance[:, 1:] == FAR).all() and (near.name[:, 1:] == -1).all() and (near.slot[:, 1:] == -1).all()
    index.take(0)
    assert (index.ask(CHIP[3][:2], np.zeros(1, np.int32), np.zeros(1, np.int64), 3).name == -1).all()


def test_names__of_minus_one_are_passed_over() -> None:
    index = filled([3, 4])
    near = index.ask(CHIP[3][:2], np.array([-1, 0], np.int32), np.arange(2), 2)
    assert (near.slot[:, 0] == 1).all() and (near.name[:, 1] == -1).all()


def test_slots__that_are_taken_or_empty_are_refused() -> None:
    index = filled([3])
    with pytest.raises(ValueError, match="taken"):
        index.put(0, bytes(8), CHIP[4])
    with pytest.raises(KeyError):
        index.take(5)
