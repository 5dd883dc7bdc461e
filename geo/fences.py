"""A geofence: what is let in, its normal form, its rings as columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from geo.fence_table import Rings

MAX_VERTICES = 100_000

Position = tuple[float, float]


class InvalidFence(ValueError):
    """A shape that cannot be a fence: what is wrong, where, and what to do about it.

    `mended`: what `shapely.make_valid` would make of it, for people to judge; nothing is ever mended in silence.
    """

    def __init__(self, what: str, where: str, remedy: str, mended: str = "") -> None:
        super().__init__(" ".join((f"{what} ({where}).", remedy, mended)).rstrip())
        self.what = what
        self.where = where
        self.remedy = remedy
        self.mended = mended


@dataclass(frozen=True, slots=True)
class Fence:
    """One version of a fence: a valid shape in degrees, brought to normal form. Its border belongs to it."""

    id: str
    version: int
    geometry: Polygon | MultiPolygon
    rings: Rings = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        geometry = _normal_form(self.geometry)
        object.__setattr__(self, "geometry", geometry)
        object.__setattr__(self, "rings", rings_of(geometry))


def parse_fence_geometry(geojson: Mapping[str, object]) -> Polygon | MultiPolygon:
    """Polygon or MultiPolygon in normal form from a GeoJSON geometry (RFC 7946); altitudes are left out.

    Raises InvalidFence for anything that is not a valid shape in degrees. Nothing is mended.
    """
    kind, coordinates = geojson.get("type"), geojson.get("coordinates")
    if kind == "Polygon":
        parts = [_polygon(coordinates, "", 0)]
    elif kind == "MultiPolygon":
        parts: list[Polygon] = []
        for p, part in enumerate(_sequence(coordinates, "coordinates")):
            parts.append(_polygon(part, f"polygon {p + 1}, ", sum(map(_vertices, parts))))
    else:
        raise InvalidFence(f"{kind!r} is not an area", "type", "Draw the fence as a Polygon or a MultiPolygon.")
    geometry = parts[0] if kind == "Polygon" else MultiPolygon(parts)
    if not shapely.is_valid(geometry):
        # GEOS says "Self-intersection[30.25 -2.5]".
        what, _, place = shapely.is_valid_reason(geometry).rstrip("]").partition("[")
        raise InvalidFence(
            what,
            f"at longitude, latitude {place.replace(' ', ', ')}",
            "Move the vertices there so that rings neither cross nor overlap, and holes lie inside their shell.",
            _what_mending_gives(geometry),
        )
    return _normal_form(geometry)


def _what_mending_gives(geometry: Polygon | MultiPolygon) -> str:
    """In words, what `make_valid` would make of an invalid shape; the area of crossed rings is that of their even-odd
    inside, which is what can be seen."""
    mended = shapely.make_valid(geometry)
    areas = [part for part in shapely.get_parts(shapely.get_parts(mended)) if isinstance(part, Polygon)]
    if not areas:
        return "make_valid would leave no area."
    kind = "a Polygon" if len(areas) == 1 else f"a MultiPolygon of {len(areas)} parts"
    before = sum(
        abs(Polygon(part.exterior).area) - sum(Polygon(hole).area for hole in part.interiors)
        for part in shapely.get_parts(geometry)
    )
    after = sum(part.area for part in areas)
    change = f", area {100.0 * (after / before - 1.0):+.3g} %" if before > 0.0 else ""
    return f"make_valid would give {kind}{change}."


def canonical_wkb(geometry: Polygon | MultiPolygon) -> bytes:
    """Bytes of the normal form: equal for shapes with equal vertices, however their rings are turned or ordered."""
    return shapely.to_wkb(_normal_form(geometry), byte_order=1, output_dimension=2)


def _normal_form(geometry: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    """Shells counter-clockwise, holes clockwise (RFC 7946); rings start at their least vertex; parts and holes sorted.

    A vertex repeated in place, a negative zero and a MultiPolygon of one part are other ways to write the same shape.
    """
    plain = shapely.transform(shapely.force_2d(geometry), lambda xy: xy + 0.0)
    plain = shapely.normalize(shapely.remove_repeated_points(plain, 0.0))
    if isinstance(plain, MultiPolygon) and len(plain.geoms) == 1:
        plain = plain.geoms[0]
    return shapely.orient_polygons(plain)


def rings_of(geometry: Polygon | MultiPolygon) -> Rings:
    """The rings of a shape as read-only columns, in its own order."""
    rings = shapely.get_rings(shapely.get_parts(geometry))
    xy = shapely.get_coordinates(rings)
    start = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(rings))]).astype(np.int64)
    columns = Rings(xy[:, 0].copy(), xy[:, 1].copy(), start)
    for column in columns:
        column.setflags(write=False)
    return columns


def _vertices(polygon: Polygon) -> int:
    return int(shapely.get_num_coordinates(polygon))


def _polygon(coordinates: object, where: str, before: int) -> Polygon:
    rings: list[list[Position]] = []
    for r, ring in enumerate(_sequence(coordinates, f"{where}coordinates")):
        rings.append(_ring(ring, f"{where}ring {r + 1}", before))
        before += len(rings[-1])
    return Polygon(rings[0], rings[1:])


def _ring(ring: object, where: str, before: int) -> list[Position]:
    positions = _sequence(ring, where)
    if before + len(positions) > MAX_VERTICES:
        raise InvalidFence(f"More than {MAX_VERTICES} vertices", where, "Simplify the line or cut the fence in two.")
    if len(positions) < 4:
        raise InvalidFence(f"{len(positions)} positions are no ring", where, "Give at least 4, the last the first.")
    out = list(_positions(positions, where))
    if out[0] != out[-1]:
        raise InvalidFence("The ring is not closed", where, "Repeat its first position as its last.")
    for i, (one, other) in enumerate(pairwise(out)):
        if abs(one[0] - other[0]) > 180.0:
            raise InvalidFence(
                f"The edge from longitude {one[0]} to {other[0]} goes more than half round the Earth",
                f"{where}, position {i + 1}",
                "Cut the fence at longitude 180 into a MultiPolygon with a part on either side.",
            )
    return out


def _positions(positions: Sequence[object], where: str) -> Iterator[Position]:
    for i, position in enumerate(positions):
        here = f"{where}, position {i + 1}"
        numbers = _sequence(position, here)
        if len(numbers) not in (2, 3) or not all(type(number) in (int, float) for number in numbers):
            raise InvalidFence(f"{position!r} is no position", here, "Give [longitude, latitude] in degrees.")
        longitude, latitude = cast("Sequence[float]", numbers)[:2]
        if not (math.isfinite(longitude) and math.isfinite(latitude)):
            raise InvalidFence(f"{longitude}, {latitude} is not finite", here, "Give numbers of degrees.")
        if not -180.0 <= longitude <= 180.0:
            raise InvalidFence(f"Longitude {longitude} is outside -180..180", here, "Give degrees, longitude first.")
        if not -90.0 <= latitude <= 90.0:
            raise InvalidFence(f"Latitude {latitude} is outside -90..90", here, "Give degrees, longitude first.")
        yield float(longitude), float(latitude)


def _sequence(value: object, where: str) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise InvalidFence(f"A list is wanted, not {type(value).__name__}", where, "Give GeoJSON coordinates.")
    if not value:
        raise InvalidFence("Nothing is there", where, "Draw at least one ring of 4 positions.")
    return cast("Sequence[object]", value)
