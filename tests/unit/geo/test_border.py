"""Distances to a border, with their sign."""

from __future__ import annotations

import math

import pytest
from shapely import LineString, MultiPolygon, Polygon, box

from geo.border import border_distance_m
from geo.geodesy import destination, distance_m


def test_border__distance_is_that_to_a_known_point_and_negative_inside() -> None:
    east, north = destination(131.4, 43.1, 90.0, 1_000.0)
    line_x = float(east)
    shape = box(line_x, 42.0, line_x + 1, 44.0)
    assert border_distance_m(shape, 131.4, 43.1) == pytest.approx(1_000, abs=0.1)
    assert north == pytest.approx(43.1, abs=1e-4)
    inside_x = float(destination(line_x, 43.1, 90.0, 500.0)[0])
    assert border_distance_m(shape, inside_x, 43.1) == pytest.approx(-500, abs=0.1)


def test_border__a_hole_is_outside() -> None:
    shape = Polygon(box(0, 0, 1, 1).exterior, [box(0.4, 0.4, 0.6, 0.6).exterior])
    assert border_distance_m(shape, 0.5, 0.5) == pytest.approx(float(distance_m(0.5, 0.5, 0.5, 0.4)), rel=1e-6)


def test_border__a_line_has_no_inside() -> None:
    line = LineString([(0, 0), (1, 0), (1, 1)])
    assert border_distance_m(line, 0.5, 0.1) == pytest.approx(float(distance_m(0.5, 0.1, 0.5, 0.0)), rel=1e-6)


def test_border__an_edge_is_straight_in_degrees_not_along_a_great_circle() -> None:
    # A hundred kilometres along a parallel: the chord of the plane bows 180 m away from it.
    line = LineString([(130.0, 43.0), (131.23, 43.0)])
    assert border_distance_m(line, 130.615, 43.0) == pytest.approx(0.0, abs=0.2)


def test_border__the_cut_of_a_fence_at_180_is_no_border() -> None:
    fence = MultiPolygon([box(179.0, 65.0, 180.0, 66.0), box(-180.0, 65.0, -179.0, 66.0)])
    to_south = float(distance_m(180.0, 65.5, 180.0, 65.0))
    to_east = float(distance_m(180.0, 65.5, -179.0, 65.5))
    for longitude in (180.0, -180.0):
        assert border_distance_m(fence, longitude, 65.5) == pytest.approx(-min(to_south, to_east), rel=1e-3)


def test_border__that_ends_at_180_is_one() -> None:
    assert border_distance_m(box(179.0, 65.0, 180.0, 66.0), 179.99, 65.5) == pytest.approx(-464, abs=3)
    assert math.isfinite(border_distance_m(box(-180.0, -90.0, 180.0, 90.0), 0.0, 0.0))
