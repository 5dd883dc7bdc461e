"""Geofences: what is told, when it is believed, what errors do to it, and what is not told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from shapely import LineString, MultiPolygon, Point, box

from geo.fence_evidence import Chances
from geo.fence_rules import CALM, URGENT, FenceRules, Sensitivity, Threshold
from geo.geofence import Memory, follow
from geo.schedule import Schedule, Window
from geo.uncertainty import inside_probability
from geo.watch import Watch, Watched
from tests.unit.geo.standin import CHANCES, inside
from tests.unit.geo.walks import DEG_PER_M, EAST, at, kinds, told, watch


def test_enter__one_clear_fix_decides_and_the_time_is_that_of_the_crossing() -> None:
    (one,) = told(at([-600, -300, 100]))
    assert (one.kind, one.from_ix, one.to_ix, one.decided_ix) == ("enter", 1, 2, 2)
    assert one.time_s == pytest.approx(3600 + 0.75 * 3600, abs=1)
    assert (one.earliest_s, one.latest_s) == (3600, 7200)
    assert one.longitude == pytest.approx(0.0, abs=1e-12)
    assert one.p > 0.99


def test_enter__unclear_fixes_decide_together_and_are_told_from_where_they_began() -> None:
    (one,) = told(at([-300, -200, 30, 70, 130, 75]))
    assert (one.kind, one.from_ix, one.to_ix, one.decided_ix) == ("enter", 1, 2, 4)
    assert one.fixes == 3
    assert 1.0 < one.time_s / 3600 < 2.0


def test_enter__a_spike_that_is_no_more_than_the_error_is_not_told() -> None:
    assert told(at([-300, -60, 25, -60, -70, -300])) == []


def test_enter__fixes_in_a_row_decide_where_none_of_them_can() -> None:
    assert kinds(told(at([-200, *[12.0] * 6]))) == ["enter"]
    assert told(at([-200, *[12.0] * 5])) == []


def test_exit__mirrors_enter() -> None:
    transitions = told(at([500, 500, -100]))
    assert kinds(transitions) == ["inside_at_start", "exit"]
    assert transitions[1].time_s == pytest.approx(3600 * (1 + 500 / 600), abs=1)


def test_first_fix__on_the_border_tells_nothing_until_a_side_is_known() -> None:
    assert told(at([1.0, -300])) == []
    assert kinds(told(at([1.0, 300]))) == ["inside_at_start"]


def test_stationary__on_the_border_tells_nothing() -> None:
    error = np.random.default_rng(4).normal(0.0, 10.0, 500)
    assert [kind for kind in kinds(told(at(error.tolist()))) if kind != "inside_at_start"] == []


def test_sensitivity__urgent_comes_in_on_half_a_chance_and_goes_out_when_sure() -> None:
    walk = at([-300, 5, -5, -6, -7, -300])
    assert kinds(told(walk, watch(sensitivity=URGENT))) == ["enter", "exit"]
    assert told(walk, watch(sensitivity=URGENT))[0].decided_ix == 1
    assert told(walk) == []


def test_sensitivity__calm_wants_more_than_one_clear_fix() -> None:
    walk = at([-500, 200, 200, 200, 200, -500])
    assert [one.decided_ix for one in told(walk, watch(sensitivity=CALM)) if one.kind == "enter"] == [3]


def test_band__is_a_border_that_does_not_count() -> None:
    walk = at([-900, 90, 90, 90, 90])
    assert told(walk, watch(sensitivity=Sensitivity(band_m=100.0))) == []
    assert kinds(told(at([-900, 300]), watch(sensitivity=Sensitivity(band_m=100.0)))) == ["enter"]


def test_error__larger_than_the_fence_says_nothing_of_who_is_inside() -> None:
    pond = Point(0.0, 0.0).buffer(100.0 * DEG_PER_M)
    transitions = told(at([0, 0, 900, 0, 5_000], sd=[5, 5, 2_000, 5, 5]), watch(pond))
    assert kinds(transitions) == ["inside_at_start", "exit"]
    assert transitions[1].decided_ix == 4


def test_error__ever_so_large_stops_nothing() -> None:
    assert kinds(told(at([-300, 0, 300], sd=[10, 2e7, 10]))) == ["enter"]


def test_through__is_told_when_the_deepest_place_is_inside_for_sure() -> None:
    strip = box(0.0, -1.0, 100.0 * DEG_PER_M, 1.0)
    (one,) = told(at([-200, 300]), watch(strip))
    assert (one.kind, one.from_ix, one.to_ix) == ("through", 0, 1)
    assert one.time_s == pytest.approx(0.4 * 3600, abs=1)
    assert one.until_s == pytest.approx(0.6 * 3600, abs=1)


def test_through__is_only_possible_when_errors_could_explain_it() -> None:
    corner = box(0.0, 0.0, 1.0, 1.0)
    (one,) = told(at([-300, 302], north=[300, -300]), watch(corner))
    assert one.kind == "possible_crossing"
    assert 0.2 <= one.p < 0.8


def test_absence__between_two_fixes_inside_is_an_exit_and_an_enter() -> None:
    two = MultiPolygon([box(-1.0, -1.0, 0.0, 1.0), box(200.0 * DEG_PER_M, -1.0, 1.0, 1.0)])
    assert kinds(told(at([-500, 700]), watch(two))) == ["inside_at_start", "exit", "enter"]


def test_dwell__is_told_once_a_stay_at_the_time_when_it_was_reached() -> None:
    transitions = told(at([-100, 100, 200, 300, 400, -500, 500, 600, 700, 800]), watch(dwell_s=2 * 3600.0))
    assert kinds(transitions) == ["enter", "dwell", "exit", "enter", "dwell"]
    assert transitions[1].time_s == pytest.approx(3600 * 2.5, abs=1)
    assert (transitions[1].from_ix, transitions[1].decided_ix) == (2, 3)


def test_dwell__that_was_reached_between_two_fixes_is_told_before_the_exit() -> None:
    transitions = told(at([-100, 900, -100], [0, 1, 9]), watch(dwell_s=3600.0))
    assert kinds(transitions) == ["enter", "dwell", "exit"]
    assert [one.decided_ix for one in transitions] == [1, 2, 2]


def test_overdue__is_a_stay_that_is_longer_than_allowed() -> None:
    (enter, overdue) = told(at([-100, *[300] * 9]), watch(overdue_s=5 * 3600.0))
    assert (enter.kind, overdue.kind, overdue.cause) == ("enter", "overdue", "stayed too long")
    assert overdue.time_s == pytest.approx(enter.time_s + 5 * 3600, abs=1)


def test_overdue__is_who_is_inside_after_closing() -> None:
    transitions = told(at([-100, *[300] * 9]), watch(overdue_s=1e6), opens={"core": np.array([[0.0, 4.5 * 3600.0]])})
    assert [(one.kind, one.cause) for one in transitions[1:]] == [("overdue", "inside after closing")]
    assert (transitions[1].time_s, transitions[1].decided_ix) == (4.5 * 3600, 5)


def test_proximity__comes_before_the_enter_and_not_with_it() -> None:
    near = watch(near_m=500.0)
    slow = told(at([-2000, -300, -250, 300]), near)
    assert kinds(slow) == ["proximity", "enter"]
    assert slow[0].time_s == pytest.approx(3600 * 1500 / 1700, abs=20)
    assert kinds(told(at([-2000, 300]), near)) == ["enter"]
    assert kinds(told(at([-2000, -300, -2000, -300]), near)) == ["proximity", "proximity"]


def test_approach__is_told_once_while_it_lasts() -> None:
    walk = at([-9000, -8000, -7000, -6000, -5000, -5000, -5000, -4000])
    transitions = told(walk, watch(approach_s=6.5 * 3600.0))
    assert [(one.kind, one.decided_ix) for one in transitions] == [("approach", 3), ("approach", 7)]
    assert transitions[0].latest_s == pytest.approx(3 * 3600 + 6 * 3600, rel=1e-3)
    assert transitions[0].p > 0.9


def test_approach__of_who_only_seems_to_move_is_not_told() -> None:
    assert told(at([-100, -90, -80, -70], sd=30.0), watch(approach_s=36_000.0)) == []


def test_possible_crossing__is_told_once_while_one_lives_beside_the_fence() -> None:
    def crossed(*given: Any) -> np.ndarray:
        return np.array([0.6] * len(given[1]))

    beside = watch(possible_at=0.3)
    chances = Chances(CHANCES.inside, crossed)
    walk = replace(at([-200, -210, -220, -90_000, -90_000, -200, -210]), spread_m2_s=1.0)
    transitions = told(walk, beside, chances=chances)
    assert [(one.kind, one.decided_ix, one.p) for one in transitions] == [
        ("possible_crossing", 1, 0.6),
        ("possible_crossing", 5, 0.6),
    ]


def test_schedule__closes_what_is_told_and_not_what_is_known() -> None:
    open_at_ten = {"core": np.array([[10 * 3600.0, 20 * 3600.0]])}
    transitions = told(at([-100, 100, *[300] * 20, -300]), opens=open_at_ten)
    assert [(one.kind, one.cause, one.decided_ix) for one in transitions] == [("inside_at_start", "window opened", 10)]


def test_schedule__who_came_before_opening_and_is_believed_after_it_is_told_at_once() -> None:
    opens = {"core": np.array([[2.5 * 3600.0, 20 * 3600.0]])}
    transitions = told(at([-200, -100, 30, 70, 130, 75]), opens=opens)
    assert [(one.kind, one.decided_ix) for one in transitions] == [("inside_at_start", 4)]


def test_schedule__nightly_windows_are_told_each_night() -> None:
    night = Schedule(windows=(Window(tuple(range(7)), 20 * 60, 6 * 60),))
    zone = ZoneInfo("Asia/Vladivostok")
    began = datetime(2026, 7, 1, tzinfo=UTC).timestamp()
    walk = at([-100, *[300] * 72])
    walk = replace(walk, time_s=walk.time_s + began)
    opens = {"core": night.open_times(began, began + 73 * 3600, zone, 131.9, 43.1)}
    transitions = told(walk, opens=opens)
    opened = [datetime.fromtimestamp(one.time_s, zone).hour for one in transitions]
    assert kinds(transitions) == ["inside_at_start"] * 3
    assert opened == [20, 20, 20]


def test_line__is_entered_from_left_to_right_and_left_the_other_way() -> None:
    north = watch(LineString([(0.0, -1.0), (0.0, 1.0)]))
    transitions = told(at([-300, 300, 400, -400]), north)
    assert [(one.kind, one.decided_ix) for one in transitions] == [("enter", 1), ("exit", 3)]
    assert transitions[0].time_s == pytest.approx(1800, abs=1)


def test_line__crossed_twice_between_two_fixes_was_not_crossed() -> None:
    hook = watch(LineString([(0.0, -1.0), (0.0, 1.0), (0.005, 1.0), (0.005, -1.0)]))
    assert told(at([-300, 900]), hook) == []


def test_line__who_stands_on_it_tells_nothing() -> None:
    error = np.random.default_rng(5).normal(0.0, 10.0, 500)
    north = watch(LineString([(0.0, -1.0), (0.0, 1.0)]))
    assert told(at(error.tolist()), north) == []
    assert told(at([0.0] * 50), north) == []


def test_line__is_crossed_slowly_through_its_errors() -> None:
    north = watch(LineString([(0.0, -1.0), (0.0, 1.0)]))
    transitions = told(at([-300, -25, 5, -3, 20, 60, 300]), north)
    assert kinds(transitions) == ["enter"]
    assert (transitions[0].earliest_s, transitions[0].latest_s) <= (3600, 5 * 3600)


def test_line__ends_where_it_ends() -> None:
    short = watch(LineString([(0.0, 0.0), (0.0, 1.0)]))
    assert told(at([-300, 300], north=[-500, -500]), short) == []


def test_antimeridian__is_no_border() -> None:
    both = watch(MultiPolygon([box(179.0, -1.0, 180.0, 1.0), box(-180.0, -1.0, -179.0, 1.0)]), near_m=500.0)
    walk = at([0, 0, 0])
    walk = replace(walk, longitude=np.array([178.0, 179.5, -179.5]))
    plain = Chances(lambda rings, x, y, covariance: np.maximum(inside(rings, x, y, covariance), np.abs(x) > 179.2))
    assert kinds(told(walk, both, chances=plain)) == ["enter"]


def test_memory__of_who_is_clearly_somewhere_is_empty_or_one_row() -> None:
    n = np.arange(300)
    far = follow(at([-5000.0] * 300), watch(), CHANCES, Memory(), n)
    deep = follow(at([-5000.0, *[5000.0] * 299]), watch(), CHANCES, Memory(), n)
    assert far.memory.changes == {}
    assert [len(rows) for rows in deep.memory.changes.values()] == [1]


def test_late_fix__is_worked_in_up_to_where_nothing_changes_any_more() -> None:
    whole = at([-5000.0] * 100 + [5000.0] * 4_000)
    keep = np.delete(np.arange(4_100), 50)
    walk = replace(
        whole,
        time_s=whole.time_s[keep],
        longitude=whole.longitude[keep],
        latitude=whole.latitude[keep],
        covariance=whole.covariance[keep],
    )
    before = follow(walk, watch(), CHANCES, Memory(), np.arange(4_099))
    late = follow(whole, watch(), CHANCES, before.memory, np.array([50]))
    assert (late.first, late.stop) == (50, 52)
    assert late.transitions == []


def test_rules__that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="dwell_s"):
        FenceRules(dwell_s=0.0)
    with pytest.raises(ValueError, match="probabilities"):
        Sensitivity(enter=Threshold(sure=1.0))
    with pytest.raises(ValueError, match="twice"):
        Watch.build([Watched("a", 1, EAST), Watched("a", 2, EAST)])


def test_approach__to_a_line_is_told_until_it_is_crossed() -> None:
    north = watch(LineString([(0.0, -1.0), (0.0, 1.0)]), approach_s=2.5 * 3600.0)
    transitions = told(at([-9000, -6000, -3000, -1000, 3000, 9000, 12_000]), north)
    assert [(one.kind, one.decided_ix) for one in transitions] == [("approach", 1), ("enter", 4)]


@pytest.mark.parametrize(
    "shape",
    [
        box(10.0, 10.0, 10.0 + 1e-9, 10.0 + 1e-9),
        box(10.0, 10.0, 10.0 + 1e-13, 11.0),
        box(-180.0, 80.0, 180.0, 90.0),
        box(-180.0, -90.0, 180.0, 90.0),
        box(-170.0, -80.0, 170.0, 80.0),
        LineString([(0.0, 89.9), (90.0, 90.0)]),
        LineString([(10.0, 10.0), (10.0 + 1e-12, 10.0)]),
    ],
)
def test_shape__that_is_strange_is_watched_without_an_error(shape: Any) -> None:
    for rules in ({}, {"near_m": 90_000.0, "approach_s": 3600.0, "sensitivity": Sensitivity(band_m=10.0)}):
        fence = watch(shape, **rules)
        walk = replace(at([0.0] * 4), longitude=np.array([0, 10, 10, 170.0]), latitude=np.array([10, 10, 85, 89.99]))
        follow(walk, fence, Chances(inside_probability), Memory(), np.arange(4))
