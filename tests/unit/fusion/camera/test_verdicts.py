"""Verdicts make a likeness that is judged on verdicts it has not seen, and is refused where there are too few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fusion.camera.likeness import Curve, Likeness, TooFewPairs
from fusion.camera.verdicts import FEWEST_VERDICTS, Verdict, recalibrated, reliability

WHO = tuple(f"A{k}" for k in range(12))


def verdicts(seed: int, count: int) -> list[Verdict]:
    """Chips of known animals, and one in ten of somebody new; one score, 2 higher on average for the right one."""
    rng = np.random.default_rng(seed)
    rows: list[Verdict] = []
    for k in range(count):
        right = None if rng.random() < 0.1 else int(rng.integers(len(WHO)))
        score = rng.normal(0.0, 1.0, len(WHO))
        if right is not None:
            score[right] += 3.0
        rows.append(Verdict(f"chip-{k:04}", None if right is None else WHO[right], WHO, {"inliers": score}))
    return rows


def boaster() -> Likeness:
    """Twice as sure as it may be."""
    line = Curve(np.array([-5.0, 5.0]), np.array([-30.0, 30.0]))
    return Likeness(
        ("inliers",), (line,), (1.0,), Curve(np.array([-30.0, 30.0]), np.array([-30.0, 30.0])), 1, 1, "made up"
    )


def test_verdicts__make_what_is_stated_come_true() -> None:
    found = recalibrated(verdicts(1, 400), boaster(), "site NORTH, 400 verdicts")
    assert found.is_better
    assert found.fitted.error < 0.08 < found.current.error
    assert found.fitted.surprise < found.current.surprise
    assert found.likeness.basis == "site NORTH, 400 verdicts"
    assert sum(row.count for row in found.fitted.table) == 400


def test_verdicts__that_a_likeness_knows_already_are_hardly_improved() -> None:
    known = recalibrated(verdicts(1, 900), boaster(), "first").likeness
    again = recalibrated(verdicts(2, 300), known, "second")
    assert abs(again.fitted.surprise - again.current.surprise) < 0.1


def test_verdicts__in_any_order_make_the_same() -> None:
    rows = verdicts(3, 120)
    one, other = recalibrated(rows, boaster(), "x"), recalibrated(rows[::-1], boaster(), "x")
    assert one.likeness.as_numbers() == other.likeness.as_numbers()
    assert (one.fitted, one.current) == (other.fitted, other.current)


def test_verdicts__too_few_or_two_of_one_chip_are_refused() -> None:
    rows = verdicts(4, FEWEST_VERDICTS)
    with pytest.raises(TooFewPairs, match=f"at least {FEWEST_VERDICTS} verdicts are needed, not {FEWEST_VERDICTS - 1}"):
        recalibrated(rows[1:], boaster(), "x")
    nobody = [replace(one, individual=None) for one in rows]
    with pytest.raises(TooFewPairs, match="of the same"):
        recalibrated(nobody, boaster(), "x")
    with pytest.raises(ValueError, match="one verdict a chip"):
        recalibrated([*rows, rows[0]], boaster(), "x")


def test_reliability__tells_what_came_true_by_what_was_stated() -> None:
    (low, high) = reliability([0.11, 0.13, 0.95, 1.0], [False, True, True, True])
    assert (low.low, low.high, low.count, low.true) == (0.1, 0.2, 2, 0.5)
    assert low.stated == pytest.approx(0.12)
    assert (high.count, high.true) == (2, 1.0)
