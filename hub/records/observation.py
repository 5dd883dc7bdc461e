"""An observation: one normalised statement of what was where, when, and how that is known.

`Fix`, `Detection`, `Sighting` and `Reading` are one tagged union (`kind` on the wire). Construction does not validate
(msgspec validates on decode and convert), so dialects build observations through `observe`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Metres = Annotated[float, msgspec.Meta(ge=0)]
Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]
UNNAMED_CAMERA = "unnamed-camera"
"""The device of a picture of which nobody said by which camera it was taken."""
NO_ALARM = "no_alarm"
"""Flag of a detection that raises no alert: its model is too unsure for one, or another box of the picture does."""


class ErrorEllipse(msgspec.Struct, frozen=True, kw_only=True):
    """Error ellipse as the provider states it: half axes in metres, orientation clockwise from true north."""

    semi_major_m: Metres
    semi_minor_m: Metres
    orientation_deg: Annotated[float, msgspec.Meta(ge=0, le=360)]


class Resemblance(msgspec.Struct, frozen=True, kw_only=True):
    """How much what was seen looks like one individual of a gallery, by a recogniser of coats, gaits or voices.

    log_ratio: natural logarithm of how much likelier it would look so if it were this individual than if it were
    somebody who is in no gallery. A recogniser that is not calibrated so must not be believed.
    """

    individual: Key
    log_ratio: Annotated[float, msgspec.Meta(ge=-30, le=30)]


Resembles = Annotated[tuple[Resemblance, ...], msgspec.Meta(max_length=50)]


class Observed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """What every observation says.

    device: key of the device within its site, as the sender names it (e.g. ``collar-1016``, ``user/phone``).
    observed_at: time by the device. `source_id`: the sender's own id of this record, if it has one; it makes the
    observation's identity, otherwise the content does. `flags`: what is wrong or special, kept and never dropped
    (``failed_fix``, ``marked_outlier``, ``null_island``, ``clock_before_2000``, ``clock_reset``, ``clock_in_future``,
    ``no_alarm``, ``drill`` …).
    A missing place means that the sender gave none. `attributes`: everything else the sender said, by its own names.
    """

    device: Key
    observed_at: AwareTime
    source_id: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    longitude: Longitude | None = None
    latitude: Latitude | None = None
    uncertainty_m: Metres | None = None
    ellipse: ErrorEllipse | None = None
    altitude_m: float | None = None
    flags: tuple[str, ...] = ()
    attributes: dict[str, Any] = {}


class Fix(Observed, frozen=True, kw_only=True, omit_defaults=True, tag="fix"):
    """A position of the device (or a failed attempt at one: no place, flag ``failed_fix``)."""

    speed_mps: float | None = None
    heading_deg: float | None = None
    battery_percent: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None


class Detection(Observed, frozen=True, kw_only=True, omit_defaults=True, tag="detection"):
    """Found by a machine in media, sound or a satellite scene.

    label: ``animal``, ``person``, ``vehicle``, ``fire``, ``gunshot``, ``chainsaw`` …; bounding box as fractions of the
    picture (x, y of the upper left corner, width, height). `individual`: whom the machine takes it for; `resembles`:
    how much it looks like whom, best first.
    """

    label: Key
    probability: Probability | None = None
    scientific_name: str | None = None
    individual: str | None = None
    count: Annotated[int, msgspec.Meta(ge=0)] | None = None
    media: str | None = None
    resembles: Resembles = ()
    bounding_box: tuple[float, float, float, float] | None = None


class Sighting(Observed, frozen=True, kw_only=True, omit_defaults=True, tag="sighting"):
    """Reported or classified by a person."""

    label: Key
    scientific_name: str | None = None
    individual: str | None = None
    count: Annotated[int, msgspec.Meta(ge=0)] | None = None
    observer: str | None = None
    media: str | None = None
    resembles: Resembles = ()
    note: str | None = None


class Reading(Observed, frozen=True, kw_only=True, omit_defaults=True, tag="reading"):
    """A sensor value that is not a place."""

    quantity: Key
    value: float | str | bool | None = None
    unit: str | None = None


Observation = Fix | Detection | Sighting | Reading


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """An observation as the log holds it, with its identity and the hub's two times."""

    id: UUID
    site: str
    received_at: datetime
    recorded_at: datetime | None = None
    observation: Observation
