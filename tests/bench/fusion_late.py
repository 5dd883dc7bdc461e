"""From a late satellite batch of one collar to the new version of its track, committed and told.

python -m tests.bench.fusion_late --json prints one JSON object as its last line. A batch is 20 fixes that lie between
those that are known already, handed to the hub's door at once; it is over when the process that has the door is told of
the animal's new track, which is after its commit. The database and the pipeline are those of production.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop

from hub.ingest.accept import Acceptor
from hub.pipeline.beside import Beside
from hub.pipeline.line import NOUNS_FOLLOWED, Told
from hub.pipeline.world import World
from hub.records.finding import Subject
from hub.store import log, tracks
from hub.store.database import Database
from hub.supervise import run_all
from tests import builders as a
from tests.bench import ground, herd
from tests.bench.herd import Herd

FIXES = 20
PAUSE_S = 0.05
GOAL_MS = 50.0


class Heard:
    """Who is told by the pipeline, and when."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self._waiting: dict[Subject, asyncio.Future[float]] = {}

    def tell(self, site: str, told: Told, world: World) -> None:
        del site, world
        now = time.perf_counter()
        self.started.set()
        for position in told.positions:
            if (waiting := self._waiting.pop(position.subject, None)) is not None and not waiting.done():
                waiting.set_result(now)

    def of(self, subject: Subject) -> asyncio.Future[float]:
        """When the next track of a subject is told, by `time.perf_counter`."""
        self._waiting[subject] = waiting = asyncio.get_running_loop().create_future()
        return waiting


def a_batch(group: Herd, k: int, number: int, until: datetime) -> list[dict[str, Any]]:
    """20 fixes of animal k in between those known, of the last days of its history; no two batches alike."""
    x, y = group.home(k)
    every = timedelta(hours=group.every_h)
    return [
        {
            "kind": "fix",
            "device": herd.collar(k),
            "observed_at": (until - every * (n + 1.25 + 0.001 * number)).isoformat(),
            "longitude": x + 0.001 * (n % 7),
            "latitude": y + 0.001 * (n % 5),
            "uncertainty_m": 12.0,
            "source_id": f"late-{k}-{number}-{n}",
        }
        for n in range(FIXES)
    ]


async def all_built(database: Database, group: Herd) -> list[tracks.TrackVersion]:
    """Headers of all tracks, once there are all and the pipeline has followed everything."""
    while True:
        built = await tracks.headers(database, herd.SITE)
        cursor, _ = await tracks.read_cursor(database, herd.SITE)
        if len(built) == group.collared and (await log.lag(database, herd.SITE, cursor, NOUNS_FOLLOWED))[0] == 0:
            return built
        await asyncio.sleep(0.2)


async def batches(dsn: str, group: Herd, until: datetime, count: int) -> dict[str, Any]:
    """Send one batch after the other, of animals drawn from all; every one waited for."""
    database = await Database.connect(dsn)
    heard = Heard()
    pipeline = Beside(database, heard.tell, log_level="warning")
    acceptor = Acceptor(database)
    stop = asyncio.Event()
    began = time.perf_counter()
    running = asyncio.create_task(run_all({"pipeline": pipeline.run}, stop))
    late: list[float] = []
    try:
        await heard.started.wait()
        built = await all_built(database, group)
        built_s = time.perf_counter() - began
        assert pipeline.pid is not None
        cpu_s = ground.cpu_s(pipeline.pid)
        versions = {one.subject: one.version for one in built}
        draw = random.Random(1)
        for number in range(count):
            k = draw.randrange(group.collared)
            subject = Subject(kind="individual", id=a.an_individual(herd.SITE, herd.name(k)).id)
            arrivals = [
                a.an_arrival(body, herd.SITE, received_at=datetime.now(UTC))
                for body in a_batch(group, k, number, until)
            ]
            waiting = heard.of(subject)
            sent = time.perf_counter()
            await acceptor.accept(arrivals)
            late.append((await asyncio.wait_for(waiting, 60) - sent) * 1e3)
            versions[subject] += 1
            await asyncio.sleep(PAUSE_S)
        cpu_s = ground.cpu_s(pipeline.pid) - cpu_s
        after = {one.subject: one for one in await tracks.headers(database, herd.SITE)}
    finally:
        stop.set()
        await running
        await database.close()
    return {
        "batches": count,
        "versions_agree": versions == {subject: one.version for subject, one in after.items()},
        "points_agree": sum(one.points for one in after.values()) == group.collared * group.fixes + count * FIXES,
        "p50_ms": round(ground.percentile(late, 50), 2),
        "p99_ms": round(ground.percentile(late, 99), 2),
        "max_ms": round(max(late), 2),
        "pipeline_cpu_ms_per_batch": round(cpu_s / count * 1e3, 2),
        "built_from_the_log_s": round(built_s, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke test: the figures mean nothing")
    parser.add_argument("--animals", type=int, default=10_000, help="all with a collar")
    parser.add_argument("--fixes", type=int, default=360, help="of each animal, one every four hours")
    parser.add_argument("--batches", type=int, default=400)
    asked = parser.parse_args()
    if asked.quick:
        asked.animals, asked.fixes, asked.batches = 12, 60, 6
    group = Herd(
        animals=asked.animals,
        collared=asked.animals,
        fixes=asked.fixes,
        every_h=4.0,
        cameras=asked.animals // 25 + 1,
        passages=2 * asked.animals,
        species="Capreolus pygargus",
    )
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with (
        tempfile.TemporaryDirectory(prefix="rosette-bench-") as folder,
        ground.postgres(Path(folder) / "pg") as (server, pid),
    ):
        dsn = asyncio.run(ground.empty_database(server, migrated=True))
        asyncio.run(written(dsn, group, until))
        print("the history is written", file=sys.stderr)
        before = ground.cpu_s(pid)
        figures = uvloop.run(batches(dsn, group, until, asked.batches))
        figures["postgres_cpu_s"] = round(ground.cpu_s(pid) - before, 1)
    print(
        json.dumps(
            {
                "benchmark": "fusion_late",
                "machine": ground.machine(),
                "animals": group.animals,
                "fixes_of_each": group.fixes,
                "pictures_of_others": group.passages,
                "fixes_of_a_batch": FIXES,
                "goal_p99_ms": GOAL_MS,
                **figures,
            }
        )
    )


async def written(dsn: str, group: Herd, until: datetime) -> None:
    """The herd and its history, in an empty database."""
    database = await Database.connect(dsn, most=2)
    try:
        await herd.settle_herd(database, group, until)
    finally:
        await database.close()


if __name__ == "__main__":
    main()
