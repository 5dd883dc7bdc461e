"""The ground of the drill: outlines made natural, in degrees for the map and in metres for whatever moves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from hub.drill import outlines
from hub.drill.streams import stream
from hub.records.ids import content_id
from hub.records.reference import Layer
from hub.records.site import Site

Floats = NDArray[np.float64]

SITE: Final = Site(
    id="drill",
    name="Drill reserve (simulated)",
    time_zone="Asia/Vladivostok",
    centre=outlines.CENTRE,
    drill=True,
    attributes={"credit": outlines.CREDIT},
)
UTC_OFFSET_S: Final = 10 * 3600
"""Vladivostok keeps UTC+10 all year since 2014."""

_PLANE = f"+proj=aeqd +lon_0={outlines.CENTRE[0]} +lat_0={outlines.CENTRE[1]} +datum=WGS84 +units=m"
_to_metres = Transformer.from_crs("EPSG:4326", _PLANE, always_xy=True)
_to_degrees = Transformer.from_crs(_PLANE, "EPSG:4326", always_xy=True)


def metres(points: Floats | Iterable[tuple[float, float]]) -> Floats:
    """(n, 2) longitude, latitude in degrees → (n, 2) east, north of the centre in metres."""
    lonlat = np.asarray(points if isinstance(points, np.ndarray) else list(points), dtype=np.float64).reshape(-1, 2)
    return np.column_stack(_to_metres.transform(lonlat[:, 0], lonlat[:, 1]))


def degrees(xy: Floats) -> Floats:
    """Inverse of `metres`, rounded to 6 decimals (0.1 m)."""
    flat = xy.reshape(-1, 2)
    lonlat: Floats = np.column_stack(_to_degrees.transform(flat[:, 0], flat[:, 1]))
    return lonlat.round(6).reshape(xy.shape)


def roughen(xy: Floats, rng: np.random.Generator, roughness: float = 0.09, halvings: int = 3) -> Floats:
    """Midpoint displacement: (n, 2) metres → (2^halvings (n - 1) + 1, 2), the given vertices kept."""
    for _ in range(halvings):
        step = np.diff(xy, axis=0)
        normal = np.column_stack((-step[:, 1], step[:, 0]))
        middle = xy[:-1] + step / 2 + normal * rng.uniform(-roughness, roughness, (len(step), 1))
        woven = np.empty((2 * len(xy) - 1, 2))
        woven[0::2], woven[1::2] = xy, middle
        xy = woven
    return xy


class Way:
    """A road or track that is travelled by distance along it. `xy`: (n, 2) metres; `public`: villagers use it."""

    def __init__(self, name: str, xy: Floats, public: bool) -> None:
        self.name, self.xy, self.public = name, xy, public
        self._along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))))
        self.length_m = float(self._along[-1])

    def at(self, distance_m: Floats) -> Floats:
        """(n,) metres from the start → (n, 2) metres; beyond the ends, the end."""
        return np.column_stack([np.interp(distance_m, self._along, self.xy[:, axis]) for axis in (0, 1)])


class Ground:
    """All shapes in metres. `land` is the Russian side; `park` lies on it; `strip` follows the border, 2 km wide."""

    def __init__(self) -> None:
        coast = _natural("coast", outlines.COAST)
        self.border = _natural("border", outlines.BORDER)
        self.land = Polygon(np.concatenate((coast, metres(outlines.NORTH), self.border[::-1])))
        self.sea = Polygon(np.concatenate((coast, metres(outlines.OFFSHORE))))
        self.park = _largest(Polygon(_natural("park", outlines.PARK + outlines.PARK[:1])) & self.land)
        self.cores = MultiPolygon(
            [_largest(Polygon(_natural(f"core {name}", points)) & self.park) for name, points in outlines.CORES.items()]
        )
        self.strip = _largest(LineString(self.border).buffer(2_000, quad_segs=2).simplify(30) & self.land)
        roads = [Way(name, _natural(name, points), public=True) for name, points in outlines.ROADS.items()]
        tracks = [Way(name, _natural(name, points), public=False) for name, points in outlines.TRACKS.items()]
        self.ways = (*roads, *tracks)
        self.tracks = tuple(tracks)
        self.rivers = {name: _natural(name, points) for name, points in outlines.RIVERS.items()}
        self.settlements = dict(zip(outlines.SETTLEMENTS, metres(outlines.SETTLEMENTS.values()), strict=True))
        self.repeaters = metres(outlines.REPEATERS)
        for area in (self.land, self.park, self.cores):
            shapely.prepare(area)

    def scatter(self, rng: np.random.Generator, area: BaseGeometry, count: int, apart: int = 1) -> Floats:
        """(count, 2) random points in `area`; each the loneliest of `apart` candidates, so that they spread out."""
        west, south, east, north = area.bounds
        kept = np.empty((0, 2))
        while len(kept) < count * apart:
            tried = rng.uniform((west, south), (east, north), (4 * count * apart, 2))
            kept = np.concatenate((kept, tried[shapely.contains_xy(area, tried[:, 0], tried[:, 1])]))
        candidates = kept[: count * apart].reshape(count, apart, 2)
        chosen = np.empty((count, 2))
        for index, options in enumerate(candidates):
            gaps = np.linalg.norm(options[:, None] - chosen[None, :index], axis=2)
            chosen[index] = options[int(np.argmax(gaps.min(axis=1)))] if index else options[0]
        return chosen


@cache
def ground() -> Ground:
    """The one ground there is; the same for every seed."""
    return Ground()


def geometry(shape: shapely.Geometry) -> dict[str, Any]:
    """GeoJSON geometry in degrees of a shape in metres, wound as RFC 7946 asks."""
    return json.loads(shapely.to_geojson(shapely.orient_polygons(shapely.transform(shape, degrees))))


def layers() -> list[Layer]:
    """What the map shows under everything else."""
    earth = ground()
    lines = {way.name: LineString(way.xy) for way in earth.ways}
    public = [way.name for way in earth.ways if way.public]
    return [
        _layer("Sea", "water", {"Amur Bay and Posyet Bay": earth.sea}),
        _layer("Rivers", "water", {name: LineString(xy) for name, xy in earth.rivers.items()}),
        _layer("Forest", "forest", {"Forest": _largest(earth.land.buffer(-3_000) & earth.park.buffer(6_000))}),
        _layer("Park", "boundary", {"Park boundary": earth.park}),
        _layer("Core zones", "boundary", {"Core zones": earth.cores}),
        _layer("State border", "border", {"State border": LineString(earth.border)}),
        _layer("Roads", "road", {name: lines[name] for name in public}),
        _layer("Tracks", "road", {way.name: lines[way.name] for way in earth.tracks}),
        _layer("Settlements", "settlement", {name: shapely.Point(*xy) for name, xy in earth.settlements.items()}),
    ]


def _layer(name: str, role: Any, shapes: dict[str, Any]) -> Layer:
    features = [
        {"type": "Feature", "properties": {"name": label}, "geometry": geometry(shape)}
        for label, shape in shapes.items()
    ]
    return Layer(
        id=content_id(SITE.id, "layer", name),
        site=SITE.id,
        name=name,
        role=role,
        geojson={"type": "FeatureCollection", "features": features},
        credit=outlines.CREDIT,
    )


def _natural(name: str, points: Sequence[tuple[float, float]]) -> Floats:
    return roughen(metres(points), stream(0, "outline", name))


def _largest(shape: shapely.Geometry) -> Polygon:
    return max((part for part in shapely.get_parts(shape) if isinstance(part, Polygon)), key=lambda part: part.area)
