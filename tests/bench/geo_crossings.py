"""Which consecutive fixes enter, leave or pass which fence, and the peers: python -m tests.bench.geo_crossings --json.

Hourly tracks one after the other; a segment runs from a fix to the next of its track. The peers answer by predicates:
a segment that meets a fence enters, leaves or passes it as its fixes lie inside or outside. What the engine tells
besides is left out of that comparison: the places along the segment, and who leaves and comes back between two fixes
inside (`away`), which one peer is asked for as well. A segment that passes a fence twice counts once. Making lines of
the fixes, and trees over them, is part of the question; indices of fences are made before.
"""

from __future__ import annotations

import time

import numpy as np

from geo.crossing import ENTER, EXIT, THROUGH, CrossingColumns, crossing_columns
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
from tests.bench.geo_ground import FENCES, Integers, Reserve, place_columns, shapes, tracks

SIZES = {
    "segments": (5_000_000, 6_000),
    "peer-segments": (500_000, 3_000),
    "fences": (FENCES, 150),
    "fixes-per-track": (5_000, 200),
    "repeats": (5, 2),
    "peer-repeats": (2, 1),
}
OURS = ("rosette", "rosette_1_thread")
WHOLE = ("shapely_line_tree", "shapely_fence_tree")  # asked about all segments
RECIPES = {
    "shapely_line_tree": geo_peers.shapely_line_tree,
    "shapely_fence_tree": geo_peers.shapely_fence_tree,
    "shapely_line_tree_away": geo_peers.shapely_line_tree_away,
    "sedonadb": geo_peers.sedonadb_segments,
    "duckdb": geo_peers.duckdb_segments,
}
ENGINES = (*OURS, *RECIPES)
GOAL_RATIO, GOAL_NS = 25.0, 120.0


def net_kinds(told: CrossingColumns) -> geo_peers.Kinds:
    """(segment, fence_ix, kind), one a pair, as predicates tell it: by the states of both fixes."""
    pair = np.asarray(told.segment).astype(np.int64) << 24 | np.asarray(told.fence_ix).astype(np.int64)
    pairs, number = np.unique(pair, return_inverse=True)
    kind = np.asarray(told.kind)
    assert np.isin(kind, [ENTER, EXIT, THROUGH]).all()
    enters = np.bincount(number, kind == ENTER, len(pairs)) > 0
    leaves = np.bincount(number, kind == EXIT, len(pairs)) > 0
    net = np.where(
        enters & leaves,
        geo_peers.AWAY,
        np.where(leaves, geo_peers.EXIT, np.where(enters, geo_peers.ENTER, geo_peers.THROUGH)),
    )
    return pairs >> 24, pairs & 0xFFFFFF, net


def digests(kinds: geo_peers.Kinds, segments: int, away: bool, plain: bool) -> Told:
    """By question: with and without absences between two fixes inside."""
    segment, fence, kind = (np.asarray(column) for column in kinds)
    first = segment < segments
    out: Told = {}
    if away:
        out[f"{segments} segments and absences"] = digest(segment[first], fence[first], kind[first])
    if plain:
        first &= kind != geo_peers.AWAY
        out[f"{segments} segments"] = digest(segment[first], fence[first], kind[first])
    return out


def work(reserve: Reserve, job: Job) -> Told:
    engine, segments = job["engine"], job["segments"]
    longitude, latitude = place_columns(reserve, segments + 1)
    track: Integers = reserve.column("track", segments + 1).astype(np.int64)
    more: Told = {}
    begun = time.perf_counter()
    if engine in OURS:
        threads = 1 if engine == "rosette_1_thread" else 2
        index = FenceIndex.build(reserve.fences())
        crossing_columns(longitude[:1000], latitude[:1000], index, track=track[:1000], threads=threads)
        more = {"index_mb": round(index.nbytes / 1e6, 1)}

        def ask() -> CrossingColumns:
            return crossing_columns(longitude, latitude, index, track=track, threads=threads)
    else:
        ask = RECIPES[engine](reserve, longitude, latitude, track)
    more |= {"set_up_s": round(time.perf_counter() - begun, 3), "held_before_mb": memory_mb("VmRSS")}
    found, figures = measured(ask, job["repeats"])
    more |= {"peak_mb": memory_mb()}
    if engine in OURS:
        more |= {"rows": len(found.segment)}
        kinds, away, plain = net_kinds(found), True, True
    else:
        kinds, away = found, engine == "shapely_line_tree_away"
        plain = not away
    counts = np.bincount(np.asarray(kinds[2]).astype(np.int64), minlength=5).tolist()
    told: Told = {}
    for size in (segments, *job["also"]):
        told |= digests(kinds, size, away, plain)
    return {
        "segments": segments,
        **figures,
        "cpu_ns_per_segment": round(figures["cpu_s"] / segments * 1e9, 2),
        "segments_per_s": round(segments / figures["wall_s"]),
        **more,
        "enter": counts[geo_peers.ENTER],
        "exit": counts[geo_peers.EXIT],
        "through": counts[geo_peers.THROUGH],
        "away": counts[geo_peers.AWAY] if away else None,
        "digests": told,
    }


def ratio(engines: dict[str, Told | str], peers: list[str], figure: str) -> float | None:
    """How many times longer the quickest of the peers takes for a segment than the engine on two threads."""
    took = [
        told[figure] / told["segments"] for name, told in engines.items() if name in peers and isinstance(told, dict)
    ]
    own = engines["rosette"]
    return round(min(took) / (own[figure] / own["segments"]), 2) if took else None


def main() -> None:
    parser = arguments(__doc__, ENGINES, SIZES)
    if (job := parser.parse_known_args()[0].job) is not None:
        return answer(job, work)
    told = asked(parser, SIZES)
    per_track = told.fixes_per_track
    animals = -(-told.segments // (per_track - 1))  # the last fix of a track begins no segment
    peer_segments = min(told.segments, told.peer_segments)
    engines: dict[str, Told | str] = {}
    with reserve_folder() as reserve:
        made = shapes(told.fences)
        sizes = reserve.save_shapes(made)
        longitude, latitude = tracks(made, animals, per_track)
        track = np.repeat(np.arange(animals), per_track)
        reserve.save(longitude=longitude.ravel(), latitude=latitude.ravel(), track=track)
        del longitude, latitude, track
        tiny = {"engine": "rosette", "segments": 100, "repeats": 1, "also": []}
        alone("geo_crossings", reserve, tiny, told.timeout)
        for name in ENGINES:
            if name in told.only or name == "rosette":
                job = {
                    "engine": name,
                    "segments": told.segments if name in (*OURS, *WHOLE) else peer_segments,
                    "repeats": told.repeats if name in OURS else told.peer_repeats,
                    "also": [peer_segments] if name == "rosette" else [],
                }
                engines[name] = alone("geo_crossings", reserve, job, told.timeout)
    agreed = agree(engines, "rosette")
    best = ["shapely_line_tree", "shapely_fence_tree"]
    finish(
        {
            "program": "geo_crossings",
            **sizes,
            "segments": told.segments,
            "tracks": animals,
            "engines": engines,
            "agreed": agreed,
            "times_quicker_by_cpu": {name: ratio(engines, [name], "cpu_s") for name in RECIPES},
            "times_quicker": {name: ratio(engines, [name], "wall_s") for name in RECIPES},
            "goals": {
                "times_less_cpu_than_best_shapely": goal(ratio(engines, best, "cpu_s"), least=GOAL_RATIO),
                "cpu_ns_per_segment": goal(engines["rosette"]["cpu_ns_per_segment"], most=GOAL_NS),
            },
        }
    )
    return None


if __name__ == "__main__":
    main()
