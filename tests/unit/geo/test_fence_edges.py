"""Lines as fences, and edges that follow the geodesic."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely import LineString, MultiLineString, MultiPolygon, Polygon

from geo.fence_edges import geodesic_edges, parse_watched_geometry
from geo.fences import InvalidFence

WGS84 = Geod(ellps="WGS84")


@pytest.mark.parametrize(
    ("coordinates", "word"),
    [
        ([[0, 0]], "no line"),
        ([[0, 0], [0, 0]], "no line"),
        ([[0, 0], [200, 0]], "no place"),
        ([[0, 0], [True, 0]], "no position"),
        ([[0, 0], [float("nan"), 0]], "no place"),
        ([[-179, 0], [179, 0]], "half round"),
        ("x", "list"),
    ],
)
def test_line__that_is_none_is_refused_with_what_and_where(coordinates: Any, word: str) -> None:
    with pytest.raises(InvalidFence, match=word):
        parse_watched_geometry({"type": "LineString", "coordinates": coordinates})
    with pytest.raises(InvalidFence):
        parse_watched_geometry({"type": "MultiLineString", "coordinates": [coordinates]})


def test_lines__are_read_as_drawn() -> None:
    line = parse_watched_geometry({"type": "LineString", "coordinates": [[1, 0, 9], [1, 0], [0, 0], [0, 1]]})
    assert line.equals_exact(LineString([(1, 0), (0, 0), (0, 1)]), 0.0)
    both = parse_watched_geometry({"type": "MultiLineString", "coordinates": [[[1, 0], [0, 0]], [[5, 5], [6, 6]]]})
    assert both.equals_exact(MultiLineString([[(1, 0), (0, 0)], [(5, 5), (6, 6)]]), 0.0)


@pytest.mark.parametrize("latitude", [0.0, 10.0, 45.0, 70.0])
def test_geodesic__pieces_keep_within_a_metre_of_it(latitude: float) -> None:
    area = Polygon([(10, latitude), (12.5, latitude), (12.5, latitude + 1.0)])
    xy = shapely.get_coordinates(geodesic_edges(area))
    for a, b in pairwise(xy):
        azimuth, _, length = WGS84.inv(*a, *b)
        for part in (0.25, 0.5, 0.75):
            x, y, _ = WGS84.fwd(*a, azimuth, length * part)
            assert WGS84.inv(x, y, *(a + part * (b - a)))[2] <= 1.0
    assert {tuple(p) for p in shapely.get_coordinates(area)} <= {tuple(p) for p in xy}


def test_geodesic__of_a_long_edge_leaves_the_parallel() -> None:
    # 200 km east to west at 45 degrees bow by about 791 m.
    line = geodesic_edges(LineString([(0, 45), (2.54, 45)]))
    top = line.bounds[3]
    assert WGS84.inv(1.27, 45, 1.27, top)[2] == pytest.approx(791, abs=10)


def test_geodesic__leaves_short_edges_as_they_are() -> None:
    area = Polygon([(10, 45), (10.01, 45), (10.01, 45.01)])
    assert geodesic_edges(area).equals_exact(area, 0.0)
    assert geodesic_edges(MultiPolygon([area])).equals_exact(MultiPolygon([area]), 0.0)


def test_geodesic__on_the_antimeridian_stays_on_its_side() -> None:
    area = geodesic_edges(Polygon([(170, 60), (180, 60), (180, 61), (170, 61)]))
    assert np.abs(shapely.get_coordinates(area)[:, 0]).max() == 180.0
    assert shapely.is_valid(area)


def test_geodesic__asked_for_in_the_record_is_what_is_parsed() -> None:
    ring = [[10, 45], [12, 45], [12, 46], [10, 46], [10, 45]]
    straight = parse_watched_geometry({"type": "Polygon", "coordinates": [ring]})
    geodesic = parse_watched_geometry({"type": "Polygon", "coordinates": [ring]}, "geodesic")
    assert (len(shapely.get_coordinates(straight)), len(shapely.get_coordinates(geodesic)) > 50) == (5, True)
