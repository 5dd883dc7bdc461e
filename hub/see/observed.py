"""What a model saw in a picture, as detections for the log. Pure: the same look gives the same observations, always."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from fusion.camera.manifest import ModelManifest
from hub.records.observation import NO_ALARM, UNNAMED_CAMERA, Detection
from hub.see.seen import Box, Seen

RECEIVED_TIME: Final = "received_time"


class Levels(msgspec.Struct, frozen=True):
    """Of a model, kept with each look: from which probability on it is shown, and may raise an alert, by group.

    groups: what it can see at all. One that knows no persons does not say that there are none.
    """

    show: float
    alert: dict[str, float] = {}
    groups: tuple[str, ...] = ()


def levels_of(manifest: ModelManifest) -> Levels:
    """The thresholds of a manifest that outlive it."""
    return Levels(manifest.thresholds.show, dict(manifest.thresholds.alert), manifest.labels.groups)


def key_of(manifest: ModelManifest) -> str:
    """The name of one version of a model, which looks carry."""
    return f"{manifest.id}@{manifest.version}"


def detections_of(
    medium: UUID,
    model: str,
    seen: Seen,
    levels: Levels,
    *,
    device: str | None,
    taken_at: datetime,
    method: str | None,
    flags: tuple[str, ...] = (),
) -> list[Detection]:
    """One detection a box that is shown. Of each group the best box may raise an alert, if the model is sure enough.

    Three persons in a picture are one alarm, and a box of 0.06 is none.
    """
    best = _alarming(seen.boxes, levels.alert)
    out: list[Detection] = []
    for number, box in enumerate(seen.boxes):
        if box.probability < levels.show:
            continue
        quiet = () if best.get(box.label) == number else (NO_ALARM,)
        out.append(
            Detection(
                device=device or UNNAMED_CAMERA,
                observed_at=taken_at,
                source_id=f"{medium}/{model}/{number}",
                flags=(*flags, *quiet, *((RECEIVED_TIME,) if method == "received" else ())),
                label=box.label,
                probability=round(min(box.probability, 1.0), 4),
                media=str(medium),
                bounding_box=_rounded(box),
                attributes={"model": model} | ({"named": box.named} if box.named not in ("", box.label) else {}),
            )
        )
    return out


def _alarming(boxes: list[Box], alert: Mapping[str, float]) -> dict[str, int]:
    best: dict[str, int] = {}
    for number, box in enumerate(boxes):
        sure = box.label in alert and box.probability >= alert[box.label]
        if sure and (box.label not in best or box.probability > boxes[best[box.label]].probability):
            best[box.label] = number
    return best


def _rounded(box: Box) -> tuple[float, float, float, float]:
    left, top = min(max(box.x, 0.0), 1.0), min(max(box.y, 0.0), 1.0)
    sides = (left, top, min(box.width, 1.0 - left), min(box.height, 1.0 - top))
    return (round(sides[0], 5), round(sides[1], 5), round(sides[2], 5), round(sides[3], 5))
