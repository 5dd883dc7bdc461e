"""What every benchmark stands on: real servers of its own, their processor time, the machine, and medians."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import psutil

from hub.embedded.broker import EmbeddedBroker
from hub.embedded.postgres import EmbeddedPostgres
from hub.store.database import Database
from hub.store.migrate import migrate
from tests.acceptance.hub_process import free_port


@contextmanager
def postgres(folder: Path) -> Iterator[tuple[str, int]]:
    """(DSN, process id) of an embedded PostgreSQL with the settings of production."""
    server = EmbeddedPostgres(folder)
    dsn = server.start()
    try:
        assert server.pid is not None
        yield dsn, server.pid
    finally:
        server.stop()


@contextmanager
def broker(folder: Path, *, durable: bool) -> Iterator[EmbeddedBroker]:
    """A broker of its own: queues of an earlier round must not be carried along."""
    server = EmbeddedBroker(folder, port=free_port(), durable=durable)
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def empty_database(server_dsn: str, *, migrated: bool) -> str:
    """DSN of a new database of the server, with the hub's tables or without any."""
    name = f"bench_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(server_dsn)
    try:
        await admin.execute(f"create database {name}")
    finally:
        await admin.close()
    dsn = server_dsn.replace("@/rosette?", f"@/{name}?")
    if migrated:
        database = await Database.connect(dsn, most=2)
        try:
            await migrate(database)
        finally:
            await database.close()
    return dsn


def cpu_s(process: int) -> float:
    """Processor seconds of a process, its living descendants and its dead children."""
    root = psutil.Process(process)
    total = sum(root.cpu_times()[:4])
    for child in root.children(recursive=True):
        with suppress(psutil.Error):
            total += sum(child.cpu_times()[:4])
    return total


def process_cpu_s(process: int) -> float:
    """Processor seconds of one process alone."""
    return sum(psutil.Process(process).cpu_times()[:2])


def machine() -> dict[str, Any]:
    """What the figures were made on."""
    return {
        "processors": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "load_1_min": round(os.getloadavg()[0], 2),
    }


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def medians(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Median of every number over the rounds; what is the same in all of them stays as it is."""
    out: dict[str, Any] = {}
    for name, first in rounds[0].items():
        values = [one[name] for one in rounds]
        numbers = isinstance(first, int | float) and not isinstance(first, bool)
        out[name] = round(statistics.median(values), 3) if numbers else first
    return out
