"""Where an animal lives (home range) and where it was (occurrence): two answers to two questions, as GeoJSON."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
import numpy as np
from litestar import get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from shapely import MultiPolygon, transform
from shapely.geometry import mapping

from fusion.occurrence import occurrence
from fusion.ranges import Region, TooShort, home_range
from geo.frames import LocalFrame
from hub.clearance import EXACT, ExactReads, cleared_region
from hub.console.access import role_at
from hub.console.feeds import Feeds
from hub.console.parts import Call
from hub.console.past import AsOf, Pasts, known_at, marks_of
from hub.console.sensitive import NO_MARKS
from hub.console.window import Since, Until, reader, window
from hub.pipeline.carried import fixes_of
from hub.pipeline.fuse import fuse
from hub.pipeline.history import Rows, fixes_only, ordered_rows
from hub.pipeline.movement import Motion
from hub.records.errors import NotFound
from hub.records.finding import Subject
from hub.records.movement import Tag
from hub.records.person import Role
from hub.store.database import Database

# A region drawn finer than this shows the grid it was made on.
SIMPLIFY_M = 10.0
LONGEST = timedelta(days=366)


class RegionProperties(msgspec.Struct, frozen=True, kw_only=True):
    """Which product, of which share; the interval of 95 % only of a home range, which is an estimate."""

    product: Literal["home_range", "occurrence"]
    probability: float
    area_km2: float
    area_low_km2: float | None
    area_high_km2: float | None


class RegionFeature(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="Feature"):
    """A GeoJSON feature. Without clearance its geometry is null."""

    geometry: dict[str, Any] | None
    properties: RegionProperties


class Ranges(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="type",
    tag="FeatureCollection",
    rename={"since": "from", "until": "to"},
):
    """Both products from the fixes of an animal's collars in [from, to), as GeoJSON, largest first.

    effective_size: how many independent positions the record is worth; refused: why there is no home range;
    known_share: of the time from first to last fix that is near enough to one to be counted in the occurrence.
    is_fitted: with movement parameters fitted to collars, or with assumptions. tags: how far off each of its tags is.
    """

    subject: dict[str, Any]
    name: str
    since: datetime
    until: datetime
    as_of: datetime | None
    generalised: bool
    fixes: int
    effective_size: float | None
    refused: str | None
    known_share: float | None
    is_fitted: bool
    tags: tuple[Tag, ...]
    features: list[RegionFeature]


def range_routes(database: Database, feeds: Feeds, now: Callable[[str], datetime]) -> list[ControllerRouterHandler]:
    """Handler of ranges."""
    pasts = Pasts(database)

    @get("/api/v1/sites/{site:str}/subjects/{subject:uuid}/range", operation_id="showRange", guards=[role_at()])
    async def show_range(
        request: Call,
        site: FromPath[str],
        subject: FromPath[UUID],
        since: Since = None,
        until: Until = None,
        as_of: AsOf = None,
    ) -> Ranges:
        """Home range and occurrence of a collared animal, by default of the last year; with `as_of` as known then.

        Of who was merged into another one, that one answers.
        """
        caller, role = reader(request, site)
        asked = known_at(as_of)
        begin, end = window(since, until, asked or now(site), LONGEST)
        past = None if asked is None else await pasts.read(site, asked)
        world = feeds.world_of(site) if past is None else past.world
        subject = world.merged.get(subject, subject)
        individual = world.individuals.get(subject)
        if individual is None:
            raise NotFound(f"no individual {subject}")
        said = await fixes_of(database, world, subject, begin, end, collars_only=True)
        rows = fixes_only(await asyncio.to_thread(ordered_rows, said, world))
        motion = world.movements.of(subject, individual.scientific_name)
        one = Subject(kind="individual", id=subject)
        marks = NO_MARKS if past is None else await marks_of(database, past, one, said)
        if marks.personal and role == "scientist":
            raise NotFound(f"no individual {subject}")
        sensitive = marks.sensitive or world.is_sensitive(one)
        if sensitive and len(rows):
            reads = ExactReads(caller, site)
            reads.saw(individual.name)
            await reads.write(database, "range")
        products = await asyncio.to_thread(products_of, rows, world.frame, motion, sensitive, role)
        return Ranges(
            subject={"kind": "individual", "id": subject},
            name=individual.name,
            since=begin,
            until=end,
            as_of=asked,
            generalised=sensitive and role not in EXACT,
            fixes=len(rows),
            is_fitted=motion.is_fitted,
            tags=motion.tags,
            **products,
        )

    return [show_range]


def products_of(rows: Rows, frame: LocalFrame, motion: Motion, sensitive: bool, role: Role) -> dict[str, Any]:
    """The computed fields of `Ranges`, as a reader of this role may know them. Takes up to a second."""
    found: dict[str, Any] = {"effective_size": None, "refused": None, "known_share": None, "features": []}
    if len(rows) < 2:
        return found | {"refused": "no two fixes of a collar in this time"}
    known = fuse(rows, frame, motion, None)
    track, parameters = known.track, known.parameters
    features: list[RegionFeature] = []
    try:
        home = home_range(track.time_s, track.x_m, track.y_m, parameters)
        found["effective_size"] = round(home.effective_size, 1)
        features += [_feature("home_range", one, frame, sensitive, role) for one in home.regions]
    except TooShort as refused:
        found |= {"effective_size": round(refused.effective_size, 1), "refused": str(refused)}
    except ValueError as refused:
        found["refused"] = str(refused)
    first, last = float(track.time_s[0]), float(track.time_s[-1])
    if last > first:
        was = occurrence(known, first, last)
        found["known_share"] = round(was.known_share, 3)
        features += [_feature("occurrence", one, frame, sensitive, role) for one in was.regions]
    features.sort(key=lambda one: -one.properties.area_km2)
    return found | {"features": features}


def _feature(
    product: Literal["home_range", "occurrence"], region: Region, frame: LocalFrame, sensitive: bool, role: Role
) -> RegionFeature:
    low, high = region.interval_km2 or (None, None)
    polygon = cleared_region(region.polygon, sensitive, role)
    return RegionFeature(
        geometry=None if polygon is None else _degrees(polygon, frame),
        properties=RegionProperties(
            product=product,
            probability=region.probability,
            area_km2=round(region.area_km2, 3),
            area_low_km2=None if low is None else round(low, 3),
            area_high_km2=None if high is None else round(high, 3),
        ),
    )


def _degrees(polygon: MultiPolygon, frame: LocalFrame) -> dict[str, Any]:
    smooth_enough = polygon.simplify(min(SIMPLIFY_M, 0.01 * polygon.length / max(len(polygon.geoms), 1)))

    def to_degrees(at: np.ndarray) -> np.ndarray:
        return np.round(np.stack(frame.to_degrees(at[:, 0], at[:, 1]), axis=1), 6)

    return mapping(transform(smooth_enough, to_degrees))
