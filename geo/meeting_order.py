"""The order of the meetings of a way with one fence, in compiled form: exact, also where doubles put them at one place.

An edge u-v that a-b crosses meets it at p / (p + q), where p and q are the distances of a and of b from the line u-v.
So one meeting comes before another if p1 q2 < p2 q1. Near ones are compared in whole numbers: every double is a whole
number of some power of two, written in digits of 24 bits.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.meetings import FIRST, LAST, part
from geo.orientation import exact_determinant

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SAME = 4  # in `flips`: at the very place of the meeting before
NEAR = 2.0**-38  # of the way: `meeting` errs by less than half of it

_BITS = 24
_BASE = 1 << _BITS


@njit(cache=True, nogil=True)
def _digits(value: float, lowest: int, out: Integers) -> None:
    """Write value / 2^lowest, a whole number, to `out`, each digit below 2^25, all with the sign of the value."""
    out[:] = 0
    mantissa, exponent = math.frexp(value)
    if mantissa == 0.0:
        return
    whole = int(math.ldexp(abs(mantissa), 53))
    shift = exponent - 53 - lowest
    at, up = shift // _BITS, shift % _BITS
    sign = 1 if value > 0.0 else -1
    while whole > 0:
        moved = (whole & (_BASE - 1)) << up
        out[at] += sign * (moved & (_BASE - 1))
        if moved >= _BASE:
            out[at + 1] += sign * (moved >> _BITS)
        whole >>= _BITS
        at += 1


@njit(cache=True, nogil=True)
def _add_product(one: Integers, other: Integers, sign: int, out: Integers) -> None:
    for i in range(len(one)):
        if one[i] != 0:
            factor = sign * one[i]
            for j in range(len(other)):
                out[i + j] += factor * other[j]


@njit(cache=True, nogil=True)
def _carried(digits: Integers) -> int:
    """Carry, so that all digits but the last are in 0..2^24 - 1; the sign of the number, which is that of the last."""
    carry, some = 0, 0
    for i in range(len(digits) - 1):
        carry += digits[i]
        digits[i] = carry & (_BASE - 1)
        carry >>= _BITS
        some |= digits[i]
    digits[-1] += carry
    return -1 if digits[-1] < 0 else 1 if digits[-1] > 0 or some != 0 else 0


@njit(cache=True, nogil=True)
def _distance(u: Integers, v: Integers, p: Integers) -> Integers:
    """The size of the determinant of u, v, p, each i8[2, n] digits of x and y; its own digits."""
    n = u.shape[1]
    out = np.zeros(2 * n + 2, np.int64)
    _add_product(u[0] - p[0], v[1] - p[1], 1, out)
    _add_product(u[1] - p[1], v[0] - p[0], -1, out)
    if _carried(out) < 0:
        for i in range(len(out)):
            out[i] = -out[i]
        _carried(out)
    return out


@njit(cache=True, nogil=True)
def before(xy: Floats, ax: float, ay: float, bx: float, by: float, first: int, second: int) -> int:
    """Whether a-b crosses the edge that begins at one vertex before that of the other: -1, at one place: 0, after: 1.

    It must cross the lines of both between its ends. Exact for all finite doubles.
    """
    values = (
        ax, ay, bx, by,
        xy[2 * first], xy[2 * first + 1], xy[2 * first + 2], xy[2 * first + 3],
        xy[2 * second], xy[2 * second + 1], xy[2 * second + 2], xy[2 * second + 3],
    )  # fmt: skip
    lowest, highest = 4096, -4096
    for value in values:
        if value != 0.0:
            exponent = math.frexp(value)[1]
            lowest, highest = min(lowest, exponent - 53), max(highest, exponent)
    n = (highest - lowest) // _BITS + 2
    points = np.empty((6, 2, n), np.int64)
    for i in range(12):
        _digits(values[i], lowest, points[i >> 1, i & 1])
    a, b = points[0], points[1]
    gap = np.zeros(4 * n + 5, np.int64)
    _add_product(_distance(points[2], points[3], a), _distance(points[4], points[5], b), 1, gap)
    _add_product(_distance(points[4], points[5], a), _distance(points[2], points[3], b), -1, gap)
    return _carried(gap)


@njit(cache=True, nogil=True)
def place(xy: Floats, ax: float, ay: float, bx: float, by: float, vertex: int) -> float:
    """Where a-b crosses the edge that begins at a vertex, to 2^-50 of the way; never 0 or 1."""
    ux, uy, vx, vy = xy[2 * vertex], xy[2 * vertex + 1], xy[2 * vertex + 2], xy[2 * vertex + 3]
    a_far, a_unit = exact_determinant(ux, uy, vx, vy, ax, ay)
    b_far, b_unit = exact_determinant(ux, uy, vx, vy, bx, by)
    return min(max(part(a_far, a_unit, b_far, b_unit), FIRST), LAST)


@njit(cache=True, nogil=True)
def settle(
    xy: Floats, ax: float, ay: float, bx: float, by: float, vertex: Integers, at: Floats, flips: Integers
) -> None:
    """Put the meetings of a-b with one fence, which stand by `at`, in the order of exact arithmetic.

    Those that are near another get their place anew, none before that of the one before, and SAME where both are one.
    """
    first, last = 0, len(at)
    while first < last and (flips[first] == 0 or at[first] <= 0.0):
        first += 1
    while first < last and at[last - 1] >= 1.0:
        last -= 1
    i = first
    while i < last:
        begin = i
        i += 1
        while i < last and at[i] - at[i - 1] <= NEAR:
            i += 1
        if i - begin > 1:
            _settle_near(xy, ax, ay, bx, by, vertex[begin:i], at[begin:i], flips[begin:i])


@njit(cache=True, nogil=True)
def _settle_near(
    xy: Floats, ax: float, ay: float, bx: float, by: float, vertex: Integers, at: Floats, flips: Integers
) -> None:
    for i in range(1, len(vertex)):
        v, flip, k, order = vertex[i], flips[i], i, 1
        while k > 0:
            order = before(xy, ax, ay, bx, by, vertex[k - 1], v)
            if order <= 0:
                break
            vertex[k], flips[k] = vertex[k - 1], flips[k - 1]
            k -= 1
        # It stands behind all at its place: what now follows it has another, and no mark to change.
        vertex[k], flips[k] = v, flip | (SAME if order == 0 else 0)
    reached = 0.0
    for i in range(len(vertex)):
        if flips[i] & SAME == 0:
            reached = max(reached, place(xy, ax, ay, bx, by, vertex[i]))
        at[i] = reached
