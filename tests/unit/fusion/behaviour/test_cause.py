from __future__ import annotations

import pytest

from fusion.behaviour.cause import DAY_S, Cause, Rates, Signs, causes, weighed


def likely(signs: Signs) -> Cause:
    return next(iter(causes(signs)))


def test_causes__are_probabilities_of_all_that_may_be() -> None:
    found = causes(Signs(still_s=5 * DAY_S))
    assert set(found) == set(Cause)
    assert sum(found.values()) == pytest.approx(1.0)
    assert list(found.values()) == sorted(found.values(), reverse=True)


@pytest.mark.parametrize(
    ("signs", "cause"),
    [
        (Signs(still_s=3 * 3_600.0), Cause.REST),
        (Signs(still_s=1.5 * DAY_S, is_active=True), Cause.KILL),
        (Signs(still_s=1.5 * DAY_S), Cause.KILL),
        (Signs(still_s=12 * DAY_S, is_active=True, has_returned=True), Cause.DEN),
        (Signs(still_s=2 * DAY_S, is_active=False, has_mortality_signal=True, may_den=False), Cause.DROP_OFF),
        (Signs(still_s=0.0, silent_s=5 * DAY_S), Cause.FAILURE),
        (Signs(still_s=0.0, silent_s=2 * 3_600.0, fix_share=0.5), Cause.REST),
    ],
)
def test_causes__what_is_seen_points_to(signs: Signs, cause: Cause) -> None:
    assert likely(signs) is cause


def test_causes__the_longer_it_lies_the_more_it_is_dead_or_lost() -> None:
    lost = [
        causes(Signs(still_s=days * DAY_S))[Cause.DEATH] + causes(Signs(still_s=days * DAY_S))[Cause.DROP_OFF]
        for days in (0.5, 2.0, 7.0, 20.0, 100.0)
    ]
    assert lost == sorted(lost)
    assert lost[0] < 0.01 and lost[-1] > 0.8


def test_causes__places_alone_do_not_tell_death_from_a_lost_collar() -> None:
    found = causes(Signs(still_s=60 * DAY_S))
    rates = Rates()
    assert found[Cause.DEATH] / found[Cause.DROP_OFF] == pytest.approx(rates.death_per_day / rates.drop_off_per_day)


def test_causes__a_male_does_not_den() -> None:
    assert causes(Signs(still_s=10 * DAY_S, may_den=False))[Cause.DEN] < 0.02


def test_causes__of_negative_time_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        causes(Signs(still_s=-1.0))


def test_weighed__says_what_speaks_for_a_cause_and_what_against_it() -> None:
    found = {one.cause: one for one in weighed(Signs(still_s=2 * DAY_S, is_active=False, has_mortality_signal=True))}
    assert found[Cause.DEATH].reasons["mortality"] > 2.0
    assert found[Cause.DEATH].reasons["activity"] > 2.0
    assert found[Cause.KILL].reasons["mortality"] < 0.0
    assert "warmth" not in found[Cause.DEATH].reasons


def test_warmth__tells_a_lost_collar_from_a_resting_animal() -> None:
    cold, warm = (causes(Signs(still_s=2 * DAY_S, is_warm=is_warm)) for is_warm in (False, True))
    assert cold[Cause.DROP_OFF] > 5 * warm[Cause.DROP_OFF]


def test_shape__fixes_that_spread_no_farther_than_their_errors_speak_for_a_still_collar() -> None:
    tight = causes(Signs(still_s=4 * DAY_S, spread_m=10.0, error_m=10.0, fixes=50))
    loose = causes(Signs(still_s=4 * DAY_S, spread_m=25.0, error_m=10.0, fixes=50))
    assert tight[Cause.DROP_OFF] > loose[Cause.DROP_OFF]
    assert loose[Cause.KILL] > tight[Cause.KILL]
