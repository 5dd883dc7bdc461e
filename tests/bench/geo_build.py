"""How long an index of many fences takes to make, and one edit of it: python -m tests.bench.geo_build --json.

The fences are valid and in normal form before the clock starts; what that takes is told as fences_made_s. An edit is
with_fence (a fence changed, or a new one) or without, on the snapshot that the edit before left; before and after, old
snapshots stay as they were. After all edits the index must find the same pairs and crossings as one made anew.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import shapely
from shapely import affinity

from geo.crossing import crossing_columns
from geo.fence_index import FenceIndex
from geo.fences import Fence
from tests.bench.geo_alone import (
    Disagreement,
    Job,
    Told,
    alone,
    answer,
    arguments,
    asked,
    digest,
    finish,
    goal,
    measured,
    memory_mb,
    reserve_folder,
)
from tests.bench.geo_ground import FENCES, Reserve, place_columns, shapes, stream
from tests.bench.geo_peers import prepared, tree_of

SIZES = {"fences": (FENCES, 150), "edits": (600, 30), "repeats": (5, 2), "points": (200_000, 2_000)}
ENGINES = ("rosette", "rosette_edits", "shapely")


def build(reserve: Reserve, job: Job) -> Told:
    begun = time.perf_counter()
    fences = reserve.fences()
    made_s = time.perf_counter() - begun
    FenceIndex.build(fences[:10])
    held_mb = memory_mb("VmRSS")
    index, figures = measured(lambda: FenceIndex.build(fences), job["repeats"])
    rings = shapely.get_rings(shapely.get_parts([fence.geometry for fence in fences]))
    edges = int(shapely.get_num_coordinates(rings).sum()) - len(rings)
    return {
        **figures,
        "edges": edges,
        "cpu_ns_per_edge": round(figures["cpu_s"] / edges * 1e9, 1),
        "index_mb": round(index.nbytes / 1e6, 2),
        "bytes_per_edge": round(index.nbytes / edges, 1),
        "fences_made_s": round(made_s, 3),
        "held_before_mb": held_mb,
        "peak_mb": memory_mb(),
    }


def build_shapely(reserve: Reserve, job: Job) -> Told:
    """A tree over the boxes and the index of every shape: what a prepared question stands on."""

    def work() -> shapely.STRtree:
        return tree_of(prepared(shapes))

    walls: list[Told] = []
    for _ in range(job["repeats"]):
        shapes = reserve.shapes()  # anew: what is prepared stays prepared
        walls.append(measured(work, 1)[1])
    return min(walls, key=lambda told: told["wall_s"]) | {"repeats": job["repeats"], "peak_mb": memory_mb()}


def edited(fence: Fence, draw: np.random.Generator) -> Fence:
    """The next version: moved and turned a little, as by somebody who draws its border anew."""
    angle, shift = draw.uniform(-5, 5), draw.normal(0, 0.002, 2)
    shape = affinity.translate(affinity.rotate(fence.geometry, angle), *shift)
    return Fence(fence.id, fence.version + 1, shape if shapely.is_valid(shape) else fence.geometry)


def edits(reserve: Reserve, job: Job) -> Told:
    """Times of single edits of all kinds in turns, on fences of all sizes; then the comparison with an index anew."""
    draw = np.random.default_rng(5)
    fences = {fence.id: fence for fence in reserve.fences()}
    # A hub has all kernels ready before its first edit; loading them takes longer than an edit.
    some = next(iter(fences.values()))
    FenceIndex.build([some]).with_fence(Fence("other", 1, some.geometry)).without(some.id)
    index = FenceIndex.build(fences.values())
    places = place_columns(reserve, job["points"])
    before = _found(index, places)
    first = index
    took_s: dict[str, list[float]] = {"replace": [], "add": [], "remove": []}
    made_s, cpu_s = [], []
    gone: list[Fence] = []
    for number in range(job["edits"]):
        kind = ("replace", "remove", "add")[number % 3]
        if kind == "add":
            fence = gone.pop()
            if number % 2:
                fence = Fence(f"new-{number:06}", 1, fence.geometry)
            fences[fence.id] = fence
        elif kind == "remove":
            fence = fences.pop(draw.choice(list(fences)))
            gone.append(fence)
        else:
            begun = time.perf_counter()
            fence = edited(fences[draw.choice(list(fences))], draw)
            made_s.append(time.perf_counter() - begun)
            fences[fence.id] = fence
        begun, cpu_begun = time.perf_counter(), time.process_time()
        index = index.without(fence.id) if kind == "remove" else index.with_fence(fence)
        took_s[kind].append(time.perf_counter() - begun)
        cpu_s.append(time.process_time() - cpu_begun)
    anew = FenceIndex.build(fences.values())
    if [fence.id for fence in index.fences] != [fence.id for fence in anew.fences]:
        raise Disagreement("after edits the index has other fences than one made anew")
    if _found(index, places) != _found(anew, places):
        raise Disagreement("after edits the index finds other pairs or crossings than one made anew")
    if _found(first, places) != before:
        raise Disagreement("an edit changed the snapshot it was made from")
    every = np.concatenate([np.array(times) for times in took_s.values()])
    return {
        "edits": len(every),
        "first_ms": _ms(took_s["replace"][:1], 100),
        "p50_ms": _ms(every, 50),
        "p99_ms": _ms(every, 99),
        "most_ms": _ms(every, 100),
        "cpu_p50_ms": _ms(cpu_s, 50),
        "by_kind": {kind: {"p50_ms": _ms(times, 50), "p99_ms": _ms(times, 99)} for kind, times in took_s.items()},
        "fence_made_p50_ms": _ms(made_s, 50),
        "index_mb": round(index.nbytes / 1e6, 2),
        "index_anew_mb": round(anew.nbytes / 1e6, 2),
        "compared": {"points": job["points"], "pairs": before[0].split(":")[0]},
        "peak_mb": memory_mb(),
    }


def _ms(times_s: Any, percent: float) -> float:
    return round(float(np.percentile(times_s, percent)) * 1e3, 3)


def _found(index: FenceIndex, places: Any) -> tuple[str, str]:
    longitude, latitude = places
    short = slice(0, len(longitude) // 10)
    crossed = crossing_columns(longitude[short], latitude[short], index)
    kinds = digest(crossed.segment, crossed.fence_ix, crossed.kind)
    return digest(*index.join(longitude, latitude)), kinds


def work(reserve: Reserve, job: Job) -> Told:
    return {"rosette": build, "rosette_edits": edits, "shapely": build_shapely}[job["engine"]](reserve, job)


def main() -> None:
    parser = arguments(__doc__, ENGINES, SIZES)
    if (job := parser.parse_known_args()[0].job) is not None:
        return answer(job, work)
    told = asked(parser, SIZES)
    with reserve_folder() as reserve:
        made = shapes(told.fences)
        sizes = reserve.save_shapes(made)
        longitude, latitude = stream(made, told.points)
        reserve.save(longitude=longitude, latitude=latitude)
        job = {"repeats": told.repeats, "edits": told.edits, "points": told.points}
        alone("geo_build", reserve, {"engine": "rosette_edits"} | job | {"edits": 3, "points": 20}, told.timeout)
        engines = {name: alone("geo_build", reserve, {"engine": name} | job, told.timeout) for name in told.only}
    whole, edit = engines.get("rosette"), engines.get("rosette_edits")
    goals: Told = {}
    if isinstance(whole, dict):
        goals |= {"build_s": goal(whole["wall_s"], most=0.3), "index_mb": goal(whole["index_mb"], most=60.0)}
    if isinstance(edit, dict):
        goals |= {"edit_p50_ms": goal(edit["p50_ms"], most=5.0), "edit_p99_ms": goal(edit["p99_ms"], most=5.0)}
    finish({"program": "geo_build", **sizes, "engines": engines, "goals": goals})
    return None


if __name__ == "__main__":
    main()
