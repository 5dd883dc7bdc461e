from __future__ import annotations

import pytest

from fusion.behaviour.slow_spells import slow_spells
from tests.unit.fusion.behaviour.test_low_speed import DAY, fixes


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
