"""Rows of the database become pictures to vote on, and sequences become records. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from fusion.camera.audit import is_audited
from fusion.camera.entry import Entry
from fusion.camera.frame import Area, Frame, FrameBox, overlap
from fusion.camera.rules_toml import CameraRules
from fusion.camera.sequence import PictureSequence
from hub.records import sequence as records
from hub.records.ids import content_id
from hub.see.seen import Crop, Seen
from hub.store.sequences import Looked

SHARP_AT: Final = 10.0
"""A sharpness at which a picture has half of the say that the sharpest could have."""
SAME_AREA: Final = 0.9

_seen = msgspec.json.Decoder(Seen).decode
_crops = msgspec.json.Decoder(list[Crop]).decode


def frame_of(camera: str, row: Looked) -> Frame:
    """The look that counts, with what a classifier said of its boxes."""
    crops = _crops(row.second) if row.second else []
    sharpness = row.sharpness / (row.sharpness + SHARP_AT) if row.sharpness > 0 else 1.0
    boxes = tuple(
        FrameBox(box.label, min(box.probability, 1.0), area, _named(area, crops), sharpness)
        for box in _seen(row.body).boxes
        if (area := (box.x, box.y, box.width, box.height))[2] > 0 and area[3] > 0
    )
    return Frame(str(row.id), camera, row.taken_at.timestamp(), boxes, row.infrared, (row.looked_by,))


def _named(area: Area, crops: Sequence[Crop]) -> tuple[tuple[str, float], ...]:
    best = max(crops, key=lambda one: overlap(area, one.area), default=None)
    if best is None or overlap(area, best.area) < SAME_AREA:
        return ()
    return tuple(best.named)


def record_of(site: str, one: PictureSequence, rules: CameraRules, version: int) -> records.Sequence:
    """A sequence as it is kept. Its id is made of its first picture, so a grown one keeps it."""
    key = content_id("sequence", site, one.camera, one.keys[0])
    return records.Sequence(
        id=key,
        site=site,
        device=one.camera,
        begins_at=datetime.fromtimestamp(one.begins_s, UTC),
        ends_at=datetime.fromtimestamp(one.ends_s, UTC),
        pictures=tuple(UUID(picture) for picture in one.keys),
        bursts=one.bursts,
        infrared=one.infrared,
        entries=tuple(_entry(entry) for entry in one.entries),
        reasons=one.reasons,
        value=round(one.value, 6),
        target=round(one.target, 6),
        audited=is_audited(str(key), rules.auditing.share),
        judged_by=version,
    )


def _entry(entry: Entry) -> records.SequenceEntry:
    said = entry.prediction
    return records.SequenceEntry(
        label=said.label,
        probability=round(said.probability, 6),
        source=said.source,
        count=entry.count,
        pictures=tuple(UUID(picture) for picture in entry.frames),
        unexpected=said.unexpected,
        disputed=entry.disputed,
        quieted=entry.quieted,
    )
