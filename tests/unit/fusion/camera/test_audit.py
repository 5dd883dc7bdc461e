"""How often the machine is right, and from where on it may answer alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.camera.audit import Checked, accept_from, audited, calibration_error, is_audited, reliability, wilson
from fusion.camera.calibrate import calibrated, fitted_isotonic, fitted_temperature
from fusion.camera.manifest import Calibration


def checked(p: float, right: bool, label: str = "Cervus nippon") -> Checked:
    return Checked(label, p, label if right else "Capreolus pygargus")


def test_wilson__gives_the_published_interval() -> None:
    # Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3.
    one = wilson(81, 263)
    assert (round(one.low, 4), round(one.high, 4)) == (0.2553, 0.3662)
    assert (round(wilson(0, 20).low, 4), round(wilson(0, 20).high, 4)) == (0.0, 0.1611)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


@given(st.integers(1, 2_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson__holds_the_share_and_narrows_with_more_of_the_same(one: tuple[int, int]) -> None:
    few, many = wilson(*one), wilson(one[0] * 10, one[1] * 10)
    assert 0 <= few.low <= few.share <= few.high <= 1
    assert many.high - many.low <= few.high - few.low


def test_threshold__is_none_while_the_sample_is_too_small_to_prove_anything() -> None:
    assert accept_from([checked(0.99, True)] * 188) is None
    assert accept_from([checked(0.99, True)] * 189) == 0.99
    assert accept_from([]) is None


def test_threshold__is_the_lowest_at_which_the_lower_bound_still_holds() -> None:
    sure = [checked(0.95, True)] * 600
    fair = [checked(0.80, n % 20 > 0) for n in range(600)]
    assert accept_from(sure + fair) == 0.95
    assert accept_from(sure + [checked(0.80, True)] * 600) == 0.8
    bad = [checked(0.95, n % 10 > 0) for n in range(600)]
    # What holds lower down does not count once it has failed above.
    assert accept_from(bad + [checked(0.5, True)] * 100_000) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=400), st.randoms())
def test_threshold__holds_on_the_sample_it_is_from(answers: list[tuple[float, bool]], random: object) -> None:
    sample = [checked(p, right) for p, right in answers] + [checked(0.97, True)] * 300
    least = accept_from(sample)
    if least is not None:
        kept = [one for one in sample if one.probability >= least]
        assert wilson(sum(one.right for one in kept), len(kept)).low >= 0.98
    assert accept_from(sample[::-1]) == least


def test_classes__have_precision_and_recall_with_intervals() -> None:
    sample = [checked(0.9, True)] * 8 + [checked(0.9, False)] * 2
    by_label = {one.label: one for one in audited(sample)}
    assert by_label["Cervus nippon"].precision.share == 0.8
    assert by_label["Cervus nippon"].recall.share == 1.0
    assert by_label["Capreolus pygargus"].recall.share == 0.0
    assert by_label["Capreolus pygargus"].precision.of == 0


def test_calibration_error__is_the_distance_of_promise_and_truth() -> None:
    honest = [checked(0.75, n % 4 > 0) for n in range(400)]
    assert calibration_error(honest) == pytest.approx(0.0)
    boastful = [checked(0.95, n % 2 > 0) for n in range(400)]
    assert calibration_error(boastful) == pytest.approx(0.45)
    (row,) = reliability(boastful)
    assert (row.low, row.count, row.right) == (0.9, 400, 0.5)


def test_temperature__is_found_again() -> None:
    rng = np.random.default_rng(5)
    odds = rng.normal(0, 2, 20_000)
    right = rng.random(20_000) < 1 / (1 + np.exp(-odds))
    boastful = 1 / (1 + np.exp(-odds * 2.5))
    assert fitted_temperature(boastful, right) == pytest.approx(2.5, rel=0.05)
    with pytest.raises(ValueError, match="both needed"):
        fitted_temperature(np.array([0.5, 0.6]), np.array([True, True]))


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.4, 0.7, 0.9]), st.booleans()), min_size=2, max_size=60))
def test_isotonic__rises_keeps_the_mean_and_does_not_depend_on_order(pairs: list[tuple[float, bool]]) -> None:
    scores = np.array([score for score, _ in pairs])
    right = np.array([hit for _, hit in pairs])
    if len(set(scores.tolist())) < 2:
        with pytest.raises(ValueError, match="two different scores"):
            fitted_isotonic(scores, right)
        return
    knots = fitted_isotonic(scores, right)
    assert fitted_isotonic(scores[::-1], right[::-1]) == knots
    assert all(a[0] < b[0] and a[1] <= b[1] for a, b in itertools.pairwise(knots))
    fitted = calibrated(scores.astype(np.float32), Calibration("isotonic", knots=knots))
    assert ((fitted >= 0) & (fitted <= 1)).all()


def test_blind_audit__takes_two_in_a_hundred() -> None:
    assert 330 < sum(is_audited(f"sequence {n}") for n in range(20_000)) < 470
