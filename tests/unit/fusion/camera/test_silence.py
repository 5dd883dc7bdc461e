"""Silence is learned from a camera's own past; what fell silent together is one outage."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.camera.outage import outages_of
from fusion.camera.silence import FEWEST, HISTORY_H, Silence, silence_of
from fusion.camera.view import turned_since
from fusion.ellipse import Floats

hours = st.floats(0, HISTORY_H - 1, width=32)


def known(reported_h: Floats) -> Silence:
    one = silence_of(reported_h)
    assert one is not None
    return one


def due(reported_h: Floats) -> float:
    one = known(reported_h).due_h
    assert one is not None
    return one


def daily(days: int, at: float = 0.5) -> Floats:
    return 24.0 * np.arange(days, dtype=np.float64) + at


def busy(seed: int, days: int = 25, a_day: float = 6.0) -> Floats:
    """Reports of a camera by which animals come, some days none and some days many."""
    rng = np.random.default_rng(seed)
    return np.sort(np.concatenate([24 * d + rng.uniform(0, 24, rng.poisson(rng.gamma(1, a_day))) for d in range(days)]))


@given(st.lists(hours, min_size=1, max_size=80), st.lists(hours, min_size=1, max_size=20))
def test_silence__what_comes_later_never_brings_it_nearer(past: list[float], later: list[float]) -> None:
    before = known(np.array(past, dtype=np.float64))
    after = known(np.array([*past, *(max(past) + one for one in later if max(past) + one < HISTORY_H)]))
    assert after.last_h >= before.last_h
    if before.due_h is not None:
        assert after.due_h is not None and after.due_h >= before.due_h


@given(st.permutations(range(20)))
def test_silence__does_not_depend_on_the_order(order: list[int]) -> None:
    reported = busy(0)[:20]
    assert silence_of(reported[order]) == silence_of(reported)


def test_silence__of_a_daily_report_is_said_within_four_days_and_not_after_one() -> None:
    reported = daily(28)
    assert 36 < due(reported) - reported[-1] < 96


def test_silence__of_a_rare_camera_is_said_later_than_of_a_busy_one() -> None:
    rare, often = busy(1, a_day=1.5), busy(1, a_day=20.0)
    assert due(rare) - rare[-1] > 1.5 * (due(often) - often[-1])


def test_silence__one_failure_of_the_past_is_not_learned() -> None:
    failed = np.delete(daily(28), slice(8, 14))
    assert due(failed) - due(daily(28)) < 24


def test_silence__bursts_count_once_and_few_reports_teach_nothing() -> None:
    burst = np.linspace(5.0, 5.9, 100)
    assert known(burst) == Silence(5.9, None, None)
    assert known(daily(FEWEST)).due_h is None and not known(daily(FEWEST)).is_silent(1e6)
    assert silence_of(np.empty(0)) is None


def silent_after(reported: dict[str, Floats], now_h: float, repeaters: dict[str, str]) -> list[tuple[str | None, int]]:
    silences = {camera: known(times) for camera, times in reported.items()}
    return [(one.repeater, len(one.members)) for one in outages_of(reported, silences, repeaters, now_h)]


def test_outage__a_repeater_down_is_one_outage_with_its_cameras_and_no_other() -> None:
    reported = {f"down-{n}": busy(n, 20) for n in range(40)} | {f"up-{n}": busy(n, 25) for n in range(5)}
    repeaters = {camera: camera.split("-")[0] for camera in reported}
    assert silent_after(reported, 600.0, repeaters) == [("down", 40)]


def test_outage__is_known_before_any_of_its_cameras_is_silent_of_itself() -> None:
    reported = {f"cam-{n}": busy(n, 25, 2.0) for n in range(30)}
    together = due(np.concatenate(list(reported.values())))
    assert together + 6 < min(map(due, reported.values()))
    assert silent_after(reported, together + 6, dict.fromkeys(reported, "mast")) == [("mast", 30)]


def test_outage__one_busy_camera_that_died_is_no_repeater_down() -> None:
    reported = {"busy": np.arange(600.0), "rare": busy(3, 25, 1.0), "new": daily(3)}
    now_h = due(np.concatenate(list(reported.values()))) + 6
    assert now_h < due(reported["rare"])
    assert silent_after(reported, now_h, dict.fromkeys(reported, "mast")) == []
    assert silent_after(reported, due(reported["rare"]) + 24, dict.fromkeys(reported, "mast")) == [("mast", 3)]


def test_outage__a_camera_that_was_silent_before_is_not_part_of_it() -> None:
    reported = {f"cam-{n}": busy(n, 25) for n in range(10)} | {"dead": daily(14)}
    assert silent_after(reported, 800.0, dict.fromkeys(reported, "mast")) == [("mast", 10)]


def test_outage__cameras_without_a_repeater_that_fell_silent_together_share_something() -> None:
    together = {f"cam-{n}": daily(20, 0.5 + n) for n in range(6)}
    assert silent_after(together | {"up": daily(28)}, 28 * 24, {}) == [(None, 6)]
    one_by_one = {f"cam-{n}": daily(13 + 5 * n) for n in range(3)}
    assert silent_after(one_by_one, 40 * 24, {}) == []


def test_turned__another_view_is_said_after_two_days_and_no_longer_once_it_is_the_month() -> None:
    old, new = 0x0F0F0F0F0F0F0F0F, 0x00FF00FF00FF00FF
    month = dict.fromkeys(range(20), old)
    assert turned_since(month) is None and turned_since({}) is None
    assert turned_since(month | {20: new}) is None
    assert turned_since(month | {20: new, 21: new}) == 20
    assert turned_since(month | {10: new, 11: new}) is None
    assert turned_since(month | dict.fromkeys(range(20, 50), new)) is None
