"""Pictures that come in pieces, over HTTP (tus) or MQTT: what was acknowledged is there after a kill -9.

Over HTTP pieces follow one another from byte 0. Over MQTT they have numbers, and come in any order, some twice. When
all of it is here it goes through `Receiver` like any other picture.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hub.media.receive import DIALECT, Picture, Receiver, Taken
from hub.media.vault import Vault
from hub.records.errors import Conflict, HubError, IdConflict, Rejected
from hub.records.receipt import Arrival, Bad
from hub.store import quarantine, uploads
from hub.store.database import Connection, Database
from hub.store.uploads import Piece, Upload

LOGGER = logging.getLogger(__name__)
PIECE: Final = 1 << 20
LIFE: Final = timedelta(days=7)
"""So long after its beginning an upload can be gone on with."""

MOST_AT_ONCE: Final = 100
MOST_KEPT: Final = 25_000_000
"""Of a picture that never became whole, so many bytes go to quarantine."""


class Uploads:
    """Begins uploads, adds to them, finishes them."""

    def __init__(self, database: Database, vault: Vault, receiver: Receiver) -> None:
        self._database = database
        self._vault = vault
        self._receiver = receiver

    async def begin(self, upload: Upload) -> None:
        """Note one. Raises Unavailable."""
        async with self._database.transaction() as connection:
            await uploads.begin(connection, upload)

    async def at(self, upload: Upload) -> int:
        """How many bytes have come, over HTTP. One that is whole is finished first: a hub may have been killed then."""
        async with self._database.connection() as connection:
            offset = await uploads.offset(connection, upload.id)
        if offset == upload.size and not upload.is_done:
            await self.finish(upload)
        return offset

    async def append(self, upload: UUID, place: int, data: bytes) -> int:
        """Bytes from `place` on -> where the next ones belong. Raises Conflict where these do not; Unavailable."""
        async with self._database.transaction() as connection:
            held = await uploads.hold(connection, upload)
            offset = await uploads.offset(connection, upload)
            if held.is_done or offset != place:
                raise Conflict(f"the upload is at {offset}, not at {place}", offset=offset)
            if held.size is not None and offset + len(data) > held.size:
                raise Conflict(f"more than the {held.size} bytes that were announced", offset=offset)
            await self._add(connection, upload, place, data)
        return place + len(data)

    async def chunk(self, upload: Upload, number: int, data: bytes) -> Taken | None:
        """Piece `number` of `upload.pieces`, in any order -> what it became, if it is whole now.

        A piece that is there already changes nothing. Another one in its place begins the picture anew where the one
        before is whole; else it raises IdConflict. Raises Unavailable.
        """
        async with self._database.transaction() as connection:
            await uploads.begin(connection, upload)
            held = await uploads.hold(connection, upload.id)
            known = await uploads.digest_at(connection, held.id, number)
            if known is not None and known != hashlib.sha256(data).digest():
                if not held.is_done:
                    raise IdConflict(
                        f"piece {number} of {held.name!r} came before with other bytes, and that picture is not whole: "
                        "give every picture a name of its own"
                    )
                await uploads.forget(connection, held.id)
                await uploads.begin(connection, upload)
                held, known = await uploads.hold(connection, upload.id), None
            if known is None:
                await self._add(connection, held.id, number, data)
            if held.is_done or await uploads.count(connection, held.id) != held.pieces:
                return None
        return await self.finish(held)

    async def _add(self, connection: Connection, upload: UUID, place: int, data: bytes) -> None:
        sealed = await asyncio.to_thread(self._vault.seal, data, _about(upload, place))
        await uploads.add(connection, upload, Piece(place, len(data), hashlib.sha256(data).digest(), sealed))

    async def finish(self, upload: Upload) -> Taken:
        """All of it is here: take it, then forget the pieces. Killed in between, it is taken again: no harm."""
        taken = await self._receiver.take_pieces(_picture(upload), self._read(upload))
        async with self._database.transaction() as connection:
            await uploads.became(
                connection, upload.id, None if taken.code else taken.medium, taken.code or None, taken.reason
            )
        return taken

    async def _read(self, upload: Upload) -> AsyncGenerator[bytes]:
        async for place, sealed in uploads.pieces(self._database, upload.id):
            yield await asyncio.to_thread(self._vault.unseal, sealed, _about(upload.id, place))

    async def end(self, upload: Upload) -> None:
        """Nobody goes on with it. Raises Unavailable."""
        async with self._database.transaction() as connection:
            await uploads.forget(connection, upload.id)

    async def sweep(self, moment: datetime) -> None:
        """Finish what a killed hub left whole, and forget whose time is over.

        What was acknowledged over MQTT and never became whole goes to quarantine; over HTTP the sender knew the time.
        """
        for upload in await uploads.whole(self._database, MOST_AT_ONCE):
            await self.finish(upload)
        for upload in await uploads.over(self._database, moment, MOST_AT_ONCE):
            kept, found = bytearray(), list[int]()
            if upload.door == "mqtt" and not upload.is_done:
                async for place, sealed in uploads.pieces(self._database, upload.id):
                    kept += self._vault.unseal(sealed, _about(upload.id, place))[: MOST_KEPT - len(kept)]
                    found.append(place)
            async with self._database.transaction() as connection:
                if found:
                    await quarantine.add(connection, [(_arrival(upload, bytes(kept)), _bad(upload, found, kept))])
                await uploads.forget(connection, upload.id)

    async def follow(self, now: Callable[[], datetime], pause_s: float = 300.0) -> None:
        """Sweep, for ever."""
        while True:
            try:
                await self.sweep(now())
            except HubError as error:
                LOGGER.warning("uploads: %s; looked at again in %.0f s", error.detail, pause_s)
            await asyncio.sleep(pause_s)


def _about(upload: UUID, place: int) -> bytes:
    return f"{upload} {place}".encode()


def _picture(upload: Upload) -> Picture:
    return Picture(
        site=upload.site,
        device=upload.device,
        door=upload.door,
        address=upload.address,
        sender=upload.sender,
        live=upload.live,
        received_at=upload.made_at,
        told_at=upload.told_at,
        name=upload.name,
    )


def _arrival(upload: Upload, data: bytes) -> Arrival:
    return Arrival(
        site=upload.site,
        door=upload.door,
        dialect=DIALECT,
        address=upload.address,
        body=data,
        received_at=upload.made_at,
        sender=upload.sender,
        device=upload.device,
    )


def _bad(upload: Upload, found: list[int], kept: bytearray) -> Bad:
    total = upload.pieces or 0
    missing = sorted(set(range(1, total + 1)) - set(found))
    listed = ", ".join(map(str, missing[:20])) + (" …" if len(missing) > 20 else "")
    came = f"{len(found)} of {total} pieces came within {LIFE.days} days"
    reason = f"{came}; missing: {listed}. Have the camera send it again"
    return Bad(raw=bytes(kept), code=Rejected.code, reason=reason)
