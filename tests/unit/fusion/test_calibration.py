from __future__ import annotations

import numpy as np
import pytest

from fusion.calibration import IDENTITY, expected_error, isotonic


def overconfident(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Answers that say sqrt(p) where p is true."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0, 1, n)
    return np.sqrt(p), rng.random(n) < p


def test_isotonic__what_was_learned_holds_for_other_answers() -> None:
    calibrated = isotonic(*overconfident(4000, 1))
    stated, right = overconfident(4000, 2)
    assert expected_error(stated, right) > 0.1
    assert expected_error(calibrated(stated), right) < 0.03


def test_isotonic__never_turns_two_answers_round_and_stays_in_bounds() -> None:
    calibrated = isotonic(*overconfident(60, 3))
    out = calibrated(np.linspace(0, 1, 500))
    assert (np.diff(out) >= 0).all()
    assert out[0] == 0.0
    assert out[-1] == 1.0


def test_isotonic__the_order_of_answers_does_not_matter() -> None:
    stated, right = overconfident(300, 4)
    turned = isotonic(stated[::-1], right[::-1])
    assert turned.true.tobytes() == isotonic(stated, right).true.tobytes()


def test_isotonic__few_reviews_bend_the_map_little() -> None:
    assert isotonic([0.8], [False])(0.8) > 0.4
    assert isotonic([], []) is IDENTITY


def test_isotonic__a_probability_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.\.1"):
        isotonic([1.2], [True])
