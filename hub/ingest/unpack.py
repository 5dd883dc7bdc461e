"""A file, folder or stream → one stream of plain bytes that can be looked into, counted and trusted to end."""

from __future__ import annotations

import gzip
import io
import shutil
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, NamedTuple, cast
from zipfile import ZipFile

import msgspec

from hub.records.errors import Malformed, TooLarge

BUFFER_BYTES = 1 << 18
IN_MEMORY_BYTES = 16 << 20
# CSV of fixes packs 5 to 20 times; what packs far better is a bomb.
UNPACKED_AT_LEAST_BYTES = 64 << 20
UNPACKED_RATIO = 200
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


class Opened(NamedTuple):
    """`stream` starts at the first byte; `head` shows the first bytes without taking them."""

    stream: BinaryIO
    head: bytes
    counted: _Counted

    def bytes_read(self) -> int:
        """Bytes taken from the source so far, before unpacking."""
        return self.counted.taken


@contextmanager
def opened(source: Path | BinaryIO) -> Generator[Opened]:
    """Open for reading; gzip is undone, a Camtrap DP that is a folder is zipped. Raises Malformed."""
    with ExitStack() as stack:
        if not isinstance(source, Path):
            whole = source
        elif source.is_dir() or source.name == "datapackage.json":
            whole = stack.enter_context(_spool())
            _zip_package(source if source.is_dir() else source.parent, whole)
        else:
            try:
                whole = stack.enter_context(source.open("rb"))
            except OSError as error:
                raise Malformed(f"{source} cannot be read: {error.strerror}") from None
        counted = _Counted(whole)
        stream = io.BufferedReader(counted, BUFFER_BYTES)
        magic = stream.peek()[:4]
        if magic.startswith(_GZIP):
            stream = io.BufferedReader(_Unpacked(cast("BinaryIO", stream), counted), BUFFER_BYTES)
        elif magic == _ZIP and not counted.seekable():
            spool = stack.enter_context(_spool())
            shutil.copyfileobj(stream, spool)
            spool.seek(0)
            stream = io.BufferedReader(_Counted(spool), BUFFER_BYTES)
        try:
            head = stream.peek()
        except (EOFError, OSError) as error:
            raise Malformed(f"the file is damaged or was cut off: {error}") from None
        yield Opened(cast("BinaryIO", stream), head, counted)


def _spool() -> BinaryIO:
    return cast("BinaryIO", SpooledTemporaryFile(max_size=IN_MEMORY_BYTES))


class _Counted(io.RawIOBase):
    """Counts what is read."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._inner.read(len(buffer))
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)

    def seekable(self) -> bool:
        return self._inner.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._inner.seek(offset, whence)

    def tell(self) -> int:
        return self._inner.tell()


class _Unpacked(io.RawIOBase):
    """gzip, undone, up to a size in proportion to what was read; raises TooLarge beyond."""

    def __init__(self, packed: BinaryIO, counted: _Counted) -> None:
        self._plain = gzip.GzipFile(fileobj=packed)
        self._counted = counted
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = self._plain.readinto(buffer)
        self._given += size
        if self._given > UNPACKED_AT_LEAST_BYTES + UNPACKED_RATIO * self._counted.taken:
            raise TooLarge(f"the file unpacks to more than {UNPACKED_RATIO} times its size: unpack it yourself first")
        return size


def _zip_package(folder: Path, target: BinaryIO) -> None:
    """`datapackage.json` and the tables beside it that it names; nothing outside of the folder."""
    descriptor = folder / "datapackage.json"
    try:
        package = msgspec.json.decode(descriptor.read_bytes(), type=dict[str, msgspec.Raw])
        resources = msgspec.json.decode(package.get("resources", b"[]"), type=list[dict[str, object]])
    except (OSError, msgspec.DecodeError) as error:
        raise Malformed(f"{folder} is no data package: datapackage.json: {error}") from None
    root = folder.resolve()
    with ZipFile(target, "w") as archive:
        archive.write(descriptor, "datapackage.json")
        for resource in resources:
            path = resource.get("path")
            if isinstance(path, str) and (file := (root / path).resolve()).is_file() and file.is_relative_to(root):
                archive.write(file, path)
    target.seek(0)
