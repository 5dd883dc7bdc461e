"""What the times of receipt say of a camera's clock: its offset, and when it was set anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.ellipse import Floats
from fusion.sensors.clock_offset import ClockOffset, candidates, clock_offset
from fusion.sensors.clock_receipts import of_receipts, receipts, stretches

HOUR, DAY = 3600.0, 86_400.0
START = 1.8e9


def told(stamp_s: Floats, received_s: Floats) -> ClockOffset:
    known = receipts(stamp_s, received_s)
    at = candidates(known.lead_s[:1])
    return clock_offset(at, of_receipts(known, at.offset_s), known.fast)


def live(days: float, offset_s: Floats | float, seed: int, a_day: int = 25) -> tuple[Floats, Floats]:
    """(stamps, receipts): most come within a minute, a quarter is held up for hours."""
    rng = np.random.default_rng(seed)
    true_s = START + np.sort(rng.uniform(0.0, days * DAY, int(days * a_day)))
    held = np.where(rng.uniform(size=len(true_s)) < 0.25, rng.exponential(2 * HOUR, len(true_s)), 0.0)
    return true_s + offset_s, true_s + rng.uniform(15.0, 50.0, len(true_s)) + held


@pytest.mark.parametrize("offset_s", [0.0, 240.0, -540.0, HOUR, -12 * HOUR, -26 * 365 * DAY])
def test_three_days_of_live_pictures_tell_the_offset_within_a_minute(offset_s: float) -> None:
    for seed in range(3):
        found = told(*live(3.0, offset_s, seed))
        assert abs(found.offset_s - offset_s) <= 60.0
        assert abs(found.offset_s - offset_s) <= 3.0 * found.sd_s
        assert found.probability > 0.9


def test_a_camera_that_sends_once_a_day_bounds_its_clock_and_is_believed_no_further() -> None:
    true_s = START + np.arange(0.0, 3 * DAY, 1.7 * HOUR)
    received_s = (np.floor(true_s / DAY) + 1.0) * DAY
    known = receipts(true_s, received_s)
    assert known.fast == 0
    at = candidates()
    found = clock_offset(at, of_receipts(known, at.offset_s), 0)
    assert abs(found.offset_s) < 60.0 and found.wrong < 0.2
    ahead = of_receipts(receipts(true_s + 12 * HOUR, received_s), at.offset_s)
    assert ahead[np.searchsorted(at.offset_s, 0.0)] < ahead[-1] - 5.0


@pytest.mark.parametrize("by_s", [-26 * 365 * DAY, 5 * HOUR])
def test_a_clock_that_jumps_years_back_or_ahead_shows_with_the_next_picture(by_s: float) -> None:
    stamp_s, received_s = live(3.0, 0.0, 1)
    held = received_s - stamp_s > 60.0
    stamp_s, received_s = stamp_s[~held], received_s[~held]
    stamp_s[40:] += by_s
    assert stretches(stamp_s, received_s).tolist() == [0] * 40 + [1] * (len(stamp_s) - 40)


def test_a_clock_that_falls_back_by_an_hour_shows_within_three_pictures() -> None:
    true_s = START + np.arange(60) * HOUR
    received_s = true_s + 30.0 + np.arange(60) % 3
    stamp_s = np.where(np.arange(60) < 50, true_s, true_s - HOUR)
    for seen in (52, 53, 60):
        assert stretches(stamp_s[:seen], received_s[:seen])[50:].tolist() == [1] * (seen - 50)
    assert receipts(stamp_s, received_s).resets == 1
    assert told(stamp_s, received_s).offset_s == pytest.approx(-HOUR, abs=60)


def test_pictures_that_were_held_up_alike_are_no_fall_once_the_clock_stands_where_it_stood() -> None:
    true_s = START + np.arange(40) * HOUR
    delay_s = np.full(40, 30.0)
    delay_s[[20, 21, 22]] = 5 * HOUR + 20.0
    received_s = true_s + delay_s
    order = np.argsort(received_s)
    assert stretches(true_s[order], received_s[order]).max() == 0


def test_what_waited_at_a_repeater_is_no_fall() -> None:
    stamp_s, received_s = live(4.0, 0.0, 3, a_day=100)
    down = (stamp_s > START + DAY) & (stamp_s < START + DAY + 6 * HOUR)
    received_s[down] = START + DAY + 6 * HOUR + np.linspace(0, 500, int(down.sum()))
    order = np.argsort(received_s)
    assert stretches(stamp_s[order], received_s[order])[-1] == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_in_which_pictures_are_given_does_not_matter(seed: int, shuffle: object) -> None:
    stamp_s, received_s = live(1.0, 100.0, seed, a_day=12)
    order = np.arange(len(stamp_s))
    shuffle.shuffle(order)  # type: ignore[attr-defined]
    first, second = receipts(stamp_s, received_s), receipts(stamp_s[order], received_s[order])
    assert first.lead_s.tolist() == second.lead_s.tolist()
    assert first[1:] == second[1:]


def test_no_picture_says_nothing() -> None:
    known = receipts(np.zeros(0), np.zeros(0))
    assert (len(known.lead_s), known.fast, known.resets) == (0, 0, 0)
