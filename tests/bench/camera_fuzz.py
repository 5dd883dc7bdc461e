"""Damaged pictures, as many as wanted: does each get an answer, how much memory do they take, how long the slowest?

Files are made from a few small valid ones (JPEG of five kinds, PNG, WebP): cut off, bits flipped, pieces dropped,
doubled and overwritten, sizes in headers blown up. Every death of the process that looks is reported with the number of
its file, so that it can be made again: `damaged(default_rng([seed, number]), seeds())`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter

import numpy as np

from hub.see.looking import Looking
from tests.unit.see.hostile import damaged, seeds


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    arguments.add_argument("--quick", action="store_true", help="a smoke test")
    arguments.add_argument("--files", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=1)
    asked = arguments.parse_args()
    count = 300 if asked.quick else asked.files
    files, states, deaths = seeds(), Counter[str](), list[dict[str, object]]()
    slowest, begin = 0.0, time.perf_counter()
    with Looking() as looking:
        for number in range(count):
            data = damaged(np.random.default_rng([asked.seed, number]), files)
            before, started = looking.deaths, time.perf_counter()
            seen = looking.look(data)
            slowest = max(slowest, time.perf_counter() - started)
            states[seen.state] += 1
            if looking.deaths != before:
                deaths.append({"number": number, "reason": seen.reason})
        memory = looking.memory_mb
    print(
        json.dumps(
            {
                "files": count,
                "seed": asked.seed,
                "answers": dict(sorted(states.items())),
                "deaths": len(deaths),
                "first_deaths": deaths[:10],
                "memory_mb": memory,
                "slowest_s": round(slowest, 3),
                "wall_s": round(time.perf_counter() - begin, 1),
                "goals": {"deaths": 0, "memory_mb": 700, "slowest_s": 10},
            }
        )
    )


if __name__ == "__main__":
    main()
