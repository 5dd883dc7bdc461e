from __future__ import annotations

import math

import numpy as np
import pytest

from fusion.motion import DAY, HOUR, PARAMETERS, MotionParameters, OutlierPolicy, parameters_for, transition

CAT = MotionParameters(2 * DAY, 1.5 * HOUR, 3_000.0)


def van_loan(parameters: MotionParameters, gap_s: float) -> tuple[np.ndarray, np.ndarray]:
    """F and Q of one axis (x, v, m) by Van Loan 1978 with a scaled Taylor series: another road to the closed form."""
    a, b = 1 / parameters.tau_position_s, 1 / parameters.tau_velocity_s
    # In the units of the velocity's own time scale: seconds would make the matrix too uneven for a series.
    unit = parameters.tau_velocity_s
    a, b, gap = a * unit, b * unit, gap_s / unit
    A = np.array([[0, 1, 0], [-a * b, -(a + b), a * b], [0, 0, 0]])
    noise = np.zeros((3, 3))
    noise[1, 1] = 2 * a * b * (a + b)
    block = np.block([[-A, noise], [np.zeros((3, 3)), A.T]]) * gap
    halvings = max(0, math.ceil(math.log2(max(np.abs(block).sum(), 1e-9))) + 4)
    term = total = np.eye(6)
    for n in range(1, 25):
        term = term @ block / (2**halvings * n)
        total = total + term
    for _ in range(halvings):
        total = total @ total
    F = total[3:, 3:].T
    Q = F @ total[:3, 3:]
    back = np.diag([1.0, 1 / unit, 1.0])
    return back @ F @ np.linalg.inv(back), parameters.sigma_m**2 * back @ Q @ back


@pytest.mark.parametrize("gap_s", [1e-3, 1.0, 30.0, 300.0, 1299.0, 1310.0, 3600.0, 4 * HOUR, 12 * HOUR])
def test_transition__is_that_of_van_loan(gap_s: float) -> None:
    F, Q = transition(CAT, gap_s)
    F_expected, Q_expected = van_loan(CAT, gap_s)
    np.testing.assert_allclose(F, F_expected, rtol=1e-9, atol=1e-12)
    scale = np.sqrt(np.outer(np.diag(Q_expected), np.diag(Q_expected))) + 1e-300
    np.testing.assert_allclose(Q / scale, Q_expected / scale, atol=1e-8)


def test_transition__series_and_closed_form_meet() -> None:
    rate = 1 / CAT.tau_position_s + 1 / CAT.tau_velocity_s
    seam = 0.25 / rate
    for before, after in zip(transition(CAT, seam * (1 - 1e-12)), transition(CAT, seam), strict=True):
        np.testing.assert_allclose(before, after, rtol=1e-9, atol=1e-15)


def test_transition__of_no_time_changes_nothing() -> None:
    F, Q = transition(CAT, 0.0)
    assert (np.eye(3) == F).all()
    assert (Q == 0).all()


def test_transition__two_gaps_are_as_one() -> None:
    F1, Q1 = transition(CAT, 200.0)
    F2, Q2 = transition(CAT, 5000.0)
    F, Q = transition(CAT, 5200.0)
    np.testing.assert_allclose(F2 @ F1, F, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(F2 @ Q1 @ F2.T + Q2, Q, rtol=1e-9)


def test_transition__after_a_year_only_the_home_range_is_left() -> None:
    F, Q = transition(CAT, 365 * DAY)
    np.testing.assert_allclose(F, [[0, 0, 1], [0, 0, 0], [0, 0, 1]], atol=1e-30)
    assert Q[0, 0] == pytest.approx(CAT.sigma_m**2)


@pytest.mark.parametrize("kind", sorted(PARAMETERS))
def test_parameters__of_every_kind_imply_an_animal_that_could_live(kind: str) -> None:
    parameters = PARAMETERS[kind]
    assert 2.0 < parameters.mean_speed_mps * DAY / 1000 < 30.0
    assert 1.0 < parameters.range_95_km2 < 1500.0


def test_parameters__the_tiger_has_the_range_that_its_source_measured() -> None:
    assert 401 < PARAMETERS["tiger"].range_95_km2 < 778


def test_parameters__an_unknown_kind_has_those_of_the_default() -> None:
    assert parameters_for("pangolin") is PARAMETERS["default"]


def test_parameters__mean_speed_is_that_of_the_stationary_velocity() -> None:
    _, Q = transition(CAT, 365 * DAY)
    v = np.random.default_rng(2).normal(0, math.sqrt(Q[1, 1]), (100_000, 2))
    assert np.hypot(*v.T).mean() == pytest.approx(CAT.mean_speed_mps, rel=0.01)


@pytest.mark.parametrize("wrong", [(10.0, 10.0, 1.0), (10.0, 0.0, 1.0), (math.inf, 1.0, 1.0), (10.0, 1.0, -1.0)])
def test_parameters__where_the_model_is_not_defined_are_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        MotionParameters(*wrong)


def test_outlier_policy__without_a_gate_is_refused() -> None:
    with pytest.raises(ValueError, match="gate"):
        OutlierPolicy(gate=0.0)


def test_configuration_hash__tells_every_parameter_apart() -> None:
    variants = [
        MotionParameters(100.0, 10.0, 1.0),
        MotionParameters(100.0, 10.0, math.nextafter(1.0, 2.0)),
        MotionParameters(100.0, 10.0, 1.0, centre_sd_m=1.0),
        MotionParameters(100.0, 10.0, 1.0, outliers=OutlierPolicy(patience=4)),
    ]
    assert len({one.configuration_hash() for one in variants}) == len(variants)
    assert variants[0].configuration_hash() == MotionParameters(100.0, 10.0, 1.0).configuration_hash()
