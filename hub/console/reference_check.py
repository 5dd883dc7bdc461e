"""Is a reference record sound? What msgspec cannot see: shapes, and texts that no database holds."""

from __future__ import annotations

import math
from typing import Any, cast

from geo.fences import InvalidFence, parse_fence_geometry
from hub.records.errors import InvalidReference
from hub.records.reference import Deployment, Fence, Layer, Place, Reference

_GEOMETRIES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
_DEEPEST = 32


def check(record: Reference) -> None:
    """Raise InvalidReference with `errors`: what is wrong, where, and what to do."""
    match record:
        case Fence():
            _fence(record)
        case Layer():
            _geojson(record.geojson, "geojson", 0)
        case Deployment() if record.valid_from and record.valid_to and record.valid_from >= record.valid_to:
            raise _wrong("valid_to", "valid_to must be after valid_from")
        case Place() if not (math.isfinite(record.uncertainty_m) and record.uncertainty_m >= 0):
            raise _wrong("uncertainty_m", "uncertainty_m is a number of metres, 0 or more")
        case Place() if not (math.isfinite(record.longitude) and math.isfinite(record.latitude)):
            raise _wrong("longitude", "longitude and latitude are numbers of degrees")
        case _:
            pass


def _fence(fence: Fence) -> None:
    try:
        parse_fence_geometry(fence.geometry)
    except InvalidFence as error:
        found = {"field": "geometry", "detail": str(error)}
        parts = {"what": error.what, "where": error.where, "remedy": error.remedy}
        raise InvalidReference(f"geometry: {error}", errors=[found | parts]) from None


def _geojson(value: Any, where: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise _wrong(where, "nested too deeply")
    match value:
        case {"type": "FeatureCollection", "features": list(features)}:
            for i, feature in enumerate(cast("list[Any]", features)):
                _geojson(feature, f"{where}.features[{i}]", depth + 1)
        case {"type": "Feature", "geometry": geometry}:
            if geometry is not None:
                _geojson(geometry, f"{where}.geometry", depth + 1)
        case {"type": "GeometryCollection", "geometries": list(geometries)}:
            for i, geometry in enumerate(cast("list[Any]", geometries)):
                _geojson(geometry, f"{where}.geometries[{i}]", depth + 1)
        case {"type": str(kind), "coordinates": list(coordinates)} if kind in _GEOMETRIES:
            _coordinates(cast("list[Any]", coordinates), f"{where}.coordinates", depth + 1)
        case _:
            raise _wrong(
                where, "this is no GeoJSON object (RFC 7946): a type with its features, geometry or coordinates"
            )


def _coordinates(value: list[Any], where: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise _wrong(where, "nested too deeply")
    if value and all(type(one) in (int, float) for one in value):
        if not (len(value) in (2, 3) and abs(value[0]) <= 180 and abs(value[1]) <= 90):
            raise _wrong(where, f"{value!r:.60} is no position: [longitude, latitude] in degrees")
        return
    for i, one in enumerate(value):
        if not isinstance(one, list):
            raise _wrong(where, "a list of positions is wanted")
        _coordinates(cast("list[Any]", one), f"{where}[{i}]", depth + 1)


def _wrong(field: str, detail: str) -> InvalidReference:
    return InvalidReference(f"{field}: {detail}", errors=[{"field": field, "detail": detail}])
