"""The door for files: bounded memory, overlap of reading and writing, interruption, odd streams."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO

import pytest

from hub.ingest import files
from hub.ingest.accept import Acceptor
from hub.ingest.files import import_file
from hub.ingest.unpack import BUFFER_BYTES
from hub.records.errors import DatabaseUnavailable, NotFound
from hub.records.receipt import Arrival, Bad, Decoded, Receipt
from hub.records.site import Site
from hub.store import observations, sites
from hub.store.database import Database

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEADER = b"timestamp,longitude,latitude,device,note\n"
ROWS = [f"2026-02-01T00:{n // 60:02}:{n % 60:02}Z,30.{n:05},-2.5,d1,{'x' * 2000}\n".encode() for n in range(1000)]
CHUNK = 100


class Trickle(io.RawIOBase):
    """A stream that knows how much was taken and cannot be rewound."""

    def __init__(self, whole: bytes) -> None:
        self._inner, self.taken = io.BytesIO(whole), 0

    def read(self, size: int = -1) -> bytes:
        part = self._inner.read(size)
        self.taken += len(part)
        return part

    def seekable(self) -> bool:
        return False


class Watched(Acceptor):
    """Notes how far the stream was read when each chunk is handed in, and may fail at one."""

    def __init__(self, database: Database, stream: Trickle, fail_at: int | None = None) -> None:
        super().__init__(database)
        self._stream, self._fail_at = stream, fail_at
        self.chunks: list[tuple[int, int]] = []

    async def accept_parts(self, arrival: Arrival, parts: Iterable[Decoded | Bad]) -> Receipt:
        rows = list(parts)
        self.chunks.append((len(rows), self._stream.taken))
        if len(self.chunks) == self._fail_at:
            raise DatabaseUnavailable
        return await super().accept_parts(arrival, rows)


@pytest.fixture
async def site(database: Database, monkeypatch: pytest.MonkeyPatch) -> str:
    """A site, and small chunks."""
    monkeypatch.setattr(files, "CHUNK_ROWS", CHUNK)
    async with database.transaction() as connection:
        await sites.put(connection, Site(id="s", name="s", time_zone="UTC", centre=(30.0, -2.5)))
    return "s"


async def run(
    acceptor: Acceptor, database: Database, stream: BinaryIO | Trickle, told: list[tuple[int, Receipt]] | None = None
) -> files.Summary:
    def progress(taken: int, receipt: Receipt) -> None:
        if told is not None:
            told.append((taken, receipt))

    return await import_file(
        acceptor,
        database,
        "s",
        stream,
        dialect=None,
        name="x.csv",
        now=NOW,
        progress=progress,
        by="me",  # type: ignore[arg-type]
    )


def whole() -> Trickle:
    return Trickle(HEADER + b"".join(ROWS))


async def test_import__reads_two_chunks_ahead_of_the_log_and_no_more(database: Database, site: str) -> None:
    stream = whole()
    acceptor = Watched(database, stream)
    summary = await run(acceptor, database, stream)
    assert summary.accepted == 1000
    assert [rows for rows, _ in acceptor.chunks] == [CHUNK] * 10
    most_bytes = 2 * CHUNK * len(ROWS[0]) + BUFFER_BYTES + len(HEADER)
    assert all(
        taken - written * CHUNK * len(ROWS[0]) <= most_bytes for written, (_, taken) in enumerate(acceptor.chunks)
    )


async def test_import__tells_its_progress_after_each_chunk(database: Database, site: str) -> None:
    stream, told = whole(), list[tuple[int, Receipt]]()
    await run(Watched(database, stream), database, stream, told)
    assert [receipt.accepted for _, receipt in told] == list(range(100, 1001, 100))
    assert [taken for taken, _ in told] == sorted(taken for taken, _ in told)
    assert told[-1][0] == len(HEADER) + sum(map(len, ROWS))


async def test_import__interrupted_by_the_database_is_repeated_without_harm(database: Database, site: str) -> None:
    stream = whole()
    with pytest.raises(DatabaseUnavailable):
        await run(Watched(database, stream, fail_at=4), database, stream)
    stream = whole()
    summary = await run(Watched(database, stream), database, stream)
    assert (summary.accepted, summary.duplicate) == (700, 300)
    assert await observations.counts(database, "s") == [("gpsplain", "fix", 1000)]


async def test_import__counts_the_reasons_of_quarantine_by_kind(database: Database, site: str) -> None:
    bad = b"soon,30.1,-2.5,d1,\nlater,30.2,-2.5,d1,\n2026-02-01T00:00:00Z,300,-2.5,d1,\n"
    summary = await run(Acceptor(database), database, io.BytesIO(HEADER + ROWS[0] + bad))
    assert (summary.rows, summary.quarantined) == (4, 3)
    assert [reason.count for reason in summary.reasons] == [2, 1]
    assert "'soon'" in summary.reasons[0].example
    assert "300" in summary.reasons[1].example


async def test_import__at_a_site_that_is_not_there_reads_nothing(database: Database) -> None:
    stream = whole()
    with pytest.raises(NotFound):
        await run(Acceptor(database), database, stream)
    assert stream.taken == 0


async def test_import__of_a_file_dialect_keeps_the_bytes_of_each_row(database: Database, site: str) -> None:
    await run(Acceptor(database), database, io.BytesIO(HEADER + ROWS[7]))
    (seen,) = await observations.of_device(database, "s", "d1", None, None)
    kept = await observations.raw(database, "s", seen.id, seen.observed_at)
    assert kept is not None
    assert (bytes(kept["raw"]), kept["address"], kept["door"]) == (ROWS[7].rstrip(b"\n"), "x.csv", "file")


def lines(count: int) -> Iterator[bytes]:
    for n in range(count):
        yield (
            b'{"kind":"fix","device":"d2","observed_at":"2026-02-01T00:00:%02dZ","longitude":30.0,"latitude":1.0}\n' % n
        )


async def test_import__of_messages_takes_one_a_line_and_quarantines_only_the_bad_line(
    database: Database, site: str
) -> None:
    said = b"".join([*lines(3), b"{broken\n", b"\n", *lines(5)])
    summary = await run(Acceptor(database), database, io.BytesIO(said))
    assert (summary.dialect, summary.accepted, summary.duplicate, summary.quarantined) == ("envelope", 5, 3, 1)
