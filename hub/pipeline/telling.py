"""What crosses between the pipeline's process and the hub's: frames of a length and a MessagePack body."""

from __future__ import annotations

import asyncio
import struct
from typing import TypeVar

import msgspec

from hub.pipeline.line import Told

Frame = TypeVar("Frame", "Order", "Telling")
# More detections than this at once are an import, not news.
MOST_HEARD = 500
_LENGTH = struct.Struct(">I")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub tells its pipeline at the start. On a pipe: arguments and environment can be read by others."""

    dsn: str
    log_level: str


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """What a committed step at a site means."""

    site: str
    told: Told


def packed(frame: Order | Telling) -> bytes:
    """A frame for the pipe."""
    body = msgspec.msgpack.encode(frame)
    return _LENGTH.pack(len(body)) + body


async def receive(pipe: asyncio.StreamReader, kind: type[Frame]) -> Frame | None:
    """The next frame; None when the other side has gone, also in the middle of one."""
    try:
        (length,) = _LENGTH.unpack(await pipe.readexactly(_LENGTH.size))
        body = await pipe.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return msgspec.msgpack.decode(body, type=kind)


def thinned(told: Told) -> Told:
    """Of what was noticed the newest of each subject, and of all the newest that a frame has room for."""
    if len(told.heard) <= MOST_HEARD:
        return told
    ordered = sorted(told.heard, key=lambda one: (one.seen.observed_at, one.seen.id))
    newest = {one.subject: one for one in ordered}
    kept = {one.seen.id: one for one in (*newest.values(), *ordered[-MOST_HEARD:])}
    return msgspec.structs.replace(told, heard=tuple(sorted(kept.values(), key=lambda one: one.seen.observed_at)))
