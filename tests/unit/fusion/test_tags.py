"""What each tag of one animal is off by."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from fusion.evidence import Evidence, frozen
from fusion.parameters import Fitted
from fusion.tags import judged_with, tag_errors
from tests.unit.fusion.simulated import ANIMAL, seen, walk

N = 400


def fitted() -> Fitted:
    logs = np.log([ANIMAL.tau_position_s, ANIMAL.tau_velocity_s, ANIMAL.sigma_m, 1.0])
    return Fitted(ANIMAL, 1.0, 1.0, logs, 0.01 * np.eye(4), 0.0, N, True)


def two_tags(worse: float) -> tuple[Evidence, np.ndarray]:
    """Two tags by turns, both of which state 100 m; the second is that much worse."""
    rng = np.random.default_rng(3)
    times, tag = np.arange(N) * 600.0, np.arange(N) % 2
    stated = np.tile([1e4, 0.0, 1e4], (N, 1))
    true = stated * np.where(tag == 1, worse**2, 1.0)[:, None]
    evidence = seen(times, walk(times, ANIMAL, rng), true, rng)
    return dataclasses.replace(evidence, covariance=frozen(stated)), tag


@pytest.mark.parametrize("worse", [1.0, 3.0])
def test_tag_errors__a_tag_that_is_worse_than_the_other_is_found_to_be(worse: float) -> None:
    errors = tag_errors(*two_tags(worse), fitted())
    assert errors[0].scale == 1.0
    assert errors[1].scale == (1.0 if worse == 1.0 else pytest.approx(worse, rel=0.3))
    assert errors[0].tail == errors[1].tail == 0.0


def test_tag_errors__of_an_only_tag_are_those_of_the_fit() -> None:
    evidence, tag = two_tags(1.0)
    errors = tag_errors(evidence, np.zeros_like(tag), fitted())
    assert [one.scale for one in errors.values()] == [1.0]


def test_judged_with__regions_of_tags_that_keep_their_word_are_not_widened_much() -> None:
    evidence, tag = two_tags(3.0)
    errors = tag_errors(evidence, tag, fitted())
    judged = judged_with(evidence, tag, fitted(), errors)
    assert 1.0 <= judged.spread_factor < 1.4
    assert math.isclose(judged.parameters.sigma_m, ANIMAL.sigma_m)
