from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from fusion.contours import Grid, area_of, level_of, region


def gaussian(sd: tuple[float, float] = (30.0, 15.0), at: tuple[float, float] = (0.0, 0.0), step: float = 1.0) -> Grid:
    x = np.arange(-150.0, 150.0, step)
    share = np.exp(-0.5 * ((x[None, :] - at[0]) / sd[0]) ** 2 - 0.5 * ((x[:, None] - at[1]) / sd[1]) ** 2)
    return Grid(-150.0, -150.0, step, share / share.sum())


@pytest.mark.parametrize("probability", [0.5, 0.95])
def test_region__of_a_gaussian_is_its_ellipse(probability: float) -> None:
    grid = gaussian()
    exact = math.pi * 30.0 * 15.0 * -2.0 * math.log(1.0 - probability)
    assert area_of(grid, probability) == pytest.approx(exact, rel=2e-3)
    shape = region(grid, level_of(grid, exact))
    assert shape.area == pytest.approx(exact, rel=2e-3)
    assert len(shape.geoms) == 1
    assert shape.bounds[2] == pytest.approx(30.0 * math.sqrt(-2.0 * math.log(1.0 - probability)), rel=5e-3)
    assert (shape.centroid.x, shape.centroid.y) == pytest.approx((0.0, 0.0), abs=0.05)


def test_region__keeps_its_holes_and_its_islands() -> None:
    x = np.arange(-100.0, 100.0)
    distance = np.hypot(x[None, :] + 40.0, x[:, None])
    share = np.exp(-0.5 * ((distance - 30.0) / 4.0) ** 2)
    share += np.exp(-0.5 * (np.hypot(x[None, :] - 60.0, x[:, None]) / 5.0) ** 2)
    shape = region(Grid(-100.0, -100.0, 1.0, share / share.sum()), 0.5 * share.max() / share.sum())
    assert len(shape.geoms) == 2
    assert sorted(len(part.interiors) for part in shape.geoms) == [0, 1]
    assert shape.contains(Point(60.0, 0.0)) and not shape.contains(Point(-40.0, 0.0))
    assert shape.contains(Point(-70.0, 0.0))


def test_region__at_the_edge_of_the_grid_is_closed() -> None:
    grid = gaussian(at=(150.0, 0.0))
    shape = region(grid, level_of(grid, area_of(grid, 0.95)))
    assert shape.is_valid and shape.area > 0.0


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.floats(0.05, 0.95))
def test_region__of_any_density_is_valid_and_holds_the_cells_above_the_level(seed: int, part: float) -> None:
    share = np.random.default_rng(seed).random((7, 9))
    share[share < 0.3] = 0.0
    grid = Grid(100.0, -50.0, 2.0, share / share.sum())
    level = part * float(grid.share.max())
    shape = region(grid, level)
    assert shape.is_valid
    for i, j in np.ndindex(share.shape):
        if abs(grid.share[i, j] - level) > 1e-9:
            at = Point(100.0 + 2.0 * j, -50.0 + 2.0 * i)
            assert shape.contains(at) == (grid.share[i, j] > level)


def test_area__of_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="probability"):
        area_of(gaussian(), 1.0)
    with pytest.raises(ValueError, match="level"):
        region(gaussian(), 0.0)
