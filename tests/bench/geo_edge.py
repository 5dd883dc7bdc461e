"""A collar that lies on a fence, and animals that walk in: python -m tests.bench.geo_edge --json.

How often a fence cries wolf, and how soon it sees a true entry, beside the usual engine (compare the side of each fix
with that of the one before), on the same fixes. Errors are Gaussian, 10 m on each axis, 5 % of them five times as
large, as the engine is told; `worse` are half as large again as it is told. Prints one JSON object as its last line.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from shapely import LineString, box

from geo import warm
from geo.bridge import crossing_probabilities
from geo.fence_edges import Area, Line
from geo.fence_evidence import Chances, Fixes
from geo.fence_rules import PRESETS, FenceRules
from geo.geofence import Memory, follow
from geo.uncertainty import inside_probability
from geo.watch import Watch, Watched

DEG_PER_M = 1.0 / 111_319.49
SD_M, TAIL, TIMES = 10.0, 0.05, 5.0
HOURS = 30 * 24
CHANCES = Chances(inside_probability, crossing_probabilities)
BORDERS: dict[str, Area | Line] = {
    "straight": box(0.0, -1.0, 1.0, 1.0),
    "corner": box(0.0, 0.0, 1.0, 1.0),
    "line": LineString([(0.0, -1.0), (0.0, 1.0)]),
}
# Metres an hour of an animal that walks straight in.
STEPS = (30, 50, 100, 300)
GOAL_FALSE, GOAL_FOUND = 1.0, 0.95
CHANGES = ("enter", "exit", "through")


@dataclass(frozen=True, slots=True)
class Stationary:
    """False transitions in 100 days at one fence."""

    fence_days: int
    false_per_100: float
    possible_per_100: float
    side_compare_per_100: float


def errors(rng: np.random.Generator, n: int) -> np.ndarray:
    times = np.where(rng.random(n) < TAIL, TIMES, 1.0)
    return SD_M * times[:, None] * rng.standard_normal((n, 2))


def fixes_at(metres: np.ndarray) -> Fixes:
    n = len(metres)
    covariance = np.tile([SD_M**2, 0.0, SD_M**2], (n, 1))
    x, y = (metres * DEG_PER_M).T.copy()
    return Fixes(np.arange(n, dtype=np.float64) * 3600.0, x, y, covariance, 0.01)


def watch(preset: str, border: Area | Line) -> Watch:
    return Watch.build([Watched("fence", 1, border, FenceRules(PRESETS[preset], possible_at=0.2))])


def stationary(preset: str, border: str, months: int, worse: float = 1.0) -> Stationary:
    rng = np.random.default_rng(1)
    fence = watch(preset, BORDERS[border])
    false = possible = compared = 0
    for _ in range(months):
        metres = errors(rng, HOURS) * worse
        told = follow(fixes_at(metres), fence, CHANCES, Memory(), np.arange(HOURS)).transitions
        false += sum(one.kind in CHANGES for one in told)
        possible += sum(one.kind == "possible_crossing" for one in told)
        inside = metres[:, 0] >= 0.0
        if border == "corner":
            inside &= metres[:, 1] >= 0.0
        compared += int(np.count_nonzero(inside[1:] != inside[:-1]))
    hundreds = months * 30 / 100.0
    return Stationary(months * 30, *(round(count / hundreds, 2) for count in (false, possible, compared)))


def walking(preset: str, step_m: int, walks: int) -> dict[str, float]:
    """Share of walks straight in whose enter was told by the first fix that was truly inside, and by those after it."""
    rng = np.random.default_rng(2)
    fence = watch(preset, BORDERS["straight"])
    found = np.zeros(4)
    early = 0
    for _ in range(walks):
        true = (rng.random() - 8.0) * step_m + step_m * np.arange(20)
        metres = errors(rng, 20)
        metres[:, 0] += true
        first = int(np.argmax(true >= 0.0))
        told = follow(fixes_at(metres), fence, CHANCES, Memory(), np.arange(20)).transitions
        decided = [one.decided_ix - first for one in told if one.kind == "enter"]
        early += bool(decided) and decided[-1] < 0
        for k in range(4):
            found[k] += bool(decided) and 0 <= decided[-1] <= k
    names = ("at_once", "within_1", "within_2", "within_3")
    return dict(zip(names, (found / walks).round(3).tolist(), strict=True)) | {"before": round(early / walks, 4)}


def rate(count: int) -> dict[str, float]:
    """Fixes a second of processor time, of a walk about the border, and of one far from it."""
    rng = np.random.default_rng(3)
    out: dict[str, float] = {}
    for name, off_m, step_m in (("about_the_border", 0.0, 30.0), ("away_from_it", 50_000.0, 30.0)):
        metres = off_m + np.cumsum(rng.normal(0.0, step_m, (count, 2)), axis=0)
        metres[:, 0] -= np.linspace(0.0, metres[-1, 0] - off_m, count)
        fence, fixes = watch("balanced", BORDERS["straight"]), fixes_at(metres)
        began = time.process_time()
        follow(fixes, fence, CHANCES, Memory(), np.arange(count))
        out[f"{name}_per_s"] = round(count / (time.process_time() - began))
    return out


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    arguments.add_argument("--quick", action="store_true", help="tiny sizes: does it still run?")
    asked = arguments.parse_args()
    months, walks, count = (2, 10, 2_000) if asked.quick else (200, 500, 100_000)
    warm.warm_up()
    began, wall = time.process_time(), time.perf_counter()
    still = {preset: {border: asdict(stationary(preset, border, months)) for border in BORDERS} for preset in PRESETS}
    worse = {preset: asdict(stationary(preset, "straight", months, worse=1.5)) for preset in PRESETS}
    walked = {preset: {str(step): walking(preset, step, walks) for step in STEPS} for preset in PRESETS}
    balanced: Any = still["balanced"]["straight"]
    told = {
        "sizes": {"months": months, "walks": walks, "fixes": count, "sd_m": SD_M, "tail": [TAIL, TIMES]},
        "stationary": still,
        "stationary_worse": worse,
        "walking": walked,
        "rate": rate(count),
        "goals": {
            "balanced_false_per_100_fence_days": {"goal": GOAL_FALSE, "got": balanced["false_per_100"]},
            "balanced_found_within_2": {
                "goal": GOAL_FOUND,
                "got": {step: walked["balanced"][step]["within_2"] for step in walked["balanced"]},
            },
        },
        "cpu_s": round(time.process_time() - began, 1),
        "wall_s": round(time.perf_counter() - wall, 1),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
