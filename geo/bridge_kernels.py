"""Whether a Brownian path between two fixes met the border of a fence, in compiled form.

Metres east and north of the middle of the two fixes. A path that stands d0 and d1 from a straight border, on one side,
and has variance q per axis between, met it with probability exp(-2 d0 d1 / q) (the reflection principle; Karatzas and
Shreve 1991, Brownian Motion and Stochastic Calculus, 2.6 and 4.3.40). The true places at both ends are what two fixes
with errors and a Brownian step between them leave of a flat prior:

    S = V0 + V1 + q I,  x0 | z ~ N(z0 + V0 S^-1 (z1 - z0), V0 - V0 S^-1 V0),
    x1 | x0, z ~ N(x0 + q (V1 + q I)^-1 (z1 - x0), q V1 (V1 + q I)^-1)

`winding` stands in another file: when it changes, numba's cache of this one is to be thrown away.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from geo.edge_grid import EdgeGrid
from geo.fence_table import Floats
from geo.uncertainty_kernels import metres_per_degree, winding

GATE = 0.01  # what the half-planes leave below this is not sampled
DRAWN = 18  # normals a path that are drawn ahead: both ends and the first seven places between
_NOTHING = 1e-4  # edges less probable than this do not bend a straight border
_STEP = 0.35  # of the fence's thickness: steps shorter than this see the nearest border as straight
_CLEAR = 2.5  # standard deviations of a step: a bridge leaves its straight way by so much with exp(-2 * 2.5^2) = 4e-6
_DEEPEST = 24
_MOST_STEPS = 4096
_TAU = 2.0 * math.pi
_NODE, _WEIGHT = np.polynomial.legendre.leggauss(20)


@njit(cache=True, nogil=True)
def _below(x: float) -> float:
    """Standard normal distribution function."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@njit(cache=True, nogil=True)
def _apart(x: float, m: float, s: float, q: float) -> float:
    """P(d1 > 0 and the border not met) for d0 = x > 0 and d1 ~ N(m, s^2).

    E[1 - exp(-2 x d1 / q); d1 > 0] = N(m / s) - exp(-2 x m / q + 2 x^2 s^2 / q^2) N(m / s - 2 x s / q).
    """
    if s <= 1e-9 * math.sqrt(q):
        return -math.expm1(-2.0 * x * m / q) if m > 0.0 else 0.0
    tilt = m / s - 2.0 * x * s / q
    if tilt > -6.0:
        met = math.exp(-2.0 * x * (m - x * s * s / q) / q) * _below(tilt)
    else:  # Mills' ratio, as the factors would overflow and vanish; the first term left out is below 15 / 6^6
        t2 = 1.0 / (tilt * tilt)
        met = math.exp(-0.5 * m * m / (s * s)) / math.sqrt(_TAU) / -tilt * (1.0 - t2 + 3.0 * t2 * t2)
    return _below(m / s) - met


@njit(cache=True, nogil=True)
def half_plane(d0: float, d1: float, v0: float, v1: float, c: float, q: float) -> float:
    """P(a straight border is met): signed distances d0, d1 with variances v0, v1, covariance c, in m and m2."""
    if v0 <= 1e-18 * q:
        s = math.sqrt(max(v1, 0.0))
        return 1.0 - (_apart(d0, d1, s, q) if d0 > 0.0 else _apart(-d0, -d1, s, q))
    sd, tilt = math.sqrt(v0), c / v0
    s = math.sqrt(max(v1 - c * tilt, 0.0))
    step = 3.0 * math.sqrt(q)
    kept = 0.0
    for side in (1.0, -1.0):
        low, high = max(0.0, side * d0 - 8.0 * sd), side * d0 + 8.0 * sd
        while low < high:
            # Close to the border the integrand rises within a step's length; away from it, as the ellipse does.
            end = min(high, low + (min(step, 2.5 * sd) if low < 2.0 * step else 2.5 * sd))
            half, middle = 0.5 * (end - low), 0.5 * (end + low)
            for k in range(len(_NODE)):
                x = middle + half * _NODE[k]
                u = (x - side * d0) / sd
                m = side * d1 + tilt * (x - side * d0)
                kept += _WEIGHT[k] * half * math.exp(-0.5 * u * u) / (sd * math.sqrt(_TAU)) * _apart(x, m, s, q)
            low = end
    return min(max(1.0 - kept, 0.0), 1.0)


@njit(cache=True, nogil=True)
def _shrunk(xx: float, xy: float, yy: float, sxx: float, sxy: float, syy: float) -> tuple[float, float, float, float]:
    """V S^-1 by rows."""
    det = sxx * syy - sxy * sxy
    return (
        (xx * syy - xy * sxy) / det, (xy * sxx - xx * sxy) / det,
        (xy * syy - yy * sxy) / det, (yy * sxx - xy * sxy) / det,
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _root(xx: float, xy: float, yy: float) -> tuple[float, float, float]:
    """Lower triangular root of a covariance, with zeros where it has none."""
    a = math.sqrt(max(xx, 0.0))
    b = xy / a if a > 0.0 else 0.0
    return a, b, math.sqrt(max(yy - b * b, 0.0))


@njit(cache=True, nogil=True)
def _foot(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> tuple[float, float]:
    """The place on a-b that is nearest to p."""
    dx, dy = bx - ax, by - ay
    size = dx * dx + dy * dy
    t = min(max(((px - ax) * dx + (py - ay) * dy) / size, 0.0), 1.0) if size > 0.0 else 0.0
    return ax + t * dx, ay + t * dy


@njit(cache=True, nogil=True)
def _between(
    ax: float, ay: float, bx: float, by: float, ux: float, uy: float, vx: float, vy: float
) -> tuple[float, float, float, float]:
    """(x, y) of the place on u-v nearest to the way a-b, and the vector to it from the way: zero if they meet."""
    u = (bx - ax) * (uy - ay) - (by - ay) * (ux - ax)
    v = (bx - ax) * (vy - ay) - (by - ay) * (vx - ax)
    a = (vx - ux) * (ay - uy) - (vy - uy) * (ax - ux)
    b = (vx - ux) * (by - uy) - (vy - uy) * (bx - ux)
    if u * v < 0.0 and a * b < 0.0:
        t = u / (u - v)
        return ux + t * (vx - ux), uy + t * (vy - uy), 0.0, 0.0
    best, x, y, nx, ny = math.inf, 0.0, 0.0, 0.0, 0.0
    for k in range(4):
        if k < 2:
            fx, fy = (ux, uy) if k == 0 else (vx, vy)
            wx, wy = _foot(ax, ay, bx, by, fx, fy)
        else:
            wx, wy = (ax, ay) if k == 2 else (bx, by)
            fx, fy = _foot(ux, uy, vx, vy, wx, wy)
        far = (fx - wx) ** 2 + (fy - wy) ** 2
        if far < best:
            best, x, y, nx, ny = far, fx, fy, fx - wx, fy - wy
    return x, y, nx, ny


@njit(cache=True, nogil=True)
def _clearance(
    grid: EdgeGrid, x: float, y: float, lon: float, lat: float, east_m: float, north_m: float, limit: float
) -> tuple[float, int]:
    """(metres to the border, at most `limit`; winding number) of a place."""
    px, py = lon + x / east_m, lat + y / north_m
    reach_x, reach_y = limit / east_m, limit / north_m
    west, south, east, north = grid.box
    if px + reach_x < west or px - reach_x > east or py + reach_y < south or py - reach_y > north:
        return limit, 0
    left = min(max(int((px - reach_x - west) * grid.column_scale), 0), grid.columns - 1)
    right = min(max(int((px + reach_x - west) * grid.column_scale), 0), grid.columns - 1)
    bottom = min(max(int((py - reach_y - south) * grid.row_scale), 0), grid.rows - 1)
    top = min(max(int((py + reach_y - south) * grid.row_scale), 0), grid.rows - 1)
    before = grid.before
    near = before[top + 1, right + 1] - before[bottom, right + 1] - before[top + 1, left] + before[bottom, left]
    best = limit * limit
    edge = grid.edge
    if near > 0:
        everything = near > len(edge)
        for row in range(bottom, bottom + 1 if everything else top + 1):
            first = row * grid.columns + left
            begin = 0 if everything else grid.cell_start[first]
            end = len(edge) if everything else grid.cell_start[first + right - left + 1]
            for k in range(begin, end):
                e = k if everything else grid.cell_edge[k]
                ax, ay = (edge[e, 0] - px) * east_m, (edge[e, 1] - py) * north_m
                bx, by = (edge[e, 2] - px) * east_m, (edge[e, 3] - py) * north_m
                fx, fy = _foot(ax, ay, bx, by, 0.0, 0.0)
                best = min(best, fx * fx + fy * fy)
    return math.sqrt(best), winding(grid, px, py, east_m, 0.0, north_m)


@njit(cache=True, nogil=True)
def _normals(path: int, place: int) -> tuple[float, float]:
    """Two standard normals that belong to a place of a path: splitmix64 (Steele et al. 2014) and Box-Muller."""
    u = np.empty(2)
    for k in range(2):
        z = np.uint64(path) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(2 * place + k) * np.uint64(0xD1B54A32D192ED03)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        u[k] = (float(z >> np.uint64(11)) + 0.5) * 2.0**-53
    size = math.sqrt(-2.0 * math.log(u[0]))
    return size * math.cos(_TAU * u[1]), size * math.sin(_TAU * u[1])


@njit(cache=True, nogil=True)
def _path_keeps_clear(
    grid: EdgeGrid, x0: float, y0: float, x1: float, y1: float, q: float, path: int, drawn: Floats,
    lon: float, lat: float, east_m: float, north_m: float, stack: Floats,
) -> float:  # fmt: skip
    """P(border not met | a few places of the path): halved near the border until it looks straight from the path."""
    fine = (_STEP * grid.thickness_deg * north_m) ** 2
    length = math.hypot(x1 - x0, y1 - y0)
    limit = 0.5 * length + _CLEAR * math.sqrt(q)
    d0, w0 = _clearance(grid, x0, y0, lon, lat, east_m, north_m, limit)
    d1, w1 = _clearance(grid, x1, y1, lon, lat, east_m, north_m, limit)
    stack[0] = np.array((x0, y0, d0, w0, x1, y1, d1, w1, q, 1.0))
    depth, steps, kept = 1, 0, 1.0
    while depth > 0:
        depth -= 1
        x0, y0, d0, w0, x1, y1, d1, w1, q, place = stack[depth]
        if w0 != w1:
            return 0.0
        length = math.hypot(x1 - x0, y1 - y0)
        steps += 1
        if d0 + d1 - length >= 1.999 * _CLEAR * math.sqrt(q):
            continue  # the whole straight way is clear by so much
        if (q <= fine and length * length <= 4.0 * fine) or place >= 2.0**_DEEPEST or steps > _MOST_STEPS:
            kept *= -math.expm1(-2.0 * d0 * d1 / q)
            if kept < 1e-4:
                return kept
            continue
        i = int(place)
        if i < 8:
            g0, g1 = drawn[2 + 2 * i], drawn[3 + 2 * i]
        else:
            g0, g1 = _normals(path, i)
        sd = 0.5 * math.sqrt(q)
        x, y = 0.5 * (x0 + x1) + sd * g0, 0.5 * (y0 + y1) + sd * g1
        half = 0.5 * q
        limit = 0.5 * max(math.hypot(x - x0, y - y0), math.hypot(x1 - x, y1 - y)) + _CLEAR * math.sqrt(half)
        d, w = _clearance(grid, x, y, lon, lat, east_m, north_m, limit)
        stack[depth] = np.array((x, y, d, float(w), x1, y1, d1, w1, half, 2.0 * place + 1.0))
        stack[depth + 1] = np.array((x0, y0, d0, w0, x, y, d, float(w), half, 2.0 * place))
        depth += 2
    return kept


@njit(cache=True, nogil=True)
def _by_half_planes(
    grid: EdgeGrid, x0: float, y0: float, x1: float, y1: float, c0: Floats, c1: Floats, c01: Floats, q: float,
    lon: float, lat: float, east_m: float, north_m: float,
) -> tuple[float, bool]:  # fmt: skip
    """(P, whether that is all): the nearest border of each of four directions as a half-plane, their sum.

    It is all if the border near the way is one straight line, where it is exact, and if it is below GATE.
    """
    # An edge farther than this from the way has p < _NOTHING; five standard deviations of the ends on top.
    reach = math.sqrt(-0.5 * q * math.log(_NOTHING)) + 5.0 * math.sqrt(max(c0[0] + c0[2], c1[0] + c1[2]))
    best, d0, d1 = np.full(4, np.inf), np.zeros(4), np.zeros(4)
    n_x, n_y = np.zeros(4), np.zeros(4)
    nearest, line = math.inf, np.zeros(4)
    west, east = lon + (min(x0, x1) - reach) / east_m, lon + (max(x0, x1) + reach) / east_m
    south, north = lat + (min(y0, y1) - reach) / north_m, lat + (max(y0, y1) + reach) / north_m
    if west > grid.box[2] or east < grid.box[0] or south > grid.box[3] or north < grid.box[1]:
        return 0.0, True
    left = min(max(int((west - grid.box[0]) * grid.column_scale), 0), grid.columns - 1)
    right = min(max(int((east - grid.box[0]) * grid.column_scale), 0), grid.columns - 1)
    bottom = min(max(int((south - grid.box[1]) * grid.row_scale), 0), grid.rows - 1)
    top = min(max(int((north - grid.box[1]) * grid.row_scale), 0), grid.rows - 1)
    flat = True
    for turn in range(2):  # the second looks whether all near edges lie on the line of the nearest
        for row in range(bottom, top + 1):
            first = row * grid.columns + left
            for k in range(grid.cell_start[first], grid.cell_start[first + right - left + 1]):
                e = grid.cell_edge[k]
                ax, ay = (grid.edge[e, 0] - lon) * east_m, (grid.edge[e, 1] - lat) * north_m
                bx, by = (grid.edge[e, 2] - lon) * east_m, (grid.edge[e, 3] - lat) * north_m
                if turn == 0:
                    x, y, nx, ny = _between(x0, y0, x1, y1, ax, ay, bx, by)
                    far = math.hypot(nx, ny)
                    if far > reach:
                        continue
                    if far == 0.0:  # across the way, or with an end of it on the edge: its own direction
                        nx, ny = ay - by, bx - ax
                    size = math.hypot(nx, ny)
                    nx, ny = nx / size, ny / size
                    quadrant = (1 if nx > ny else 0) + (2 if nx > -ny else 0)
                    e0, e1 = nx * (x - x0) + ny * (y - y0), nx * (x - x1) + ny * (y - y1)
                    key = e0 * e1
                    if key < best[quadrant]:
                        best[quadrant], d0[quadrant], d1[quadrant] = key, e0, e1
                        n_x[quadrant], n_y[quadrant] = nx, ny
                    if far < nearest:
                        nearest = far
                        size = math.hypot(bx - ax, by - ay)
                        line = np.array((ax, ay, (ay - by) / size, (bx - ax) / size))
                else:
                    off = max(
                        abs((ax - line[0]) * line[2] + (ay - line[1]) * line[3]),
                        abs((bx - line[0]) * line[2] + (by - line[1]) * line[3]),
                    )
                    if off > 1e-4 * math.sqrt(q):
                        _, _, nx, ny = _between(x0, y0, x1, y1, ax, ay, bx, by)
                        flat = flat and math.hypot(nx, ny) > reach
        if nearest == math.inf:
            return 0.0, True
    if flat:
        best[0], best[1:] = 0.0, np.inf
        n_x[0], n_y[0] = line[2], line[3]
        d0[0] = n_x[0] * (line[0] - x0) + n_y[0] * (line[1] - y0)
        d1[0] = n_x[0] * (line[0] - x1) + n_y[0] * (line[1] - y1)
    total = 0.0
    for k in range(4):
        if best[k] < math.inf:
            a, b = n_x[k], n_y[k]
            v0 = a * a * c0[0] + 2.0 * a * b * c0[1] + b * b * c0[2]
            v1 = a * a * c1[0] + 2.0 * a * b * c1[1] + b * b * c1[2]
            both = a * a * c01[0] + a * b * (c01[1] + c01[2]) + b * b * c01[3]
            total += half_plane(d0[k], d1[k], v0, v1, both, q)
    return min(total, 1.0), flat or total < GATE


@njit(cache=True, nogil=True)
def bridges(
    grid: EdgeGrid, fixes: Floats, dt_s: Floats, rate_m2_s: Floats, covariance0: Floats, covariance1: Floats,
    drawn: Floats,
) -> Floats:  # fmt: skip
    """P f8[n]; fixes f8[n, 4] are longitude, latitude of the first and of the second; drawn f8[paths, DRAWN]."""
    out = np.empty(len(fixes))
    stack = np.empty((4 * _DEEPEST, 10))
    for i in range(len(fixes)):
        east_lon = fixes[i, 2] - 360.0 * round((fixes[i, 2] - fixes[i, 0]) / 360.0)  # the short way
        lon, lat = 0.5 * (fixes[i, 0] + east_lon), 0.5 * (fixes[i, 1] + fixes[i, 3])
        east_m, north_m = metres_per_degree(lat)
        x0, y0 = (fixes[i, 0] - lon) * east_m, (fixes[i, 1] - lat) * north_m
        lon += 360.0 * round((0.5 * (grid.box[0] + grid.box[2]) - lon) / 360.0)
        dx, dy = -2.0 * x0, -2.0 * y0
        q = rate_m2_s[i] * dt_s[i]
        uxx, uxy, uyy = covariance0[i, 0], covariance0[i, 1], covariance0[i, 2]
        vxx, vxy, vyy = covariance1[i, 0], covariance1[i, 1], covariance1[i, 2]
        sxx, sxy, syy = uxx + vxx + q, uxy + vxy, uyy + vyy + q
        a, b, c, d = _shrunk(uxx, uxy, uyy, sxx, sxy, syy)
        e, f, g, h = _shrunk(vxx, vxy, vyy, sxx, sxy, syy)
        m0x, m0y = x0 + a * dx + b * dy, y0 + c * dx + d * dy
        m1x, m1y = x0 + dx - e * dx - f * dy, y0 + dy - g * dx - h * dy
        c0 = np.array((uxx - a * uxx - b * uxy, uxy - a * uxy - b * uyy, uyy - c * uxy - d * uyy))
        c1 = np.array((vxx - e * vxx - f * vxy, vxy - e * vxy - f * vyy, vyy - g * vxy - h * vyy))
        c01 = np.array((a * vxx + b * vxy, a * vxy + b * vyy, c * vxx + d * vxy, c * vxy + d * vyy))
        p, done = _by_half_planes(grid, m0x, m0y, m1x, m1y, c0, c1, c01, q, lon, lat, east_m, north_m)
        if done:
            out[i] = p
            continue
        r0, r1, r2 = _root(c0[0], c0[1], c0[2])
        a, b, c, d = _shrunk(vxx, vxy, vyy, vxx + q, vxy, vyy + q)
        s0, s1, s2 = _root(q * a, q * b, q * d)
        kept = 0.0
        for k in range(len(drawn)):
            z = drawn[k]
            sx, sy = m0x + r0 * z[0], m0y + r1 * z[0] + r2 * z[1]
            gx, gy = x0 + dx - sx, y0 + dy - sy
            ex = sx + gx - a * gx - b * gy + s0 * z[2]
            ey = sy + gy - c * gx - d * gy + s1 * z[2] + s2 * z[3]
            kept += _path_keeps_clear(grid, sx, sy, ex, ey, q, k, z, lon, lat, east_m, north_m, stack)
        out[i] = 1.0 - kept / len(drawn)
    return out
