"""The door for files: any table, archive or lines of messages → the log, in bounded memory; repeating it is safe."""

from __future__ import annotations

import asyncio
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from gzip import BadGzipFile
from itertools import islice
from pathlib import Path
from statistics import median
from typing import BinaryIO

import msgspec

from hub.ingest.accept import Acceptor, decode
from hub.ingest.claims import Outcome, apply_claims
from hub.ingest.dialects import table
from hub.ingest.dialects.reading import Claim, Dialect, Item, Source
from hub.ingest.unpack import Opened, opened
from hub.records.errors import Malformed
from hub.records.receipt import Arrival, Bad, Decoded, Receipt
from hub.store import sites
from hub.store.database import Database

# Above the size from which the log is written by COPY; two such chunks are in memory at a time.
CHUNK_ROWS = 10_000
LONGEST_LINE = 16 << 20
MOST_REASONS = 1_000

Progress = Callable[[int, Receipt], None]


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why rows are in quarantine: how many, and what was said of the first of them."""

    count: int
    example: str


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file. `rows` = accepted + duplicate + quarantined."""

    name: str
    dialect: str
    accepted: int
    duplicate: int
    quarantined: int
    reasons: tuple[Reason, ...]
    claims: Outcome
    seconds: float

    @property
    def rows(self) -> int:
        """Rows (or messages, or elements) read."""
        return self.accepted + self.duplicate + self.quarantined


async def import_file(
    acceptor: Acceptor,
    database: Database,
    site: str,
    source: Path | BinaryIO,
    *,
    dialect: str | None,
    name: str,
    now: datetime,
    progress: Progress,
    by: str,
    device: str | None = None,
) -> Summary:
    """Append a file to a site's log, then make the reference data that it claims.

    source: a file (gzip is undone), a folder or `datapackage.json` of a Camtrap DP, or a stream. dialect: None asks the
    first bytes. device: whose the rows are, where the file does not say. progress: bytes read so far, counts so far.
    Raises NotFound (site), Rejected (not this dialect; rows before the fault are in the log) and Unavailable; the same
    import may always be repeated.
    """
    await sites.get(database, site)
    began = time.monotonic()
    arrival = Arrival(
        site=site, door="file", dialect="", address=name, body=b"", received_at=now, sender=by, device=device
    )
    tally = _Tally()
    with ExitStack() as stack:
        file = await asyncio.to_thread(stack.enter_context, opened(source))
        chosen = dialect_of(file, name, dialect)
        arrival = msgspec.structs.replace(arrival, dialect=chosen.name)
        items = items_of(file.stream, chosen, arrival)
        ahead = asyncio.create_task(asyncio.to_thread(_take, items))
        try:
            while chunk := await asyncio.shield(ahead):
                # The next chunk is decoded while this one is written.
                ahead = asyncio.create_task(asyncio.to_thread(_take, items))
                tally.add(await acceptor.accept_parts(arrival, tally.parts(chunk)))
                progress(file.bytes_read(), tally.receipt)
        finally:
            # The thread reads from the stream that is closed next.
            await asyncio.wait([ahead])
    outcome = await apply_claims(database, site, tally.claims, by=by)
    counts = tally.receipt
    return Summary(
        name=name,
        dialect=chosen.name,
        accepted=counts.accepted,
        duplicate=counts.duplicate,
        quarantined=counts.quarantined,
        reasons=tally.reasons(),
        claims=outcome,
        seconds=round(time.monotonic() - began, 3),
    )


def centre_of(source: Path, *, dialect: str | None, name: str, now: datetime) -> tuple[float, float] | None:
    """Median (longitude, latitude) of the first places in a file, None where it begins with none; raises Rejected."""
    with opened(source) as file:
        chosen = dialect_of(file, name, dialect)
        arrival = Arrival(site="", door="file", dialect=chosen.name, address=name, body=b"", received_at=now)
        places = [
            (one.observation.longitude, one.observation.latitude)
            for one in _take(items_of(file.stream, chosen, arrival))
            if isinstance(one, Decoded) and (one.observation.longitude, one.observation.latitude) != (0, 0)
        ]
    longitudes = [longitude for longitude, _ in places if longitude is not None]
    latitudes = [latitude for _, latitude in places if latitude is not None]
    if not longitudes or not latitudes:
        return None
    if max(longitudes) - min(longitudes) > 180:
        # They lie on both sides of the antimeridian.
        longitudes = [longitude % 360 for longitude in longitudes]
    return round((median(longitudes) + 180) % 360 - 180, 4), round(median(latitudes), 4)


def dialect_of(file: Opened, name: str, dialect: str | None) -> Dialect:
    """The dialect that was asked for, or the one that the first bytes look like; raises Rejected."""
    if dialect is not None:
        return table.by_name(dialect)
    if (found := table.sniff(name, file.head)) is not None:
        return found
    first_line = file.head.partition(b"\n")[0]
    if first_line.startswith(b"{") and b'"kind"' in first_line and b'"observed_at"' in first_line:
        return table.by_name("envelope")
    known = ", ".join(sorted(table.TABLE))
    raise Malformed(f"{name}: its first bytes are like no dialect; name one of {known}")


def items_of(stream: BinaryIO, dialect: Dialect, arrival: Arrival) -> Iterator[Item]:
    """Lazily, what a file says. A dialect of messages is read one message a line."""
    if dialect.file is not None:
        source = Source(address=arrival.address, received_at=arrival.received_at, device=arrival.device)
        return dialect.file(stream, source)
    return _messages(stream, arrival)


def _messages(stream: BinaryIO, arrival: Arrival) -> Iterator[Decoded | Bad]:
    while line := stream.readline(LONGEST_LINE):
        if line := line.strip():
            yield from decode(msgspec.structs.replace(arrival, body=line))


def _take(items: Iterator[Item]) -> list[Item]:
    try:
        return list(islice(items, CHUNK_ROWS))
    except (EOFError, zlib.error, BadGzipFile) as error:
        raise Malformed(f"the file is damaged or was cut off: {error}") from None


class _Tally:
    """Counts of all chunks so far; ids and problems of each chunk are not kept."""

    def __init__(self) -> None:
        self.receipt = Receipt()
        self.claims: list[Claim] = []
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def parts(self, chunk: list[Item]) -> list[Decoded | Bad]:
        """Observations and bad rows of a chunk; claims are put aside."""
        self.claims += [item for item in chunk if isinstance(item, Claim)]
        return [item for item in chunk if not isinstance(item, Claim)]

    def add(self, receipt: Receipt) -> None:
        """Count a chunk."""
        self.receipt = Receipt(
            accepted=self.receipt.accepted + receipt.accepted,
            duplicate=self.receipt.duplicate + receipt.duplicate,
            quarantined=self.receipt.quarantined + receipt.quarantined,
        )
        for problem in receipt.problems:
            kind = re.sub(r"'[^']*'|\(.*?\)|[0-9a-f-]{36}|\d[\d.:T+-]*", "…", problem)
            if kind not in self._examples and len(self._examples) == MOST_REASONS:
                kind = next(iter(self._examples))
            self._examples.setdefault(kind, problem)
            self._counts[kind] += 1

    def reasons(self) -> tuple[Reason, ...]:
        """Most frequent first."""
        return tuple(Reason(count=n, example=self._examples[kind]) for kind, n in self._counts.most_common())
