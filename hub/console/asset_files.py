"""The browser's files: found once, hashed, compressed at first use."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import brotli

Encoding = Literal["br", "gzip", "identity"]

TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".mp3": "audio/mpeg",
    ".pmtiles": "application/vnd.pmtiles",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
COMPRESSIBLE = frozenset({".css", ".html", ".js", ".json", ".mjs", ".svg", ".txt", ".wasm", ".webmanifest"})
# Compressed copies are kept up to this many bytes in all.
KEPT_BYTES = 32 << 20
_INLINE = re.compile(rb"<script type=\"importmap\">(.*?)</script>", re.DOTALL)


class Asset(NamedTuple):
    """One file as it was when it was found."""

    path: Path
    size: int
    mtime_ns: int
    sha256: str
    media_type: str


class Index(NamedTuple):
    """`index.html` with the addresses of its assets, and the policy that fits it."""

    body: bytes
    etag: str
    policy: str


class AssetFiles:
    """All files below a folder, by their path in it. Only what is listed is ever opened, so no path leads out."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._files: dict[str, Asset] = {}
        self._compressed: OrderedDict[tuple[str, Encoding], bytes] = OrderedDict()
        self.version = ""
        self.refresh()

    def refresh(self) -> None:
        """Look again: files that were edited get a new version. Blocks for a few milliseconds."""
        fresh: dict[str, Asset] = {}
        for path in sorted(self._root.rglob("*")):
            name = path.relative_to(self._root).as_posix()
            suffix = path.suffix.lower()
            hidden = any(part.startswith(".") for part in name.split("/"))
            if hidden or suffix not in TYPES or not path.is_file() or not path.resolve().is_relative_to(self._root):
                continue
            state = path.stat()
            known = self._files.get(name)
            if known is None or (known.size, known.mtime_ns) != (state.st_size, state.st_mtime_ns):
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                known = Asset(path, state.st_size, state.st_mtime_ns, digest, TYPES[suffix])
            fresh[name] = known
        self._files = fresh
        listed = "".join(f"{name}\0{asset.sha256}\n" for name, asset in fresh.items())
        self.version = hashlib.sha256(listed.encode()).hexdigest()[:16]

    def get(self, name: str) -> Asset | None:
        """The file of that path."""
        return self._files.get(name)

    async def body(self, asset: Asset, encoding: Encoding) -> bytes:
        """Its bytes, compressed if asked."""
        key = (asset.sha256, encoding)
        if (kept := self._compressed.get(key)) is not None:
            self._compressed.move_to_end(key)
            return kept
        body = await asyncio.to_thread(_read, asset.path, encoding)
        if encoding != "identity":
            self._compressed[key] = body
            while sum(map(len, self._compressed.values())) > KEPT_BYTES:
                self._compressed.popitem(last=False)
        return body

    def index(self) -> Index | None:
        """The page that starts the console, or None where there is none."""
        self.refresh()
        asset = self._files.get("index.html")
        if asset is None:
            return None
        body = asset.path.read_bytes().replace(b"{{ASSETS}}", f"/assets/{self.version}".encode())
        return Index(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', policy_of(body))


def policy_of(page: bytes) -> str:
    """Content-Security-Policy of a page: nothing from elsewhere, no inline script but its own import maps."""
    hashes = [base64.b64encode(hashlib.sha256(inline).digest()).decode() for inline in _INLINE.findall(page)]
    script = " ".join(["'self'", *(f"'sha256-{one}'" for one in hashes)])
    return (
        f"default-src 'self'; script-src {script}; style-src 'self'; img-src 'self' data: blob:; "
        "worker-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


def best_encoding(accept: str, name: str) -> Encoding:
    """What to send for an Accept-Encoding header; smaller first."""
    if Path(name).suffix.lower() not in COMPRESSIBLE:
        return "identity"
    weights: dict[str, float] = {}
    for one in accept.lower().split(","):
        coding, _, weight = one.strip().partition(";")
        try:
            weights[coding.strip()] = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            weights[coding.strip()] = 0.0
    for coding in ("br", "gzip"):
        if weights.get(coding, weights.get("*", 0.0)) > 0:
            return coding
    return "identity"


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """[first, last] of a single range of bytes; None: send all of it (several ranges, or nothing we read).

    Raises ValueError when the range is outside the file. RFC 9110, section 14.
    """
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size), size - 1)
        if found[2] and int(found[2]) < first:
            return None
    if first >= size or first > last:
        raise ValueError(header)
    return first, last


def _read(path: Path, encoding: Encoding) -> bytes:
    body = path.read_bytes()
    match encoding:
        case "br":
            return brotli.compress(body, quality=5)
        case "gzip":
            return gzip.compress(body, 6, mtime=0)
        case "identity":
            return body


SECURITY: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
