"""Decodes gzip request bodies, a piece at a time: the body limit of the route counts what comes out."""

import zlib
from typing import Any

from litestar.enums import ScopeType
from litestar.exceptions import ClientException, HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send

PIECE = 1 << 16
_GZIP = 16 + zlib.MAX_WBITS


class GzipBodies(ASGIMiddleware):
    """`Content-Encoding: gzip` on the way in. Anything else but identity is answered 415."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Replace `receive` where the body is compressed."""
        headers = scope["headers"]
        encoding = b",".join(value for name, value in headers if name == b"content-encoding").strip().lower()
        if encoding in (b"", b"identity"):
            await next_app(scope, receive, send)
            return
        if encoding not in (b"gzip", b"x-gzip"):
            raise HTTPException(detail="Content-Encoding: send gzip, or nothing.", status_code=415)
        scope["headers"] = [one for one in headers if one[0] not in (b"content-encoding", b"content-length")]
        await next_app(scope, Inflated(receive), send)


class Inflated:
    """A `receive` that gives at most 64 KiB of the decompressed body at a time, so that a bomb is never unpacked."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._stream = zlib.decompressobj(_GZIP)
        self._waiting = b""
        self._last = False
        self._begun = False

    async def __call__(self) -> Any:
        """The next message."""
        while True:
            if self._waiting or self._stream.unconsumed_tail:
                if piece := self._inflate():
                    return _message(piece, more=True)
                continue
            if self._last:
                if self._begun and not self._stream.eof:
                    raise ClientException("The gzip body ends too early.")
                return _message(b"", more=False)
            message: Any = await self._receive()
            if message["type"] != "http.request":
                return message
            self._waiting = message.get("body", b"")
            self._begun = self._begun or bool(self._waiting)
            self._last = not message.get("more_body", False)

    def _inflate(self) -> bytes:
        given, self._waiting = self._stream.unconsumed_tail + self._waiting, b""
        if self._stream.eof:
            # A gzip file may have several members.
            self._stream = zlib.decompressobj(_GZIP)
        try:
            piece = self._stream.decompress(given, PIECE)
        except zlib.error as error:
            raise ClientException(f"The body is not gzip: {error}") from None
        if self._stream.eof:
            self._waiting = self._stream.unused_data
        return piece


def _message(body: bytes, *, more: bool) -> HTTPReceiveMessage:
    return {"type": "http.request", "body": body, "more_body": more}
