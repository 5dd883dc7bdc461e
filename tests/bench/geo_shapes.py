"""Valid shapes, places and ways at which inexact geometry goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Polygon, box

Floats = NDArray[np.float64]
Draw = np.random.Generator
Shape = Polygon | MultiPolygon

SIZE = 32  # shapes are drawn on a lattice of -16 .. 16


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the lattice is laid: one step is `unit` degrees, its middle at (longitude, latitude)."""

    name: str
    unit: float
    longitude: float
    latitude: float
    turned: bool = False


# Powers of 2 leave all that is collinear on the lattice collinear in doubles; the others leave it nearly so.
PLACEMENTS = (
    Placement("reserve", 2.0**-10, 131.0, 44.0),
    Placement("last bits of 131", 2.0**-45, 131.0, 44.0),
    Placement("around zero", 2.0**-20, 0.0, 0.0),
    Placement("tiny", 2.0**-200, 0.0, 0.0),
    Placement("the whole Earth", 4.0, 0.0, 0.0),
    Placement("decimal", 0.001, 131.3, 43.7),
    Placement("turned", 0.001, 131.3, 43.7, turned=True),
    Placement("turned last bits", 2.0**-43, -77.7, -33.3, turned=True),
    Placement("meridian of 180", 0.25, 180.0, 0.0),
)
MERIDIAN = "meridian of 180"


def _lattice(draw: Draw, count: int, reach: int = SIZE // 2) -> NDArray[np.int64]:
    return draw.integers(-reach, reach + 1, (count, 2))


def _star(draw: Draw) -> Polygon:
    count = int(draw.integers(4, 40))
    turn = np.sort(draw.uniform(0, 2 * np.pi, count))
    reach = draw.uniform(2, 16, count)
    return Polygon(np.round(np.stack([reach * np.cos(turn), reach * np.sin(turn)], axis=1)))


def _spikes(draw: Draw) -> Polygon:
    """As thin as they come: the reach changes with every vertex."""
    count = 2 * int(draw.integers(3, 40))
    turn = np.arange(count) * (2 * np.pi / count) + draw.uniform(0, 1)
    reach = np.where(np.arange(count) % 2, draw.uniform(0.01, 1), draw.uniform(8, 16, count))
    return Polygon(np.stack([reach * np.cos(turn), reach * np.sin(turn)], axis=1))


def _comb(draw: Draw) -> Polygon:
    teeth = int(draw.integers(2, 14))
    x = np.arange(2 * teeth) - teeth
    tip = draw.integers(1, 16, 2 * teeth) * np.where(np.arange(2 * teeth) % 2, 1, -0.5)
    comb = Polygon([(-teeth, -16), *zip(x.tolist(), tip.tolist(), strict=True), (teeth - 1, -16)])
    return comb if draw.integers(2) else shapely.transform(comb, lambda xy: xy[:, ::-1])


def _cells(draw: Draw) -> Shape:
    """Cells of a board: parts and holes that touch at corners, edges all along the lattice."""
    taken = np.argwhere(draw.uniform(size=(9, 9)) < draw.uniform(0.3, 0.8)) * 3 - 13
    return shapely.union_all([box(x, y, x + 3, y + 3) for x, y in taken.tolist()])


def _boxes(draw: Draw) -> Shape:
    corners = _lattice(draw, 12).reshape(-1, 2, 2)
    low, high = corners.min(axis=1), corners.max(axis=1)
    boxes = [box(*a, *b) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    return shapely.union_all(boxes[:3]).difference(shapely.union_all(boxes[3:5])).union(boxes[5])


def _triangles(draw: Draw) -> Shape:
    """Of their intersections none is on the lattice: vertices lie next to the edges they were cut from."""
    made = [Polygon(_lattice(draw, 3)) for _ in range(5)]
    return shapely.union_all(made[:3]).difference(made[3]).union(made[4])


def _sliver(draw: Draw) -> Polygon:
    """Two ways from corner to corner that keep one step, or a hair, apart."""
    x = np.arange(-16, 17, 2)
    y = np.round(x * draw.uniform(-1, 1)) if draw.integers(2) else x * draw.choice([0.5, 1.0, -0.25, 0.0])
    apart = draw.choice([1.0, 2.0**-6, 2.0**-20])
    return Polygon([*zip(x, y, strict=True), *zip(x[::-1], y[::-1] + apart, strict=True)])


def _holes_that_touch(draw: Draw) -> Polygon:
    """Holes that meet the shell, and one another, in single vertices: a chain from the left side to the middle."""
    cuts = [-16, *np.sort(draw.choice(np.arange(-15, 12), int(draw.integers(1, 6)), replace=False)).tolist()]
    middle = int(draw.integers(-8, 8))
    holes = []
    for left, right in pairwise(cuts):
        up, down = draw.integers(1, 8, 2).tolist()
        top = (left + right) / 2
        holes.append([(left, middle), (top, middle + up), (right, middle), (top, middle - down)])
    return Polygon([(-16, -16), (16, -16), (16, 16), (-16, 16)], holes)


def _parts_that_touch(draw: Draw) -> MultiPolygon:
    """Diamonds in a row, corner to corner, and a box in the hole of another."""
    row = [
        Polygon([(x, 0), (x + 2, draw.integers(1, 9)), (x + 4, 0), (x + 2, -draw.integers(1, 9))]) for x in (-8, -4, 0)
    ]
    ring = Polygon(box(6, -12, 16, 12).exterior.coords, [[(8, -9), (14, -9), (14, 9), (8, 9)]])
    return MultiPolygon([*row, ring, box(9, -9, 11, 9) if draw.integers(2) else box(9, -8, 13, 8)])


def _levels(draw: Draw) -> Polygon:
    """Many vertices at one latitude, level edges, and vertices in the middle of edges."""
    x = np.arange(-16, 17)
    top = draw.integers(0, 3, len(x)) * 4 + 1
    lower = draw.integers(0, 3, len(x)) * -4
    shape = Polygon([*zip(x, lower, strict=True), *zip(x[::-1], top[::-1], strict=True)])
    return shapely.segmentize(shape, 1.0) if draw.integers(2) else shape


def _road(draw: Draw) -> Polygon:
    way = np.cumsum(draw.normal(0, 3, (int(draw.integers(3, 20)), 2)), axis=0)
    return LineString(np.clip(way, -14, 14)).buffer(draw.uniform(0.2, 2), quad_segs=int(draw.integers(1, 6)))


def _spiral(draw: Draw) -> Polygon:
    x = np.array([(0, 0), (14, 0), (14, 14), (-13, 14), (-13, -12), (10, -12), (10, 10), (-9, 10), (-9, -8), (6, -8)])
    line = LineString(x * draw.choice([-1, 1], 2))
    return line.buffer(draw.choice([0.5, 1.0]), cap_style="flat", join_style="mitre")


KINDS: tuple[Callable[[Draw], Shape], ...] = (
    _star,
    _spikes,
    _comb,
    _cells,
    _boxes,
    _triangles,
    _sliver,
    _holes_that_touch,
    _parts_that_touch,
    _levels,
    _road,
    _spiral,
)


def _laid(placement: Placement, draw: Draw, shape: Shape) -> Shape:
    angle = draw.uniform(0, 2 * np.pi) if placement.turned else 0.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    aside = _lattice(draw, 1, 5) if draw.integers(2) else np.zeros((1, 2))
    if placement.name == MERIDIAN:  # the part beyond it begins at -180
        moved = shapely.transform(shape, lambda xy: xy + aside)
        parts = [moved.intersection(box(-40, -40, 0, 40)), moved.intersection(box(0, -40, 40, 40))]
        kept = [one for one in shapely.get_parts(parts) if isinstance(one, Polygon) and one.area > 0]
        unit, west = placement.unit, -2 * placement.longitude
        return MultiPolygon(
            [
                shapely.transform(
                    one,
                    lambda xy, one=one: xy * unit + [180.0 + (west if one.bounds[2] > 0 else 0.0), placement.latitude],
                )
                for one in kept
            ]
        )
    where = [placement.longitude, placement.latitude]
    return shapely.transform(shape, lambda xy: ((xy + aside) @ turn.T) * placement.unit + where)


def nasty_shapes(kind: int, placement: Placement, count: int, draw: Draw) -> list[Shape]:
    """Up to so many valid shapes of one kind, one over the other."""
    made: list[Shape] = []
    for _ in range(20 * count):
        drawn = KINDS[kind](draw)
        if not shapely.is_valid(drawn):
            continue
        shape = _laid(placement, draw, drawn)
        fits = isinstance(shape, Polygon | MultiPolygon) and not shape.is_empty and shapely.is_valid(shape)
        if fits and np.all(np.abs(shapely.get_coordinates(shape)) <= [180.0, 90.0]):
            made.append(shape)
            if len(made) == count:
                break
    return made
