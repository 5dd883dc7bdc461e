"""Frigate: each state of an object is its own detection; the messages of its documentation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.ingest.dialects.frigate import read_message
from hub.ingest.dialects.reading import Source
from hub.records.observation import Detection, Observation, Reading
from hub.records.receipt import Bad, Decoded

STATE: dict[str, Any] = {"id": "1.5-a", "camera": "gate", "frame_time": 1750000000.5, "label": "person", "score": 0.5}


def source(address: str = "frigate/events") -> Source:
    return Source(address=address, received_at=datetime(2025, 6, 15, 16, 0, tzinfo=UTC), device="nvr-1")


def only(body: bytes, where: Source | None = None) -> Observation:
    (item,) = read_message(body, where or source())
    assert isinstance(item, Decoded), item
    return item.observation


def state(kind: object = "update", **change: object) -> bytes:
    return msgspec.json.encode({"type": kind, "before": {}, "after": STATE | change})


def test_states_of_one_object__are_observations_of_their_own() -> None:
    bodies = [state("new"), state("update"), state("update", frame_time=1750000001.5), state("end")]
    assert len({only(body).source_id for body in bodies}) == 4
    assert only(bodies[0]).source_id == "1.5-a:new:1750000000.5"


def test_camera__is_the_device_even_where_the_door_knows_the_recorder() -> None:
    assert only(state()).device == "gate"


def test_box__stays_in_pixels_among_the_attributes() -> None:
    detection = only(state(box=[424, 500, 536, 712]))
    assert isinstance(detection, Detection) and detection.bounding_box is None
    assert detection.attributes["box"] == [424, 500, 536, 712]


@pytest.mark.parametrize(
    ("topic", "body", "device", "quantity", "value"),
    [
        ("frigate/available", b"offline", "nvr-1", "frigate.available", "offline"),
        ("frigate/gate/person", b"3", "gate", "frigate.person", 3.0),
        ("frigate/gate/motion", b"ON", "gate", "frigate.motion", "ON"),
        ("north/frigate/gate/audio/dBFS", b"-31.5", "gate", "frigate.audio.dBFS", -31.5),
    ],
)
def test_plain_state__is_a_reading_named_by_its_topic(
    topic: str, body: bytes, device: str, quantity: str, value: object
) -> None:
    reading = only(body, source(topic))
    assert isinstance(reading, Reading)
    assert (reading.device, reading.quantity, reading.value) == (device, quantity, value)


@pytest.mark.parametrize(
    ("body", "address", "reason"),
    [
        (state(kind="dance"), "frigate/events", "$.type"),
        (state(camera=None), "frigate/events", "no camera"),
        (state(label=None), "frigate/events", "label"),
        (state(frame_time=None), "frigate/events", "$.after.frame_time"),
        (state(id=5), "frigate/events", "no text in $.id"),
        (state(sub_label="a\0"), "frigate/events", "NUL character in $.after.sub_label"),
        (b'{"type":"face","id":"x","name":"a"}', "frigate/tracked_object_update", "not a time in $.id"),
        (b'{"type":"dance"}', "frigate/events", "not a known Frigate message"),
        (b"\xff\xd8\xff\xe0 jpeg", "frigate/gate/person/snapshot", "not UTF-8"),
        (b"\xff\xd8" * 5000, "frigate/gate/person/snapshot", "a picture?"),
        (b"", "frigate/available", "empty state"),
        (b"ON", "frigate", "no topic"),
        (b"a\0b", "frigate/gate/motion", "NUL"),
    ],
)
def test_bad_message__is_refused_with_what_and_where(body: bytes, address: str, reason: str) -> None:
    (item,) = read_message(body, source(address))
    assert isinstance(item, Bad) and item.raw == body
    assert reason in item.reason


def test_documented_messages__all_become_observations(shared_data: Path) -> None:
    examples = msgspec.json.decode((shared_data / "wire/camera_ai/frigate_mqtt_messages.json").read_bytes())
    found = [only(msgspec.json.encode(example["payload"]), source("frigate/x")) for example in examples]
    detection, *readings = found
    assert isinstance(detection, Detection)
    assert (detection.device, detection.label, detection.probability) == ("front_door", "person", 0.958984375)
    assert detection.source_id == "1607123955.475377-mxklsc:update:1607123962.082975"
    assert [(each.quantity, each.value) for each in readings if isinstance(each, Reading)] == [
        ("frigate.description", "The car is a red sedan moving away from the camera."),
        ("frigate.face", "John"),
        ("frigate.lpr", "123ABC"),
        ("frigate.classification", "delivery_person"),
        ("frigate.classification", "yes"),
        ("frigate.review", "alert"),
        ("frigate.trigger", "car_trigger"),
    ]
