"""Frigate NVR over MQTT: https://docs.frigate.video/integrations/mqtt/.

``frigate/events`` (new, update, end) → Detection, one for each state; its box is in pixels of a frame whose size the
message does not tell, so it stays an attribute. Reviews, updates of tracked objects, triggers, statistics and plain
states (availability, counts, switches) → Reading. The camera is the device. Snapshots (pictures) are refused.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, cast

from hub.ingest.dialects import vet
from hub.ingest.dialects.reading import Dialect, Source, observe
from hub.records.errors import Malformed
from hub.records.observation import Detection, Observation, Reading
from hub.records.receipt import Bad, Decoded

STATES = ("new", "update", "end")
# Field of a tracked_object_update that is its value, by type.
VALUES_OF = {
    "description": ("description",),
    "face": ("name",),
    "lpr": ("plate",),
    "classification": ("sub_label", "attribute"),
}
# JSON messages without a type of their own, known by the last level of their topic.
REPORTS = (
    "audio_detections",
    "birdseye_layout",
    "camera_activity",
    "embeddings_reindex_progress",
    "model_state",
    "stats",
)
LONGEST_STATE = 200
Fields = dict[str, Any]


def read_message(body: bytes, source: Source) -> list[Decoded | Bad]:
    """One observation of one message."""
    read = _json if body.lstrip()[:1] == b"{" else _state
    return vet.attempt(body, partial(read, body, source))


def _json(body: bytes, source: Source) -> list[Observation]:
    message = vet.fields(body)
    kind = message.get("type")
    if "after" in message:
        after = message["after"]
        if not isinstance(after, dict) or kind not in STATES:
            raise Malformed("a state needs $.type (new, update, end) and an object in $.after")
        state = cast("Fields", after)
        return [_review(state, kind) if "severity" in state else _detection(state, kind)]
    if isinstance(kind, str) and kind in VALUES_OF:
        return [_update(kind, message, source)]
    if "event_id" in message and "name" in message:
        return [_trigger(message, source)]
    report = source.address.rpartition("/")[2]
    if report not in REPORTS and {"cameras", "service"} <= message.keys():
        report = "stats"
    if report in REPORTS:
        return [_report(report, message, source)]
    raise Malformed("not a known Frigate message: " + ", ".join(message)[:200])


def _detection(state: Fields, kind: str) -> Detection:
    camera, label, identity = state.pop("camera", None), state.pop("label", None), _text(state, "id")
    frame_time = state.pop("frame_time", None)
    name = "top_score" if state.get("top_score") is not None else "score"
    return observe(
        Detection,
        device=_camera(camera),
        observed_at=vet.instant(frame_time, "$.after.frame_time"),
        source_id=f"{identity}:{kind}:{frame_time}",
        label=label,
        probability=vet.take(state, name, low=0, high=1),
        flags=("false_positive",) if state.pop("false_positive", False) is True else (),
        attributes=state | {"type": kind},
    )


def _review(state: Fields, kind: str) -> Reading:
    told = state.get("end_time") if kind == "end" else None
    return observe(
        Reading,
        device=_camera(state.pop("camera", None)),
        observed_at=vet.instant(told if told is not None else state.get("start_time"), "$.after.start_time"),
        quantity="frigate.review",
        value=state.pop("severity"),
        attributes=state | {"type": kind},
    )


def _update(kind: str, message: Fields, source: Source) -> Reading:
    told = message.pop("timestamp", None)
    name = next((name for name in VALUES_OF[kind] if message.get(name) is not None), None)
    return observe(
        Reading,
        device=message.pop("camera", None) or source.device or "frigate",
        observed_at=_start(_text(message, "id"), "$.id") if told is None else vet.instant(told, "$.timestamp"),
        quantity=f"frigate.{kind}",
        value=message.pop(name) if name else None,
        attributes=message,
    )


def _trigger(message: Fields, source: Source) -> Reading:
    return observe(
        Reading,
        device=message.pop("camera", None) or source.device or "frigate",
        observed_at=_start(_text(message, "event_id"), "$.event_id"),
        quantity="frigate.trigger",
        value=message.pop("name"),
        attributes=message,
    )


def _report(report: str, message: Fields, source: Source) -> Reading:
    service = message.get("service")
    told = cast("Fields", service).get("last_updated") if isinstance(service, dict) else None
    observed_at, flags = vet.observed(told, "$.service.last_updated", source)
    return observe(
        Reading,
        device=source.device or "frigate",
        observed_at=observed_at,
        quantity=f"frigate.{report}",
        flags=flags,
        attributes=message,
    )


def _state(body: bytes, source: Source) -> list[Reading]:
    """A bare word or number: what it is about stands in the topic, ``frigate/<camera>/<what>/…``."""
    if len(body) > LONGEST_STATE:
        raise Malformed(f"{len(body)} bytes that are neither a JSON object nor a state: a picture?")
    try:
        text = vet.plain_text(body.decode().strip())
    except UnicodeDecodeError:
        raise Malformed("neither a JSON object nor a state: not UTF-8") from None
    levels = [level for level in vet.plain_text(source.address, "the topic").split("/") if level]
    if "frigate" in levels:
        levels = levels[levels.index("frigate") + 1 :]
    if not text.isprintable():
        raise Malformed("neither a JSON object nor a state: control characters")
    if not text or not levels:
        raise Malformed("an empty state, or no topic that says what it is about")
    camera = levels.pop(0) if len(levels) > 1 else source.device or "frigate"
    value: object = text
    if text.lstrip("-").replace(".", "", 1).isdecimal():
        value = vet.number(text, "$")
    return [
        observe(
            Reading,
            device=camera,
            observed_at=source.received_at,
            quantity="frigate." + ".".join(levels),
            value=value,
            flags=("received_time",),
        )
    ]


def _camera(value: object) -> object:
    if not value:
        raise Malformed("no camera in $.after.camera")
    return value


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(f"no text in $.{name}")
    return value


def _start(identity: str, where: str) -> datetime:
    """Frigate's ids begin with the time at which the object was first seen: ``1607123955.475377-mxklsc``."""
    return vet.instant(identity.partition("-")[0], where)


DIALECT = Dialect(name="frigate", title="Frigate NVR", message=read_message)
