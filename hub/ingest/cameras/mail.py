"""The mail door: pictures attached to mails of cameras. A mail is marked as read only when all of it is committed.

A mail that is no camera's stays unread in the mailbox, where people find it; it is asked for again once the addresses
of devices have changed. The mailbox is the quarantine: strangers can fill it, but not the hub.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from hub.ingest.cameras.door import DoorState, Takes
from hub.ingest.cameras.letter import Letter, Mailed, read_letter, whose
from hub.ingest.cameras.mailbox import LARGEST_MAIL, Mailbox, MailboxAddress, MailboxLost
from hub.ingest.dialects.camera_mail import DIALECT, has_readings
from hub.media.receive import Picture
from hub.records.receipt import Arrival, Receipt

LOGGER = logging.getLogger(__name__)
BULK_AFTER: Final = timedelta(hours=24)
MOST_AT_ONCE: Final = 200


class Accepts(Protocol):
    """The only way into the log: `hub.ingest.accept.Acceptor`."""

    async def accept(self, arrivals: Sequence[Arrival]) -> list[Receipt]:
        """Commit; raises Unavailable."""
        ...


class MailDoor:
    """Looks into a mailbox every so often."""

    def __init__(
        self,
        mailbox: MailboxAddress,
        receiver: Takes,
        acceptor: Accepts,
        cameras: Callable[[], Awaitable[Sequence[Mailed]]],
        *,
        every_s: float,
        done: str,
        now: Callable[[], datetime],
        context: ssl.SSLContext | None = None,
    ) -> None:
        """`cameras`: those with mail addresses; `done`: folder for mails that are taken, empty: they stay, as read."""
        self.state = DoorState("mail")
        self._mailbox, self._context = mailbox, context
        self._receiver, self._acceptor, self._cameras = receiver, acceptor, cameras
        self._every_s, self._done, self._now = every_s, done, now
        self._nobodys: dict[tuple[str, bytes], str] = {}
        self._known: tuple[Mailed, ...] = ()

    async def run(self) -> None:
        """Look for ever; raises Unavailable when nothing can be committed."""
        while True:
            await self.look()
            await asyncio.sleep(self._every_s)

    async def look(self) -> None:
        """Take what is unread. Raises Unavailable."""
        cameras = tuple(await self._cameras())
        if cameras != self._known:
            self._known, self._nobodys = cameras, {}
        box = Mailbox(self._mailbox, self._context)
        try:
            await asyncio.to_thread(box.__enter__)
            try:
                await self._read(box)
            finally:
                await asyncio.to_thread(box.__exit__)
        except MailboxLost as lost:
            if self.state.connected or not self.state.problem:
                LOGGER.warning("mailbox %r: %s; looking again every %s s", self._mailbox, lost, self._every_s)
            self.state.connected, self.state.problem = False, str(lost)
            return
        self.state.connected = True
        left = len(self._nobodys)
        self.state.problem = (
            f"{left} mails are no camera's, for example {next(iter(self._nobodys.values()))}" if left else ""
        )

    async def _read(self, box: Mailbox) -> None:
        unseen = await asyncio.to_thread(box.unseen)
        there = {(box.validity, uid) for uid in unseen}
        self._nobodys = {key: why for key, why in self._nobodys.items() if key in there}
        waiting = [uid for uid in unseen if (box.validity, uid) not in self._nobodys]
        self.state.waiting = len(waiting)
        for uid in waiting[:MOST_AT_ONCE]:
            size, head = await asyncio.to_thread(box.head, uid)
            camera = whose(read_letter(head), self._known)
            if isinstance(camera, Mailed) and size > LARGEST_MAIL:
                camera = f"of {camera.device} at {camera.site} with {size:,} bytes: more than {LARGEST_MAIL:,}"
            if isinstance(camera, str):
                self._nobodys[box.validity, uid] = camera
                LOGGER.warning("a mail stays unread: %s", camera)
            else:
                letter = await asyncio.to_thread(lambda uid=uid: read_letter(box.body(uid)))
                await self._take(letter, camera)
                await asyncio.to_thread(box.seen, uid, self._done)
            self.state.waiting -= 1

    async def _take(self, letter: Letter, camera: Mailed) -> None:
        now = self._now()
        for number, attached in enumerate(letter.attached, 1):
            name = attached.name or f"{number}"
            picture = Picture(
                site=camera.site,
                device=camera.device,
                door="mail",
                address=name,
                sender=letter.sender,
                live=letter.sent_at is None or now - letter.sent_at < BULK_AFTER,
                received_at=now,
                told_at=letter.sent_at,
                name=name,
            )
            await self.state.hand_over(self._receiver, picture, attached.data)
        if has_readings(letter.text):
            head = (
                f"Date: {letter.date}\nSubject: {letter.subject}\n\n"
                if letter.date
                else f"Subject: {letter.subject}\n\n"
            )
            reading = Arrival(
                site=camera.site,
                door="mail",
                dialect=DIALECT.name,
                address=letter.sender,
                body=(head + letter.text).encode("utf-8", "replace"),
                received_at=now,
                sender=letter.sender,
                device=camera.device,
            )
            await self._acceptor.accept([reading])
