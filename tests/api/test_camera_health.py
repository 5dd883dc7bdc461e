"""Cameras that fall silent, whose batteries are low, whose cards die or that were turned, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from hub.store import media
from hub.store.media import LookedAt
from tests import builders as a
from tests.api.conftest import SITE, Hub
from tests.pictures import a_jpeg

PATH = f"/api/v1/sites/{SITE}/cameras/health"
OLD, NEW = 0x0F0F0F0F0F0F0F0F, 0x00FF00FF00FF00FF


def a_camera(key: str, **attributes: Any) -> Any:
    return a.a_device(SITE, key, kind="camera", attributes=attributes)


async def daily(hub: Hub, days: Sequence[int], *cameras: str, battery: float = 80.0) -> None:
    """Readings of batteries, one a day, as they come."""
    for day in days:
        hub.clock.time = a.NOON + timedelta(days=day, minutes=5)
        at = (a.NOON + timedelta(days=day)).isoformat()
        said = {"kind": "reading", "observed_at": at, "quantity": "battery", "value": battery, "unit": "%"}
        await hub.send(*({**said, "device": camera} for camera in cameras))


async def health(hub: Hub, day: float) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    hub.clock.time = a.NOON + timedelta(days=day)
    answer = await hub.as_("dispatcher", "GET", PATH)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return {one["device"]: one for one in body["cameras"]}, body["outages"]


async def test_health__a_repeater_down_is_one_outage_and_a_camera_alone_is_silent(hub: Hub) -> None:
    behind = [f"cam-{n}" for n in range(3)]
    await hub.store(*(a_camera(key, repeater="mast-1") for key in behind), a_camera("lone"), a_camera("well"))
    await daily(hub, range(14), *behind, "lone", "well")
    cameras, outages = await health(hub, 14)
    assert {one["contact"] for one in cameras.values()} == {"ok"} and not outages
    await daily(hub, range(14, 22), "well")
    cameras, outages = await health(hub, 22)
    assert [(one["repeater"], one["members"], one["since"]) for one in outages] == [
        ("mast-1", behind, "2026-07-14T12:05:00Z")
    ]
    assert [cameras[key]["contact"] for key in (*behind, "lone", "well")] == [*["outage"] * 3, "silent", "ok"]
    assert (cameras["lone"]["trouble"], cameras["cam-0"]["trouble"]) == (["silent"], [])
    assert cameras["lone"]["heard_at"] == "2026-07-14T12:05:00Z" and 24 <= cameras["lone"]["usual_h"] < 36
    assert cameras["lone"]["silence_due_at"] < "2026-07-23"
    await daily(hub, [22], *behind)
    cameras, outages = await health(hub, 22.1)
    assert not outages and {cameras[key]["contact"] for key in behind} == {"ok"}


async def test_health__what_a_person_brought_is_no_sign_of_life_and_a_reset_clock_is_one(hub: Hub) -> None:
    await hub.store(a_camera("cam-1"), a_camera("cam-2"))
    await daily(hub, range(14), "cam-1")
    hub.clock.time = a.NOON + timedelta(days=25)
    lines = '{"kind": "reading", "device": "%s", "observed_at": "%s", "quantity": "battery", "value": 5, "unit": "%%"}'
    body = lines % ("cam-1", (a.NOON + timedelta(days=24)).isoformat())
    answer = await hub.as_("dispatcher", "POST", f"/api/v1/sites/{SITE}/files", params={"name": "a.json"}, content=body)
    assert answer.status_code == 200 and answer.json()["accepted"] == 1, answer.text
    cameras, _ = await health(hub, 25)
    assert (cameras["cam-1"]["contact"], cameras["cam-1"]["trouble"]) == ("silent", ["silent", "battery"])
    assert (cameras["cam-2"]["contact"], cameras["cam-2"]["heard_at"]) == ("unknown", None)
    await hub.send({"kind": "detection", "device": "cam-1", "observed_at": "2000-01-01T03:00:00Z", "label": "animal"})
    cameras, _ = await health(hub, 25)
    assert cameras["cam-1"]["contact"] == "ok"


async def test_health__a_low_battery_is_trouble_and_a_retired_camera_is_not_listed(hub: Hub) -> None:
    camera, retired, place = a_camera("cam-1"), a_camera("cam-2"), a.a_place(SITE, "ridge")
    await hub.store(camera, retired, place, a.a_deployment(retired, place, valid_to=a.NOON))
    await daily(hub, [0], "cam-1", battery=90.0)
    await daily(hub, [1], "cam-1", battery=12.0)
    cameras, _ = await health(hub, 2)
    assert list(cameras) == ["cam-1"]
    one = cameras["cam-1"]
    assert (one["contact"], one["trouble"], one["battery_percent"]) == ("unknown", ["battery"], 12.0)


async def test_health__pictures_tell_of_a_dying_card_and_of_another_view(hub: Hub) -> None:
    await hub.store(a_camera("cam-1"))
    for day in range(16):
        hub.clock.time = at = a.NOON + timedelta(days=day)
        taken = {"device": "cam-1", "taken_at": at.isoformat().replace("+00:00", "Z")}
        answer = await hub.as_("dispatcher", "POST", f"/api/v1/sites/{SITE}/media", params=taken, content=a_jpeg(day))
        broken = day >= 13
        look = LookedAt(
            state="quarantined" if broken else "seen", looked_by="one@1", perceptual_hash=NEW if day >= 11 else OLD
        )
        async with hub.database.transaction() as connection:
            await media.looked_at(connection, UUID(answer.json()["medium"]), look)
    cameras, _ = await health(hub, 15.5)
    one = cameras["cam-1"]
    assert one["trouble"] == ["unreadable", "turned"] and one["contact"] == "ok"
    assert (one["unreadable"], one["looked_at"], one["turned_on"]) == (3, 7, "2026-07-12T00:00:00Z")
