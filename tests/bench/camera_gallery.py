"""How long it takes to ask 2,000 chips of one flank for a coat, and what memory that needs, beside OpenCV's own search.

Every engine has a process of its own and the same patterns: of drawn leopards, each flank of each counted as an animal.
Ours answers with everybody's votes, and a map of points for the shortlist; the peers only find the six nearest
descriptors of each point, which is the beginning of that. Processor time of one thread; memory at its peak.
"""

from __future__ import annotations

import argparse
import json
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fusion.camera.gallery import Gallery, Named
from fusion.camera.pattern import Pattern, decode
from fusion.camera.pattern_kernels import warm_up
from tests.bench.drawn_chips import DrawnChip, drawn_chips

NEAREST = 6
EXACT = 2
"""Asks that are repeated with every list looked at, and asks of the exact peer: each takes seconds."""
MOST_OF_ONE = 800
"""Chips that the animals of one seed have; more are taken from two."""
Chips = Callable[[], Iterator[tuple[str, bytes]]]


def stored(path: Path) -> Iterator[tuple[str, bytes]]:
    """Names and patterns one by one, as a hub reads them from its database: none is held twice."""
    with path.open("rb") as file:
        pickle.load(file)
        while True:
            try:
                yield pickle.load(file)
            except EOFError:
                return


def memory_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 0)


def ours(chips: Chips, queries: list[Pattern]) -> dict[str, Any]:
    warm_up()
    before = memory_mb()
    spent = time.process_time()
    gallery = Gallery(Named(name, "left", decode(data)) for name, data in chips())
    gallery.ask(queries[0], "left")
    filled = time.process_time() - spent
    times: list[float] = []
    walls: list[float] = []
    answers = []
    for one in queries:
        spent, wall = time.process_time(), time.perf_counter()
        answers.append(gallery.ask(one, "left")[0].individual)
        times.append(time.process_time() - spent)
        walls.append(time.perf_counter() - wall)
    exact = [gallery.ask(one, "left", exact=True)[0].individual for one in queries[:EXACT]]
    spent = time.process_time()
    gallery.add([Named("new", "left", queries[0])])
    first = gallery.ask(queries[1], "left")[0].individual
    return {
        "memory_mb": memory_mb(),
        "memory_before_mb": before,
        "fill_cpu_s": round(filled, 2),
        "ask_cpu_s": round(statistics.median(times), 3),
        "ask_cpu_s_most": round(max(times), 3),
        "ask_wall_s": round(statistics.median(walls), 3),
        "one_more_and_ask_cpu_s": round(time.process_time() - spent, 3),
        "same_first_as_exact": sum(a == b for a, b in zip(answers, exact, strict=False)) / len(exact),
        "same_first_after_one_more": first == answers[1],
        "answers": answers,
    }


def of_opencv(chips: Chips, queries: list[Pattern], matcher: cv2.DescriptorMatcher) -> dict[str, Any]:
    before = memory_mb()
    spent = time.process_time()
    names: list[str] = []
    for name, data in chips():
        names.append(name)
        matcher.add([decode(data).descriptors.astype(np.float32)])
    matcher.train()
    filled = time.process_time() - spent
    times: list[float] = []
    answers: list[str] = []
    for one in queries:
        spent = time.process_time()
        found = matcher.knnMatch(one.descriptors.astype(np.float32), k=NEAREST)
        times.append(time.process_time() - spent)
        # Votes of the nearest against the last of the six, summed by animal.
        votes: dict[str, float] = {}
        for row in found:
            name = names[row[0].imgIdx]
            votes[name] = votes.get(name, 0.0) + row[-1].distance ** 2 - row[0].distance ** 2
        answers.append(max(sorted(votes), key=lambda one: votes[one]))
    return {
        "memory_mb": memory_mb(),
        "memory_before_mb": before,
        "fill_cpu_s": round(filled, 2),
        "neighbours_cpu_s": round(statistics.median(times), 3),
        "answers": answers,
    }


def alone(engine: str, path: Path) -> dict[str, Any]:
    cv2.setNumThreads(1)
    with path.open("rb") as file:
        queries = [decode(data) for data in pickle.load(file)]
    chips = partial(stored, path)
    if engine == "ours":
        return ours(chips, queries)
    if engine == "opencv_flann":
        matcher = cv2.FlannBasedMatcher({"algorithm": 1, "trees": 4}, {"checks": 64})
        return of_opencv(chips, queries, matcher)
    return of_opencv(chips, queries[:EXACT], cv2.BFMatcher.create(cv2.NORM_L2))


def who(one: DrawnChip, seed: int) -> str:
    return f"{seed}-{one.animal}-{one.flank}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    arguments.add_argument("--quick", action="store_true", help="a smoke test")
    arguments.add_argument("--chips", type=int, default=2_000)
    arguments.add_argument("--asks", type=int, default=12)
    arguments.add_argument("--keep", type=Path, help="a folder for drawn chips, so that they are drawn once")
    arguments.add_argument("--engine", help="run one alone on a file of patterns")
    arguments.add_argument("--patterns", type=Path)
    given = arguments.parse_args()
    if given.engine:
        print(json.dumps(alone(given.engine, given.patterns)))
        return
    sizes = [(101, 60, 4, 3, 2), (2026, 130, 4, 1, 2)]
    if given.quick:
        sizes = [(101, 4, 2, 1, 1)]
    elif given.chips <= MOST_OF_ONE:
        sizes = sizes[:1]
    rows: list[tuple[str, bytes]] = []
    asked: list[tuple[str, bytes]] = []
    for seed, animals, shown, queries, flanks in sizes:
        for one in drawn_chips(seed, animals, shown, queries, flanks=flanks, keep=given.keep):
            last = one.number == shown + queries - 1
            (asked if last and len(asked) < given.asks else rows).append((who(one, seed), one.pattern))
    rows = rows[: given.chips]
    answer: dict[str, Any] = {"chips": len(rows), "points": sum((len(data) - 20) // 136 for _, data in rows)}
    answer["asks"] = len(asked)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "patterns.pickle"
        path.write_bytes(b"".join(map(pickle.dumps, [[data for _, data in asked], *rows])))
        for engine in ("ours", "opencv_flann", "opencv_brute"):
            command = [sys.executable, "-m", "tests.bench.camera_gallery", "--engine", engine, "--patterns", str(path)]
            told = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(told.stdout.splitlines()[-1])
            truth = [name for name, _ in asked]
            named = found.pop("answers")
            found["named_rightly"] = round(sum(a == b for a, b in zip(named, truth, strict=False)) / len(named), 3)
            answer[engine] = found
    for peer in ("opencv_flann", "opencv_brute"):
        answer[f"times_{peer}"] = round(answer[peer]["neighbours_cpu_s"] / answer["ours"]["ask_cpu_s"], 2)
    answer["goals"] = {"ask_cpu_s": 1.0, "memory_mb": 600}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
