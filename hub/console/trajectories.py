"""Ways of what has no home range: people, vehicles, and devices that are on nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import numpy as np

from fusion.ellipse import covariance_from_radius, ellipse_from_covariance
from hub.pipeline.fuse import Points
from hub.pipeline.history import ASSUMED_UNCERTAINTY_M, LEAST_UNCERTAINTY_M, UNUSABLE
from hub.pipeline.world import PERSONAL, World
from hub.records.finding import Subject
from hub.store import observations
from hub.store.database import Database
from hub.store.observations import Spot

# Points of one trajectory in one answer; more are thinned evenly.
MOST_POINTS = 2_000

Stretch = tuple[str, datetime | None, datetime | None]


class Trajectory(NamedTuple):
    """Whose way it is, under which name."""

    subject: Subject
    name: str
    points: Points


async def trajectories(
    database: Database,
    world: World,
    devices: Sequence[str],
    chosen: Sequence[UUID] | None,
    since: datetime,
    until: datetime,
    today: World | None = None,
) -> list[Trajectory]:
    """The fixes of [since, until) of people and vehicles, and of those of `devices` that were on nobody then.

    today: where only what people and vehicles carried as it is known now may be told as well.
    """
    asked: list[tuple[Subject, str, Sequence[Stretch]]] = [
        (subject, world.name_of(subject), [(stay.device, stay.valid_from, stay.valid_to) for stay in stays])
        for subject, stays in world.stays_of_carrier.items()
        if subject.kind in ("person", "vehicle")
    ]
    for key in devices:
        subject = world.device_subject(key)
        asked.append((subject, world.name_of(subject, key), [(key, *gap) for gap in world.unassigned(key)]))
    found: list[Trajectory] = []
    for subject, name, stretches in asked:
        if chosen is not None and subject.id not in chosen:
            continue
        spots: list[Spot] = []
        for device, valid_from, valid_to in _still_of_people(stretches, today):
            begin = since if valid_from is None else max(since, valid_from)
            end = until if valid_to is None else min(until, valid_to)
            if begin < end:
                spots += await observations.trajectory(
                    database, world.site.id, device, begin, end, sorted(UNUSABLE), MOST_POINTS, world.as_of
                )
        if spots:
            found.append(Trajectory(subject, name, _points(spots)))
    return found


def _still_of_people(stretches: Sequence[Stretch], today: World | None) -> list[Stretch]:
    """The parts of these stretches in which the device was with a person or vehicle, as it is known today too."""
    if today is None:
        return list(stretches)
    return [
        (
            device,
            max((at for at in (valid_from, stay.valid_from) if at is not None), default=None),
            min((at for at in (valid_to, stay.valid_to) if at is not None), default=None),
        )
        for device, valid_from, valid_to in stretches
        for stay in today.stays_of_device.get(device, ())
        if stay.carrier.kind in PERSONAL
    ]


def _points(spots: list[Spot]) -> Points:
    stated = [ASSUMED_UNCERTAINTY_M if spot.uncertainty_m is None else spot.uncertainty_m for spot in spots]
    covariance = covariance_from_radius([max(radius, LEAST_UNCERTAINTY_M) for radius in stated])
    radius = np.round(ellipse_from_covariance(covariance).semi_major_m, 1).tolist()
    return Points(
        time=[spot.observed_at.timestamp() for spot in spots],
        longitude=[spot.longitude for spot in spots],
        latitude=[spot.latitude for spot in spots],
        semi_major_m=radius,
        semi_minor_m=radius,
        orientation_deg=[0.0] * len(spots),
        observation=[str(spot.id) for spot in spots],
        share=[1.0] * len(spots),
    )
