"""Reference data: what people tell the hub about the world. Every edit is a new version; nothing is overwritten."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from hub.records.observation import AwareTime, Key, Latitude, Longitude
from hub.records.schedule import Schedule

CarrierKind = Literal["individual", "place", "person", "vehicle"]
Severity = Literal["critical", "high", "medium", "low", "info"]
FenceTrigger = Literal[
    "enter",
    "exit",
    "through",
    "present",
    "possible_crossing",
    "dwell",
    "overdue",
    "proximity",
    "approach",
    "inside_at_start",
]
Sensitivity = Literal["urgent", "balanced", "calm"]
# A week, a month and more: nothing is asked of a fence that is longer than ten years.
Seconds = Annotated[float, msgspec.Meta(gt=0, le=315_576_000)]
BandMetres = Annotated[float, msgspec.Meta(gt=0, le=10_000)]
NearMetres = Annotated[float, msgspec.Meta(gt=0, le=100_000)]


class Versioned(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of every reference record. `version` starts at 1 and is the ETag; `id` is UUIDv7 made by the client."""

    id: UUID
    site: str
    version: int = 1
    recorded_at: datetime | None = None
    attributes: dict[str, Any] = {}


class Device(Versioned, frozen=True, kw_only=True):
    """Tag, camera, phone or sensor. `key` is what its messages call it; unique within the site."""

    key: Key
    kind: Literal["collar", "camera", "phone", "sensor", "satellite", "vehicle"] = "sensor"
    name: str = ""
    model: str = ""


class Individual(Versioned, frozen=True, kw_only=True):
    """One animal. `sensitive` species are generalised for readers without clearance. `died_at`: None while it lives.

    `merged_into`: the entry that stands for this one, since people found that both are one animal. Told by the hub,
    never by a client: it is a decision of its own (`hub.records.roster`).
    """

    name: Key
    scientific_name: str = ""
    sex: Literal["female", "male", "unknown"] = "unknown"
    life_stage: str = ""
    sensitive: bool = False
    merged_into: UUID | None = None
    died_at: AwareTime | None = None


class Place(Versioned, frozen=True, kw_only=True):
    """A named point where something stands: a camera station, a mast, a ranger post."""

    name: Key
    longitude: Longitude
    latitude: Latitude
    uncertainty_m: float = 0.0


class Deployment(Versioned, frozen=True, kw_only=True):
    """A device in service on one carrier for an interval [valid_from, valid_to); open ends are None.

    Movebank: tag on animal. Camtrap DP: camera at a place. Ours covers these, and a phone with a person.
    """

    device: UUID
    carrier_kind: CarrierKind
    carrier: UUID
    valid_from: AwareTime | None = None
    valid_to: AwareTime | None = None


class Fence(Versioned, frozen=True, kw_only=True):
    """A watched area or line: GeoJSON (Multi)Polygon or (Multi)LineString, what raises an alert, how grave, for whom.

    A line is entered from its left to its right, as drawn, and left the other way. `edges`: straight in degrees, or
    geodesics. `sensitivity`: how sure one must be of a crossing. `band_m`: so far on either side of an area's border
    nothing counts as a crossing. `dwell_s`: a stay worth telling; `overdue_s`: the longest allowed; `near_m`: the zone
    of warning around it; `approach_s`: how long before the border it warns. None = off. Warnings (proximity, approach,
    possible_crossing) have `warning_severity`, or that of the fence. `schedule`: when crossings count, in the site's
    zone; None = always.

    `watches`: subject kinds (``individual``, ``person``, ``vehicle``, ``device``) and detection labels it cares about;
    empty = all. Findings exist for all time; alerts only for what happened at or after `alert_from`.
    """

    name: Key
    geometry: dict[str, Any]
    triggers: tuple[FenceTrigger, ...] = ("enter", "exit", "through")
    severity: Severity = "medium"
    watches: tuple[str, ...] = ()
    alert_from: AwareTime | None = None
    colour: str = ""
    edges: Literal["straight", "geodesic"] = "straight"
    sensitivity: Sensitivity = "balanced"
    band_m: BandMetres | None = None
    dwell_s: Seconds | None = None
    overdue_s: Seconds | None = None
    near_m: NearMetres | None = None
    approach_s: Seconds | None = None
    warning_severity: Severity | None = None
    schedule: Schedule | None = None


class Layer(Versioned, frozen=True, kw_only=True):
    """A GeoJSON layer of the site for the map (boundary, rivers, roads, settlements)."""

    name: Key
    role: Literal["boundary", "water", "road", "settlement", "forest", "border", "other"] = "other"
    geojson: dict[str, Any]
    credit: Annotated[str, msgspec.Meta(max_length=300)] = ""


Reference = Device | Individual | Place | Deployment | Fence | Layer
