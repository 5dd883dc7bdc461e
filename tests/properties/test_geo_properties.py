"""What holds for every place, shape and way."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geo import compiled, kernels, meeting_order
from geo.crossing import crossings
from geo.fence_index import FenceIndex
from geo.fences import Fence, canonical_wkb
from geo.frames import LocalFrame
from geo.generalise import generalise
from geo.geodesy import destination, distance_m
from geo.spacetime import join
from tests.unit.geo import twin

longitudes = st.floats(-180.0, 180.0)
latitudes = st.floats(-90.0, 90.0)
# Coarse and fine ordinates together: coincident, aligned and nearly aligned places come up often.
ordinates = st.one_of(st.integers(0, 6).map(float), st.floats(1e-100, 6.0))
knots = st.one_of(st.integers(0, 6).map(float), st.integers(0, 6 * 64).map(lambda v: v / 64))
places, lattice = st.tuples(ordinates, ordinates), st.tuples(knots, knots)


def polygons(corners: st.SearchStrategy[tuple[float, float]]) -> st.SearchStrategy[Polygon]:
    rings = st.lists(corners, min_size=3, max_size=9, unique=True)
    return rings.map(Polygon).filter(lambda shape: bool(shape.is_valid))


UNTIMED, MANY = settings(deadline=None), settings(deadline=None, max_examples=200)

compiled.warm_up()


@UNTIMED
@given(longitudes, latitudes, st.floats(0.0, 360.0), st.floats(0.0, 300_000.0))
def test_frame__round_trip_is_below_a_millimetre_within_300_km(
    longitude: float, latitude: float, bearing: float, reach_m: float
) -> None:
    frame = LocalFrame.around(longitude, latitude)
    there = destination(longitude, latitude, bearing, reach_m)
    assert float(distance_m(*there, *frame.to_degrees(*frame.to_metres(*there)))) < 1e-3


@UNTIMED
@given(longitudes, latitudes, st.floats(1.0, 1e7))
def test_generalise__twice_is_once(longitude: float, latitude: float, cell_m: float) -> None:
    once = generalise(longitude, latitude, cell_m)
    assert generalise(*once, cell_m) == once


@MANY
@given(polygons(places), st.lists(places, min_size=1, max_size=20))
def test_locate__state_equals_geos(shape: Polygon, points: list[tuple[float, float]]) -> None:
    x, y = np.array(points + list(shape.exterior.coords)).T
    point_ix, _, state = FenceIndex.build([Fence("a", 1, shape)]).locate(x, y)
    assert point_ix.tolist() == np.flatnonzero(shapely.intersects_xy(shape, x, y)).tolist()
    assert (state == kernels.INSIDE).tolist() == shapely.contains_xy(shape, x[point_ix], y[point_ix]).tolist()


@UNTIMED
@given(polygons(places), st.integers(0, 20), st.booleans())
def test_normal_form__turning_and_reversing_a_ring_keeps_its_bytes(shape: Polygon, turn: int, back: bool) -> None:
    ring = list(shape.exterior.coords)[:-1]
    turned = ring[turn % len(ring) :] + ring[: turn % len(ring)]
    assert canonical_wkb(Polygon(turned[::-1] if back else turned)) == canonical_wkb(shape)


@MANY
@given(polygons(lattice), st.lists(lattice, min_size=2, max_size=12))
def test_crossings__way_back_swaps_enter_and_exit(shape: Polygon, fixes: list[tuple[float, float]]) -> None:
    index = FenceIndex.build([Fence("a", 1, shape)])
    x, y = np.array(fixes).T
    there = [(c.kind, c.from_ix) for c in crossings(x, y, index)]
    back = [(c.kind, len(fixes) - 1 - c.to_ix) for c in reversed(crossings(x[::-1], y[::-1], index))]
    swap = {"enter": "exit", "exit": "enter", "through": "through"}
    assert there == [(swap[kind], s) for kind, s in back]


@UNTIMED
@given(polygons(lattice), st.lists(lattice, min_size=2, max_size=12))
def test_crossings__enters_and_exits_join_the_states_of_the_fixes(
    shape: Polygon, fixes: list[tuple[float, float]]
) -> None:
    index = FenceIndex.build([Fence("a", 1, shape)])
    x, y = np.array(fixes).T
    inside = set(index.locate(x, y)[0].tolist())
    found = crossings(x, y, index)
    for s in range(len(fixes) - 1):
        kinds = [c.kind for c in found if c.from_ix == s and c.kind != "through"]
        assert kinds in (
            [["exit", "enter"], []] if {s, s + 1} <= inside
            else [["exit"]] if s in inside
            else [["enter"]] if s + 1 in inside
            else [[]]
        )  # fmt: skip


@UNTIMED
@given(
    st.tuples(*[st.integers(0, 5)] * 2, *[st.integers(1, 6)] * 2).filter(lambda b: b[0] < b[2] and b[1] < b[3]),
    st.lists(lattice, min_size=2, max_size=6),
    st.sampled_from([30.0, 175.0, 177.0, 179.0]),
)
def test_crossings__fence_cut_at_the_antimeridian_tells_what_it_told_elsewhere(
    bounds: tuple[int, int, int, int], fixes: list[tuple[float, float]], shift: float
) -> None:
    whole = box(*bounds)
    west, south, east, north = bounds[0] + shift, bounds[1], bounds[2] + shift, bounds[3]
    if west < 180.0 < east:
        moved = MultiPolygon([box(west, south, 180.0, north), box(-180.0, south, east - 360.0, north)])
    else:
        moved = box(west, south, east, north) if east <= 180.0 else box(west - 360.0, south, east - 360.0, north)
    x, y = np.array(fixes).T
    around = np.mod(x + shift + 180.0, 360.0) - 180.0

    def told(shape: Polygon | MultiPolygon, longitude: np.ndarray) -> list[tuple[str, int]]:
        # A mere touch may be lost to the rounding of the latitude at which a way meets the antimeridian.
        found = crossings(longitude, y, FenceIndex.build([Fence("a", 1, shape)]))
        return [
            (c.kind, c.from_ix)
            for c in found
            if c.kind != "through" or (c.left_at_fraction or 0.0) - (c.entered_at_fraction or 0.0) > 1e-9
        ]

    assert told(moved, around) == told(whole, x)


# Times on a coarse clock, so that lags of exactly the window come up; shifts that keep them exact.
moments = st.integers(0, 40).map(lambda v: v / 4)
somewhere = st.one_of(
    st.sampled_from([(131.0, 43.0), (180.0, 0.0), (0.0, 90.0), (7.0, -90.0)]), st.tuples(longitudes, latitudes)
)
steps = st.lists(st.tuples(st.floats(0.0, 360.0), st.floats(0.0, 3_000.0), moments), min_size=1, max_size=12)


def around(centre: tuple[float, float], given: list[tuple[float, float, float]]) -> dict[str, np.ndarray]:
    bearing, reach_m, time = np.array(given).T
    x, y = destination(*centre, bearing, reach_m)
    return {"longitude": x, "latitude": y, "time": time}


@MANY
@given(somewhere, steps, steps, st.floats(0.0, 3_000.0), st.integers(0, 10), st.integers(-100, 100))
def test_join__finds_every_pair_wherever_and_whenever(
    centre: tuple[float, float],
    one: list[tuple[float, float, float]],
    other: list[tuple[float, float, float]],
    radius_m: float,
    window_s: int,
    shift_s: int,
) -> None:
    left, right = around(centre, one), around(centre, other)
    pairs = join(left, right, radius_m=radius_m, window_s=window_s)
    x, y, t = (left[name][:, None] for name in ("longitude", "latitude", "time"))
    there = distance_m(x, y, right["longitude"], right["latitude"])
    back = distance_m(right["longitude"], right["latitude"], x, y)
    near = (np.minimum(there, back) <= radius_m) & (np.abs(right["time"] - t) <= window_s)
    assert list(zip(pairs.left_ix, pairs.right_ix, strict=True)) == list(zip(*np.nonzero(near), strict=True))
    later = join(
        left | {"time": left["time"] + shift_s},
        right | {"time": right["time"] + shift_s},
        radius_m=radius_m,
        window_s=window_s,
    )
    assert np.array_equal(later.left_ix, pairs.left_ix)
    assert np.array_equal(later.right_ix, pairs.right_ix)


@st.composite
def hairs(draw: st.DrawFn) -> tuple[tuple[float, float], tuple[float, float], Polygon]:
    """(a, b, shape): a way, and a shape with corners that lie at one place of it but for their last bits."""
    a, b, *far = draw(st.lists(st.tuples(st.floats(-9.0, 9.0), st.floats(-9.0, 9.0)), min_size=4, max_size=6))
    t = draw(st.floats(0.01, 0.99))
    corners: list[tuple[float, float]] = []
    for corner in far:
        x, y = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
        for _ in range(draw(st.integers(0, 4))):
            x = float(np.nextafter(x, draw(st.sampled_from([-9.0, 9.0]))))
            y = float(np.nextafter(y, draw(st.sampled_from([-9.0, 9.0]))))
        corners += [(x, y), corner]
    return a, b, Polygon(corners)


@MANY
@given(hairs().filter(lambda drawn: bool(drawn[2].is_valid)))
def test_crossings__that_all_but_coincide_are_those_of_rational_arithmetic(
    drawn: tuple[tuple[float, float], tuple[float, float], Polygon],
) -> None:
    a, b, shape = drawn
    x, y = np.array([a, b]).T
    found = crossings(x, y, FenceIndex.build([Fence("a", 1, shape)]))
    want = twin.stays(twin.edges(shape), twin.place(*a), twin.place(*b))
    assert [(c.entered_at_fraction is None, c.left_at_fraction is None) for c in found] == [
        (entered is None, left is None) for entered, left in want
    ]
    places = [t for c in found for t in (c.entered_at_fraction, c.left_at_fraction) if t is not None]
    assert places == sorted(places)
    exact = [t for stay in want for t in stay if t is not None]
    assert all(abs(t - u) < 1e-11 for t, u in zip(places, exact, strict=True))


def part_of(a: twin.Place, b: twin.Place, u: twin.Place, v: twin.Place) -> Fraction:
    """Where on a-b the line u-v is."""
    p, q = ((u[0] - w[0]) * (v[1] - w[1]) - (u[1] - w[1]) * (v[0] - w[0]) for w in (a, b))
    return p / (p - q)


@MANY
@given(hairs(), st.sampled_from([1.0, 2.0**-40, 1e-150, 1e-310]))
def test_order_of_meetings__is_that_of_rational_arithmetic(
    drawn: tuple[tuple[float, float], tuple[float, float], Polygon], scale: float
) -> None:
    a, b, shape = drawn
    xy = np.array(shape.exterior.coords) * scale
    start, end = twin.place(a[0] * scale, a[1] * scale), twin.place(b[0] * scale, b[1] * scale)
    corners = [twin.place(*corner) for corner in xy.tolist()]
    across = [
        k
        for k in range(len(corners) - 1)
        if twin.side(corners[k], corners[k + 1], start) * twin.side(corners[k], corners[k + 1], end) < 0
    ]
    part = {k: part_of(start, end, corners[k], corners[k + 1]) for k in across}
    flat, way = xy.ravel(), (a[0] * scale, a[1] * scale, b[0] * scale, b[1] * scale)
    for one in across:
        assert abs(Fraction(meeting_order.place(flat, *way, one)) - part[one]) <= Fraction(2) ** -50
        for other in across:
            order = (part[one] > part[other]) - (part[one] < part[other])
            assert meeting_order.before(flat, *way, one, other) == order
