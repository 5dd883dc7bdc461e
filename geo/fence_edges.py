"""Shapes that may be watched, areas and lines, and what their edges are: straight in degrees, or geodesics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal, TypeVar, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely import LineString, MultiLineString, MultiPolygon, Polygon

from geo.fences import MAX_VERTICES, InvalidFence, parse_fence_geometry

Floats = NDArray[np.float64]
Area = Polygon | MultiPolygon
Line = LineString | MultiLineString
Edges = Literal["straight", "geodesic"]
Shape = TypeVar("Shape", Area, Line)

# How far a straight edge in degrees may lie from the geodesic that it stands for.
DEVIATION_M = 1.0

_WGS84 = Geod(ellps="WGS84")
_PROBES = 8


def parse_watched_geometry(geojson: Mapping[str, object], edges: Edges = "straight") -> Area | Line:
    """Polygon, MultiPolygon, LineString or MultiLineString from a GeoJSON geometry, its edges as they are to be used.

    Raises InvalidFence for anything that is no valid shape in degrees. Nothing is mended.
    """
    kind = geojson.get("type")
    if kind in ("LineString", "MultiLineString"):
        return geodesic_edges(_lines(geojson)) if edges == "geodesic" else _lines(geojson)
    area = parse_fence_geometry(geojson)
    if edges == "straight":
        return area
    dense = geodesic_edges(area)
    if not shapely.is_valid(dense):
        what, _, place = shapely.is_valid_reason(dense).rstrip("]").partition("[")
        raise InvalidFence(
            f"{what}, with edges along geodesics",
            f"at longitude, latitude {place.replace(' ', ', ')}",
            "Add vertices where two edges nearly touch, or ask for straight edges.",
        )
    return dense


def geodesic_edges(geometry: Shape, deviation_m: float = DEVIATION_M) -> Shape:
    """The shape with vertices put on every edge, so that straight pieces in degrees keep to the geodesic.

    Between two of its vertices no piece lies further than `deviation_m` from the geodesic, as measured at the same
    fraction of both (which bounds the distance across). Raises InvalidFence when that takes too many vertices.
    """
    pieces = 0

    def along(xy: Floats) -> Floats:
        nonlocal pieces
        out = [xy[:1]]
        for a, b in pairwise(xy):
            inner = _inner(a, b, deviation_m)
            pieces += len(inner) + 1
            if pieces > MAX_VERTICES:
                raise InvalidFence(
                    f"More than {MAX_VERTICES} vertices along geodesics",
                    f"at longitude, latitude {a[0]}, {a[1]}",
                    "Use shorter edges, or straight ones.",
                )
            out += [inner, b[None, :]]
        return np.concatenate(out)

    def ring(one: shapely.LinearRing | LineString) -> Floats:
        return along(shapely.get_coordinates(one))

    parts = shapely.get_parts(geometry)
    if isinstance(geometry, Polygon | MultiPolygon):
        dense = [Polygon(ring(part.exterior), [ring(hole) for hole in part.interiors]) for part in parts]
        return cast("Shape", dense[0] if isinstance(geometry, Polygon) else MultiPolygon(dense))
    lines = [LineString(ring(part)) for part in parts]
    return cast("Shape", lines[0] if isinstance(geometry, LineString) else MultiLineString(lines))


def _inner(a: Floats, b: Floats, deviation_m: float) -> Floats:
    """Vertices between a and b, f8[n, 2]."""
    pieces = 1
    while True:
        x, y, off_m = _on_geodesic(a, b, pieces)
        if off_m <= deviation_m or pieces > MAX_VERTICES:
            return np.stack([x, y], axis=1)
        # The deviation of a chord falls with the square of its length.
        pieces = max(pieces + 1, int(np.ceil(pieces * np.sqrt(off_m / deviation_m) * 1.02)))


def _on_geodesic(a: Floats, b: Floats, pieces: int) -> tuple[Floats, Floats, float]:
    azimuth, _, length = _WGS84.inv(a[0], a[1], b[0], b[1])
    probes = pieces * _PROBES
    step = np.arange(1, probes) / probes
    n = len(step)
    x, y, _ = _WGS84.fwd(np.full(n, a[0]), np.full(n, a[1]), np.full(n, azimuth), np.asarray(step * length, np.float64))
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    # A geodesic may run over the antimeridian where the edge in degrees does not: keep to the side of the edge.
    x = a[0] + np.mod(x - a[0] + 180.0, 360.0) - 180.0
    x = np.clip(x, -180.0, 180.0)
    at = np.arange(1, pieces) * _PROBES - 1
    knots_x, knots_y = np.concatenate([[a[0]], x[at], [b[0]]]), np.concatenate([[a[1]], y[at], [b[1]]])
    straight_x, straight_y = (np.interp(step * pieces, np.arange(pieces + 1), knots) for knots in (knots_x, knots_y))
    _, _, off = _WGS84.inv(x, y, straight_x, straight_y)
    return x[at], y[at], float(np.max(off)) if n else 0.0


def _lines(geojson: Mapping[str, object]) -> Line:
    coordinates = geojson.get("coordinates")
    if geojson.get("type") == "LineString":
        return LineString(_line(coordinates, "coordinates", 0))
    if not isinstance(coordinates, list | tuple) or not coordinates:
        raise InvalidFence("Nothing is there", "coordinates", "Draw at least one line of 2 positions.")
    lines: list[Sequence[tuple[float, float]]] = []
    for p, part in enumerate(cast("Sequence[object]", coordinates)):
        lines.append(_line(part, f"line {p + 1}", sum(map(len, lines))))
    return MultiLineString(lines)


def _line(coordinates: object, where: str, before: int) -> Sequence[tuple[float, float]]:
    if not isinstance(coordinates, list | tuple):
        raise InvalidFence(f"A list is wanted, not {type(coordinates).__name__}", where, "Give GeoJSON coordinates.")
    positions = cast("Sequence[object]", coordinates)
    if before + len(positions) > MAX_VERTICES:
        raise InvalidFence(f"More than {MAX_VERTICES} vertices", where, "Simplify the line or cut the fence in two.")
    out: list[tuple[float, float]] = []
    for i, position in enumerate(positions):
        here = f"{where}, position {i + 1}"
        match position:
            case [int() | float() as x, int() | float() as y, *_] if bool not in (type(x), type(y)):
                if not (-180.0 <= x <= 180.0 and -90.0 <= y <= 90.0):
                    raise InvalidFence(f"{x}, {y} is no place on Earth", here, "Give degrees, longitude first.")
                if out and abs(out[-1][0] - x) > 180.0:
                    raise InvalidFence(
                        f"The edge from longitude {out[-1][0]} to {x} goes more than half round the Earth",
                        here,
                        "Cut the line at longitude 180 into a MultiLineString with a part on either side.",
                    )
                if not out or out[-1] != (x, y):
                    out.append((float(x) + 0.0, float(y) + 0.0))
            case _:
                raise InvalidFence(f"{position!r:.60} is no position", here, "Give [longitude, latitude] in degrees.")
    if len(out) < 2:
        raise InvalidFence("This is no line", where, "Give at least 2 different positions.")
    return out
