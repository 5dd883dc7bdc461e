"""Nothing is compiled once the first position has arrived."""

from __future__ import annotations

import numpy as np
from numba.core.registry import CPUDispatcher
from shapely import box

from geo import (
    cell_lists,
    compiled,
    fence_leaves,
    found_pairs,
    kernels,
    meetings,
    near_edges,
    orientation,
    slabs,
    spacetime_kernels,
    stays,
    time_sweep,
)
from geo.crossing import crossing_columns, crossings
from geo.fence_index import FenceIndex
from geo.fences import Fence
from geo.spacetime import join

MODULES = (
    *(
        cell_lists,
        fence_leaves,
        found_pairs,
        kernels,
        meetings,
        near_edges,
        orientation,
        slabs,
        spacetime_kernels,
        stays,
    ),
    time_sweep,
)


def signatures() -> dict[str, int]:
    found = [(m, name, kernel) for m in MODULES for name, kernel in vars(m).items()]
    return {f"{m.__name__}.{name}": len(k.signatures) for m, name, k in found if isinstance(k, CPUDispatcher)}


def test_warm_up__leaves_nothing_to_compile() -> None:
    compiled.warm_up()
    before = signatures()
    fences = [Fence(f"f{i}", 1, box(i, 0, i + 2, 2)) for i in range(5)]
    for index in (
        FenceIndex.build([]),
        FenceIndex.build(fences, memory_budget_bytes=1),
        FenceIndex.build(fences).without("f1").with_fence(Fence("f7", 1, box(-180, 50, -170, 60))).without("f7"),
    ):
        index.holding(180, 1)
        index.holding(np.float64(1.0), 1)
        index.locate([1, 2, 180], [1, 1, 55])
        index.join(np.arange(5, dtype=np.float32), np.zeros(5), threads=1)
        index.join(np.linspace(-180, 180, 200_000), np.ones(200_000), threads=2)
        x, y = (
            np.array([-1.0, 9.0, 9.0, -175.0, 175.0, 180.0, -180.0]),
            np.array([1.0, 1.0, 0.0, 55.0, 55.0, 55.0, 56.0]),
        )
        x.setflags(write=False)
        crossing_columns(x, y, index, track=[0, 0, 0, 0, 1, 1, 1], threads=2)
        crossings(x, y, index, 1, 5)
    rng = np.random.default_rng(1)
    for unit in ("f8", "M8[s]", "M8[ns]"):
        x, y, time = rng.uniform(0.0, 0.01, 3_000), rng.uniform(0.0, 0.01, 3_000), rng.integers(0, 9_000, 3_000)
        table = {"longitude": x, "latitude": y, "time": time.astype(unit)}
        later = table | {"time": np.sort(table["time"])}
        for most_held in (10, 1 << 30):
            for left, right in ((table, later), (table, table), (later, later), (later, None), (table, None)):
                join(left, right, radius_m=100.0, window_s=100.0, most_held=most_held)
    assert before == signatures()
    # Kernels that others call have no signature of their own where their callers came from the cache.
    assert all(before[f"geo.kernels.{name}"] for name in ("holding_one", "locate", "join", "spread"))
