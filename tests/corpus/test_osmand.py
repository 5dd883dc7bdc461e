"""OsmAnd and Traccar Client: ways to write a query, and Traccar's own test frames."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.ingest.dialects.osmand import read_message
from hub.ingest.dialects.reading import Source
from hub.records.observation import Fix
from hub.records.receipt import Bad, Decoded

RECEIVED = datetime(2025, 6, 15, 16, 0, tzinfo=UTC)
SOURCE = Source(address="/ingest/osmand", received_at=RECEIVED)


def fix(body: str, source: Source = SOURCE) -> Fix:
    (item,) = read_message(body.encode(), source)
    assert isinstance(item, Decoded), item
    assert isinstance(item.observation, Fix)
    return item.observation


@pytest.mark.parametrize(
    "timestamp",
    ["1750000000", "1750000000000", "2025-06-15T15:06:40Z", "2025-06-15T20%3A06%3A40%2B05:00", "2025-06-15 15:06:40"],
)
def test_timestamp__in_any_of_its_forms_is_the_same_time(timestamp: str) -> None:
    expected = datetime(2025, 6, 15, 15, 6, 40, tzinfo=UTC)
    assert fix(f"id=a&lat=1&lon=2&timestamp={timestamp}").observed_at == expected


def test_no_timestamp__is_the_time_of_receipt_and_flagged() -> None:
    told = fix("id=a&lat=1&lon=2")
    assert (told.observed_at, told.flags) == (RECEIVED, ("received_time",))


def test_speed__is_in_knots_unless_the_sender_says_otherwise() -> None:
    assert fix("id=a&lat=1&lon=2&speed=36").speed_mps == pytest.approx(18.52)
    assert fix("id=a&lat=1&lon=2&speed=36&speed_unit=kmh").speed_mps == pytest.approx(10)


def test_device_of_the_login__wins_over_the_query() -> None:
    assert (
        fix("id=somebody-else&lat=1&lon=2", Source(address="x", received_at=RECEIVED, device="mine")).device == "mine"
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no device"),
        (b"lat=1&lon=2", "no device"),
        (b"id=a&lat=1", "only one of lon and lat"),
        (b"id=a", "neither lon and lat nor"),
        (b"id=a&lat=nan&lon=2", "not a number"),
        (b"id=a&lat=1&lon=2&altitude=1e400", "not a number or beyond"),
        (b"id=a&lat=1&lat=2&lon=2", "lat is given 2 times"),
        (b"id=a&location=12", "location is not lat,lon"),
        (b"id=a&lat=1&lon=2&speed_unit=furlongs", "furlongs"),
        (b"id=a%00&lat=1&lon=2", "NUL character in $.id"),
        (b"id=%ff&lat=1&lon=2", "not a query string"),
        (b"&".join(b"a=1" for _ in range(300)), "not a query string"),
        (b'{"device_id":"a"}', "no object in $.location"),
        (b'{"location":{"coords":{}}}', "no device"),
        (b"[]", "a JSON object was expected"),
    ],
)
def test_bad_message__is_refused_with_what_and_where(body: bytes, reason: str) -> None:
    (item,) = read_message(body, SOURCE)
    assert isinstance(item, Bad)
    assert (item.code, item.raw) == ("malformed", body)
    assert reason in item.reason


def frames(shared_data: Path) -> list[dict[str, Any]]:
    lines = (shared_data / "wire/traccar_frames.jsonl").read_bytes().splitlines()
    return [frame for frame in map(msgspec.json.decode, lines) if frame["protocol"] == "OsmAnd"]


def test_traccars_frames__give_a_position_exactly_where_traccar_does(shared_data: Path) -> None:
    checked = frames(shared_data)
    assert len(checked) >= 15
    for frame in checked:
        (item,) = read_message((frame["payload"] or frame["uri_and_headers"][0]).encode(), SOURCE)
        if frame["check"] == "verifyNull":
            assert isinstance(item, Bad), frame
            continue
        assert isinstance(item, Decoded), (frame, item)
        place = (item.observation.longitude, item.observation.latitude)
        assert (None in place) == (frame["check"] == "verifyNotNull"), frame


def test_traccars_expected_attribute__is_kept_under_its_name(shared_data: Path) -> None:
    expecting = [frame for frame in frames(shared_data) if "expect_attribute" in frame]
    assert expecting
    for frame in expecting:
        expected = frame["expect_attribute"]
        assert str(fix(frame["payload"]).attributes["extras"][expected["key"]]) == expected["value"].rstrip("L")
