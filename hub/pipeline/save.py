"""Step: all that a batch means is saved in one transaction, with the cursor."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from hub.pipeline.judge import Verdict
from hub.pipeline.meet import Met
from hub.records.cursor import Cursor
from hub.store import alerts, findings, followed, identity_months, outbox, tracks
from hub.store.database import Database


async def save(
    database: Database,
    site: str,
    verdicts: Sequence[Verdict],
    met: Met,
    cursor: Cursor,
    applied: str | None,
    cause: str,
    asked: Collection[date],
) -> list[UUID]:
    """Save it, up to `cursor`; returns the alerts that were raised or retracted. Raises DatabaseUnavailable.

    asked: months whose sightings must be weighed again.
    """
    touched: list[UUID] = []
    async with database.transaction() as connection:
        for verdict in verdicts:
            if verdict.removed:
                await findings.retract(connection, [finding.id for finding in verdict.removed], cause)
            if verdict.added:
                await findings.add(connection, verdict.added)
            if verdict.decisions.raised or verdict.decisions.retracted:
                touched += await alerts.apply(connection, site, verdict.decisions, cause)
            if verdict.track is None and verdict.subject.kind == "individual" and not len(verdict.memory.evidence):
                await tracks.drop(connection, site, verdict.subject)
        await findings.retract(connection, [finding.id for finding in met.removed], cause)
        await findings.add(connection, met.added)
        moved = [(v.track, v.segments, list(v.memory.months)) for v in verdicts if v.track is not None]
        await tracks.put(connection, site, moved)
        await followed.put(connection, site, [(v.subject, v.whole, v.months) for v in verdicts])
        await outbox.enqueue(connection, site, touched)
        await identity_months.ask(connection, site, asked)
        await tracks.move_cursor(connection, site, cursor, applied or "")
    return touched
