"""Serves the browser's files: cached for ever by content hash, 304, single ranges, compressed."""

import re

from litestar import Response, Router, route
from litestar.datastructures import MutableScopeHeaders
from litestar.params import FromPath
from litestar.types import Message, Scope

from hub.console.asset_files import SECURITY, Asset, AssetFiles, best_encoding, byte_range
from hub.console.etag import unchanged
from hub.console.parts import Call
from hub.records.errors import NotFound

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
_HASHED = re.compile(r"([0-9a-f]{16})/(.+)")


def secure(message: Message, scope: Scope) -> None:
    """Hook on every answer: headers that take powers away from whatever is shown. A page may bring its own policy."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in SECURITY.items():
            headers.setdefault(name, value)


def routes(files: AssetFiles) -> Router:
    """`/` and `/assets/…` for these files."""

    @route("/", http_method=["GET", "HEAD"], include_in_schema=False)
    async def index(request: Call) -> Response[bytes]:
        """The console."""
        page = files.index()
        if page is None:
            raise NotFound("this hub was installed without its console")
        headers = {"ETag": page.etag, "Cache-Control": ASK_AGAIN, "Content-Security-Policy": page.policy}
        if unchanged(request, page.etag):
            return Response(b"", status_code=304, headers=headers)
        return Response(page.body, media_type="text/html", headers=headers)

    @route("/assets/{path:path}", http_method=["GET", "HEAD"], include_in_schema=False)
    async def asset(request: Call, path: FromPath[str]) -> Response[bytes]:
        """A file."""
        hashed = _HASHED.fullmatch(path.removeprefix("/"))
        name = hashed[2] if hashed else path.removeprefix("/")
        found = files.get(name)
        if found is None:
            raise NotFound("no such file")
        # A tab that was opened before an upgrade asks by the old hash: it gets the file, but may not keep it.
        forever = hashed is not None and hashed[1] == files.version
        return await _send(request, files, name, found, FOR_EVER if forever else ASK_AGAIN)

    return Router("/", route_handlers=[index, asset])


async def _send(request: Call, files: AssetFiles, name: str, asset: Asset, cache: str) -> Response[bytes]:
    wanted = request.headers.get("range") if request.method == "GET" else None
    encoding = "identity" if wanted else best_encoding(request.headers.get("accept-encoding", ""), name)
    tag = f'"{asset.sha256[:32]}{"" if encoding == "identity" else "-" + encoding}"'
    headers = {"ETag": tag, "Cache-Control": cache, "Vary": "Accept-Encoding", "Accept-Ranges": "bytes"}
    if unchanged(request, tag):
        return Response(b"", status_code=304, headers=headers)
    body = await files.body(asset, encoding)
    if encoding != "identity":
        headers["Content-Encoding"] = encoding
    if wanted and request.headers.get("if-range", tag) == tag:
        try:
            piece = byte_range(wanted, len(body))
        except ValueError:
            return Response(b"", status_code=416, headers={"Content-Range": f"bytes */{len(body)}"})
        if piece is not None:
            first, last = piece
            headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            return Response(body[first : last + 1], status_code=206, media_type=asset.media_type, headers=headers)
    return Response(body, media_type=asset.media_type, headers=headers)
