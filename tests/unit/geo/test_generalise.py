"""Coarsened places: the same for the same cell, and no farther off than said."""

from __future__ import annotations

import numpy as np
import pytest

from geo.generalise import generalise, uncertainty_m
from geo.geodesy import distance_m


def test_generalise__neighbours_in_a_cell_become_one_place() -> None:
    here = generalise(34.8301, -2.3301, 10_000.0)
    assert here == generalise(34.8302, -2.3299, 10_000.0)
    assert here != (34.8301, -2.3301)


def test_generalise__cells_are_about_as_large_as_asked_at_every_latitude() -> None:
    latitude = np.arange(-88.0, 88.0, 1.0)
    x, y = generalise(np.full_like(latitude, 20.0), latitude, 5_000.0)
    assert uncertainty_m(x, y, 5_000.0) == pytest.approx(np.full_like(x, 5_000 * np.sqrt(0.5)), rel=0.05)


def test_generalise__both_names_of_the_antimeridian_are_one_place() -> None:
    assert generalise(180.0, 1.0, 1_000.0) == generalise(-180.0, 1.0, 1_000.0)


def test_generalise__poles_and_cells_larger_than_the_earth_have_a_place() -> None:
    assert generalise(12.0, 90.0, 1_000.0)[1] < 90.0
    assert generalise(12.0, 34.0, 1e9) == (0.0, 0.0)


def test_generalise__nan_stays_nan() -> None:
    x, y = generalise(np.array([np.nan, 1.0]), np.array([np.nan, 1.0]), 1_000.0)
    assert np.isnan([x[0], y[0]]).all()
    assert np.isfinite([x[1], y[1]]).all()


@pytest.mark.parametrize("cell_m", [0.0, -5.0, np.nan, np.inf])
def test_generalise__cell_without_a_size_is_refused(cell_m: float) -> None:
    with pytest.raises(ValueError, match="cell_m"):
        generalise(1.0, 1.0, cell_m)


def test_generalise__truth_is_within_the_stated_uncertainty() -> None:
    rng = np.random.default_rng(1)
    longitude, latitude = rng.uniform(-180, 180, 5000), np.degrees(np.arcsin(rng.uniform(-1, 1, 5000)))
    for cell_m in (100.0, 25_000.0, 1_000_000.0):
        x, y = generalise(longitude, latitude, cell_m)
        off = distance_m(longitude, latitude, x, y)
        assert (off <= uncertainty_m(x, y, cell_m) * (1 + 1e-6)).all()
        assert off.max() > 0.6 * cell_m
