"""A sequence: pictures of one camera a few minutes apart, what is on them, and what people say of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

SequenceState = Literal["review", "accepted", "decided", "reopened"]
"""A person should look; the machine is trusted; a person answered; pictures came within a day of the answer."""

Label = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class SequenceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One kind on a sequence. label: a taxon, person, vehicle, animal, blank or unknown; source: the rule that said so.

    count: how many were on one picture at most. unexpected: a taxon that a classifier is sure of and the park's list
    does not expect. disputed: pictures disagree; quieted: the camera sees this very box again and again.
    """

    label: str
    probability: float
    source: str
    count: int
    pictures: tuple[UUID, ...] = ()
    unexpected: str = ""
    disputed: bool = False
    quieted: bool = False


class Sequence(msgspec.Struct, frozen=True, kw_only=True):
    """What people see instead of single pictures. `version` goes up whenever pictures or entries change.

    reasons: why a person should look. value: how much a look is worth. target: how probably one of the park's targets
    is on it. audited: drawn for the blind audit. judged_by: version of the site's text, 0 for the hub's own.
    """

    id: UUID
    site: str
    device: str
    begins_at: datetime
    ends_at: datetime
    version: int = 1
    pictures: tuple[UUID, ...]
    bursts: int
    infrared: bool
    entries: tuple[SequenceEntry, ...]
    reasons: tuple[str, ...]
    value: float
    target: float
    audited: bool
    judged_by: int
    computed_at: datetime | None = None


class SaidOfSequence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind that a person saw, and how many at once."""

    label: Label
    count: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 1


class SequenceVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word about the pictures of a sequence as they were then. `blind`: without the machine's answer."""

    id: UUID
    sequence: UUID
    device: str
    infrared: bool
    pictures: tuple[UUID, ...]
    said: tuple[SaidOfSequence, ...]
    machine: tuple[SequenceEntry, ...]
    blind: bool
    note: str
    decided_by: str
    decided_at: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None


class JudgingText(msgspec.Struct, frozen=True, kw_only=True):
    """How a site's pictures are judged, as somebody wrote it. Version 0 is an empty text: the hub's own holds."""

    site: str
    version: int = 0
    text: str = ""
    written_by: str = ""
    written_at: datetime | None = None
