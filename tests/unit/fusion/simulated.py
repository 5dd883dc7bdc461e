"""A simulated animal that obeys the movement model exactly, and the textbook answer to compare with."""

from __future__ import annotations

import math

import numpy as np

from fusion.evidence import Evidence, keys_from
from fusion.motion import MotionParameters, OutlierPolicy, transition

BELIEVING = OutlierPolicy(gate=math.inf)
ANIMAL = MotionParameters(40_000.0, 4_000.0, 2_000.0, centre_sd_m=8_000.0, outliers=BELIEVING)


def walk(times: np.ndarray, parameters: MotionParameters, rng: np.random.Generator) -> np.ndarray:
    """True positions f8[n, 2] at `times`."""
    a, b = 1 / parameters.tau_position_s, 1 / parameters.tau_velocity_s
    centre = rng.normal(0, parameters.centre_sd_m, 2)
    state = np.stack(
        [centre + rng.normal(0, parameters.sigma_m, 2), rng.normal(0, parameters.sigma_m * math.sqrt(a * b), 2), centre]
    )
    places = np.empty((len(times), 2))
    for k, gap in enumerate(np.diff(times, prepend=times[0])):
        F, Q = transition(parameters, float(gap))
        state = F @ state
        if gap > 0:
            state[:2] += np.linalg.cholesky(Q[:2, :2]) @ rng.normal(size=(2, 2))
        places[k] = state[0]
    return places


def seen(times: np.ndarray, places: np.ndarray, covariance: np.ndarray, rng: np.random.Generator) -> Evidence:
    """Evidence of places measured with errors of `covariance` f8[n, 3]."""
    matrices = covariance[:, [0, 1, 1, 2]].reshape(-1, 2, 2)
    errors = np.einsum("nij,nj->ni", np.linalg.cholesky(matrices), rng.normal(size=(len(times), 2)))
    keys = keys_from([bytes(rng.bytes(16)) for _ in times])
    return Evidence.canonical(times, *(places + errors).T, covariance, keys)


def ellipses(n: int, rng: np.random.Generator, smallest: float = 5.0, largest: float = 500.0) -> np.ndarray:
    """Random positive definite covariances f8[n, 3], axes between the two sizes."""
    sd = rng.uniform(smallest, largest, (n, 2))
    correlation = rng.uniform(-0.9, 0.9, n)
    return np.stack([sd[:, 0] ** 2, correlation * sd[:, 0] * sd[:, 1], sd[:, 1] ** 2], axis=1)


def dense(evidence: Evidence, parameters: MotionParameters, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian-process regression with the model's covariance: means f8[m, 2], covariances f8[m, 3] at `at`."""
    a, b = 1 / parameters.tau_position_s, 1 / parameters.tau_velocity_s

    def kernel(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        lag = np.abs(one[:, None] - other[None, :])
        shape = (b * np.exp(-a * lag) - a * np.exp(-b * lag)) / (b - a)
        return np.kron(parameters.sigma_m**2 * shape + parameters.centre_sd_m**2, np.eye(2))

    used = evidence.weight > 0
    R = np.zeros((2 * used.sum(), 2 * used.sum()))
    for k, (xx, xy, yy) in enumerate(evidence.covariance[used] / evidence.weight[used, None]):
        R[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = [[xx, xy], [xy, yy]]
    z = np.stack([evidence.x_m[used], evidence.y_m[used]], axis=1).ravel()
    times = evidence.time_s[used]
    weights = np.linalg.solve(kernel(times, times) + R, kernel(times, at)).T
    mean = (weights @ z).reshape(-1, 2)
    spread = kernel(at, at) - weights @ kernel(times, at)
    blocks = [spread[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] for k in range(len(at))]
    return mean, np.array([[block[0, 0], block[0, 1], block[1, 1]] for block in blocks])
