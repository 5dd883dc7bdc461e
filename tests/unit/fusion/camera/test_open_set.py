"""Proposals say match, probable, new or unresolvable for reasons that can be read; place and time only rank."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.camera.open_set import OpenSetRules, posterior, propose, ranked

WHO = ("F01", "F02", "M03")
ALIEN = [-6.0, -6.0, -6.0]


def test_posterior__is_bayes_with_somebody_new() -> None:
    shares = posterior([2.0, 0.0], 0.2)
    odds = np.array([0.4 * np.exp(2.0), 0.4, 0.2])
    assert shares == pytest.approx(odds / odds.sum())
    assert posterior([2.0, 0.0], 0.2, [-np.inf, 0.0])[0] == 0.0
    assert posterior([], 0.2).tolist() == [1.0]


@pytest.mark.parametrize(("ratios", "new"), [([np.nan], 0.1), ([np.inf], 0.1), ([0.0], 0.0), ([0.0], 1.0)])
def test_posterior__of_what_is_no_number_is_refused(ratios: list[float], new: float) -> None:
    with pytest.raises(ValueError, match=r"log ratio|probability"):
        posterior(ratios, new)


def test_ranking__takes_in_place_and_time() -> None:
    alone = ranked(WHO, [4.0, 3.5, -5.0])
    assert [one.individual for one in alone][:2] == ["F01", "F02"]
    there = ranked(WHO, [4.0, 3.5, -5.0], [-3.0, 1.0, 0.0])
    assert there[0].individual == "F02" and (there[0].coat, there[0].place) == (3.5, 1.0)
    assert sum(one.probability for one in there) == pytest.approx(1.0)
    assert ranked(WHO, ALIEN)[0].individual is None
    never = ranked(WHO, [9.0, 0.0, 0.0], [-np.inf, 0.0, 0.0])
    assert next(one.probability for one in never if one.individual == "F01") == 0.0


def test_ranking__does_not_depend_on_the_order_of_names() -> None:
    one = ranked(WHO, [1.0, 1.0, 2.0])
    other = ranked(WHO[::-1], [2.0, 1.0, 1.0])
    assert [row.individual for row in one] == [row.individual for row in other]


def test_match__needs_probability_margin_and_points() -> None:
    found = propose(WHO, [9.0, -4.0, -4.0], [40, 2, 1], 0.8)
    assert (found.kind, found.individual) == ("match", "F01")
    assert found.reasons == ("40 points lie alike", "the next is at 0.00")
    few = propose(WHO, [9.0, -4.0, -4.0], [14, 2, 1], 0.8)
    assert few.kind == "probable" and few.reasons == ("14 points lie alike, 15 are asked for",)
    weak = propose(WHO, [2.5, -1.0, -1.0], [20, 2, 1], 0.8)
    assert weak.kind == "probable" and "is less than 0.95" in weak.reasons[0]


def test_two_that_look_alike__are_no_match() -> None:
    twins = propose(WHO, [9.0, 8.9, -4.0], [40, 38, 1], 0.8)
    assert twins.kind == "probable" and "the next is at 0.4" in twins.reasons[1]


def test_nobody_alike__is_new_only_on_a_good_chip() -> None:
    assert propose(WHO, ALIEN, [1, 2, 1], 0.8).kind == "new_candidate"
    poor = propose(WHO, ALIEN, [1, 2, 1], 0.4)
    assert poor.kind == "unresolvable" and "quality 0.40 is below 0.60" in poor.reasons[0]
    assert propose((), [], [], 0.9).kind == "unresolvable"
    between = propose(WHO, [-1.5, -6.0, -6.0], [8, 2, 1], 0.9)
    assert between.kind == "unresolvable" and "neither known nor new" in between.reasons[0]


def test_rules__of_a_site_count() -> None:
    careful = OpenSetRules(match=0.9999, inliers=60)
    assert propose(WHO, [9.0, -4.0, -4.0], [40, 2, 1], 0.8, careful).kind == "probable"
