"""At which fences a subject is, and how sure that is: computed from nothing but what the same reader is told anyway."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
import numpy as np
import shapely
from litestar import get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from shapely import MultiPolygon, Polygon

from fusion.ellipse import covariance_from_ellipse, covariance_from_radius
from geo.border import border_distance_m
from geo.fence_edges import Area, Line
from geo.fences import rings_of
from geo.generalise import cell_box
from geo.tiles import grown
from geo.uncertainty import floored, inside_probability
from hub.clearance import CELL_M, ExactReads
from hub.console.access import role_at
from hub.console.feeds import Feeds
from hub.console.parts import Call
from hub.console.window import At, instant, reader
from hub.console.wire import SubjectItem, subject_item
from hub.pipeline.guard import watched
from hub.pipeline.positions import positions_at
from hub.records.errors import NotFound
from hub.records.reference import Fence, Severity
from hub.store import reference
from hub.store.database import Database

# Fences farther away are told only where their own zone of warning reaches.
NEAR_M = 10_000.0
MOST = 20
# An ellipse of 95 % holds so many variances along its axes: -2 ln 0.05.
VARIANCES_OF_95 = 5.991464547


class FenceNear(msgspec.Struct, frozen=True, kw_only=True):
    """A fence near a subject. `probability` of being inside, None for a line; `distance_m` to its border, < 0 inside.

    Of a generalised place both are those of its cell: the share of the cell that is in the fence, and the distance of
    the cell's centre. `version` is the one that held at the time; of a fence that was `drawn_later`, its first.
    """

    fence: UUID
    version: int
    name: str
    severity: Severity
    kind: Literal["area", "line"]
    probability: float | None
    distance_m: float
    drawn_later: bool = False


class FencesNear(msgspec.Struct, frozen=True, kw_only=True):
    """Fences, as they were at a time, near the place where a subject is believed to have been then."""

    at: datetime
    subject: UUID
    observed_at: datetime | None
    generalised: bool
    uncertainty_m: float
    items: list[FenceNear]


def inside_routes(database: Database, feeds: Feeds, now: Callable[[str], datetime]) -> list[ControllerRouterHandler]:
    """Handler of P(inside)."""

    @get("/api/v1/sites/{site:str}/subjects/{subject:uuid}/fences", operation_id="listFencesNear", guards=[role_at()])
    async def fences_near(request: Call, site: FromPath[str], subject: FromPath[UUID], at: At = None) -> FencesNear:
        """Fences near a subject at a time, most probable first, with the probability that it is inside."""
        caller, role = reader(request, site)
        world = feeds.world_of(site)
        moment = instant(at, now(site), "at")
        known = feeds.of(site).latest if at is None else await positions_at(database, world, moment)
        position = next((one for one in known.values() if one.subject.id == subject), None)
        item = None if position is None else subject_item(position, world, role, moment)
        if position is None or item is None:
            # The same answer, whether there is nothing or nothing that this reader may know.
            raise NotFound(f"no place of {subject} is known at site {site}")
        reads = ExactReads(caller, site)
        if item.sensitive:
            reads.saw(position.name)
        await reads.write(database, "inside")
        fences = world.fences.values() if at is None else await fences_at(database, site, moment)
        items = await asyncio.to_thread(near, item, fences, moment)
        return FencesNear(
            at=moment,
            subject=subject,
            observed_at=item.observed_at,
            generalised=item.generalised,
            uncertainty_m=item.uncertainty_m,
            items=items,
        )

    return [fences_near]


async def fences_at(database: Database, site: str, moment: datetime) -> list[Fence]:
    """Fences as they were at a moment; those that were drawn later as they were drawn first."""
    return [one for one in await reference.then(database, site, "fence", moment) if isinstance(one, Fence)]


def near(item: SubjectItem, fences: Iterable[Fence], moment: datetime) -> list[FenceNear]:
    """Fences near a place as a reader knows it: that with the greatest probability first, then the nearest."""
    found: list[FenceNear] = []
    for fence in fences:
        shape = watched(fence).geometry
        reach_m = max(NEAR_M, fence.near_m or 0.0)
        if not _is_about(shape, item, reach_m):
            continue
        distance_m = border_distance_m(shape, item.longitude, item.latitude)
        is_area = isinstance(shape, Polygon | MultiPolygon)
        probability = _probability(shape, item) if isinstance(shape, Polygon | MultiPolygon) else None
        if distance_m > reach_m and not probability:
            continue
        found.append(
            FenceNear(
                fence=fence.id,
                version=fence.version,
                name=fence.name,
                severity=fence.severity,
                kind="area" if is_area else "line",
                probability=probability,
                distance_m=round(distance_m, 1),
                drawn_later=fence.recorded_at is not None and fence.recorded_at > moment,
            )
        )
    return sorted(found, key=lambda one: (-(one.probability or 0.0), one.distance_m, one.name))[:MOST]


def _is_about(shape: Area | Line, item: SubjectItem, reach_m: float) -> bool:
    west, south, east, north = grown(shape.bounds, reach_m + item.uncertainty_m)
    return west <= item.longitude <= east and south <= item.latitude <= north


def _probability(shape: Polygon | MultiPolygon, item: SubjectItem) -> float:
    if item.generalised:
        cell = shapely.box(*cell_box(item.longitude, item.latitude, CELL_M))
        return round(shapely.intersection(cell, shape).area / cell.area, 3)
    covariance = covariance_from_radius(max(item.uncertainty_m, 1.0), 1.0 - np.exp(-0.5))
    if item.ellipse is not None and item.ellipse.semi_minor_m > 0:
        drawn = item.ellipse
        covariance = covariance_from_ellipse(
            drawn.semi_major_m, drawn.semi_minor_m, drawn.orientation_deg, VARIANCES_OF_95
        )
    p = inside_probability(rings_of(shape), [item.longitude], [item.latitude], floored(covariance))
    return round(float(p[0]), 4)
