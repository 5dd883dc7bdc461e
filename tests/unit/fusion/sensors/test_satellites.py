"""GPS and Argos: covariances, classes, inflation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fusion.evidence import Evidence
from fusion.hierarchy import around
from fusion.motion import MotionParameters
from fusion.sensors import argos, gps
from fusion.sensors.inflation import fit_inflation
from tests.unit.fusion.simulated import BELIEVING, walk

SEAL = MotionParameters(40 * 3600.0, 4 * 3600.0, 8_000.0, centre_sd_m=1_000.0, outliers=BELIEVING)


def test_gps__error_grows_with_the_dilution_of_precision() -> None:
    covariance = gps.covariance_from_dop([1.0, 4.0], uere_m=7.0)
    assert np.sqrt(covariance[:, 0]).tolist() == [7.0, 28.0]
    assert (covariance[:, 1] == 0).all() and (covariance[:, 2] == covariance[:, 0]).all()


def test_gps__stated_accuracy_holds_two_thirds() -> None:
    x, y = np.random.default_rng(0).normal(0, math.sqrt(gps.covariance_from_accuracy(20.0)[0, 0]), (2, 50_000))
    assert (np.hypot(x, y) < 20.0).mean() == pytest.approx(0.68, abs=0.01)


@pytest.mark.parametrize("wrong", [0.0, -1.0])
def test_gps__no_dilution_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        gps.covariance_from_dop(wrong)


def test_argos__classes_stand_in_the_order_that_was_measured() -> None:
    radii = argos.covariance_from_class(["3", "2", "1", "0", "A", "B"])[:, 0]
    assert (np.diff(radii) > 0).all()


def test_argos__class_z_is_no_position() -> None:
    with pytest.raises(ValueError, match="Z"):
        argos.covariance_from_class(["3", "Z"])


def test_argos__psi_stretches_the_minor_axis_and_nothing_else() -> None:
    stated, stretched = (argos.covariance_from_ellipse(900.0, 100.0, 0.0, psi)[0] for psi in (1.0, 3.0))
    assert stretched[0] == pytest.approx(9.0 * stated[0])
    assert stretched[2] == pytest.approx(stated[2])
    circle = argos.covariance_from_ellipse(200.0, 100.0, 30.0, 5.0)[0]
    assert circle == pytest.approx([200.0**2 / 2, 0.0, 200.0**2 / 2])
    with pytest.raises(ValueError, match="psi"):
        argos.covariance_from_ellipse(900.0, 100.0, 0.0, 0.5)


@pytest.mark.parametrize("true_psi", [1.0, 4.0])
def test_fit_inflation__finds_by_how_much_minor_axes_are_too_short(true_psi: float) -> None:
    rng = np.random.default_rng(8)
    n = 500
    times = np.cumsum(rng.exponential(1_500.0, n))
    major, minor, bearing = rng.uniform(2_000, 6_000, n), rng.uniform(200, 500, n), rng.uniform(0, 180, n)
    R = argos.covariance_from_ellipse(major, minor, bearing, true_psi)[:, [0, 1, 1, 2]].reshape(-1, 2, 2)
    places = walk(times, SEAL, rng) + np.einsum("nij,nj->ni", np.linalg.cholesky(R), rng.normal(size=(n, 2)))
    keys = Evidence.canonical(times, *places.T, np.tile([1.0, 0, 1], (n, 1)), np.arange(2 * n).view("V16")).keys
    found = fit_inflation(times, *places.T, major, minor, bearing, keys, around(SEAL))
    assert true_psi / 1.6 < found.psi < 1.6 * true_psi
    assert found.fitted.error_scale == pytest.approx(1.0, rel=0.25)
    assert (found.log_bayes_factor > 5.0) == (true_psi > 1.0)
