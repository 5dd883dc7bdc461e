"""Filter updates a second on one core, beside Stone Soup's Kalman filter: python -m tests.bench.fusion_kernels --json.

Like for like: six states (position, velocity, centre, both axes), full covariance, an error ellipse with every fix,
another gap before every fix, one known animal. Ours also weighs every fix (gate) and sums the log-likelihood. The peer
runs its own predictor and updater with the same transition; it is in no lock file: `python -m pip install --target DIR
stonesoup==1.9.1`, then `--peers DIR`; without it the run says "absent". Growth: 1,000 to 100,000 animals, fixes grouped
by animal. Processor time of one thread, the least of the repeats. Prints one JSON object as its last line.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from fusion.ellipse import Floats
from fusion.evidence import Evidence, keys_from
from fusion.kernels import Fixes
from fusion.likelihood import log_densities, log_density, warm_up
from fusion.motion import HOUR, PARAMETERS, OutlierPolicy, transition
from fusion.tracks import fixes_of, smooth

BELIEVING = replace(PARAMETERS["leopard"], outliers=OutlierPolicy(gate=math.inf))
START = datetime(2026, 1, 1, tzinfo=UTC)


def path(n: int, seed: int = 0, mean_gap_s: float = 3 * HOUR) -> Evidence:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(mean_gap_s, n))
    sd = rng.uniform(5.0, 300.0, (2, n))
    covariance = np.stack([sd[0] ** 2, 0.5 * sd[0] * sd[1], sd[1] ** 2], axis=1)
    x, y = rng.normal(0, 2000.0, (2, n))
    return Evidence.canonical(times, x, y, covariance, keys_from([rng.bytes(16) for _ in range(n)]))


def least(work: Callable[[], object], repeat: int) -> float:
    """Processor seconds."""
    found = math.inf
    for _ in range(repeat):
        start = time.process_time()
        work()
        found = min(found, time.process_time() - start)
    return found


def stone_soup(evidence: Evidence) -> Callable[[], Floats] | None:
    """Their filter over the same fixes, giving the last mean f8[6]; None where it is not installed."""
    try:
        from stonesoup.base import Property
        from stonesoup.models.base import TimeVariantModel
        from stonesoup.models.measurement.linear import LinearGaussian
        from stonesoup.models.transition.linear import (
            CombinedLinearGaussianTransitionModel,
            LinearGaussianTransitionModel,
        )
        from stonesoup.predictor.kalman import KalmanPredictor
        from stonesoup.types.array import CovarianceMatrix, StateVector
        from stonesoup.types.detection import Detection
        from stonesoup.types.hypothesis import SingleHypothesis
        from stonesoup.types.state import GaussianState
        from stonesoup.updater.kalman import KalmanUpdater
    except ImportError:
        return None

    class HomeRange(LinearGaussianTransitionModel, TimeVariantModel):
        sigma: float = Property()

        @property
        def ndim_state(self) -> int:
            return 3

        def matrix(self, time_interval: timedelta, **_: Any) -> Floats:
            return transition(BELIEVING, time_interval.total_seconds())[0]

        def covar(self, time_interval: timedelta, **_: Any) -> Any:
            return CovarianceMatrix(transition(BELIEVING, time_interval.total_seconds())[1])

    model = CombinedLinearGaussianTransitionModel([HomeRange(1.0), HomeRange(1.0)])
    predictor, updater = KalmanPredictor(model), KalmanUpdater(None)
    s2, w2 = BELIEVING.sigma_m**2, BELIEVING.centre_sd_m**2
    ab = 1 / (BELIEVING.tau_position_s * BELIEVING.tau_velocity_s)
    prior = np.kron(np.eye(2), np.array([[s2 + w2, 0, w2], [0, s2 * ab, 0], [w2, 0, w2]]))
    moments = [START + timedelta(seconds=float(t - evidence.time_s[0])) for t in evidence.time_s]

    def run() -> Floats:
        state = GaussianState(StateVector(np.zeros(6)), CovarianceMatrix(prior), timestamp=START)
        for k, moment in enumerate(moments):
            xx, xy, yy = evidence.covariance[k]
            sensor = LinearGaussian(ndim_state=6, mapping=(0, 3), noise_covar=np.array([[xx, xy], [xy, yy]]))
            z = StateVector([evidence.x_m[k], evidence.y_m[k]])
            seen = Detection(z, timestamp=moment, measurement_model=sensor)
            state = updater.update(SingleHypothesis(predictor.predict(state, timestamp=moment), seen))
        return np.asarray(state.state_vector, dtype=np.float64).ravel()

    return run


def growth(animals: int, fixes: int, repeat: int) -> dict[str, float]:
    """Rate over many animals, their fixes one after the other."""
    per = max(fixes // animals, 2)
    one = path(per * animals, seed=animals)
    columns = fixes_of(one)
    times = np.concatenate([one.time_s[k * per : (k + 1) * per] - one.time_s[k * per] for k in range(animals)])
    columns = Fixes(*(np.ascontiguousarray(column) for column in columns._replace(time_s=times)))
    for column in columns:
        column.setflags(write=False)
    starts, out = np.arange(0, per * animals + 1, per), np.empty(animals)
    p, error2 = np.tile(PARAMETERS["leopard"].vector(), (animals, 1)), np.ones(animals)
    log_densities(columns, starts[:2], p, error2, out)
    seconds = least(lambda: log_densities(columns, starts, p, error2, out), repeat)
    return {
        "animals": animals,
        "fixes": per * animals,
        "cpu_s": round(seconds, 4),
        "cpu_per_s": round(per * animals / seconds),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    arguments.add_argument("--quick", action="store_true", help="a smoke test")
    arguments.add_argument("--peers", help="folder with stonesoup, if it is not installed")
    arguments.add_argument("--repeat", type=int, default=7)
    asked = arguments.parse_args()
    if asked.peers:
        sys.path.append(asked.peers)
    n, few, repeat = (20_000, 100, 2) if asked.quick else (200_000, 1_500, asked.repeat)
    warm_up()
    answer: dict[str, object] = {"repeat": repeat}
    whole, small = path(n), path(few)
    for name, evidence, circular in (
        ("ellipses", whole, False),
        ("ellipses_hourly", replace(whole, time_s=np.arange(n) * HOUR), False),
        ("circles", replace(whole, covariance=np.tile([225.0, 0.0, 225.0], (n, 1))), True),
    ):
        fixes = Fixes(*(np.ascontiguousarray(column) for column in fixes_of(evidence)))
        for column in fixes:
            column.setflags(write=False)
        p = PARAMETERS["leopard"].vector()
        seconds = least(lambda fixes=fixes, circular=circular, p=p: log_density(fixes, circular, p, 1.0), repeat)
        answer[name] = {"cpu_per_s": round(n / seconds), "ns": round(1e9 * seconds / n, 1)}
    peer = stone_soup(small)
    if peer is None:
        answer["stone_soup"] = answer["times_stone_soup"] = "absent"
    else:
        track, _ = smooth(small, BELIEVING)
        # The last fix has no future, so there the smoother's answer is the filter's; theirs counts microseconds.
        assert np.allclose(peer()[[0, 3]], [track.x_m[-1], track.y_m[-1]], atol=0.1)
        seconds = least(peer, repeat)
        answer["stone_soup"] = {"cpu_per_s": round(few / seconds)}
        ours = answer["ellipses"]
        assert isinstance(ours, dict)
        answer["times_stone_soup"] = round(ours["cpu_per_s"] / (few / seconds))
    sizes = (100, 1_000) if asked.quick else (1_000, 10_000, 100_000)
    # The same fixes a head at each size: what grows is the number of animals.
    rows = [growth(animals, animals * (10 if asked.quick else 40), repeat) for animals in sizes]
    slope = np.polyfit(np.log([row["animals"] for row in rows]), np.log([row["cpu_s"] for row in rows]), 1)[0]
    answer |= {"growth": rows, "exponent": round(float(slope), 3)}
    answer["goals"] = {"cpu_per_s": 20_000_000, "times_stone_soup": 5_000, "exponent": 1.05}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
