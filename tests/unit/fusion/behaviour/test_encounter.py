from __future__ import annotations

import math

import numpy as np
import pytest

from fusion.behaviour.encounter import encounters, within_probability
from fusion.motion import MotionParameters
from fusion.tracks import Checkpoint, smooth
from tests.unit.fusion.simulated import BELIEVING, seen

CAT = MotionParameters(86_400.0, 3_600.0, 3_000.0, outliers=BELIEVING)
HOUR = 3_600.0


def walker(offset_m: np.ndarray, sd_m: float = 5.0, every_s: float = 900.0) -> Checkpoint:
    """One who stands at (offset, 0) at each fix."""
    times = np.arange(len(offset_m)) * every_s
    places = np.stack([offset_m, np.zeros(len(offset_m))], axis=1)
    covariance = np.tile([sd_m**2, 0.0, sd_m**2], (len(times), 1))
    return smooth(seen(times, places, covariance * 1e-6, np.random.default_rng(1)), CAT)[1]


@pytest.mark.parametrize("seed", range(5))
def test_within_probability__is_the_share_of_draws(seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(2, 2)) * rng.uniform(5.0, 300.0)
    mean = rng.normal(size=2) * 100.0
    C = root @ root.T
    draws = mean + rng.normal(size=(400_000, 2)) @ root.T
    found = within_probability(mean[:1], mean[1:], np.array([[C[0, 0], C[0, 1], C[1, 1]]]), 100.0)
    assert found[0] == pytest.approx((np.hypot(*draws.T) < 100.0).mean(), abs=3e-3)


def test_within_probability__of_a_round_error_around_each_other_is_rayleigh() -> None:
    sd = np.array([0.5, 10.0, 100.0, 5_000.0])
    covariance = np.stack([sd**2, np.zeros(4), sd**2], axis=1)
    found = within_probability(np.zeros(4), np.zeros(4), covariance, 100.0)
    assert found == pytest.approx(1.0 - np.exp(-(100.0**2) / (2 * sd**2)), abs=1e-6)


def test_encounters__two_that_walk_up_to_each_other_and_part_have_met_once() -> None:
    apart = np.concatenate([np.linspace(3_000.0, 20.0, 20), np.full(8, 20.0), np.linspace(20.0, 3_000.0, 20)])
    (found,) = encounters(walker(np.zeros(48)), walker(apart), 0.0, 47 * 900.0, distance_m=100.0, step_s=120.0)
    assert found.probability > 0.99
    assert 19 * 900.0 - HOUR < found.since_s < found.at_s < found.until_s < 28 * 900.0 + HOUR
    assert found.expected_s == pytest.approx(8 * 900.0, rel=0.3)
    assert abs(found.x_m - 10.0) < 60.0


def test_encounters__two_that_stay_apart_have_not_met() -> None:
    assert encounters(walker(np.zeros(30)), walker(np.full(30, 2_000.0)), 0.0, 29 * 900.0, step_s=300.0) == []


def test_encounters__long_gaps_prove_nothing() -> None:
    both = walker(np.zeros(3)), walker(np.zeros(3))
    later = 20 * 86_400.0
    assert encounters(*both, later, later + HOUR) == []


def test_encounters__are_the_same_whoever_is_named_first() -> None:
    one, other = walker(np.zeros(30)), walker(np.linspace(-1_500.0, 1_500.0, 30))
    (there,), (back,) = (encounters(a, b, 0.0, 29 * 900.0, step_s=200.0) for a, b in ((one, other), (other, one)))
    assert there.at_s == back.at_s and math.isclose(there.expected_s, back.expected_s)


def test_encounters__of_no_time_are_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        encounters(walker(np.zeros(3)), walker(np.zeros(3)), 5.0, 5.0)
