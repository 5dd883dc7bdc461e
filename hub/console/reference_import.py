"""Writes the rows of a reference file, each on its own: the same file twice changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from hub.console.reference_files import Names, Row, names_of, natural_key, read
from hub.records.errors import HubError, Malformed, Unavailable
from hub.records.reference import Fence, Reference
from hub.store import reference
from hub.store.database import Database

Outcome = Literal["created", "updated", "unchanged", "rejected"]


class RowResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one row (counted from 1, without the header)."""

    row: int
    outcome: Outcome
    id: UUID | None = None
    name: str = ""
    problem: str = ""


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """Counts, and every row."""

    created: int
    updated: int
    unchanged: int
    rejected: int
    items: list[RowResult]


def noun_from(text: str) -> str:
    """``fences`` or ``fence`` → ``fence``; raises Malformed."""
    for noun in reference.KINDS:
        if text in (noun, f"{noun}s"):
            return noun
    raise Malformed(f"noun={text!r:.40}: use one of {', '.join(f'{noun}s' for noun in reference.KINDS)}")


async def import_reference(
    database: Database, site: str, noun: str, body: bytes, *, by: str, now: datetime, whole: Mapping[str, str]
) -> ImportReport:
    """Read a file and write what differs. `now`: fences that say nothing else alert from then on.

    Raises Malformed when the file cannot be read at all, Unavailable when the database went away half-way.
    """
    held = await reference.everything(database, site, tuple(reference.KINDS))
    names = names_of(held, noun, reference.KINDS)
    known = {one.id: one for one in names.known.values()}
    results: list[RowResult] = []
    seen: set[tuple[str, ...]] = set()
    for row in read(noun, reference.KINDS[noun], body, site, names, whole):
        results.append(await _write(database, row, known, names, seen, by=by, now=now))
    counts = {outcome: sum(one.outcome == outcome for one in results) for outcome in Outcome.__args__}
    return ImportReport(**counts, items=results)


async def _write(
    database: Database,
    row: Row,
    known: Mapping[UUID, Reference],
    names: Names,
    seen: set[tuple[str, ...]],
    *,
    by: str,
    now: datetime,
) -> RowResult:
    record = row.record
    if record is None:
        return RowResult(row=row.number, outcome="rejected", problem=row.problem)
    name, key = natural_key(record)[0], natural_key(record)
    if key in seen:
        return RowResult(row=row.number, outcome="rejected", name=name, problem=f"{name!r} comes twice in this file")
    seen.add(key)
    before = known.get(record.id)
    if isinstance(record, Fence) and "alert_from" not in row.given:
        begins = before.alert_from if isinstance(before, Fence) else now
        record = msgspec.structs.replace(record, alert_from=begins)
    if before is not None and _same(before, record):
        return RowResult(row=row.number, outcome="unchanged", id=record.id, name=name)
    try:
        async with database.transaction() as connection:
            expect = None if before is None else before.version
            saved = await reference.put(connection, record, expect=expect, by=by)
    except Unavailable:
        raise
    except HubError as error:
        return RowResult(row=row.number, outcome="rejected", name=name, problem=error.detail)
    return RowResult(row=row.number, outcome="updated" if before else "created", id=saved.id, name=name)


def _same(before: Reference, after: Reference) -> bool:
    return msgspec.structs.replace(after, version=before.version, recorded_at=before.recorded_at) == before
