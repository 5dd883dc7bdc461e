"""The kernels again, in rational arithmetic and without any care for speed."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from shapely import MultiPolygon, Polygon, get_coordinates, get_parts, get_rings

Place = tuple[Fraction, Fraction]
Stay = tuple[Fraction | None, Fraction | None]


def place(x: float, y: float) -> Place:
    return Fraction(x), Fraction(y)


def side(a: Place, b: Place, c: Place) -> int:
    turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (turn > 0) - (turn < 0)


def edges(shape: Polygon | MultiPolygon) -> list[tuple[Place, Place]]:
    return [
        (place(*u), place(*v))
        for ring in get_rings(get_parts(shape))
        for u, v in pairwise(get_coordinates(ring).tolist())
    ]


def state(shape: list[tuple[Place, Place]], p: Place) -> int:
    """+1 inside, 0 on the border, -1 outside; even-odd over all edges."""
    inside = False
    for u, v in shape:
        if side(u, v, p) == 0 and all(min(u[k], v[k]) <= p[k] <= max(u[k], v[k]) for k in (0, 1)):
            return 0
        if (u[1] <= p[1]) != (v[1] <= p[1]):
            inside ^= u[0] + (p[1] - u[1]) * (v[0] - u[0]) / (v[1] - u[1]) > p[0]
    return 1 if inside else -1


def stays(shape: list[tuple[Place, Place]], a: Place, b: Place) -> list[Stay]:
    """(entered, left) of every stay in the closed shape that begins or ends on the way a -> b."""
    way = (b[0] - a[0], b[1] - a[1])
    if way == (0, 0):
        return []
    longer = 0 if way[0] else 1
    cuts = {Fraction(0), Fraction(1)}
    for u, v in shape:
        edge = (v[0] - u[0], v[1] - u[1])
        across = way[0] * edge[1] - way[1] * edge[0]
        if across:
            t = ((u[0] - a[0]) * edge[1] - (u[1] - a[1]) * edge[0]) / across
            cuts |= {t} if 0 < t < 1 else set()
        else:
            cuts |= {t for w in (u, v) if 0 < (t := (w[longer] - a[longer]) / way[longer]) < 1}

    def holds(t: Fraction) -> bool:
        return state(shape, (a[0] + t * way[0], a[1] + t * way[1])) >= 0

    inside = holds(Fraction(0))
    entered: Fraction | None = None
    out: list[Stay] = []
    ordered = sorted(cuts)
    for t, following in [*pairwise(ordered), (Fraction(1), None)]:
        if not inside and holds(t):
            inside, entered = True, t
        if inside and following is not None and not holds((t + following) / 2):
            out.append((entered, t))
            inside = False
    if inside and entered is not None:
        out.append((entered, None))
    return out
