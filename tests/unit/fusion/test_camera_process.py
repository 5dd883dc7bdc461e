from __future__ import annotations

import numpy as np
import pytest

from fusion import camera_density as density
from fusion import camera_process as process
from fusion import marginal_kernels as smoothing

DAY = 86_400.0
MOTION = np.array([[1 / DAY, 1 / 3600.0, 1500.0**2, 0.0, 0.0, 8000.0**2]])


def line_of_cameras(x: float) -> process.Cameras:
    """Nine cameras in a line from south to north."""
    y = np.linspace(-2000.0, 2000.0, 9)
    return process.sorted_cameras(np.full(9, x), y, np.full(9, 150.0), np.zeros(9), np.full(9, 8 * DAY))[0]


def passes(cameras: process.Cameras, from_s: float, to_s: float, *places: list[float]) -> np.ndarray:
    """Of all places together: f8[n, 6]."""
    out = np.empty((len(places), 6))
    density.passes(np.array(places), len(places), from_s, to_s, cameras.pyramid, density.room(), out)
    return out


def test_passes__and_their_derivatives_are_those_of_the_sum_of_densities() -> None:
    cameras, C = line_of_cameras(900.0), np.array([[9e5, 2e5], [2e5, 6e5]])

    def twin(x: float, y: float) -> float:
        inverse, norm = np.linalg.inv(C), 2 * np.pi * np.sqrt(np.linalg.det(C))
        apart = np.stack([cameras.x_m - x, cameras.y_m - y], axis=1)
        quadratic = np.einsum("ni,ij,nj->n", apart, inverse, apart)
        return float((150.0 * DAY * np.exp(-0.5 * quadratic) / norm)[quadratic < density.FARTHEST_SD**2].sum())

    out, h = passes(cameras, DAY, 2 * DAY, [100.0, -50.0, C[0, 0], C[0, 1], C[1, 1]])[0], 1.0
    at = {(i, j): twin(100.0 + i * h, -50.0 + j * h) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    assert out[0] == pytest.approx(at[0, 0], rel=1e-12)
    assert out[1] == pytest.approx((at[1, 0] - at[-1, 0]) / 2, rel=1e-5)
    assert out[2] == pytest.approx((at[0, 1] - at[0, -1]) / 2, rel=1e-5)
    assert out[3] == pytest.approx(at[1, 0] - 2 * at[0, 0] + at[-1, 0], rel=1e-3)
    assert out[5] == pytest.approx(at[0, 1] - 2 * at[0, 0] + at[0, -1], rel=1e-3)


def test_passes__a_camera_that_was_off_says_nothing() -> None:
    assert not passes(line_of_cameras(900.0), 9 * DAY, 10 * DAY, [900.0, 0.0, 1e6, 0.0, 1e6]).any()


def test_passes__of_a_place_are_the_same_to_the_bit_whatever_is_asked_beside_it() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0.0, 30e3, (2, 500))
    cameras, _ = process.sorted_cameras(x, y, np.full(500, 100.0), np.zeros(500), np.full(500, 8 * DAY))
    # From single cameras to squares of 4 km: some share a level and some do not.
    places = [[*rng.uniform(5e3, 25e3, 2), sd * sd, 0.2 * sd * sd, 0.8 * sd * sd] for sd in np.geomspace(300.0, 6e3, 8)]
    beside = passes(cameras, 0.0, DAY, *places)
    assert (beside[:, 0] > 0.0).all()
    assert beside.tobytes() == b"".join(passes(cameras, 0.0, DAY, place).tobytes() for place in places)


def settled(cameras: process.Cameras) -> np.ndarray:
    """Places on the clock of an animal seen once at the origin, after a few rounds of silence: f8[17, 5]."""
    clock = np.arange(0.0, 8 * DAY + 1, DAY / 2)
    time_s = np.sort(np.append(clock, 4 * DAY + 60.0))
    n, seen = len(time_s), np.searchsorted(time_s, 4 * DAY + 60.0)
    rows = smoothing.Rows(time_s, np.zeros((n, 3)), np.zeros((n, 2)), np.zeros(n))
    rows.precision[seen], rows.weight[seen] = [1 / 900.0, 0.0, 1 / 900.0], 1.0
    out, offset, quiet = smoothing.marginals(n), np.array([0, n]), np.arange(n) != seen
    for _ in range(4):
        smoothing.smooth_rows(offset, 0, 1, rows, MOTION, out, np.zeros(1))
        process.fall_silent(offset, 0, 1, rows, quiet, DAY / 2, MOTION, cameras, out, np.zeros(1))
    return np.concatenate([out.place, out.spread], axis=1)[quiet]


def test_silence__of_cameras_in_the_east_moves_an_animal_to_the_west() -> None:
    places = settled(line_of_cameras(1000.0))
    assert (places[:, 0] < 0.0).all()
    assert places[0, 0] < -50.0
    # Cells are not laid out evenly around the animal; its place is known to a kilometre.
    np.testing.assert_allclose(places[:, 1], 0.0, atol=1.0)


def test_weigh_motions__a_slow_animal_explains_silence_better_than_a_fast_one() -> None:
    clock = np.arange(0.0, 8 * DAY + 1, DAY / 2)
    n = len(clock) + 1
    time_s = np.sort(np.append(clock, 4 * DAY + 60.0))
    seen = np.searchsorted(time_s, 4 * DAY + 60.0)
    rows = smoothing.Rows(time_s, np.zeros((n, 3)), np.zeros((n, 2)), np.zeros(n))
    rows.precision[seen], rows.weight[seen] = [1 / 900.0, 0.0, 1 / 900.0], 1.0
    fast = MOTION.copy()
    fast[:, 1] *= 25.0
    weights = np.zeros((1, 2))
    process.weigh_motions(
        np.array([0]), np.array([0, n]), 0, 1, rows, np.arange(n) != seen, DAY / 2,
        np.stack([MOTION, fast], axis=1), np.zeros(1), line_of_cameras(500.0), weights,
    )  # fmt: skip
    assert weights[0, 0] > weights[0, 1]


def test_sorted_cameras__refuses_a_camera_without_width() -> None:
    with pytest.raises(ValueError, match="width"):
        process.sorted_cameras(np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1), np.ones(1))
