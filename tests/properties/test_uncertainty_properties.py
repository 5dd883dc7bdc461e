"""What holds for P(inside) whatever the shape, the place and the ellipse."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geo.fence_table import Rings
from geo.fences import rings_of
from geo.uncertainty import DEFAULT_TAIL, HeavyTail, inside_probability
from tests.unit.geo import strips

UNTIMED = settings(deadline=None)
EXACT = 5e-8
# A lattice of 1e-4 degree, 11 m: places meet vertices and edges often.
knots = st.one_of(st.integers(0, 8).map(float), st.integers(0, 8 * 4096).map(lambda v: v / 4096))
places = st.tuples(knots, knots)
sizes = st.floats(-1.0, 3.0).map(lambda power: 10.0**power)
ellipses = st.tuples(sizes, sizes, st.floats(-0.999, 0.999)).map(lambda e: (e[0] ** 2, e[2] * e[0] * e[1], e[1] ** 2))
tails = st.sampled_from([None, DEFAULT_TAIL])
polygons = (
    st.lists(places, min_size=3, max_size=9, unique=True).map(Polygon).filter(lambda p: p.is_valid and p.area > 0)
)
Ellipse = tuple[float, float, float]


def placed(shape: Polygon | MultiPolygon) -> Rings:
    """The lattice laid on the ground near 30 east, 3 north."""
    return rings_of(shapely.transform(shape, lambda xy: np.array([30.0, 3.0]) + xy * 1e-4))


def p_of(rings: Rings, place: tuple[float, float], ellipse: Ellipse, tail: HeavyTail | None = None) -> float:
    x, y = 30.0 + place[0] * 1e-4, 3.0 + place[1] * 1e-4
    return float(inside_probability(rings, [x], [y], [ellipse], heavy_tail=tail)[0])


@UNTIMED
@given(polygons, places, ellipses, tails)
def test_fence_and_the_rest_of_a_box__are_the_box(
    shape: Polygon, place: tuple[float, float], ellipse: Ellipse, tail: HeavyTail | None
) -> None:
    frame = box(-1, -1, 9, 9)
    rest = Polygon(frame.exterior, [shape.exterior])
    if rest.is_valid:
        both = p_of(placed(shape), place, ellipse, tail) + p_of(placed(rest), place, ellipse, tail)
        assert abs(both - p_of(placed(frame), place, ellipse, tail)) < EXACT


@UNTIMED
@given(st.lists(st.integers(1, 7), min_size=1, max_size=3, unique=True), places, ellipses, tails)
def test_parts_of_a_cut_fence__add_up(
    cuts: list[int], place: tuple[float, float], ellipse: Ellipse, tail: HeavyTail | None
) -> None:
    walls = [0, *sorted(cuts), 8]
    parts = [box(w, 0, e, 8) for w, e in pairwise(walls)]
    total = sum(p_of(placed(part), place, ellipse, tail) for part in parts)
    assert abs(total - p_of(placed(box(0, 0, 8, 8)), place, ellipse, tail)) < EXACT


@UNTIMED
@given(polygons, places, ellipses, tails, st.integers(0, 8), st.booleans())
def test_turning_or_reversing_a_ring__changes_nothing(
    shape: Polygon, place: tuple[float, float], ellipse: Ellipse, tail: HeavyTail | None, turn: int, back: bool
) -> None:
    rings = placed(shape)
    order = np.roll(np.arange(len(rings.x) - 1), turn)
    order = np.append(order, order[0])[:: -1 if back else 1]
    turned = Rings(rings.x[order].copy(), rings.y[order].copy(), rings.start)
    assert abs(p_of(turned, place, ellipse, tail) - p_of(rings, place, ellipse, tail)) < EXACT


@UNTIMED
@given(polygons, places, ellipses, tails, st.integers(1, 5))
def test_vertices_put_on_edges__change_nothing(
    shape: Polygon, place: tuple[float, float], ellipse: Ellipse, tail: HeavyTail | None, parts: int
) -> None:
    rings = placed(shape)
    share = np.arange(parts) / parts
    x, y = ((v[:-1, None] + np.diff(v)[:, None] * share).ravel() for v in (rings.x, rings.y))
    denser = Rings(np.append(x, x[0]), np.append(y, y[0]), np.array([0, len(x) + 1]))
    # Vertices are rounded to 4e-15 degrees: a billionth of the smallest standard deviation here.
    assert abs(p_of(denser, place, ellipse, tail) - p_of(rings, place, ellipse, tail)) < EXACT + 1e-7 * (parts > 1)


@UNTIMED
@given(polygons, polygons, places, ellipses, tails)
def test_larger_fence__is_no_less_probable(
    shape: Polygon, more: Polygon, place: tuple[float, float], ellipse: Ellipse, tail: HeavyTail | None
) -> None:
    grown = shapely.union(shape, more)
    if isinstance(grown, Polygon | MultiPolygon) and grown.is_valid:
        assert p_of(placed(grown), place, ellipse, tail) >= p_of(placed(shape), place, ellipse, tail) - 1e-7


@UNTIMED
@given(polygons, places)
def test_no_error__gives_the_state_away_from_the_border(shape: Polygon, place: tuple[float, float]) -> None:
    if shapely.distance(shape.boundary, shapely.Point(place)) > 1e-3:
        assert p_of(placed(shape), place, (0.0, 0.0, 0.0)) == float(shapely.contains_xy(shape, *place))


@UNTIMED
@given(st.floats(-300.0, 300.0), st.floats(-5e3, 5e3), st.floats(-5e3, 5e3), ellipses)
def test_going_along_a_straight_border__changes_nothing(off: float, one: float, other: float, ellipse: Ellipse) -> None:
    # On the equator, where a degree of longitude keeps its length to either side.
    east_m, north_m = strips.metres(0.0)
    rings = rings_of(box(30.0, 0.0, 31.0, 1.0))
    p = inside_probability(
        rings, 30.5 + np.array([one, other]) / east_m, np.full(2, off / north_m), [ellipse] * 2, heavy_tail=None
    )
    assert abs(p[0] - p[1]) < EXACT
    assert abs(p[0] - NormalDist().cdf(off / math.sqrt(ellipse[2]))) < EXACT


@UNTIMED
@given(polygons, places, ellipses, tails)
def test_whatever_the_place__quadrature_by_strips_says_the_same(
    shape: Polygon, place: tuple[float, float], ellipse: Ellipse, tail: HeavyTail | None
) -> None:
    x, y = 30.0 + place[0] * 1e-4, 3.0 + place[1] * 1e-4
    edges = strips.edges_of(shapely.transform(shape, lambda xy: np.array([30.0, 3.0]) + xy * 1e-4))
    want = strips.mass(edges, x, y, np.array(ellipse))
    if tail is not None:
        want = strips.mixture(edges, x, y, np.array(ellipse), DEFAULT_TAIL.weight, DEFAULT_TAIL.scale)
    assert abs(p_of(placed(shape), place, ellipse, tail) - want) < 1e-6
