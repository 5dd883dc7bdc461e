"""What was seen becomes detections: the same each time, and one alarm of each kind at most."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from hub.records.observation import NO_ALARM, Detection
from hub.see.observed import Levels, detections_of
from hub.see.seen import Box, Seen

MEDIUM = UUID(int=7)
AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
LEVELS = Levels(show=0.25, alert={"person": 0.5})


def box(label: str, probability: float, **given: float) -> Box:
    return Box(**({"label": label, "probability": probability, "named": label} | dict.fromkeys(
        ("x", "y", "width", "height"), 0.25) | given))  # fmt: skip


def detected(*boxes: Box, method: str = "exif", device: str | None = "cam-1") -> list[Detection]:
    seen = Seen(state="seen", boxes=list(boxes))
    return detections_of(MEDIUM, "m@1", seen, LEVELS, device=device, taken_at=AT, method=method)


def test_detections__what_is_not_shown_is_none() -> None:
    assert [one.label for one in detected(box("animal", 0.9), box("person", 0.2))] == ["animal"]


def test_detections__three_persons_are_one_alarm_and_an_unsure_one_is_none() -> None:
    found = detected(box("person", 0.6), box("person", 0.9), box("person", 0.7), box("animal", 0.9))
    assert [NO_ALARM in one.flags for one in found] == [True, False, True, True]
    assert [NO_ALARM in one.flags for one in detected(box("person", 0.4))] == [True]


def test_detections__are_valid_whatever_the_box_is() -> None:
    (one,) = detected(box("person", 1.0000001, x=-0.2, y=0.9, width=3, height=3), method="received", device=None)
    assert one.bounding_box == (0.0, 0.9, 1.0, 0.1)
    assert (one.device, one.source_id, one.flags) == ("unnamed-camera", f"{MEDIUM}/m@1/0", ("received_time",))
    assert msgspec.convert(msgspec.to_builtins(one), Detection) == one
