"""What crosses between the pipeline's process and the hub's: frames of a length and a MessagePack body."""

from __future__ import annotations

import asyncio
import struct
from typing import Protocol, TypeVar

import msgspec

from hub.pipeline.line import Told
from hub.records.cursor import Cursor

Frame = TypeVar("Frame", "Order", "Telling")
# More detections than this at once are an import, not news.
MOST_HEARD = 500
# What waits for a hub that does not read; more than this is not kept.
MOST_WAITING_BYTES = 16 << 20
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


class Pipe(Protocol):
    """The writing end of the pipe, as asyncio has it."""

    def write(self, data: bytes) -> None:
        """Take bytes, whether or not the other side reads."""
        ...

    def get_write_buffer_size(self) -> int:
        """How many of them wait."""
        ...


class Teller:
    """Tells the hub through a pipe that may be slow to take it, in bounded memory.

    What has no room is left out, site by site, and said to be: once there is room again, the site is told to begin
    here (`Told.is_start`), so that whoever listens reads anew from the log.
    """

    def __init__(self, pipe: Pipe, most: int = MOST_WAITING_BYTES) -> None:
        self._pipe = pipe
        self._most = most
        # Where the line stood that was left out last, by site.
        self._gaps: dict[str, Cursor] = {}

    def tell(self, site: str, told: Told) -> None:
        """Tell of a committed step, or remember that there was one."""
        if self._gaps:
            self.catch_up()
        if site in self._gaps or self._pipe.get_write_buffer_size() >= self._most:
            self._gaps[site] = told.cursor
            return
        self._pipe.write(packed(Telling(site=site, told=thinned(told))))

    def catch_up(self) -> None:
        """Tell every site of which something was left out to begin anew, if half of the room is free again."""
        if self._pipe.get_write_buffer_size() >= self._most // 2:
            return
        gaps, self._gaps = self._gaps, {}
        for site, cursor in gaps.items():
            self._pipe.write(packed(Telling(site=site, told=Told(cursor=cursor, is_start=True))))


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
