"""A file that came over HTTP: the same importer as `rosette import`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from hub.ingest.accept import Acceptor
from hub.ingest.files import import_file
from hub.records.receipt import Receipt
from hub.store.database import Database


async def import_upload(
    acceptor: Acceptor,
    database: Database,
    path: Path,
    *,
    site: str,
    name: str,
    dialect: str | None,
    received_at: datetime,
    sender: str,
) -> Receipt:
    """Append an uploaded file to a site's log; raises NotFound, Rejected and Unavailable."""

    def unseen(bytes_read: int, so_far: Receipt) -> None:
        del bytes_read, so_far

    summary = await import_file(
        acceptor, database, site, path, dialect=dialect, name=name, now=received_at, progress=unseen, by=sender
    )
    return Receipt(
        accepted=summary.accepted,
        duplicate=summary.duplicate,
        quarantined=summary.quarantined,
        problems=tuple(f"{reason.count} × {reason.example}" for reason in summary.reasons),
    )
