"""How time and memory grow with points, vertices, fences and edges: python -m tests.bench.geo_growth --json.

Each series has a process of its own, in which its sizes are measured in turns, round after round, so that a slow minute
of the machine meets all of them. Figures are the least processor time of the rounds, one thread; an exponent is the
slope of a line through their logarithms. `fences`: the same land laid side by side, so a point lies in as many fences
as before. `vertices`: the same shapes, every edge cut in equal parts. `build`: the indices of both of these series.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
import shapely

from geo.fence_index import FenceIndex
from geo.fences import Fence
from tests.bench.geo_alone import Job, Told, alone, answer, arguments, asked, finish, goal, memory_mb, reserve_folder
from tests.bench.geo_ground import (
    FENCES,
    SIDE_M,
    Floats,
    Reserve,
    Shapes,
    fences,
    shapes,
    stream,
)

SIZES = {"points": (4_000_000, 8_000), "fences": (4 * FENCES, 160), "cuts": (8, 2), "rounds": (5, 2)}
SERIES = ("points", "vertices", "fences")
STEPS = 5  # sizes of a series: each twice the one before


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Exponent of growth: least squares through the logarithms."""
    return round(float(np.polyfit(np.log(sizes), np.log(values), 1)[0]), 3)


def least_cpu_s(works: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Least processor seconds of each work, all of them done in turns."""
    times = np.full((rounds, len(works)), math.inf)
    for one_round in range(rounds):
        for number, work in enumerate(works):
            begun = time.process_time()
            work()
            times[one_round, number] = time.process_time() - begun
    return times.min(axis=0).tolist()


def halves(most: int, steps: int = STEPS) -> list[int]:
    return [most >> step for step in range(steps - 1, -1, -1) if most >> step]


def edges(made: Sequence[Fence]) -> int:
    rings = shapely.get_rings(shapely.get_parts([fence.geometry for fence in made]))
    return int(shapely.get_num_coordinates(rings).sum()) - len(rings)


def points_series(job: Job) -> Told:
    made = shapes(job["fences"])
    index = FenceIndex.build(fences(made))
    longitude, latitude = stream(made, job["points"])
    counts = halves(job["points"])
    # Every n-th point, so that each size has the same share of each place.
    columns = [
        (longitude[:: job["points"] // n][:n].copy(), latitude[:: job["points"] // n][:n].copy()) for n in counts
    ]
    cpu_s = least_cpu_s([lambda c=c: index.join(*c, threads=1) for c in columns], job["rounds"])
    return {
        "points": counts,
        "cpu_ns_per_point": [round(s / n * 1e9, 2) for s, n in zip(cpu_s, counts, strict=True)],
        "exponent": slope(counts, cpu_s),
    }


def _cut(made: Shapes, cuts: int) -> Shapes:
    """The same shapes with every edge in so many equal parts."""

    def ring(xy: Floats) -> Floats:
        share = np.arange(cuts)[None, :, None] / cuts
        return np.vstack([(xy[:-1, None] + share * (xy[1:, None] - xy[:-1, None])).reshape(-1, 2), xy[-1:]])

    def polygon(shape: shapely.Polygon) -> shapely.Polygon:
        rings = [ring(shapely.get_coordinates(one)) for one in (shape.exterior, *shape.interiors)]
        return shapely.Polygon(rings[0], rings[1:])

    parts = [[polygon(part) for part in shapely.get_parts(shape)] for shape in made]
    return np.array([of[0] if len(of) == 1 else shapely.MultiPolygon(of) for of in parts], object)


def _indices(sets: Sequence[Sequence[Fence]], columns: Sequence[tuple[Floats, Floats]], rounds: int) -> Told:
    indices = [FenceIndex.build(made) for made in sets]
    points = len(columns[0][0])
    pairs = [len(index.join(*column, threads=1)[0]) for index, column in zip(indices, columns, strict=True)]
    works = [lambda i=i, c=c: i.join(*c, threads=1) for i, c in zip(indices, columns, strict=True)]
    join_s = least_cpu_s(works, rounds)
    build_s = least_cpu_s([lambda made=made: FenceIndex.build(made) for made in sets], max(2, rounds // 2))
    counts = [edges(made) for made in sets]
    megabytes = [index.nbytes / 1e6 for index in indices]
    return {
        "fences": [len(made) for made in sets],
        "edges": counts,
        "points": points,
        "pairs_per_point": [round(n / points, 3) for n in pairs],
        "cpu_ns_per_point": [round(s / points * 1e9, 2) for s in join_s],
        "build_cpu_s": [round(s, 4) for s in build_s],
        "index_mb": [round(size, 2) for size in megabytes],
        "exponent_of_build_in_edges": slope(counts, build_s),
        "exponent_of_index_in_edges": slope(counts, megabytes),
        "times": join_s,
    }


def vertices_series(job: Job) -> Told:
    made = shapes(job["fences"])
    places = stream(made, job["points"])
    cuts = [1 << step for step in range(job["cuts"].bit_length())]
    sets = [fences(_cut(made, parts)) for parts in cuts]
    told = _indices(sets, [places] * len(sets), job["rounds"])
    times = told.pop("times")
    return {"parts_of_an_edge": cuts, **told, "exponent": slope(told["edges"], times)}


def fences_series(job: Job) -> Told:
    """The same land laid side by side once, twice, ... and each point moved to one of the pieces, in turns."""
    pieces = 1 << (STEPS - 1)
    count = max(1, job["fences"] // pieces)
    side_m = SIDE_M * math.sqrt(count / FENCES)
    land = shapes(count, side_m)
    longitude, latitude = stream(land, job["points"], side_m=side_m)
    # As far apart as no fence of one piece reaches into the next.
    west, south, east, north = shapely.total_bounds(land)
    apart = np.array([east - west, north - south])
    sets: list[Sequence[Fence]] = []
    columns: list[tuple[Floats, Floats]] = []
    for step in range(STEPS):
        across, up = 1 << (step + 1) // 2, 1 << step // 2
        shift = np.array([(x - (across - 1) / 2, y - (up - 1) / 2) for y in range(up) for x in range(across)])
        shift *= 1.01 * apart
        sets.append(fences(np.concatenate([shapely.transform(land, lambda xy, by=by: xy + by) for by in shift])))
        turn = shift[np.arange(job["points"]) % len(shift)]
        columns.append((longitude + turn[:, 0], latitude + turn[:, 1]))
    told = _indices(sets, columns, job["rounds"])
    times = told.pop("times")
    return {**told, "exponent": slope(told["fences"], times)}


def work(_: Reserve, job: Job) -> Told:
    series = {"points": points_series, "vertices": vertices_series, "fences": fences_series}[job["engine"]]
    # Compiled before anything is measured.
    tiny = shapes(30)
    FenceIndex.build(fences(tiny)).join(*stream(tiny, 100), threads=1)
    return series(job) | {"peak_mb": memory_mb()}


def main() -> None:
    parser = arguments(__doc__, SERIES, SIZES)
    if (job := parser.parse_known_args()[0].job) is not None:
        return answer(job, work)
    told = asked(parser, SIZES)
    few, fewer_points = max(1, told.fences // 4), max(1, told.points // 4)
    jobs = {
        "points": {"points": told.points, "fences": few},
        "vertices": {"points": fewer_points, "fences": few, "cuts": told.cuts},
        "fences": {"points": fewer_points, "fences": told.fences},
    }
    with reserve_folder() as reserve:
        series = {
            name: alone("geo_growth", reserve, {"engine": name, "rounds": told.rounds} | jobs[name], told.timeout)
            for name in told.only
        }
    goals: Told = {}
    for name, one in series.items():
        if not isinstance(one, dict):
            continue
        if name == "points":
            goals["exponent_in_points"] = {
                "measured": one["exponent"],
                "at_least": 0.95,
                "at_most": 1.05,
                "met": 0.95 <= one["exponent"] <= 1.05,
            }
        else:
            goals[f"exponent_in_{name}"] = goal(one["exponent"], most=0.15 if name == "vertices" else 0.1)
            goals[f"exponent_of_build_by_{name}"] = goal(one["exponent_of_build_in_edges"], most=1.1)
            goals[f"exponent_of_index_by_{name}"] = goal(round(one["exponent_of_index_in_edges"], 2), most=1.0)
    finish({"program": "geo_growth", "rounds": told.rounds, "series": series, "goals": goals})
    return None


if __name__ == "__main__":
    main()
