"""What an attacker on places does: read all that can be listed, and look for what is too near the truth."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from geo.geodesy import distance_m
from hub.console.live import SiteFeed
from hub.records.person import Role
from hub.records.reference import Device, Place
from tests import builders as a
from tests.api.conftest import SITE, Hub
from tests.api.test_live import Stream

PATH = f"/api/v1/sites/{SITE}"
WHEN = {"from": "2026-06-01T00:00:00Z", "to": "2026-08-01T00:00:00Z"}
LISTS = ("subjects", "tracks", "detections", "findings", "alerts", "observations", "places")
# Nothing that a reader without clearance is told may be nearer to the truth than a cell's centre happens to be.
SECRET = (a.CENTRE[0] + 0.0037, a.CENTRE[1] + 0.0041)
NEAR_M = 150.0


async def a_camera(hub: Hub, **given: Any) -> tuple[Device, Place]:
    """A camera at a secret place inside a fence that watches for whatever is present; a sensitive leopard is known."""
    hub.clock.time = a.NOON + timedelta(hours=1)
    camera, leopard = a.a_device(SITE, "camera-1", kind="camera"), a.an_individual(SITE, "F01", sensitive=True)
    gate = a.a_place(SITE, "old gate", longitude=SECRET[0], latitude=SECRET[1], **given)
    fence = a.a_fence(SITE, half_deg=0.05, triggers=("present",))
    await hub.store(camera, leopard, gate, a.a_deployment(camera, gate), fence)
    return camera, gate


def a_detection(**given: Any) -> dict[str, Any]:
    return {"kind": "detection", "device": "camera-1", "observed_at": a.NOON.isoformat(), "label": "animal"} | given


F01 = {"individual": "F01", "scientific_name": "Panthera pardus orientalis"}


async def read(hub: Hub, who: str, path: str, **params: str) -> list[dict[str, Any]]:
    given = (WHEN if path in ("tracks", "detections", "findings", "observations") else {}) | params
    answer = await hub.as_(who, "GET", f"{PATH}/{path}", params=given)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def everything(hub: Hub, who: str) -> dict[str, list[dict[str, Any]]]:
    """All that a reader can list, alerts of all states and each with its findings."""
    told = {path: await read(hub, who, path) for path in LISTS}
    told["alerts"] = await read(hub, who, "alerts", state="all")
    for alert in told["alerts"]:
        alert |= (await hub.as_(who, "GET", f"{PATH}/alerts/{alert['id']}")).json()
    return told


def places_in(value: object) -> list[tuple[float, float]]:
    """Every place below a value."""
    match value:
        case {"longitude": float(x), "latitude": float(y)}:
            inner = [v for v in value.values() if isinstance(v, list | dict)]
            return [(x, y)] + [place for one in inner for place in places_in(one)]
        case {"longitude": list(xs), "latitude": list(ys)}:
            return list(zip(xs, ys, strict=True))
        case dict():
            return [place for one in value.values() for place in places_in(one)]
        case list():
            return [place for one in value for place in places_in(one)]
        case _:
            return []


def near(value: object, place: tuple[float, float] = SECRET) -> list[tuple[float, float]]:
    """Places below a value that give the secret away."""
    return [one for one in places_in(value) if distance_m(*one, *place) < NEAR_M]


async def frames(hub: Hub, feed: SiteFeed, who: Role, what: dict[str, Any]) -> str:
    """All that one stream says while something is sent."""
    stream = Stream(feed, who)
    await stream.next()
    await hub.send(what)
    await hub.settle()
    (listener,) = feed._listeners
    text = ""
    while not listener.frames.empty():
        text += (listener.frames.get_nowait() or b"").decode()
    await stream.close()
    return text
