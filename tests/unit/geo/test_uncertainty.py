"""P(inside): rules one by one, then whole against quadrature by another way."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon, box

from geo.edge_grid import build_edge_grid, edge_grid
from geo.fences import rings_of
from geo.uncertainty import DEFAULT_TAIL, HeavyTail, floored, inside_probability
from tests.unit.geo import strips

EAST_M, NORTH_M = strips.metres(3.0)
GPS = np.array([100.0, 30.0, 64.0])


def at(east_m: float, north_m: float) -> tuple[float, float]:
    """A place so far from 30 east, 3 north."""
    return 30.0 + east_m / EAST_M, 3.0 + north_m / NORTH_M


def shape_of(*corners: tuple[float, float]) -> Polygon:
    """A polygon in metres from there."""
    return Polygon([at(*corner) for corner in corners])


def p_of(
    shape: Polygon | MultiPolygon,
    place: tuple[float, float],
    covariance: np.ndarray = GPS,
    tail: HeavyTail | None = None,
) -> float:
    return float(inside_probability(rings_of(shape), [place[0]], [place[1]], [covariance], heavy_tail=tail)[0])


def star(corners: int, radius_m: float, seed: int, roughness: float = 0.4) -> Polygon:
    """A park: a closed line around a centre, rough at all scales."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0.0, 2.0 * math.pi, corners, endpoint=False)
    radius = np.full(corners, 1.0)
    for k in range(1, corners // 2):
        radius += roughness / k**1.3 * np.cos(k * angle + rng.uniform(0.0, 2.0 * math.pi)) * rng.normal() * 0.5
    radius = radius_m * np.maximum(radius, 0.1)
    return shape_of(*zip(radius * np.cos(angle), radius * np.sin(angle), strict=True))


HALF = shape_of((0, -90_000), (0, 90_000), (-90_000, 90_000), (-90_000, -90_000))
SQUARE = shape_of((0, 0), (0, 400), (-400, 400), (-400, 0))


@pytest.mark.parametrize("sds", [-7.0, -6.0, -2.5, -1.0, -1e-9, 0.0, 1e-12, 0.3, 1.0, 4.0, 6.0, 7.0])
def test_straight_border__is_the_normal_distribution(sds: float) -> None:
    assert p_of(HALF, at(sds * 10.0, 0.0)) == pytest.approx(NormalDist().cdf(-sds), abs=1e-8)


def test_straight_border__with_a_tail_is_the_mixture_of_two() -> None:
    for sds in (-9.0, -1.0, 0.5, 3.0, 20.0):
        want = 0.95 * NormalDist().cdf(-sds) + 0.05 * NormalDist().cdf(-sds / 5.0)
        assert p_of(HALF, at(sds * 10.0, 0.0), tail=DEFAULT_TAIL) == pytest.approx(want, abs=1e-8)


def test_spike__inside_a_fence_with_a_wide_tail_is_not_certain() -> None:
    hut = shape_of((-40, -40), (40, -40), (40, 40), (-40, 40))
    sharp = np.array([36.0, 0.0, 36.0])
    assert p_of(hut, at(0, 0), sharp) > 0.9999
    assert p_of(hut, at(0, 0), sharp, DEFAULT_TAIL) < 0.985


@pytest.mark.parametrize("corner", [(0.0, 0.0), (0.0, 400.0), (-400.0, 400.0), (-400.0, 0.0)])
def test_corner__of_a_circular_fix_holds_its_angle(corner: tuple[float, float]) -> None:
    ring = shapely.get_coordinates(SQUARE)
    place = tuple(ring[np.argmin(np.hypot(*(ring - at(*corner)).T))])
    assert p_of(SQUARE, place, np.array([25.0, 0.0, 25.0])) == pytest.approx(0.25, abs=1e-8)


def test_border_and_vertices__are_crossed_without_a_jump() -> None:
    shape = star(64, 60.0, 3)
    ring = shapely.get_coordinates(shape)
    for vertex in (*ring[:10], *(ring[:10] + ring[1:11]) / 2.0):
        around = [p_of(shape, tuple(vertex))]
        for step in (1e-15, 1e-14, 1e-13, 1e-12):
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1)):
                around.append(p_of(shape, (vertex[0] + step * dx, vertex[1] + step * dy)))
        assert max(around) - min(around) < 1e-7


def test_fix_on_the_line_of_a_far_edge__is_decided_by_what_is_near() -> None:
    tee = shape_of((0, 0), (500, 0), (500, 300), (900, 300), (900, 600), (0, 600))
    for place, want in ((at(700, 0), 0.0), (at(-300, 0), 0.0), (at(250, 300), 1.0), (at(250, 600 - 1e-9), 0.5)):
        assert p_of(tee, place) == pytest.approx(want, abs=1e-7)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("corners", [4, 64, 1000])
def test_rough_fences__agree_with_quadrature(corners: int, seed: int) -> None:
    rng = np.random.default_rng(1000 * corners + seed)
    shell = star(corners, 10.0 ** rng.uniform(1.0, 4.0), seed, 0.4 if corners > 4 else 0.0)
    hole = shapely.affinity.scale(star(20, 10.0, seed + 50, 0.1), *[shell.length / (100.0 / EAST_M)] * 2)
    shape = shapely.difference(shell, hole) if corners > 4 else shell
    edges = strips.edges_of(shape)
    vertices = shapely.get_coordinates(shape)
    for sd in (3.0, 30.0, 1000.0):
        tilt = rng.uniform(-0.99, 0.99)
        covariance = np.array([sd * sd, tilt * sd * sd * 0.5, sd * sd * 0.25])
        for _ in range(3):
            x, y = vertices[rng.integers(len(vertices))] + rng.normal(0.0, 1.5 * sd, 2) / EAST_M
            assert p_of(shape, (x, y), covariance) == pytest.approx(strips.mass(edges, x, y, covariance), abs=1e-7)
            want = strips.mixture(edges, x, y, covariance, 0.05, 5.0)
            assert p_of(shape, (x, y), covariance, DEFAULT_TAIL) == pytest.approx(want, abs=1e-7)


def test_quadrature__agrees_with_draws() -> None:
    shape = star(64, 100.0, 8)
    x, y = at(80.0, 20.0)
    root = np.linalg.cholesky(np.array([[400.0, 200.0], [200.0, 900.0]]))
    drawn = np.random.default_rng(1).normal(size=(400_000, 2)) @ root.T
    share = shapely.contains_xy(shape, x + drawn[:, 0] / EAST_M, y + drawn[:, 1] / NORTH_M).mean()
    want = strips.mass(strips.edges_of(shape), x, y, np.array([400.0, 200.0, 900.0]))
    assert share == pytest.approx(want, abs=4.0 * 0.5 / math.sqrt(400_000))


def test_no_error_at_all__gives_the_state() -> None:
    shape = star(200, 500.0, 4)
    x, y = np.random.default_rng(2).uniform(-800, 800, (2, 500))
    x, y = 30.0 + x / EAST_M, 3.0 + y / NORTH_M
    p = inside_probability(rings_of(shape), x, y, np.zeros((500, 3)))
    assert p.tolist() == shapely.contains_xy(shape, x, y).astype(float).tolist()


def test_line_like_ellipse__is_taken_along_its_line() -> None:
    flat = np.array([400.0, 400.0, 400.0])
    assert p_of(HALF, at(10.0, 0.0), flat) == pytest.approx(NormalDist().cdf(-0.5), abs=1e-6)
    assert p_of(HALF, at(10.0, 0.0), np.array([400.0, 0.0, 0.0])) == pytest.approx(NormalDist().cdf(-0.5), abs=1e-6)
    assert p_of(HALF, at(10.0, 0.0), np.array([0.0, 0.0, 400.0])) == 0.0


def test_antimeridian__is_no_border_of_a_fence_cut_there() -> None:
    whole, cut = box(177, -20, 179, -10), MultiPolygon([box(179, -20, 180, -10), box(-180, -20, -179, -10)])
    wide = np.array([4e8, 1e8, 3e8])
    for shift in (-1.5, -1.2, -0.5, 0.0, 0.3, 1.1):
        longitude = 180.0 + shift if shift <= 0 else shift - 180.0
        for tail in (None, DEFAULT_TAIL):
            want = p_of(whole, (178.0 + shift, -12.0), wide, tail)
            assert p_of(cut, (longitude, -12.0), wide, tail) == pytest.approx(want, abs=1e-7)
    assert p_of(cut, (180.0, -15.0)) == p_of(cut, (-180.0, -15.0)) == 1.0


def test_antimeridian__seam_longer_on_one_side_is_a_border_there() -> None:
    cut = MultiPolygon([box(179, -20, 180, -10), box(-180, -18, -179, -12)])
    assert p_of(cut, (180.0, -15.0)) == 1.0
    assert p_of(cut, (180.0, -11.0)) == pytest.approx(0.5, abs=1e-8)
    assert p_of(cut, (-180.0, -19.0)) == pytest.approx(0.5, abs=1e-8)
    assert p_of(cut, (-179.9, -11.0)) == 0.0


def test_floor__lifts_what_is_too_good_and_keeps_the_rest() -> None:
    assert floored([[1.0, 0.0, 400.0]])[0].tolist() == pytest.approx([9.0, 0.0, 400.0])
    assert floored([[0.0, 0.0, 0.0]])[0].tolist() == [9.0, 0.0, 9.0]
    assert floored([[100.0, 30.0, 64.0]])[0].tolist() == pytest.approx([100.0, 30.0, 64.0])
    xx, xy, yy = floored([[50.0, 50.0, 50.0]])[0]
    assert np.linalg.eigvalsh([[xx, xy], [xy, yy]]).tolist() == pytest.approx([9.0, 100.0])


def test_rings_the_wrong_way_round__are_turned() -> None:
    island = Polygon(shapely.get_coordinates(box(3, 3, 4, 4)))
    shape = MultiPolygon([Polygon(box(0, 0, 9, 9).exterior, [box(2, 2, 6, 6).exterior.coords]), island])
    turned = [np.asarray(ring.coords)[::-1] for ring in shapely.get_rings(shapely.get_parts(shape))]
    start = np.cumsum([0, *(len(ring) for ring in turned)])
    x, y = np.concatenate(turned).T
    rings = rings_of(shape)._replace(x=x.copy(), y=y.copy(), start=start)
    places = np.array([(1, 1), (2.5, 2.5), (3.5, 3.5), (8, 8), (3.0, 3.5), (10, 1)]).T
    p = inside_probability(rings, *places, np.full((6, 3), [1e4, 0.0, 1e4]))
    assert p.tolist() == pytest.approx([1, 0, 1, 1, 0.5, 0], abs=1e-8)


def test_grid__is_kept_with_columns_that_cannot_change_and_only_with_those() -> None:
    rings = rings_of(SQUARE)
    assert edge_grid(rings) is edge_grid(rings)
    moved = rings.y + 1.0
    moved.setflags(write=False)
    assert edge_grid(rings._replace(y=moved)).box[1] == pytest.approx(4.0)
    loose = rings._replace(x=rings.x.copy())
    (x, y) = at(-200, 200)
    first = inside_probability(loose, [x], [y], [GPS], heavy_tail=None)[0]
    loose.x[:] += 1.0
    assert (first, inside_probability(loose, [x], [y], [GPS])[0]) == (1.0, 0.0)


def test_grid__knows_the_width_of_a_strip() -> None:
    strip = shape_of((0, 0), (9000, 0), (9000, 50), (0, 50))
    assert build_edge_grid(rings_of(strip)).thickness_deg * NORTH_M == pytest.approx(50.0, rel=0.01)


@pytest.mark.parametrize(
    ("covariance", "reason"),
    [
        ([[1.0, 2.0, 1.0]], "semidefinite"),
        ([[-1.0, 0.0, 1.0]], "semidefinite"),
        ([[np.nan, 0.0, 1.0]], "semidefinite"),
        ([[np.inf, 0.0, 1.0]], "semidefinite"),
        ([[1.0, 0.0]], "rows of"),
        ([[1.0, 0.0, 1.0]] * 2, "rows of"),
    ],
)
def test_what_is_no_covariance__is_refused(covariance: list[list[float]], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        inside_probability(rings_of(SQUARE), [30.0], [3.0], covariance)


def test_what_is_no_place_or_tail__is_refused() -> None:
    with pytest.raises(ValueError, match="position 0"):
        inside_probability(rings_of(SQUARE), [np.nan], [3.0], [GPS])
    with pytest.raises(ValueError, match="tail"):
        HeavyTail(1.5, 5.0)
