from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fusion.evidence import Evidence
from fusion.holdout import FEWEST, MOST_FACTOR, hide_and_predict, spread_factor
from tests.unit.fusion.simulated import ANIMAL, seen, walk


def simulated(n: int = 600) -> Evidence:
    rng = np.random.default_rng(4)
    times = np.cumsum(rng.exponential(2000.0, n))
    return seen(times, walk(times, ANIMAL, rng), np.tile([400.0, 0.0, 400.0], (n, 1)), rng)


def test_hidden_fixes__of_an_animal_that_obeys_the_model_lie_where_it_says() -> None:
    hidden = hide_and_predict(simulated(), ANIMAL)
    assert hidden.weight.sum() == pytest.approx(1.0)
    assert 0.92 < hidden.coverage() < 0.98
    assert 0.43 < hidden.coverage(0.5) < 0.57


def test_hidden_fixes__count_by_how_often_a_moment_is_so_far_from_any_fix() -> None:
    evidence = simulated()
    hidden = hide_and_predict(evidence, ANIMAL)
    moments = np.random.default_rng(0).uniform(evidence.time_s[0], evidence.time_s[-1], 20_000)
    nearest = np.abs(evidence.time_s[:, None] - moments[None, :]).min(axis=0)
    assert float(hidden.weight @ hidden.gap_s) == pytest.approx(nearest.mean(), rel=0.35)


def test_spread_factor__is_what_a_model_too_sure_of_itself_lacks() -> None:
    evidence = simulated()
    tight = dataclasses.replace(ANIMAL, sigma_m=ANIMAL.sigma_m / 2)
    sure = dataclasses.replace(evidence, covariance=np.ascontiguousarray(evidence.covariance / 4))
    assert spread_factor(evidence, ANIMAL) == pytest.approx(1.0, abs=0.25)
    assert spread_factor(sure, tight) == pytest.approx(4.0 * spread_factor(evidence, ANIMAL), rel=0.2)


def test_spread_factor__makes_regions_hold_their_share() -> None:
    evidence = simulated()
    tight = dataclasses.replace(ANIMAL, sigma_m=ANIMAL.sigma_m / 2)
    factor = spread_factor(evidence, tight)
    wider = dataclasses.replace(tight, sigma_m=tight.sigma_m * factor**0.5)
    errors = dataclasses.replace(evidence, covariance=np.ascontiguousarray(evidence.covariance * factor))
    assert hide_and_predict(errors, wider).coverage() == pytest.approx(0.95, abs=0.01)


def test_spread_factor__never_narrows_and_never_explodes() -> None:
    evidence = simulated(200)
    assert spread_factor(evidence, dataclasses.replace(ANIMAL, sigma_m=ANIMAL.sigma_m * 5)) == 1.0
    assert spread_factor(evidence, dataclasses.replace(ANIMAL, sigma_m=1.0)) == MOST_FACTOR


def test_spread_factor__of_a_few_fixes_is_not_judged() -> None:
    evidence = simulated(FEWEST - 1)
    assert spread_factor(evidence, ANIMAL) == 1.0
    with pytest.raises(ValueError, match="too few"):
        hide_and_predict(evidence, ANIMAL)
