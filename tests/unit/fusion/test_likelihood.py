from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from fusion.evidence import Evidence
from fusion.kernels import Fixes
from fusion.likelihood import CHUNK, _fades, likelihood, log_densities
from fusion.motion import MotionParameters, OutlierPolicy, transition
from fusion.tracks import fixes_of
from tests.unit.fusion.simulated import ANIMAL, ellipses, seen, walk

DRIFTING = dataclasses.replace(ANIMAL, centre_drift_m2_s=20.0)


def simulated(n: int = 50, seed: int = 1, circular: bool = False, mean_gap_s: float = 3000.0) -> Evidence:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(mean_gap_s, n))
    covariance = np.tile([400.0, 0.0, 400.0], (n, 1)) if circular else ellipses(n, rng)
    return seen(times, walk(times, ANIMAL, rng), covariance, rng)


def gaussian(evidence: Evidence, parameters: MotionParameters, scale: float = 1.0) -> float:
    """Log density of all coordinates at once, from the covariance function of the model."""
    a, b = 1 / parameters.tau_position_s, 1 / parameters.tau_velocity_s
    t = evidence.time_s
    lag = np.abs(t[:, None] - t[None, :])
    shape = (b * np.exp(-a * lag) - a * np.exp(-b * lag)) / (b - a)
    centre = parameters.centre_sd_m**2 + parameters.centre_drift_m2_s * (np.minimum(t[:, None], t[None, :]) - t[0])
    S = np.kron(parameters.sigma_m**2 * shape + centre, np.eye(2))
    for k, (xx, xy, yy) in enumerate(evidence.covariance * scale**2 / evidence.weight[:, None]):
        S[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] += [[xx, xy], [xy, yy]]
    z = np.stack([evidence.x_m, evidence.y_m], axis=1).ravel()
    _, log_det = np.linalg.slogdet(S)
    return -0.5 * float(z @ np.linalg.solve(S, z) + log_det + len(z) * math.log(2 * math.pi))


def filtered(evidence: Evidence, parameters: MotionParameters) -> tuple[float, int]:
    """The gated filter in textbook matrices: another road to the log-likelihood, with spikes."""
    s2, w2 = parameters.sigma_m**2, parameters.centre_sd_m**2
    ab = 1 / (parameters.tau_position_s * parameters.tau_velocity_s)
    prior = np.kron(np.eye(2), np.array([[s2 + w2, 0, w2], [0, s2 * ab, 0], [w2, 0, w2]]))
    H = np.kron(np.eye(2), np.array([[1.0, 0, 0]]))
    x, P, run, total, gated = np.zeros(6), prior.copy(), 0, 0.0, 0
    for k, gap in enumerate(np.diff(evidence.time_s, prepend=evidence.time_s[0])):
        F, Q = (np.kron(np.eye(2), part) for part in transition(parameters, float(gap)))
        x, P = F @ x, F @ P @ F.T + Q
        gate = parameters.outliers.gate
        if run >= parameters.outliers.patience:
            P, run, gate = P + prior, 0, math.inf
        xx, xy, yy = evidence.covariance[k]
        S = H @ P @ H.T + np.array([[xx, xy], [xy, yy]])
        residual = np.array([evidence.x_m[k], evidence.y_m[k]]) - H @ x
        d2 = float(residual @ np.linalg.solve(S, residual))
        inflation = max(1.0, d2 / gate)
        run = run + 1 if inflation > 1.0 else 0
        gated += inflation > 1.0
        total -= 0.5 * float(np.linalg.slogdet(2 * np.pi * S * inflation)[1]) + 0.5 * d2 / inflation
        K = np.linalg.solve(S * inflation, H @ P).T
        x, P = x + K @ residual, P - K @ H @ P
    return total, gated


@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize("mean_gap_s", [20.0, 3000.0, 200_000.0])
def test_likelihood__is_the_gaussian_density_of_all_fixes_at_once(circular: bool, mean_gap_s: float) -> None:
    evidence = simulated(circular=circular, mean_gap_s=mean_gap_s)
    assert likelihood(evidence, ANIMAL).log_density == pytest.approx(gaussian(evidence, ANIMAL), rel=1e-8)


@pytest.mark.parametrize("circular", [False, True])
def test_likelihood__of_a_drifting_centre_is_that_density_too(circular: bool) -> None:
    evidence = simulated(circular=circular)
    assert likelihood(evidence, DRIFTING).log_density == pytest.approx(gaussian(evidence, DRIFTING), rel=1e-8)


@pytest.mark.parametrize("circular", [False, True])
def test_likelihood__holds_spikes_back_as_the_track_does(circular: bool) -> None:
    guarded = dataclasses.replace(ANIMAL, outliers=OutlierPolicy())
    evidence = simulated(circular=circular)
    x = evidence.x_m.copy()
    x[20] += 90_000.0
    x[30:34] += 150_000.0
    spiked = dataclasses.replace(evidence, x_m=x)
    found = likelihood(spiked, guarded)
    expected, gated = filtered(spiked, guarded)
    assert found.log_density == pytest.approx(expected, rel=1e-6)
    assert found.gated == gated >= 4


def test_likelihood__knows_sensors_that_flatter_themselves() -> None:
    evidence = simulated()
    scaled = likelihood(evidence, ANIMAL, error_scale=3.0).log_density
    assert scaled == pytest.approx(gaussian(evidence, ANIMAL, scale=3.0), rel=1e-8)


def test_likelihood__counts_half_a_weight_as_twice_the_covariance_and_none_not_at_all() -> None:
    evidence = simulated()
    weight = np.full(50, 0.5)
    halved = dataclasses.replace(evidence, weight=weight)
    assert likelihood(halved, ANIMAL).log_density == pytest.approx(gaussian(halved, ANIMAL), rel=1e-8)
    unseen = dataclasses.replace(evidence, weight=np.where(np.arange(50) == 7, 0.0, 1.0))
    rest = np.arange(50) != 7
    fewer = Evidence(*(getattr(evidence, name)[rest] for name in Evidence.__dataclass_fields__))
    assert likelihood(unseen, ANIMAL).fixes == 49
    assert likelihood(unseen, ANIMAL).log_density == pytest.approx(likelihood(fewer, ANIMAL).log_density, rel=1e-12)


def test_likelihood__of_many_animals_is_that_of_each() -> None:
    animals = [simulated(seed=seed) for seed in range(3)]
    columns = Fixes(*(np.concatenate([getattr(fixes_of(one), name) for one in animals]) for name in Fixes._fields))
    for column in columns:
        column.setflags(write=False)
    out = np.empty(3)
    log_densities(columns, np.array([0, 50, 100, 150]), np.tile(ANIMAL.vector(), (3, 1)), np.ones(3), out)
    assert out.tolist() == [likelihood(one, ANIMAL).log_density for one in animals]


def test_likelihood__refuses_sensors_without_errors() -> None:
    with pytest.raises(ValueError, match="error_scale"):
        likelihood(simulated(), ANIMAL, error_scale=0.0)


def test_fades__are_exponentials_to_the_last_digits() -> None:
    rng = np.random.default_rng(3)
    times = np.concatenate([[0.0], np.cumsum(10.0 ** rng.uniform(-6.0, 9.0, CHUNK - 1))])
    gaps, fades, powers = np.empty(CHUNK), np.empty((2, CHUNK)), np.empty(CHUNK, np.int64)
    _fades(times, 0, CHUNK, 0, 1e-6, 3e-4, gaps, fades, powers, powers.view(np.float64))
    assert (gaps == np.diff(times, prepend=0.0)).all()
    for rate, found in zip((1e-6, 3e-4), fades, strict=True):
        expected = np.exp(np.maximum(-rate * gaps, -700.0))
        np.testing.assert_allclose(found, expected, rtol=5e-16)
