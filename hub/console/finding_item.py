"""Findings as they are told, through clearance."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hub.clearance import WITHHELD, ExactReads, cleared, masked
from hub.console.sensitive import is_personal_noticed, is_sensitive_noticed, sensitive_name_noticed
from hub.pipeline.world import World
from hub.records.finding import BEHAVIOURS, Finding, Subject
from hub.records.person import Role


class FindingItem(msgspec.Struct, frozen=True, kw_only=True):
    """A finding with the name of its subject. `other`: whom it met; `detail`: of what an animal does, why it is so.

    Both are left out where the place is generalised.
    """

    id: UUID
    subject: dict[str, Any]
    subject_name: str
    kind: str
    fence: UUID | None
    fence_version: int | None
    observed_from: datetime
    observed_to: datetime
    crossed_at: datetime
    earliest_at: datetime
    latest_at: datetime
    decided_at: datetime
    probability: float
    longitude: float
    latitude: float
    evidence: list[UUID]
    generalised: bool
    other: UUID | None = None
    other_name: str | None = None
    detail: dict[str, Any] = {}


def finding_item(finding: Finding, world: World, role: Role, reads: ExactReads) -> FindingItem | None:
    """A finding as a reader of this role may know it."""
    sensitive, personal = is_sensitive_noticed(finding, world), is_personal_noticed(finding, world)
    place = cleared(finding.longitude, finding.latitude, 0.0, sensitive, role, personal=personal)
    if place.longitude is None or place.latitude is None:
        return None
    if sensitive:
        reads.saw(sensitive_name_noticed(finding, world))
    other = None if finding.other is None else Subject(kind="individual", id=finding.other)
    # The place of a detection is that of what detected it.
    hidden = place.generalised and finding.kind == "present"
    return FindingItem(
        id=finding.id,
        subject={"kind": finding.subject.kind, "id": masked(finding.id) if hidden else finding.subject.id},
        subject_name=WITHHELD if hidden else world.name_of(finding.subject),
        kind=finding.kind,
        fence=finding.fence,
        fence_version=finding.fence_version,
        observed_from=finding.observed_from,
        observed_to=finding.observed_to,
        crossed_at=finding.crossed_at,
        earliest_at=finding.earliest_at,
        latest_at=finding.latest_at,
        decided_at=finding.decided_at,
        probability=finding.probability,
        longitude=place.longitude,
        latitude=place.latitude,
        evidence=[masked(key) for key in finding.evidence] if place.generalised else list(finding.evidence),
        generalised=place.generalised,
        other=None if place.generalised else finding.other,
        other_name=None if place.generalised or other is None else world.name_of(other),
        detail=finding.detail if finding.kind in BEHAVIOURS and not place.generalised else {},
    )
