"""The protocol of OsmAnd and Traccar Client: a query string (GET, or a form as body), or the JSON of newer clients.

Keys and units follow Traccar's OsmAndProtocolDecoder: `speed` of the query is in knots unless the sender adds
``speed_unit=mps`` or ``kmh`` (OsmAnd itself reports m/s: put it into its address template); `speed` of the JSON form
is in m/s. Times are seconds, milliseconds or ISO 8601, in UTC. -1 means unknown and stays among the attributes.
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast
from urllib.parse import parse_qs

from hub.ingest.dialects import vet
from hub.ingest.dialects.reading import Dialect, Source, observe
from hub.records.errors import Malformed
from hub.records.observation import Fix
from hub.records.receipt import Bad, Decoded

MPS_OF = {"kn": 1852 / 3600, "kmh": 1 / 3.6, "mps": 1.0}
MOST_FIELDS = 200
# What makes a message without a place worth keeping.
WITHOUT_PLACE = ("timestamp", "cell", "wifi", "alarm")
REPEATED = ("cell", "wifi")


def read_message(body: bytes, source: Source) -> list[Decoded | Bad]:
    """One Fix. Without a place (cells and Wi-Fi only) it is a Fix flagged ``failed_fix``."""
    read = _json if body.lstrip()[:1] in (b"{", b"[") else _query
    return vet.attempt(body, partial(read, body, source))


def _query(body: bytes, source: Source) -> list[Fix]:
    fields = _parameters(body)
    device = source.device or fields.get("id") or fields.get("deviceid")
    if not device:
        raise Malformed("no device: id or deviceid is missing")
    fields.pop("id", None)
    fields.pop("deviceid", None)
    unit = fields.pop("speed_unit", "kn")
    if unit not in MPS_OF:
        raise Malformed(f"{unit!r} is not a unit in speed_unit: use {', '.join(MPS_OF)}"[:200])
    pair = fields.pop("location", None)
    if pair is not None:
        fields["lat"], comma, fields["lon"] = str(pair).partition(",")
        if not comma:
            raise Malformed("location is not lat,lon")
    speed = vet.take(fields, "speed", low=0)
    return [
        _fix(
            fields,
            source,
            device,
            names=("lon", "lat"),
            uncertainty_m=vet.take(fields, "accuracy", "hacc", low=0),
            speed_mps=None if speed is None else speed * MPS_OF[unit],
            heading_deg=vet.take(fields, "bearing", "heading", low=0, high=360),
            battery_percent=vet.take(fields, "batt", low=0, high=100),
            mock=fields.get("mock") in ("true", "1"),
            valid=fields.get("valid", "true").lower() in ("true", "1"),
        )
    ]


def _parameters(body: bytes) -> dict[str, Any]:
    """The query as one text per key; cell and wifi may repeat and hold a list."""
    try:
        text = body.decode()
        query = text.partition("?")[2] if "?" in text.partition("=")[0] else text
        given = parse_qs(query.strip(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Malformed(f"not a query string: {error}") from None
    vet.sound(given)
    for name, values in given.items():
        if len(values) > 1 and name not in REPEATED:
            raise Malformed(f"{name[:60]} is given {len(values)} times")
    return {name: values if name in REPEATED else values[0] for name, values in given.items()}


def _json(body: bytes, source: Source) -> list[Fix]:
    message = vet.fields(body)
    given = message.get("device_id")
    device = source.device or (str(given) if isinstance(given, int) else given)
    if not device:
        raise Malformed("no device: $.device_id is missing")
    location = _object(message, "location", "$")
    coords = _object(location, "coords", "$.location")
    battery = _object(location, "battery", "$.location") if location.get("battery") is not None else {}
    level = vet.take(battery, "level", low=0, high=1)
    known: dict[str, Any] = {
        "source_id": location.pop("uuid", None),
        "uncertainty_m": vet.take(coords, "accuracy", low=0),
        "speed_mps": vet.take(coords, "speed", low=0),
        "heading_deg": vet.take(coords, "heading", low=0, high=360),
        "battery_percent": None if level is None else level * 100,
        "mock": location.get("mock") is True,
    }
    # "_" is the client's own copy of the same values as a query.
    rest = {name: value for name, value in location.items() if name not in ("coords", "_")}
    return [_fix(rest | coords, source, device, names=("longitude", "latitude"), **known)]


def _object(fields: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    value = fields.get(name)
    if not isinstance(value, dict):
        raise Malformed(f"no object in {where}.{name}")
    return cast("dict[str, Any]", value)


def _fix(
    fields: dict[str, Any],
    source: Source,
    device: object,
    names: tuple[str, str],
    mock: bool,
    valid: bool = True,
    **known: object,
) -> Fix:
    """`fields` become the attributes, after time, place and altitude are taken from them."""
    longitude, latitude = (vet.take(fields, name) for name in names)
    if (longitude is None) != (latitude is None):
        raise Malformed(f"only one of {names[0]} and {names[1]}")
    if longitude is None and not any(fields.get(name) for name in WITHOUT_PLACE):
        raise Malformed(f"neither {names[0]} and {names[1]} nor any of {', '.join(WITHOUT_PLACE)}")
    observed_at, flags = vet.observed(fields.pop("timestamp", None), "$.timestamp", source)
    if longitude is None:
        flags += ("failed_fix",)
    if mock:
        flags += ("mock_location",)
    if not valid:
        flags += ("marked_invalid",)
    return observe(
        Fix,
        device=device,
        observed_at=observed_at,
        longitude=longitude,
        latitude=latitude,
        altitude_m=vet.take(fields, "altitude"),
        flags=flags,
        attributes=fields,
        **known,
    )


DIALECT = Dialect(name="osmand", title="Traccar Client, OsmAnd", message=read_message)
