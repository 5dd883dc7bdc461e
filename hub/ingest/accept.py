"""The only way into the log: decode, check, append raw and decoded in one transaction, and only then answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from hub.ingest.batch import Batch, conflict
from hub.ingest.dialects import table
from hub.ingest.dialects.reading import Source
from hub.ingest.measures import IngestMeasures
from hub.ingest.routes import route
from hub.records.errors import Rejected, TooLarge, UnknownTopic
from hub.records.receipt import Arrival, Bad, Decoded, Receipt
from hub.records.site import UNROUTED
from hub.store import log, quarantine, sites
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)
# Larger messages are kept whole in quarantine, but not parsed.
LARGEST_MESSAGE = 1 << 20
# From here on COPY and merge is faster than unnest (measured; docs/reference/performance.md).
COPY_FROM_ROWS = 5_000
# Between so many messages the loop goes on with what else it has to do, the commit of the batch before among it.
SLICE = 64


def decode(arrival: Arrival) -> list[Decoded | Bad]:
    """Bytes → parts, by the arrival's dialect. Never raises: what cannot be read is Bad."""
    if len(arrival.body) > LARGEST_MESSAGE and arrival.door != "file":
        reason = f"{len(arrival.body)} bytes; a message may have {LARGEST_MESSAGE}: send it as a file"
        return [Bad(raw=arrival.body, code=TooLarge.code, reason=reason)]
    source = Source(address=arrival.address, received_at=arrival.received_at, device=arrival.device)
    try:
        read = table.by_name(arrival.dialect).message
        if read is None:
            raise Rejected(f"dialect {arrival.dialect!r} reads files, not messages: use `rosette import`")
        return read(arrival.body, source)
    except Rejected as rejected:
        return [Bad(raw=arrival.body, code=rejected.code, reason=rejected.detail)]
    except Exception as bug:
        LOGGER.exception("dialect %s failed on a message from %s", arrival.dialect, arrival.address)
        return [Bad(raw=arrival.body, code="decoder-bug", reason=f"{type(bug).__name__}: {bug}")]


def routed(arrival: Arrival, default_site: str) -> Arrival:
    """An arrival of which only the topic is known, with the site, dialect and device it means; raises UnknownTopic.

    The site that a topic names need not exist: what is kept under its name is found there once it does.
    """
    if arrival.site != UNROUTED:
        return arrival
    where = route(arrival.address, frozenset(arrival.address.split("/")), default_site)
    if not where.site:
        raise UnknownTopic(f"topic {arrival.address!r} belongs to the default site: ROSETTE_DEFAULT_SITE names none")
    return msgspec.structs.replace(arrival, site=where.site, dialect=where.dialect, device=where.device)


class Acceptor:
    """Appends arrivals to the log. Whoever gets a receipt may forget the bytes: they are committed.

    `default_site` is that of topics which name none.
    """

    def __init__(
        self,
        database: Database,
        *,
        default_site: str = "",
        measures: IngestMeasures | None = None,
    ) -> None:
        self._database = database
        self._default_site = default_site
        self._measures = measures or IngestMeasures()
        self._months: set[tuple[int, int]] = set()
        self._sites: frozenset[str] = frozenset()

    async def accept(self, arrivals: Sequence[Arrival]) -> list[Receipt]:
        """Decode and append; one receipt per arrival. Raises Unavailable when nothing could be committed."""
        return await self.store(await self.read(arrivals))

    async def read(self, arrivals: Sequence[Arrival]) -> Batch:
        """Decode, without any promise; another batch may be stored meanwhile. Raises Unavailable."""
        batch = Batch()
        for index, arrival in enumerate(arrivals):
            if index and not index % SLICE:
                await asyncio.sleep(0)
            try:
                arrival = routed(arrival, self._default_site)
                if arrival.site not in self._sites:
                    await self._check_site(arrival)
            except UnknownTopic as unknown:
                batch.bad.append((index, arrival, Bad(raw=arrival.body, code=unknown.code, reason=unknown.detail)))
            else:
                for part in decode(arrival):
                    batch.add(index, arrival, part)
            batch.arrivals.append(arrival)
        return batch

    async def store(self, batch: Batch) -> list[Receipt]:
        """Append what was read, one batch of a door after the other. Raises Unavailable when nothing was committed."""
        receipts = await self._store(batch, len(batch.arrivals))
        self._measures.took(time.perf_counter() - batch.began, zip(batch.arrivals, receipts, strict=True))
        return receipts

    async def _check_site(self, arrival: Arrival) -> None:
        # Sites are never deleted: only one that is not known is worth a look.
        self._sites = frozenset([site.id for site in await sites.everything(self._database)])
        if arrival.site not in self._sites:
            known = ", ".join(sorted(self._sites)) or "none"
            raise UnknownTopic(f"{arrival.address!r}: no site {arrival.site!r}; known: {known}")

    async def accept_parts(self, arrival: Arrival, parts: Iterable[Decoded | Bad]) -> Receipt:
        """Append rows that a file dialect has read already."""
        batch = Batch()
        batch.arrivals.append(arrival)
        for part in parts:
            batch.add(0, arrival, part)
        (receipt,) = await self.store(batch)
        return receipt

    async def _store(self, batch: Batch, arrivals: int) -> list[Receipt]:
        if batch.before:
            async with self._database.connection() as connection:
                batch.absorb(await log.times(connection, list(batch.before.values())))
        # In one order at every door: two doors that bring the same observations would block each other for ever.
        rows = sorted(batch.rows.values(), key=lambda row: row.id.int)
        for moment in {(r.observed_at.year, r.observed_at.month): r.observed_at for r in rows}.values():
            await self._ensure_month(moment)
        try:
            known, conflicts = await self._append(batch, rows)
        except asyncpg.DataError as error:
            if len(rows) != 1:
                return await self._store_halves(batch, arrivals)
            # The one row that the database cannot hold: keep its bytes.
            (row,) = rows
            bad = Bad(raw=row.raw, code="malformed", reason=f"the database cannot hold it: {error}")
            batch.bad.append((batch.origin[row.id], _arrival_of(row), bad))
            batch.rows.clear()
            known, conflicts = await self._append(batch, [])
        return _receipts(batch, arrivals, known, conflicts)

    async def _append(self, batch: Batch, rows: list[log.Row]) -> tuple[set[UUID], set[UUID]]:
        """Ids that the log had already, and those of them that it has with another body."""
        if not batch.bad and len(rows) < COPY_FROM_ROWS:
            # One statement is a transaction of its own, without two more round trips.
            async with self._database.connection() as connection:
                if not (known := await log.append(connection, rows)):
                    return set(), set()
            # What is known already does no harm a second time: the rest goes the usual way.
            rows = [row for row in rows if row.id in known]
        else:
            known = set[UUID]()
        async with self._database.transaction() as connection:
            append = log.append if len(rows) < COPY_FROM_ROWS else log.append_many
            known |= await append(connection, rows)
            conflicts = set[UUID]()
            if known:
                stored = await log.contents(connection, sorted(known))
                conflicts = {key for key, content in stored.items() if batch.rows[key].content != content}
            bad = [(arrival, part) for _, arrival, part in batch.bad]
            bad += [(_arrival_of(batch.rows[key]), conflict(batch.rows[key])) for key in conflicts]
            await quarantine.add(connection, bad)
        return known, conflicts

    async def _store_halves(self, batch: Batch, arrivals: int) -> list[Receipt]:
        # Something in this batch is poison: find it by halving, so that the rest is committed.
        keys = list(batch.rows)
        total = [Receipt()] * arrivals
        for part in (keys[: len(keys) // 2], keys[len(keys) // 2 :]):
            half = Batch()
            half.rows = {key: batch.rows[key] for key in part}
            half.origin = {key: batch.origin[key] for key in part}
            if keys[0] in half.rows:
                half.bad, half.repeated = batch.bad, batch.repeated
            total = [_sum(a, b) for a, b in zip(total, await self._store(half, arrivals), strict=True)]
        return total

    async def _ensure_month(self, moment: datetime) -> None:
        key = (moment.year, moment.month)
        if key not in self._months:
            # Two doors at one moment: the second waits for the first, and is then told that the month is there.
            with suppress(asyncpg.DuplicateTableError):
                await log.ensure_month(self._database, moment)
            self._months.add(key)


def _arrival_of(row: log.Row) -> Arrival:
    return Arrival(
        site=row.site_id,
        door=row.door,
        dialect=row.dialect,
        address=row.address,
        body=row.raw,
        received_at=row.received_at,
        sender=row.sender,
    )


def _receipts(batch: Batch, arrivals: int, known: set[UUID], conflicts: set[UUID]) -> list[Receipt]:
    accepted, duplicate, quarantined = [0] * arrivals, [0] * arrivals, [0] * arrivals
    ids: list[list[UUID]] = [[] for _ in range(arrivals)]
    problems: list[list[str]] = [[] for _ in range(arrivals)]
    for key, index in batch.origin.items():
        if key not in batch.rows:
            continue
        if key in conflicts:
            quarantined[index] += 1
            problems[index].append(conflict(batch.rows[key]).reason)
            continue
        ids[index].append(key)
        (duplicate if key in known else accepted)[index] += 1
    for index, key in batch.repeated:
        duplicate[index] += 1
        ids[index].append(key)
    for index, _, bad in batch.bad:
        quarantined[index] += 1
        problems[index].append(f"{bad.code}: {bad.reason}")
    return [
        Receipt(
            accepted=accepted[i],
            duplicate=duplicate[i],
            quarantined=quarantined[i],
            ids=tuple(ids[i]),
            problems=tuple(problems[i]),
        )
        for i in range(arrivals)
    ]


def _sum(a: Receipt, b: Receipt) -> Receipt:
    return Receipt(
        accepted=a.accepted + b.accepted,
        duplicate=a.duplicate + b.duplicate,
        quarantined=a.quarantined + b.quarantined,
        ids=a.ids + b.ids,
        problems=a.problems + b.problems,
    )
