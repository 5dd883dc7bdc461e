"""Crossings: the rules one by one, then whole against rational arithmetic and GEOS."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Polygon, box

from geo.crossing import Crossing, crossings
from geo.fence_index import FenceIndex
from geo.fences import Fence
from tests.unit.geo import twin

SQUARE = box(10, 10, 20, 20)


def told(shape: Polygon | MultiPolygon, *fixes: tuple[float, float]) -> list[Crossing]:
    longitude, latitude = np.array(fixes, float).T
    return crossings(longitude, latitude, FenceIndex.build([Fence("a", 7, shape)]))


def kinds(shape: Polygon | MultiPolygon, *fixes: tuple[float, float]) -> list[tuple[str, int]]:
    return [(crossing.kind, crossing.from_ix) for crossing in told(shape, *fixes)]


def test_crossing__from_outside_to_inside_is_an_enter_with_its_place() -> None:
    assert told(SQUARE, (5, 15), (15, 15)) == [Crossing("a", 7, "enter", 0, 1, 0.5, None, 10.0, 15.0)]


def test_crossing__from_inside_to_outside_is_an_exit_with_its_place() -> None:
    assert told(SQUARE, (15, 15), (15, 35)) == [Crossing("a", 7, "exit", 0, 1, None, 0.25, 15.0, 20.0)]


def test_crossing__between_two_fixes_outside_is_a_through() -> None:
    assert told(SQUARE, (0, 15), (40, 15)) == [Crossing("a", 7, "through", 0, 1, 0.25, 0.5, 10.0, 15.0)]


def test_crossing__a_fence_left_and_found_again_is_exit_then_enter() -> None:
    bay = Polygon([(0, 0), (9, 0), (9, 9), (6, 9), (6, 3), (3, 3), (3, 9), (0, 9)])
    found = told(bay, (0, 6), (8, 6))
    assert [(c.kind, c.entered_at_fraction, c.left_at_fraction) for c in found] == [
        ("exit", None, 0.375),
        ("enter", 0.75, None),
    ]


def test_crossing__fix_on_the_border_is_inside() -> None:
    assert kinds(SQUARE, (5, 15), (10, 15), (15, 15), (20, 20), (25, 25)) == [("enter", 0), ("exit", 3)]


def test_crossing__way_along_the_border_is_inside() -> None:
    assert kinds(SQUARE, (10, 12), (10, 18)) == []
    assert kinds(SQUARE, (10, 5), (10, 25)) == [("through", 0)]


def test_crossing__touch_from_outside_is_a_through_of_no_length() -> None:
    (touch,) = told(SQUARE, (5, 15), (15, 25))
    assert (touch.kind, touch.entered_at_fraction, touch.left_at_fraction) == ("through", 0.5, 0.5)


def test_crossing__resting_fix_tells_nothing() -> None:
    assert kinds(SQUARE, (15, 15), (15, 15), (15, 15)) == kinds(SQUARE, (10, 10), (10, 10)) == []
    assert kinds(SQUARE, (1, 1), (1, 1)) == kinds(SQUARE, (1, 1)) == []


DATELINE = MultiPolygon([box(178, -20, 180, -10), box(-180, -20, -178, -10)])


def test_crossing__antimeridian_inside_a_fence_in_two_parts_is_no_crossing() -> None:
    assert kinds(DATELINE, (179, -15), (-179, -15), (179, -12)) == []
    assert kinds(DATELINE, (179, -15), (180, -15), (-180, -14), (-179, -15)) == []


def test_crossing__antimeridian_takes_the_short_way() -> None:
    found = told(DATELINE, (177, -15), (-177, -15))
    assert [(c.kind, c.longitude) for c in found] == [("through", 178.0)]
    assert found[0].entered_at_fraction == pytest.approx(1 / 6)
    assert found[0].left_at_fraction == pytest.approx(5 / 6)
    assert kinds(box(-10, -20, 10, -10), (177, -15), (-177, -15)) == []


def test_crossing__antimeridian_as_a_border_is_crossed_there() -> None:
    east_only = box(178, -20, 180, -10)
    (out,) = told(east_only, (179, -15), (-179, -13))
    assert (out.kind, out.left_at_fraction, abs(out.longitude), out.latitude) == ("exit", 0.5, 180.0, -14.0)
    assert kinds(east_only, (-179, -15), (-180, -15), (-179, -15)) == [("enter", 0), ("exit", 1)]
    assert kinds(east_only, (-180, -15), (-180, -12), (180, -15), (-180, 0)) == [("exit", 2)]


def test_crossing__only_the_segments_asked_for_are_told() -> None:
    index = FenceIndex.build([Fence("a", 1, SQUARE)])
    longitude, latitude = np.array([5.0, 15, 25, 15, 5]), np.full(5, 15.0)
    assert [c.from_ix for c in crossings(longitude, latitude, index, 1, 3)] == [1, 2]
    with pytest.raises(ValueError, match=r"segments 0\.\.5"):
        crossings(longitude, latitude, index, 0, 5)


def test_crossing__a_fix_that_is_no_place_is_refused() -> None:
    index = FenceIndex.build([Fence("a", 1, SQUARE)])
    with pytest.raises(ValueError, match="position 1"):
        crossings(np.array([0.0, np.nan]), np.zeros(2), index)


def test_crossing__order_is_segment_then_place_then_fence() -> None:
    index = FenceIndex.build([Fence("b", 1, SQUARE), Fence("a", 1, SQUARE), Fence("0", 1, box(15, 10, 18, 20))])
    found = crossings(np.array([0.0, 30, 0]), np.full(3, 15.0), index)
    assert [(c.fence_id, c.from_ix) for c in found] == [("a", 0), ("b", 0), ("0", 0), ("a", 1), ("b", 1), ("0", 1)]


def lattice_shape(draw: random.Random, size: int) -> Polygon | MultiPolygon | None:
    """A valid shape whose vertices lie on a small lattice, so that ways meet vertices and run along edges."""
    parts = [
        Polygon([(draw.randrange(size), draw.randrange(size)) for _ in range(draw.randrange(3, 8))]) for _ in range(2)
    ]
    if not all(part.is_valid and part.area > 0 for part in parts):
        return None
    shape = draw.choice([parts[0], parts[0].difference(parts[1]), parts[0].union(parts[1])])
    return shape if shape.is_valid and isinstance(shape, Polygon | MultiPolygon) and not shape.is_empty else None


def test_crossing__agrees_with_rational_arithmetic_on_a_lattice() -> None:
    draw = random.Random(5)
    told_in_all = 0
    for _ in range(1200):
        shape = lattice_shape(draw, 7)
        if shape is None:
            continue
        edges = twin.edges(shape)
        fixes = [(draw.randrange(-1, 8) + draw.choice([0, 0, 0.5]), float(draw.randrange(-1, 8))) for _ in range(10)]
        longitude, latitude = np.array(fixes, float).T
        found = crossings(longitude, latitude, FenceIndex.build([Fence("a", 1, shape)]))
        for s in range(len(fixes) - 1):
            want = twin.stays(edges, twin.place(*fixes[s]), twin.place(*fixes[s + 1]))
            got = [(c.entered_at_fraction, c.left_at_fraction) for c in found if c.from_ix == s]
            assert [[t is None for t in stay] for stay in got] == [[t is None for t in stay] for stay in want], (
                shape.wkt,
                fixes[s : s + 2],
            )
            for one, other in zip(got, want, strict=True):
                assert all(t is None or abs(t - u) < 1e-12 for t, u in zip(one, other, strict=True))
            told_in_all += len(want)
    assert told_in_all > 500


def test_crossing__agrees_with_geos_on_wandering_tracks() -> None:
    rng = np.random.default_rng(6)
    shapes = [
        shapely.buffer(LineString(np.cumsum(rng.normal(0, 0.3, (20, 2)), axis=0) + rng.uniform(-3, 3, 2)), 0.1)
        for _ in range(40)
    ]
    index = FenceIndex.build([Fence(f"f{i:02}", 1, shape) for i, shape in enumerate(shapes)])
    longitude, latitude = np.cumsum(rng.normal(0, 0.1, (2, 4000)), axis=1) % 8 - 4
    got: dict[tuple[int, str], set[str]] = {}
    for crossing in crossings(longitude, latitude, index):
        got.setdefault((crossing.from_ix, crossing.fence_id), set()).add(crossing.kind)
    fixes = np.stack([longitude, latitude], axis=1)
    ways = shapely.linestrings(np.stack([fixes[:-1], fixes[1:]], axis=1))
    want: set[tuple[int, str]] = set()
    for fence in index.fences:
        meets = shapely.intersects(fence.geometry, ways) & ~shapely.covers(fence.geometry, ways)
        begins = shapely.intersects_xy(fence.geometry, longitude, latitude)
        for s in np.flatnonzero(meets).tolist():
            want.add((s, fence.id))
            assert ("exit" in got[s, fence.id]) == begins[s]
            assert ("enter" in got[s, fence.id]) == begins[s + 1]
            assert begins[s] or begins[s + 1] or got[s, fence.id] == {"through"}
    assert set(got) == want
    assert len(want) > 200


# Vertices that lie on a slanted line but for their last bits, and a way along it: products of doubles are all noise.
NEARLY_STRAIGHT = (
    ("-0x1.0000000000000p-20", "0x1.8000000000000p-19"),
    ("-0x1.1c71c71c71c72p-20", "0x1.f1c71c71c71c7p-19"),
    ("-0x1.38e38e38e38e4p-20", "0x1.31c71c71c71c7p-18"),
    ("-0x1.5555555555555p-20", "0x1.6aaaaaaaaaaaap-18"),
    ("-0x1.71c71c71c71c7p-20", "0x1.a38e38e38e38ep-18"),
    ("-0x1.8e38e38e38e39p-20", "0x1.dc71c71c71c72p-18"),
)
ALONG_IT = (("-0x1.6aaaaaaaaaaaap-20", "0x1.9555555555554p-18"), ("-0x1.1c71c71c71c73p-20", "0x1.f1c71c71c71c9p-19"))


def test_crossing__of_a_way_that_runs_along_a_border_for_hairs_is_seen_and_in_its_place() -> None:
    border = [(float.fromhex(x), float.fromhex(y)) for x, y in NEARLY_STRAIGHT]
    far = -(2.0**-18)
    shape = Polygon([*border, (far, border[-1][1]), (far, border[0][1])])
    out, back = told(shape, *((float.fromhex(x), float.fromhex(y)) for x, y in ALONG_IT))
    assert (out.kind, back.kind) == ("exit", "enter")
    assert out.left_at_fraction == pytest.approx(0.6, abs=1e-12)
    assert back.entered_at_fraction == pytest.approx(15 / 23, abs=1e-12)


# Holes in a row, two of which meet in (-8, 20), where a way passes that ends one double beside the straight line.
ROW_OF_HOLES = Polygon(
    [(-60, -44), (68, -44), (68, 84), (-60, 84)],
    [
        [(28, 20), (32, 28), (36, 20), (32, 4)],
        [(-8, 20), (10, 28), (28, 20), (10, 8)],
        [(-24, 20), (-16, 48), (-8, 20), (-16, 12)],
        [(-60, 20), (-42, 28), (-24, 20), (-42, 8)],
    ],
)


def test_crossing__an_absence_of_a_hair_of_the_way_is_seen() -> None:
    passed, came = told(ROW_OF_HOLES, (-84.0, -60.0), (49.0, math.nextafter(80.0, 90.0)))
    assert (passed.kind, came.kind) == ("through", "enter")
    assert passed.left_at_fraction is not None and came.entered_at_fraction is not None
    assert 0.0 < came.entered_at_fraction - passed.left_at_fraction < 2e-15
