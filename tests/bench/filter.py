"""Filter rate of the compiled kernels beside a plain numpy twin, in one run: python -m tests.bench.filter --json.

Prints one JSON object as its last line. Rates are fixes (or late batches) a second, medians, by processor and by clock.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable

import numpy as np
from numba import njit

from fusion import kernels
from fusion.ellipse import Floats
from fusion.evidence import BLOCK, Evidence, keys_from, merge
from fusion.motion import PARAMETERS, MotionParameters, transition
from fusion.tracks import smooth

LEOPARD = PARAMETERS["leopard"]


def path(n: int, seed: int = 0) -> Evidence:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(3600.0, n))
    x, y = rng.normal(0, 2000.0, (2, n))
    sd = rng.uniform(5.0, 300.0, (2, n))
    covariance = np.stack([sd[0] ** 2, 0.5 * sd[0] * sd[1], sd[1] ** 2], axis=1)
    return Evidence.canonical(times, x, y, covariance, keys_from([rng.bytes(16) for _ in range(n)]))


def numpy_filter(evidence: Evidence, parameters: MotionParameters) -> tuple[np.ndarray, np.ndarray]:
    """The same six-state filter with the same gate, in textbook matrices: last mean and covariance."""
    s2, w2 = parameters.sigma_m**2, parameters.centre_sd_m**2
    ab = 1 / (parameters.tau_position_s * parameters.tau_velocity_s)
    prior = np.kron(np.eye(2), np.array([[s2 + w2, 0, w2], [0, s2 * ab, 0], [w2, 0, w2]]))
    H = np.kron(np.eye(2), np.array([[1.0, 0, 0]]))
    x, P, gated = np.zeros(6), prior.copy(), 0
    for k, gap in enumerate(np.diff(evidence.time_s, prepend=evidence.time_s[0])):
        F, Q = (np.kron(np.eye(2), part) for part in transition(parameters, float(gap)))
        x, P = F @ x, F @ P @ F.T + Q
        gate = parameters.outliers.gate
        if gated >= parameters.outliers.patience:
            P, gated, gate = P + prior, 0, math.inf
        xx, xy, yy = evidence.covariance[k]
        S = H @ P @ H.T + np.array([[xx, xy], [xy, yy]])
        residual = np.array([evidence.x_m[k], evidence.y_m[k]]) - H @ x
        inflation = max(1.0, residual @ np.linalg.solve(S, residual) / gate)
        gated = gated + 1 if inflation > 1.0 else 0
        K = np.linalg.solve(S * inflation, H @ P).T
        x, P = x + K @ residual, P - K @ H @ P
    return x, P


@njit
def filter_all(fixes: kernels.Fixes, state: Floats, p: Floats) -> None:
    """The forward pass alone, in blocks as the smoother runs it."""
    n = fixes.time_s.size
    passed, believed = kernels._passed(BLOCK), np.empty(n)
    for lo in range(0, n, BLOCK):
        kernels._forward(fixes, lo, min(lo + BLOCK, n), state, p, passed, 0, believed)


def measured(work: Callable[[], object], fixes: int, repeat: int) -> dict[str, float]:
    """Median rates over `repeat` runs."""
    cpu, wall = [], []
    for _ in range(repeat):
        cpu_start, wall_start = time.process_time(), time.perf_counter()
        work()
        cpu.append(fixes / (time.process_time() - cpu_start))
        wall.append(fixes / (time.perf_counter() - wall_start))
    return {"cpu_per_s": round(float(np.median(cpu))), "wall_per_s": round(float(np.median(wall)))}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    arguments.add_argument("--fixes", type=int, default=100_000)
    arguments.add_argument("--twin-fixes", type=int, default=3_000)
    arguments.add_argument("--repeat", type=int, default=5)
    asked = arguments.parse_args()
    kernels.warm_up()
    whole, small = path(asked.fixes), path(asked.twin_fixes)
    track, _ = smooth(small, LEOPARD)
    x, P = numpy_filter(small, LEOPARD)
    # The last fix has no future, so there the smoother's answer is the filter's.
    assert math.isclose(x[0], track.x_m[-1], abs_tol=1e-4)
    assert math.isclose(P[0, 0], track.covariance[-1, 0], rel_tol=1e-6)
    p = LEOPARD.vector()
    fixes = kernels.Fixes(whole.time_s, whole.x_m, whole.y_m, whole.covariance, whole.weight)
    filter_all(fixes, kernels.prior(p), p)
    _, known = smooth(whole, LEOPARD)
    late = path(20, seed=9)
    late = Evidence.canonical(
        late.time_s - late.time_s[-1] + whole.time_s[-100] + 1.0, late.x_m, late.y_m, late.covariance, late.keys
    )
    rates = {
        "filter": measured(lambda: filter_all(fixes, kernels.prior(p), p), asked.fixes, asked.repeat),
        "numpy_twin_filter": measured(lambda: numpy_filter(small, LEOPARD), asked.twin_fixes, asked.repeat),
        "smooth": measured(lambda: smooth(whole, LEOPARD), asked.fixes, asked.repeat),
        "late_batch_of_20": measured(lambda: smooth(merge(whole, late)[0], LEOPARD, known), 1, asked.repeat),
    }
    faster = rates["filter"]["cpu_per_s"] / rates["numpy_twin_filter"]["cpu_per_s"]
    print(json.dumps({"fixes": asked.fixes, "filter_times_faster_than_numpy": round(faster, 1), **rates}))


if __name__ == "__main__":
    main()
