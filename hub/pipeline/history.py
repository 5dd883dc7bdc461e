"""All that is known of where one subject was: its usable fixes in canonical order, and named sightings of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fusion.ellipse import covariance_from_ellipse, covariance_from_radius
from fusion.sensors import argos
from hub.pipeline.vantage import moved, said_from
from hub.pipeline.world import World
from hub.records.finding import Subject
from hub.records.movement import UNFITTED, Tag
from hub.records.observation import Detection, Fix, Observed, Sighting
from hub.store.observations import Seen

# Flags that say: kept in the log, but no place to believe.
UNUSABLE = frozenset(
    {"failed_fix", "marked_outlier", "argos_z", "null_island", "clock_in_future", "clock_before_2000", "clock_reset"}
)
# Where a sender gives no uncertainty: an unaided GPS fix under canopy, 68 %.
ASSUMED_UNCERTAINTY_M = 30.0
# A camera sees what is near it; half of a detection distance as one standard deviation.
CAMERA_UNCERTAINTY_M = 30.0
# No receiver is better than this, whatever it says; it keeps covariances positive.
LEAST_UNCERTAINTY_M = 1.0
MOST_UNCERTAINTY_M = 2e7

ROW = np.dtype(
    [
        ("time_s", "<f8"),
        ("id", "V16"),
        ("longitude", "<f8"),
        ("latitude", "<f8"),
        ("covariance", "<f8", 3),
        ("is_fix", "?"),
        # How much of it is this subject's: 1 of what is certain.
        ("share", "<f8"),
        # What its tag is off by, as fitted: logarithm of a factor on standard deviations, and 1 / degrees of freedom.
        ("log_scale", "<f8"),
        ("tail", "<f8"),
    ]
)
Rows = NDArray[np.void]
Place = tuple[float, float, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Insertion:
    """Where a merge put new rows: runs [start, stop) of the merged rows, each between two old neighbours."""

    start: int
    stop: int


def rows_of(
    seen: Iterable[Seen], world: World, tags: Mapping[str, Tag] | None = None, *, of: UUID | None = None
) -> Rows:
    """Usable places, as rows `ROW`, in the order given: fixes, and sightings where the device stood.

    tags: what tags are off by, by device; None: as the world's fits have it. of: the individual whose track it is;
    detections and sightings of it then say where it was as seen or heard from their place, where they say how.
    """
    out: list[tuple[float, bytes, float, float, NDArray[np.float64], bool, float, float, float]] = []
    for one in seen:
        is_fix = isinstance(one.observation, Fix)
        tag = UNFITTED
        if is_fix:
            tag = world.tag_of(one.device, one.observed_at) if tags is None else tags.get(one.device, UNFITTED)
        place = _heard(one, world) if of is not None and _is_seen(one, of, world) else place_of(one, world, tag)
        if place is not None:
            at, (longitude, latitude, covariance) = one.observed_at.timestamp(), place
            off = (math.log(tag.scale), tag.tail) if is_fix else (0.0, 0.0)
            out.append((at, one.id.bytes, longitude, latitude, covariance, is_fix, 1.0, *off))
    return np.array(out, dtype=ROW)


def ordered_rows(
    seen: Iterable[Seen], world: World, tags: Mapping[str, Tag] | None = None, *, of: UUID | None = None
) -> Rows:
    """As `rows_of`, in canonical order, every id once."""
    return _canonical(rows_of(seen, world, tags, of=of))


def _is_seen(seen: Seen, individual: UUID, world: World) -> bool:
    """Was the individual seen or heard from elsewhere? What it carries itself speaks of others, from where it is."""
    if not isinstance(seen.observation, Detection | Sighting):
        return False
    return world.subject_of(seen.device, seen.observed_at) != Subject(kind="individual", id=individual)


def _heard(seen: Seen, world: World) -> Place | None:
    """As `place_of`, of the animal that was seen or heard from there."""
    try:
        said = said_from(seen)
    except ValueError:
        # The doors refuse it now. What says from where in words that nobody can read says of no place.
        return None
    if said is None:
        return place_of(seen, world)
    stood = place_of(seen, world, reach_m=LEAST_UNCERTAINTY_M if said.is_place else CAMERA_UNCERTAINTY_M)
    return None if stood is None else moved(*stood, said)


def place_of(
    seen: Seen, world: World, tag: Tag | None = None, *, reach_m: float = CAMERA_UNCERTAINTY_M
) -> Place | None:
    """(longitude, latitude, covariance in m2) that an observation vouches for, or None.

    tag: what its tag is off by; None: as the world's fits have it. reach_m: how far what a
    station notices is from it, where an observation has no coordinates of its own.
    """
    observation = seen.observation
    if not UNUSABLE.isdisjoint(observation.flags):
        return None
    if observation.longitude is not None and observation.latitude is not None:
        known = world.tag_of(seen.device, seen.observed_at) if tag is None else tag
        return observation.longitude, observation.latitude, covariance_of(observation, known.psi)
    if isinstance(observation, Fix):
        return None
    station = world.place_of(seen.device, seen.observed_at)
    if station is None:
        return None
    radius = max(station.uncertainty_m, reach_m)
    return station.longitude, station.latitude, _circle(radius)


@lru_cache(4_096)
def _circle(radius_m: float) -> NDArray[np.float64]:
    # Senders repeat a few radii.
    covariance = covariance_from_radius(radius_m)[0]
    covariance.setflags(write=False)
    return covariance


def covariance_of(observation: Observed, psi: float = argos.PSI) -> NDArray[np.float64]:
    """f8[3] as (xx, xy, yy) in m2, from the ellipse, the radius, or an assumption. psi: of ellipses of Argos."""
    axes = _axes(observation)
    if axes is not None:
        return (
            argos.covariance_from_ellipse(*axes, psi) if _is_argos(observation) else covariance_from_ellipse(*axes)
        )[0]
    radius = observation.uncertainty_m
    if radius is None:
        radius = argos.CLASSES.get(str(observation.attributes.get("argos_class", "")), ASSUMED_UNCERTAINTY_M)
    return _circle(min(max(radius, LEAST_UNCERTAINTY_M), MOST_UNCERTAINTY_M))


def argos_axes(observation: Observed) -> tuple[float, float, float] | None:
    """Semi-axes and orientation of the ellipse of a position by Argos, as stated; None of any other."""
    return _axes(observation) if _is_argos(observation) else None


def _is_argos(observation: Observed) -> bool:
    # Dialects say `argos_class` of what came through Argos, whose minor axes are known to be too short.
    return "argos_class" in observation.attributes


def _axes(observation: Observed) -> tuple[float, float, float] | None:
    ellipse = observation.ellipse
    if ellipse is None or not ellipse.semi_major_m > 0:
        return None
    major = min(max(ellipse.semi_major_m, LEAST_UNCERTAINTY_M), MOST_UNCERTAINTY_M)
    # Thinner than this, an ellipse is a line to 64-bit arithmetic.
    minor = min(max(ellipse.semi_minor_m, LEAST_UNCERTAINTY_M, major / 1_000), major)
    return major, minor, ellipse.orientation_deg


def merge(known: Rows, new: Rows) -> tuple[Rows, list[Insertion]]:
    """Union in canonical order (time, id), every id once, and where the new rows went.

    An id that is known stays as it is: redelivery changes nothing. `known` is in canonical order already, so that a
    few late rows cost a copy, not a sort.
    """
    new = _canonical(new)
    # What is later than all that is known, as most of what a device reports is, goes to the end.
    if len(new) and (len(known) == 0 or known["time_s"][-1] < new["time_s"][0]):
        rows = np.concatenate([known, new])
        return rows, [Insertion(len(known), len(rows))]
    at = np.searchsorted(known["time_s"], new["time_s"], side="left")
    ties = np.flatnonzero(at < np.searchsorted(known["time_s"], new["time_s"], side="right"))
    keep = np.ones(len(new), dtype=bool)
    for k in ties.tolist():
        mine = new["id"][k].tobytes()
        while at[k] < len(known) and known["time_s"][at[k]] == new["time_s"][k]:
            theirs = known["id"][at[k]].tobytes()
            if theirs >= mine:
                keep[k] = theirs != mine
                break
            at[k] += 1
    new, at = new[keep], at[keep]
    if len(new) == 0:
        return known, []
    rows = np.insert(known, at, new)
    where = at + np.arange(len(at))
    run = np.flatnonzero(np.diff(where, prepend=-2) != 1)
    stops = np.append(run[1:], len(where))
    return rows, [Insertion(int(where[a]), int(where[b - 1]) + 1) for a, b in zip(run, stops, strict=True)]


def _canonical(rows: Rows) -> Rows:
    if len(rows) < 2:
        return rows
    # numpy cannot order V16. As S16 it can, and stripping trailing NULs does not make two different ids equal:
    # both have 16 bytes.
    ids = np.ascontiguousarray(rows["id"]).view("S16").reshape(len(rows))
    order = np.lexsort((ids, rows["time_s"]))
    rows, ids = rows[order], ids[order]
    return rows[np.append(True, ids[1:] != ids[:-1])]


def uuid_of(identity: np.void) -> UUID:
    """The observation id of a row."""
    return UUID(bytes=identity.tobytes())


def fixes_only(rows: Rows) -> Rows:
    """Rows that are fixes: only between them is a straight line a fair guess of the way."""
    return rows[rows["is_fix"]]


def instant_of(time_s: float) -> datetime:
    """The time of a row, to the millisecond."""
    return datetime.fromtimestamp(round(time_s, 3), UTC)
