"""Reading a file through its dialect, as the file door does."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec
import pytest

from hub.ingest.dialects.reading import Claim, Dialect, Item, Source
from hub.records.receipt import Bad, Decoded


class FileRead(msgspec.Struct):
    """What a file became, sorted by kind of item."""

    items: list[Item]

    @property
    def observations(self) -> list[Any]:
        return [item.observation for item in self.items if isinstance(item, Decoded)]

    @property
    def raw(self) -> list[bytes]:
        return [item.raw for item in self.items if isinstance(item, Decoded)]

    @property
    def bad(self) -> list[Bad]:
        return [item for item in self.items if isinstance(item, Bad)]

    @property
    def claims(self) -> list[Claim]:
        return [item for item in self.items if isinstance(item, Claim)]

    @property
    def flags(self) -> Counter[str]:
        return Counter(flag for observation in self.observations for flag in observation.flags)

    def conforms(self) -> bool:
        """Everything survives the validation of the wire, though dialects may build without it."""
        said = [*self.observations, *self.claims]
        return all(msgspec.json.decode(msgspec.json.encode(one), type=type(one)) == one for one in said)


@pytest.fixture
def read_bytes() -> Callable[..., FileRead]:
    def read(dialect: Dialect, body: bytes, address: str = "upload.csv", device: str | None = None) -> FileRead:
        assert dialect.file is not None
        source = Source(address=address, received_at=datetime(2025, 6, 15, 16, 0, tzinfo=UTC), device=device)
        return FileRead(list(dialect.file(io.BytesIO(body), source)))

    return read


@pytest.fixture
def read_path(read_bytes: Callable[..., FileRead]) -> Callable[[Dialect, Path], FileRead]:
    def read(dialect: Dialect, path: Path) -> FileRead:
        body = path.read_bytes()
        body = gzip.decompress(body) if path.suffix == ".gz" else body
        assert dialect.sniff is not None and dialect.sniff(path.name, body[:4096])
        return read_bytes(dialect, body, str(path))

    return read


@pytest.fixture
def zipped() -> Callable[[Path], bytes]:
    """A folder as the bytes of a zip archive."""

    def pack(folder: Path) -> bytes:
        buffer = io.BytesIO()
        with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, path.name)
        return buffer.getvalue()

    return pack
