"""The only way in for pictures: check what they are, keep the bytes, note the delivery, and only then answer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from hub.media.kinds import HEAD, MOST_PICTURE_BYTES, kind_of
from hub.media.vault import Vault, Writing
from hub.records.errors import Malformed, Rejected, TooLarge, Unavailable, UnknownTopic
from hub.records.ids import content_id
from hub.records.medium import Delivery, Door, Medium, MediumKind, MediumState
from hub.records.receipt import Arrival, Bad, Receipt
from hub.store import media, quarantine, sites
from hub.store.database import Database, storable

DIALECT: Final = "picture"
MOST_VIDEO_BYTES: Final = 200_000_000
LONGEST_KEY: Final = 200
READ: Final = 1 << 20
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
MOST_AHEAD: Final = timedelta(days=1)
"""A stated time before the one or farther ahead of its receipt than the other is not believed."""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture at a door, before anything is believed about it.

    device: the key of the camera that the door vouches for. address: path, topic or file name. sender: the
    authenticated person, key or camera. live: it is looked at before what came in bulk. told_at: when it was taken, as
    the sender states. name: of the file.
    """

    site: str
    device: str | None
    door: Door
    address: str
    sender: str | None
    live: bool
    received_at: datetime
    told_at: datetime | None = None
    name: str = ""


class Taken(NamedTuple):
    """What became of it. `state` quarantined: it was refused, for `reason`, under the stable `code`."""

    medium: UUID
    duplicate: bool
    state: MediumState
    code: str = ""
    reason: str = ""


class Receiver:
    """Takes pictures. Whoever gets an answer may forget the bytes: they are on the disk, and known to the database."""

    def __init__(self, database: Database, vault: Vault, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._vault = vault
        self.now = now
        """The hub's clock, for doors."""
        self._sites: frozenset[str] = frozenset()
        self.arrived = asyncio.Event()
        """Set whenever something new waits to be looked at; whoever follows clears it."""

    async def take(self, picture: Picture, data: bytes) -> Taken:
        """A picture whose bytes are in memory. Raises Unavailable when nothing could be committed."""

        async def whole() -> AsyncGenerator[bytes]:
            yield data

        return await self.take_pieces(picture, whole())

    async def take_file(self, picture: Picture, path: Path) -> Taken:
        """A picture or video in a file, which is read in pieces and stays where it is. Raises Unavailable."""

        async def pieces() -> AsyncGenerator[bytes]:
            with await asyncio.to_thread(path.open, "rb") as file:
                while piece := await asyncio.to_thread(file.read, READ):
                    yield piece

        return await self.take_pieces(picture, pieces())

    async def take_again(self, arrival: Arrival) -> Receipt:
        """Something from quarantine, as it would be taken now. Raises Unavailable."""
        picture = Picture(
            site=arrival.site,
            device=arrival.device,
            door=msgspec.convert(arrival.door, Door),
            address=arrival.address,
            sender=arrival.sender,
            live=False,
            received_at=arrival.received_at,
        )
        taken = await self.take(picture, arrival.body)
        if taken.code:
            return Receipt(quarantined=1, problems=(taken.reason,))
        return Receipt(accepted=int(not taken.duplicate), duplicate=int(taken.duplicate), ids=(taken.medium,))

    async def take_pieces(self, picture: Picture, pieces: AsyncIterator[bytes]) -> Taken:
        """What comes bit by bit; no more of it is in memory than a picture may have. Raises Unavailable."""
        beginning = bytearray()
        with self._vault.writing() as writing:
            try:
                await self._check_sender(picture)
                kind: MediumKind | None = None
                async for piece in pieces:
                    if len(beginning) < MOST_PICTURE_BYTES:
                        beginning += piece[: MOST_PICTURE_BYTES - len(beginning)]
                    await asyncio.to_thread(writing.add, piece)
                    if kind is None and writing.size >= HEAD:
                        kind = _kind(beginning)
                    most = MOST_VIDEO_BYTES if kind == "mp4" else MOST_PICTURE_BYTES
                    if writing.size > most:
                        raise TooLarge(f"more than {most:,} bytes of {kind}: make it smaller, or cut it")
                kind = kind or _kind(beginning)
            except Rejected as rejected:
                async for piece in pieces:
                    beginning += piece[: MOST_PICTURE_BYTES - len(beginning)]
                return await self.refuse(picture, bytes(beginning), rejected)
            medium = _medium(picture, kind, writing.sha256, writing.size)
            return await self._keep(picture, medium, writing)

    async def _check_sender(self, picture: Picture) -> None:
        if picture.site not in self._sites:
            # Sites are never deleted: only one that is not known is worth a look.
            self._sites = frozenset([site.id for site in await sites.everything(self._database)])
        if picture.site not in self._sites:
            known = ", ".join(sorted(self._sites)) or "none"
            raise UnknownTopic(f"{picture.address!r}: no site {picture.site!r}; known: {known}")
        device = picture.device
        if device is not None and not (0 < len(device) <= LONGEST_KEY and "\x00" not in device):
            raise Malformed(f"device: 1 to {LONGEST_KEY} characters without NUL were expected, not {device[:60]!r}")

    async def _keep(self, picture: Picture, medium: Medium, writing: Writing) -> Taken:
        async with self._database.connection() as connection:
            erased = await media.is_erased(connection, medium.id)
        # What was erased does not come back with the next copy of the card.
        if not erased:
            await asyncio.to_thread(writing.finish)
        async with self._database.transaction() as connection:
            await media.lock(connection, medium.sha256)
            new, state = await media.add(connection, medium, _delivery(picture, medium.id))
            if state != "erased" and not self._vault.has(medium.sha256):
                raise Unavailable("a sweep took it for a leftover: send it again")
        if new:
            self.arrived.set()
        return Taken(medium.id, not new, state)

    async def refuse(self, picture: Picture, data: bytes, why: Rejected) -> Taken:
        """Keep in quarantine what cannot be taken. Raises Unavailable."""
        arrival = Arrival(
            site=storable(picture.site),
            door=picture.door,
            dialect=DIALECT,
            address=picture.address,
            body=data,
            received_at=picture.received_at,
            sender=picture.sender and storable(picture.sender),
            device=picture.device and storable(picture.device),
        )
        async with self._database.transaction() as connection:
            await quarantine.add(connection, [(arrival, Bad(raw=data, code=why.code, reason=why.detail))])
        sha256 = hashlib.sha256(data).digest()
        return Taken(medium_id(picture.site, sha256), False, "quarantined", why.code, why.detail)


def medium_id(site: str, sha256: bytes) -> UUID:
    """The id of these bytes at a site."""
    return content_id("medium", site, sha256)


def _medium(picture: Picture, kind: MediumKind, sha256: bytes, size: int) -> Medium:
    told = picture.told_at
    if told is not None and not EARLIEST <= told <= picture.received_at + MOST_AHEAD:
        told = None
    return Medium(
        id=medium_id(picture.site, sha256),
        site=picture.site,
        sha256=sha256,
        kind=kind,
        bytes=size,
        device=picture.device,
        live=picture.live,
        received_at=picture.received_at,
        taken_at=told or picture.received_at,
        time_method="told" if told else "received",
        name=storable(picture.name)[:200],
    )


def _kind(head: bytearray) -> MediumKind:
    if (kind := kind_of(head)) is not None:
        return kind
    if not head:
        raise Malformed("empty: no byte came")
    raise Malformed(f"no JPEG, PNG, WebP or MP4: it begins with {bytes(head[:8])!r}")


def _delivery(picture: Picture, medium: UUID) -> Delivery:
    by = picture
    address, sender = storable(by.address), None if by.sender is None else storable(by.sender)
    return Delivery(
        id=content_id("delivery", medium.bytes, by.door, address, sender or "", by.device or ""),
        medium=medium,
        site=by.site,
        door=by.door,
        address=address,
        sender=sender,
        device=by.device,
        live=by.live,
        received_at=by.received_at,
    )
