from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.behaviour.stays import Stay, stays
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
