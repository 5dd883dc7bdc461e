"""What was near, then: the space-time join beside its peers, in one run: python -m tests.bench.geo_spacetime --json.

Two workloads, 250 m and 1 h: fixes of animals against detections of standing cameras, and against fixes of others on
the move. Each in the order of the log (by time) and of a collar file (track after track). Every engine runs in a
process of its own and tells an order-free digest of its pairs. Ours gets degrees and decides on the ellipsoid. The
peers get metres of a plane, projected beforehand at no charge, and decide there; rows that have a pair within 0.25 m
of the radius are left out of the data beforehand, so that both must find the same pairs. SedonaDB and the two recipes
with SciPy's k-d tree run on the first order only. Peers that are not installed are told as null.

Seconds are medians by processor and by clock; `memory_mb` is how far the process grew beyond what it held before the
join, result included; `memory_x_input` the same without the result, in units of the columns given.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from geo.frames import LocalFrame
from geo.spacetime import join, warm_up
from tests.bench.wanderers import Rows, detections, fixes, followers, without_doubt

REPOSITORY = Path(__file__).resolve().parents[2]
RADIUS_M, WINDOW_S = 250.0, 3600.0
CENTRE = LocalFrame.around(131.0, 43.5)
Found = tuple[np.ndarray, np.ndarray]


def digest(left: np.ndarray, right: np.ndarray) -> str:
    """The same for the same set of pairs in any order: sum of a hash of each (Steele 2014, splitmix64)."""
    z = np.asarray(left).astype(np.uint64) << np.uint64(32) | np.asarray(right).astype(np.uint64)
    z += np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return f"{int(np.sum(z ^ (z >> np.uint64(31)), dtype=np.uint64)):016x}"


def rosette(left: Rows, right: Rows) -> Callable[[], Found]:
    def run() -> Found:
        pairs = join(left.degrees(), right.degrees(), radius_m=RADIUS_M, window_s=WINDOW_S)
        return pairs.left_ix, pairs.right_ix

    warm_up()
    return run


def duckdb_cells(left: Rows, right: Rows) -> Callable[[], Found]:
    """A hash join on cells of 2 R x 2 R x 2 T, the right side in eight copies: written by hand, its best by far."""
    import duckdb  # pyright: ignore[reportMissingImports]

    base = duckdb.connect()
    for name, rows in (("a", left), ("b", right)):
        columns = {"i": np.arange(len(rows.x), dtype=np.int32), "x": rows.x, "y": rows.y, "t": rows.time}
        base.register("given", columns)
        base.execute(f"create table {name} as select * from given")
        base.unregister("given")
    text = f"""
        with copies as (
            select i, x, y, t, floor((x + u * {RADIUS_M}) / {2 * RADIUS_M})::int as cx,
                floor((y + v * {RADIUS_M}) / {2 * RADIUS_M})::int as cy,
                floor((t + w * {WINDOW_S}) / {2 * WINDOW_S})::int as ct
            from b, (values (-1), (1)) along (u), (values (-1), (1)) up (v), (values (-1), (1)) later (w))
        select a.i as i, c.i as j from a join copies c
            on floor(a.x / {2 * RADIUS_M})::int = c.cx and floor(a.y / {2 * RADIUS_M})::int = c.cy
            and floor(a.t / {2 * WINDOW_S})::int = c.ct
        where (a.x - c.x) * (a.x - c.x) + (a.y - c.y) * (a.y - c.y) <= {RADIUS_M**2} and abs(a.t - c.t) <= {WINDOW_S}"""

    def run() -> Found:
        found = base.execute(text).fetchnumpy()
        return found["i"], found["j"]

    return run


def sedonadb(left: Rows, right: Rows) -> Callable[[], Found]:
    import pyarrow  # pyright: ignore[reportMissingImports]
    import sedonadb  # pyright: ignore[reportMissingImports]

    base = sedonadb.connect()
    for name, rows in (("a", left), ("b", right)):
        table = pyarrow.table({"i": np.arange(len(rows.x), dtype=np.int32), "x": rows.x, "y": rows.y, "t": rows.time})
        base.create_data_frame(table).to_view(f"given_{name}")
        base.sql(f"select i, t, ST_Point(x, y) as place from given_{name}").to_memtable().to_view(name)
    text = f"""select a.i as i, b.i as j from a join b
        on ST_DWithin(a.place, b.place, {RADIUS_M}) and abs(a.t - b.t) <= {WINDOW_S}"""

    def run() -> Found:
        found = base.sql(text).to_arrow_table()
        return found["i"].to_numpy(), found["j"].to_numpy()

    return run


def kdtree_plane(left: Rows, right: Rows) -> Callable[[], Found]:
    """Fixes near each distinct place of the right side, then a search in time within the place."""
    from scipy.spatial import cKDTree  # pyright: ignore[reportMissingImports]

    def run() -> Found:
        places, station = np.unique(np.stack([right.x, right.y], axis=1), axis=0, return_inverse=True)
        station = station.ravel()
        order = np.lexsort((right.time, station))
        start = np.searchsorted(station[order], np.arange(len(places) + 1))
        near = cKDTree(np.stack([left.x, left.y], axis=1)).query_ball_point(places, RADIUS_M, workers=-1)
        one, other = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for k, rows in enumerate(near):
            if rows:
                held = np.asarray(rows)
                times = right.time[order[start[k] : start[k + 1]]]
                low = np.searchsorted(times, left.time[held] - WINDOW_S, "left")
                count = np.searchsorted(times, left.time[held] + WINDOW_S, "right") - low
                ramp = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
                one.append(np.repeat(held, count))
                other.append(order[start[k] + np.repeat(low, count) + ramp])
        return np.concatenate(one), np.concatenate(other)

    return run


def kdtree_box(left: Rows, right: Rows) -> Callable[[], Found]:
    """One box query in (x / R, y / R, t / T), then the exact distance."""
    from scipy.spatial import cKDTree  # pyright: ignore[reportMissingImports]

    def scaled(rows: Rows) -> np.ndarray:
        return np.stack([rows.x / RADIUS_M, rows.y / RADIUS_M, rows.time / WINDOW_S], axis=1)

    def run() -> Found:
        near = cKDTree(scaled(right)).query_ball_point(scaled(left), 1 + 1e-9, p=np.inf, workers=-1)
        count = np.fromiter(map(len, near), np.int64, len(near))
        i = np.repeat(np.arange(len(near)), count)
        j = np.fromiter((k for rows in near if rows for k in rows), np.int64, count.sum())
        kept = np.hypot(left.x[i] - right.x[j], left.y[i] - right.y[j]) <= RADIUS_M
        kept &= np.abs(left.time[i] - right.time[j]) <= WINDOW_S
        return i[kept], j[kept]

    return run


# name: (what it needs, recipe, repeats, also in track order, also against movers)
ENGINES: dict[str, tuple[str, Callable[[Rows, Rows], Callable[[], Found]], int, bool, bool]] = {
    "rosette": ("numpy", rosette, 7, True, True),
    "duckdb_cells": ("duckdb", duckdb_cells, 3, True, True),
    "sedonadb": ("sedonadb", sedonadb, 1, False, True),
    "kdtree_plane": ("scipy", kdtree_plane, 1, False, False),
    "kdtree_box": ("scipy", kdtree_box, 1, False, True),
}


def resident_mb(line: str) -> float:
    """VmRSS or VmHWM of this process."""
    for text in Path("/proc/self/status").read_text().splitlines():
        if text.startswith(line):
            return int(text.split()[1]) / 1024
    raise KeyError(line)


def measure(engine: str, folder: Path) -> dict[str, Any]:
    """One engine on the data of a folder; this is the process of its own."""
    left, right = Rows.load(folder, "left", CENTRE), Rows.load(folder, "right", CENTRE)
    run = ENGINES[engine][1](left, right)
    Path("/proc/self/clear_refs").write_text("5")
    before = resident_mb("VmRSS")
    cpu, wall = [], []
    for _ in range(ENGINES[engine][2]):
        cpu_start, wall_start = time.process_time(), time.perf_counter()
        i, j = run()
        cpu.append(time.process_time() - cpu_start)
        wall.append(time.perf_counter() - wall_start)
    grown = resident_mb("VmHWM") - before
    given = (left.nbytes + right.nbytes) / 2**20
    result = {
        "pairs": len(i),
        "digest": digest(i, j),
        "cpu_s": round(float(np.median(cpu)), 4),
        "wall_s": round(float(np.median(wall)), 4),
        "memory_mb": round(grown),
    }
    if engine == "rosette":
        result["memory_x_input"] = round(max(0.0, grown - len(i) * 24 / 2**20) / given, 2)
    return result


def in_own_process(engine: str, folder: Path) -> dict[str, Any] | None:
    """What an engine tells, or None if it is not installed."""
    if find_spec(ENGINES[engine][0]) is None:
        return None
    command = [sys.executable, "-m", "tests.bench.geo_spacetime", "--engine", engine, "--folder", str(folder)]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=1800)
    if answer.returncode != 0:
        raise RuntimeError(f"{engine}: {answer.stderr[-2000:]}")
    return json.loads(answer.stdout.splitlines()[-1])


def compared(left: Rows, right: Rows, *, first: bool, movers: bool) -> dict[str, Any]:
    """All engines on one pair of tables; raises if they do not find the same pairs."""
    told: dict[str, Any] = {"left_rows": len(left.x), "right_rows": len(right.x)}
    with tempfile.TemporaryDirectory() as name:
        left.save(Path(name), "left")
        right.save(Path(name), "right")
        for engine, (_, _, _, any_order, against_movers) in ENGINES.items():
            if (first or any_order) and (not movers or against_movers):
                told[engine] = in_own_process(engine, Path(name))
    ours = told["rosette"]
    for engine in ENGINES.keys() - {"rosette"}:
        peer = told.get(engine)
        if peer is None:
            continue
        if (peer["pairs"], peer["digest"]) != (ours["pairs"], ours["digest"]):
            raise RuntimeError(f"{engine} finds {peer['pairs']} pairs, rosette {ours['pairs']}, or others")
        peer["x_ours_cpu"] = round(peer["cpu_s"] / ours["cpu_s"], 1)
        peer["x_ours_wall"] = round(peer["wall_s"] / ours["wall_s"], 1)
    return told


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    arguments.add_argument("--quick", action="store_true", help="tiny sizes")
    arguments.add_argument("--animals", type=int, default=500)
    arguments.add_argument("--fixes", type=int, default=10_000, help="hourly fixes of each animal")
    arguments.add_argument("--detections", type=int, default=1_000_000)
    arguments.add_argument("--only", choices=["standing", "moving"])
    arguments.add_argument("--engine", choices=list(ENGINES))
    arguments.add_argument("--folder", type=Path)
    asked = arguments.parse_args()
    if asked.engine:
        print(json.dumps(measure(asked.engine, asked.folder)))
        return
    animals, steps, seen = (20, 500, 4_000) if asked.quick else (asked.animals, asked.fixes, asked.detections)
    tracks = fixes(CENTRE, animals, steps, seed=1)
    told: dict[str, Any] = {"radius_m": RADIUS_M, "window_s": WINDOW_S}
    for name in ("standing", "moving"):
        if asked.only not in (None, name):
            continue
        other = detections(tracks, seen, seed=2) if name == "standing" else followers(tracks, seed=3)
        other = without_doubt(tracks, other, RADIUS_M, WINDOW_S)
        log = other.by_time()
        movers = name == "moving"
        told[f"{name}_by_time"] = compared(tracks.by_time(), log, first=True, movers=movers)
        told[f"{name}_by_track"] = compared(tracks, other if movers else log, first=False, movers=movers)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
