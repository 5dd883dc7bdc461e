"""Pictures over MQTT, whole or in pieces: acknowledged once they are kept, live ones before those in bulk.

They have a queue of their own, so that no position waits for a picture. What is in it is in memory: when it is full,
the door reads nothing more from the broker until there is room.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from hub.ingest.routes import PictureTopic, picture_of
from hub.media.receive import Picture, Receiver
from hub.media.uploads import LIFE, Uploads
from hub.records.errors import IdConflict, Rejected, TooLarge
from hub.records.ids import content_id
from hub.store.uploads import Upload

MOST_WAITING_BYTES: Final = 16 << 20
MOST_PIECE_BYTES: Final = 1 << 20


class Delivered(Protocol):
    """A message of the broker."""

    @property
    def payload(self) -> bytes:
        """Its bytes."""
        ...


D = TypeVar("D", bound=Delivered)


class Waiting(NamedTuple):
    """A message, and what its topic says."""

    message: Any
    where: PictureTopic
    topic: str


class PictureDoor(Generic[D]):
    """Takes pictures from the broker's messages, one after the other."""

    def __init__(
        self, receiver: Receiver, uploads: Uploads, *, now: Callable[[], datetime], default_site: str = ""
    ) -> None:
        """`default_site`: of topics that name none."""
        self._receiver = receiver
        self._uploads = uploads
        self._now = now
        self._default_site = default_site
        self.clear()

    def clear(self) -> None:
        """The connection is gone: what was not acknowledged comes again."""
        self._live = deque[Waiting]()
        self._bulk = deque[Waiting]()
        self._wake = asyncio.Event()
        self.waiting_bytes = 0

    def __len__(self) -> int:
        """Messages that are not acknowledged yet."""
        return len(self._live) + len(self._bulk)

    @property
    def is_full(self) -> bool:
        """Must the door read nothing more for now?"""
        return self.waiting_bytes > MOST_WAITING_BYTES

    def where(self, topic: str) -> PictureTopic | None:
        """What the topic of a picture says; None where it is another one."""
        return picture_of(topic, self._default_site)

    def offer(self, message: D, where: PictureTopic, topic: str) -> None:
        """A message that came."""
        (self._live if where.live else self._bulk).append(Waiting(message, where, topic))
        self.waiting_bytes += len(message.payload)
        self._wake.set()

    async def follow(self, acknowledge: Callable[[Sequence[D]], None]) -> None:
        """Take what comes, for ever, and acknowledge each once it is kept. Raises Unavailable."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while queue := self._live or self._bulk:
                # It counts as waiting until it is acknowledged.
                one = queue[0]
                await self._take(one)
                queue.popleft()
                self.waiting_bytes -= len(one.message.payload)
                acknowledge([one.message])

    async def _take(self, one: Waiting) -> None:
        where, data = one.where, one.message.payload
        picture = Picture(
            site=where.site,
            device=where.device,
            door="mqtt",
            address=one.topic,
            sender=where.device,
            live=where.live,
            received_at=self._now(),
            name=where.upload or "",
        )
        if where.upload is None:
            await self._receiver.take(picture, data)
            return
        try:
            if not 0 < len(data) <= MOST_PIECE_BYTES:
                raise TooLarge(f"a piece of {len(data)} bytes; 1 to {MOST_PIECE_BYTES} are taken")
            await self._uploads.chunk(_upload(picture, where), where.number, data)
        except (Rejected, IdConflict) as rejected:
            await self._receiver.refuse(picture, data, rejected)


def _upload(picture: Picture, where: PictureTopic) -> Upload:
    """The upload that a piece belongs to; pieces that say another total are of another one."""
    return Upload(
        id=content_id("upload", where.site, where.device, where.upload or "", str(where.total)),
        site=where.site,
        door="mqtt",
        address=f"rosette/{where.site}/picture/{where.device}/{where.upload}",
        sender=picture.sender,
        device=where.device,
        live=where.live,
        name=where.upload or "",
        pieces=where.total,
        made_at=picture.received_at,
        expires_at=picture.received_at + LIFE,
    )
