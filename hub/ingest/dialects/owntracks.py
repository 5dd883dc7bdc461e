"""OwnTracks: JSON of the phone apps over MQTT (``owntracks/user/device[/…]``) and HTTP, one object or an array of them.

Format: https://owntracks.org/booklet/tech/json/. `acc` is in metres, `vel` in km/h, `tst` in seconds since 1970.
A ``location`` is a Fix. Every other type of the booklet is a Reading ``owntracks.<type>``, so nothing is lost; only
``encrypted`` (the key is the sender's) and types that the booklet does not know are refused.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from hub.ingest.dialects import vet
from hub.ingest.dialects.reading import Dialect, Source, bad, observe
from hub.records.errors import Malformed
from hub.records.observation import Fix, Observation, Reading
from hub.records.receipt import Bad, Decoded

# Which field of a type is the value of its Reading. The position in a transition is the phone's own; in a waypoint
# it is the region's, so it stays an attribute.
VALUE_OF = {
    "beacon": "uuid",
    "card": "name",
    "cmd": "action",
    "configuration": None,
    "dump": None,
    "lwt": None,
    "request": "request",
    "status": None,
    "steps": "steps",
    "transition": "event",
    "waypoint": "desc",
    "waypoints": None,
}
# The settings of an app hold its passwords: they stay in the raw bytes and are not spread further.
SECRET = ("configuration", "dump")


def read_message(body: bytes, source: Source) -> list[Decoded | Bad]:
    """Fixes and Readings of one payload. An empty body (the app's probe of an HTTP endpoint) says nothing."""
    if not body.strip():
        return []
    try:
        elements = vet.members(body)
    except Malformed as error:
        return [bad(body, error)]
    return [item for raw in elements for item in vet.attempt(raw, partial(_read, raw, source))]


def _read(raw: bytes, source: Source) -> list[Observation]:
    fields = vet.fields(raw)
    kind = fields.pop("_type", None)
    if kind == "encrypted":
        raise Malformed("an encrypted payload ($._type): the hub has no key, switch encryption off in the app")
    if kind == "location":
        return [_fix(fields, source)]
    if not isinstance(kind, str) or kind not in VALUE_OF:
        raise Malformed(f"{kind!r} is not a known OwnTracks type in $._type"[:200])
    return [_reading(kind, fields, source)]


def _fix(fields: dict[str, Any], source: Source) -> Fix:
    device = _device(fields, source)
    observed_at, flags = vet.observed(fields.pop("tst", None), "$.tst", source)
    longitude, latitude = vet.take(fields, "lon"), vet.take(fields, "lat")
    if longitude is None or latitude is None:
        raise Malformed("a location without $.lon or $.lat")
    speed_kmh = vet.take(fields, "vel", low=0)
    return observe(
        Fix,
        device=device,
        observed_at=observed_at,
        longitude=longitude,
        latitude=latitude,
        uncertainty_m=vet.take(fields, "acc", low=0),
        altitude_m=vet.take(fields, "alt"),
        speed_mps=None if speed_kmh is None else speed_kmh / 3.6,
        heading_deg=vet.take(fields, "cog", low=0, high=360),
        battery_percent=vet.take(fields, "batt", low=0, high=100),
        flags=flags,
        attributes=fields,
    )


def _reading(kind: str, fields: dict[str, Any], source: Source) -> Reading:
    device = _device(fields, source)
    # The tst of a last will is the time of connecting: the same for every loss of that session.
    told = None if kind == "lwt" else fields.pop("tst", None)
    observed_at, flags = vet.observed(told, "$.tst", source)
    name = VALUE_OF[kind]
    place: dict[str, object] = {}
    if kind == "transition":
        place = {
            "longitude": vet.take(fields, "lon"),
            "latitude": vet.take(fields, "lat"),
            "uncertainty_m": vet.take(fields, "acc", low=0),
        }
    return observe(
        Reading,
        device=device,
        observed_at=observed_at,
        quantity=f"owntracks.{kind}",
        value=fields.pop(name, None) if name else None,
        flags=flags,
        attributes={} if kind in SECRET else fields,
        **place,
    )


def _device(fields: dict[str, Any], source: Source) -> str:
    """The device of the door, else user/device of the topic, else the two letters of the tracker id."""
    if source.device:
        return source.device
    for topic in (fields.get("topic"), source.address):
        levels = str(topic).split("/")
        if "owntracks" in levels:
            owner = levels[levels.index("owntracks") + 1 :][:2]
            if len(owner) == 2 and all(owner):
                return "/".join(owner)
    tracker = fields.get("tid")
    if not isinstance(tracker, str) or not tracker:
        raise Malformed("no device: neither the address nor $.topic nor $.tid names one")
    return tracker


DIALECT = Dialect(name="owntracks", title="OwnTracks phone app", message=read_message)
