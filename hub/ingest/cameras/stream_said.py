"""What the hub and the process that follows a stream say to each other."""

from __future__ import annotations

import msgspec


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    """The order; fields as of `hub.ingest.cameras.stream_list.Stream`."""

    url: str
    every_s: float
    change: float | None
    transport: str
    silence_s: float
    most_px: int


class Frame(msgspec.Struct, frozen=True, tag="frame"):
    """A picture, as JPEG."""

    jpeg: bytes


class Alive(msgspec.Struct, frozen=True, tag="alive"):
    """Frames come, none of them is due."""


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """The stream is over; `reason` names no address."""

    reason: str


Said = Frame | Alive | Ended
