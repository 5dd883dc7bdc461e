"""The smoother beside a dense Gaussian process with the same covariance and the same factors."""

from __future__ import annotations

import numpy as np
import pytest

from fusion import marginal_kernels as kernels

A, B, S2, CENTRE2 = 1 / 1.5e5, 1 / 3600.0, 1800.0**2, 15_000.0**2
MOTION = np.array([[A, B, S2, 1000.0, -500.0, CENTRE2]])


def made(seed: int, n: int = 14) -> kernels.Rows:
    """Evidence with ellipses, a question in row 5, silence that takes precision away in row 7."""
    rng = np.random.default_rng(seed)
    sd = rng.uniform(10.0, 400.0, (2, n))
    covariance = np.array([[[a * a, 0.4 * a * b], [0.4 * a * b, b * b]] for a, b in sd.T])
    precision = np.linalg.inv(covariance)
    precision[5] = 0.0
    precision[7] *= -1e-5
    weight = np.ones(n)
    weight[[5, 7]] = 0.0
    shift = np.einsum("nij,nj->ni", precision, rng.normal(3000.0, 2000.0, (n, 2)))
    flat = np.stack([precision[:, 0, 0], precision[:, 0, 1], precision[:, 1, 1]], axis=1)
    return kernels.Rows(np.sort(rng.uniform(0, 10 * 86_400.0, n)), flat, shift, weight)


def dense(rows: kernels.Rows, without: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean f8[n, 2] and covariance f8[2n, 2n] by one inversion."""
    n, apart = len(rows.time_s), np.abs(rows.time_s[:, None] - rows.time_s)
    kernel = S2 * (B * np.exp(-A * apart) - A * np.exp(-B * apart)) / (B - A) + CENTRE2
    prior = np.linalg.inv(np.kron(kernel, np.eye(2)))
    W, shift = np.zeros((2 * n, 2 * n)), rows.shift.copy()
    for k, (xx, xy, yy) in enumerate(rows.precision):
        W[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = [[xx, xy], [xy, yy]]
    if without is not None:
        W[2 * without : 2 * without + 2, 2 * without : 2 * without + 2] = 0.0
        shift[without] = 0.0
    covariance = np.linalg.inv(prior + W)
    return (covariance @ (prior @ np.tile(MOTION[0, 3:5], n) + shift.ravel())).reshape(n, 2), covariance


@pytest.mark.parametrize("seed", range(4))
def test_smooth_rows__is_the_gaussian_process_and_its_leave_one_out(seed: int) -> None:
    rows = made(seed)
    out = kernels.marginals(len(rows.time_s))
    kernels.smooth_rows(np.array([0, len(rows.time_s)]), 0, 1, rows, MOTION, out, np.zeros(1))
    mean, covariance = dense(rows)
    np.testing.assert_allclose(out.place, mean, atol=1e-5)
    np.testing.assert_allclose(out.spread[:, 1], np.diag(covariance, 1)[::2], rtol=1e-5, atol=1e-2)
    for k in np.flatnonzero(rows.weight):
        others, spread = dense(rows, without=k)
        np.testing.assert_allclose(out.others_place[k], others[k], atol=1e-4)
        np.testing.assert_allclose(out.others_spread[k, 0], spread[2 * k, 2 * k], rtol=1e-6)


def test_smooth_rows__likelihood_is_that_of_the_gaussian_process() -> None:
    rows = made(9)
    keep = rows.weight > 0
    rows = kernels.Rows(*(column[keep] for column in rows))
    likelihood = np.zeros(1)
    out = kernels.marginals(len(rows.time_s))
    kernels.smooth_rows(np.array([0, len(rows.time_s)]), 0, 1, rows, MOTION, out, likelihood)
    n, apart = len(rows.time_s), np.abs(rows.time_s[:, None] - rows.time_s)
    S = np.kron(S2 * (B * np.exp(-A * apart) - A * np.exp(-B * apart)) / (B - A) + CENTRE2, np.eye(2))
    z = np.empty((n, 2))
    for k, (xx, xy, yy) in enumerate(rows.precision):
        R = np.linalg.inv([[xx, xy], [xy, yy]])
        S[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] += R
        z[k] = R @ rows.shift[k]
    y = z.ravel() - np.tile(MOTION[0, 3:5], n)
    expected = -0.5 * (y @ np.linalg.solve(S, y) + np.linalg.slogdet(S)[1] + 2 * n * np.log(2 * np.pi))
    assert likelihood[0] == pytest.approx(expected, rel=1e-9)
