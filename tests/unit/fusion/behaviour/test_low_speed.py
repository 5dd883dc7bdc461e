from __future__ import annotations

import numpy as np
import pytest

from fusion.behaviour.low_speed import low_speed

DAY = 86_400.0


def fixes(days: int, slow_days: int, per_day: int = 12, seed: int = 1) -> tuple[np.ndarray, ...]:
    """An animal that wanders 500 m a step, and hardly at all in the last days; GPS of 15 m."""
    rng = np.random.default_rng(seed)
    times = np.arange(days * per_day) * DAY / per_day
    step = np.where(times >= (days - slow_days) * DAY, 5.0, 500.0)
    x, y = np.cumsum(rng.normal(0.0, step, (2, len(times))), axis=1) + rng.normal(0.0, 15.0, (2, len(times)))
    return times, x, y, np.tile([225.0, 0.0, 225.0], (len(times), 1))


def test_low_speed__an_animal_that_hardly_moves_today_is_noticed() -> None:
    found = low_speed(*fixes(50, 2))
    assert found is not None
    assert found.reach_m < 0.1 * found.usual_m
    assert found.share <= 0.05 and found.windows >= 40


@pytest.mark.parametrize("seed", range(8))
def test_low_speed__an_animal_that_moves_as_ever_is_left_alone(seed: int) -> None:
    assert low_speed(*fixes(50, 0, seed=seed)) is None


def test_low_speed__an_animal_that_has_always_been_slow_is_its_own_measure() -> None:
    assert low_speed(*fixes(50, 50)) is None


def test_low_speed__does_not_mind_a_schedule_that_changes() -> None:
    times, x, y, covariance = fixes(50, 0)
    kept = (times < 40 * DAY) | (np.arange(len(times)) % 3 == 0)
    assert low_speed(times[kept], x[kept], y[kept], covariance[kept]) is None


@pytest.mark.parametrize("days", [1, 10])
def test_low_speed__without_a_past_there_is_no_answer(days: int) -> None:
    assert low_speed(*fixes(days, 1)) is None


def test_low_speed__a_day_without_fixes_says_nothing() -> None:
    times, x, y, covariance = fixes(50, 2)
    kept = (times < 49 * DAY) | (times == times[-1])
    assert low_speed(times[kept], x[kept], y[kept], covariance[kept]) is None


def test_low_speed__of_no_window_is_refused() -> None:
    with pytest.raises(ValueError, match="window_s"):
        low_speed(*fixes(5, 1), window_s=0.0)
