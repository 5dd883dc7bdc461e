"""Simulated time runs as fast as it is told, without jumps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.drill.clock import DrillClock

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_clock__at_speed_one_is_the_wall_clock() -> None:
    assert DrillClock(NOON).simulated(NOON + MINUTE) == NOON + MINUTE


def test_clock__at_speed_sixty_a_minute_is_an_hour() -> None:
    assert DrillClock(NOON, 60).simulated(NOON + MINUTE) == NOON + timedelta(hours=1)


def test_clock__can_start_at_another_time_than_the_present() -> None:
    clock = DrillClock(NOON, 10, began=NOON + timedelta(days=9))
    assert clock.simulated(NOON + timedelta(days=9, minutes=1)) == NOON + 10 * MINUTE


def test_clock__stands_still_while_paused_and_goes_on_from_there() -> None:
    clock = DrillClock(NOON)
    clock.set_speed(0, NOON + MINUTE)
    assert clock.simulated(NOON + 9 * MINUTE) == NOON + MINUTE
    clock.set_speed(100, NOON + 10 * MINUTE)
    assert clock.simulated(NOON + 11 * MINUTE) == NOON + 101 * MINUTE
    assert clock.speed == 100


def test_clock__does_not_run_back_when_the_wall_clock_does() -> None:
    clock = DrillClock(NOON)
    clock.set_speed(2, NOON + MINUTE)
    assert clock.simulated(NOON) == NOON + MINUTE
    clock.set_speed(1, NOON)
    assert clock.simulated(NOON + 2 * MINUTE) == NOON + 2 * MINUTE


@pytest.mark.parametrize("speed", [-1, 1001, float("nan")])
def test_clock__refuses_an_impossible_speed(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        DrillClock(NOON, speed)
