"""One engine and one workload in a process of their own: what they took, and whether all found the same."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tests.bench.geo_ground import Reserve

REPOSITORY = Path(__file__).resolve().parents[2]
ABSENT = "absent"

Result = TypeVar("Result")
Job = dict[str, Any]
Told = dict[str, Any]


class Absent(Exception):
    """A peer's package is not installed."""


class Disagreement(AssertionError):
    """Two engines found different things: no figure of this run is worth anything."""


def need(*packages: str) -> None:
    """Raises Absent unless all the packages can be imported."""
    for package in packages:
        try:
            found = find_spec(package)
        except ModuleNotFoundError:  # of the package it is part of
            found = None
        if found is None:
            raise Absent(package)


# ---- in the process of the engine


def measured(work: Callable[[], Result], repeats: int) -> tuple[Result, Told]:
    """The last result, and least and median time by the clock and by the processor (all threads)."""
    wall_s, cpu_s = [], []
    result = None
    for _ in range(repeats):
        del result
        cpu_start, wall_start = time.process_time(), time.perf_counter()
        result = work()
        wall_s.append(time.perf_counter() - wall_start)
        cpu_s.append(time.process_time() - cpu_start)
    figures = {
        "repeats": repeats,
        "wall_s": round(min(wall_s), 6),
        "wall_s_median": round(statistics.median(wall_s), 6),
        "cpu_s": round(min(cpu_s), 6),
        "cpu_s_median": round(statistics.median(cpu_s), 6),
    }
    return result, figures


def memory_mb(what: str = "VmHWM") -> float:
    """Most memory this process held so far, or what it holds now (VmRSS); ru_maxrss would begin with the parent's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return round(int(line.split()[1]) / 1000, 1)
    raise LookupError(what)


def _mixed(key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    # splitmix64's finish (Steele, Lea, Flood 2014)
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return key ^ (key >> np.uint64(31))


def digest(*columns: ArrayLike) -> str:
    """Of a set of rows of whole numbers, whatever their order: count, sum and exclusive-or of mixed rows."""
    arrays = [np.asarray(column).astype(np.int64).view(np.uint64) for column in columns]
    total, parity = 0, 0
    for first in range(0, len(arrays[0]), 1 << 20):
        key = np.zeros(len(arrays[0][first : first + (1 << 20)]), np.uint64)
        for place, array in enumerate(arrays):
            key = _mixed(key + array[first : first + (1 << 20)] + np.uint64(place + 1))
        total = (total + int(np.add.reduce(key))) % 2**64
        parity ^= int(np.bitwise_xor.reduce(key)) if len(key) else 0
    return f"{len(arrays[0])}:{total:016x}:{parity:016x}"


# ---- in the process of the program


def arguments(
    description: str | None, engines: Sequence[str], sizes: Mapping[str, tuple[int, int]]
) -> argparse.ArgumentParser:
    """The options of all programs; sizes are (usual, with --quick) by name."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke test")
    if engines:
        parser.add_argument("--only", nargs="*", choices=engines, default=engines, help="engines, all by default")
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds that an engine is given")
    for name, (usual, quick) in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=None, help=f"{usual} by default, {quick} with --quick")
    parser.add_argument("--job", type=json.loads, help=argparse.SUPPRESS)
    return parser


def asked(parser: argparse.ArgumentParser, sizes: Mapping[str, tuple[int, int]]) -> argparse.Namespace:
    """The command line with all sizes filled in."""
    told = parser.parse_args()
    for name, (usual, quick) in sizes.items():
        attribute = name.replace("-", "_")
        if getattr(told, attribute) is None:
            setattr(told, attribute, quick if told.quick else usual)
    return told


def answer(job: Job, work: Callable[[Reserve, Job], Told]) -> None:
    """Do the job of this process and print what there is to tell; a peer that is not installed is absent."""
    try:
        told: Told | str = work(Reserve(Path(job["folder"])), job)
    except Absent:
        told = ABSENT
    print(json.dumps(told))


@contextmanager
def reserve_folder() -> Iterator[Reserve]:
    with tempfile.TemporaryDirectory(prefix="geo-bench-") as folder:
        yield Reserve(Path(folder))


def alone(program: str, reserve: Reserve, job: Job, timeout_s: float) -> Told | str:
    """What the engine of the job tells from a process of its own; raises if it fails."""
    command = [
        sys.executable,
        "-m",
        f"tests.bench.{program}",
        "--job",
        json.dumps(job | {"folder": str(reserve.folder)}),
    ]
    try:
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return f"not done after {timeout_s:g} s"
    if done.returncode:
        raise RuntimeError(f"{job['engine']} failed in {program}:\n{done.stderr[-4000:]}")
    print(f"{program} {job['engine']}: {done.stdout.splitlines()[-1]}", file=sys.stderr, flush=True)
    return json.loads(done.stdout.splitlines()[-1])


def agree(engines: Mapping[str, Told | str], with_engine: str) -> dict[str, list[str]]:
    """Engines by what they were asked and agreed on; raises Disagreement if any found other rows than `with_engine`.

    Each engine tells `digests`: by name of the question. Only questions that `with_engine` was asked too are compared.
    """
    own = engines[with_engine]
    agreed: dict[str, list[str]] = {}
    assert isinstance(own, dict), f"{with_engine}: {own}"
    for name, told in engines.items():
        if not isinstance(told, dict):
            continue
        for question, found in told["digests"].items():
            if own["digests"].get(question, found) != found:
                raise Disagreement(f"{question}: {name} found {found}, {with_engine} {own['digests'][question]}")
            if question in own["digests"]:
                agreed.setdefault(question, []).append(name)
    return agreed


def goal(measured_value: float | None, *, least: float | None = None, most: float | None = None) -> Told:
    """A figure beside its goal; a figure that could not be made (an absent peer) is neither met nor missed."""
    bound = {"at_least": least} if least is not None else {"at_most": most}
    if measured_value is None:
        return {"measured": None, **bound, "met": None}
    met = measured_value >= least if least is not None else measured_value <= (most or 0.0)
    return {"measured": float(f"{measured_value:.4g}"), **bound, "met": bool(met)}


def finish(told: Told) -> None:
    """Print the last line: what was measured and on what."""
    # The ground of the other benchmarks imports servers and drivers, which must not weigh on an engine's memory.
    from tests.bench.ground import machine

    print(json.dumps(told | {"machine": machine() | {"load_after": round(os.getloadavg()[0], 2)}}))
