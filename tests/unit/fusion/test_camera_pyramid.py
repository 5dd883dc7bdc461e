from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion import camera_density as density
from fusion import camera_process as process

DAY = 86_400.0
BOUND = 0.3
"""What a cell may be wrong by, in (side / sd)^3 of the peak of the density."""


def reserve(seed: int, count: int, is_ragged: bool) -> process.Cameras:
    """Cameras on 60 x 60 km, half of them around six waters; ragged ones operate for a part of the month."""
    rng = np.random.default_rng(seed)
    waters = rng.uniform(-30e3, 30e3, (6, 2))
    gathered = waters[rng.integers(0, 6, count)] + rng.normal(0.0, 3000.0, (count, 2))
    place = np.where(rng.random((count, 1)) < 0.5, gathered, rng.uniform(-30e3, 30e3, (count, 2)))
    from_s = rng.uniform(0, 15 * DAY, count) if is_ragged else np.zeros(count)
    to_s = from_s + rng.uniform(0, 15 * DAY, count) if is_ragged else np.full(count, 30 * DAY)
    return process.sorted_cameras(place[:, 0], place[:, 1], rng.uniform(50.0, 150.0, count), from_s, to_s)[0]


def camera_by_camera(
    x: float, y: float, sd: float, from_s: float, to_s: float, cameras: process.Cameras
) -> tuple[np.ndarray, float]:
    """Passes and their derivatives in units of sd, f8[6], one camera after another; and width x time of all."""
    watched = cameras.width_m * np.clip(np.minimum(to_s, cameras.to_s) - np.maximum(from_s, cameras.from_s), 0.0, None)
    u = np.stack([cameras.x_m - x, cameras.y_m - y], axis=1) / sd
    f = watched * np.exp(-0.5 * (u**2).sum(axis=1)) / (2 * np.pi * sd * sd)
    f[(u**2).sum(axis=1) > density.FARTHEST_SD**2] = 0.0
    terms = np.stack([np.ones(len(f)), u[:, 0], u[:, 1], u[:, 0] ** 2 - 1, u[:, 0] * u[:, 1], u[:, 1] ** 2 - 1], axis=1)
    return (f[:, None] * terms).sum(axis=0), float(watched.sum())


def passes(x: float, y: float, sd: float, from_s: float, to_s: float, cameras: process.Cameras) -> np.ndarray:
    out, places = np.empty((1, 6)), np.array([[x, y, sd * sd, 0.0, sd * sd]])
    density.passes(places, 1, from_s, to_s, cameras.pyramid, density.room(), out)
    return out[0] * np.array([1.0, sd, sd, sd * sd, sd * sd, sd * sd])


def test_pyramid__scattered_cameras_count_as_if_each_were_weighed_alone() -> None:
    for is_ragged in (False, True):
        cameras = reserve(1, 2000, is_ragged)
        rng = np.random.default_rng(2)
        for sd in (2_500.0, 5_000.0, 12_000.0, 40_000.0):
            errors, means = [], []
            for _ in range(40):
                x, y, at = rng.uniform(-20e3, 20e3), rng.uniform(-20e3, 20e3), rng.uniform(8 * DAY, 20 * DAY)
                exact, _ = camera_by_camera(x, y, sd, at, at + DAY / 4, cameras)
                errors.append(passes(x, y, sd, at, at + DAY / 4, cameras) - exact)
                means.append(exact[0])
            spread = np.sqrt((np.array(errors) ** 2).mean(axis=0)) / np.mean(means)
            assert spread[0] < 0.002
            assert spread.max() < 0.01


def test_pyramid__a_narrow_density_meets_every_camera_itself() -> None:
    cameras = reserve(3, 500, True)
    for x, y in ((0.0, 0.0), (-999.0, 1_001.0), (12_345.0, -20_000.0)):
        exact, _ = camera_by_camera(x, y, 900.0, 9 * DAY, 12 * DAY, cameras)
        np.testing.assert_allclose(passes(x, y, 900.0, 9 * DAY, 12 * DAY, cameras), exact, rtol=1e-9, atol=1e-9)


@settings(deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 60),
    st.booleans(),
    st.floats(300.0, 60_000.0),
    st.floats(-1.0, 1.0),
    st.floats(-1.0, 1.0),
    st.floats(-2.0, 32.0),
)
def test_pyramid__no_cell_is_wrong_by_more_than_it_says(
    seed: int, count: int, is_ragged: bool, sd: float, x: float, y: float, day: float
) -> None:
    cameras = reserve(seed, count, is_ragged)
    exact, watched = camera_by_camera(x * 30e3, y * 30e3, sd, day * DAY, day * DAY + DAY / 4, cameras)
    found = passes(x * 30e3, y * 30e3, sd, day * DAY, day * DAY + DAY / 4, cameras)
    # At the edge a cell is in reach as a whole or not at all.
    edge = np.exp(-0.5 * (density.FARTHEST_SD - 1.0) ** 2)
    allowed = watched / (2 * np.pi * sd * sd) * (BOUND * density.WIDEST_CELL**3 + edge)
    assert abs(found[0] - exact[0]) <= allowed + 1e-9


def test_pyramid__is_the_same_for_any_order_of_cameras() -> None:
    rng = np.random.default_rng(4)
    columns = [rng.uniform(-30e3, 30e3, 300), rng.uniform(-30e3, 30e3, 300), rng.uniform(50.0, 150.0, 300)]
    columns += [rng.uniform(0.0, DAY, 300), rng.uniform(2 * DAY, 3 * DAY, 300)]
    one = process.sorted_cameras(*columns)[0].pyramid
    for _ in range(3):
        order = rng.permutation(300)
        other = process.sorted_cameras(*(column[order] for column in columns))[0].pyramid
        assert all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def test_pyramid__of_no_cameras_expects_no_passes() -> None:
    nobody = process.sorted_cameras(*(np.zeros(0) for _ in range(5)))[0]
    assert not passes(0.0, 0.0, 1000.0, 0.0, DAY, nobody).any()
