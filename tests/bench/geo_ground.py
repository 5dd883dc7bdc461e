"""The reserve that the geo benchmarks stand on: fences, stream points and tracks, all made from seeds.

600 x 600 km around 131 E 44 N. Shapes are drawn in metres east and north of the south-west corner and laid out in
degrees on a plane: the engine and its peers are asked about planes, and no projection is measured here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Polygon

from geo.fences import Fence

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Shapes = NDArray[np.object_]

FENCES = 5_000
SIDE_M = 600_000.0
LONGITUDE_DEG, LATITUDE_DEG = 131.0, 44.0
M_PER_LATITUDE = 111_132.0
M_PER_LONGITUDE = 111_320.0 * math.cos(math.radians(LATITUDE_DEG))
ANIMALS_IN_STREAM = 2_000
SHARE_OF_ANIMALS = 0.7
HOUR_SD_M = 420.0  # of an animal's hourly change of speed
# Shares of all fences; what is left are fields of view of camera traps.
PARKS, VILLAGES, ROADS, BORDERS = 0.04, 0.46, 0.2, 0.04


def _degrees(metres: Floats, side_m: float) -> Floats:
    scale = [M_PER_LONGITUDE, M_PER_LATITUDE]
    return (metres - side_m / 2) / scale + [LONGITUDE_DEG, LATITUDE_DEG]


def _blob(draw: np.random.Generator, centre: Floats, radius_m: float, vertices: int, roughness: float) -> Polygon:
    """A shape seen whole from its centre, with bays and capes of all sizes."""
    turn = (np.arange(vertices) + draw.uniform(0.05, 0.95, vertices)) * (2 * np.pi / vertices)
    wave = np.arange(1, 25)
    swing = roughness * draw.normal(0, 1, 24) / wave**1.1
    reach = 1 + np.sum(swing[:, None] * np.cos(wave[:, None] * turn + draw.uniform(0, 2 * np.pi, (24, 1))), axis=0)
    reach = radius_m * np.maximum(reach, 0.2)
    return Polygon(np.stack([centre[0] + reach * np.cos(turn), centre[1] + reach * np.sin(turn)], axis=1))


def _way(draw: np.random.Generator, start: Floats, steps: int, step_m: float, wander: float) -> LineString:
    heading = np.cumsum(draw.normal(0, wander, steps)) + draw.uniform(0, 2 * np.pi)
    return LineString(start + np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1) * step_m, axis=0))


def _park(draw: np.random.Generator, centre: Floats, radius_m: float, number: int) -> Polygon | MultiPolygon:
    """Every second park has enclaves, every fifth consists of two parts or more."""
    shape: Polygon | MultiPolygon = _blob(draw, centre, radius_m, int(draw.integers(200, 2000)), 0.25)
    if number % 2:
        for _ in range(draw.integers(1, 6)):
            place = centre + draw.normal(0, 0.35 * radius_m, 2)
            shape = shape.difference(_blob(draw, place, 0.08 * radius_m, 40, 0.2))
    if number % 5 == 0:
        shape = shape.union(_blob(draw, centre + draw.normal(0, 1.6 * radius_m, 2), 0.3 * radius_m, 150, 0.2))
    return shape


def _view(draw: np.random.Generator, place: Floats) -> Polygon:
    """What a camera trap sees: a sector of 15 to 60 m."""
    turn = draw.uniform(0, 2 * np.pi) + np.linspace(-0.45, 0.45, draw.integers(8, 40))
    return Polygon(np.vstack([place, place + draw.uniform(15, 60) * np.stack([np.cos(turn), np.sin(turn)], axis=1)]))


def shapes(count: int = FENCES, side_m: float = SIDE_M, seed: int = 1) -> Shapes:
    """Valid shapes in degrees, parks first; everything but border strips lies near a park."""
    draw = np.random.default_rng(seed)
    parks = max(1, round(count * PARKS))
    centre = draw.uniform(0, side_m, (parks, 2))
    radius_m = np.exp(draw.normal(math.log(12_000), 0.7, parks))
    made: list[Polygon | MultiPolygon] = [_park(draw, centre[p], radius_m[p], p) for p in range(parks)]
    for _ in range(round(count * VILLAGES)):
        p = draw.integers(parks)
        place = centre[p] + draw.normal(0, 2.2 * radius_m[p], 2)
        made.append(_blob(draw, place, math.exp(draw.normal(math.log(600), 0.6)), int(draw.integers(10, 120)), 0.15))
    for _ in range(round(count * ROADS)):
        p = draw.integers(parks)
        place = centre[p] + draw.normal(0, 1.5 * radius_m[p], 2)
        way = _way(draw, place, int(draw.integers(8, 120)), draw.uniform(100, 600), 0.25)
        made.append(way.buffer(draw.choice([50, 100, 250, 500]), quad_segs=4))
    for _ in range(round(count * BORDERS)):
        way = _way(draw, draw.uniform(0, side_m, 2), int(draw.integers(100, 700)), 200, 0.08)
        made.append(way.buffer(draw.choice([500, 2000, 5000]), quad_segs=6))
    while len(made) < count:
        p = draw.integers(parks)
        made.append(_view(draw, centre[p] + draw.normal(0, 0.5 * radius_m[p], 2)))
    laid = shapely.transform(np.array(made, object), lambda xy: _degrees(xy, side_m))
    return np.array([_mended(shape) for shape in laid], object)


def _mended(shape: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    if shapely.is_valid(shape):
        return shape
    parts = shapely.get_parts(shapely.make_valid(shape))
    return MultiPolygon([part for part in shapely.get_parts(parts) if isinstance(part, Polygon)])


def fences(made: Sequence[Polygon | MultiPolygon] | Shapes, prefix: str = "") -> list[Fence]:
    """Fences whose order by id is that of the shapes, so that fence_ix is the number of the shape."""
    return [Fence(f"{prefix}{number:06}", 1, shape) for number, shape in enumerate(made)]


def tracks(made: Shapes, animals: int, fixes: int, seed: int = 2, side_m: float = SIDE_M) -> tuple[Floats, Floats]:
    """Hourly places of animals that wander about their parks: (longitude, latitude), each f8[animals, fixes]."""
    draw = np.random.default_rng(seed)
    parks = made[: max(1, round(len(made) * PARKS))]
    scale = np.array([M_PER_LONGITUDE, M_PER_LATITUDE])
    middle = shapely.get_coordinates(shapely.centroid(parks))
    reach_m = np.sqrt(shapely.area(parks) * scale.prod() / np.pi)
    lives = draw.integers(len(parks), size=animals)
    home = (middle[lives] - [LONGITUDE_DEG, LATITUDE_DEG]) * scale + side_m / 2
    home = home + draw.normal(0, 0.7, (animals, 2)) * reach_m[lives, None]
    sd_m = HOUR_SD_M * np.exp(draw.normal(0, 0.5, (animals, 1)))
    place, velocity = home.copy(), np.zeros((animals, 2))
    longitude, latitude = np.empty((2, animals, fixes))
    for hour in range(fixes):
        velocity = 0.6 * velocity + draw.normal(0, 1, (animals, 2)) * sd_m + (home - place) * 0.002
        place = place + velocity
        longitude[:, hour], latitude[:, hour] = _degrees(place, side_m).T
    return longitude, latitude


def stream(made: Shapes, count: int, seed: int = 3, side_m: float = SIDE_M) -> tuple[Floats, Floats]:
    """Places in the order of time, each f8[count]: animals in turns, hour by hour, and among them places anywhere."""
    draw = np.random.default_rng(seed)
    animals = min(ANIMALS_IN_STREAM, max(1, count // 50))
    of_animals = int(count * SHARE_OF_ANIMALS)
    walked = tracks(made, animals, -(-of_animals // animals), seed + 1, side_m)
    anywhere = _degrees(draw.uniform(0, side_m, (count - of_animals, 2)), side_m).T
    is_animal = np.zeros(count, bool)
    is_animal[draw.permutation(count)[:of_animals]] = True
    columns: list[Floats] = []
    for of_walks, of_others in zip(walked, anywhere, strict=True):
        column = np.empty(count)
        column[is_animal] = of_walks.T.ravel()[:of_animals]
        column[~is_animal] = of_others
        columns.append(column)
    return columns[0], columns[1]


class Reserve:
    """A folder that hands the same shapes and columns to every process of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save_shapes(self, made: Shapes) -> dict[str, int]:
        """Keep the shapes in the engine's normal form; tells how many there are and of how many vertices."""
        normal = [fence.geometry for fence in fences(made)]
        np.save(self.folder / "shapes.npy", np.array(shapely.to_wkb(normal), object), allow_pickle=True)
        return {"fences": len(normal), "vertices": int(shapely.get_num_coordinates(normal).sum())}

    def save(self, **columns: NDArray[np.generic]) -> None:
        for name, column in columns.items():
            np.save(self.folder / f"{name}.npy", column)

    def wkb(self) -> list[bytes]:
        return list(np.load(self.folder / "shapes.npy", allow_pickle=True))

    def shapes(self) -> Shapes:
        return shapely.from_wkb(np.array(self.wkb(), object))

    def fences(self) -> list[Fence]:
        return fences(self.shapes())

    def column(self, name: str, first: int | None = None) -> NDArray[np.generic]:
        """A column, or its first so many values, as a copy of its own: nobody is handed more than he asked for."""
        return np.array(np.load(self.folder / f"{name}.npy", mmap_mode="r")[:first])


def place_columns(reserve: Reserve, first: int | None = None) -> tuple[Floats, Floats]:
    longitude, latitude = (reserve.column(name, first).astype(np.float64) for name in ("longitude", "latitude"))
    return longitude, latitude
