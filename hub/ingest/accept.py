"""The only way into the log: decode, check, append raw and decoded in one transaction, and only then answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from hub.ingest import plausible
from hub.ingest.dialects import table
from hub.ingest.dialects.reading import Source
from hub.ingest.identity import as_said, encode, id_before, identify, is_redelivery
from hub.ingest.measures import IngestMeasures
from hub.ingest.routes import route
from hub.records.errors import IdConflict, Malformed, Rejected, TooLarge, UnknownTopic
from hub.records.observation import Detection, Observation, Observed, Reading, Sighting
from hub.records.receipt import Arrival, Bad, Decoded, Receipt
from hub.records.site import UNROUTED
from hub.store import log, quarantine, sites
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)
# Larger messages are kept whole in quarantine, but not parsed.
LARGEST_MESSAGE = 1 << 20
# From here on COPY and merge is faster than unnest (measured; docs/reference/performance.md).
COPY_FROM_ROWS = 5_000


class Batch:
    """What some arrivals became: rows for the log, and bad parts with their arrival."""

    def __init__(self) -> None:
        self.rows: dict[UUID, log.Row] = {}
        self.origin: dict[UUID, int] = {}
        self.bad: list[tuple[int, Arrival, Bad]] = []
        self.repeated: list[tuple[int, UUID]] = []
        # Rows without a time of their own, and the id that the same words have if they came a little earlier.
        self.before: dict[UUID, UUID] = {}

    def add(self, index: int, arrival: Arrival, part: Decoded | Bad) -> None:
        """Take one decoded part of arrival number `index`."""
        if isinstance(part, Bad):
            self.bad.append((index, arrival, part))
            return
        try:
            row = row_of(part.observation, part.raw, arrival)
        except Rejected as rejected:
            self.bad.append((index, arrival, Bad(raw=part.raw, code=rejected.code, reason=rejected.detail)))
            return
        if (earlier := self.rows.get(row.id)) is None:
            self.rows[row.id] = row
            self.origin[row.id] = index
            if (before := id_before(arrival.site, as_said(part.observation))) is not None:
                self.before[row.id] = before
        elif earlier.content == row.content:
            self.repeated.append((index, row.id))
        else:
            self.bad.append((index, arrival, _conflict(row)))

    def absorb(self, times: dict[UUID, datetime]) -> None:
        """Leave out what repeats words of a little earlier, in this batch or, by `times`, in the log."""
        known = times | {key: row.observed_at for key, row in self.rows.items()}
        for key, before in sorted(self.before.items(), key=lambda pair: self.rows[pair[0]].observed_at):
            if is_redelivery(self.rows[key].observed_at, known.get(before)):
                del self.rows[key], known[key]
                self.repeated = [(index, before if other == key else other) for index, other in self.repeated]
                self.repeated.append((self.origin.pop(key), before))


def row_of(observation: Observation, raw: bytes, arrival: Arrival) -> log.Row:
    """Check an observation and lay it out as columns; raises Rejected."""
    plausible.check(observation, arrival.received_at, arrival.device)
    said = as_said(observation)
    body = encode(said)
    if b"\\u0000" in body and plausible.holds_nul(msgspec.to_builtins(observation)):
        raise Malformed("a text holds a NUL character, which no database text can")
    key, content = identify(arrival.site, said, body)
    if noted := {*observation.flags, *plausible.clock_flags(said, arrival.received_at, arrival.door)} - {*said.flags}:
        body = encode(msgspec.structs.replace(said, flags=(*said.flags, *sorted(noted))))
    return log.Row(
        id=key,
        site_id=arrival.site,
        device=observation.device,
        kind=kind_of(observation),
        label=label_of(observation),
        observed_at=observation.observed_at,
        received_at=arrival.received_at,
        longitude=observation.longitude,
        latitude=observation.latitude,
        body=body,
        door=arrival.door,
        dialect=arrival.dialect,
        address=arrival.address,
        sender=arrival.sender,
        raw=raw,
        content=content,
    )


def kind_of(observation: Observed) -> str:
    """The tag of an observation on the wire."""
    return str(type(observation).__struct_config__.tag)


def label_of(observation: Observation) -> str | None:
    """What a detection or sighting is of, or what a reading measures."""
    match observation:
        case Detection() | Sighting():
            return observation.label
        case Reading():
            return observation.quantity
        case _:
            return None


def _conflict(row: log.Row) -> Bad:
    return Bad(
        raw=row.raw,
        code=IdConflict.code,
        reason=f"device {row.device!r} sent source_id again with another body (observation {row.id}); the first stands",
    )


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
        began = time.perf_counter()
        batch = Batch()
        known: list[Arrival] = []
        for index, arrival in enumerate(arrivals):
            try:
                arrival = routed(arrival, self._default_site)
                await self._check_site(arrival)
            except UnknownTopic as unknown:
                batch.bad.append((index, arrival, Bad(raw=arrival.body, code=unknown.code, reason=unknown.detail)))
            else:
                for part in decode(arrival):
                    batch.add(index, arrival, part)
            known.append(arrival)
        receipts = await self._store(batch, len(arrivals))
        self._measures.took(time.perf_counter() - began, zip(known, receipts, strict=True))
        return receipts

    async def _check_site(self, arrival: Arrival) -> None:
        # Sites are never deleted: only one that is not known is worth a look.
        if arrival.site not in self._sites:
            self._sites = frozenset([site.id for site in await sites.everything(self._database)])
        if arrival.site not in self._sites:
            known = ", ".join(sorted(self._sites)) or "none"
            raise UnknownTopic(f"{arrival.address!r}: no site {arrival.site!r}; known: {known}")

    async def accept_parts(self, arrival: Arrival, parts: Iterable[Decoded | Bad]) -> Receipt:
        """Append rows that a file dialect has read already."""
        began = time.perf_counter()
        batch = Batch()
        for part in parts:
            batch.add(0, arrival, part)
        (receipt,) = await self._store(batch, 1)
        self._measures.took(time.perf_counter() - began, [(arrival, receipt)])
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
            fresh, conflicts = await self._append(batch, rows)
        except asyncpg.DataError as error:
            if len(rows) != 1:
                return await self._store_halves(batch, arrivals)
            # The one row that the database cannot hold: keep its bytes.
            (row,) = rows
            bad = Bad(raw=row.raw, code="malformed", reason=f"the database cannot hold it: {error}")
            batch.bad.append((batch.origin[row.id], _arrival_of(row), bad))
            batch.rows.clear()
            fresh, conflicts = await self._append(batch, [])
        return _receipts(batch, arrivals, fresh, conflicts)

    async def _append(self, batch: Batch, rows: list[log.Row]) -> tuple[set[UUID], set[UUID]]:
        conflicts: set[UUID] = set()
        async with self._database.transaction() as connection:
            append = log.append if len(rows) < COPY_FROM_ROWS else log.append_many
            fresh = await append(connection, rows)
            if len(fresh) < len(rows):
                stored = await log.contents(connection, [row.id for row in rows if row.id not in fresh])
                conflicts = {key for key, content in stored.items() if batch.rows[key].content != content}
            bad = [(arrival, part) for _, arrival, part in batch.bad]
            bad += [(_arrival_of(batch.rows[key]), _conflict(batch.rows[key])) for key in conflicts]
            await quarantine.add(connection, bad)
        return fresh, conflicts

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


def _receipts(batch: Batch, arrivals: int, fresh: set[UUID], conflicts: set[UUID]) -> list[Receipt]:
    accepted, duplicate, quarantined = [0] * arrivals, [0] * arrivals, [0] * arrivals
    ids: list[list[UUID]] = [[] for _ in range(arrivals)]
    problems: list[list[str]] = [[] for _ in range(arrivals)]
    for key, index in batch.origin.items():
        if key not in batch.rows:
            continue
        if key in conflicts:
            quarantined[index] += 1
            problems[index].append(_conflict(batch.rows[key]).reason)
            continue
        ids[index].append(key)
        (accepted if key in fresh else duplicate)[index] += 1
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
