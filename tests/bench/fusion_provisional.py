"""From a picture of an animal at the hub's door to whom it may show, stored and readable, while all else goes on.

python -m tests.bench.fusion_provisional --json prints one JSON object as its last line. A picture comes with a list of
whom it resembles, as a recogniser sends it; it is over when a reader of the database finds a proposal for it. The
database and the pipeline are those of production. The whole set has been weighed once before; it is weighed again all
the time meanwhile, or, with --resting, not at all. (In service it is weighed for a tenth of the time at most.)
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop

from hub.ingest.accept import Acceptor
from hub.pipeline.beside import Beside
from hub.pipeline.line import Told
from hub.pipeline.world import World
from hub.records.proposal import Proposal
from hub.store import proposals
from hub.store.database import Database
from hub.supervise import run_all
from tests import builders as a
from tests.bench import ground, herd
from tests.bench.fusion_late import written
from tests.bench.herd import Herd

LOOK_EVERY_S = 0.001
LONGEST_WAIT_S = 30.0
GOAL_MS = 200.0


async def found_for(database: Database, key: UUID, within_s: float = LONGEST_WAIT_S) -> Proposal:
    """The proposal for an observation, as soon as it can be read. Raises TimeoutError."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if (found := await proposals.get(database, herd.SITE, key)) is not None:
            return found
        await asyncio.sleep(LOOK_EVERY_S)
    raise TimeoutError(f"no proposal within {within_s} s")


def nothing_told(site: str, told: Told, world: World) -> None:
    """Whom the pipeline tells here."""
    del site, told, world


async def pictures(dsn: str, group: Herd, asked: argparse.Namespace) -> dict[str, Any]:
    """Wait for the whole set, then send one picture after the other."""
    database = await Database.connect(dsn)
    module = "hub.pipeline.process" if asked.resting else "tests.bench.weighing_process"
    pipeline = Beside(database, nothing_told, log_level="warning", module=module)
    acceptor = Acceptor(database)
    stop = asyncio.Event()
    running = asyncio.create_task(run_all({"pipeline": pipeline.run}, stop))
    near = herd.nearest_animals(group)
    draw = random.Random(2)
    late: list[float] = []
    right = provisional = 0
    began = time.perf_counter()

    async def send(k: int) -> tuple[UUID, float]:
        moment = datetime.now(UTC)
        body = herd.picture(group, near, k, moment)
        (receipt,) = await acceptor.accept([a.an_arrival(body, herd.SITE, received_at=moment)])
        return receipt.ids[0], time.perf_counter()

    try:
        key, _ = await send(group.passages)
        await found_for(database, key, 3_600.0)
        settled_s = time.perf_counter() - began
        assert pipeline.pid is not None
        for n in range(asked.sightings):
            k = group.passages + 1 + n
            sent = time.perf_counter()
            key, _ = await send(k)
            found = await found_for(database, key)
            late.append((time.perf_counter() - sent) * 1e3)
            provisional += found.status == "provisional"
            shown = a.an_individual(herd.SITE, herd.name(herd.shown_by(group, near, k))).id
            right += bool(found.candidates) and found.candidates[0].individual == shown
            await asyncio.sleep(draw.expovariate(asked.per_s))
    finally:
        stop.set()
        await running
        await database.close()
    return {
        "sightings": asked.sightings,
        "provisional": provisional,
        "likeliest_is_right": round(right / asked.sightings, 3),
        "p50_ms": round(ground.percentile(late, 50), 2),
        "p99_ms": round(ground.percentile(late, 99), 2),
        "max_ms": round(max(late), 2),
        "first_settled_s": round(settled_s, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke test: the figures mean nothing")
    parser.add_argument("--animals", type=int, default=10_000, help="on the roster; one in twenty wears a collar")
    parser.add_argument("--cameras", type=int, default=1_000)
    parser.add_argument("--passages", type=int, default=10_000, help="weighed before, of four weeks")
    parser.add_argument("--sightings", type=int, default=400)
    parser.add_argument("--per-s", type=float, default=4.0, help="how many come a second, at random")
    parser.add_argument("--resting", action="store_true", help="the whole set is not weighed meanwhile")
    asked = parser.parse_args()
    if asked.quick:
        asked.resting = True
        asked.animals, asked.cameras, asked.passages, asked.sightings = 40, 8, 80, 5
    group = Herd(
        animals=asked.animals,
        collared=max(asked.animals // 20, 1),
        fixes=180,
        every_h=4.0,
        cameras=asked.cameras,
        passages=asked.passages,
        # A station every five kilometres.
        side_deg=0.054 * math.sqrt(asked.cameras),
    )
    # The pipeline's process looks for modules where it is told to, not where it was started.
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    until = datetime.now(UTC) - timedelta(minutes=5)
    with (
        tempfile.TemporaryDirectory(prefix="rosette-bench-") as name,
        ground.postgres(Path(name) / "pg") as (server, _),
    ):
        dsn = asyncio.run(ground.empty_database(server, migrated=True))
        asyncio.run(written(dsn, group, until))
        print("the history is written", file=sys.stderr)
        figures = uvloop.run(pictures(dsn, group, asked))
    out = {
        "benchmark": "fusion_provisional",
        "machine": ground.machine(),
        "animals": group.animals,
        "collared": group.collared,
        "fixes_of_each": group.fixes,
        "cameras": group.cameras,
        "weighed_before": group.passages,
        "per_s": asked.per_s,
        "whole_set_weighed_meanwhile": not asked.resting,
        "goal_p99_ms": GOAL_MS,
        **figures,
    }
    print(json.dumps(out))


if __name__ == "__main__":
    main()
