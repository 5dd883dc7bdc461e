"""The Things Stack v3 (LoRaWAN): application messages as its MQTT server and webhooks send them.

https://www.thethingsindustries.com/docs/integrations/other-integrations/mqtt/. An uplink gives a Fix, if its decoded
payload names a latitude and a longitude (or the stack located the device), and a Reading for each other scalar of the
decoded payload, named by its path. Messages of the stack about the device (join, downlinks, service data) are Readings
``things_stack.<kind>``. A message that names no device is refused: nobody could say what it is about.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, cast

from hub.ingest.dialects import vet
from hub.ingest.dialects.reading import Dialect, Source, observe
from hub.records.errors import Malformed
from hub.records.observation import Fix, Observation, Reading
from hub.records.receipt import Bad, Decoded

LATITUDES = ("latitude", "lat")
LONGITUDES = ("longitude", "lon", "lng", "long")
ALTITUDES = ("altitude", "alt")
ABOUT_DEVICE = (
    "join_accept",
    "downlink_ack",
    "downlink_nack",
    "downlink_sent",
    "downlink_failed",
    "downlink_queued",
    "downlink_queue_invalidated",
    "downlinks",
    "service_data",
    "uplink_normalized",
)
Fields = dict[str, Any]


def read_message(body: bytes, source: Source) -> list[Decoded | Bad]:
    """The Fix first, then the Readings of one message."""
    return vet.attempt(body, partial(_read, body, source))


def _read(body: bytes, source: Source) -> list[Observation]:
    message = vet.fields(body)
    device = source.device or _object(message, "end_device_ids").get("device_id")
    if not device:
        raise Malformed("no device: $.end_device_ids.device_id is missing")
    if "uplink_message" in message:
        return list(_uplink(message, device, source))
    if "location_solved" in message:
        location = _object(_object(message, "location_solved"), "location")
        observed_at, flags = vet.observed(message.get("received_at"), "$.received_at", source)
        place = _place(location, "$.location_solved.location")
        rest = {name: value for name, value in message.items() if name != "received_at"}
        return [observe(Fix, device=device, observed_at=observed_at, flags=flags, attributes=rest, **place)]
    for kind in ABOUT_DEVICE:
        if kind in message:
            observed_at, flags = vet.observed(message.get("received_at"), "$.received_at", source)
            return [
                observe(
                    Reading,
                    device=device,
                    observed_at=observed_at,
                    quantity=f"things_stack.{kind}",
                    flags=flags,
                    attributes={name: value for name, value in message.items() if name != "received_at"},
                )
            ]
    raise Malformed("no known message of The Things Stack in $: " + ", ".join(message)[:200])


def _uplink(message: Fields, device: object, source: Source) -> Iterator[Observation]:
    uplink = _object(message, "uplink_message")
    payload = _object(uplink, "decoded_payload", "$.uplink_message")
    given = uplink.get("received_at") or message.get("received_at")
    observed_at, flags = vet.observed(given, "$.uplink_message.received_at", source)
    if message.get("simulated") is True:
        flags += ("simulated",)
    identity = _identity(message, uplink, given)
    shared: Fields = {"device": device, "observed_at": observed_at, "flags": flags}
    attributes = _attributes(message, uplink)
    locations = _object(uplink, "locations", "$.uplink_message")
    said = _coordinates(payload)
    if said is None:
        solved = locations.get("frm-payload")
        measured = _place(solved, "$.uplink_message.locations.frm-payload") if isinstance(solved, dict) else None
    else:
        measured = _place(said[0], said[1])
    if measured is not None:
        battery = _object(uplink, "last_battery_percentage", "$.uplink_message")
        yield observe(
            Fix,
            source_id=identity and f"{identity}:fix",
            battery_percent=vet.take(battery, "value", low=0, high=100),
            attributes=attributes,
            **measured,
            **shared,
        )
    # `user` is where somebody registered the device: a place for its readings, not a position that it measured.
    registered = locations.get("user")
    place = measured or (_place(registered, "$.uplink_message.locations.user") if isinstance(registered, dict) else {})
    readings = list(_scalars(payload))
    if not readings and measured is None:
        readings = [("things_stack.uplink", uplink.get("frm_payload"))]
    for quantity, value in readings:
        yield observe(
            Reading,
            source_id=identity and f"{identity}:{quantity}",
            quantity=quantity,
            value=value,
            attributes=attributes,
            **place,
            **shared,
        )


def _identity(message: Fields, uplink: Fields, received_at: object) -> str | None:
    """Session and frame counter; with the time, because devices without join restart the counter in one session."""
    session = uplink.get("session_key_id")
    if session and received_at:
        return f"{session}:{uplink.get('f_cnt', 0)}:{received_at}"
    for correlation in cast("list[object]", message.get("correlation_ids") or []):
        if isinstance(correlation, str) and correlation.startswith("as:up:"):
            return correlation
    return f"{session}:{uplink.get('f_cnt', 0)}" if session else None


def _attributes(message: Fields, uplink: Fields) -> Fields:
    """Port, counter, radio: what the uplink says besides its payload."""
    kept = ("f_port", "f_cnt", "frm_payload", "confirmed", "consumed_airtime", "settings", "decoded_payload_warnings")
    attributes = {name: uplink[name] for name in kept if name in uplink}
    if "rx_metadata" in uplink:
        if not isinstance(uplink["rx_metadata"], list):
            raise Malformed("not a list in $.uplink_message.rx_metadata")
        heard = cast("list[object]", uplink["rx_metadata"])
        attributes["gateways"] = [_gateway(cast("Fields", each)) for each in heard if isinstance(each, dict)]
    ids = _object(message, "end_device_ids")
    return attributes | {name: ids[name] for name in ("dev_eui", "application_ids") if name in ids}


def _gateway(heard: Fields) -> Fields:
    kept = ("time", "rssi", "channel_rssi", "snr", "location")
    name = _object(heard, "gateway_ids", "$.uplink_message.rx_metadata[…]").get("gateway_id")
    return {"gateway": name} | {key: heard[key] for key in kept if key in heard}


def _coordinates(payload: Fields, where: str = "$.uplink_message.decoded_payload") -> tuple[Fields, str] | None:
    """The first object, outermost first, that has a latitude and a longitude, and its path."""
    latitude, longitude = _first(payload, LATITUDES), _first(payload, LONGITUDES)
    if latitude is not None and longitude is not None:
        return payload, where
    for name, value in payload.items():
        if isinstance(value, dict):
            found = _coordinates(cast("Fields", value), f"{where}.{name}")
            if found:
                return found
    return None


def _first(fields: Fields, names: tuple[str, ...]) -> object:
    return next((fields[name] for name in names if fields.get(name) not in (None, "")), None)


def _place(fields: Fields, where: str) -> Fields:
    """Take longitude, latitude, altitude and accuracy (metres) out of an object that has them."""
    place: Fields = {
        "longitude": vet.take(fields, *LONGITUDES),
        "latitude": vet.take(fields, *LATITUDES),
        "altitude_m": vet.take(fields, *ALTITUDES),
        "uncertainty_m": vet.take(fields, "accuracy", low=0),
    }
    if place["longitude"] is None or place["latitude"] is None:
        raise Malformed(f"no latitude or no longitude in {where}")
    return place


def _scalars(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """(path, value) of every scalar in a decoded payload; null says nothing."""
    if isinstance(value, dict):
        for name, item in cast("Fields", value).items():
            yield from _scalars(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[object]", value)):
            yield from _scalars(item, f"{path}.{index}")
    elif value is not None:
        yield path, value


def _object(fields: Fields, name: str, where: str = "$") -> Fields:
    """An object, or an empty one where there is none."""
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"not an object in {where}.{name}")
    return cast("Fields", value)


DIALECT = Dialect(name="things_stack", title="The Things Stack v3 (LoRaWAN)", message=read_message)
