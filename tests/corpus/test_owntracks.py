"""OwnTracks: whose message it is, what its values mean, and the recorder's and Traccar's real messages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from hub.ingest.dialects.owntracks import read_message
from hub.ingest.dialects.reading import Source
from hub.records.observation import Fix, Observation, Reading
from hub.records.receipt import Bad, Decoded

RECEIVED = datetime(2025, 6, 15, 16, 0, tzinfo=UTC)


def source(address: str = "/ingest/owntracks", device: str | None = None) -> Source:
    return Source(address=address, received_at=RECEIVED, device=device)


def only(body: bytes, where: Source) -> Observation:
    (item,) = read_message(body, where)
    assert isinstance(item, Decoded), item
    return item.observation


LOCATION = {"_type": "location", "lat": 43.2, "lon": 76.9, "tst": 1750000000, "tid": "ns"}


@pytest.mark.parametrize(
    ("where", "extra", "device"),
    [
        (source("owntracks/aigul/phone", device="phone-9"), {"topic": "owntracks/other/phone"}, "phone-9"),
        (source("owntracks/aigul/phone"), {}, "aigul/phone"),
        (source("site/owntracks/aigul/phone/event"), {}, "aigul/phone"),
        (source(), {"topic": "owntracks/nurlan/pixel"}, "nurlan/pixel"),
        (source(), {}, "ns"),
    ],
)
def test_device__is_the_doors_then_the_topics_then_the_tracker_id(
    where: Source, extra: dict[str, str], device: str
) -> None:
    assert only(msgspec.json.encode(LOCATION | extra), where).device == device


def test_device__that_nobody_names_is_refused() -> None:
    (item,) = read_message(b'{"_type":"lwt","tst":1}', source())
    assert isinstance(item, Bad) and "no device" in item.reason


def test_empty_body__says_nothing() -> None:
    assert read_message(b" ", source()) == []


def test_two_last_wills_of_one_session__are_two_readings() -> None:
    body = b'{"_type":"lwt","tst":1440363922}'
    first = only(body, Source(address="x", received_at=RECEIVED, device="a"))
    second = only(body, Source(address="x", received_at=RECEIVED.replace(hour=17), device="a"))
    assert first != second


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"tid": "a\0b"}, "NUL character in $.tid"),
        ({"inregions": ["ok", "a\0b"]}, "NUL character in $.inregions[1]"),
        ({"_type": "dance"}, "'dance' is not a known OwnTracks type"),
        ({"_type": None}, "not a known OwnTracks type"),
        ({"lat": None}, "without $.lon or $.lat"),
        ({"lat": "NaN"}, "not a number"),
        ({"alt": 1e300}, "beyond 2^63 in $.alt"),
        ({"tst": "yesterday"}, "not a time in $.tst"),
        ({"tst": 1e18}, "not a time"),
        ({"vel": True}, "not a number in $.vel"),
        ({"lon": 180.5}, "$.longitude"),
    ],
)
def test_bad_location__is_refused_with_what_and_where(change: dict[str, object], reason: str) -> None:
    body = msgspec.json.encode(LOCATION | change)
    (item,) = read_message(body, source())
    assert isinstance(item, Bad)
    assert (item.code, item.raw) == ("malformed", body)
    assert reason in item.reason


def test_battery_beyond_100__does_not_cost_the_position() -> None:
    observation = only(msgspec.json.encode(LOCATION | {"batt": 105}), source())
    assert isinstance(observation, Fix)
    assert (observation.battery_percent, observation.attributes["batt"]) == (None, 105)


def test_recorders_log__gives_every_position_and_every_last_will(shared_data: Path) -> None:
    lines = (shared_data / "wire/owntracks/demo-iphone.rec").read_bytes().splitlines()
    observations = [only(line.split(b"\t", 2)[2], source(device="demo/iphone")) for line in lines]
    fixes = [observation for observation in observations if isinstance(observation, Fix)]
    assert (len(fixes), len(observations)) == (23, 25)
    assert {each.quantity for each in observations if isinstance(each, Reading)} == {"owntracks.lwt"}
    assert fixes[0].uncertainty_m == 3000 and fixes[0].speed_mps is None
    assert fixes[-1].speed_mps == pytest.approx(5.0) and fixes[-1].heading_deg == 82
    assert [fix.observed_at for fix in fixes] == sorted(fix.observed_at for fix in fixes)


def test_traccars_owntracks_frames__give_a_position(shared_data: Path) -> None:
    frames = [
        msgspec.json.decode(line) for line in (shared_data / "wire/traccar_frames.jsonl").read_bytes().splitlines()
    ]
    frames = [frame for frame in frames if frame["protocol"] == "OwnTracks"]
    assert len(frames) >= 6
    for frame in frames:
        observation = only(frame["payload"].encode(), source())
        assert isinstance(observation, Fix)
        sent = msgspec.json.decode(frame["payload"])
        assert (observation.longitude, observation.latitude) == (sent["lon"], sent["lat"])
        assert observation.observed_at.timestamp() == sent["tst"]
