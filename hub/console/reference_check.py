"""Is a reference record sound? What msgspec cannot see: shapes, and texts that no database holds."""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Iterator
from typing import Any, cast

from geo.fence_edges import parse_watched_geometry
from geo.fences import InvalidFence
from hub.records.errors import InvalidReference
from hub.records.reference import Deployment, Fence, Layer, Place, Reference
from hub.records.schedule import Schedule

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
        parse_watched_geometry(fence.geometry, fence.edges)
    except InvalidFence as error:
        found = {"field": "geometry", "detail": str(error)}
        parts = {"what": error.what, "where": error.where, "remedy": error.remedy}
        if error.mended:
            parts["mended"] = error.mended
        raise InvalidReference(f"geometry: {error}", errors=[found | parts]) from None
    errors = [*_asked_for(fence), *([] if fence.schedule is None else _schedule(fence.schedule))]
    if errors:
        what = "; ".join(f"{one['field']}: {one['detail']}" for one in errors)
        raise InvalidReference(what, errors=errors)


# What a trigger needs to be told at all.
_NEEDS = {"dwell": "dwell_s", "overdue": "overdue_s", "proximity": "near_m", "approach": "approach_s"}


def _asked_for(fence: Fence) -> Iterator[dict[str, str]]:
    is_line = fence.geometry.get("type") in ("LineString", "MultiLineString")
    for trigger, field in _NEEDS.items():
        if trigger in fence.triggers and getattr(fence, field) is None:
            yield {"field": field, "detail": f"the trigger {trigger} needs it: give {field}, or leave the trigger out"}
    for field in ("dwell_s", "overdue_s"):
        if is_line and getattr(fence, field) is not None:
            yield {"field": field, "detail": "nobody stays in a line: leave it out, or draw an area"}
    if is_line and fence.band_m is not None:
        yield {"field": "band_m", "detail": "a line has no inside to be sure of: leave it out, or draw an area"}


def _schedule(schedule: Schedule) -> Iterator[dict[str, str]]:
    for i, window in enumerate(schedule.windows):
        where = f"schedule.windows[{i}]"
        if not window.days or len(set(window.days)) != len(window.days):
            yield {"field": f"{where}.days", "detail": "name at least one day, each once: mon, tue, wed ..."}
        if window.start == "24:00":
            yield {
                "field": f"{where}.start",
                "detail": "a window begins by 23:59; 24:00 is 00:00 of the next day",
            }
    for i, season in enumerate(schedule.seasons):
        for name, day in (("start", season.start), ("end", season.end)):
            # A leap year has all days that there are.
            if int(day[3:]) > monthrange(2024, int(day[:2]))[1]:
                yield {"field": f"schedule.seasons[{i}].{name}", "detail": f"{day} is no day of any year"}
    sun = schedule.sun
    if sun is not None and sun.since.at == sun.until.at and sun.since.minutes >= sun.until.minutes:
        detail = f"around one {sun.since.at}, it must end after it begins: give more minutes than in `from`"
        yield {"field": "schedule.sun.to", "detail": detail}


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
