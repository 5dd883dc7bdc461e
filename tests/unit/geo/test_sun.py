"""Sunrise and sunset against published almanac times (rounded to the minute there)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from geo.sun import daylight


def day(*ymd: int) -> int:
    return (date(*ymd) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("when", "longitude", "latitude", "sunrise", "sunset"),
    [
        ((2024, 6, 20), -0.1278, 51.5074, "2024-06-20 03:43", "2024-06-20 20:21"),
        ((2024, 12, 21), -0.1278, 51.5074, "2024-12-21 08:04", "2024-12-21 15:53"),
        ((2024, 3, 20), -78.47, -0.18, "2024-03-20 11:18", "2024-03-20 23:24"),
        ((2026, 6, 21), 13.4, 52.5, "2026-06-21 02:43", "2026-06-21 19:33"),
    ],
)
def test_daylight__is_that_of_the_almanac(
    when: tuple[int, ...], longitude: float, latitude: float, sunrise: str, sunset: str
) -> None:
    rise, fall = daylight([day(*when)], longitude, latitude)
    for found, expected in ((rise, sunrise), (fall, sunset)):
        expected_s = datetime.strptime(expected, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp()
        assert abs(float(found[0]) - expected_s) <= 90.0


def test_daylight__of_a_polar_night_is_none_and_of_a_polar_day_the_whole_day() -> None:
    rise, fall = daylight([day(2026, 12, 21), day(2026, 6, 21)], 18.96, 69.65)
    assert np.isnan(rise[0]) and np.isnan(fall[0])
    assert fall[1] - rise[1] == pytest.approx(86_400, abs=60)


@pytest.mark.parametrize("latitude", [90.0, -90.0])
def test_daylight__at_the_poles_is_all_or_nothing(latitude: float) -> None:
    rise, fall = daylight([day(2026, 12, 21), day(2026, 6, 21)], 0.0, latitude)
    dark = 0 if latitude > 0 else 1
    assert np.isnan(rise[dark])
    assert fall[1 - dark] - rise[1 - dark] == pytest.approx(86_400, abs=60)
