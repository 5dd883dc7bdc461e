"""Where everything of a site was believed to be at a time: what a map starts from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hub.pipeline.fuse import points_of
from hub.pipeline.history import UNUSABLE, covariance_of
from hub.pipeline.judge import ellipse_of
from hub.pipeline.shares import LIKELY
from hub.pipeline.then import Known, last_segment
from hub.pipeline.world import World
from hub.records.finding import Subject
from hub.records.observation import ErrorEllipse, Fix
from hub.records.position import Position
from hub.store import observations, tracks
from hub.store.database import Database

# A device that has been silent for longer is history, not a position.
LONGEST_SILENCE = timedelta(days=400)
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
_KINDS = ("fix", "detection", "sighting", "reading")


async def positions_at(
    database: Database, world: World, at: datetime, then: Mapping[Subject, Known] | None = None
) -> dict[Subject, Position]:
    """Last believed position of every subject at `at`: animals by their track, others by their last fix.

    then: the tracks as of `world.as_of`; None: those that the store holds now.
    """
    found: dict[Subject, Position] = {}
    site = world.site.id
    if then is None:
        segments = await tracks.last_segments(database, site, at)
    else:
        segments = {subject: last for subject, one in then.items() if (last := last_segment(one, at)) is not None}
    for subject, segment in segments.items():
        position = _of_track(subject, [segment], world, at)
        if position is None and then is None:
            # Nothing in the last month is likely enough to say where it was last.
            earlier = await tracks.segments(database, site, [subject.id], _EARLIEST, at)
            position = _of_track(subject, earlier.get(subject, []), world, at)
        if position is not None:
            found[subject] = position
    keys = sorted({*world.devices, *await observations.devices(database, site, world.as_of)})
    subjects = {key: world.subject_of(key, at) for key in keys}
    # Before a device came to its carrier it spoke of somebody else.
    since = {key: max(world.carried_since(key, at) or at - LONGEST_SILENCE, at - LONGEST_SILENCE) for key in keys}
    standing = {key: since[key] for key in keys if subjects[key].kind == "place"}
    moving = {key: since[key] for key in keys if subjects[key].kind in ("person", "vehicle", "device")}
    unusable = sorted(UNUSABLE)
    for one in await observations.latest(database, site, moving, at, ("fix",), unusable, world.as_of):
        subject, observation = subjects[one.device], one.observation
        known = found.get(subject)
        if known is not None and known.observed_at is not None and known.observed_at >= one.observed_at:
            continue
        if isinstance(observation, Fix) and observation.longitude is not None and observation.latitude is not None:
            covariance = covariance_of(observation).reshape(1, 3)
            place = (observation.longitude, observation.latitude)
            found[subject] = _position(subject, one.device, world, place, ellipse_of(covariance), one.observed_at)
    spoke = await observations.latest(database, site, standing, at, _KINDS, unusable, world.as_of)
    heard = {one.device: one.observed_at for one in spoke}
    for key in standing:
        place = world.places.get(subjects[key].id)
        if place is not None:
            radius = place.uncertainty_m
            ellipse = ErrorEllipse(semi_major_m=radius, semi_minor_m=radius, orientation_deg=0)
            where = (place.longitude, place.latitude)
            found[subjects[key]] = _position(subjects[key], key, world, where, ellipse, heard.get(key))
    return found


def _of_track(subject: Subject, segments: list[tracks.Segment], world: World, at: datetime) -> Position | None:
    """The last point that more probably than not is this individual's."""
    if subject.id not in world.individuals or not segments:
        return None
    points = points_of(segments, world.frame, segments[0].first_at, at + timedelta(microseconds=1))
    k = next((k for k in range(len(points.time) - 1, -1, -1) if points.share[k] >= LIKELY), None)
    if k is None:
        return None
    ellipse = ErrorEllipse(
        semi_major_m=points.semi_major_m[k],
        semi_minor_m=points.semi_minor_m[k],
        orientation_deg=points.orientation_deg[k],
    )
    stays = world.stays_of_carrier.get(subject, [])
    observed_at = datetime.fromtimestamp(points.time[k], UTC)
    place = (points.longitude[k], points.latitude[k])
    device = stays[0].device if stays else ""
    return _position(subject, device, world, place, ellipse, observed_at, points.share[k])


def _position(
    subject: Subject,
    device: str,
    world: World,
    place: tuple[float, float],
    ellipse: ErrorEllipse,
    observed_at: datetime | None,
    share: float = 1.0,
) -> Position:
    individual = world.individuals.get(subject.id)
    registered = world.devices.get(device)
    return Position(
        subject=subject,
        name=world.name_of(subject, device),
        device=device,
        device_kind=registered.kind if registered else "",
        longitude=place[0],
        latitude=place[1],
        # One standard deviation along the mean axis; 95 % of a plane Gaussian is 2.4477 of them.
        uncertainty_m=round((ellipse.semi_major_m * ellipse.semi_minor_m) ** 0.5 / 2.4477, 1),
        ellipse=ellipse,
        observed_at=observed_at,
        scientific_name=individual.scientific_name if individual else "",
        share=share,
    )
