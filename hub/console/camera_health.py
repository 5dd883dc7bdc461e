"""HTTP: are the cameras of a site well? Silence against their own past, outages, batteries, cards, views."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from litestar import get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from fusion.camera.outage import Outage, outages_of
from fusion.camera.silence import Silence, silence_of
from fusion.camera.view import day_hash, turned_since
from hub.clearance import EXACT
from hub.console.access import role_at
from hub.console.sensitive import read_world
from hub.pipeline.world import World
from hub.store import camera_health
from hub.store.camera_health import Battery
from hub.store.database import Database

LOW_PERCENT = 20.0
REPEATER = "repeater"
"""Attribute of a camera's record: the name of what it sends through."""
FEWEST_UNREADABLE = 3
DYING = 0.1
"""From this share of pictures that cannot be read on, a card is thought to be dying, not one picture broken."""

Contact = Literal["ok", "silent", "outage", "unknown"]
Trouble = Literal["silent", "battery", "unreadable", "turned"]


class CameraHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One camera. contact: `unknown` where too little came to know what is usual; `outage`: silent with others.

    usual_h: mean hours between signs of life. silence_due_at: when it is called silent if nothing comes before.
    trouble: what somebody should see to at this camera; an outage is no trouble of the camera.
    """

    device: str
    contact: Contact
    trouble: tuple[Trouble, ...]
    heard_at: datetime | None
    usual_h: float | None
    silence_due_at: datetime | None
    battery_percent: float | None
    battery_at: datetime | None
    unreadable: int
    looked_at: int
    turned_on: datetime | None


class OutageItem(msgspec.Struct, frozen=True, kw_only=True):
    """Cameras silent at once. repeater: null where they share something else. since: the last sign of life of any."""

    repeater: str | None
    since: datetime
    members: tuple[str, ...]


class CamerasHealth(msgspec.Struct, frozen=True, kw_only=True):
    """All cameras in service at a time, those in trouble first, and outages, the newest first."""

    at: datetime
    cameras: list[CameraHealth]
    outages: list[OutageItem]


class Sent(NamedTuple):
    """What cameras sent, as `hub.store.camera_health` reads it."""

    reports: Sequence[tuple[str, Sequence[float]]]
    batteries: Sequence[Battery]
    unreadable: Sequence[tuple[str, int, int]]
    days: Sequence[tuple[str, int, bool, int]]


def camera_health_routes(database: Database, now: Callable[[str], datetime]) -> list[ControllerRouterHandler]:
    """The handler of how cameras are. `now`: the clock of a site."""

    @get(
        "/api/v1/sites/{site:str}/cameras/health",
        operation_id="listCameraHealth",
        guards=[role_at(*EXACT)],
        tags=["cameras"],
    )
    async def health(site: FromPath[str]) -> CamerasHealth:
        """Is each camera well, by its own past? Cameras that fell silent together are one outage.

        Signs of life tell when animals and people passed: only for those who may know where.
        """
        world, at = await read_world(database, site), now(site)
        keys = in_service(world, at)
        async with database.connection() as connection:
            asked = (connection, site, keys, at)
            sent = Sent(
                await camera_health.reports(*asked),
                await camera_health.batteries(*asked),
                await camera_health.unreadable(*asked),
                await camera_health.days(*asked),
            )
        return await asyncio.to_thread(health_of, world, keys, sent, at)

    return [health]


def in_service(world: World, at: datetime) -> list[str]:
    """Keys of cameras that stand somewhere then, or of which nobody said where they stand."""
    return sorted(
        key
        for key, one in world.devices.items()
        if one.kind == "camera"
        and (not (stays := world.stays_of_device.get(key)) or any(stay.holds(at) for stay in stays))
    )


def health_of(world: World, keys: Sequence[str], sent: Sent, at: datetime) -> CamerasHealth:
    """A function of the set of what was sent, and of the time."""
    reported = {device: np.array(sorted(hours)) for device, hours in sent.reports}
    silences = {device: one for device, hours in reported.items() if (one := silence_of(hours)) is not None}
    repeaters = {
        key: name for key in keys if isinstance(name := world.devices[key].attributes.get(REPEATER), str) and name
    }
    now_h = at.timestamp() / 3600.0
    outages = outages_of(reported, silences, repeaters, now_h)
    batteries = {one.camera: one for one in sent.batteries}
    broken = {device: (bad, looked_at) for device, bad, looked_at in sent.unreadable}
    turned = _turned(sent.days)
    cameras = [
        _camera(
            key,
            _contact(key, silences.get(key), outages, now_h),
            silences.get(key),
            batteries.get(key),
            broken.get(key, (0, 0)),
            turned.get(key),
        )
        for key in keys
    ]
    return CamerasHealth(
        at=at,
        cameras=sorted(cameras, key=lambda one: (-len(one.trouble), one.device)),
        outages=[OutageItem(repeater=one.repeater, since=_moment(one.since_h), members=one.members) for one in outages],
    )


def _contact(key: str, silence: Silence | None, outages: Sequence[Outage], now_h: float) -> Contact:
    if any(key in one.members for one in outages):
        return "outage"
    if silence is None or silence.due_h is None:
        return "unknown"
    return "silent" if silence.is_silent(now_h) else "ok"


def _camera(
    key: str,
    contact: Contact,
    silence: Silence | None,
    battery: Battery | None,
    broken: tuple[int, int],
    turned: int | None,
) -> CameraHealth:
    bad, looked_at = broken
    found: dict[Trouble, bool] = {
        "silent": contact == "silent",
        "battery": battery is not None and battery.percent < LOW_PERCENT,
        "unreadable": bad >= FEWEST_UNREADABLE and bad >= DYING * looked_at,
        "turned": turned is not None,
    }
    return CameraHealth(
        device=key,
        contact=contact,
        trouble=tuple(name for name, holds in found.items() if holds),
        heard_at=None if silence is None else _moment(silence.last_h),
        usual_h=None if silence is None or silence.usual_h is None else round(silence.usual_h, 1),
        silence_due_at=None if silence is None or silence.due_h is None else _moment(silence.due_h),
        battery_percent=None if battery is None else battery.percent,
        battery_at=None if battery is None else battery.observed_at,
        unreadable=bad,
        looked_at=looked_at,
        turned_on=None if turned is None else _moment(24.0 * turned),
    )


def _turned(days: Sequence[tuple[str, int, bool, int]]) -> dict[str, int]:
    """Camera -> the first day of another view, in whichever light shows it first."""
    pictures: defaultdict[tuple[str, bool], defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for device, day, infrared, hash_ in days:
        pictures[device, infrared][day].append(hash_)
    found: dict[str, int] = {}
    for (device, _), by_day in pictures.items():
        since = turned_since({day: day_hash(hashes) for day, hashes in by_day.items()})
        if since is not None:
            found[device] = min(since, found.get(device, since))
    return found


def _moment(hour: float) -> datetime:
    """To the minute."""
    return datetime.fromtimestamp(round(hour * 60.0) * 60, UTC)
