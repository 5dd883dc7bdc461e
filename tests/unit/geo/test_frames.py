"""The metric frame of a site and the geodesics it is measured against."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from geo.frames import LocalFrame
from geo.geodesy import bearing_deg, destination, distance_m


def test_distance__of_a_degree_of_latitude_at_the_equator_and_of_the_quarter_meridian() -> None:
    assert float(distance_m(30, 0, 30, 1)) == pytest.approx(110_574.389, abs=0.001)
    assert distance_m(0, 0, [0, 90], 90) == pytest.approx([10_001_965.729] * 2, abs=0.001)


def test_distance__across_the_antimeridian_is_the_short_way() -> None:
    assert float(distance_m(179.5, 0, -179.5, 0)) == pytest.approx(111_319.491, abs=0.001)


def test_bearing__runs_clockwise_from_north() -> None:
    assert bearing_deg(30, 0, [30, 31, 30, 29], [1, 0, -1, 0]) == pytest.approx([0, 90, 180, 270])


def test_destination__is_where_distance_and_bearing_lead() -> None:
    bearings = np.arange(0.0, 360.0, 30.0)
    longitude, latitude = destination(179.9, -17.0, bearings, 50_000.0)
    assert distance_m(179.9, -17.0, longitude, latitude) == pytest.approx([50_000.0] * 12, abs=1e-6)
    assert bearing_deg(179.9, -17.0, longitude, latitude) == pytest.approx(bearings, abs=1e-6)
    assert (np.abs(longitude) <= 180).all()


def test_frame__lays_geodesics_from_its_centre_out_straight_and_at_length() -> None:
    longitude, latitude = destination(35.0, -2.5, [0.0, 90.0, 225.0], 300_000.0)
    x, y = LocalFrame.around(35.0, -2.5).to_metres(longitude, latitude)
    root = 300_000 * np.sqrt(0.5)
    assert x == pytest.approx([0, 300_000, -root], abs=1e-3)
    assert y == pytest.approx([300_000, 0, -root], abs=1e-3)


@pytest.mark.parametrize(("reach_m", "bound"), [(100_000.0, 4.2e-5), (300_000.0, 3.8e-4)])
def test_frame__lengths_within_reach_are_within_the_stated_bound(reach_m: float, bound: float) -> None:
    rng = np.random.default_rng(1)
    frame = LocalFrame.around(20.0, 45.0)
    longitude, latitude = destination(20.0, 45.0, rng.uniform(0, 360, 500), reach_m)
    aside = destination(longitude, latitude, rng.uniform(0, 360, 500), 100.0)
    (x, y), (u, v) = frame.to_metres(longitude, latitude), frame.to_metres(*aside)
    stretch = np.hypot(u - x, v - y) / 100.0 - 1.0
    assert stretch.max() < bound
    assert stretch.min() > -1e-6


def test_frame__antimeridian_and_poles_are_ordinary_places() -> None:
    x, _ = LocalFrame.around(179.9, 0.0).to_metres([-179.9, 179.7], [0.0, 0.0])
    assert x == pytest.approx([22_263.898, -22_263.898], abs=0.01)
    x, y = LocalFrame.around(0.0, 90.0).to_metres([0.0, 180.0], [89.9, 89.9])
    assert np.hypot(x, y) == pytest.approx([11_169.39, 11_169.39], abs=0.1)


def test_frame__nan_stays_nan_and_spoils_nothing_beside_it() -> None:
    x, y = LocalFrame.around(10.0, 0.0).to_metres([np.nan, 10.0], [0.0, 0.0])
    assert np.isnan([x[0], y[0]]).all()
    assert [x[1], y[1]] == [0.0, 0.0]


def test_frame__is_a_value_that_pickles() -> None:
    frame = LocalFrame.around(10, -3)
    assert pickle.loads(pickle.dumps(frame)) == frame
    with pytest.raises(ValueError, match="centre"):
        LocalFrame.around(float("nan"), 0.0)


def test_frame__serves_threads_at_once() -> None:
    frame = LocalFrame.around(10.0, -3.0)
    longitude = np.linspace(9.0, 11.0, 2000)
    want = frame.to_metres(longitude, np.full(2000, -3.0))[0]
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: frame.to_metres(longitude, np.full(2000, -3.0))[0], range(40)))
    assert all(np.array_equal(one, want) for one in got)
