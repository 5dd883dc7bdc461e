"""Bearings, rings and what a person saw."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fusion.ellipse import ellipse_from_covariance
from fusion.sensors.bearing import bearing, bearing_and_range
from fusion.sensors.mixture import Mixture
from fusion.sensors.ranger import Sight, identity_weight, sight_covariance, sighting_place
from fusion.sensors.ring import disc, ring


def grid(half_m: float, cells: int = 500) -> tuple[np.ndarray, np.ndarray, float]:
    axis = (np.arange(cells) + 0.5) / cells * 2 * half_m - half_m
    x, y = np.meshgrid(axis, axis)
    return x.ravel(), y.ravel(), (2 * half_m / cells) ** 2


@pytest.mark.parametrize(("sd_deg", "off"), [(2.0, 0.05), (10.0, 0.05), (15.0, 0.06)])
def test_bearing__is_nearly_the_sector_that_it_stands_for(sd_deg: float, off: float) -> None:
    x, y, area = grid(1_400.0)
    found = bearing(0.0, 0.0, 40.0, sd_deg, 50.0, 1_000.0).density(x, y)
    distance, angle = np.hypot(x, y), np.degrees(np.arctan2(x, y))
    exact = np.exp(-0.5 * ((angle - 40.0) / sd_deg) ** 2) * ((distance > 50) & (distance < 1_000)) / distance
    exact /= exact.sum() * area
    assert found.sum() * area == pytest.approx(1.0, abs=0.01)
    assert 0.5 * np.abs(found - exact).sum() * area < off


@pytest.mark.parametrize(
    ("distance_m", "sd_m", "off"), [(500.0, 20.0, 0.01), (500.0, 100.0, 0.01), (100.0, 60.0, 0.06)]
)
def test_ring__is_even_in_all_directions_and_as_far_as_it_says(distance_m: float, sd_m: float, off: float) -> None:
    x, y, area = grid(3.0 * distance_m)
    found = ring(0.0, 0.0, distance_m, sd_m).density(x, y)
    distance = np.hypot(x, y)
    exact = np.exp(-0.5 * ((distance - distance_m) / sd_m) ** 2) / distance
    exact /= exact.sum() * area
    assert 0.5 * np.abs(found - exact).sum() * area < off
    around = np.linspace(0, 2 * np.pi, 400)
    on_ring = ring(0.0, 0.0, distance_m, sd_m).density(distance_m * np.sin(around), distance_m * np.cos(around))
    assert on_ring.min() > 0.9 * on_ring.max()


def test_mixture__of_one_component_is_a_kalman_update() -> None:
    one = Mixture(np.ones(1), np.array([[100.0, 0.0]]), np.array([[400.0, 0.0, 400.0]]))
    place, spread = one.resolved(np.zeros(2), np.array([400.0, 0.0, 1_200.0]))
    assert place == pytest.approx([50.0, 0.0])
    assert spread == pytest.approx([200.0, 0.0, 300.0])
    assert one.log_likelihood(np.zeros(2), np.array([400.0, 0.0, 400.0])) == pytest.approx(
        -math.log(2 * math.pi * 800) - 0.5 * 100**2 / 800
    )


def test_mixture__an_expected_place_decides_where_on_the_ring_it_was() -> None:
    around = ring(0.0, 0.0, 500.0, 25.0)
    place, spread = around.resolved(np.array([600.0, 0.0]), np.array([150.0**2, 0.0, 150.0**2]))
    x, y, _ = grid(1_000.0)
    density = np.exp(-0.5 * ((np.hypot(x, y) - 500) / 25) ** 2 - 0.5 * ((x - 600) ** 2 + y**2) / 150**2) / np.hypot(
        x, y
    )
    density /= density.sum()
    assert place == pytest.approx([density @ x, 0.0], abs=3.0)
    assert spread[0] == pytest.approx(density @ x**2 - (density @ x) ** 2, rel=0.1)
    assert spread[2] == pytest.approx(density @ y**2, rel=0.05)


def test_mixture__moments_are_those_of_draws() -> None:
    mixture = bearing(0.0, 0.0, 90.0, 5.0, 100.0, 900.0)
    mean, covariance = mixture.moments()
    assert mean == pytest.approx([500.0, 0.0], abs=5.0)
    assert math.sqrt(covariance[0]) == pytest.approx(800 / math.sqrt(12), rel=0.05)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: bearing(0, 0, 0, 5, 0, 100),
        lambda: bearing(0, 0, 0, 40, 10, 100),
        lambda: ring(0, 0, 0, 5),
        lambda: disc(0),
        lambda: bearing_and_range(0, 0, 0, 5, 0, 10),
        lambda: bearing_and_range(0, 0, 0, 16, 10, 10),
        lambda: sighting_place(0, 0, 5, 90, 0),
        lambda: identity_weight(1.1),
    ],
)
def test_sensors__refuse_what_they_cannot_say(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(ValueError, match=r"must be|lie in"):
        wrong()


def test_ranger__place_is_where_the_arm_pointed() -> None:
    place, covariance = sighting_place(1_000.0, 2_000.0, 5.0, 90.0, 400.0)
    assert place == pytest.approx([1_400.0, 2_000.0])
    ellipse = ellipse_from_covariance(covariance[None, :])
    assert ellipse.orientation_deg[0] == pytest.approx(90.0)
    assert ellipse.semi_major_m[0] > ellipse.semi_minor_m[0]


def test_ranger__who_heard_is_less_sure_than_who_stood_beside() -> None:
    assert sight_covariance(Sight.HEARD, 5.0)[0] > 100 * sight_covariance(Sight.AT_HAND, 5.0)[0]


def test_ranger__nobody_is_believed_without_doubt() -> None:
    assert identity_weight(1.0) == pytest.approx(0.99)
    assert identity_weight(0.0) == 0.0
