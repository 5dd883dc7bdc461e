from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from fusion.evidence import Evidence
from fusion.hierarchy import LogNormal, around, assumed, pooled
from fusion.laplace import mode
from fusion.motion import MotionParameters
from fusion.parameters import Fitted, fit, fit_group, with_errors
from fusion.tracks import positions_at, smooth
from tests.unit.fusion.simulated import BELIEVING, seen, walk

HOUR = 3600.0
TRUTH = MotionParameters(30 * HOUR, 2 * HOUR, 1_500.0, centre_sd_m=5_000.0, outliers=BELIEVING)
WIDE = around(MotionParameters(20 * HOUR, 1 * HOUR, 3_000.0))


def collar(seed: int, n: int = 1_500, truth: MotionParameters = TRUTH, error_m: float = 20.0) -> Evidence:
    """Fixes about hourly whose receiver is twice as bad as it says."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(HOUR, n))
    stated = np.tile([error_m**2 / 4, 0.0, error_m**2 / 4], (n, 1))
    true = seen(times, walk(times, truth, rng), stated * 4, rng)
    return dataclasses.replace(true, covariance=np.ascontiguousarray(stated))


def test_fit__finds_the_parameters_that_made_the_walk() -> None:
    fitted = fit(collar(1), WIDE)
    assert fitted.is_found
    found = fitted.parameters
    assert found.tau_position_s == pytest.approx(TRUTH.tau_position_s, rel=0.35)
    assert found.tau_velocity_s == pytest.approx(TRUTH.tau_velocity_s, rel=0.15)
    assert found.sigma_m == pytest.approx(TRUTH.sigma_m, rel=0.2)
    assert fitted.error_scale == pytest.approx(2.0, rel=0.3)


def test_fit__says_how_sure_it_is() -> None:
    truth = np.log([TRUTH.tau_position_s, TRUTH.tau_velocity_s, TRUTH.sigma_m, 2.0])
    z = []
    for seed in range(12):
        fitted = fit(collar(seed, n=400), WIDE)
        z.append((fitted.log_mean - truth) / np.sqrt(np.diag(fitted.log_covariance)))
    within = (np.abs(np.array(z)) < 1.96).mean()
    assert 0.8 < within <= 1.0
    low, high = fitted.interval(2)
    assert low < fitted.parameters.sigma_m < high


def test_fit__is_a_function_of_the_set() -> None:
    evidence = collar(3, n=200)
    order = np.random.default_rng(0).permutation(200)
    columns = ("time_s", "x_m", "y_m", "covariance", "keys", "weight")
    shuffled = Evidence.canonical(**{name: getattr(evidence, name)[order] for name in columns})
    one, other = fit(evidence, WIDE), fit(shuffled, WIDE)
    assert one.log_mean.tobytes() == other.log_mean.tobytes()
    assert one.parameters == other.parameters


def test_fit__is_not_misled_by_spikes() -> None:
    evidence = collar(4)
    x = evidence.x_m.copy()
    x[[100, 600, 900]] += 400_000.0
    found = fit(dataclasses.replace(evidence, x_m=x), WIDE).parameters
    assert found.sigma_m == pytest.approx(TRUTH.sigma_m, rel=0.35)
    assert found.tau_velocity_s == pytest.approx(TRUTH.tau_velocity_s, rel=0.35)


def test_fit__to_a_handful_of_fixes_stays_with_the_prior() -> None:
    prior = WIDE.narrowed(np.full(4, 0.3))
    fitted = fit(collar(5, n=3), prior)
    assert np.abs(fitted.log_mean - prior.mean).max() < 0.4
    assert (np.sqrt(np.diag(fitted.log_covariance)) < 0.35).all()


def test_fit__without_a_fix_that_is_believed_is_refused() -> None:
    evidence = collar(6, n=5)
    with pytest.raises(ValueError, match="no fix"):
        fit(dataclasses.replace(evidence, weight=np.zeros(5)), WIDE)


def test_fit_group__lends_a_short_record_the_experience_of_the_others() -> None:
    others = {f"a{seed}": collar(seed) for seed in range(4)}
    short = collar(9, n=12)
    alone = fit(short, WIDE)
    fits, prior = fit_group({**others, "short": short}, WIDE)
    truth = math.log(TRUTH.tau_velocity_s)
    assert abs(fits["short"].log_mean[1] - truth) < abs(alone.log_mean[1] - truth) + 0.05
    assert fits["short"].log_covariance[1, 1] < alone.log_covariance[1, 1]
    assert abs(prior.mean[2] - math.log(TRUTH.sigma_m)) < 0.3
    assert (prior.sd < WIDE.sd).all()


def test_fit_group__regions_of_a_simulated_animal_hold_what_they_say() -> None:
    fits, _ = fit_group({"a": collar(11)}, WIDE)
    fitted = fits["a"]
    assert 1.0 <= fitted.spread_factor < 1.3
    evidence, asked = collar(11), 1_000
    times = np.linspace(evidence.time_s[100], evidence.time_s[-100], asked)
    rng = np.random.default_rng(11)
    every = np.union1d(evidence.time_s, times)
    places = walk(every, TRUTH, rng)
    sample = np.isin(every, evidence.time_s)
    shown = seen(every[sample], places[sample], np.tile([100.0, 0.0, 100.0], (sample.sum(), 1)), rng)
    parameters = dataclasses.replace(fitted.widened, centre_sd_m=50_000.0)
    _, known = smooth(shown, parameters)
    found = positions_at(known, every[~sample])
    dx, dy = places[~sample].T - np.stack([found.x_m, found.y_m])
    xx, xy, yy = found.covariance.T
    inside = (dx**2 * yy - 2 * dx * dy * xy + dy**2 * xx) / (xx * yy - xy**2) < -2 * math.log(0.05)
    assert 0.93 < inside.mean() < 0.99


def test_with_errors__changes_nothing_but_the_errors() -> None:
    evidence = collar(1, n=10)
    wider = with_errors(evidence, 4.0)
    assert (wider.covariance == 4.0 * evidence.covariance).all()
    assert wider.x_m is evidence.x_m and not wider.covariance.flags.writeable


def test_pooled__nobody_leaves_the_prior_as_it_was() -> None:
    assert pooled([], WIDE) is WIDE


def test_pooled__many_that_agree_make_a_narrow_prior_around_them() -> None:
    fitted: Fitted = fit(collar(2, n=300), WIDE)
    few, many = pooled([fitted.learnt] * 2, WIDE), pooled([fitted.learnt] * 40, WIDE)
    assert np.abs(many.mean - fitted.log_mean).max() < 0.1
    assert (many.sd < few.sd).all()


def test_log_normal__is_a_density_of_logarithms() -> None:
    prior = LogNormal(np.zeros(4), np.array([1.0, 2.0, 3.0, 4.0]))
    assert prior.log_density(np.zeros(4)) == pytest.approx(-math.log(24) - 2 * math.log(2 * math.pi))
    assert assumed("no such animal").mean.tolist() == assumed("default").mean.tolist()


def test_mode__of_a_quadratic_is_exact() -> None:
    precision = np.array([[2.0, 0.5], [0.5, 1.0]])
    at = np.array([3.0, -1.0])
    found = mode(lambda x: float(-0.5 * (x - at) @ precision @ (x - at)), np.zeros(2))
    assert found.is_found
    np.testing.assert_allclose(found.at, at, atol=1e-3)
    np.testing.assert_allclose(found.covariance, np.linalg.inv(precision), rtol=1e-4)
    assert found.log_evidence == pytest.approx(
        math.log(2 * math.pi) - 0.5 * math.log(np.linalg.det(precision)), rel=1e-3
    )


def test_mode__climbs_out_of_where_the_surface_bends_the_wrong_way() -> None:
    found = mode(lambda x: float(-math.log(1.0 + (x[0] - 5.0) ** 2) - x[1] ** 2), np.array([-3.0, 1.0]))
    assert found.at[0] == pytest.approx(5.0, abs=1e-2)


def test_mode__refuses_a_beginning_without_density() -> None:
    with pytest.raises(ValueError, match="not finite"):
        mode(lambda x: -math.inf, np.zeros(2))
