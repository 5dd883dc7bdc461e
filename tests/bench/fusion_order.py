"""Sightings in random order, repeated, in random batches, on 1 to 3 threads: python -m tests.bench.fusion_order --json.

Every case settles a random small reserve twice, once as it was made and once as it was delivered, and compares owners,
probabilities, reasons and places, byte for byte. Prints one JSON object as its last line; fails if any case differs.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np

from fusion import compiled
from fusion.association import Settled, settle
from fusion.identities import Identities
from fusion.places import positions
from fusion.sightings import merge
from tests.unit.fusion.reserve_of import RULES, SPAN_S, cameras, columns, roster, sightings

TIMES_S = np.linspace(*SPAN_S, 7)


def told(settled: Settled) -> bytes:
    """Everything that an answer says."""
    columns_of = [getattr(settled.identities, field.name).tobytes() for field in fields(Identities)]
    return settled.sightings.set_hash() + b"".join(columns_of + [one.tobytes() for one in positions(settled, TIMES_S)])


def case(seed: int) -> bool:
    rng = np.random.default_rng(seed)
    n, individuals = int(rng.integers(1, 80)), int(rng.integers(1, 12))
    made, known, site = columns(n, individuals, seed), roster(individuals, seed, int(rng.integers(0, 3))), cameras()
    expected = told(settle(sightings(made, np.arange(n)), known, site, SPAN_S, RULES))
    delivered = np.concatenate([rng.permutation(n), rng.integers(0, n, int(rng.integers(0, n + 1)))])
    cuts = np.sort(rng.integers(1, len(delivered) + 1, int(rng.integers(0, 6))))
    batches = [part for part in np.split(delivered, cuts) if len(part)]
    arrived = sightings(made, batches[0])
    for batch in batches[1:]:
        arrived = merge(arrived, sightings(made, batch))
    with ThreadPoolExecutor(int(rng.integers(1, 4))) as pool:
        return told(settle(arrived, known, site, SPAN_S, RULES, pool.map)) == expected


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="accepted for symmetry; the last line is always JSON")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke test")
    parser.add_argument("--cases", type=int, default=1000)
    arguments = parser.parse_args()
    cases = 20 if arguments.quick else arguments.cases
    compiled.warm_up()
    started, clock = time.process_time(), time.perf_counter()
    equal = sum(case(seed) for seed in range(cases))
    print(
        json.dumps(
            {
                "machine": {"processors": os.cpu_count()},
                "cases": cases,
                "equal": equal,
                "cpu_s": round(time.process_time() - started, 1),
                "wall_s": round(time.perf_counter() - clock, 1),
            }
        )
    )
    raise SystemExit(0 if equal == cases else 1)


if __name__ == "__main__":
    main()
