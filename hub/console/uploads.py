"""HTTP: pictures and videos that come in pieces, by tus 1.0.0 with creation, expiration, checksum and termination.

An upload goes on where it broke off, whichever side was killed: what an offset says is committed.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import HttpMethod, Response, delete, patch, post, route
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from hub.console.access import APPENDS, caller_of, role_at
from hub.console.media import received
from hub.console.parts import Call
from hub.console.problems import Problem
from hub.media.receive import MOST_VIDEO_BYTES
from hub.media.uploads import LIFE, PIECE, Uploads
from hub.records.errors import ChecksumMismatch, Conflict, Malformed, NotFound, Throttled, TooLarge
from hub.records.ids import new_id
from hub.records.observation import AwareTime
from hub.store import uploads as store
from hub.store.database import Database
from hub.store.uploads import Upload

VERSION = "1.0.0"
ALGORITHMS = ("sha1", "sha256")
CHUNK = "application/offset+octet-stream"
MOST_CHECKED_BYTES = 16 << 20
MOST_OPEN = 500
ABILITIES = {
    "Tus-Version": VERSION,
    "Tus-Extension": "creation,expiration,checksum,termination",
    "Tus-Max-Size": str(MOST_VIDEO_BYTES),
    "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
}
Answer = Response[Any]


def upload_routes(
    database: Database, uploads: Uploads, now: Callable[[str], datetime]
) -> list[ControllerRouterHandler]:
    """Handlers of resumable uploads."""
    given: dict[str, Any] = {"guards": [role_at()], "opt": {APPENDS: True}, "tags": ["media"]}
    all_of, one = "/api/v1/sites/{site:str}/uploads", "/api/v1/sites/{site:str}/uploads/{upload:uuid}"

    async def own(request: Call, site: str, upload: UUID) -> Upload:
        found = await store.get(database, site, upload)
        if found.owner != caller_of(request).id or found.expires_at <= now(site):
            raise NotFound(f"no upload {upload} of yours at site {site}")
        return found

    @route(all_of, http_method=HttpMethod.OPTIONS, operation_id="askUploads", status_code=200, **given)
    async def ask(request: Call, site: FromPath[str]) -> Answer:
        """What this side of tus can do."""
        del request, site
        return _answer(204, ABILITIES)

    @post(all_of, operation_id="beginUpload", **given)
    async def begin(request: Call, site: FromPath[str]) -> Answer:
        """Begin an upload (tus creation). `Upload-Metadata` may have filename, device, taken_at and live."""
        if (refused := _other_version(request)) is not None:
            return refused
        size = _number(request, "upload-length")
        if size > MOST_VIDEO_BYTES:
            raise TooLarge(f"{size} bytes; at most {MOST_VIDEO_BYTES} are taken")
        told = _metadata(request.headers.get("upload-metadata", ""))
        caller = caller_of(request)
        if await store.count_open(database, site, caller.id) >= MOST_OPEN:
            raise Throttled(f"{MOST_OPEN} uploads are open: finish or end some of them", retry_after_s=60)
        made_at = now(site)
        upload = Upload(
            id=new_id(),
            site=site,
            door="http",
            address=told.filename or request.url.path,
            sender=caller.name,
            owner=caller.id,
            device=caller.device or told.device or None,
            live=told.live,
            name=told.filename,
            told_at=told.taken_at,
            size=size,
            made_at=made_at,
            expires_at=made_at + LIFE,
        )
        await uploads.begin(upload)
        if size == 0:
            received(await uploads.finish(upload))
        place = {"Location": f"/api/v1/sites/{site}/uploads/{upload.id}"}
        return _answer(201, {"Upload-Offset": "0", **_expires(upload), **place})

    @route(one, http_method=HttpMethod.HEAD, operation_id="askUpload", status_code=200, **given)
    async def offset(request: Call, site: FromPath[str], upload: FromPath[UUID]) -> Answer:
        """How much of it is here (tus)."""
        if (refused := _other_version(request)) is not None:
            return refused
        found = await own(request, site, upload)
        at = await uploads.at(found)
        return _answer(
            200, {"Upload-Offset": str(at), "Upload-Length": str(found.size), **_expires(found), **_no_store()}
        )

    async def take(request: Call, site: str, upload: UUID) -> Answer:
        if (refused := _other_version(request)) is not None:
            return refused
        kind = request.headers.get("content-type", "")
        if kind != CHUNK:
            return _problem(415, "unsupported-media-type", f"Content-Type: {CHUNK} was expected, not {kind[:60]!r}")
        found = await own(request, site, upload)
        at, checked = _number(request, "upload-offset"), _checksum(request.headers.get("upload-checksum"))
        if (come := await uploads.at(found)) != at:
            raise Conflict(f"the upload is at {come}, not at {at}", offset=come)
        waiting, size = bytearray(), 0
        try:
            async for piece in request.stream():
                waiting += piece
                size += len(piece)
                if at + size > (found.size or 0):
                    raise TooLarge(f"more than the {found.size} bytes that were announced")
                if checked is not None:
                    checked.add(piece)
                    if size > MOST_CHECKED_BYTES:
                        raise TooLarge(f"with a checksum a PATCH has at most {MOST_CHECKED_BYTES} bytes: send several")
                while checked is None and len(waiting) >= PIECE:
                    come = await uploads.append(upload, come, bytes(waiting[:PIECE]))
                    del waiting[:PIECE]
        except TooLarge:
            raise
        except Exception:
            # The line broke: what came over it need not come again, unless nobody can say that it is right.
            if waiting and checked is None:
                await uploads.append(upload, come, bytes(waiting))
            raise
        if checked is not None and not checked.holds:
            raise ChecksumMismatch
        if waiting:
            come = await uploads.append(upload, come, bytes(waiting))
        if come == found.size and not found.is_done:
            received(await uploads.finish(found))
        return _answer(204, {"Upload-Offset": str(come), **_expires(found)})

    async def forget(request: Call, site: str, upload: UUID) -> Answer:
        if (refused := _other_version(request)) is not None:
            return refused
        await uploads.end(await own(request, site, upload))
        return _answer(204, {})

    @patch(one, operation_id="goOnWithUpload", request_max_body_size=MOST_VIDEO_BYTES + 1, **given)
    async def go_on(request: Call, site: FromPath[str], upload: FromPath[UUID]) -> Answer:
        """More of it, from `Upload-Offset` on (tus). The answer to the last piece means that the picture is kept."""
        return await take(request, site, upload)

    @delete(one, operation_id="endUpload", status_code=200, **given)
    async def end(request: Call, site: FromPath[str], upload: FromPath[UUID]) -> Answer:
        """Give an upload up (tus termination). A picture that is kept stays."""
        return await forget(request, site, upload)

    @post(one, operation_id="goOnWithUploadByPost", request_max_body_size=MOST_VIDEO_BYTES + 1, **given)
    async def overridden(request: Call, site: FromPath[str], upload: FromPath[UUID]) -> Answer:
        """For senders that know no PATCH or DELETE: `X-HTTP-Method-Override` says which is meant (tus)."""
        match request.headers.get("x-http-method-override", "").upper():
            case "PATCH":
                return await take(request, site, upload)
            case "DELETE":
                return await forget(request, site, upload)
            case _:
                return _problem(405, "method-not-allowed", "X-HTTP-Method-Override: PATCH or DELETE was expected")

    return [ask, begin, offset, go_on, end, overridden]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What `Upload-Metadata` may say; other names are passed over."""

    filename: str = ""
    device: str = ""
    taken_at: AwareTime | None = None
    live: bool = True


class Checksum:
    """`Upload-Checksum` of a piece, and what came."""

    def __init__(self, algorithm: str, expected: bytes) -> None:
        self._digest = hashlib.new(algorithm, usedforsecurity=False)
        self._expected = expected
        self.add = self._digest.update

    @property
    def holds(self) -> bool:
        """Is it what was said?"""
        return hmac.compare_digest(self._digest.digest(), self._expected)


def _checksum(header: str | None) -> Checksum | None:
    if header is None:
        return None
    algorithm, _, text = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Malformed(f"Upload-Checksum: {' or '.join(ALGORITHMS)} was expected, not {algorithm[:20]!r}")
    return Checksum(algorithm, _decoded(text, "Upload-Checksum"))


def _metadata(header: str) -> Told:
    fields = {name: _decoded(text, name).decode("utf-8", "replace") for name, text in _pairs(header)}
    fields = {name: text.replace("\x00", "")[:200] for name, text in fields.items() if text}
    try:
        return msgspec.convert(fields, Told, strict=False)
    except msgspec.ValidationError as error:
        raise Malformed(f"Upload-Metadata: {error}") from None


def _pairs(header: str) -> Iterator[tuple[str, str]]:
    for pair in header.split(","):
        name, _, text = pair.strip().partition(" ")
        if name:
            yield name, text.strip()


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(f"{name[:40]}: no base64") from None


def _number(request: Call, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Malformed(f"{name}: a whole number was expected, not {text[:40]!r}")
    return int(text)


def _other_version(request: Call) -> Answer | None:
    spoken = request.headers.get("tus-resumable")
    if spoken == VERSION:
        return None
    return _problem(412, "tus-version", f"Tus-Resumable: {VERSION} was expected, not {(spoken or '')[:20]!r}")


def _problem(status: int, code: str, detail: str) -> Answer:
    headers = {"Tus-Version": VERSION, "Tus-Resumable": VERSION}
    title = "This is not how an upload goes on."
    return Problem(status=status, code=code, title=title, detail=detail, headers=headers).response()


def _expires(upload: Upload) -> dict[str, str]:
    return {"Upload-Expires": format_datetime(upload.expires_at, usegmt=True)}


def _no_store() -> dict[str, str]:
    return {"Cache-Control": "no-store"}


def _answer(status: int, headers: dict[str, str]) -> Answer:
    return Response(None, status_code=status, headers={"Tus-Resumable": VERSION} | headers)
