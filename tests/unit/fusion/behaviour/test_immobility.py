from __future__ import annotations

import numpy as np
import pytest

from fusion.behaviour.immobility import Immobility, immobility

HOUR = 3600.0


def judged(x_m: np.ndarray, sd_m: float | np.ndarray = 5.0, gap_s: float = HOUR, **limits: float) -> Immobility | None:
    n = len(x_m)
    variance = np.broadcast_to(np.asarray(sd_m, dtype=np.float64) ** 2, n)
    covariance = np.stack([variance, np.zeros(n), variance], axis=1)
    return immobility(np.arange(n) * gap_s, x_m, np.zeros(n), covariance, **limits)


def lying(n: int, sd_m: float = 5.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sd_m, n)


def walking(n: int, step_m: float = 400.0) -> np.ndarray:
    return -np.arange(n, 0, -1) * step_m


def test_immobility__an_animal_that_stopped_is_found_from_the_hour_it_stopped() -> None:
    found = judged(np.concatenate([walking(10), lying(20)]))
    assert found is not None
    assert found.since_s == 10 * HOUR
    assert found.until_s == 29 * HOUR
    assert found.radius_m <= 50.0
    assert found.supporting == 20
    assert abs(found.x_m) < 10.0


def test_immobility__a_walking_animal_is_not_immobile() -> None:
    assert judged(walking(40)) is None


def test_immobility__a_rest_shorter_than_the_limit_is_not_reported() -> None:
    assert judged(np.concatenate([walking(10), lying(12)])) is None
    assert judged(np.concatenate([walking(10), lying(13)])) is not None


def test_immobility__ends_when_the_animal_gets_up() -> None:
    assert judged(np.concatenate([lying(20), [500.0]])) is None


def test_immobility__one_step_away_and_back_begins_the_count_anew() -> None:
    path = lying(30)
    path[10] = 500.0
    found = judged(path)
    assert found is not None
    assert found.since_s == 11 * HOUR


def test_immobility__uncertain_fixes_prove_nothing_either_way() -> None:
    assert judged(lying(40, sd_m=300.0), sd_m=300.0) is None
    sd_m = np.full(30, 5.0)
    path = lying(30)
    sd_m[[5, 15]], path[[5, 15]] = 300.0, 400.0
    found = judged(path, sd_m=sd_m)
    assert found is not None
    assert (found.since_s, found.too_uncertain) == (0.0, 2)


def test_immobility__silence_is_not_standing_still() -> None:
    assert judged(np.array([0.0, 1.0, 2.0]), gap_s=12 * HOUR) is None


@pytest.mark.parametrize("n", [0, 1])
def test_immobility__of_hardly_any_fix_is_not_judged(n: int) -> None:
    assert judged(lying(n)) is None
