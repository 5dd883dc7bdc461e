"""A share of a sighting moves the mean by that share of what the whole sighting would."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.shares import effective_covariance


@given(
    share=st.floats(1e-3, 1.0),
    spread_m2=st.floats(1.0, 1e9),
    semi=st.tuples(st.floats(1.0, 1e6), st.floats(1.0, 1e6)),
    turn=st.floats(-0.9, 0.9),
)
def test_gain__is_the_share_of_the_gain_of_the_whole_sighting(
    share: float, spread_m2: float, semi: tuple[float, float], turn: float
) -> None:
    xx, yy = semi
    r = np.array([[xx, turn * np.sqrt(xx * yy)], [turn * np.sqrt(xx * yy), yy]])
    p = spread_m2 * np.eye(2)
    out = effective_covariance(np.array([[r[0, 0], r[0, 1], r[1, 1]]]), np.array([share]), np.array([spread_m2]))[0]
    effective = np.array([[out[0], out[1]], [out[1], out[2]]])
    whole = p @ np.linalg.inv(p + r)
    assert p @ np.linalg.inv(p + effective) == pytest.approx(share * whole, rel=1e-6, abs=1e-9)


def test_small_share__of_a_precise_sighting_does_not_pin_the_animal() -> None:
    (xx, _, yy) = effective_covariance(np.array([[225.0, 0.0, 225.0]]), np.array([0.05]), np.array([4e6]))[0]
    assert min(xx, yy) > 19 * 4e6 * 0.99


def test_certain_sighting__keeps_its_covariance() -> None:
    sure = np.array([[225.0, 3.0, 100.0]])
    assert (effective_covariance(sure, np.ones(1), np.array([4e6])) == sure).all()
