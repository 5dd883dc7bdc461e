"""What passages of collared animals and service pictures say of a camera's clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.sensors.clock_offset import ClockOffset, candidates, clock_offset, of_passages, of_service

HOUR = 3600.0
SPEED, ERROR_M, HOME_M = 0.3, 60.0, 1_500.0


def passed(offset_s: float, passages: int, right: float, seed: int, strangers: int = 0) -> ClockOffset:
    """An animal that walks by the camera at 0.3 m/s, through its home range and back; some pictures show others."""
    rng = np.random.default_rng(seed)
    at = candidates()
    away = np.where(np.arange(passages) < strangers, rng.uniform(-12, 12, passages) * HOUR, 0.0)
    # Candidates put the animal where it was at the stamp less the offset: as far away as it walks in what is left.
    left = offset_s + rng.normal(0, 30.0, passages)[:, None] + away[:, None] - at.offset_s
    metres = HOME_M * np.sin(SPEED * left / HOME_M)
    density = np.exp(-0.5 * (metres / ERROR_M) ** 2) / (2 * np.pi * ERROR_M**2)
    anywhere = np.full(passages, 1 / (2 * np.pi * HOME_M**2))
    return clock_offset(at, of_passages(density, anywhere, np.full(passages, right)), passages)


def test_nothing_known__the_clock_is_probably_right() -> None:
    at = candidates()
    told = clock_offset(at, np.zeros(len(at.offset_s)), 0)
    assert abs(told.offset_s) < 1.0
    assert told.probability > 0.9
    assert told.wrong < 0.1
    assert np.exp(at.log_prior).sum() == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("hours", [1.0, -5.5, 10.0])
def test_clock__in_another_zone_is_found_from_a_few_passages(hours: float, seed: int) -> None:
    told = passed(hours * HOUR, 6, 0.95, seed)
    assert abs(told.offset_s - hours * HOUR) < 120.0
    assert told.wrong > 0.97
    assert told.sd_s < 120.0


def test_clock__that_is_right_is_not_accused() -> None:
    for seed in range(10):
        assert passed(0.0, 6, 0.95, seed).wrong < 0.02


def test_clock__is_not_accused_by_pictures_that_may_show_anybody() -> None:
    for seed in range(10):
        assert passed(0.0, 6, 0.6, seed, strangers=3).wrong < 0.2
        assert passed(3 * HOUR, 6, 0.0, seed).wrong == pytest.approx(passed(0.0, 0, 0.0, seed).wrong)


@pytest.mark.parametrize("years", [-26.0, -0.4])
def test_reset__to_the_date_of_the_factory_is_known_from_one_service_picture(years: float) -> None:
    shown = np.array([years * 365.25 * 24 * HOUR + 77.0])
    at = candidates(shown)
    told = clock_offset(at, of_service(shown, at), 1)
    assert abs(told.offset_s - shown[0]) < 60.0
    assert told.wrong > 0.97


def test_service__pictures_and_passages_agree() -> None:
    shown = np.array([HOUR + 40.0])
    at = candidates(shown)
    told = clock_offset(at, of_service(shown, at), 1)
    assert abs(told.offset_s - HOUR) < 120.0
    assert told.wrong > 0.9


def test_service__one_wrong_entry_is_outvoted() -> None:
    shown = np.array([20.0, -15.0, 400 * 24 * HOUR, 5.0])
    at = candidates(shown)
    told = clock_offset(at, of_service(shown, at), 4)
    assert abs(told.offset_s) < 60.0
    assert told.wrong < 0.01


def test_passages__need_probabilities() -> None:
    with pytest.raises(ValueError, match=r"0\.\.1"):
        of_passages(np.ones((1, 3)), np.ones(1), np.array([1.5]))


@settings(max_examples=50, deadline=None)
@given(hours=st.floats(-14, 14), right=st.floats(0, 1), seed=st.integers(0, 1000))
def test_posterior__is_a_probability_wherever_the_truth_is(hours: float, right: float, seed: int) -> None:
    told = passed(hours * HOUR, 3, right, seed)
    assert 0.0 < told.probability <= 1.0 + 1e-9
    assert 0.0 <= told.wrong <= 1.0 + 1e-9
    assert told.sd_s > 0.0
    assert abs(told.offset_s) <= 14.5 * HOUR
