"""Ways across lines: signed crossings of consecutive fixes with a line fence, by exact arithmetic."""

from __future__ import annotations

import numpy as np
from numba import njit

from geo.fence_table import Floats, Integers
from geo.kernels import orient


@njit(cache=True, nogil=True)
def _side(ux: float, uy: float, vx: float, vy: float, px: float, py: float) -> bool:
    """Is p to the left of u -> v? All fixes are thought moved by the same tiny step east and a tinier one north.

    So no fix ever stands on a line or sees a vertex straight ahead, and ways that are joined count as their sum.
    """
    side = orient(ux, uy, vx, vy, px, py)
    if side != 0:
        return side > 0
    return uy > vy if uy != vy else vx > ux


@njit(cache=True, nogil=True)
def _ahead(ax: float, ay: float, bx: float, by: float, ux: float, uy: float) -> bool:
    """Is the vertex u to the left of the way a -> b, moved as in `_side`?"""
    side = orient(ax, ay, bx, by, ux, uy)
    if side != 0:
        return side > 0
    return by > ay if by != ay else ax > bx


@njit(cache=True, nogil=True)
def _cross(x: Floats, y: Floats, start: Integers, ax: float, ay: float, bx: float, by: float) -> tuple[int, int, float]:
    """(crossings, those from left to right less the others, parameter of the last) of a straight way with the lines."""
    count, net, last = 0, 0, np.nan
    if ax == bx and ay == by:
        return count, net, last
    west, east, south, north = min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)
    for r in range(len(start) - 1):
        for v in range(start[r], start[r + 1] - 1):
            ux, uy, vx, vy = x[v], y[v], x[v + 1], y[v + 1]
            if max(ux, vx) < west or min(ux, vx) > east or max(uy, vy) < south or min(uy, vy) > north:
                continue
            if _ahead(ax, ay, bx, by, ux, uy) == _ahead(ax, ay, bx, by, vx, vy):
                continue
            from_left = _side(ux, uy, vx, vy, ax, ay)
            if from_left == _side(ux, uy, vx, vy, bx, by):
                continue
            count += 1
            net += 1 if from_left else -1
            a_far = (vx - ux) * (ay - uy) - (vy - uy) * (ax - ux)
            b_far = (vx - ux) * (by - uy) - (vy - uy) * (bx - ux)
            t = a_far / (a_far - b_far) if a_far != b_far else 0.5
            t = min(max(t, 0.0), 1.0)
            last = t if last != last else max(last, t)
    return count, net, last


@njit(cache=True, nogil=True)
def line_crossings(
    x: Floats, y: Floats, start: Integers, longitude: Floats, latitude: Floats
) -> tuple[Integers, Floats]:
    """Of each segment from fix s to s + 1, the short way round: (crossings, net left to right) i8[n - 1, 2], and the
    fraction of the last crossing, NaN where there is none, f8[n - 1]. Line r is x, y [start[r]:start[r + 1]].
    """
    n = max(len(longitude) - 1, 0)
    counts, fraction = np.zeros((n, 2), np.int64), np.full(n, np.nan)
    for s in range(n):
        ax, bx = longitude[s], longitude[s + 1]
        if bx - ax > 180.0:
            bx -= 360.0
        elif ax - bx > 180.0:
            bx += 360.0
        for turn in (0.0, -360.0, 360.0):
            if turn != 0.0 and (abs(bx) <= 180.0 or (bx > 180.0) != (turn < 0.0)):
                continue
            count, net, last = _cross(x, y, start, ax + turn, latitude[s], bx + turn, latitude[s + 1])
            counts[s, 0] += count
            counts[s, 1] += net
            if last == last:
                fraction[s] = last if fraction[s] != fraction[s] else max(fraction[s], last)
    return counts, fraction
