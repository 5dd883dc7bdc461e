"""Boxes grown by a reach hold all that is within it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.geodesy import destination
from geo.tiles import Box, grown


def holds(box: Box, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    west, south, east, north = box
    across = (x >= west) | (x <= east) if west > east else (x >= west) & (x <= east)
    return across & (y >= south) & (y <= north)


@given(
    st.floats(-180, 180), st.floats(-90, 90), st.floats(0, 20), st.floats(0, 20), st.floats(1, 2e6), st.booleans()
)  # fmt: skip
def test_grown__holds_all_within_the_reach(
    west: float, south: float, wide: float, high: float, reach_m: float, wraps: bool
) -> None:
    east, north = min(west + wide, 180.0), min(south + high, 90.0)
    x, y = np.meshgrid(np.linspace(west, east, 5), np.linspace(south, north, 5))
    bearing = np.linspace(0.0, 360.0, 25)[:, None]
    to_x, to_y = destination(x.ravel(), y.ravel(), bearing, 0.999999 * reach_m)
    assert holds(grown((west, south, east, north), reach_m, wraps=wraps), np.asarray(to_x), np.asarray(to_y)).all()


def test_grown__over_the_antimeridian_goes_round_or_wraps() -> None:
    assert grown((179.9, 10.0, 180.0, 11.0), 50_000.0)[::2] == (-180.0, 180.0)
    west, _, east, _ = grown((179.9, 10.0, 180.0, 11.0), 50_000.0, wraps=True)
    assert (west, east) == pytest.approx((179.44, -179.54), abs=0.01)


def test_grown__over_a_pole_goes_all_the_way_round() -> None:
    west, south, east, north = grown((10.0, 89.5, 11.0, 89.9), 30_000.0, wraps=True)
    assert (west, east, north) == (-180.0, 180.0, 90.0)
    assert south == pytest.approx(89.23, abs=0.01)
