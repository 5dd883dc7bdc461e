"""Unseen crossings: closed forms where there are some, simulation where there are none."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Point, Polygon, box

from geo import bridge
from geo.bridge import crossing_probabilities, crossing_probability
from geo.bridge_kernels import half_plane
from geo.fences import rings_of
from tests.unit.geo import strips

EAST_M, NORTH_M = strips.metres(3.0)
EXACT = (0.0, 0.0, 0.0)
HOUR = 3600.0


def at(east_m: float, north_m: float) -> tuple[float, float]:
    return 30.0 + east_m / EAST_M, 3.0 + north_m / NORTH_M


def disc(radius_m: float) -> Polygon:
    ring = Point(0, 0).buffer(radius_m, quad_segs=32)
    return shapely.transform(ring, lambda xy: np.array([at(x, y) for x, y in xy]))


HALF = Polygon([at(*corner) for corner in ((0, -90_000), (90_000, -90_000), (90_000, 90_000), (0, 90_000))])


def crossed(
    shape: Polygon | MultiPolygon,
    a: tuple[float, float],
    b: tuple[float, float],
    q: float,
    covariance: tuple[float, float, float] = EXACT,
) -> float:
    """P for places in metres and a variance q in m2 between them."""
    return crossing_probability(rings_of(shape), at(*a), at(*b), HOUR, q / HOUR, covariance, covariance)


@pytest.mark.parametrize(("d0", "d1", "q"), [(500, 500, 2e5), (300, 800, 2e5), (10, 900, 5e4), (100, 100, 1e4)])
def test_straight_border__is_the_reflection_principle(d0: float, d1: float, q: float) -> None:
    want = math.exp(-2.0 * d0 * d1 / q)
    assert crossed(HALF, (-d0, 0), (-d1, 0), q) == pytest.approx(want, abs=1e-9)
    assert crossed(HALF, (d0, -40), (d1, 40), q) == pytest.approx(want, rel=1e-4)


def test_straight_border__between_the_fixes_is_certain() -> None:
    assert crossed(HALF, (-300, 0), (10, 0), 1e4) == 1.0
    assert crossed(disc(100.0), (-300, 0), (10, 0), 1e4) == 1.0


@pytest.mark.parametrize(
    ("d0", "d1", "sd", "q"),
    [
        (300, 800, 100, 1.8e5),
        (20, 20, 30, 100),
        (50, 60, 20, 5000),
        (-10, 10, 300, 500),
        (1, 1, 50, 1e5),
        (9, 5, 9, 40),
    ],
)
def test_errors_at_the_ends__are_what_weighted_draws_give(d0: float, d1: float, sd: float, q: float) -> None:
    rng = np.random.default_rng(1)
    first = d0 + sd * rng.normal(size=500_000)
    second = first + math.sqrt(q) * rng.normal(size=500_000)
    likelihood = np.exp(-0.5 * ((d1 - second) / sd) ** 2)
    met = np.where(first * second <= 0.0, 1.0, np.exp(-2.0 * first * second / q))
    want = np.sum(likelihood * met) / np.sum(likelihood)
    error = math.sqrt(np.sum(likelihood**2 * (met - want) ** 2)) / np.sum(likelihood)
    got = crossed(HALF, (-d0, 0), (-d1, 0), q, (sd * sd, 0.0, 1.0))
    assert abs(got - want) < 4.5 * error


def test_half_plane__goes_over_into_the_exact_one_as_errors_vanish() -> None:
    for sd in (1.0, 1e-2, 1e-4, 1e-8, 1e-12, 0.0):
        assert half_plane(30.0, 50.0, sd**2, sd**2, 0.0, 2000.0) == pytest.approx(math.exp(-1.5), abs=max(sd**2, 1e-9))


def simulated(radius_m: float, a: tuple[float, float], b: tuple[float, float], q: float, paths: int) -> float:
    """Share of bridges stepped through time that meet a circle."""
    rng = np.random.default_rng(4)
    place, met, steps = np.tile(np.array(a, float), (paths, 1)), np.zeros(paths, bool), 1000
    for left in range(steps, 0, -1):
        ahead = place + (np.array(b) - place) / left
        ahead += math.sqrt(q / steps * (left - 1) / left) * rng.normal(size=place.shape)
        d0, d1 = np.hypot(*place.T) - radius_m, np.hypot(*ahead.T) - radius_m
        met |= (d0 * d1 <= 0.0) | (rng.uniform(size=paths) < np.exp(-2.0 * np.abs(d0 * d1) / (q / steps)))
        place = ahead
    return float(met.mean())


@pytest.mark.parametrize(
    ("radius_m", "a", "b", "q"),
    [
        (200, (-1000, 300), (1000, 300), 3.6e5),
        (500, (-600, 0), (0, 600), 1e5),
        (1000, (-500, 0), (500, 0), 3.6e5),
        (300, (-3000, 1000), (3000, 0), 1e6),
        (1000, (300, 300), (-100, 600), 1e5),
    ],
)
def test_discs__are_met_as_often_as_in_simulation(
    radius_m: float, a: tuple[float, float], b: tuple[float, float], q: float
) -> None:
    want = simulated(radius_m, a, b, q, 4000)
    assert crossed(disc(radius_m), a, b, q) == pytest.approx(want, abs=0.05)


def test_more_paths__come_closer_to_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "PATHS", 4096)
    bridge._drawn.cache_clear()
    try:
        for radius_m, a, b, q in ((200, (-1000, 300), (1000, 300), 3.6e5), (1000, (-500, 0), (500, 0), 3.6e5)):
            assert crossed(disc(radius_m), a, b, q) == pytest.approx(simulated(radius_m, a, b, q, 20_000), abs=0.016)
    finally:
        bridge._drawn.cache_clear()


def test_narrow_strip_between_two_fixes__is_seen_at_any_length_of_step() -> None:
    strip = Polygon([at(*corner) for corner in ((-1, -9000), (1, -9000), (1, 9000), (-1, 9000))])
    assert crossed(strip, (-5000, 0), (5000, 100), 1e3) == 1.0
    assert crossed(strip, (-50, 0), (-50, 100), 1e4) == pytest.approx(math.exp(-2.0 * 2401 / 1e4), abs=0.05)


def test_far_fence__is_not_met() -> None:
    assert crossed(disc(100.0), (50_000, 0), (50_000, 400), 1e4) == 0.0
    assert crossed(disc(40_000.0), (0, 0), (0, 400), 1e4) == 0.0


def test_hut_at_the_edge_of_what_can_be_reached__is_below_one_percent_and_not_sampled() -> None:
    assert 0.0 < crossed(disc(20.0), (0, 5000), (0, 5000), 1e7) < 0.01


def test_same_question__has_the_same_answer_alone_and_among_others() -> None:
    rng = np.random.default_rng(3)
    (x0, y0), (x1, y1) = (at(*rng.normal(0, 400, (2, 40))) for _ in range(2))
    c0, c1 = (np.tile([[900.0, 100.0, 400.0]], (40, 1)) for _ in range(2))
    rings = rings_of(disc(300.0))
    many = crossing_probabilities(rings, x0, y0, x1, y1, 600.0, 30.0, c0, c1)
    one = [
        crossing_probability(rings, (a, b), (c, d), 600.0, 30.0, u, v)
        for a, b, c, d, u, v in zip(x0, y0, x1, y1, c0, c1, strict=True)
    ]
    assert many.tolist() == one
    assert len(set(one)) > 20 and min(one) >= 0.0 and max(one) <= 1.0


def test_way_back__is_nearly_as_probable() -> None:
    a, b = (-700.0, 300.0), (500.0, 500.0)
    assert crossed(disc(200.0), a, b, 2e5) == pytest.approx(crossed(disc(200.0), b, a, 2e5), abs=0.07)


def test_antimeridian__is_no_border_of_a_fence_cut_there() -> None:
    cut = MultiPolygon([box(179, -20, 180, -10), box(-180, -20, -179, -10)])
    one = crossing_probability(rings_of(cut), (179.99, -15.0), (-179.99, -15.0), HOUR, 30.0, EXACT, EXACT)
    assert one == 0.0
    border = crossing_probability(rings_of(cut), (-179.0005, -15.0), (-179.0005, -15.001), HOUR, 30.0, EXACT, EXACT)
    d = 0.0005 * strips.metres(-15.0)[0]
    assert border == pytest.approx(math.exp(-2.0 * d * d / (HOUR * 30.0)), abs=1e-4)


def test_what_makes_no_sense__is_refused() -> None:
    rings = rings_of(disc(100.0))
    for dt, rate in ((0.0, 1.0), (-1.0, 1.0), (1.0, 0.0), (math.nan, 1.0), (1.0, math.inf)):
        with pytest.raises(ValueError, match="above 0"):
            crossing_probability(rings, at(0, 0), at(1, 1), dt, rate, EXACT, EXACT)
    with pytest.raises(ValueError, match="semidefinite"):
        crossing_probability(rings, at(0, 0), at(1, 1), 1.0, 1.0, (1.0, 2.0, 1.0), EXACT)
    with pytest.raises(ValueError, match="one length"):
        crossing_probabilities(rings, [30.0], [3.0], [30.0] * 2, [3.0] * 2, 1.0, 1.0, [EXACT], [EXACT] * 2)
