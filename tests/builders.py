"""Valid records that a test bends to what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from hub.records.ids import content_id
from hub.records.receipt import Arrival
from hub.records.reference import Deployment, Device, Fence, Individual, Place
from hub.records.site import Site

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
CENTRE = (131.4, 43.1)


def a_site(key: str = "leopard", **given: Any) -> Site:
    """A reserve in south-west Primorye."""
    return Site(**({"id": key, "name": key, "time_zone": "Asia/Vladivostok", "centre": CENTRE} | given))


def an_id(*parts: str) -> UUID:
    """The same id for the same words."""
    return content_id("test", *parts)


def a_device(site: str, key: str, **given: Any) -> Device:
    """A collar."""
    return Device(**({"id": an_id(site, "device", key), "site": site, "key": key, "kind": "collar"} | given))


def an_individual(site: str, name: str, **given: Any) -> Individual:
    """A leopard."""
    fields = {"id": an_id(site, "individual", name), "site": site, "name": name}
    return Individual(**(fields | {"scientific_name": "Panthera pardus orientalis"} | given))


def a_place(site: str, name: str, **given: Any) -> Place:
    """A camera station at the centre."""
    fields = {"id": an_id(site, "place", name), "site": site, "name": name}
    return Place(**(fields | {"longitude": CENTRE[0], "latitude": CENTRE[1], "uncertainty_m": 10.0} | given))


def a_deployment(device: Device, carrier: Individual | Place, **given: Any) -> Deployment:
    """The device on the carrier, for ever."""
    kind = "individual" if isinstance(carrier, Individual) else "place"
    fields = {"id": an_id(device.site, "deployment", device.key, str(given)), "site": device.site}
    return Deployment(**(fields | {"device": device.id, "carrier_kind": kind, "carrier": carrier.id} | given))


def a_fence(site: str, name: str = "core", *, half_deg: float = 0.01, **given: Any) -> Fence:
    """A square around the centre that watches everything."""
    (x, y), h = CENTRE, half_deg
    ring = [[x - h, y - h], [x + h, y - h], [x + h, y + h], [x - h, y + h], [x - h, y - h]]
    fields = {"id": an_id(site, "fence", name), "site": site, "name": name}
    return Fence(**(fields | {"geometry": {"type": "Polygon", "coordinates": [ring]}} | given))


def a_fix(
    device: str = "collar-1", minutes: float = 0, east: float = 0, north: float = 0, **given: Any
) -> dict[str, Any]:
    """A fix as its device would send it; `east` and `north` in degrees from the centre."""
    return {
        "kind": "fix",
        "device": device,
        "observed_at": (NOON + timedelta(minutes=minutes)).isoformat(),
        "longitude": CENTRE[0] + east,
        "latitude": CENTRE[1] + north,
        "uncertainty_m": 10.0,
    } | given


def an_arrival(body: Any, site: str = "leopard", **given: Any) -> Arrival:
    """A message at the HTTP door, received a year after noon."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    fields = {"site": site, "door": "http", "dialect": "envelope", "address": "test", "body": raw}
    return Arrival(**(fields | {"received_at": NOON + timedelta(days=365)} | given))
