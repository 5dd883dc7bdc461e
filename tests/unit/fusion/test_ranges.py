from __future__ import annotations

import math

import numpy as np
import pytest
from shapely import Point

from fusion.contours import Grid, area_of
from fusion.motion import DAY, MotionParameters
from fusion.occurrence import Occurrence, occurrence
from fusion.ranges import HomeRange, TooShort, best_bandwidth, home_range, time_weights
from fusion.tracks import Checkpoint, positions_at, smooth
from tests.unit.fusion.simulated import BELIEVING, seen, walk

CAT = MotionParameters(1 * DAY, 7_200.0, 2_000.0, centre_sd_m=5_000.0, outliers=BELIEVING)


def record(days: float, seed: int, per_day: float = 8.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0.0, days * DAY, int(days * per_day)))
    return times, walk(times, CAT, rng)


def estimated(days: float, seed: int, per_day: float = 8.0) -> HomeRange:
    times, places = record(days, seed, per_day)
    return home_range(times, *places.T, CAT)


def tracked(days: float, per_day: float, seed: int = 1) -> tuple[Checkpoint, np.ndarray]:
    times, places = record(days, seed, per_day)
    rng = np.random.default_rng(seed)
    return smooth(seen(times, places, np.tile([400.0, 0.0, 400.0], (len(times), 1)), rng), CAT)[1], times


@pytest.mark.parametrize(("days", "off"), [(20, 0.12), (60, 0.08), (200, 0.05)])
def test_home_range__area_is_that_of_the_range_the_animal_has(days: int, off: float) -> None:
    ratios = [estimated(days, seed).regions[1].area_km2 / CAT.range_95_km2 for seed in range(30)]
    assert np.mean(ratios) == pytest.approx(1.0, abs=off)


def test_home_range__intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = []
    for seed in range(40):
        low, high = estimated(20, 100 + seed).regions[1].interval_km2 or (0.0, 0.0)
        held.append(low < CAT.range_95_km2 < high)
    assert 0.87 < np.mean(held) <= 1.0


def test_home_range__a_kernel_that_takes_fixes_to_be_independent_would_be_far_too_small() -> None:
    times, places = record(30, 3, per_day=48.0)
    found = home_range(times, *places.T, CAT)
    assert found.effective_size < 40 < len(times) / 10
    independent = best_bandwidth(np.array([0.0, 1.0]), np.array([1.0 / len(times), 1.0 - 1.0 / len(times)]))
    assert found.bandwidth > 1.8 * independent


def test_home_range__bandwidth_of_independent_fixes_is_that_of_the_textbook() -> None:
    # Silverman 1986, equation 4.14 for two dimensions: n^(-1/6) as n grows.
    for n in (1_000, 100_000):
        found = best_bandwidth(np.array([0.0, 1.0]), np.array([1.0 / n, 1.0 - 1.0 / n]))
        assert found == pytest.approx(n ** (-1 / 6), rel=0.1)


def test_home_range__is_the_sum_of_kernels_written_out() -> None:
    times, places = record(25, 4)
    found = home_range(times, *places.T, CAT)
    weight = time_weights(times, CAT.tau_position_s)
    a, b = 1 / CAT.tau_position_s, 1 / CAT.tau_velocity_s
    lag = np.abs(times[:, None] - times[None, :])
    rho = (b * np.exp(-a * lag) - a * np.exp(-b * lag)) / (b - a)
    of_mean, of_variance = weight @ rho @ weight, weight @ rho**2 @ weight
    assert found.effective_size == pytest.approx(1 / of_variance, rel=1e-3)
    d = places - weight @ places
    covariance = (weight[:, None] * d).T @ d / (1 - of_mean)
    inverse = np.linalg.inv(covariance * found.bandwidth**2)
    low, high = places.min(axis=0) - 6_000.0, places.max(axis=0) + 6_000.0
    x, y = (np.linspace(low[k], high[k], 160) for k in (0, 1))
    cells = np.stack(np.meshgrid(x, y), axis=-1)
    share = np.zeros((160, 160))
    for w, place in zip(weight, places, strict=True):
        e = cells - place
        share += w * np.exp(-0.5 * np.einsum("ijk,kl,ijl->ij", e, inverse, e))
    grid = Grid(low[0], low[1], 1.0, share / share.sum())
    degrees = 2 * (found.effective_size - 2)
    bias = (1 - of_mean + found.bandwidth**2) * degrees / (degrees + 2)
    for one in found.regions:
        dense = area_of(grid, one.probability) * (x[1] - x[0]) * (y[1] - y[0]) / bias / 1e6
        assert one.area_km2 == pytest.approx(dense, rel=0.015)
        assert one.polygon.area / 1e6 == pytest.approx(one.area_km2, rel=0.01)


def test_home_range__of_half_lies_within_that_of_nineteen_twentieths() -> None:
    half, most = estimated(60, 5).regions
    assert most.polygon.buffer(1.0).contains(half.polygon)
    assert half.area_km2 < most.area_km2 / 3


def test_home_range__of_too_short_a_record_is_refused_with_the_reason() -> None:
    with pytest.raises(TooShort, match=r"worth \d\.\d independent positions") as refused:
        estimated(4, 6)
    assert refused.value.effective_size < 5.0


def test_home_range__of_an_animal_that_never_moved_is_refused() -> None:
    times = np.arange(0.0, 60 * DAY, DAY / 4)
    with pytest.raises(ValueError, match="no range"):
        home_range(times, np.zeros(len(times)), np.zeros(len(times)), CAT)


def test_time_weights__a_burst_counts_as_the_moment_that_it_lasted() -> None:
    times = np.concatenate([np.arange(0.0, 10 * DAY, DAY / 2), 3 * DAY + np.arange(1.0, 500.0)])
    weight = time_weights(np.sort(times), DAY)
    assert weight.sum() == pytest.approx(1.0)
    burst = (np.sort(times) > 3 * DAY) & (np.sort(times) < 3 * DAY + 600)
    assert weight[burst].sum() < 0.05


def test_occurrence__holds_the_share_of_the_true_way_that_it_says() -> None:
    held = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        times = np.sort(rng.uniform(0.0, 10 * DAY, 60))
        every = np.union1d(times, np.linspace(times[0], times[-1], 600))
        places = walk(every, CAT, rng)
        at = np.isin(every, times)
        evidence = seen(every[at], places[at], np.tile([400.0, 0.0, 400.0], (int(at.sum()), 1)), rng)
        _, known = smooth(evidence, CAT)
        region = occurrence(known, times[0], times[-1]).regions[1].polygon
        held.append(np.mean([region.contains(Point(*place)) for place in places[~at]]))
    assert 0.88 < np.mean(held) < 0.99


def test_occurrence__is_the_mean_of_the_densities_at_many_moments() -> None:
    known, times = tracked(6, 4.0)
    found: Occurrence = occurrence(known, times[0], times[-1])
    moments = positions_at(known, np.linspace(times[0], times[-1], 1_501))
    rng = np.random.default_rng(0)
    root = np.linalg.cholesky(moments.covariance[:, [0, 1, 1, 2]].reshape(-1, 2, 2))
    draws = np.stack([moments.x_m, moments.y_m], axis=1) + np.einsum("nij,nj->ni", root, rng.normal(size=(1_501, 2)))
    for one in found.regions:
        assert np.mean([one.polygon.contains(Point(*at)) for at in draws]) == pytest.approx(one.probability, abs=0.03)


def test_occurrence__shrinks_with_more_fixes_and_the_home_range_does_not() -> None:
    rare, _ = tracked(40, 2.0)
    often, times = tracked(40, 40.0)
    few, many = (occurrence(one, times[0], times[-1]).regions[1].area_km2 for one in (rare, often))
    assert many < 0.7 * few
    assert many < 0.6 * CAT.range_95_km2
    times, places = record(40, 1, per_day=40.0)
    all_of_it, tenth = (home_range(times[::k], *places[::k].T, CAT).regions[1].area_km2 for k in (1, 10))
    assert all_of_it == pytest.approx(tenth, rel=0.2)


def test_occurrence__leaves_out_what_nobody_knows() -> None:
    known, times = tracked(10, 6.0)
    found = occurrence(known, times[0], times[-1] + 20 * DAY)
    assert found.known_share < 0.6
    assert found.regions[1].interval_km2 is None
    with pytest.raises(ValueError, match="no fix"):
        occurrence(known, times[-1] + 20 * DAY, times[-1] + 30 * DAY)
    with pytest.raises(ValueError, match="empty"):
        occurrence(known, 5.0, 5.0)


def test_home_range__is_written_with_an_interval_around_its_area() -> None:
    for one in estimated(60, 8).regions:
        low, high = one.interval_km2 or (math.nan, math.nan)
        assert low < one.area_km2 < high
