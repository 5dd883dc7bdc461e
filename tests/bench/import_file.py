"""From a file to the log: `rosette import movebank` beside the fastest that keeps the raw columns, in one run.

python -m tests.bench.import_file --json prints one JSON object as its last line. The peer reads the same file with
`csv.reader` and COPYs its cells as they are: no times, no places, no identity, nothing checked.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg

from hub.console.feeds import Feeds
from hub.pipeline.follow import Followers
from hub.store import tracks
from hub.store.database import Database
from tests.bench import ground

SITE = "bench"
BEGAN = datetime(2023, 1, 1, tzinfo=UTC)
CHUNK_ROWS = 10_000
COLUMNS = (
    "event-id", "visible", "timestamp", "location-long", "location-lat", "gps:dop", "ground-speed", "heading",
    "sensor-type", "individual-taxon-canonical-name", "tag-local-identifier", "individual-local-identifier",
    "study-name",
)  # fmt: skip


def rows(count: int, animals: int) -> Iterator[tuple[Any, ...]]:
    """Made-up collars: a fix an hour each, on a slow round of some kilometres."""
    for k in range(count):
        which, hour = k % animals, k // animals
        angle = hour / 160 * math.tau + which
        longitude = 131.4 + 0.2 * math.sin(angle) + 0.01 * which + 0.002 * math.sin(hour * 1.7)
        latitude = 43.1 + 0.1 * math.cos(angle * 1.3) + 0.002 * math.cos(hour * 2.3)
        moment = (BEGAN + timedelta(hours=hour, seconds=which)).strftime("%Y-%m-%d %H:%M:%S.000")
        numbers = 1.0 + k % 7 / 2, f"{k % 13 / 10:.2f}", f"{k % 360}.0"
        names = "gps", "Panthera pardus", f"tag-{which:03d}", f"F{which:02d}", "Benchmark (generated)"
        yield (10_000_000 + k, "true", moment, f"{longitude:.7f}", f"{latitude:.7f}", *numbers, *names)


def write(path: Path, count: int, animals: int) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows(count, animals))


async def copy_raw(dsn: str, path: Path) -> None:
    """The peer: cells as texts into a table without an index, chunk by chunk, committed like an import is."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"create table cells ({', '.join(f'c{k} text' for k in range(len(COLUMNS)))})")
        with path.open(newline="") as file:
            reader = csv.reader(file)
            next(reader)
            while chunk := list(islice(reader, CHUNK_ROWS)):
                async with connection.transaction():
                    await connection.copy_records_to_table("cells", records=chunk)
    finally:
        await connection.close()


def peer(dsn: str, path: Path, count: int) -> dict[str, float]:
    """Rows a second of the peer, by the clock and by the processor time of its client."""
    cpu_s, began = time.process_time(), time.perf_counter()
    asyncio.run(copy_raw(dsn, path))
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu_s
    return {"rows_per_s": count / seconds, "seconds": seconds, "cpu_s": cpu_s}


def imported(dsn: str, folder: Path, path: Path) -> dict[str, Any]:
    """What `rosette import` says of the file, with the time of the whole command."""
    environment = os.environ | {"ROSETTE_DATABASE_URL": dsn, "ROSETTE_STATE": str(folder)}
    command = [sys.executable, "-m", "hub.cli", "import", "--json", "--site", SITE, "--create-site"]
    used, began = os.times(), time.perf_counter()
    answer = subprocess.run(
        [*command, "movebank", str(path)], env=environment, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise RuntimeError(answer.stderr)
    seconds, now = time.perf_counter() - began, os.times()
    (summary,) = json.loads(answer.stdout)
    return {
        "accepted": summary["accepted"],
        "duplicate": summary["duplicate"],
        "quarantined": summary["quarantined"],
        "rows_per_s": (summary["accepted"] + summary["duplicate"] + summary["quarantined"]) / summary["seconds"],
        "command_s": seconds,
        "cpu_s": now.children_user + now.children_system - used.children_user - used.children_system,
    }


async def tracked(dsn: str, animals: int) -> dict[str, Any]:
    """Seconds from the start of the pipeline on a full log until every animal has its track and nothing waits."""
    database = await Database.connect(dsn)
    feeds = Feeds(database)
    followers = Followers(database, feeds.tell)
    cpu_s, began = time.process_time(), time.perf_counter()
    running = asyncio.create_task(followers.run())
    try:
        while not (SITE in feeds.sites and (await feeds.lag(SITE))[0] == 0):
            await asyncio.wait([running], timeout=0.02)
            if running.done():
                running.result()
        seconds = time.perf_counter() - began
        made = await tracks.headers(database, SITE)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await database.close()
    assert len(made) == animals, f"{len(made)} tracks of {animals} animals"
    return {
        "seconds": seconds,
        "cpu_s": time.process_time() - cpu_s,
        "tracks": len(made),
        "points": sum(track.points for track in made),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke test: the figures mean nothing")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--animals", type=int, default=20)
    asked = parser.parse_args()
    if asked.quick:
        asked.rounds, asked.rows, asked.animals = 1, 2_000, 4
    out: dict[str, Any] = {
        "benchmark": "import_file",
        "machine": ground.machine(),
        "rounds": asked.rounds,
        "rows": asked.rows,
        "animals": asked.animals,
    }
    parts: dict[str, list[dict[str, Any]]] = {"first": [], "again": [], "peer": [], "pipeline": []}
    with tempfile.TemporaryDirectory(prefix="rosette-bench-") as name, ground.postgres(Path(name) / "pg") as (dsn, _):
        path = Path(name) / "movebank.csv"
        write(path, asked.rows, asked.animals)
        for number in range(asked.rounds):
            database = asyncio.run(ground.empty_database(dsn, migrated=True))
            folder = Path(name) / f"state-{number}"
            parts["first"].append(imported(database, folder, path))
            parts["peer"].append(peer(asyncio.run(ground.empty_database(dsn, migrated=False)), path, asked.rows))
            parts["again"].append(imported(database, folder, path))
            parts["pipeline"].append(asyncio.run(tracked(database, asked.animals)))
            print({kind: part[-1] for kind, part in parts.items()}, file=sys.stderr)
    out |= {kind: ground.medians(rounds) for kind, rounds in parts.items()}
    out["rows_per_s_ratio"] = round(out["first"]["rows_per_s"] / out["peer"]["rows_per_s"], 3)
    print(json.dumps(out))


if __name__ == "__main__":
    main()
