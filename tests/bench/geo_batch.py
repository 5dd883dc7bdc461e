"""How soon a few points are placed in many fences: python -m tests.bench.geo_batch --json.

1, 100 and 1,000 points at a time, as they come from the doors: every call with other points, times of single calls by
the clock (and by the thread's processor), percentiles over all of them. The peers get arrays like the engine. With a
writer beside it, a second thread edits fences all the while (and, apart, 20 times a second), and every call takes the
newest snapshot.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from geo.fence_index import FenceIndex
from geo.fences import Fence
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
    memory_mb,
    reserve_folder,
)
from tests.bench.geo_ground import FENCES, Floats, Reserve, place_columns, shapes, stream

SIZES = {"fences": (FENCES, 150), "calls": (4_000, 40), "peer-calls": (400, 20), "points": (1_000_000, 20_000)}
BATCHES = (1, 100, 1_000)
PEERS = {"shapely_prepared": geo_peers.shapely_batch_prepared, "shapely_tree": geo_peers.shapely_batch_tree}
WRITERS = {"rosette_beside_20_edits_a_second": 0.05, "rosette_beside_edits_without_end": 0.0}
ENGINES = ("rosette", *PEERS, *WRITERS)
PARTS = ("p50", "p99", "cpu_p50", "cpu_p99")
WARM_CALLS = 20
BESIDE_A_WRITER = 5  # times as many calls, so that many edits fall into them
PRIME = 7919  # a step that takes the calls all over the stream


def _offsets(batch: int, calls: int, points: int) -> list[int]:
    return [call * PRIME * batch % (points - batch) for call in range(calls)]


def timed(ask: Callable[[Floats, Floats], object], places: tuple[Floats, Floats], batch: int, calls: int) -> Told:
    """Percentiles of single calls in microseconds."""
    longitude, latitude = places
    wall_ns, cpu_ns = np.empty((2, calls))
    for call, first in enumerate(_offsets(batch, WARM_CALLS + calls, len(longitude))):
        x, y = longitude[first : first + batch], latitude[first : first + batch]
        cpu_start, wall_start = time.thread_time_ns(), time.perf_counter_ns()
        ask(x, y)
        wall_end, cpu_end = time.perf_counter_ns(), time.thread_time_ns()
        if call >= WARM_CALLS:
            wall_ns[call - WARM_CALLS], cpu_ns[call - WARM_CALLS] = wall_end - wall_start, cpu_end - cpu_start
    return {
        "calls": calls,
        "p50_us": _us(wall_ns, 50),
        "p99_us": _us(wall_ns, 99),
        "p99_to_p50": round(float(np.percentile(wall_ns, 99) / np.percentile(wall_ns, 50)), 2),
        "cpu_p50_us": _us(cpu_ns, 50),
        "cpu_p99_us": _us(cpu_ns, 99),
        "cpu_p99_to_p50": round(float(np.percentile(cpu_ns, 99) / np.percentile(cpu_ns, 50)), 2),
    }


def _us(times_ns: Floats, percent: float) -> float:
    return round(float(np.percentile(times_ns, percent)) / 1e3, 2)


def found(ask: Callable[[Floats, Floats], geo_peers.Pairs], places: tuple[Floats, Floats], calls: int) -> Told:
    """What the first calls of each batch find, as one set."""
    longitude, latitude = places
    out: Told = {}
    for batch in BATCHES:
        points, fences = [], []
        for first in _offsets(batch, calls, len(longitude)):
            point, fence = ask(longitude[first : first + batch], latitude[first : first + batch])
            points.append(np.asarray(point) + first)
            fences.append(np.asarray(fence))
        out[f"batch {batch}, {calls} calls"] = digest(np.concatenate(points), np.concatenate(fences))
    return out


class Desk:
    """The newest snapshot, and a thread that edits one fence after the other until it is told to stop."""

    def __init__(self, fences: list[Fence], pause_s: float) -> None:
        self.index = FenceIndex.build(fences)
        self.edits = 0
        self._fences = fences
        self._pause_s = pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._edit)

    def __enter__(self) -> Desk:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _edit(self) -> None:
        while not self._stop.wait(self._pause_s):
            self.index = self.index.with_fence(self._fences[self.edits * PRIME % len(self._fences)])
            self.edits += 1


def _holding_pairs(index: FenceIndex, x: Floats, y: Floats) -> geo_peers.Pairs:
    fence = index.holding(float(x[0]), float(y[0]))
    return np.zeros(len(fence), np.int64), fence


def work(reserve: Reserve, job: Job) -> Told:
    places = place_columns(reserve)
    engine, calls = job["engine"], job["calls"]
    out: Told = {}
    if engine in PEERS:
        ask = PEERS[engine](reserve)
        out = {str(batch): timed(ask, places, batch, calls) for batch in BATCHES}
        out["digests"] = found(ask, places, job["compared"])
    else:
        with Desk(reserve.fences(), WRITERS.get(engine, 3600.0)) as desk:
            out["1"] = timed(lambda x, y: desk.index.holding(float(x[0]), float(y[0])), places, 1, calls)
            for batch in BATCHES[1:]:
                out[str(batch)] = timed(lambda x, y: desk.index.locate(x, y), places, batch, calls)
            out["edits"] = desk.edits

            def ask_engine(x: Floats, y: Floats) -> geo_peers.Pairs:
                return _holding_pairs(desk.index, x, y) if len(x) == 1 else desk.index.locate(x, y)[:2]

            out["digests"] = found(ask_engine, places, job["compared"])
    return out | {"peak_mb": memory_mb()}


def main() -> None:
    parser = arguments(__doc__, ENGINES, SIZES)
    if (job := parser.parse_known_args()[0].job) is not None:
        return answer(job, work)
    told = asked(parser, SIZES)
    engines: dict[str, Told | str] = {}
    with reserve_folder() as reserve:
        made = shapes(told.fences)
        sizes = reserve.save_shapes(made)
        longitude, latitude = stream(made, told.points)
        reserve.save(longitude=longitude, latitude=latitude)
        alone("geo_batch", reserve, {"engine": "rosette", "calls": 1, "compared": 1}, told.timeout)
        for name in dict.fromkeys(["rosette", *told.only]):
            calls = told.peer_calls if name in PEERS else told.calls * (BESIDE_A_WRITER if name in WRITERS else 1)
            job = {"engine": name, "calls": calls, "compared": min(told.calls, told.peer_calls)}
            engines[name] = alone("geo_batch", reserve, job, told.timeout)
    agreed = agree(engines, "rosette")
    own = engines["rosette"]
    goals: Told = {}
    quicker: Told = {}
    for batch, least in zip(map(str, BATCHES), (15.0, 60.0, 60.0), strict=True):
        for name in PEERS:
            if isinstance(peer := engines.get(name), dict):
                ratios = {part: peer[batch][f"{part}_us"] / own[batch][f"{part}_us"] for part in PARTS}
                quicker.setdefault(name, {})[batch] = {part: round(value, 1) for part, value in ratios.items()}
        best = min((at[batch]["p50"] for at in quicker.values()), default=None)
        goals[f"times_quicker_{batch}"] = goal(best, least=least)
        goals[f"p99_to_p50_{batch}"] = goal(own[batch]["p99_to_p50"], most=2.0)
    for name in WRITERS:
        if isinstance(beside := engines.get(name), dict):
            goals[f"{name.removeprefix('rosette_')}_p99_us_1000"] = goal(beside["1000"]["p99_us"], most=1000.0)
    finish(
        {
            "program": "geo_batch",
            **sizes,
            "batches": BATCHES,
            "engines": engines,
            "agreed": agreed,
            "times_quicker": quicker,
            "goals": goals,
        }
    )
    return None


if __name__ == "__main__":
    main()
