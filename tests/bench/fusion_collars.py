"""Do fitted movement parameters keep their word on real animals: python -m tests.bench.fusion_collars --json.

Four fifths of each collar's fixes are hidden, one by one and in blocks of 12; parameters are fitted to the rest, with a
prior made of the rest of the other animals; the hidden fixes should lie in their 95 % regions in 93 to 97 of 100 cases.
"tracks" are made as the hub makes them, with the errors of each tag, Student-t where its fixes say so.
Peers in the same run: the fixed defaults of the species, sized as the hub does without a fit, and a straight line
between the fixes shown, which has no region. Prints one JSON object as its last line.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from fusion.ellipse import Floats
from fusion.evidence import Evidence, keys_from
from fusion.hierarchy import assumed
from fusion.motion import MotionParameters, parameters_for
from fusion.parameters import fit_group, with_errors
from fusion.scale import scaled
from fusion.tags import judged_with, tag_errors
from fusion.tracks import positions_at
from fusion.wary import smooth_wary
from tests.bench.collars import TELEMETRY, Collar, collars

HIDDEN = 0.8
BLOCK = 12
CENTRE_SD_M = 2_000_000.0
CHI2_95, CHI2_50 = -2.0 * np.log(0.05), -2.0 * np.log(0.5)
KINDS = {"jaguar": "leopard", "brown bear": "bear"}
Counts = dict[str, list[float]]


def shown(collar: Collar, how: str, seed: int) -> np.ndarray:
    """bool[n]: which fixes are shown; the first and the last are, so that nothing is extrapolated."""
    rng = np.random.default_rng([seed, len(collar.time_s)])
    n = len(collar.time_s)
    hidden = rng.random(n) < HIDDEN if how == "random" else np.repeat(rng.random(n // BLOCK + 1) < HIDDEN, BLOCK)[:n]
    hidden[0] = hidden[-1] = False
    return ~hidden


def evidence_of(collar: Collar, rows: np.ndarray) -> Evidence:
    keys = keys_from([k.to_bytes(16, "big") for k in range(len(collar.time_s))])
    return Evidence.canonical(
        collar.time_s[rows], collar.x_m[rows], collar.y_m[rows], collar.covariance[rows], keys[rows]
    )


def judged(
    collar: Collar, rows: np.ndarray, parameters: MotionParameters, error_factor: float, tail: float = 0.0
) -> tuple[Floats, Floats]:
    """Squared Mahalanobis distance and distance in metres of the hidden fixes from what is predicted."""
    given = with_errors(evidence_of(collar, rows), error_factor)
    known = smooth_wary(given, replace(parameters, centre_sd_m=CENTRE_SD_M), np.full(len(given), tail))
    found = positions_at(known, collar.time_s[~rows])
    xx, xy, yy = (found.covariance + collar.covariance[~rows] * error_factor).T
    dx, dy = collar.x_m[~rows] - found.x_m, collar.y_m[~rows] - found.y_m
    return (dx * dx * yy - 2.0 * dx * dy * xy + dy * dy * xx) / (xx * yy - xy * xy), np.hypot(dx, dy)


def straight(collar: Collar, rows: np.ndarray) -> Floats:
    """Distance in metres of the hidden fixes from a straight line between those shown."""
    x, y = (np.interp(collar.time_s[~rows], collar.time_s[rows], axis[rows]) for axis in (collar.x_m, collar.y_m))
    return np.hypot(collar.x_m[~rows] - x, collar.y_m[~rows] - y)


def species_run(animals: list[Collar], kind: str, how: str, seed: int) -> dict[str, Floats]:
    """All hidden fixes of one species: distances of the fit, of the defaults and of the straight line."""
    rows = {animal.name: shown(animal, how, seed) for animal in animals}
    fits, _ = fit_group({one.name: evidence_of(one, rows[one.name]) for one in animals}, assumed(kind))
    columns: defaultdict[str, list[Floats]] = defaultdict(list)
    for animal in animals:
        mine, fitted = rows[animal.name], fits[animal.name]
        default = scaled(parameters_for(kind), evidence_of(animal, mine))
        # As the hub makes tracks: each tag with its own errors.
        given, tag = evidence_of(animal, mine), np.zeros(int(mine.sum()), dtype=np.int64)
        errors = tag_errors(given, tag, fitted)
        wary = judged_with(given, tag, fitted, errors)
        for name, (distance2, metres) in {
            "fitted": judged(animal, mine, fitted.widened, fitted.error_factor),
            "tracks": judged(animal, mine, wary.widened, wary.error_factor, errors[0].tail),
            "unwidened": judged(animal, mine, fitted.parameters, fitted.error_scale**2),
            "default": judged(animal, mine, default, 1.0),
        }.items():
            columns[f"{name}_d2"].append(distance2)
            columns[f"{name}_m"].append(metres)
        columns["straight_m"].append(straight(animal, mine))
    return {name: np.concatenate(parts) for name, parts in columns.items()}


def told(columns: dict[str, Floats]) -> dict[str, float]:
    """Shares within regions, and median distances."""
    answer: dict[str, float] = {"hidden": len(columns["straight_m"])}
    for name in ("fitted", "tracks", "unwidened", "default"):
        answer[f"{name}_95"] = round(float((columns[f"{name}_d2"] <= CHI2_95).mean()), 4)
    answer["tracks_50"] = round(float((columns["tracks_d2"] <= CHI2_50).mean()), 4)
    answer["fitted_50"] = round(float((columns["fitted_d2"] <= CHI2_50).mean()), 4)
    for name in ("fitted", "tracks", "default", "straight"):
        answer[f"{name}_median_m"] = round(float(np.median(columns[f"{name}_m"])), 1)
    return answer


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    arguments.add_argument("--quick", action="store_true", help="one seed, the smallest species")
    arguments.add_argument("--seeds", type=int, default=5)
    arguments.add_argument("--telemetry", type=Path, default=TELEMETRY, help="folder of the recordings")
    asked = arguments.parse_args()
    if not asked.telemetry.is_dir():
        print(json.dumps({"telemetry": "absent"}))
        return
    groups: defaultdict[str, list[Collar]] = defaultdict(list)
    for collar in collars(asked.telemetry):
        groups[collar.species].append(collar)
    chosen = {name: groups[name] for name in ("jaguar", "brown bear")} if asked.quick else groups
    cpu = time.process_time()
    answer: dict[str, object] = {"seeds": 1 if asked.quick else asked.seeds, "goal": [0.93, 0.97]}
    for how in ("random", "blocks"):
        runs = {
            species: [
                species_run(animals, KINDS.get(species, "default"), how, seed)
                for seed in range(1 if asked.quick else asked.seeds)
            ]
            for species, animals in chosen.items()
        }
        joined = {
            species: {name: np.concatenate([run[name] for run in many]) for name in many[0]}
            for species, many in runs.items()
        }
        every = {name: np.concatenate([one[name] for one in joined.values()]) for name in next(iter(joined.values()))}
        by_species = {species: {"animals": len(chosen[species]), **told(one)} for species, one in joined.items()}
        equal = float(np.mean([one["fitted_95"] for one in by_species.values()]))
        answer[how] = {"all": told(every), "mean_of_species_95": round(equal, 4), **by_species}
    answer["cpu_s"] = round(time.process_time() - cpu, 1)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
