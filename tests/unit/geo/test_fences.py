"""What a fence is let in with, and its normal form."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest
import shapely
from shapely import MultiPolygon, Polygon

from geo.fences import MAX_VERTICES, Fence, InvalidFence, canonical_wkb, parse_fence_geometry

RING = [[30.0, -2.0], [31.0, -2.0], [31.0, -1.0], [30.0, -1.0], [30.0, -2.0]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def test_fence__polygon_with_altitudes_is_read_as_its_plan() -> None:
    assert parse_fence_geometry(polygon([[*position, 1500.0] for position in RING])).equals(Polygon(RING))


def test_fence__multipolygon_on_both_sides_of_the_antimeridian_is_let_in() -> None:
    parts = [[[[178, 0], [180, 0], [180, 2], [178, 0]]], [[[-180, 0], [-178, 0], [-180, 2], [-180, 0]]]]
    assert isinstance(parse_fence_geometry({"type": "MultiPolygon", "coordinates": parts}), MultiPolygon)


WRONG = {
    "crosses itself": (polygon([[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]), "Self-intersection", "1, 1"),
    "hole outside": (polygon(RING, [[0, 0], [1, 0], [1, 1], [0, 0]]), "Hole lies outside shell", "0, 0"),
    "no area": (polygon([[0, 0], [1, 1], [2, 2], [0, 0]]), "Self-intersection", "longitude"),
    "unclosed": (polygon(RING[:-1]), "not closed", "ring 1"),
    "too short": (polygon(RING, [[0, 0], [1, 0], [0, 0]]), "3 positions are no ring", "ring 2"),
    "not a number": (polygon([*RING[:2], [math.nan, 0.0], *RING[2:]]), "not finite", "ring 1, position 3"),
    "longitude": (polygon([*RING[:2], [181, 0.0], *RING[2:]]), "Longitude 181", "ring 1, position 3"),
    "latitude": (polygon([*RING[:2], [0, -90.5], *RING[2:]]), "Latitude -90.5", "ring 1, position 3"),
    "text": (polygon([["30", "2"], *RING]), "no position", "ring 1, position 1"),
    "truth": (polygon([[True, False], *RING]), "no position", "ring 1, position 1"),
    "one number": (polygon([[30.0], *RING]), "no position", "ring 1, position 1"),
    "empty": (polygon(), "Nothing is there", "coordinates"),
    "empty ring": (polygon([]), "Nothing is there", "ring 1"),
    "no coordinates": ({"type": "Polygon"}, "A list is wanted, not NoneType", "coordinates"),
    "line": ({"type": "LineString", "coordinates": RING}, "'LineString' is not an area", "type"),
    "no type": ({}, "None is not an area", "type"),
    "uncut": (polygon([[179, 0], [-179, 0], [-179, 2], [179, 2], [179, 0]]), "half round the Earth", "position 1"),
    "second part": (
        {"type": "MultiPolygon", "coordinates": [[RING], [RING[:-1]]]}, "not closed", "polygon 2, ring 1",
    ),
    "overlap": ({"type": "MultiPolygon", "coordinates": [[RING], [RING]]}, "Self-intersection", "longitude"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_fence__invalid_shape_is_refused_with_what_where_and_a_remedy(name: str) -> None:
    geojson, what, where = WRONG[name]
    with pytest.raises(InvalidFence) as refused:
        parse_fence_geometry(geojson)
    if name != "no area":
        assert what in refused.value.what
    assert where in refused.value.where
    assert refused.value.remedy in str(refused.value)


def circle(vertices: int) -> list[list[float]]:
    turn = [2 * math.pi * i / (vertices - 1) for i in range(vertices - 1)]
    ring = [[10 * math.cos(a), 10 * math.sin(a)] for a in turn]
    return [*ring, ring[0]]


def test_fence__vertices_are_limited_over_all_rings() -> None:
    half = circle(MAX_VERTICES // 2)
    hole = [[x / 2, y / 2] for x, y in half]
    assert shapely.get_num_coordinates(parse_fence_geometry(polygon(half, hole))) == MAX_VERTICES
    with pytest.raises(InvalidFence, match="More than 100000 vertices"):
        parse_fence_geometry(polygon(half, hole, [[0, 0], [1, 0], [0, 1], [0, 0]]))


def test_normal_form__equal_shapes_give_equal_bytes() -> None:
    hole, other = [(1, 1), (1, 2), (2, 1)], [(5, 5), (5, 6), (6, 5)]
    shell = [(0.0, 0.0), (10, 0), (10, 10), (0, 10)]
    one = Polygon(shell, [hole, other])
    turned = Polygon([shell[1], shell[0], shell[3], shell[2]], [other[::-1], [*hole[1:], hole[0]]])
    repeated = Polygon([(-0.0, -0.0), (0, 0), (10, 0), (10, 0), (10, 10), (0, 10)], [hole, other])
    assert canonical_wkb(one) == canonical_wkb(turned) == canonical_wkb(repeated)
    assert canonical_wkb(one) == canonical_wkb(MultiPolygon([turned]))
    assert canonical_wkb(one) == canonical_wkb(shapely.force_3d(one, 9.0))
    assert canonical_wkb(one) != canonical_wkb(Polygon(shell, [hole]))


def test_normal_form__parts_are_sorted_and_shells_run_counter_clockwise() -> None:
    a, b = shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)
    assert canonical_wkb(MultiPolygon([a, b])) == canonical_wkb(MultiPolygon([b, a]))
    assert Fence("a", 1, a.reverse()).geometry.exterior.is_ccw


def test_fence__holds_its_rings_as_read_only_columns_and_survives_pickling() -> None:
    fence = Fence("a", 3, Polygon(RING, [[(30.2, -1.8), (30.4, -1.8), (30.4, -1.6)]]))
    assert fence.rings.start.tolist() == [0, 5, 9]
    assert not fence.rings.x.flags.writeable
    again = pickle.loads(pickle.dumps(fence))
    assert again == fence
    assert again.rings.y.tolist() == fence.rings.y.tolist()
