"""A picture or video that the hub keeps. It is no observation: what is seen in it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

MediumState = Literal["waiting", "seen", "partial", "quarantined", "erased"]
MediumKind = Literal["jpeg", "png", "webp", "mp4"]
Door = Literal["http", "mqtt", "folder", "ftps", "mail", "card", "stream"]
TimeMethod = Literal["exif", "told", "received"]
DOORS: tuple[Door, ...] = ("http", "mqtt", "folder", "ftps", "mail", "card", "stream")


class Medium(msgspec.Struct, frozen=True, kw_only=True):
    """One picture or video, by its bytes: the same bytes at one site are one medium, however often they come.

    camera_time: by the camera's own clock, which knows no zone. taken_at: the best belief, by `time_method`. facts:
    what the file says of itself. preview_of: the full picture, where this is the small copy that came before it.
    kept_until: when it will be erased; the row stays. looked_by: the model that looked last, ``id@version``.
    persons: some look found one.
    """

    id: UUID
    site: str
    sha256: bytes
    kind: MediumKind
    bytes: int
    device: str | None = None
    live: bool = False
    received_at: datetime
    recorded_at: datetime | None = None
    state: MediumState = "waiting"
    reason: str | None = None
    camera_time: datetime | None = None
    taken_at: datetime | None = None
    time_method: TimeMethod | None = None
    width_px: int | None = None
    height_px: int | None = None
    facts: dict[str, Any] = {}
    preview_of: UUID | None = None
    perceptual_hash: int | None = None
    kept_until: datetime | None = None
    looked_by: str | None = None
    persons: bool = False
    name: str = ""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One way by which a medium came: door, address (path, topic, file name), sender. `times`: how often."""

    id: UUID
    medium: UUID
    site: str
    door: Door
    address: str
    sender: str | None = None
    device: str | None = None
    live: bool = False
    received_at: datetime
    recorded_at: datetime | None = None
    times: int = 1


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What one model saw in one medium. Never overwritten: another model's look is another one.

    model: ``id@version``. seen: boxes, size and facts as the process that looked gave them.
    """

    medium: UUID
    model: str
    state: Literal["seen", "partial", "unreadable"]
    seen: dict[str, Any] = {}
    looked_at: datetime
