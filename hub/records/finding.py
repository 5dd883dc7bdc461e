"""Findings (noticed by the core) and alerts (decided by a rule), both pure functions of the observations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

import msgspec

from hub.records.ids import content_id
from hub.records.reference import CarrierKind, FenceTrigger, Severity

SubjectKind = Literal["individual", "person", "vehicle", "place", "device"]
Behaviour = Literal["immobility", "low_speed", "encounter", "wrong_deployment"]
# What a fence can ask for, and what animals and collars do of themselves.
FindingKind = FenceTrigger | Behaviour
BEHAVIOURS: frozenset[str] = frozenset(get_args(Behaviour))
AlertState = Literal["new", "acknowledged", "resolved", "retracted"]


class Subject(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Whatever moves on the map: a carrier, or a device that nobody has deployed yet."""

    kind: SubjectKind | CarrierKind
    id: UUID


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A subject and a fence had this relation, or a subject behaved so (`fence` None). Derived: same observations,
    same findings, same ids.

    observed_from/observed_to: times of the two fixes; `crossed_at` the best time (equal for ``present``), which lies
    within [earliest_at, latest_at]. decided_at: time of the observation that decided it; `probability` that it is so.
    `evidence`: the two observations, and that which decided, where it is another. `other`: whom it met.
    """

    id: UUID
    site: str
    subject: Subject
    kind: FindingKind
    fence: UUID | None = None
    fence_version: int | None = None
    observed_from: datetime
    observed_to: datetime
    crossed_at: datetime
    earliest_at: datetime
    latest_at: datetime
    decided_at: datetime
    probability: float
    longitude: float
    latitude: float
    evidence: tuple[UUID, ...]
    other: UUID | None = None
    detail: dict[str, Any] = {}


def behaviour_id(subject: Subject, kind: Behaviour, *evidence: UUID, other: UUID | None = None, of: str = "") -> UUID:
    """Identity of what an animal did: who, what, with whom, and the observations it rests on, or a name of the time."""
    seen = (e.bytes for e in evidence)
    return content_id("behaviour", subject.id.bytes, kind, b"" if other is None else other.bytes, of, *seen)


def finding_id(subject: Subject, fence: UUID, kind: str, ordinal: int, *evidence: UUID) -> UUID:
    """Identity of a finding: who, which fence, what, and the observations it rests on.

    `ordinal` tells apart several findings of one kind on one segment (out and in again).
    """
    seen = (e.bytes for e in evidence)
    return content_id("finding", subject.kind, subject.id.bytes, fence.bytes, kind, str(ordinal), *seen)


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What a dispatcher must look at. The facts are derived; the state is what people did with it.

    `corrects`: the alert that this one replaces after a late observation; `corrected_by` the other direction. An alert
    that no finding supports any more is ``retracted`` with `cause`, never deleted.
    """

    id: UUID
    site: str
    finding: UUID
    subject: Subject
    subject_name: str
    kind: FindingKind
    fence: UUID | None = None
    fence_name: str = ""
    severity: Severity
    occurred_at: datetime
    longitude: float
    latitude: float
    state: AlertState = "new"
    version: int = 1
    raised_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None
    outcome: str | None = None
    corrects: UUID | None = None
    corrected_by: UUID | None = None
    cause: str | None = None
    detail: dict[str, Any] = {}


class Decisions(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch of changed findings means: alerts to raise, to retract, and old → new where one replaces another."""

    raised: tuple[Alert, ...] = ()
    retracted: tuple[UUID, ...] = ()
    corrections: tuple[tuple[UUID, UUID], ...] = ()
    # Why some are retracted, where it is not for what the batch brought: the animal moved on.
    causes: dict[UUID, str] = {}
