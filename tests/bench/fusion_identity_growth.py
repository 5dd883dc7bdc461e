"""How processor time grows with animals at one density: python -m tests.bench.fusion_identity_growth --json."""

from __future__ import annotations

import argparse
import json
import math
import os
import time

import numpy as np

from fusion import compiled
from fusion.association import settle
from fusion.identities import AssociationRules
from tests.bench.fusion_rosette import told
from tests.bench.fusion_scenario import DAY, Reserve, generate


def grown(factor: int) -> Reserve:
    """A reserve `factor` times as large in animals, cameras and area."""
    side = math.sqrt(factor)
    return Reserve(
        seed=5,
        animals=110 * factor,
        cameras=450 * factor,
        waters=12 * factor,
        side_m=(52_000.0 * side, 50_000.0 * side),
    )


def measured(factor: int, repeats: int) -> dict[str, float]:
    month = generate(grown(factor))
    sightings, roster, cameras, _ = told(month)
    x, y = month.reserve.side_m
    rules = AssociationRules(centre_x_m=x / 2, centre_y_m=y / 2, centre_sd_m=15_000.0 * math.sqrt(factor))
    least = math.inf
    for _ in range(repeats):
        started = time.process_time()
        settle(sightings, roster, cameras, (0.0, month.reserve.days * DAY), rules)
        least = min(least, time.process_time() - started)
    return {
        "animals": month.reserve.animals,
        "sightings": len(sightings),
        "fixes": len(roster.time_s),
        "cpu_s": round(least, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="accepted for symmetry; the last line is always JSON")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke test")
    arguments = parser.parse_args()
    compiled.warm_up()
    rows = [measured(factor, 1 if arguments.quick else 3) for factor in ((1, 2) if arguments.quick else (1, 2, 4, 8))]
    size = np.log([row["sightings"] + row["fixes"] for row in rows])
    exponent = np.polyfit(size, np.log([row["cpu_s"] for row in rows]), 1)[0]
    figures = {"machine": {"processors": os.cpu_count()}, "rows": rows, "exponent_in_observations": round(exponent, 3)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
