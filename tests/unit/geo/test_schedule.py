"""Open times: weekdays, midnights, clocks that jump, seasons, the sun. Expected times are those of the zone's rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from geo.schedule import Schedule, Season, SunBound, Window

BERLIN = ZoneInfo("Europe/Berlin")
DAILY = tuple(range(7))
HERE = (13.4, 52.5)


def spans(schedule: Schedule, since: datetime, until: datetime, zone: ZoneInfo = BERLIN) -> list[tuple[str, str]]:
    """Intervals that touch [since, until], as UTC text."""
    found = schedule.open_times(since.timestamp(), until.timestamp(), zone, *HERE)
    kept = found[(found[:, 1] >= since.timestamp()) & (found[:, 0] <= until.timestamp())]
    return [(text(a), text(b)) for a, b in kept.tolist()]


def text(at: float) -> str:
    return str(at) if np.isinf(at) else datetime.fromtimestamp(at, UTC).strftime("%m-%d %H:%M")


def test_window__over_midnight_belongs_to_the_day_it_begins_on() -> None:
    friday_night = Schedule(windows=(Window((4,), 22 * 60, 4 * 60),))
    week = (datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC))
    assert spans(friday_night, *week) == [("01-09 21:00", "01-10 03:00")]


def test_windows__that_touch_are_one() -> None:
    whole = Schedule(windows=(Window(DAILY, 0, 720), Window(DAILY, 720, 1440)))
    assert spans(whole, datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)) == [("-inf", "inf")]


def test_spring__a_window_that_begins_in_the_skipped_hour_begins_at_the_jump() -> None:
    night = Schedule(windows=(Window(DAILY, 150, 300),))
    day = (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC))
    # 02:30 to 05:00; at 01:00 UTC the clocks go from 02:00 to 03:00.
    assert spans(night, *day) == [("03-29 01:00", "03-29 03:00")]


def test_spring__a_window_within_the_skipped_hour_is_not_there() -> None:
    gap = Schedule(windows=(Window(DAILY, 130, 170),))
    assert spans(gap, datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)) == []


def test_autumn__an_hour_that_comes_twice_is_watched_both_times() -> None:
    night = Schedule(windows=(Window(DAILY, 120, 180),))
    day = (datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC))
    assert spans(night, *day) == [("10-25 00:00", "10-25 02:00")]
    half = Schedule(windows=(Window(DAILY, 120, 150),))
    # 02:00 for the first time is 00:00 UTC; 02:30 for the second time is 01:30 UTC.
    assert spans(half, *day) == [("10-25 00:00", "10-25 01:30")]


def test_season__over_the_new_year_is_one() -> None:
    winter = Schedule(seasons=(Season((11, 15), (3, 1)),))
    found = spans(winter, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC))
    assert found == [("11-14 23:00", "03-01 23:00"), ("11-14 23:00", "03-01 23:00")]


def test_season__has_its_true_beginning_whenever_it_is_asked_for() -> None:
    summer = Schedule(seasons=(Season((5, 1), (9, 30)),))
    early = spans(summer, datetime(2026, 5, 2, tzinfo=UTC), datetime(2026, 5, 3, tzinfo=UTC))
    late = spans(summer, datetime(2026, 9, 2, tzinfo=UTC), datetime(2026, 9, 3, tzinfo=UTC))
    assert early == late == [("04-30 22:00", "09-30 22:00")]


def test_season__of_windows_opens_both() -> None:
    both = Schedule(windows=(Window((0,), 600, 660),), seasons=(Season((1, 1), (1, 7)),))
    found = spans(both, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert found == [("01-05 09:00", "01-05 10:00")]


def test_night__runs_from_sunset_to_sunrise_with_minutes_added() -> None:
    night = Schedule(sun=(SunBound("sunset"), SunBound("sunrise")))
    wide = Schedule(sun=(SunBound("sunset", -30), SunBound("sunrise", 45)))
    moment = (datetime(2026, 6, 21, 23, tzinfo=UTC), datetime(2026, 6, 21, 23, 30, tzinfo=UTC))
    # Berlin, 21 June 2026: sunset 21:33, sunrise 4:43 in summer time.
    (plain,) = spans(night, *moment)
    assert plain == ("06-21 19:33", "06-22 02:43")
    assert spans(wide, *moment) == [("06-21 19:03", "06-22 03:28")]


def test_twilight__lies_around_each_sunset() -> None:
    dusk = Schedule(sun=(SunBound("sunset", -60), SunBound("sunset", 60)))
    day = (datetime(2026, 6, 21, 12, tzinfo=UTC), datetime(2026, 6, 22, 12, tzinfo=UTC))
    assert spans(dusk, *day) == [("06-21 18:33", "06-21 20:33")]


def test_polar__night_lasts_for_weeks_and_so_does_the_day() -> None:
    night = Schedule(sun=(SunBound("sunset"), SunBound("sunrise")))
    begin = datetime(2025, 9, 15, tzinfo=UTC).timestamp()
    found = night.open_times(begin, begin + 86_400 * 365, ZoneInfo("Europe/Oslo"), 18.96, 69.65)
    inside = found[(found[:, 0] > begin) & (found[:, 1] < begin + 86_400 * 365)]
    longest_night = float(np.diff(inside, axis=1).max())
    longest_day = float((inside[1:, 0] - inside[:-1, 1]).max())
    assert timedelta(days=45).total_seconds() < longest_night < timedelta(days=55).total_seconds()
    assert timedelta(days=60).total_seconds() < longest_day < timedelta(days=75).total_seconds()


@pytest.mark.parametrize("year", [1971, 2026, 2400])
def test_open_times__are_ascending_and_disjoint(year: int) -> None:
    busy = Schedule(
        windows=(Window((0, 2, 4), 1200, 300), Window(DAILY, 200, 900)),
        seasons=(Season((2, 29), (6, 1)), Season((9, 1), (1, 15))),
        sun=(SunBound("sunset", -90), SunBound("sunrise", 15)),
    )
    since = datetime(year, 6, 1, tzinfo=UTC).timestamp()
    found = busy.open_times(since, since + 1e7, BERLIN, *HERE).ravel()
    assert len(found) > 300
    assert np.all(np.diff(found) > 0)
