"""Which fences hold which of many points, beside the peers: python -m tests.bench.geo_join --json.

Each engine has a process of its own, is warmed with a few points, and is asked for all pairs (point, fence), border
included; all must find the same pairs. What can be made in advance (indices, the peers' columns of points) is made in
advance and told as set_up_s, to the favour of the peers: the engine takes bare columns. Times are the least of the
repeats, and the median beside it; processor seconds are those of all threads. Engines that would take minutes are
asked about the first --peer-points only, and compared by points a second.
"""

from __future__ import annotations

import time
from functools import partial

from geo.fence_index import FenceIndex
from tests.bench import geo_peers
from tests.bench.geo_alone import (
    Job,
    Told,
    agree,
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
from tests.bench.geo_ground import FENCES, Floats, Reserve, place_columns, shapes, stream

SIZES = {
    "points": (10_000_000, 6_000),
    "peer-points": (1_000_000, 3_000),
    "fences": (FENCES, 150),
    "repeats": (5, 2),
    "peer-repeats": (2, 1),
}
OURS = ("rosette", "rosette_1_thread")
WHOLE = ("sedonadb", "shapely_point_tree", "shapely_prepared")  # asked about all points
RECIPES = {
    "sedonadb": geo_peers.sedonadb_join,
    "shapely_point_tree": geo_peers.shapely_point_tree,
    "shapely_prepared": geo_peers.shapely_prepared,
    "geopandas": geo_peers.geopandas_sjoin,
    "duckdb": geo_peers.duckdb_spatial_join,
}
ENGINES = (*OURS, *RECIPES)
GOAL_RATIO = 60.0
GOAL_POINTS_PER_S = 45e6


def rosette(reserve: Reserve, longitude: Floats, latitude: Floats, threads: int) -> tuple[geo_peers.Join, Told]:
    index = FenceIndex.build(reserve.fences())
    return partial(index.join, longitude, latitude, threads=threads), {"index_mb": round(index.nbytes / 1e6, 1)}


def work(reserve: Reserve, job: Job) -> Told:
    """Figures of one engine; digests by the number of points asked about."""
    engine, points = job["engine"], job["points"]
    longitude, latitude = place_columns(reserve, points)
    begun = time.perf_counter()
    more: Told = {}
    if engine in OURS:
        threads = 1 if engine == "rosette_1_thread" else 2
        rosette(reserve, longitude[:1000], latitude[:1000], threads)[0]()
        begun = time.perf_counter()
        join, more = rosette(reserve, longitude, latitude, threads)
    else:
        join = RECIPES[engine](reserve, longitude, latitude)
    more |= {"set_up_s": round(time.perf_counter() - begun, 3), "held_before_mb": memory_mb("VmRSS")}
    (point, fence), figures = measured(join, job["repeats"])
    more |= {"peak_mb": memory_mb(), "pairs": len(point)}
    digests = {f"{points} points": digest(point, fence)}
    for fewer in job["also"]:
        first = point < fewer
        digests[f"{fewer} points"] = digest(point[first], fence[first])
    return {
        "points": points,
        **figures,
        "points_per_s": round(points / figures["wall_s"]),
        "cpu_ns_per_point": round(figures["cpu_s"] / points * 1e9, 2),
        **more,
        "digests": digests,
    }


def ratio(engines: dict[str, Told | str], peers: list[str], figure: str = "wall_s") -> float | None:
    """How many times longer the quickest of the peers takes for a point than the engine on two threads."""
    took = [told[figure] / told["points"] for name, told in engines.items() if name in peers and isinstance(told, dict)]
    own = engines["rosette"]
    return round(min(took) / (own[figure] / own["points"]), 2) if took else None


def main() -> None:
    parser = arguments(__doc__, ENGINES, SIZES)
    if (job := parser.parse_known_args()[0].job) is not None:
        return answer(job, work)
    told = asked(parser, SIZES)
    peer_points = min(told.points, told.peer_points)
    engines: dict[str, Told | str] = {}
    with reserve_folder() as reserve:
        made = shapes(told.fences)
        sizes = reserve.save_shapes(made)
        longitude, latitude = stream(made, told.points)
        reserve.save(longitude=longitude, latitude=latitude)
        # Compiled and kept on the disk by the first process; not by one that is measured.
        alone("geo_join", reserve, {"engine": "rosette", "points": 1, "repeats": 1, "also": []}, told.timeout)
        for engine in ENGINES:
            if engine in told.only or engine == "rosette":
                whole = engine in OURS or engine in WHOLE
                job = {
                    "engine": engine,
                    "points": told.points if whole else peer_points,
                    "repeats": told.repeats if engine in OURS else told.peer_repeats,
                    "also": [peer_points] if engine == "rosette" else [],
                }
                engines[engine] = alone("geo_join", reserve, job, told.timeout)
    agreed = agree(engines, "rosette")
    own, sedonadb = engines["rosette"], engines.get("sedonadb")
    shapely = ["shapely_point_tree", "shapely_prepared"]
    memory = own["peak_mb"] / sedonadb["peak_mb"] if isinstance(sedonadb, dict) else None
    finish(
        {
            "program": "geo_join",
            **sizes,
            "points": told.points,
            "engines": engines,
            "agreed": agreed,
            "times_quicker_by_cpu": {name: ratio(engines, [name], "cpu_s") for name in RECIPES},
            "times_quicker": {name: ratio(engines, [name]) for name in RECIPES},
            "goals": {
                "times_quicker_than_sedonadb": goal(ratio(engines, ["sedonadb"]), least=GOAL_RATIO),
                "times_quicker_than_best_shapely": goal(ratio(engines, shapely), least=GOAL_RATIO),
                "points_per_s": goal(own["points_per_s"], least=GOAL_POINTS_PER_S),
                "peak_memory_to_sedonadb": goal(memory, most=1.0),
            },
        }
    )
    return None


if __name__ == "__main__":
    main()
