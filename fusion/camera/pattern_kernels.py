"""Compiled loops of pattern matching: the nearest points of different animals, and which matches one map explains.

Distances are whole numbers, so sums in any order are equal; ties are broken by keys that follow from content.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

Whole = NDArray[np.int32]
Long = NDArray[np.int64]
Floats = NDArray[np.float64]

TURN_LIMIT: Final = np.pi / 4
"""Chips lie along the body's axis: a map that turns more is no map of a coat."""
SCALE_LIMIT: Final = 2.5
STRETCH_LIMIT: Final = 2.2
"""Of the longer to the shorter axis of an affine map: a flank at 60 degrees."""


@njit(nogil=True, cache=True)
def keep_nearest(
    dots: NDArray[np.float32],
    asked: Long,
    length: Whole,
    rows: Whole,
    row_length: Whole,
    slot: Whole,
    start: Long,
    rank: Long,
    name: Whole,
    best: Whole,
    best_name: Whole,
    best_key: Long,
) -> None:
    """Take rows of one list into the nearest of each point asked: one row a name, by (distance, key), best first.

    dots f4[a, r] scalar products of points asked i8[a] with rows i4[r]; length, row_length squared lengths of all
    points and all rows; slot of a row, and of a slot its first row, rank by content and name; best, best_name, best_key
    [n, k].
    """
    most = best.shape[1]
    for i in range(len(asked)):
        q = asked[i]
        for j in range(len(rows)):
            row = rows[j]
            d = length[q] + row_length[row] - 2 * np.int32(dots[i, j])
            if d > best[q, most - 1]:
                continue
            s = slot[row]
            if name[s] < 0:
                continue
            key = rank[s] * 4096 + (row - start[s])
            if d == best[q, most - 1] and key > best_key[q, most - 1]:
                continue
            own = name[s]
            at = most - 1
            for p in range(most):
                if best_name[q, p] == own:
                    at = p
                    break
            if best_name[q, at] == own and (d > best[q, at] or (d == best[q, at] and key >= best_key[q, at])):
                continue
            while at > 0 and (d < best[q, at - 1] or (d == best[q, at - 1] and key < best_key[q, at - 1])):
                best[q, at], best_name[q, at], best_key[q, at] = (
                    best[q, at - 1],
                    best_name[q, at - 1],
                    best_key[q, at - 1],
                )
                at -= 1
            best[q, at], best_name[q, at], best_key[q, at] = d, own, key


@njit(nogil=True, cache=True)
def _apart(a: float, b: float) -> float:
    """Angle between two directions, 0 to pi."""
    d = np.abs(a - b) % (2.0 * np.pi)
    return min(d, 2.0 * np.pi - d)


@njit(nogil=True, cache=True)
def _agree(
    one: Floats, other: Floats, m: Floats, scale: float, turn: float, reach: float, inside: NDArray[np.bool_]
) -> int:
    """Marks matches that the affine map m [2, 3] explains in place, scale and direction; how many, one a place."""
    count = 0
    for j in range(len(one)):
        x = m[0, 0] * one[j, 0] + m[0, 1] * one[j, 1] + m[0, 2] - other[j, 0]
        y = m[1, 0] * one[j, 0] + m[1, 1] * one[j, 1] + m[1, 2] - other[j, 1]
        ratio = other[j, 2] / (one[j, 2] * scale)
        ok = (
            x * x + y * y <= reach * reach
            and 0.5 <= ratio <= 2.0
            and _apart(other[j, 3] - one[j, 3], turn) <= TURN_LIMIT
        )
        inside[j] = ok
        if ok:
            count += 1
    return count


@njit(nogil=True, cache=True)
def aligned(one: Floats, other: Floats, reach: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Matches one f8[n, 4], other f8[n, 4] as (x, y, scale, angle in rad) -> an affine map f8[2, 3] of one to other,
    and which of them b[n] it explains within `reach`. All false where no map within the limits explains two.

    Every match proposes the similarity of its own place, scale and direction (Lowe 2004; HotSpotter: Crall et al.
    2013, WACV); the one that most others agree with is refined by least squares. Nothing is drawn at random.
    """
    n = len(one)
    best = np.zeros((2, 3))
    inside = np.zeros(n, np.bool_)
    trial = np.zeros(n, np.bool_)
    most, best_scale, best_turn = 1, 1.0, 0.0
    for i in range(n):
        scale = other[i, 2] / one[i, 2]
        turn = other[i, 3] - one[i, 3]
        if not 1.0 / SCALE_LIMIT <= scale <= SCALE_LIMIT or _apart(turn, 0.0) > TURN_LIMIT:
            continue
        m = np.zeros((2, 3))
        m[0, 0] = m[1, 1] = scale * np.cos(turn)
        m[1, 0] = scale * np.sin(turn)
        m[0, 1] = -m[1, 0]
        m[0, 2] = other[i, 0] - m[0, 0] * one[i, 0] - m[0, 1] * one[i, 1]
        m[1, 2] = other[i, 1] - m[1, 0] * one[i, 0] - m[1, 1] * one[i, 1]
        count = _agree(one, other, m, scale, turn, 1.5 * reach, trial)
        if count > most:
            most, best, best_scale, best_turn = count, m, scale, turn
            inside[:] = trial
    if most < 2:
        inside[:] = False
        return best, inside
    for _ in range(4):
        if inside.sum() < 4:
            break
        m = _fitted(one, other, inside)
        det = m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0]
        power = m[0, 0] ** 2 + m[0, 1] ** 2 + m[1, 0] ** 2 + m[1, 1] ** 2
        # Axes of the map from its determinant and Frobenius norm.
        root = np.sqrt(max(power * power / 4.0 - det * det, 0.0))
        if det <= 0.0:
            break
        long, short = np.sqrt(power / 2.0 + root), np.sqrt(max(power / 2.0 - root, 1e-12))
        scale = np.sqrt(det)
        turn = np.arctan2(m[1, 0] - m[0, 1], m[0, 0] + m[1, 1])
        if (
            long / short > STRETCH_LIMIT
            or not 1.0 / SCALE_LIMIT <= scale <= SCALE_LIMIT
            or _apart(turn, 0.0) > TURN_LIMIT
        ):
            break
        count = _agree(one, other, m, scale, turn, reach, trial)
        if count < 4:
            break
        best, best_scale, best_turn = m, scale, turn
        inside[:] = trial
    _agree(one, other, best, best_scale, best_turn, reach, inside)
    return best, inside


@njit(nogil=True, cache=True)
def _fitted(one: Floats, other: Floats, inside: NDArray[np.bool_]) -> Floats:
    """The affine map of least squares, held towards a similarity where few matches lie in a line."""
    n = inside.sum()
    ax, ay, bx, by = 0.0, 0.0, 0.0, 0.0
    for j in range(len(one)):
        if inside[j]:
            ax += one[j, 0] / n
            ay += one[j, 1] / n
            bx += other[j, 0] / n
            by += other[j, 1] / n
    xx, xy, yy, ux, uy, vx, vy = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(len(one)):
        if inside[j]:
            x, y = one[j, 0] - ax, one[j, 1] - ay
            u, v = other[j, 0] - bx, other[j, 1] - by
            xx += x * x
            xy += x * y
            yy += y * y
            ux += u * x
            uy += u * y
            vx += v * x
            vy += v * y
    total = max(xx + yy, 1e-9)
    c, s = (ux + vy) / total, (vx - uy) / total
    held = 0.02 * total
    xx += held
    yy += held
    ux += held * c
    uy -= held * s
    vx += held * s
    vy += held * c
    det = xx * yy - xy * xy
    m = np.empty((2, 3))
    m[0, 0], m[0, 1] = (ux * yy - uy * xy) / det, (uy * xx - ux * xy) / det
    m[1, 0], m[1, 1] = (vx * yy - vy * xy) / det, (vy * xx - vx * xy) / det
    m[0, 2] = bx - m[0, 0] * ax - m[0, 1] * ay
    m[1, 2] = by - m[1, 0] * ax - m[1, 1] * ay
    return m


def warm_up() -> None:
    """Compile both kernels, or load them from the cache."""
    whole, long = np.zeros(1, np.int32), np.zeros(1, np.int64)
    best, names, keys = np.ones((1, 2), np.int32), np.full((1, 2), -1, np.int32), np.ones((1, 2), np.int64)
    dots = np.zeros((1, 1), np.float32)
    keep_nearest(dots, long, whole, whole, whole, whole, long, long, whole, best, names, keys)
    aligned(np.ones((2, 4)), np.ones((2, 4)), 1.0)
