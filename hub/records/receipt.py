"""What came through a door, and what the hub answers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from hub.records.observation import Observation


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes at a door, before anything is believed about them.

    door: ``mqtt``, ``http`` or ``file``. dialect: name of a file in `hub/ingest/dialects`. address: topic, path or file
    name with line. sender: the authenticated person or key, if any. device: the device that the door vouches for (by
    topic or key): the payload may speak for no other.
    """

    site: str
    door: str
    dialect: str
    address: str
    body: bytes
    received_at: datetime
    sender: str | None = None
    device: str | None = None


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """One observation with the part of the payload that said it (the whole payload, or one row of a file)."""

    observation: Observation
    raw: bytes


class Bad(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a payload that cannot be an observation: it goes to quarantine with the reason."""

    raw: bytes
    code: str
    reason: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one accepted arrival, and the ids that are now in the log (new and known)."""

    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    ids: tuple[UUID, ...] = ()
    problems: tuple[str, ...] = ()
