"""Rosette's own envelope: fast path and batch agree, one bad element spoils nothing, and the schema describes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from hub.ingest.dialects.envelope import json_schema, read_message
from hub.ingest.dialects.reading import Source
from hub.records.receipt import Bad, Decoded

RECEIVED = datetime(2025, 6, 15, 16, 0, tzinfo=UTC)
FIX: dict[str, Any] = {
    "kind": "fix",
    "device": "a",
    "observed_at": "2025-06-15T15:06:40Z",
    "longitude": 1,
    "latitude": 2,
}


def source(device: str | None = None) -> Source:
    return Source(address="x", received_at=RECEIVED, device=device)


@pytest.mark.parametrize("wrap", [lambda one: [one], lambda one: {"observations": [one]}])
def test_one_alone_and_one_in_a_batch__are_the_same_observation(wrap: Any) -> None:
    (alone,) = read_message(msgspec.json.encode(FIX), source())
    (batched,) = read_message(msgspec.json.encode(wrap(FIX)), source())
    assert isinstance(alone, Decoded) and alone == batched


def test_device__may_be_left_out_where_the_door_knows_it() -> None:
    body = msgspec.json.encode({name: value for name, value in FIX.items() if name != "device"})
    (known,) = read_message(body, source("phone-9"))
    (unknown,) = read_message(body, source())
    assert isinstance(known, Decoded) and known.observation.device == "phone-9"
    assert isinstance(unknown, Bad) and "`device`" in unknown.reason


def test_device__other_than_the_sender_is_refused() -> None:
    (item,) = read_message(msgspec.json.encode(FIX), source("phone-9"))
    assert isinstance(item, Bad) and "'phone-9'" in item.reason


def test_time__is_in_utc_whatever_its_zone() -> None:
    (item,) = read_message(msgspec.json.encode(FIX | {"observed_at": "2025-06-15T20:06:40+05:00"}), source())
    assert isinstance(item, Decoded)
    assert item.observation.observed_at.tzinfo is UTC and item.observation.observed_at.hour == 15


def test_one_bad_element__keeps_its_own_bytes_and_spoils_nothing() -> None:
    wrong = msgspec.json.encode(FIX | {"latitude": 91})
    first, second, third = read_message(b"[%b, %b,%b]" % (msgspec.json.encode(FIX), wrong, b'{"kind"  :7}'), source())
    assert isinstance(first, Decoded)
    assert isinstance(second, Bad) and second.raw == wrong and "$.latitude" in second.reason
    assert isinstance(third, Bad) and third.raw == b'{"kind"  :7}'


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"attributes": {"a": {"b": ["x\0"]}}}, "NUL character in $.attributes.a.b[0]"),
        ({"attributes": {"x\0": 1}}, "NUL character in $.attributes, in a key"),
        ({"device": "a\0"}, "NUL character in $.device"),
        ({"flags": ["a\0"]}, "NUL character in $.flags[0]"),
        ({"altitude_m": 1e300}, "beyond 2^63 in $.altitude_m"),
        ({"observed_at": "2025-06-15T15:06:40"}, "timezone"),
        ({"observed_at": "0001-01-01T00:00:00+14:00"}, "years 1 to 9999"),
        ({"longitude": -180.1}, "$.longitude"),
        ({"kind": "camel"}, "camel"),
    ],
)
@pytest.mark.parametrize("batch", [False, True])
def test_bad_observation__is_refused_with_what_and_where(change: dict[str, Any], reason: str, batch: bool) -> None:
    one: dict[str, Any] = FIX | change
    (item,) = read_message(msgspec.json.encode([one] if batch else one), source())
    assert isinstance(item, Bad) and item.code == "malformed"
    assert reason in item.reason and item.raw == msgspec.json.encode(one)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"observations":[', b'{"observations":{"a":'])
def test_bottomless_nesting__is_refused(opening: bytes) -> None:
    (item,) = read_message(opening * 50_000, source())
    assert isinstance(item, Bad)


def test_nesting_that_can_be_parsed__is_refused_beyond_64_levels() -> None:
    body = msgspec.json.encode(FIX)[:-1] + b',"attributes":{"a":' + b"[" * 70 + b"]" * 70 + b"}}"
    (item,) = read_message(body, source())
    assert isinstance(item, Bad) and "nested deeper than 64" in item.reason


def test_observations_that_are_no_list__are_refused_with_the_path() -> None:
    (item,) = read_message(b'{"observations":5}', source())
    assert isinstance(item, Bad) and "$.observations" in item.reason


def test_json_schema__describes_the_four_kinds_and_three_shapes() -> None:
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert len(schema["anyOf"]) == 3
    assert {"Fix", "Detection", "Sighting", "Reading"} <= schema["$defs"].keys()
    for name in ("Fix", "Detection", "Sighting", "Reading"):
        described = schema["$defs"][name]
        assert described["title"] == name and described["description"]
        assert {"kind", "device", "observed_at"} <= set(described["required"])
    assert schema["$defs"]["Fix"]["properties"]["latitude"]["anyOf"][0]["maximum"] == 90
