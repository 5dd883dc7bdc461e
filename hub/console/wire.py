"""What leaves the hub for a map: positions and detections, through clearance."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from hub.clearance import EXACT, cleared, masked
from hub.console.sensitive import NO_MARKS, Marks, is_sensitive
from hub.pipeline.line import Heard
from hub.pipeline.world import World
from hub.records.observation import Detection, ErrorEllipse, Sighting
from hub.records.person import Role
from hub.records.position import Position

# A subject that says nothing for this long is drawn as silent; by kind of device.
SILENT_AFTER = {
    "phone": timedelta(minutes=30),
    "vehicle": timedelta(minutes=30),
    "collar": timedelta(hours=36),
    "camera": timedelta(days=3),
}
SILENT_AFTER_OTHERS = timedelta(hours=24)


class SubjectItem(msgspec.Struct, frozen=True, kw_only=True):
    """A subject on the map. The ellipse is None where the place was generalised; `stale_s` is the age of the fix.

    share: how probably the newest evidence is the subject's.
    """

    kind: str
    id: UUID
    name: str
    scientific_name: str
    sensitive: bool
    device: str
    device_kind: str
    longitude: float
    latitude: float
    uncertainty_m: float
    ellipse: ErrorEllipse | None
    observed_at: datetime | None
    stale_s: float | None
    generalised: bool
    state: str
    share: float


def subject_item(
    position: Position, world: World, role: Role, now: datetime, marks: Marks = NO_MARKS
) -> SubjectItem | None:
    """What a reader of this role may know of a position; None: nothing. A satellite is nowhere on the map.

    marks: what its place asks for besides what its subject says, here and below.
    """
    if position.device_kind == "satellite":
        return None
    # What is probably this animal is perhaps another, whose place needs clearance.
    sensitive = marks.sensitive or world.is_sensitive(position.subject) or position.share < 1.0
    personal = marks.personal or world.is_personal(position.subject)
    place = cleared(position.longitude, position.latitude, position.uncertainty_m, sensitive, role, personal=personal)
    if place.longitude is None or place.latitude is None or place.uncertainty_m is None:
        return None
    observed_at = position.observed_at
    if position.subject.kind == "place" and role not in EXACT and observed_at is not None:
        # The second in which a camera spoke would give away where a sensitive animal was seen in that second.
        observed_at = observed_at.replace(hour=0, minute=0, second=0, microsecond=0)
    age = None if observed_at is None else now - observed_at
    return SubjectItem(
        kind=position.subject.kind,
        id=position.subject.id,
        name=position.name,
        scientific_name=position.scientific_name,
        sensitive=sensitive,
        device=position.device,
        device_kind=position.device_kind,
        longitude=place.longitude,
        latitude=place.latitude,
        uncertainty_m=place.uncertainty_m,
        ellipse=None if place.generalised else position.ellipse,
        observed_at=observed_at,
        stale_s=None if age is None else round(max(age.total_seconds(), 0.0), 1),
        generalised=place.generalised,
        state="silent" if is_silent(position, now) else "ok",
        share=position.share,
    )


def is_silent(position: Position, now: datetime) -> bool:
    """Has this subject said nothing for longer than its kind of device should?"""
    allowed = SILENT_AFTER.get(position.device_kind, SILENT_AFTER_OTHERS)
    return position.observed_at is None or now - position.observed_at > allowed


class DetectionItem(msgspec.Struct, frozen=True, kw_only=True):
    """A detection or sighting, with the place of its device where it has none of its own."""

    id: UUID
    kind: str
    label: str
    probability: float | None
    scientific_name: str | None
    individual: str | None
    count: int | None
    longitude: float | None
    latitude: float | None
    uncertainty_m: float | None
    generalised: bool
    observed_at: datetime
    received_at: datetime
    device: str
    media: str | None


def detection_item(heard: Heard, world: World, role: Role, marks: Marks = NO_MARKS) -> DetectionItem | None:
    """What a reader of this role may know of a detection. One that shows a sensitive species is sensitive."""
    observation = heard.seen.observation
    if not isinstance(observation, Detection | Sighting):
        return None
    sensitive = marks.sensitive or is_sensitive(observation, world)
    place = cleared(heard.longitude, heard.latitude, heard.uncertainty_m, sensitive, role)
    # Where nothing is known of the place, the name of the device still is one.
    generalised = sensitive and role not in EXACT
    return DetectionItem(
        id=masked(heard.seen.id) if generalised else heard.seen.id,
        kind="detection" if isinstance(observation, Detection) else "sighting",
        label=observation.label,
        probability=observation.probability if isinstance(observation, Detection) else None,
        scientific_name=observation.scientific_name,
        individual=None if generalised else observation.individual,
        count=observation.count,
        longitude=place.longitude,
        latitude=place.latitude,
        uncertainty_m=place.uncertainty_m,
        generalised=generalised,
        observed_at=heard.seen.observed_at,
        received_at=heard.seen.received_at,
        # The name of a camera is its place.
        device="" if generalised else heard.seen.device,
        media=None if generalised else observation.media,
    )
