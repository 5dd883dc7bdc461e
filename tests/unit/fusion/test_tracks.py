from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from fusion import kernels
from fusion.ellipse import ellipse_from_covariance
from fusion.evidence import BLOCK, Evidence, merge
from fusion.motion import PARAMETERS, OutlierPolicy
from fusion.tracks import Checkpoint, positions_at, quantise, smooth
from tests.unit.fusion.simulated import ANIMAL, dense, ellipses, seen, walk

GUARDED = dataclasses.replace(ANIMAL, outliers=OutlierPolicy())


def simulated(n: int, seed: int = 1, mean_gap_s: float = 3000.0) -> tuple[Evidence, np.ndarray]:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(mean_gap_s, n))
    places = walk(times, ANIMAL, rng)
    return seen(times, places, ellipses(n, rng), rng), places


def remade(evidence: Evidence, **columns: np.ndarray) -> Evidence:
    names = ("time_s", "x_m", "y_m", "covariance", "keys", "weight")
    return Evidence.canonical(**{name: columns.get(name, getattr(evidence, name)) for name in names})


def steady(n: int, gap_s: float = 3600.0, sd_m: float = 10.0) -> Evidence:
    """An animal that lies in one place, seen by a good receiver."""
    rng = np.random.default_rng(5)
    covariance = np.tile([sd_m**2, 0.0, sd_m**2], (n, 1))
    return seen(np.arange(n) * gap_s, np.tile([1000.0, -500.0], (n, 1)), covariance, rng)


@pytest.mark.parametrize("mean_gap_s", [20.0, 3000.0, 200_000.0])
def test_smooth__is_the_dense_gaussian_process(mean_gap_s: float) -> None:
    evidence, _ = simulated(BLOCK + 20, mean_gap_s=mean_gap_s)
    track, _ = smooth(evidence, ANIMAL)
    mean, spread = dense(evidence, ANIMAL, evidence.time_s)
    np.testing.assert_allclose(np.stack([track.x_m, track.y_m], 1), mean, atol=1e-6)
    np.testing.assert_allclose(track.covariance, spread, rtol=1e-7, atol=1e-3)


def test_smooth__a_fix_uses_all_before_it_and_all_to_the_end_of_the_next_block() -> None:
    evidence, _ = simulated(3 * BLOCK + 10)
    track, _ = smooth(evidence, ANIMAL)
    known = remade(
        evidence,
        **{
            name: getattr(evidence, name)[: 2 * BLOCK]
            for name in ("time_s", "x_m", "y_m", "covariance", "keys", "weight")
        },
    )
    mean, _ = dense(known, ANIMAL, known.time_s[:BLOCK])
    np.testing.assert_allclose(np.stack([track.x_m, track.y_m], 1)[:BLOCK], mean, atol=1e-6)


def test_smooth__the_last_fix_is_the_filtered_one_and_equals_the_dense_answer() -> None:
    evidence, _ = simulated(5 * BLOCK)
    track, _ = smooth(evidence, ANIMAL)
    mean, spread = dense(evidence, ANIMAL, evidence.time_s[-1:])
    np.testing.assert_allclose([track.x_m[-1], track.y_m[-1]], mean[0], atol=1e-6)
    np.testing.assert_allclose(track.covariance[-1], spread[0], rtol=1e-7)


def test_smooth__fixes_beyond_the_next_block_would_move_an_hourly_track_by_less_than_a_centimetre() -> None:
    rng = np.random.default_rng(3)
    times = np.arange(3 * BLOCK) * 3600.0
    leopard = dataclasses.replace(PARAMETERS["leopard"], outliers=ANIMAL.outliers)
    evidence = seen(times, walk(times, leopard, rng), np.tile([100.0, 0.0, 100.0], (len(times), 1)), rng)
    track, _ = smooth(evidence, leopard)
    mean, _ = dense(evidence, leopard, times[:BLOCK])
    assert np.abs(np.stack([track.x_m, track.y_m], 1)[:BLOCK] - mean).max() < 0.01


def test_smooth__velocity_is_the_slope_of_the_path() -> None:
    evidence, _ = simulated(50)
    track, checkpoint = smooth(evidence, ANIMAL)
    around = positions_at(checkpoint, np.concatenate([track.time_s[1:-1] - 0.5, track.time_s[1:-1] + 0.5]))
    before, after = np.split(around.x_m, 2)
    np.testing.assert_allclose(after - before, track.vx_mps[1:-1], atol=1e-3)


def test_smooth__two_fixes_of_one_moment_count_as_one_better_fix() -> None:
    covariance = np.tile([100.0, 0.0, 100.0], (2, 1))
    evidence = seen(np.array([50.0, 50.0]), np.zeros((2, 2)), covariance, np.random.default_rng(0))
    track, _ = smooth(evidence, ANIMAL)
    assert track.x_m[0] == pytest.approx(track.x_m[1], abs=1e-6)
    assert track.covariance[0, 0] == pytest.approx(50.0, rel=1e-4)


def test_smooth__a_fix_of_weight_zero_is_kept_and_not_believed() -> None:
    evidence, _ = simulated(40)
    weight = np.ones(40)
    weight[20] = 0.0
    wild = remade(evidence, weight=weight, x_m=np.where(weight == 0, 9e5, evidence.x_m))
    track, _ = smooth(wild, ANIMAL)
    mean, spread = dense(wild, ANIMAL, wild.time_s)
    assert len(track) == 40
    assert track.weight[20] == 0.0
    np.testing.assert_allclose(track.x_m, mean[:, 0], atol=1e-6)
    np.testing.assert_allclose(track.covariance, spread, rtol=1e-7)


def test_smooth__half_a_weight_is_twice_the_covariance() -> None:
    evidence, _ = simulated(30)
    halved, _ = smooth(remade(evidence, weight=np.full(30, 0.5)), ANIMAL)
    doubled, _ = smooth(remade(evidence, covariance=evidence.covariance * 2), ANIMAL)
    np.testing.assert_allclose(halved.x_m, doubled.x_m, atol=1e-9)


def test_smooth__nothing_gives_an_empty_track() -> None:
    evidence, _ = simulated(3)
    nothing = remade(
        evidence,
        **{name: getattr(evidence, name)[:0] for name in ("time_s", "x_m", "y_m", "covariance", "keys", "weight")},
    )
    track, checkpoint = smooth(nothing, ANIMAL)
    assert len(track) == 0
    again, _ = smooth(evidence, ANIMAL, checkpoint)
    assert again.x_m.tobytes() == smooth(evidence, ANIMAL)[0].x_m.tobytes()


def test_ellipses__of_95_percent_hold_the_truth_about_95_times_in_100() -> None:
    inside = total = 0
    for seed in range(30):
        evidence, places = simulated(120, seed=100 + seed)
        track, _ = smooth(evidence, GUARDED)
        dx, dy = track.x_m - places[:, 0], track.y_m - places[:, 1]
        xx, xy, yy = track.covariance.T
        distance2 = (dx**2 * yy - 2 * dx * dy * xy + dy**2 * xx) / (xx * yy - xy**2)
        inside += int((distance2 < -2 * math.log(0.05)).sum())
        total += len(track)
    assert 0.93 < inside / total < 0.97


def test_outlier__one_spike_does_not_bend_the_path() -> None:
    evidence = steady(60)
    spiked = remade(evidence, x_m=np.where(np.arange(60) == 30, evidence.x_m + 40_000.0, evidence.x_m))
    track, _ = smooth(spiked, GUARDED)
    clean, _ = smooth(evidence, GUARDED)
    assert abs(track.x_m - clean.x_m).max() < 60.0
    assert track.weight[30] < 0.01
    assert (track.weight[:30] == 1.0).all()
    believing, _ = smooth(spiked, ANIMAL)
    assert abs(believing.x_m - clean.x_m).max() > 10_000.0


def test_outlier__an_animal_carried_away_is_followed_after_three_fixes() -> None:
    evidence = steady(60)
    moved = remade(evidence, x_m=evidence.x_m + np.where(np.arange(60) >= 30, 60_000.0, 0.0))
    track, _ = smooth(moved, GUARDED)
    assert abs(track.x_m[33:] - 61_000.0).max() < 100.0
    assert abs(track.x_m[:30] - 1_000.0).max() < 100.0
    assert (track.weight[33:] == 1.0).all()


def test_outlier__a_wrong_first_fix_is_forgotten() -> None:
    evidence = steady(60)
    wrong = remade(evidence, x_m=np.where(np.arange(60) == 0, 80_000.0, evidence.x_m))
    track, _ = smooth(wrong, GUARDED)
    assert abs(track.x_m[4:] - 1_000.0).max() < 100.0


def same(one: Checkpoint, other: Checkpoint) -> bool:
    columns = ("time_s", "x_m", "y_m", "covariance", "vx_mps", "vy_mps", "weight", "keys")
    return one.track.set_hash == other.track.set_hash and all(
        getattr(one.track, name).tobytes() == getattr(other.track, name).tobytes() for name in columns
    )


@pytest.mark.parametrize("late", [0, 63, 64, 127, 128, 200, 299])
def test_checkpoint__a_late_fix_gives_the_same_bits_as_starting_over(late: int) -> None:
    evidence, _ = simulated(300)
    rest = np.arange(300) != late
    names = ("time_s", "x_m", "y_m", "covariance", "keys", "weight")
    known = remade(evidence, **{name: getattr(evidence, name)[rest] for name in names})
    tardy = remade(evidence, **{name: getattr(evidence, name)[~rest] for name in names})
    _, checkpoint = smooth(known, GUARDED)
    _, resumed = smooth(merge(known, tardy)[0], GUARDED, checkpoint)
    assert same(resumed, smooth(evidence, GUARDED)[1])


def test_checkpoint__what_lies_two_blocks_before_a_late_fix_is_not_touched() -> None:
    evidence, _ = simulated(6 * BLOCK)
    before, checkpoint = smooth(evidence, GUARDED)
    extra = remade(
        evidence,
        **{name: getattr(evidence, name)[:1] for name in ("x_m", "y_m", "covariance", "weight")},
        time_s=evidence.time_s[4 * BLOCK : 4 * BLOCK + 1] + 1.0,
        keys=np.array([b"z" * 16], "V16"),
    )
    after, _ = smooth(merge(evidence, extra)[0], GUARDED, checkpoint)
    kept = 3 * BLOCK
    assert after.x_m[:kept].tobytes() == before.x_m[:kept].tobytes()
    assert after.x_m[kept] != before.x_m[kept]


def test_checkpoint__of_the_same_set_answers_at_once() -> None:
    evidence, _ = simulated(100)
    track, checkpoint = smooth(evidence, GUARDED)
    assert smooth(evidence, GUARDED, checkpoint)[0] is track


def test_checkpoint__of_other_parameters_is_ignored() -> None:
    evidence, _ = simulated(300)
    _, other = smooth(evidence, ANIMAL)
    assert same(smooth(evidence, GUARDED, other)[1], smooth(evidence, GUARDED)[1])


def test_checkpoint__a_shorter_set_is_not_taken_for_the_longer_one() -> None:
    evidence, _ = simulated(300)
    names = ("time_s", "x_m", "y_m", "covariance", "keys", "weight")
    fewer = remade(evidence, **{name: getattr(evidence, name)[:210] for name in names})
    _, longer = smooth(evidence, GUARDED)
    assert same(smooth(fewer, GUARDED, longer)[1], smooth(fewer, GUARDED)[1])


def test_positions__between_before_and_after_the_fixes_are_those_of_the_dense_process() -> None:
    evidence, _ = simulated(BLOCK + 30)
    _, checkpoint = smooth(evidence, ANIMAL)
    asked = np.random.default_rng(8).uniform(evidence.time_s[0] - 1e5, evidence.time_s[-1] + 1e5, 200)
    found = positions_at(checkpoint, asked)
    mean, spread = dense(evidence, ANIMAL, asked)
    np.testing.assert_allclose(np.stack([found.x_m, found.y_m], 1), mean, atol=1e-6)
    np.testing.assert_allclose(found.covariance, spread, rtol=1e-6, atol=1e-3)


def test_positions__at_a_fix_are_the_track() -> None:
    evidence, _ = simulated(3 * BLOCK)
    track, checkpoint = smooth(evidence, GUARDED)
    found = positions_at(checkpoint, track.time_s)
    np.testing.assert_allclose(found.x_m, track.x_m, atol=1e-6)
    np.testing.assert_allclose(found.covariance, track.covariance, rtol=1e-7)
    np.testing.assert_allclose(found.vy_mps, track.vy_mps, atol=1e-9)


def test_positions__do_not_depend_on_what_else_is_asked() -> None:
    evidence, _ = simulated(3 * BLOCK)
    _, checkpoint = smooth(evidence, GUARDED)
    asked = np.linspace(evidence.time_s[0], evidence.time_s[-1], 40)
    assert positions_at(checkpoint, asked).x_m[17] == positions_at(checkpoint, asked[17]).x_m[0]


def test_positions__after_a_long_silence_relax_to_the_home_range() -> None:
    evidence, _ = simulated(BLOCK)
    _, checkpoint = smooth(evidence, ANIMAL)
    near, far = evidence.time_s[-1] + 60.0, evidence.time_s[-1] + 1e7
    found = positions_at(checkpoint, [near, far])
    assert found.is_home_range.tolist() == [False, True]
    assert math.hypot(found.x_m[1] - evidence.x_m.mean(), found.y_m[1] - evidence.y_m.mean()) < 2 * ANIMAL.sigma_m
    assert ANIMAL.sigma_m < math.sqrt(found.covariance[1, 0]) < 1.5 * ANIMAL.sigma_m
    assert ellipse_from_covariance(found.covariance).semi_major_m[0] < 1500.0


def test_positions__of_an_animal_nobody_has_seen_are_refused() -> None:
    evidence, _ = simulated(1)
    names = ("time_s", "x_m", "y_m", "covariance", "keys", "weight")
    nothing = remade(evidence, **{name: getattr(evidence, name)[:0] for name in names})
    with pytest.raises(ValueError, match="no evidence"):
        positions_at(smooth(nothing, ANIMAL)[1], 0.0)


def test_quantise__a_change_below_half_a_unit_changes_nothing() -> None:
    track, _ = smooth(simulated(40)[0], GUARDED)
    stored = quantise(track)
    centred = dataclasses.replace(track, x_m=stored.x_cm / 100.0)
    moved = dataclasses.replace(centred, x_m=centred.x_m + 0.004)
    assert (quantise(moved).x_cm == stored.x_cm).all()
    assert (quantise(dataclasses.replace(centred, x_m=centred.x_m + 0.006)).x_cm == stored.x_cm + 1).all()
    assert stored.x_cm.dtype == np.int64


def test_quantise__keeps_the_ellipse_to_a_centimetre() -> None:
    track, _ = smooth(simulated(40)[0], GUARDED)
    stored = quantise(track)
    sd_x, sd_y = stored.sd_x_cm / 100, stored.sd_y_cm / 100
    np.testing.assert_allclose(sd_x, np.sqrt(track.covariance[:, 0]), atol=0.005)
    xy = stored.correlation_permille / 1000 * sd_x * sd_y
    assert (abs(xy - track.covariance[:, 1]) <= 0.002 * sd_x * sd_y).all()


def test_warm_up__compiles_every_kernel_that_a_track_needs() -> None:
    kernels.warm_up()
    compiled = [len(getattr(kernel, "signatures", ())) for kernel in (kernels.smooth_blocks, kernels.between)]
    evidence, _ = simulated(3)
    positions_at(smooth(evidence, GUARDED)[1], 0.0)
    assert [len(getattr(kernel, "signatures", ())) for kernel in (kernels.smooth_blocks, kernels.between)] == compiled
