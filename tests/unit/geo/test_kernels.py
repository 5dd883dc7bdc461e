"""Orientation and states against rational arithmetic and against GEOS."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon

from geo import kernels, stays
from geo.fence_index import FenceIndex
from geo.fence_table import build_table
from geo.fences import Fence, rings_of
from geo.orientation import determinant, orient
from tests.unit.geo import twin

TINY = 5e-324
EXTREMES = (
    0.0,
    TINY,
    -TINY,
    1e-300,
    -3e-300,
    2.2250738585072014e-308,
    1.0,
    1.0 + 2**-52,
    -180.0,
    1e155,
    -1e300,
    1.7e308,
)


def agree(points: list[tuple[float, float]]) -> None:
    a, b, c = points
    assert orient(*a, *b, *c) == twin.side(twin.place(*a), twin.place(*b), twin.place(*c)), points


def test_orient__agrees_with_rationals_at_the_extremes_of_floating_point() -> None:
    draw = random.Random(1)
    for _ in range(3000):
        agree([(draw.choice(EXTREMES), draw.choice(EXTREMES)) for _ in range(3)])


def test_orient__agrees_with_rationals_on_nearly_collinear_triples() -> None:
    draw = random.Random(2)
    for _ in range(3000):
        scale = draw.choice([1e-300, 1e-160, 1.0, 180.0, 1e140])
        ax, ay, bx, by = (draw.uniform(-1, 1) * scale for _ in range(4))
        t = draw.uniform(-1, 2)
        cx, cy = ax + t * (bx - ax), ay + t * (by - ay)
        agree([(ax, ay), (bx, by), (math.nextafter(cx, draw.choice([-9e9, cx, 9e9])), cy)])


def test_determinant__of_nearly_collinear_triples_is_that_of_rationals_but_for_a_hair() -> None:
    draw = random.Random(4)
    for _ in range(2_000):
        (ax, ay), (bx, by) = [(draw.uniform(-180, 180), draw.uniform(-90, 90)) for _ in range(2)]
        t, scale = draw.uniform(-1, 2), 10.0 ** draw.uniform(-7, 0)
        points = [(v * scale, w * scale) for v, w in ((ax, ay), (bx, by), (ax + t * (bx - ax), ay + t * (by - ay)))]
        (ax, ay), (bx, by), (cx, cy) = [(Fraction(x), Fraction(y)) for x, y in points]
        exact = (ax - cx) * (by - cy) - (ay - cy) * (bx - cx)
        value, exponent = determinant(*points[0], *points[1], *points[2])
        told = Fraction(value) * Fraction(2) ** exponent
        assert abs(told - exact) <= abs(exact) * Fraction(2) ** -41


def test_orient__turning_the_triple_round_changes_only_the_sign() -> None:
    a, b, c = (0.1, 0.1), (0.2, 0.2), (0.3, 0.3)
    assert orient(*a, *b, *c) == orient(*b, *c, *a) == -orient(*b, *a, *c)


HOLED = Polygon(
    [(0, 0), (10, 0), (10, 10), (5, 7), (0, 10)], [[(2, 2), (4, 2), (4, 4), (2, 4)], [(5, 3), (8, 1), (8, 6)]]
)
SHAPES = {
    "with holes": HOLED,
    "two parts": MultiPolygon([HOLED, shapely.box(20, -5, 30, 5)]),
    "a hole that touches its shell": Polygon([(0, 0), (6, 0), (6, 6), (0, 6)], [[(0, 3), (2, 2), (2, 4)]]),
    "a comb": Polygon([(x / 7, (x % 2) * 9 + 1) for x in range(200)] + [(30, 0), (-1, 0)]),
    "a sliver": Polygon([(0.1, 0.1), (30.3, 30.3), (30.3, 30.300000000000004), (0.1, 0.10000000000000002)]),
    "around tiny numbers": Polygon([(-1e-300, -1e-300), (3e-300, -TINY), (TINY, 2e-300)]),
    "a square of the smallest number": Polygon([(0, 0), (TINY, 0), (TINY, TINY), (0, TINY)]),
    "tiny and large": Polygon([(-TINY, -1e-300), (170, 1e-300), (TINY, 80)]),
}


def awkward_points(shape: Polygon | MultiPolygon, draw: random.Random) -> list[tuple[float, float]]:
    """Vertices, points along and on the lines of the edges, shared ordinates, and all of them moved by an ulp."""
    vertices = shapely.get_coordinates(shape).tolist()
    points = [(x, y) for x, y in vertices]
    points += [(draw.choice(vertices)[0], draw.choice(vertices)[1]) for _ in range(300)]
    for (ux, uy), (vx, vy) in pairwise(vertices):
        points += [(ux + t * (vx - ux), uy + t * (vy - uy)) for t in (0.5, draw.random(), draw.uniform(-1, 2))]
    west, south, east, north = shape.bounds
    points += [(draw.uniform(west, east), draw.uniform(south, north)) for _ in range(300)]
    points += [
        (math.nextafter(x, draw.choice([-999, x, 999])), math.nextafter(y, draw.choice([-999, y, 999])))
        for x, y in points
    ]
    return [(x, y) for x, y in points if abs(x) < 180 and abs(y) <= 90]


@pytest.mark.parametrize("name", SHAPES)
def test_state__is_that_of_rational_arithmetic(name: str) -> None:
    shape = SHAPES[name]
    table, _ = build_table([rings_of(shape)])
    edges = twin.edges(shape)
    for x, y in awkward_points(shape, random.Random(3))[:700]:
        assert stays.fix_state(table, 0, x, y) == twin.state(edges, twin.place(x, y)), (x, y)


@pytest.mark.parametrize("name", [name for name in SHAPES if "tiny" not in name and "smallest" not in name])
def test_state__is_that_of_geos(name: str) -> None:
    # GEOS loses products below 1e-308, so the tiny shapes are left to rational arithmetic.
    shape = SHAPES[name]
    index = FenceIndex.build([Fence("a", 1, shape)])
    x, y = np.array(awkward_points(shape, random.Random(4))).T
    got = np.full(len(x), kernels.OUTSIDE)
    point_ix, _, state = index.locate(x, y)
    got[point_ix] = state
    held, within = shapely.intersects_xy(shape, x, y), shapely.contains_xy(shape, x, y)
    assert (got == np.where(within, kernels.INSIDE, np.where(held, kernels.BORDER, kernels.OUTSIDE))).all()
