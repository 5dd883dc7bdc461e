"""Mass of a Gaussian inside a fence, from the edges near its centre alone, in compiled form.

In coordinates that make the Gaussian round, with W the winding number of its centre, the edge e at distance h from the
centre, s_e = 1 if the centre lies to its left and -1 otherwise, and t running along its line from the foot of h:

    P = W - sum_e s_e J_e,    J_e = 1 / 2pi integral over e of h exp(-(h^2 + t^2) / 2) / (h^2 + t^2) dt

J is a difference of two of Owen's T functions, T(h, t / h) (Owen 1956, Ann. Math. Statist. 27, 1075-1090). An edge
further away than CUT standard deviations counts for nothing, and what it decides, W, is certain. Where the centre comes
to lie on an edge, W and s_e J_e jump by the same: both take their side from one and the same number.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from geo.edge_grid import EdgeGrid
from geo.fence_table import Floats, Integers

CUT = 6.5  # standard deviations: the mass beyond is exp(-CUT^2 / 2) = 6.7e-10 of the whole
_PART = 3.0  # edges longer than this, in standard deviations, are taken apart
_NEAR = 1.0  # nearer than this the integrand of J is too steep; its complement is smooth
_TAU = 2.0 * math.pi
_ROOT2 = math.sqrt(2.0)
_M_PER_RADIAN = 6378137.0
_E2 = 6.69437999014e-3  # WGS84, first eccentricity squared

_ORDERS = (4, 6, 8, 12, 16, 2, 3)
_RULES = [np.polynomial.legendre.leggauss(order) for order in _ORDERS]
_NODE = np.concatenate([rule[0] for rule in _RULES])
_WEIGHT = np.concatenate([rule[1] for rule in _RULES])


@njit(cache=True, nogil=True)
def metres_per_degree(latitude: float) -> tuple[float, float]:
    """(along the parallel, along the meridian) on WGS84: radii of curvature N cos(lat) and M times one degree."""
    sine = math.sin(math.radians(latitude))
    bend = 1.0 - _E2 * sine * sine
    across = _M_PER_RADIAN / math.sqrt(bend)
    east = across * max(math.cos(math.radians(latitude)), 1e-9)
    return math.radians(east), math.radians(across * (1.0 - _E2) / bend)


@njit(cache=True, nogil=True)
def _steep(h: float, low: float, high: float, rule: int, order: int) -> float:
    """J from low to high, for what is at least _NEAR away."""
    middle, half, total = 0.5 * (low + high), 0.5 * (high - low), 0.0
    for k in range(rule, rule + order):
        t = middle + half * _NODE[k]
        r2 = h * h + t * t
        total += _WEIGHT[k] * math.exp(-0.5 * r2) / r2
    return total * half * h / _TAU


@njit(cache=True, nogil=True)
def _smooth(h: float, low: float, high: float, rule: int, order: int) -> float:
    """Mass of the triangle from the centre to low .. high on the line: the angle's share of the whole less J."""
    middle, half, total = 0.5 * (low + high), 0.5 * (high - low), 0.0
    for k in range(rule, rule + order):
        t = middle + half * _NODE[k]
        r2 = h * h + t * t
        # The series keeps what the difference would lose.
        total += _WEIGHT[k] * ((1.0 - math.exp(-0.5 * r2)) / r2 if r2 > 1e-4 else 0.5 - 0.125 * r2)
    return total * half * h / _TAU


@njit(cache=True, nogil=True)
def _stretch(h: float, low: float, high: float) -> float:
    """J of a stretch no longer than _PART, to 1e-8 (orders found by comparison with order 60)."""
    wide = high - low
    t = min(max(0.0, low), high)
    if h * h + t * t >= _NEAR * _NEAR:
        if wide <= 0.1:
            return _steep(h, low, high, 46, 2)
        if wide <= 0.25:
            return _steep(h, low, high, 48, 3)
        if wide <= 0.5:
            return _steep(h, low, high, 0, 4)
        if wide <= 1.0:
            return _steep(h, low, high, 4, 6)
        if wide <= 1.5:
            return _steep(h, low, high, 10, 8)
        if wide <= 2.2:
            return _steep(h, low, high, 18, 12)
        return _steep(h, low, high, 30, 16)
    angle = (math.atan2(high, h) - math.atan2(low, h)) / _TAU
    if wide <= 0.3:
        return angle - _smooth(h, low, high, 46, 2)
    if wide <= 1.0:
        return angle - _smooth(h, low, high, 0, 4)
    if wide <= 2.0:
        return angle - _smooth(h, low, high, 4, 6)
    return angle - _smooth(h, low, high, 10, 8)


@njit(cache=True, nogil=True)
def _from_foot(h: float, t: float, reach: float, ray: float) -> float:
    """J from the foot to t, odd in t, by way of the whole ray's T(h, inf) if the rest of it is the shorter."""
    far = abs(t)
    if far >= reach:
        share = ray
    elif far > 0.5 * _PART and far * far + h * h > 2.0 * _NEAR:
        share = ray - _steep(h, far, reach, 30, 16)
    else:
        share = _stretch(h, 0.0, far)
    return share if t > 0.0 else -share


@njit(cache=True, nogil=True)
def _missing(h: float, low: float, high: float) -> float:
    """J of an edge of any length, low <= high."""
    if h >= CUT:
        return 0.0
    reach = math.sqrt(CUT * CUT - h * h)
    low, high = max(low, -reach), min(high, reach)
    if low >= high:
        return 0.0
    if high - low <= _PART:
        return _stretch(h, low, high)
    ray = 0.25 * math.erfc(h / _ROOT2)
    return _from_foot(h, high, reach, ray) - _from_foot(h, low, reach, ray)


@njit(cache=True, nogil=True)
def _round(edge: Floats, e: int, lon: float, lat: float, p: float, q: float, r: float) -> tuple[float, ...]:
    """Both ends of an edge as the Gaussian sees them; rows stay level, so the sign of y is that of the latitude."""
    ay, by = edge[e, 1] - lat, edge[e, 3] - lat
    ax, bx = p * (edge[e, 0] - lon) + q * ay, p * (edge[e, 2] - lon) + q * by
    ay *= r
    by *= r
    # A centre on a vertex is moved a hair to the north: away from there no direction is without sense.
    if ax == 0.0 and ay == 0.0:
        ay = -1e-150
    if bx == 0.0 and by == 0.0:
        by = -1e-150
    return ax, ay, bx, by


@njit(cache=True, nogil=True)
def _is_left(ax: float, ay: float, bx: float, by: float) -> bool:
    """Whether the centre lies left of a -> b; on the line, as if moved a hair to the north and less to the east."""
    cross = ax * by - ay * bx
    if cross == 0.0:
        return bx > ax or (bx == ax and ay > by)
    return cross > 0.0


@njit(cache=True, nogil=True)
def _slot(value: float, origin: float, scale: float, count: int) -> int:
    place = (value - origin) * scale
    if not place > 0.0:
        return 0
    return count - 1 if place >= count else int(place)


@njit(cache=True, nogil=True)
def winding(grid: EdgeGrid, lon: float, lat: float, p: float, q: float, r: float) -> int:
    """Winding number of a place: 1 inside, 0 outside, by the crossings of its parallel to the west."""
    west, south, _, north = grid.box
    if lon < west or lat < south or lat > north:
        return 0
    row = _slot(lat, south, grid.row_scale, grid.rows)
    column = _slot(lon, west, grid.column_scale, grid.columns)
    turns = 0
    for k in range(grid.row_start[row], grid.row_start[row + 1]):
        if grid.row_column[k] > column:
            break
        e = grid.row_edge[k]
        if (grid.edge[e, 1] > lat) != (grid.edge[e, 3] > lat):
            ax, ay, bx, by = _round(grid.edge, e, lon, lat, p, q, r)
            left = _is_left(ax, ay, bx, by)
            if left and ay > by:
                turns += 1
            elif not left and ay < by:
                turns -= 1
    return turns


@njit(cache=True, nogil=True)
def _edge_mass(
    grid: EdgeGrid, e: int, lon: float, lat: float, p: float, q: float, r: float, weight: float, scale: float
) -> float:
    """s_e J_e of an edge, of the mixture of a Gaussian and one `scale` times as wide."""
    ax, ay, bx, by = _round(grid.edge, e, lon, lat, p, q, r)
    far = CUT * scale
    if (ax > far and bx > far) or (ax < -far and bx < -far) or (ay > far and by > far) or (ay < -far and by < -far):
        return 0.0
    dx, dy = bx - ax, by - ay
    length = math.sqrt(dx * dx + dy * dy)
    h = abs(ax * by - ay * bx) / length
    if not h < far:
        return 0.0
    low, high = (ax * dx + ay * dy) / length, (bx * dx + by * dy) / length
    total = 0.0
    if weight > 0.0:
        total = weight * _missing(h / scale, low / scale, high / scale)
    if h < CUT:
        total += (1.0 - weight) * _missing(h, low, high)
    return total if _is_left(ax, ay, bx, by) else -total


@njit(cache=True, nogil=True)
def _one(
    grid: EdgeGrid, lon: float, lat: float, xx: float, xy: float, yy: float, weight: float, scale: float,
    east_m: float, north_m: float, reach_x: float, reach_y: float, seen: Integers, mark: int,
) -> float:  # fmt: skip
    west, south, east, north = grid.box
    left = _slot(lon - reach_x, west, grid.column_scale, grid.columns)
    right = _slot(lon + reach_x, west, grid.column_scale, grid.columns)
    bottom = _slot(lat - reach_y, south, grid.row_scale, grid.rows)
    top = _slot(lat + reach_y, south, grid.row_scale, grid.rows)
    before = grid.before
    near = before[top + 1, right + 1] - before[bottom, right + 1] - before[top + 1, left] + before[bottom, left]
    if near == 0:
        if lon < west or lon > east or lat < south or lat > north:
            return 0.0
        row = _slot(lat, south, grid.row_scale, grid.rows)
        return float(grid.state[row, _slot(lon, west, grid.column_scale, grid.columns)])

    slant = xy / yy
    p = 1.0 / math.sqrt(xx - slant * xy)
    q = -slant * p * north_m
    p *= east_m
    r = north_m / math.sqrt(yy)
    total = float(winding(grid, lon, lat, p, q, r))
    edges = len(grid.edge)
    if 2 * near > edges:
        for e in range(edges):
            total -= _edge_mass(grid, e, lon, lat, p, q, r, weight, scale)
    else:
        for row in range(bottom, top + 1):
            first = row * grid.columns + left
            for k in range(grid.cell_start[first], grid.cell_start[first + right - left + 1]):
                e = grid.cell_edge[k]
                if seen[e] != mark:
                    seen[e] = mark
                    total -= _edge_mass(grid, e, lon, lat, p, q, r, weight, scale)
    return min(max(total, 0.0), 1.0)


@njit(cache=True, nogil=True)
def masses(
    grid: EdgeGrid, longitude: Floats, latitude: Floats, covariance: Floats, weight: float, scale: float
) -> Floats:
    """P(inside) f8[n] for fixes in degrees, covariances f8[n, 3] in m2; `weight` 0 and `scale` 1: no tail."""
    out = np.empty(len(longitude))
    seen = np.zeros(len(grid.edge), np.int64)
    mark = 0
    west, south, east, north = grid.box
    for i in range(len(longitude)):
        lat = latitude[i]
        xx, xy, yy = covariance[i, 0], covariance[i, 1], covariance[i, 2]
        east_m, north_m = metres_per_degree(lat)
        reach_x, reach_y = CUT * scale * math.sqrt(xx) / east_m, CUT * scale * math.sqrt(yy) / north_m
        total = 0.0
        if lat + reach_y >= south and lat - reach_y <= north:
            # A meridian has more than one name; parts of a fence written with different ones share no place.
            for turn in range(-1, 2):
                lon = longitude[i] + 360.0 * turn
                if lon + reach_x >= west and lon - reach_x <= east:
                    mark += 1
                    total += _one(
                        grid, lon, lat, xx, xy, yy, weight, scale, east_m, north_m, reach_x, reach_y, seen, mark
                    )
        out[i] = min(total, 1.0)
    return out
