"""What arrives at a door: the payload as the device would send it, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from hub.records.observation import Observation

FLAG: Final = "drill"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_json = msgspec.json.Encoder()


class Message(msgspec.Struct, frozen=True, order=True):
    """`body` reaches the hub at `delivered_at`, in this dialect, from this device. Sorted in order of delivery."""

    delivered_at: datetime
    device: str
    dialect: str
    body: bytes


def moment(unix_s: float) -> datetime:
    """Aware UTC time, rounded to the millisecond as devices state it."""
    return EPOCH + timedelta(milliseconds=round(unix_s * 1000))


def unix(time: datetime) -> float:
    """Seconds since 1970."""
    return (time - EPOCH).total_seconds()


def envelope(observation: Observation, delivered_s: float) -> Message:
    """The hub's own dialect: one observation as JSON."""
    return Message(moment(delivered_s), observation.device, "envelope", _json.encode(observation))


def owntracks(device: str, fields: dict[str, Any], delivered_s: float) -> Message:
    """A location of the OwnTracks app of `device` (``user/phone``); `fields` by the names of its booklet."""
    body = {"_type": "location", "topic": f"owntracks/{device}", **fields, FLAG: True}
    return Message(moment(delivered_s), device, "owntracks", _json.encode(body))
