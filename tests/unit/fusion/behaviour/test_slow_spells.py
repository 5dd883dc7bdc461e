from __future__ import annotations

import numpy as np
import pytest

from fusion.behaviour.slow_spells import BEGINS, PAST_DAYS, SHARE, WINDOW_STEPS, WINDOWS, _ranks, slow_spells  # pyright: ignore[reportPrivateUsage]

DAY = 86_400.0


def fixes(days: int, slow_days: int, per_day: int = 12, seed: int = 1) -> tuple[np.ndarray, ...]:
    """An animal that wanders 500 m a step, and hardly at all in the last days; GPS of 15 m."""
    rng = np.random.default_rng(seed)
    times = np.arange(days * per_day) * DAY / per_day
    step = np.where(times >= (days - slow_days) * DAY, 5.0, 500.0)
    x, y = np.cumsum(rng.normal(0.0, step, (2, len(times))), axis=1) + rng.normal(0.0, 15.0, (2, len(times)))
    return times, x, y, np.tile([225.0, 0.0, 225.0], (len(times), 1))


def test_slow_spells__an_animal_that_hardly_moves_is_noticed_while_it_lasts() -> None:
    (found,) = slow_spells(*fixes(50, 3))
    assert found.since_s == pytest.approx(47 * DAY, abs=0.5 * DAY)
    assert found.reach_m < 0.5 * found.usual_m
    assert found.is_open and found.windows >= 20


def test_slow_spells__one_that_is_over_is_kept_and_not_open() -> None:
    time_s, x, y, covariance = fixes(50, 0)
    still = (time_s >= 40 * DAY) & (time_s < 43 * DAY)
    x[still], y[still] = x[still][0], y[still][0]
    (found,) = slow_spells(time_s, x, y, covariance)
    assert 39.5 * DAY <= found.since_s <= 41 * DAY
    assert 42.5 * DAY <= found.until_s <= 44 * DAY
    assert not found.is_open


@pytest.mark.parametrize("seed", range(8))
def test_slow_spells__an_animal_that_moves_as_ever_is_left_alone(seed: int) -> None:
    assert slow_spells(*fixes(50, 0, seed=seed)) == []


def test_slow_spells__without_a_past_there_is_no_answer() -> None:
    assert slow_spells(*fixes(10, 1)) == []


def test_slow_spells__a_later_fix_changes_nothing_of_what_was_over() -> None:
    whole = fixes(60, 0, seed=3)
    time_s, x, y, _ = whole
    still = (time_s >= 40 * DAY) & (time_s < 42 * DAY)
    x[still], y[still] = x[still][0], y[still][0]
    part = slow_spells(*(column[time_s < 50 * DAY] for column in whole))
    assert part[: len(part) - 1] == slow_spells(*whole)[: len(part) - 1]
    assert part


def ranked(reach: np.ndarray) -> np.ndarray:
    """The same in plain numpy, window by window."""
    out = np.full((len(reach), 3), -1.0)
    for k in range(WINDOWS * WINDOW_STEPS, len(reach)):
        past = reach[max(k - PAST_DAYS * WINDOW_STEPS, k % WINDOW_STEPS) : k : WINDOW_STEPS]
        past = past[~np.isnan(past)]
        if np.isnan(reach[k]) or len(past) < WINDOWS:
            continue
        rank = (1 + (past <= reach[k]).sum()) / (1 + len(past))
        if rank <= SHARE and reach[k] < BEGINS * np.median(past):
            out[k] = rank, np.median(past), len(past)
    return out


@pytest.mark.parametrize("seed", range(10))
def test_ranks__are_those_of_plain_numpy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reach = rng.lognormal(5.0, 1.2, 600)
    reach[rng.random(600) < 0.2] = np.nan
    out = np.full((600, 3), -1.0)
    _ranks(reach, 0, PAST_DAYS * WINDOW_STEPS, WINDOW_STEPS, WINDOWS, SHARE, BEGINS, out)
    assert np.array_equal(out, ranked(reach))
    assert (out[:, 0] >= 0).any()
