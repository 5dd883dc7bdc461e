"""Scores become log ratios that are true where they were fitted, rise with the scores, and say how little is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fusion.camera.likeness import FEWEST, LIMIT, Likeness, TooFewPairs, fit_likeness

Table = dict[str, np.ndarray]


def pairs(seed: int, same: int, different: int) -> tuple[Table, np.ndarray]:
    """Two scores of Gaussian likelihoods, so that the true log ratio is known: 2 x - 2 and y / 2."""
    rng = np.random.default_rng(seed)
    is_same = np.repeat([True, False], [same, different])
    return {"x": rng.normal(2.0 * is_same, 1.0), "y": rng.normal(0.5 * is_same - 0.25, 1.0)}, is_same


@pytest.fixture(scope="module")
def likeness() -> Likeness:
    return fit_likeness(*pairs(1, 3_000, 60_000), "drawn")


def test_log_ratio__is_that_of_the_densities(likeness: Likeness) -> None:
    scores, _ = pairs(2, 4_000, 4_000)
    true = 2.0 * scores["x"] - 2.0 + 0.5 * scores["y"]
    stated = likeness.log_ratios(scores)
    ordinary = np.abs(true) < 3
    assert np.abs(stated - true)[ordinary].mean() < 0.25
    assert np.corrcoef(stated, true)[0, 1] > 0.97


def test_log_ratio__of_pairs_of_one_prior_is_a_probability_that_comes_true(likeness: Likeness) -> None:
    scores, same = pairs(3, 5_000, 5_000)
    stated = 1.0 / (1.0 + np.exp(-likeness.log_ratios(scores)))
    for low in (0.1, 0.3, 0.5, 0.7):
        band = (stated >= low) & (stated < low + 0.2)
        assert same[band].mean() == pytest.approx(stated[band].mean(), abs=0.05)


def test_log_ratio__never_falls_when_a_score_rises(likeness: Likeness) -> None:
    x = np.linspace(-6, 9, 400)
    for other in (-2.0, 0.0, 3.0):
        assert (np.diff(likeness.log_ratios({"x": x, "y": np.full(400, other)})) >= 0).all()


def test_log_ratio__says_no_more_than_so_many_pairs_can_tell() -> None:
    scores, same = pairs(4, 100, 1_000)
    likeness = fit_likeness(scores, same, "few")
    stated = likeness.log_ratios({"x": np.array([1e9, -1e9]), "y": np.array([1e9, -1e9])})
    assert 3 < stated[0] <= np.log(2 * 1_000 + 1)
    assert -np.log(2 * 100 + 1) <= stated[1] < -3
    assert np.abs(stated).max() < LIMIT


def test_missing_scores__leave_their_weight_to_the_others(likeness: Likeness) -> None:
    scores, _ = pairs(5, 50, 50)
    alone = likeness.log_ratios({"x": scores["x"]})
    assert np.array_equal(alone, likeness.log_ratios({"x": scores["x"], "y": np.full(100, np.nan)}))
    assert np.corrcoef(alone, scores["x"])[0, 1] > 0.95
    nothing = likeness.log_ratios({"x": np.full(3, np.nan)})
    assert np.ptp(nothing) == 0 and abs(nothing[0]) < 0.5


def test_fusing__is_less_surprised_than_the_mean_of_log_odds(likeness: Likeness) -> None:
    scores, same = pairs(6, 5_000, 5_000)
    curves = [curve(scores[name]) for name, curve in zip(likeness.names, likeness.curves, strict=True)]

    def surprise(ratio: np.ndarray) -> float:
        return float(np.mean(np.logaddexp(0.0, np.where(same, -ratio, ratio))))

    assert surprise(likeness.log_ratios(scores)) < surprise(np.mean(curves, axis=0)) - 0.01


def test_a_score_that_tells_nothing__counts_for_nothing() -> None:
    scores, same = pairs(7, 1_000, 5_000)
    noise = np.random.default_rng(8).normal(size=6_000)
    likeness = fit_likeness({**scores, "noise": noise}, same, "noisy")
    calm, wild = np.full(6_000, noise.min()), np.full(6_000, noise.max())
    moved = likeness.log_ratios({**scores, "noise": wild}) - likeness.log_ratios({**scores, "noise": calm})
    assert np.median(np.abs(moved)) < 0.3


def test_fitting__needs_pairs_of_both_kinds() -> None:
    with pytest.raises(TooFewPairs, match=f"not {FEWEST - 1} and 500"):
        fit_likeness(*pairs(9, FEWEST - 1, 500), "few")


def test_likeness__is_kept_as_numbers_and_read_back(likeness: Likeness) -> None:
    kept = json.loads(json.dumps(likeness.as_numbers()))
    again = Likeness.from_numbers(kept)
    scores, _ = pairs(10, 20, 20)
    assert np.array_equal(again.log_ratios(scores), likeness.log_ratios(scores))
    assert (again.basis, again.same, again.different) == ("drawn", 3_000, 60_000)
    for key, wrong in (("weights", [1.0]), ("weights", [-1.0, 2.0]), ("last", [[1, 0], [0, 1]]), ("curves", 3)):
        with pytest.raises(ValueError, match=r"a likeness has|a curve has"):
            Likeness.from_numbers({**kept, key: wrong})
