"""What weighing one month again costs a hub: python -m tests.bench.fusion_months --json.

A nightly fit that changed how anybody moves asks for all months of a site again. Timed is `propose` of one month, from
reading the database to its answers kept there, `--times` times over; the first also loads compiled code and is told
apart. Processor time is that of this process, not of the database's. Animals of one species, one in five with an
hourly collar. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.pipeline.propose import propose
from hub.pipeline.weighing import month_of
from hub.pipeline.world import read_world
from hub.store.database import Database
from hub.store.identity_months import IdentityMonth
from tests.bench import ground, herd
from tests.bench.fusion_late import written
from tests.bench.herd import Herd

UNTIL = datetime(2026, 10, 29, tzinfo=UTC)


async def weighed(dsn: str, times: int) -> dict[str, Any]:
    """Weigh the month of the herd so many times."""
    database = await Database.connect(dsn, most=2)
    processor_s, wall_s, found = list[float](), list[float](), 0
    try:
        world = await read_world(database, herd.SITE)
        for k in range(times):
            began, clock = time.process_time(), time.perf_counter()
            month = IdentityMonth(month_of(UNTIL), asked=k + 1, answered=0, basis="")
            found = len((await propose(database, world, month)).proposals)
            processor_s.append(time.process_time() - began)
            wall_s.append(time.perf_counter() - clock)
    finally:
        await database.close()
    return {
        "proposals": found,
        "first_processor_s": round(processor_s[0], 2),
        "processor_s": round(min(processor_s), 2),
        "wall_s": round(min(wall_s), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke test: the figures mean nothing")
    parser.add_argument("--animals", type=int, default=120)
    parser.add_argument("--cameras", type=int, default=450)
    parser.add_argument("--passages", type=int, default=1_100, help="pictures of the month")
    parser.add_argument("--times", type=int, default=4)
    asked = parser.parse_args()
    if asked.quick:
        asked.animals, asked.cameras, asked.passages, asked.times = 10, 8, 40, 1
    group = Herd(
        animals=asked.animals,
        collared=asked.animals // 5,
        fixes=24 if asked.quick else 720,
        every_h=1.0,
        cameras=asked.cameras,
        passages=asked.passages,
        side_deg=0.5,
    )
    with (
        tempfile.TemporaryDirectory(prefix="rosette-bench-") as name,
        ground.postgres(Path(name) / "pg") as (server, _),
    ):
        dsn = asyncio.run(ground.empty_database(server, migrated=True))
        asyncio.run(written(dsn, group, UNTIL))
        figures = asyncio.run(weighed(dsn, asked.times))
    out = {
        "benchmark": "fusion_months",
        "machine": ground.machine(),
        "load": round(os.getloadavg()[0], 1),
        "animals": group.animals,
        "collared": group.collared,
        "fixes_of_each": group.fixes,
        "cameras": group.cameras,
        "pictures": group.passages,
        **figures,
    }
    print(json.dumps(out))


if __name__ == "__main__":
    main()
