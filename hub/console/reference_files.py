"""Reference data in files: GeoJSON for fences, places and layers, CSV for all but layers.

Pure: bytes and the names that are known → rows. The command line and the console read the same way.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, cast
from uuid import UUID

import msgspec
import shapely
import shapely.errors
from shapely.geometry.base import BaseGeometry

from hub.console.reference_check import check
from hub.records.errors import InvalidReference, Malformed, Rejected
from hub.records.ids import new_id
from hub.records.reference import Deployment, Device, Individual, Place, Reference

# Natural keys: what makes a row of a file and a record of the store the same thing.
NaturalKey = tuple[str, ...]
MOST_ROWS = 50_000
_GEOJSON = ("fence", "place", "layer")
_CSV = ("device", "individual", "place", "deployment", "fence")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row or feature (counted from 1), read or refused. `id` is the known record's, where there is one."""

    number: int
    record: Reference | None = None
    given: frozenset[str] = frozenset()
    problem: str = ""


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What a file may refer to: records by natural key, device ids by key, carriers by kind and name."""

    known: Mapping[NaturalKey, Reference] = {}
    devices: Mapping[str, UUID] = {}
    carriers: Mapping[tuple[str, str], UUID] = {}


def names_of(records: Iterable[Reference], noun: str, kinds: Mapping[str, type[Reference]]) -> Names:
    """Index what the store holds."""
    every = list(records)
    carriers: dict[tuple[str, str], UUID] = {}
    for one in every:
        if isinstance(one, Individual | Place):
            carriers[(kinds_of(one), one.name)] = one.id
    return Names(
        known={natural_key(one): one for one in every if isinstance(one, kinds[noun])},
        devices={one.key: one.id for one in every if isinstance(one, Device)},
        carriers=carriers,
    )


def kinds_of(record: Individual | Place) -> str:
    """Carrier kind of a record."""
    return "individual" if isinstance(record, Individual) else "place"


def natural_key(record: Reference) -> NaturalKey:
    """What people call it: a key, a name, or for a deployment who wears what since when."""
    match record:
        case Device():
            return (record.key,)
        case Deployment():
            since = record.valid_from.isoformat() if record.valid_from else ""
            return (str(record.device), str(record.carrier), since)
        case _:
            return (record.name,)


def read(noun: str, kind: type[Reference], body: bytes, site: str, names: Names, whole: Mapping[str, str]) -> list[Row]:
    """Rows of a file; raises Malformed when it is no such file at all.

    `whole`: name, role and credit of a layer, which is all of a GeoJSON file.
    """
    if body.lstrip()[:1] == b"{":
        if noun not in _GEOJSON:
            raise Malformed(f"{noun}s come as CSV, not as GeoJSON")
        parts = _features(body, noun, whole)
    elif noun in _CSV:
        parts = map(_fence_of, _lines(body)) if noun == "fence" else _lines(body)
    else:
        raise Malformed(f"{noun}s come as GeoJSON (a FeatureCollection)")
    rows: list[Row] = []
    for number, fields in enumerate(parts, start=1):
        if number > MOST_ROWS:
            raise Malformed(f"more than {MOST_ROWS} rows: send the file in parts")
        rows.append(_row(number, fields, lambda given: _record(noun, kind, given, site, names)))
    return rows


def _row(number: int, fields: dict[str, Any], make: Callable[[dict[str, Any]], Reference]) -> Row:
    try:
        return Row(number=number, record=make(fields), given=frozenset(fields))
    except (Rejected, msgspec.ValidationError) as error:
        return Row(number=number, problem=str(error))


def _record(noun: str, kind: type[Reference], fields: dict[str, Any], site: str, names: Names) -> Reference:
    if noun == "deployment":
        fields = _resolved(fields, names)
    if noun == "fence" and isinstance(fields.get("geometry"), str):
        raise InvalidReference("geometry: neither WKT nor GeoJSON, as in LINESTRING (131.3 43, 131.5 43.2)")
    own = {field.name for field in msgspec.structs.fields(kind)}
    attributes = {name: value for name, value in fields.items() if name not in own}
    told = own - {"site", "version", "id", "merged_into"}
    body = {name: value for name, value in fields.items() if name in told}
    body |= {"id": fields.get("id") or new_id(), "site": site, "attributes": body.get("attributes") or attributes}
    record = msgspec.convert(body, kind, strict=False)
    if "id" not in fields and (known := names.known.get(natural_key(record))) is not None:
        record = msgspec.structs.replace(record, id=known.id)
    check(record)
    return record


def _resolved(fields: dict[str, Any], names: Names) -> dict[str, Any]:
    device, kind, carrier = (str(fields.get(name) or "") for name in ("device", "carrier_kind", "carrier"))
    device_id = names.devices.get(device) or _uuid(device)
    carrier_id = names.carriers.get((kind, carrier)) or _uuid(carrier)
    if device_id is None:
        raise InvalidReference(f"device: there is no device {device!r:.80} at this site")
    if carrier_id is None:
        raise InvalidReference(f"carrier: there is no {kind or 'carrier'} {carrier!r:.80} at this site")
    return fields | {"device": device_id, "carrier": carrier_id}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _lines(body: bytes) -> Iterator[dict[str, Any]]:
    try:
        text = body.decode("utf-8-sig")
        if "\x00" in text:
            raise Malformed("a NUL character: this is no text file")
        first = text.partition("\n")[0]
        delimiter = max(",;\t", key=first.count)
        for line in csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield {
                name.strip(): value.strip()
                for name, value in cast("dict[Any, Any]", line).items()
                if isinstance(name, str) and isinstance(value, str) and value.strip()
            }
    except (UnicodeDecodeError, csv.Error) as error:
        raise Malformed(f"not CSV in UTF-8: {error}") from None


def _fence_of(line: dict[str, Any]) -> dict[str, Any]:
    """A line of a table of fences: shape as WKT or GeoJSON, schedule as JSON, triggers and watches apart by spaces."""
    out: dict[str, Any] = dict(line)
    for name in ("triggers", "watches"):
        if name in out:
            out[name] = out[name].split()
    for name in ("geometry", "schedule"):
        if str(out.get(name, "")).startswith("{"):
            with suppress(msgspec.DecodeError):
                out[name] = msgspec.json.decode(out[name])
    if isinstance(out.get("geometry"), str):
        with suppress(shapely.errors.ShapelyError):
            out["geometry"] = json_of(shapely.from_wkt(out["geometry"]))
    return out


def json_of(shape: BaseGeometry) -> dict[str, Any]:
    """A shape as a GeoJSON geometry."""
    return msgspec.json.decode(shapely.to_geojson(shape))


def _features(body: bytes, noun: str, whole: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    try:
        document: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None
    if noun == "layer":
        named = {"name": str(document.get("name") or "")} if document.get("name") else {}
        yield {**named, **{k: v for k, v in whole.items() if v}, "geojson": document}
        return
    features = document.get("features") if document.get("type") == "FeatureCollection" else [document]
    if not isinstance(features, list):
        raise Malformed("no list in $.features")
    for feature in cast("list[Any]", features):
        yield _feature(feature, noun)


def _feature(feature: Any, noun: str) -> dict[str, Any]:
    if not isinstance(feature, dict):
        return {}
    one = cast("dict[str, Any]", feature)
    properties = one.get("properties")
    fields: dict[str, Any] = dict(cast("dict[str, Any]", properties)) if isinstance(properties, dict) else {}
    geometry = one.get("geometry")
    if noun == "fence":
        return fields | {"geometry": geometry}
    match geometry:
        case {"type": "Point", "coordinates": [longitude, latitude, *_]}:
            return fields | {"longitude": longitude, "latitude": latitude}
        case _:
            return fields
