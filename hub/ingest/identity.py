"""When are two observations the same one? Ids follow from what was said, never from when it came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from hub.ingest.plausible import CLOCK_FLAGS
from hub.records.ids import content_id
from hub.records.observation import Observation

# The sender gave no time: `observed_at` is when the message came.
RECEIVED_TIME = "received_time"
# Such words again within this time are a redelivery; later they are said anew.
REDELIVERED_WITHIN = timedelta(minutes=10)
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)

encode = msgspec.json.Encoder(order="deterministic").encode


def as_said(observation: Observation) -> Observation:
    """Without what the hub itself noted when it was received."""
    if CLOCK_FLAGS.isdisjoint(observation.flags):
        return observation
    flags = tuple(flag for flag in observation.flags if flag not in CLOCK_FLAGS)
    return msgspec.structs.replace(observation, flags=flags)


def identify(site: str, said: Observation, body: bytes) -> tuple[UUID, UUID]:
    """(id, content) of an observation as it was said; `body` is its encoding."""
    spoken = body if RECEIVED_TIME not in said.flags else _timeless(said)
    if said.source_id is not None:
        key = content_id("observation", site, said.device, said.source_id)
    elif spoken is body:
        key = content_id("observation", site, said.device, body)
    else:
        key = _in_window(site, said, spoken, _window(said))
    return key, content_id("content", spoken)


def id_before(site: str, said: Observation) -> UUID | None:
    """The id that the same words had in the window before, None where the id does not depend on the time of receipt."""
    if RECEIVED_TIME not in said.flags or said.source_id is not None:
        return None
    return _in_window(site, said, _timeless(said), _window(said) - 1)


def is_redelivery(at: datetime, earlier: datetime | None) -> bool:
    """Were the same words received so short a time before?"""
    return earlier is not None and abs(at - earlier) < REDELIVERED_WITHIN


def _timeless(said: Observation) -> bytes:
    return encode(msgspec.structs.replace(said, observed_at=_NO_TIME))


def _window(said: Observation) -> int:
    return (said.observed_at - _NO_TIME) // REDELIVERED_WITHIN


def _in_window(site: str, said: Observation, spoken: bytes, window: int) -> UUID:
    return content_id("observation", site, said.device, spoken, str(window))
