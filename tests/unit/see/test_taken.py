"""When a picture was taken: by its camera's clock, unless that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.see.taken import Taken, camera_time, taken

CAME = datetime(2026, 7, 1, 12, tzinfo=UTC)


def asked(facts: dict[str, str], **given: Any) -> Taken:
    told = {"time_zone": "Asia/Vladivostok", "received_at": CAME, "told_at": None, "live": True} | given
    return taken(facts, **told)


def stamp(text: str, **more: str) -> dict[str, str]:
    return {"DateTimeOriginal": text} | more


def test_taken__a_camera_that_knows_no_zone_has_the_site_s() -> None:
    found = asked(stamp("2026:07:01 20:30:00"))
    assert found.taken_at == datetime(2026, 7, 1, 10, 30, tzinfo=UTC)
    assert (found.camera_time, found.method) == (datetime(2026, 7, 1, 20, 30), "exif")  # noqa: DTZ001
    assert found.clock == ""


def test_taken__a_camera_that_says_its_zone_has_that() -> None:
    found = asked(stamp("2026:07:01 20:30:00", OffsetTimeOriginal="+09:00", SubSecTimeOriginal="25"))
    assert found.taken_at == datetime(2026, 7, 1, 11, 30, 0, 250_000, tzinfo=UTC)
    assert asked(stamp("2026:07:01 20:30:00", OffsetTimeOriginal="+99:00")).taken_at == datetime(
        2026, 7, 1, 10, 30, tzinfo=UTC
    )


@pytest.mark.parametrize("text", ["1970:01:01 00:00:12", "2000:01:01 03:00:00", "2015:06:05 03:00:00"])
def test_taken__a_clock_that_was_reset_is_not_believed_and_what_comes_live_was_taken_as_it_came(text: str) -> None:
    found = asked(stamp(text))
    assert (found.taken_at, found.method, found.clock) == (CAME, "received", "reset")
    assert found.camera_time is not None


def test_taken__of_a_card_with_a_reset_clock_nobody_knows() -> None:
    assert asked(stamp("2015:01:02 03:00:00"), live=False)[1:] == (None, None, "reset")
    told = CAME - timedelta(days=3)
    assert asked(stamp("1970:01:01 00:00:00"), live=False, told_at=told)[1:] == (told, "told", "reset")


def test_taken__an_archive_may_well_be_of_2015() -> None:
    assert asked(stamp("2015:06:05 03:00:00"), live=False).method == "exif"


def test_taken__no_picture_is_taken_after_it_came() -> None:
    # A camera at Vladivostok's time plus one hour.
    assert asked(stamp("2026:07:01 23:00:00"))[1:] == (CAME, "received", "ahead")
    assert asked(stamp("2026:07:01 22:10:00")).method == "exif"


@pytest.mark.parametrize("text", ["0000:00:00 00:00:00", "    :  :     :  :  ", "2026:13:41 25:00:00", "", "yesterday"])
def test_taken__what_is_no_time_is_none(text: str) -> None:
    assert asked(stamp(text))[:1] == (None,)
    assert asked(stamp(text)).clock == "none"


def test_camera_time__the_next_tag_is_asked_where_the_first_is_empty() -> None:
    facts = stamp("    :  :     :  :  ", DateTime="2026-07-01 20:30")
    assert camera_time(facts) == datetime(2026, 7, 1, 20, 30)  # noqa: DTZ001


def test_taken__an_hour_that_a_zone_leaves_out_or_has_twice_is_some_hour() -> None:
    for text in ("2026:03:29 02:30:00", "2025:10:26 02:30:00"):
        assert asked(stamp(text), time_zone="Europe/Berlin").method == "exif"
    assert asked(stamp("9999:12:31 23:59:59", OffsetTime="-12:00")).clock == "none"
