"""Is the hub alive, is it ready, and how is a site doing?"""

import asyncio
import ipaddress
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from litestar import Response, Router, get
from litestar.params import FromPath
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from hub.console.access import role_at
from hub.console.parts import Call, Given, Parts
from hub.console.problems import Problem
from hub.console.vitals import DetectorState, Door, DrillState, PipelineState
from hub.records.errors import HubError, Unauthenticated
from hub.records.reference import Device
from hub.store import looks, observations, people, quarantine, reference

DATABASE_WITHIN_S = 1.0
LEAST_FREE_BYTES = 200 << 20
# A device that has said nothing for this long is counted as silent.
SILENT_AFTER = timedelta(hours=24)
_KINDS = ("fix", "detection", "sighting", "reading")


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str = "ok"


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Every part that the hub needs, and whether it is there."""

    database: bool
    broker: bool
    disk: bool


class DeviceCount(msgspec.Struct, frozen=True, kw_only=True):
    """Devices that were heard of within a day, and those that were not."""

    ok: int
    silent: int


class DatabaseState(msgspec.Struct, frozen=True, kw_only=True):
    """Does the database answer?"""

    ok: bool


class PicturesState(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures that wait to be looked at, live, in bulk and again, and that cannot be read; at most 10,000 of each.

    oldest_s: for how long the oldest has waited, null when none does.
    """

    live: int
    bulk: int
    again: int
    unreadable: int
    oldest_s: float | None


class SiteHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How fresh a site's data is and what holds it up.

    `data_age_s` counts from when something was received last, null when nothing was observed within 30 days;
    `last_observed_at` is the time of the newest observation of all, null when there is none. `detector` is null
    where no model looks at pictures; then `pictures` wait.
    """

    data_age_s: float | None
    last_observed_at: datetime | None
    observations_last_hour: int
    quarantined_last_day: int
    doors: dict[str, Door]
    pipeline: PipelineState | None
    devices: DeviceCount
    database: DatabaseState
    detector: DetectorState | None
    pictures: PicturesState
    drill: DrillState | None


@get("/health/live", tags=["health"])
async def live() -> Alive:
    """Answers as long as the process does; needs nothing else."""
    return Alive()


@get("/health/ready", tags=["health"])
async def ready(parts: Given) -> Response[Ready] | Response[bytes]:
    """200, or 503 with the part that is missing."""
    database = await _database_answers(parts)
    found = Ready(database=database, broker=parts.vitals.mqtt().connected, disk=await _has_room(parts.folder))
    missing = [name for name, there in msgspec.structs.asdict(found).items() if not there]
    if missing:
        return Problem(
            status=503,
            code="not-ready",
            title="The hub is not ready.",
            detail=f"missing: {', '.join(missing)}",
            more={"parts": msgspec.structs.asdict(found)},
            headers={"Retry-After": "5"},
        ).response()
    return Response(found, headers={"Cache-Control": "no-store"})


async def _database_answers(parts: Parts) -> bool:
    try:
        async with asyncio.timeout(DATABASE_WITHIN_S):
            await people.anybody(parts.database)
    except (HubError, TimeoutError):
        return False
    return True


async def _has_room(folder: Path) -> bool:
    try:
        return (await asyncio.to_thread(shutil.disk_usage, folder)).free >= LEAST_FREE_BYTES
    except OSError:
        return False


@get("/metrics", include_in_schema=False)
async def metrics(request: Call, parts: Given) -> Response[bytes]:
    """For Prometheus: from this machine without a key, from elsewhere with an admin's."""
    caller = request.scope.get("user")
    if not _is_local(request) and (caller is None or caller.device or "admin" not in caller.sites.values()):
        raise Unauthenticated("From another machine, metrics need the API key of an admin.")
    await parts.refresh()
    return Response(generate_latest(parts.registry), media_type=CONTENT_TYPE_LATEST)


def _is_local(request: Call) -> bool:
    # Behind a proxy everybody comes from this machine.
    if request.headers.get("x-forwarded-for") or request.headers.get("forwarded") or request.client is None:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


@get("/api/v1/sites/{site:str}/health", guards=[role_at()], tags=["health"])
async def of_site(parts: Given, site: FromPath[str]) -> SiteHealth:
    """What the status line of the console shows."""
    now, wall, database = parts.now(site), parts.wall(), parts.database
    fresh = await observations.freshness(database, site, now - timedelta(hours=1))
    recent = fresh.recent
    if fresh.received_at is None:
        fresh = await observations.freshness(database, site, now - timedelta(days=30))
    last = fresh.observed_at or await observations.newest(database, site)
    _, quarantined = await quarantine.count(database, site, wall - timedelta(days=1))
    known = {one.key for one in await reference.everything(database, site, ("device",)) if isinstance(one, Device)}
    waits = await looks.of_site(database, site)
    heard = await observations.latest(database, site, dict.fromkeys(sorted(known), now - SILENT_AFTER), now, _KINDS, ())
    return SiteHealth(
        data_age_s=None if fresh.received_at is None else max(0.0, (now - fresh.received_at).total_seconds()),
        last_observed_at=last,
        observations_last_hour=recent,
        quarantined_last_day=quarantined,
        doors={"mqtt": parts.vitals.mqtt()} | parts.vitals.doors(),
        pipeline=await parts.vitals.pipeline(site),
        devices=DeviceCount(ok=len(heard), silent=len(known) - len(heard)),
        database=DatabaseState(ok=True),
        detector=parts.vitals.detector(),
        pictures=PicturesState(
            live=waits.live,
            bulk=waits.bulk,
            again=waits.again,
            unreadable=waits.unreadable,
            oldest_s=None if waits.oldest is None else max(0.0, (now - waits.oldest).total_seconds()),
        ),
        drill=await parts.vitals.drill(site),
    )


ROUTES = Router("/", route_handlers=[live, ready, metrics, of_site])
