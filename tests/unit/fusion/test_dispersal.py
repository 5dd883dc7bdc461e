from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from fusion.dispersal import STRONG, settlement
from fusion.evidence import Evidence
from fusion.hierarchy import around
from fusion.motion import DAY, MotionParameters
from fusion.tracks import positions_at, smooth
from tests.unit.fusion.simulated import ANIMAL, BELIEVING, ellipses, seen, walk

CAT = MotionParameters(1 * DAY, 3_600.0, 2_000.0, centre_sd_m=1_000.0, outliers=BELIEVING)


def collar(days: float, drift_m2_s: float, seed: int = 1) -> Evidence:
    """Fixes every four hours of a cat whose home moves."""
    rng = np.random.default_rng(seed)
    times = np.arange(0.0, days * DAY, 4 * 3_600.0)
    steps = rng.normal(0.0, math.sqrt(drift_m2_s * 4 * 3_600.0), (len(times), 2))
    places = walk(times, CAT, rng) + np.cumsum(steps, axis=0)
    return seen(times, places, np.tile([100.0, 0.0, 100.0], (len(times), 1)), rng)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_settlement__of_an_animal_at_home_is_a_resident(seed: int) -> None:
    found = settlement(collar(120, 0.0, seed), around(CAT))
    assert not found.is_moving
    assert found.chosen.parameters.centre_drift_m2_s == 0.0
    assert found.log_bayes_factor < 1.0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_settlement__of_an_animal_whose_home_moves_is_found_with_strong_evidence(seed: int) -> None:
    drift = (8_000.0) ** 2 / (30 * DAY)
    found = settlement(collar(240, drift, seed), around(CAT))
    assert found.is_moving and found.log_bayes_factor > STRONG
    assert found.chosen.parameters.centre_drift_m2_s == pytest.approx(drift, rel=0.6)
    assert found.chosen.parameters.sigma_m < found.resident.parameters.sigma_m


def test_settlement__a_week_is_too_short_to_say_that_somebody_left() -> None:
    assert not settlement(collar(7, (8_000.0) ** 2 / (30 * DAY)), around(CAT)).is_moving


def test_track__of_a_drifting_centre_is_the_dense_gaussian_process() -> None:
    rng = np.random.default_rng(5)
    times = np.cumsum(rng.exponential(6_000.0, 40))
    drifting = dataclasses.replace(ANIMAL, centre_drift_m2_s=30.0)
    evidence = seen(times, walk(times, ANIMAL, rng), ellipses(40, rng), rng)
    asked = np.sort(rng.uniform(times[0], times[-1] + 50_000.0, 25))
    _, known = smooth(evidence, drifting)
    found = positions_at(known, asked)
    a, b = 1 / ANIMAL.tau_position_s, 1 / ANIMAL.tau_velocity_s

    def kernel(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        lag = np.abs(one[:, None] - other[None, :])
        home = ANIMAL.sigma_m**2 * (b * np.exp(-a * lag) - a * np.exp(-b * lag)) / (b - a) + ANIMAL.centre_sd_m**2
        return np.kron(home + 30.0 * (np.minimum(one[:, None], other[None, :]) - times[0]), np.eye(2))

    S = kernel(times, times)
    for k, (xx, xy, yy) in enumerate(evidence.covariance):
        S[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] += [[xx, xy], [xy, yy]]
    weights = np.linalg.solve(S, kernel(times, asked)).T
    mean = (weights @ np.stack([evidence.x_m, evidence.y_m], axis=1).ravel()).reshape(-1, 2)
    variance = np.diag(kernel(asked, asked) - weights @ kernel(times, asked))
    np.testing.assert_allclose(np.stack([found.x_m, found.y_m], axis=1), mean, atol=1e-5)
    np.testing.assert_allclose(found.covariance[:, [0, 2]].ravel(), variance, rtol=1e-6)


def test_parameters__a_centre_cannot_drift_backwards() -> None:
    with pytest.raises(ValueError, match="centre_drift"):
        dataclasses.replace(ANIMAL, centre_drift_m2_s=-1.0)
