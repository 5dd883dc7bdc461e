"""Places and ways at which inexact geometry goes wrong, made from the shapes that are asked about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from tests.bench.geo_shapes import Draw, Floats, Shape

PLACES_EACH = 23  # about so many hard places come of one vertex that is drawn


def hard_places(of: Sequence[Shape] | np.ndarray, count: int, draw: Draw) -> Floats:
    """Where exactness is tried, f8[n, 2], PLACES_EACH for each of `count` vertices drawn.

    Vertices, places on edges and near them, middles of edges, places level with or above a vertex, lines of lattices of
    halves over the whole, over each shape and from zero; each also one double up or down in one coordinate; some twice.
    """
    xy = shapely.get_coordinates(of)
    number = draw.integers(len(xy), size=count)
    vertex, following = xy[number], xy[(number + 1) % len(xy)]
    along = draw.uniform(0, 1, (count, 1))
    low, high = xy.min(axis=0), xy.max(axis=0)
    anywhere = low + draw.uniform(-0.05, 1.05, (count, 2)) * (high - low)
    near = vertex + draw.normal(0, 0.5, (count, 2)) * (following - vertex)
    parts = [
        vertex,
        vertex + along * (following - vertex),
        vertex + (following - vertex) / 2,
        np.stack([vertex[:, 0], anywhere[:, 1]], axis=1),
        np.stack([anywhere[:, 0], vertex[:, 1]], axis=1),
        np.stack([vertex[:, 0], following[:, 1]], axis=1),
        near,
    ]
    bounds = shapely.bounds(np.asarray(of, object))
    for box_low, box_high in ((low, high), (bounds[:, :2], bounds[:, 2:])):
        which = draw.integers(len(np.atleast_2d(box_low)), size=count)
        start, end = np.atleast_2d(box_low)[which], np.atleast_2d(box_high)[which]
        cut = 2.0 ** draw.integers(1, 12, (count, 1))
        parts.append(start + np.floor(draw.uniform(0, 1, (count, 2)) * cut) / cut * (end - start))
    # Lines of lattices that begin at 0 and whose step is a power of 2, as a grid over the Earth may have them.
    with np.errstate(divide="ignore"):
        step = 2.0 ** np.floor(np.log2(np.maximum(high - low, 1e-290))) * 2.0 ** -draw.integers(0, 12, (count, 1))
    parts.append(np.round(anywhere / step) * step)
    parts.append(np.stack([np.round(anywhere[:, 0] / step[:, 0]) * step[:, 0], anywhere[:, 1]], axis=1))
    exact = np.concatenate(parts)
    moved = exact.copy()
    axis = draw.integers(2, size=len(moved))
    row = np.arange(len(moved))
    moved[row, axis] = np.nextafter(moved[row, axis], draw.choice([-np.inf, np.inf], len(moved)))
    every = np.concatenate([exact, moved, exact[draw.integers(len(exact), size=len(exact) // 10)]])
    return np.clip(draw.permutation(every), [-180.0, -90.0], [180.0, 90.0])


def hard_ways(of: Sequence[Shape] | np.ndarray, count: int, draw: Draw) -> Floats:
    """Ways from a to b, f8[n, 4] (a, then b), 16 for each of `count` vertices drawn.

    From vertex to vertex; along an edge, from before it to behind it, by quarters of its length; past a vertex that
    lies just in the middle, level, upright and at a slant; from hard place to hard place; resting; each also with one
    coordinate a double off.
    """
    xy = shapely.get_coordinates(of)
    number = draw.integers(len(xy), size=count)
    vertex, following = xy[number], xy[(number + 1) % len(xy)]
    edge = following - vertex
    quarters = draw.integers(-4, 9, (2, count, 1)) / 4.0
    aside = (xy[draw.integers(len(xy), size=count)] - vertex) * 2.0 ** draw.integers(-3, 1, (count, 1))
    level, upright = aside * [1.0, 0.0], aside * [0.0, 1.0]
    places = hard_places(of, max(1, count // 5), draw)
    some = places[draw.integers(len(places), size=(2, count))]
    exact = [
        np.hstack([vertex, xy[draw.integers(len(xy), size=count)]]),
        np.hstack([vertex + quarters[0] * edge, vertex + quarters[1] * edge]),
        *(np.hstack([vertex - by, vertex + by]) for by in (aside, level, upright)),
        np.hstack([some[0], some[1]]),
        np.hstack([vertex, some[0]]),
        np.hstack([some[1], some[1]]),
    ]
    ways = np.concatenate(exact)
    moved = ways.copy()
    row, column = np.arange(len(moved)), draw.integers(4, size=len(moved))
    moved[row, column] = np.nextafter(moved[row, column], draw.choice([-np.inf, np.inf], len(moved)))
    every = np.concatenate([ways, moved])
    # Over 180 degrees the engine takes the other way round the Earth, on a plane nobody does.
    fit = np.all(np.abs(every) <= [180.0, 90.0, 180.0, 90.0], axis=1) & (np.abs(every[:, 2] - every[:, 0]) <= 180.0)
    return draw.permutation(every[fit & (np.abs(every[:, [0, 2]]) < 180.0).all(axis=1)])
