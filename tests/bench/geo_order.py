"""Fixes in any order, doubled, in any batches, against all at once: python -m tests.bench.geo_order --json.

Of every seed a walk among fences of all kinds arrives in a random order, some of it twice, in batches of random sizes;
in the end transitions and memory must be those of one run in order of time, byte for byte. Beside it, what one late fix
costs, against following the whole again. Prints one JSON object as its last line.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from typing import Any

from geo import warm
from geo.bridge import crossing_probabilities
from geo.fence_evidence import Chances
from geo.uncertainty import inside_probability
from tests.unit.geo.arrivals import Follower, a_reserve, a_walk

CHANCES = Chances(inside_probability, crossing_probabilities)


def orders(seeds: int, count: int) -> dict[str, Any]:
    watch = a_reserve()
    equal, kinds = 0, Counter[str]()
    for seed in range(seeds):
        dice = random.Random(seed)
        walk = a_walk(seed, count)
        at_once, any_order = Follower(walk, watch, CHANCES), Follower(walk, watch, CHANCES)
        at_once.take(range(count))
        arrivals = [*range(count), *dice.choices(range(count), k=count // 5)]
        dice.shuffle(arrivals)
        while arrivals:
            size = dice.choice((1, 1, 2, 5, 20))
            any_order.take(arrivals[:size])
            del arrivals[:size]
        equal += any_order.end == at_once.end
        kinds.update(one.kind for told in at_once.told.values() for one in told)
    return {"seeds": seeds, "fixes": count, "equal": equal, "kinds": dict(sorted(kinds.items()))}


def late(count: int, fixes: int) -> dict[str, float]:
    """One fix that is late by a random time, worked in, against the whole again; processor time."""
    watch, walk = a_reserve(), a_walk(1, count)
    missing = random.Random(7).sample(range(count), fixes)
    follower = Follower(walk, watch, CHANCES)
    follower.take(sorted(set(range(count)) - set(missing)))
    whole_s, before = follower.cpu_s, follower.looked_at
    for k in missing:
        follower.take([k])
    late_s = (follower.cpu_s - whole_s) / fixes
    return {
        "fixes": count,
        "whole_s": round(whole_s, 4),
        "whole_fixes_per_s": round(count / whole_s),
        "late_s": round(late_s, 6),
        "looked_at_per_late_fix": round((follower.looked_at - before) / fixes, 1),
        "times_less": round(whole_s / late_s, 1),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    arguments.add_argument("--quick", action="store_true", help="tiny sizes: does it still run?")
    arguments.add_argument("--seeds", type=int, default=1_000)
    asked = arguments.parse_args()
    seeds, count, long = (5, 40, 500) if asked.quick else (asked.seeds, 100, 20_000)
    warm.warm_up()
    began, wall = time.process_time(), time.perf_counter()
    tried = orders(seeds, count)
    told = {
        "orders": tried,
        "late": late(long, 5 if asked.quick else 50),
        "goals": {"equal": {"goal": seeds, "got": tried["equal"]}},
        "cpu_s": round(time.process_time() - began, 1),
        "wall_s": round(time.perf_counter() - wall, 1),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
