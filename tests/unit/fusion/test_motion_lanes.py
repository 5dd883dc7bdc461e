"""Several motions side by side beside the smoother of one motion, which is tested against a dense Gaussian process."""

from __future__ import annotations

import numpy as np
import pytest

from fusion import marginal_kernels as single
from fusion import motion_lanes as lanes

A, B, S2, CENTRE2 = 1 / 1.5e5, 1 / 3600.0, 1800.0**2, 15_000.0**2


def made(seed: int, n: int = 40) -> single.Rows:
    """Evidence with ellipses; rows that only ask; silence that widens, and one factor that would take too much away."""
    rng = np.random.default_rng(seed)
    sd = rng.uniform(10.0, 400.0, (2, n))
    precision = np.linalg.inv(np.array([[[a * a, 0.4 * a * b], [0.4 * a * b, b * b]] for a, b in sd.T]))
    weight = rng.uniform(0.1, 1.0, n)
    weight[1::3] = weight[2::3] = 0.0
    precision[1::3] *= -1e-5
    precision[2::3] = 0.0
    precision[1] *= 1e6
    shift = np.einsum("nij,nj->ni", precision, rng.normal(3000.0, 2000.0, (n, 2)))
    flat = np.stack([precision[:, 0, 0], precision[:, 0, 1], precision[:, 1, 1]], axis=1)
    # Two rows of one moment, and a gap of a year.
    time_s = np.sort(rng.uniform(0, 10 * 86_400.0, n))
    time_s[5] = time_s[4]
    time_s[30:] += 365 * 86_400.0
    return single.Rows(time_s, flat, shift, weight)


def motions(count: int) -> np.ndarray:
    scale = np.exp(np.linspace(-0.7, 0.7, count))
    return np.stack([A * scale, B / scale, S2 * scale, scale * 1000.0, -500.0 + 0 * scale, CENTRE2 * scale], axis=1)


def side_by_side(rows: single.Rows, some: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smoothed place and spread f8[rows, 5, lanes], log evidence f8[lanes]."""
    n, count = len(rows.time_s), len(some)
    factors, work, side = np.zeros(n * lanes.FACTOR * lanes.LANES), lanes.room(n), lanes.side_by_side(some)
    for r in range(n):
        lanes.put(factors, r, 1.0, rows.precision[r], rows.shift[r])
    lanes.forward(rows.time_s, rows.weight, factors, side, count, work)
    lanes.backward(n, factors, side, count, work)
    return work.smoothed.reshape(n, lanes.FACTOR, lanes.LANES)[:, :, :count], work.log_evidence[:count]


@pytest.mark.parametrize("seed", range(3))
def test_lanes__come_to_what_one_motion_alone_comes_to(seed: int) -> None:
    rows, some = made(seed), motions(8)
    smoothed, evidence = side_by_side(rows, some)
    for lane in range(8):
        out, likelihood = single.marginals(len(rows.time_s)), np.zeros(1)
        single.smooth_rows(np.array([0, len(rows.time_s)]), 0, 1, rows, some[lane : lane + 1], out, likelihood)
        np.testing.assert_allclose(smoothed[:, :2, lane], out.place, atol=1e-5)
        np.testing.assert_allclose(smoothed[:, 2::2, lane], out.spread[:, ::2], rtol=1e-8)
        np.testing.assert_allclose(smoothed[:, 3, lane], out.spread[:, 1], atol=1e-8 * S2)
        assert evidence[lane] == pytest.approx(likelihood[0], rel=1e-11)


@pytest.mark.parametrize("count", [1, 3, 7])
def test_lanes__are_the_same_to_the_bit_whatever_is_beside_them(count: int) -> None:
    rows, some = made(5), motions(8)
    every, whole = side_by_side(rows, some)
    few, part = side_by_side(rows, some[:count])
    assert few.tobytes() == every[:, :, :count].tobytes()
    assert part.tobytes() == whole[:count].tobytes()
