"""What else was near, then: one item a thing that was observed, as exact as its reader may know it.

Clearance comes first, nearness second: a place that its reader may not know exactly is put in its cell before anything
is measured, and so is the place that is asked about. Whatever the radius, the answer is a function of what the reader
could have listed anyway, and asking from many sides pins down nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
import numpy as np

from geo.spacetime import join
from hub.clearance import EXACT, Cleared, cleared, masked
from hub.console.sensitive import is_personal, is_sensitive
from hub.pipeline.line import heard_of
from hub.pipeline.world import World
from hub.records.observation import Detection, Fix, Observation, Reading, Sighting
from hub.records.person import Role
from hub.store.observations import Seen

_KINDS: dict[type, str] = {Fix: "fix", Detection: "detection", Sighting: "sighting", Reading: "reading"}


class NearItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was near. `lag_s`: how much later; negative: earlier.

    Where `generalised`, the place is the centre of a cell, `distance_m` is to there, and it may truly have been
    anywhere within `uncertainty_m` of there; what it was carried by and which one it was are withheld.
    """

    id: UUID
    kind: str
    observed_at: datetime
    lag_s: float
    distance_m: float
    longitude: float
    latitude: float
    uncertainty_m: float | None
    generalised: bool
    sensitive: bool
    subject_kind: str
    subject: UUID | None
    name: str
    device: str
    device_kind: str
    label: str
    scientific_name: str | None
    individual: str | None
    quantity: str
    value: float | str | bool | None
    unit: str | None


class Anchor(NamedTuple):
    """What is asked about: a place as its reader may know it, and a time. `itself` is not told again."""

    place: Cleared
    at: datetime
    itself: UUID | None = None


class _Known(NamedTuple):
    seen: Seen
    place: Cleared
    longitude: float
    latitude: float
    reach_m: float


def known_place(seen: Seen, world: World, role: Role) -> Cleared | None:
    """Where an observation was, its own place or that of its device then, as `role` may know it; None: nowhere."""
    heard = heard_of(seen, world)
    observation = seen.observation
    sensitive, personal = is_sensitive(observation, world), is_personal(observation, world)
    place = cleared(heard.longitude, heard.latitude, heard.uncertainty_m, sensitive, role, personal=personal)
    return None if place.longitude is None or place.latitude is None else place


def near_items(
    around: Sequence[Seen], anchor: Anchor, world: World, role: Role, radius_m: float, window_s: float
) -> list[tuple[Seen, NearItem]]:
    """What of these was within the radius and the window, both inclusive, nearest in time first; with its source.

    What is known as a cell counts where any part of the circle about it is within the radius.
    """
    known: list[_Known] = []
    for seen in around:
        place = None if seen.id == anchor.itself else known_place(seen, world, role)
        if place is not None and place.longitude is not None and place.latitude is not None:
            reach_m = radius_m + (place.uncertainty_m or 0.0) if place.generalised else radius_m
            known.append(_Known(seen, place, place.longitude, place.latitude, reach_m))
    here = {"longitude": [anchor.place.longitude], "latitude": [anchor.place.latitude], "time": [anchor.at]}
    out: list[tuple[Seen, NearItem]] = []
    # One join a reach: those of cells differ by rows of the grid, a handful in all.
    for reach_m in sorted({one.reach_m for one in known}):
        some = [one for one in known if one.reach_m == reach_m]
        there = {
            "longitude": np.array([one.longitude for one in some]),
            "latitude": np.array([one.latitude for one in some]),
            "time": [one.seen.observed_at for one in some],
        }
        pairs = join(here, there, radius_m=reach_m, window_s=window_s, threads=1)
        for row, metres, lag_s in zip(pairs.right_ix, pairs.distance_m, pairs.lag_s, strict=True):
            one = some[row]
            out.append((one.seen, _item(one, world, role, float(metres), float(lag_s))))
    return sorted(out, key=lambda pair: (abs(pair[1].lag_s), pair[1].distance_m, pair[1].id))


def _item(known: _Known, world: World, role: Role, distance_m: float, lag_s: float) -> NearItem:
    seen, place = known.seen, known.place
    observation = seen.observation
    hidden = place.generalised
    subject = world.subject_of(seen.device, seen.observed_at)
    device = world.devices.get(seen.device)
    shown = observation if isinstance(observation, Detection | Sighting) else None
    reading = observation if isinstance(observation, Reading) else None
    return NearItem(
        id=masked(seen.id) if hidden else seen.id,
        kind=_kind(observation),
        observed_at=seen.observed_at,
        lag_s=round(lag_s, 3),
        distance_m=round(distance_m, 1),
        longitude=known.longitude,
        latitude=known.latitude,
        uncertainty_m=place.uncertainty_m,
        generalised=hidden,
        sensitive=is_sensitive(observation, world),
        subject_kind="" if hidden else subject.kind,
        subject=None if hidden else subject.id,
        name="" if hidden else world.name_of(subject, seen.device),
        device="" if hidden else seen.device,
        device_kind="" if hidden or device is None else device.kind,
        label=shown.label if shown else "",
        scientific_name=shown.scientific_name if shown else None,
        individual=shown.individual if shown and not hidden else None,
        quantity=reading.quantity if reading else "",
        value=reading.value if reading and not hidden else None,
        unit=reading.unit if reading else None,
    )


def _kind(observation: Observation) -> str:
    return _KINDS[type(observation)]


def may_be_boxed(role: Role) -> bool:
    """May the log be searched by place for this reader, or would what the search cuts off tell of hidden places?"""
    return role in EXACT and role != "scientist"
