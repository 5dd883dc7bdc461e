from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.behaviour.fixes import Fixes
from fusion.behaviour.slow_spells import search_slow_spells, slow_spells
from fusion.behaviour.stays import Stay, search_stays, stays
from fusion.ellipse import ellipse_from_covariance

HOUR = 3_600.0


def found(x_m: np.ndarray, sd_m: float = 5.0, times: np.ndarray | None = None) -> list[Stay]:
    n = len(x_m)
    time_s = np.asarray(np.arange(n) * HOUR if times is None else times, np.float64)
    return stays(time_s, x_m, np.zeros(n), np.tile([sd_m**2, 0.0, sd_m**2], (n, 1)))


def lying(n: int, at_m: float = 0.0, seed: int = 0) -> np.ndarray:
    return at_m + np.random.default_rng(seed).normal(0, 5.0, n)


def walking(n: int, begin_m: float) -> np.ndarray:
    return begin_m + np.arange(n) * 500.0


def test_stays__every_place_where_it_lay_is_found_with_what_ended_it() -> None:
    one, two = found(np.concatenate([walking(10, -5_000.0), lying(20), walking(10, 1_000.0), lying(30, 9_000.0)]))
    assert (one.first, one.last, one.ended_by, one.is_open) == (10, 29, 30, False)
    assert (two.first, two.last, two.ended_by, two.is_open) == (40, 69, None, True)
    assert abs(two.x_m - 9_000.0) < 10.0


def test_stays__a_rest_shorter_than_the_limit_is_none() -> None:
    assert found(np.concatenate([walking(10, -5_000.0), lying(12), walking(3, 1_000.0)])) == []


def test_stays__silence_ends_one_without_saying_that_it_moved() -> None:
    times = np.concatenate([np.arange(20), 40 + np.arange(20)]) * HOUR
    one, two = found(lying(40), times=times)
    assert (one.ended_by, one.is_open, two.is_open) == (None, False, True)


def test_stays__a_place_that_was_ill_begun_is_sought_anew() -> None:
    (one,) = found(np.concatenate([[95.0], lying(30)]))
    assert one.first <= 2
    assert abs(one.x_m) < 10.0


def test_stays__who_comes_back_has_returned_and_who_comes_first_has_not() -> None:
    first, second = found(np.concatenate([lying(20), walking(5, 2_000.0), lying(20, seed=1)]))
    assert (first.has_returned, second.has_returned) == (False, True)


def test_stays__uncertain_fixes_prove_nothing() -> None:
    assert found(lying(60), sd_m=300.0) == []


def test_stays__of_no_radius_are_refused() -> None:
    with pytest.raises(ValueError, match="radius_m"):
        stays(np.zeros(2), np.zeros(2), np.zeros(2), np.zeros((2, 3)), radius_m=0.0)


@given(st.lists(st.sampled_from([0.0, 10.0, 80.0, 600.0, 5_000.0]), min_size=2, max_size=80))
def test_stays__every_supporting_fix_lies_in_the_circle_and_none_between_lies_outside(path: list[float]) -> None:
    x = np.array(path)
    reach = ellipse_from_covariance(np.array([[25.0, 0.0, 25.0]]), 0.95).semi_major_m[0]
    ends = -1
    for one in found(x):
        assert one.first > ends
        ends = one.last
        assert (one.last - one.first) * HOUR >= 12 * HOUR
        inside = np.abs(x[one.first : one.last + 1] - one.x_m) <= 200.0 + reach
        assert inside.all()
        assert one.ended_by is None or one.ended_by > one.last


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 400), max_size=6))
def test_search__that_goes_on_after_any_portion_finds_what_one_from_the_beginning_finds(
    seed: int, cuts: list[int]
) -> None:
    everything, before, slow = a_life(seed), None, None
    for known in [*cuts, len(everything)]:
        fixes = everything.part(np.arange(known))
        same = fixes.shared_with(before.fixes) if before is not None else 0
        before, slow = search_stays(fixes, before, same), search_slow_spells(fixes, slow, same)
        columns = fixes.time_s, fixes.x_m, fixes.y_m, fixes.covariance
        assert before.found == stays(*columns)
        assert slow.found == slow_spells(*columns)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), late=st.sets(st.integers(0, 399), max_size=8))
def test_search__with_late_fixes_finds_what_one_from_the_beginning_finds(seed: int, late: set[int]) -> None:
    everything = a_life(seed)
    first = everything.part(np.array(sorted(set(range(len(everything))) - late)))
    same = everything.shared_with(first)
    assert same == min(late, default=len(everything))
    columns = everything.time_s, everything.x_m, everything.y_m, everything.covariance
    assert search_stays(everything, search_stays(first), same).found == stays(*columns)
    assert search_slow_spells(everything, search_slow_spells(first), same).found == slow_spells(*columns)


def test_lives_of_these_tests__hold_stays_and_slow_spells() -> None:
    lives = [a_life(seed) for seed in range(8)]
    assert sum(len(search_stays(life).found) for life in lives) > 16
    assert sum(len(search_slow_spells(life).found) for life in lives) > 3
    went_on = [search_stays(one, search_stays(one.part(np.arange(300))), 300).kept for one in lives]
    assert sum(went_on) > 8


def a_life(seed: int) -> Fixes:
    """Sixty days with a fix every few hours: walks, rests, silences, and fixes of little worth."""
    rng = np.random.default_rng(seed)
    n = 400
    lies = np.repeat(rng.random(40) < 0.15, 10)
    time_s = 1.7e9 + np.cumsum(rng.choice([HOUR, 3 * HOUR, 4 * HOUR, 10 * HOUR], n, p=[0.3, 0.4, 0.28, 0.02]))
    steps = np.where(lies[:, None], 0.0, rng.normal(0, 800.0, (n, 2)))
    place = np.cumsum(steps, axis=0) + rng.normal(0, 8.0, (n, 2))
    sd_m = rng.choice([8.0, 45.0, 200.0], n, p=[0.85, 0.1, 0.05])
    covariance = np.stack([sd_m**2, np.zeros(n), sd_m**2], axis=1)
    return Fixes(time_s, place[:, 0].copy(), place[:, 1].copy(), covariance)
