"""The Things Stack: identity of an uplink, places from decoded payloads, and the stack's own test messages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.ingest.dialects.reading import Source
from hub.ingest.dialects.things_stack import read_message
from hub.records.observation import Fix, Observation, Reading
from hub.records.receipt import Bad, Decoded

SOURCE = Source(address="v3/reserve/devices/collar-1/up", received_at=datetime(2025, 6, 15, 16, 0, tzinfo=UTC))


def message(payload: object, **uplink: object) -> bytes:
    content = {"decoded_payload": payload, "session_key_id": "AY==", "f_cnt": 7, **uplink}
    return msgspec.json.encode({"end_device_ids": {"device_id": "collar-1"}, "uplink_message": content})


def read(body: bytes) -> list[Observation]:
    items = read_message(body, SOURCE)
    assert all(isinstance(item, Decoded) for item in items), items
    return [item.observation for item in items if isinstance(item, Decoded)]


@pytest.mark.parametrize(
    "payload",
    [
        {"latitude": 43.2, "longitude": 76.9},
        {"lat": "43.2", "lng": "76.9"},
        {"gps_1": {"latitude": 43.2, "longitude": 76.9}},
        {"data": {"position": {"lat": 43.2, "lon": 76.9}}},
    ],
)
def test_place__is_found_under_its_usual_names(payload: dict[str, Any]) -> None:
    (fix,) = read(message(payload))
    assert isinstance(fix, Fix)
    assert (fix.longitude, fix.latitude) == (76.9, 43.2)


def test_payload_without_a_satellite_fix__still_gives_its_readings() -> None:
    (reading,) = read(message({"latitude": None, "longitude": None, "battery_v": 3.6}))
    assert isinstance(reading, Reading)
    assert (reading.quantity, reading.value, reading.longitude) == ("battery_v", 3.6, None)


def test_source_ids__tell_apart_parts_and_uplinks_and_agree_on_redelivery() -> None:
    payload = {"lat": 43.2, "lon": 76.9, "t": 21}
    first = [each.source_id for each in read(message(payload))]
    again = [each.source_id for each in read(message(payload))]
    later = [each.source_id for each in read(message(payload, f_cnt=8))]
    assert first == again
    assert len({*first, *later}) == 4


def test_restarted_frame_counter__is_another_uplink() -> None:
    before, after = (
        read(message({"t": 21}, received_at=f"2025-06-15T15:0{minute}:00Z"))[0].source_id for minute in (1, 2)
    )
    assert before != after


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (message({"lat": 91, "lon": 0}), "$.latitude"),
        (message({"lat": "north", "lon": 0}), "not a number in $.lat"),
        (message({"note": "a\0b"}), "NUL character in $.uplink_message.decoded_payload.note"),
        (message([1, 2]), "not an object in $.uplink_message.decoded_payload"),
        (message({}, rx_metadata=5), "$.uplink_message.rx_metadata"),
        (b'{"end_device_ids":{"device_id":"a"},"surprise":{}}', "no known message"),
        (b'{"end_device_ids":[]}', "not an object in $.end_device_ids"),
        (b'{"uplink_message":{}}', "no device"),
        (b"[" * 100_000, "nested deeper"),
    ],
)
def test_bad_message__is_refused_with_what_and_where(body: bytes, reason: str) -> None:
    (item,) = read_message(body, SOURCE)
    assert isinstance(item, Bad) and item.raw == body
    assert reason in item.reason


def test_stacks_own_messages__are_readings_unless_they_name_no_device(shared_data: Path) -> None:
    lines = (shared_data / "wire/lorawan/ttn_v3_application_up.jsonl").read_bytes().splitlines()
    uplink, join, nobody, downlinks = (read_message(line, SOURCE)[0] for line in lines)
    assert isinstance(uplink, Decoded) and isinstance(uplink.observation, Reading)
    assert (uplink.observation.quantity, uplink.observation.value) == ("test_key", 42)
    assert uplink.observation.source_id == "ESIzRA==:42:test_key"
    assert uplink.observation.flags == ("received_time",)
    assert uplink.observation.attributes["f_port"] == 42
    assert isinstance(nobody, Bad) and "no device" in nobody.reason
    for item, kind in ((join, "join_accept"), (downlinks, "downlinks")):
        assert isinstance(item, Decoded) and isinstance(item.observation, Reading)
        assert (item.observation.device, item.observation.quantity) == ("foo-device", f"things_stack.{kind}")
