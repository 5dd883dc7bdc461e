"""Whose sighting is it, and where are they: Rosette beside Stone Soup: python -m tests.bench.fusion_identity --json.

Prints one JSON object as its last line. Seeds above 1,000 were never used for development: `--first 1001 --seeds 20` is
the run that is reported; it takes half an hour, nearly all of it in Stone Soup. `--peer-file` keeps Stone Soup's
figures by seed, with a digest of the month they belong to, so that it need not run again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.fusion_peer import Absent, stone_soup
from tests.bench.fusion_rosette import Wrong, rosette, true_llr
from tests.bench.fusion_scenario import Month, Reserve, described, generate
from tests.bench.fusion_scores import scores

T_95 = {2: 6.314, 3: 2.920, 4: 2.353, 5: 2.132, 8: 1.895, 10: 1.833, 12: 1.796, 20: 1.729}
"""One-sided 95 % points of Student's t with n - 1 degrees of freedom."""
GOALS = {
    "identity_points": 5.0,
    "identity_points_lower_95": 3.0,
    "gospa_lower_percent": 7.0,
    "oracle_gap_closed": 0.60,
    "coverage_95": [0.92, 0.97],
    "calibration_error": 0.03,
    "gain_lost_when_misspecified": 1 / 3,
    "cpu_ratio": 100.0,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "rosette": {},
    "cameras_silent_or_not_known": {"silence": False},
    "spreads_and_rates_wrong_by_2": {"wrong": Wrong(log_sd=2.0), "false_per_day": 0.04, "unknown_share": 0.4},
    "ranges_also_wrong_by_2": {
        "wrong": Wrong(scale=2.0, log_sd=2.0),
        "false_per_day": 0.04,
        "unknown_share": 0.4,
    },
}


def digest(month: Month) -> str:
    """Names the month whose peer's figures may be kept."""
    return hashlib.sha256(month.time_s.tobytes() + month.identity_llr.tobytes()).hexdigest()


def peer(month: Month, kept: Path | None) -> dict[str, Any] | None:
    """Stone Soup's figures and its processor time; None where it is absent."""
    file = kept / f"{month.reserve.seed}.json" if kept else None
    if file and file.exists():
        known = json.loads(file.read_text())
        if known["digest"] == digest(month):
            return known
    try:
        started = time.process_time()
        answer = stone_soup(month)
        told = {
            "seed": month.reserve.seed,
            "cpu_s": time.process_time() - started,
            "digest": digest(month),
            "scores": scores(month, answer),
        }
    except Absent:
        return None
    if file:
        file.write_text(json.dumps(told))
    return told


def least_cpu(month: Month, repeats: int = 3) -> tuple[Any, float]:
    """The answer, and the least processor time of a few runs of one thread."""
    runs = [rosette(month) for _ in range(repeats)]
    return runs[0][0], min(cpu for _, _, cpu in runs)


def one_seed(reserve: Reserve, kept: Path | None, repeats: int) -> dict[str, Any]:
    month = generate(reserve)
    told: dict[str, Any] = {"seed": reserve.seed, "month": described(month)}
    answer, cpu_s = least_cpu(month, repeats)
    told["rosette"] = {**scores(month, answer), "cpu_s": cpu_s}
    for name, changed in VARIANTS.items():
        if changed:
            told[name] = scores(month, rosette(month, **changed)[0])
    told["oracle"] = scores(month, rosette(month, identity_llr=true_llr(month))[0])
    told["oracle_without_silence"] = scores(month, rosette(month, identity_llr=true_llr(month), silence=False)[0])
    known = peer(month, kept)
    told["stone_soup"] = "absent" if known is None else {**known["scores"], "cpu_s": known["cpu_s"]}
    return told


def mean(rows: list[dict[str, Any]], variant: str, name: str) -> float:
    """Over the seeds; NaN where no seed has the figure."""
    known = [row[variant][name] for row in rows if not math.isnan(row[variant][name])]
    return sum(known) / len(known) if known else math.nan


def compared(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rosette against Stone Soup over the seeds where both ran."""
    both = [row for row in rows if row["stone_soup"] != "absent"]
    if not both:
        return {"stone_soup": "absent"}
    out: dict[str, Any] = {"seeds": len(both)}
    points = {
        name: np.array(
            [100 * (row[name]["identity_accuracy"] - row["stone_soup"]["identity_accuracy"]) for row in both]
        )
        for name in VARIANTS
    }
    own, n = points["rosette"], len(both)
    out["identity_points"] = round(float(own.mean()), 2)
    if n in T_95:
        out["identity_points_lower_95"] = round(float(own.mean() - T_95[n] * own.std(ddof=1) / math.sqrt(n)), 2)
    gospa = {name: mean(both, name, "labelled_gospa_m") for name in (*VARIANTS, "stone_soup")}
    peers = gospa["stone_soup"]
    out["gospa_lower_percent"] = round(100 * (1 - gospa["rosette"] / peers), 2)
    for oracle in ("oracle", "oracle_without_silence"):
        gap = peers - mean(both, oracle, "labelled_gospa_m")
        out[f"gap_to_{oracle}_closed"] = round((peers - gospa["rosette"]) / gap, 3)
    for name in [name for name, changed in VARIANTS.items() if changed]:
        out[name] = {
            "identity_gain_lost": round(float(1 - points[name].mean() / own.mean()), 3),
            "gospa_gain_lost": round((gospa[name] - gospa["rosette"]) / (peers - gospa["rosette"]), 3),
        }
    out["cpu_ratio"] = round(mean(both, "stone_soup", "cpu_s") / mean(both, "rosette", "cpu_s"), 1)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="accepted for symmetry; the last line is always JSON")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke test")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--peer-file", type=Path, help="folder where Stone Soup's figures are kept by seed")
    arguments = parser.parse_args()
    if arguments.quick:
        reserves = [Reserve(seed=1, animals=24, cameras=100, days=6.0, side_m=(24_000.0, 24_000.0))]
    else:
        reserves = [Reserve(seed=seed) for seed in range(arguments.first, arguments.first + arguments.seeds)]
    rosette(generate(Reserve(seed=1, animals=20, days=3.0)))
    rows = []
    for reserve in reserves:
        rows.append(one_seed(reserve, arguments.peer_file, 1 if arguments.quick else 3))
        print(json.dumps(rows[-1]), flush=True)
    names = (*VARIANTS, "oracle", "oracle_without_silence")
    figures = [name for name in rows[0]["rosette"] if name != "cpu_s"]
    told: dict[str, Any] = {
        "machine": {"processors": os.cpu_count()},
        "goals": GOALS,
        "against_stone_soup": compared(rows),
        "means": {name: {figure: round(mean(rows, name, figure), 4) for figure in figures} for name in names},
        "cpu_s": round(mean(rows, "rosette", "cpu_s"), 3),
    }
    both = [row for row in rows if row["stone_soup"] != "absent"]
    if both:
        told["means"]["stone_soup"] = {figure: round(mean(both, "stone_soup", figure), 4) for figure in figures}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
