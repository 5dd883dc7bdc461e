from __future__ import annotations

import math

import numpy as np
import pytest

from fusion.ellipse import covariance_from_ellipse, covariance_from_radius, ellipse_from_covariance


def test_radius__holds_the_promised_share_of_a_simulated_receiver() -> None:
    variance = covariance_from_radius(20.0, probability=0.68)[0, 0]
    errors = np.random.default_rng(1).normal(0.0, math.sqrt(variance), (40_000, 2))
    assert abs((np.hypot(*errors.T) < 20.0).mean() - 0.68) < 0.01


def test_ellipse__argos_axes_are_the_square_root_of_two_standard_deviations() -> None:
    xx, xy, yy = covariance_from_ellipse(2000.0, 300.0, 90.0)[0]
    assert xx == pytest.approx(2000.0**2 / 2)
    assert yy == pytest.approx(300.0**2 / 2)
    assert xy == pytest.approx(0.0, abs=1e-6)


def test_ellipse__orientation_turns_clockwise_from_north() -> None:
    xx, xy, yy = covariance_from_ellipse(1000.0, 100.0, 45.0)[0]
    assert xx == pytest.approx(yy)
    assert xy > 0  # north-east and south-west are the likely errors
    assert covariance_from_ellipse(1000.0, 100.0, 0.0)[0, 2] == pytest.approx(500_000.0)


@pytest.mark.parametrize("orientation_deg", [0.0, 30.0, 90.0, 135.0, 179.0])
def test_ellipse__goes_to_covariance_and_back(orientation_deg: float) -> None:
    ellipse = ellipse_from_covariance(covariance_from_ellipse(800.0, 200.0, orientation_deg), 0.95)
    scale = math.sqrt(-2 * math.log(0.05) / 2)
    assert ellipse.semi_major_m[0] == pytest.approx(800.0 * scale)
    assert ellipse.semi_minor_m[0] == pytest.approx(200.0 * scale)
    assert ellipse.orientation_deg[0] == pytest.approx(orientation_deg, abs=1e-6)


def test_ellipse__without_size_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        covariance_from_radius([10.0, 0.0])
    with pytest.raises(ValueError, match="above 0"):
        covariance_from_ellipse(10.0, 0.0, 0.0)
