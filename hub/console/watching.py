"""Which fences with a schedule are watched at a time, and until when."""

import asyncio
import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from litestar import get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from geo.watch import frame_of
from hub.console.access import role_at
from hub.console.feeds import Feeds
from hub.console.parts import Call
from hub.console.window import At, instant, reader
from hub.pipeline.guard import watched
from hub.records.reference import Fence


class FenceHours(msgspec.Struct, frozen=True, kw_only=True):
    """Is a fence watched, and when will that change? None: not within a year."""

    fence: UUID
    version: int
    watching: bool
    changes_at: datetime | None


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """The fences of a site that have a schedule, at a time. All others are always watched."""

    at: datetime
    items: list[FenceHours]


def watching_routes(feeds: Feeds, now: Callable[[str], datetime]) -> list[ControllerRouterHandler]:
    """Handler of what is watched."""

    @get("/api/v1/sites/{site:str}/watching", operation_id="listWatching", guards=[role_at()])
    async def watching(request: Call, site: FromPath[str], at: At = None) -> Hours:
        """Of every fence with a schedule, whether it is watched at a time, and when that changes."""
        reader(request, site)
        moment = instant(at, now(site), "at")
        world = feeds.world_of(site)
        items = await asyncio.to_thread(hours, world.fences.values(), world.site.time_zone, moment)
        return Hours(at=moment, items=items)

    return [watching]


def hours(fences: Iterable[Fence], time_zone: str, moment: datetime) -> list[FenceHours]:
    """Is each of the fences that have a schedule watched at a moment?"""
    zone, at = ZoneInfo(time_zone), moment.timestamp()
    items: list[FenceHours] = []
    for fence in fences:
        one = watched(fence)
        if one.rules.schedule is None:
            continue
        middle = frame_of(one.geometry)
        spans = one.rules.schedule.open_times(at, at, zone, middle.longitude, middle.latitude)
        ahead = int(np.searchsorted(spans[:, 1], at, side="right"))
        open_, until = spans[ahead].tolist() if ahead < len(spans) else (math.inf, math.inf)
        changes = until if open_ <= at else open_
        items.append(
            FenceHours(
                fence=fence.id,
                version=fence.version,
                watching=open_ <= at,
                changes_at=datetime.fromtimestamp(changes, UTC) if math.isfinite(changes) else None,
            )
        )
    return items
