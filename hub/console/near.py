"""HTTP: what else was near a place, an observation or an alert, then."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.types import ControllerRouterHandler

from geo.tiles import grown
from hub.clearance import Cleared, ExactReads
from hub.console.access import role_at
from hub.console.live import alert_item
from hub.console.paging import MOST
from hub.console.parts import Call
from hub.console.sensitive import (
    is_sensitive,
    is_sensitive_noticed,
    read_world,
    sensitive_name,
    sensitive_name_noticed,
)
from hub.console.vicinity import Anchor, NearItem, known_place, may_be_boxed, near_items
from hub.console.window import At, instant, reader
from hub.pipeline.history import UNUSABLE
from hub.pipeline.identity import as_believed
from hub.pipeline.world import World
from hub.records.errors import Malformed, NotFound
from hub.records.person import Role
from hub.store import alerts, vicinity
from hub.store.database import Database

MOST_RADIUS_M = 50_000.0
MOST_WINDOW_S = 7 * 86_400.0
# Observations of the window that are looked at, nearest in time first.
MOST_LOOKED_AT = 20_000

Longitude = Annotated[float | None, QueryParameter(ge=-180, le=180, description="Degrees; with latitude and at.")]
Latitude = Annotated[float | None, QueryParameter(ge=-90, le=90, description="Degrees; with longitude and at.")]
Radius = Annotated[float, QueryParameter(ge=0, le=MOST_RADIUS_M, description="Metres, inclusive.")]
Window = Annotated[float, QueryParameter(ge=0, le=MOST_WINDOW_S, description="Seconds before and after, inclusive.")]
Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="Most items of the answer.")]


class Near(msgspec.Struct, frozen=True, kw_only=True):
    """What was near, nearest in time first. `generalised`: the place asked about is the centre of its cell.

    `truncated`: there was more than `limit`, or more was observed in the window than is looked at.
    """

    longitude: float
    latitude: float
    generalised: bool
    at: datetime
    radius_m: float
    window_s: float
    items: list[NearItem]
    truncated: bool


def near_routes(database: Database, now: Callable[[str], datetime]) -> list[ControllerRouterHandler]:
    """The handler of what was near."""

    @get("/api/v1/sites/{site:str}/near", operation_id="listNear", guards=[role_at()])
    async def near(
        request: Call,
        site: FromPath[str],
        longitude: Longitude = None,
        latitude: Latitude = None,
        at: At = None,
        observation: FromQuery[UUID | None] = None,
        alert: FromQuery[UUID | None] = None,
        radius_m: Radius = 500.0,
        window_s: Window = 3600.0,
        limit: Limit = 200,
    ) -> Near:
        """What else was near, then: all that was observed within a radius and a window of time.

        Of a place (`longitude`, `latitude`, `at`), of an `observation`, or of an `alert`. Where the reader may not know
        a place exactly, its cell counts in its stead, also for what is asked about.
        """
        caller, role = reader(request, site)
        # As the records are now, not as the pipeline last read them: a deployment of a minute ago counts.
        world = await read_world(database, site)
        reads = ExactReads(caller, site)
        given = [one is not None for one in (longitude, observation, alert)]
        if sum(given) != 1 or (longitude is None) != (latitude is None):
            raise Malformed("give longitude and latitude with at, or observation, or alert: one of them")
        if longitude is None and at is not None:
            raise Malformed("at goes with longitude and latitude: an observation and an alert have their own time")
        if observation is not None:
            anchor = await _of_observation(database, world, role, observation, reads)
        elif alert is not None:
            anchor = await _of_alert(database, world, role, alert, reads)
        else:
            anchor = Anchor(Cleared(longitude, latitude, None, False), instant(at, now(site), "at"))
        x, y = anchor.place.longitude, anchor.place.latitude
        assert x is not None and y is not None
        try:
            since, until = anchor.at - timedelta(seconds=window_s), anchor.at + timedelta(seconds=window_s)
        except OverflowError:
            raise Malformed("at is too near the end of time") from None
        boxed = may_be_boxed(role)
        found = await vicinity.around(
            database,
            site,
            since=since,
            until=until,
            at=anchor.at,
            unusable=sorted(UNUSABLE),
            box=vicinity.Box(*grown((x, y, x, y), radius_m, wraps=True)) if boxed else None,
            standing=_standing(world),
            most=MOST_LOOKED_AT + 1,
        )
        believed = await as_believed(database, world, found[:MOST_LOOKED_AT])
        told = await asyncio.to_thread(near_items, believed, anchor, world, role, radius_m, window_s)
        for seen, item in told[:limit]:
            if item.sensitive:
                reads.saw(sensitive_name(seen.observation, world))
        await reads.write(database, "near")
        return Near(
            longitude=x,
            latitude=y,
            generalised=anchor.place.generalised,
            at=anchor.at,
            radius_m=radius_m,
            window_s=window_s,
            items=[item for _, item in told[:limit]],
            truncated=len(told) > limit or len(found) > MOST_LOOKED_AT,
        )

    return [near]


async def _of_observation(database: Database, world: World, role: Role, key: UUID, reads: ExactReads) -> Anchor:
    """An observation to ask about. What its reader may not know exactly is not found by its id: ids can be guessed.

    The id follows from what an observation says; were it answered, a guess of the exact place could be confirmed.
    """
    site = world.site.id
    found = await vicinity.by_id(database, site, key)
    seen = None if found is None else (await as_believed(database, world, [found]))[0]
    place = None if seen is None else known_place(seen, world, role)
    if seen is None or place is None or place.generalised:
        raise NotFound(f"no observation {key} with a place at site {site}")
    if is_sensitive(seen.observation, world):
        reads.saw(sensitive_name(seen.observation, world))
    return Anchor(place, seen.observed_at, seen.id)


async def _of_alert(database: Database, world: World, role: Role, key: UUID, reads: ExactReads) -> Anchor:
    """An alert to ask about, where its reader is told that it was."""
    site = world.site.id
    found = await alerts.get(database, site, key)
    item = alert_item(found, world, role)
    if item is None:
        raise NotFound(f"no alert {key} at site {site}")
    if sensitive := is_sensitive_noticed(found, world):
        reads.saw(sensitive_name_noticed(found, world))
    coarse = sensitive and (item.longitude, item.latitude) != (found.longitude, found.latitude)
    return Anchor(Cleared(item.longitude, item.latitude, None, coarse), item.occurred_at)


def _standing(world: World) -> list[str]:
    """Devices that ever stood at a place: what they say without a place was there."""
    return sorted(
        device for device, stays in world.stays_of_device.items() if any(stay.carrier.kind == "place" for stay in stays)
    )
