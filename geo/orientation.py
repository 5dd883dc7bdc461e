"""On which side of a line a position lies, in compiled form: the one predicate that all fence geometry decides with.

Every answer is that of exact arithmetic on the given doubles and so agrees with GEOS. No fastmath: the expansions need
plain IEEE rules.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

INSIDE, BORDER, OUTSIDE = 1, 0, -1

FILTER = 3.3306690738754716e-16  # Shewchuk 1997, ccwerrboundA
SURE = 2.0**-10  # of the size: an error of FILTER sizes is then below 2^-41 of the value


@njit(cache=True, nogil=True)
def exact_determinant(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> tuple[float, int]:
    """As `determinant`, with a relative error below 2^-51."""
    # The six products of the expanded determinant as mantissas and exponents: nothing can overflow or underflow.
    left = (ax, -ay, bx, -by, cx, -cy)
    right = (by, bx, cy, cx, ay, ax)
    high, low, exponent = np.zeros(6), np.zeros(6), np.zeros(6, np.int64)
    for i in range(6):
        u, u_exponent = math.frexp(left[i])
        v, v_exponent = math.frexp(right[i])
        product = u * v
        split = 134217729.0 * u
        u_high = split - (split - u)
        u_low = u - u_high
        split = 134217729.0 * v
        v_high = split - (split - v)
        v_low = v - v_high
        high[i] = product
        low[i] = ((u_high * v_high - product) + u_high * v_low + u_low * v_high) + u_low * v_low
        exponent[i] = u_exponent + v_exponent

    # Shewchuk's expansion sum, from the largest exponent down, in units of the exponent at hand.
    total = np.zeros(12)
    count, unit = 0, 0
    for _ in range(6):
        best = -1
        for i in range(6):
            if high[i] != 0.0 and (best < 0 or exponent[i] > exponent[best]):
                best = i
        if best < 0:
            break
        if count > 0:
            shift = unit - exponent[best]
            # A sum that is not zero is a multiple of 2**-106 old units; what is left is less than 6 new units.
            if shift > 110:
                if np.any(total[:count] != 0.0):
                    break
                count = 0
            factor = math.ldexp(1.0, min(shift, 110))
            for k in range(count):
                total[k] *= factor
        unit = exponent[best]
        for part in (low[best], high[best]):
            carry = part
            for k in range(count):
                s = carry + total[k]
                virtual = s - carry
                total[k] = (carry - (s - virtual)) + (total[k] - virtual)
                carry = s
            total[count] = carry
            count += 1
        high[best] = 0.0
    # From the smallest part up: the sign of the sum is that of its largest part.
    value = 0.0
    for k in range(count):
        value += total[k]
    return value, unit


@njit(cache=True, nogil=True)
def determinant(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> tuple[float, int]:
    """(m, e): m 2^e is twice the signed area of a, b, c, with a relative error below 2^-41; exactly 0 if it is 0."""
    first = (ax - cx) * (by - cy)
    second = (ay - cy) * (bx - cx)
    size = abs(first) + abs(second)
    if size > 1e-290 and abs(first - second) > SURE * size:
        return first - second, 0
    return exact_determinant(ax, ay, bx, by, cx, cy)


@njit(cache=True, nogil=True)
def orient(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> int:
    """Which side of the line a -> b holds c: +1 left, 0 on the line, -1 right; exact for all finite doubles."""
    first = (ax - cx) * (by - cy)
    second = (ay - cy) * (bx - cx)
    size = abs(first) + abs(second)
    if size > 1e-290:  # below, a product may have lost bits to underflow, which the filter does not allow for
        difference = first - second
        if difference > FILTER * size:
            return 1
        if -difference > FILTER * size:
            return -1
    elif (ax == cx or by == cy) and (ay == cy or bx == cx):
        return 0
    value, _ = exact_determinant(ax, ay, bx, by, cx, cy)
    return 1 if value > 0.0 else -1 if value < 0.0 else 0


@njit(cache=True, nogil=True)
def left_of(ux: float, uy: float, vx: float, vy: float, px: float, py: float) -> bool:
    """Whether p, moved a hair to the east and a much smaller hair to the north, lies left of (or above) the edge u-v.

    The edge is given with uy <= vy. So moved, no grid corner lies on an edge, and parities along a path from corner to
    corner have one meaning (simulation of simplicity).
    """
    return py >= uy if uy == vy else orient(ux, uy, vx, vy, px, py) > 0
