"""Attacks: what a reader without clearance tries in order to learn where a sensitive animal, or a person, is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from hub.records.reference import Deployment, Device
from hub.store import reference
from tests import builders as a
from tests.api.attack import F01, PATH, SECRET, WHEN, a_camera, a_detection, everything, frames, near, read
from tests.api.conftest import SITE, Hub


async def test_present__alert_at_a_camera_that_saw_a_leopard_is_a_cell_without_the_camera(hub: Hub) -> None:
    await a_camera(hub)
    await hub.send(a_detection(**F01))
    await hub.settle()
    for path in ("alerts", "findings"):
        (exact,), (coarse,) = await read(hub, "dispatcher", path), await read(hub, "ranger", path)
        assert near(exact)
        assert not near(coarse)
        assert coarse["subject"]["id"] != exact["subject"]["id"]
    (alert,) = await read(hub, "ranger", "alerts")
    whole = await hub.as_("ranger", "GET", f"{PATH}/alerts/{alert['id']}")
    taken = await hub.as_("ranger", "POST", f"{PATH}/alerts/{alert['id']}/acknowledge", headers={"If-Match": '"1"'})
    stale = await hub.as_("ranger", "POST", f"{PATH}/alerts/{alert['id']}/acknowledge", headers={"If-Match": '"1"'})
    for answer in (whole, taken, stale):
        assert not near(answer.json())
        assert "old gate" not in answer.text
        assert "camera-1" not in answer.text


async def test_present__live_frames_for_a_ranger_name_neither_camera_nor_place(hub: Hub) -> None:
    await a_camera(hub)
    await hub.settle()
    feed = hub.feeds.of(SITE)
    text = await frames(hub, feed, "ranger", a_detection(**F01))
    assert "event: alerts" in text
    for secret in ("old gate", "camera-1", str(SECRET[0]), str(SECRET[1])):
        assert secret not in text
    assert "old gate" in await frames(hub, feed, "dispatcher", a_detection(**F01, probability=0.5))


async def test_present__a_gunshot_stays_exact_for_rangers(hub: Hub) -> None:
    await a_camera(hub)
    await hub.send(a_detection(label="gunshot"))
    await hub.settle()
    (alert,) = await read(hub, "ranger", "alerts")
    assert near(alert)
    assert alert["subject_name"] == "old gate"


async def test_present__an_animal_that_is_marked_sensitive_later_is_coarse_from_then_on(hub: Hub) -> None:
    await a_camera(hub)
    other = a.an_individual(SITE, "lynx 1", scientific_name="Lynx lynx")
    await hub.store(other)
    await hub.send(a_detection(scientific_name="Lynx lynx"))
    await hub.settle()
    assert near(await read(hub, "ranger", "alerts"))
    async with hub.database.transaction() as connection:
        marked = msgspec.structs.replace(other, sensitive=True)
        await reference.put(connection, marked, expect=1, by="test")
    await hub.settle()
    assert not near(await read(hub, "ranger", "alerts"))


async def test_findings__asked_for_by_camera_do_not_tell_which_camera_it_was(hub: Hub) -> None:
    _, gate = await a_camera(hub)
    later = (a.NOON + timedelta(minutes=5)).isoformat()
    await hub.send(a_detection(**F01), a_detection(label="person", observed_at=later))
    await hub.settle()
    params = WHEN | {"subject": str(gate.id), "limit": "1"}
    page = (await hub.as_("ranger", "GET", f"{PATH}/findings", params=params)).json()
    assert [item["crossed_at"] for item in page["items"]] == ["2026-07-01T12:05:00Z"]
    # Not even when it was.
    assert not (page["next"] or "").startswith("2026-07-01T12:00:00")
    assert len(await read(hub, "dispatcher", "findings", subject=str(gate.id))) == 2


@pytest.mark.parametrize("who", ["ranger", "scientist"])
async def test_unknown_collar__its_past_is_coarse_once_it_is_a_sensitive_animals(hub: Hub, who: str) -> None:
    hub.clock.time = a.NOON + timedelta(hours=6)
    await hub.store(a.a_fence(SITE))
    await hub.send(*(a.a_fix("collar-9", minutes=60 * k, east=0.02 * k - 0.02) for k in range(3)))
    await hub.settle()
    collar, leopard = a.a_device(SITE, "collar-9"), a.an_individual(SITE, "M09", sensitive=True)
    await hub.store(collar, leopard, a.a_deployment(collar, leopard, valid_from=a.NOON + timedelta(minutes=100)))
    await hub.settle()
    told = await everything(hub, who)
    crossed = [one for path in ("findings", "alerts") for one in told[path]]
    assert {one["subject"]["kind"] for one in crossed} >= {"device"}
    edge = (a.CENTRE[0] - 0.01, a.CENTRE[1])
    assert bool(near(told, edge)) == (who == "scientist")
    assert bool(near(told, a.CENTRE)) == (who == "scientist")


async def test_collar__that_was_taken_off_is_not_exact_where_it_was_last_heard_on_the_animal(hub: Hub) -> None:
    hub.clock.time = a.NOON + timedelta(hours=6)
    collar, leopard = a.a_device(SITE, "collar-1", kind="sensor"), a.an_individual(SITE, "F01", sensitive=True)
    until = a.NOON + timedelta(hours=2)
    await hub.store(collar, leopard, a.a_deployment(collar, leopard, valid_to=until))
    # It is still on her, whatever was entered.
    await hub.send(a.a_fix(minutes=60), a.a_fix(minutes=150))
    await hub.settle()
    for at in (until + timedelta(minutes=1), hub.clock.time):
        assert not near(await read(hub, "ranger", "subjects", at=at.isoformat()), a.CENTRE)
    assert not near(await everything(hub, "ranger"), a.CENTRE)
    assert near(await everything(hub, "dispatcher"), a.CENTRE)


async def test_collar__on_nobody_may_be_on_an_animal(hub: Hub) -> None:
    hub.clock.time = a.NOON + timedelta(hours=1)
    await hub.store(a.a_device(SITE, "collar-1"))
    await hub.send(a.a_fix())
    await hub.settle()
    assert not near(await everything(hub, "ranger"), a.CENTRE)
    assert near(await everything(hub, "dispatcher"), a.CENTRE)


async def test_observations__asked_for_by_device_leave_out_what_is_withheld(hub: Hub) -> None:
    await a_camera(hub)
    later = (a.NOON + timedelta(minutes=5)).isoformat()
    await hub.send(a_detection(**F01), a_detection(label="person", observed_at=later))
    items, after = [], None
    for _ in range(4):
        params = {"device": "camera-1", "limit": "1"} | ({"after": after} if after else {})
        page = (await hub.as_("ranger", "GET", f"{PATH}/observations", params=params)).json()
        items += page["items"]
        # Not even when it was.
        assert not (page["next"] or "").startswith("2026-07-01T12:00:00")
        if (after := page["next"]) is None:
            break
    assert [one["observation"]["label"] for one in items] == ["person"]
    assert len(await read(hub, "dispatcher", "observations", device="camera-1")) == 2


async def test_observations__which_individual_it_was_is_withheld(hub: Hub) -> None:
    await a_camera(hub)
    await hub.send(a_detection(**F01))
    answer = await hub.as_("ranger", "GET", f"{PATH}/observations")
    assert "withheld" in answer.text
    assert "F01" not in answer.text


async def test_detections__pages_do_not_carry_the_id_of_what_is_hidden(hub: Hub) -> None:
    await a_camera(hub)
    later = (a.NOON + timedelta(minutes=5)).isoformat()
    await hub.send(a_detection(**F01), a_detection(label="person", observed_at=later))
    true_ids = {one["id"] for one in await read(hub, "dispatcher", "detections")}
    first = (await hub.as_("ranger", "GET", f"{PATH}/detections", params=WHEN | {"limit": "1"})).json()
    assert not any(one in first["next"] for one in true_ids)
    params = WHEN | {"limit": "1", "after": first["next"]}
    second = (await hub.as_("ranger", "GET", f"{PATH}/detections", params=params)).json()
    assert [one["label"] for one in (*first["items"], *second["items"])] == ["animal", "person"]


async def test_detections__of_a_camera_without_a_place_withhold_the_camera(hub: Hub) -> None:
    await a_camera(hub)
    await hub.send(a_detection(device="camera-7", **F01))
    for path in ("detections", "observations"):
        answer = await hub.as_("ranger", "GET", f"{PATH}/{path}", params=WHEN)
        assert "camera-7" not in answer.text


async def test_den__is_a_cell_on_the_map_and_so_is_what_its_camera_sees(hub: Hub) -> None:
    await a_camera(hub, attributes={"sensitive": True})
    await hub.send(a_detection())
    await hub.settle()
    told = await everything(hub, "ranger")
    assert {one["kind"] for one in told["subjects"]} == {"place"}
    assert told["alerts"] and told["detections"] and told["places"]
    assert not near(told)
    assert near((await everything(hub, "dispatcher"))["subjects"])


async def test_deleted_animal__stays_coarse(hub: Hub) -> None:
    hub.clock.time = a.NOON + timedelta(hours=6)
    collar, leopard = a.a_device(SITE, "collar-1"), a.an_individual(SITE, "F01", sensitive=True)
    worn = a.a_deployment(collar, leopard)
    await hub.store(collar, leopard, worn, a.a_fence(SITE))
    await hub.send(*(a.a_fix(minutes=60 * k, east=0.02 * k - 0.02) for k in range(3)), a_detection(**F01))
    await hub.settle()
    for noun, record in (("deployment", worn), ("individual", leopard)):
        async with hub.database.transaction() as connection:
            await reference.delete(connection, SITE, noun, record.id, expect=1, by="test")
        told = await everything(hub, "ranger")
        await hub.settle()
        for one in (told, await everything(hub, "ranger")):
            assert not near(one, a.CENTRE)
            assert not near(one, (a.CENTRE[0] - 0.01, a.CENTRE[1]))
    assert [one["observation"]["device"] for one in await read(hub, "ranger", "observations")] == ["withheld"] * 4


@pytest.mark.parametrize(
    "shown",
    [
        {"scientific_name": "Panthera pardus"},
        {"scientific_name": "panthera PARDUS orientalis (Schlegel, 1857)"},
        {"scientific_name": "Panthera (Panthera) pardus"},
        {"scientific_name": "Panthera cf. pardus"},
        {"scientific_name": "Panthera"},
        {"scientific_name": "Panthera sp."},
        {"label": "leopard"},
        {"label": "Amur leopard"},
        {"label": "Леопард"},
        {"label": "panthera_pardus"},
        {"label": "Far Eastern spotted cat"},
        {"individual": "Unknown leopard"},
        {"individual": "f01"},
    ],
)
async def test_species__however_it_is_written_is_protected(hub: Hub, shown: dict[str, str]) -> None:
    await a_camera(hub)
    other = a.an_individual(SITE, "M02", sensitive=True, attributes={"vernacular_name": "Far Eastern spotted cat"})
    await hub.store(other)
    await hub.send(a_detection(**shown))
    await hub.settle()
    told = await everything(hub, "ranger")
    assert told["alerts"] and told["findings"] and told["detections"] and told["observations"]
    del told["places"], told["subjects"]
    assert not near(told)
    assert {one["observation"]["device"] for one in told["observations"]} == {"withheld"}


@pytest.mark.parametrize(
    "shown", [{}, {"label": "leopard cat"}, {"scientific_name": "Prionailurus bengalensis"}, {"label": "vehicle"}]
)
async def test_species__that_nobody_protects_is_exact(hub: Hub, shown: dict[str, str]) -> None:
    await a_camera(hub)
    await hub.send(a_detection(**shown))
    await hub.settle()
    (item,) = await read(hub, "ranger", "detections")
    assert near(item)


def a_carrier(device: Device, kind: str, **given: Any) -> Deployment:
    """The device with a person or in a vehicle."""
    fields = {"id": a.an_id(SITE, device.key, kind), "site": SITE, "device": device.id, "carrier_kind": kind}
    return Deployment(**(fields | {"carrier": a.an_id(SITE, kind)} | given))


async def people_about(hub: Hub) -> None:
    """A ranger and a vehicle who cross a fence, and a phone that has not been given to anybody."""
    hub.clock.time = a.NOON + timedelta(hours=6)
    devices = [a.a_device(SITE, f"{kind}-1", kind=kind) for kind in ("phone", "vehicle")]
    spare = a.a_device(SITE, "phone-2", kind="phone")
    carried = [a_carrier(device, kind) for device, kind in zip(devices, ("person", "vehicle"), strict=True)]
    await hub.store(*devices, spare, *carried, a.a_fence(SITE))
    for key in ("phone-1", "vehicle-1", "phone-2"):
        await hub.send(*(a.a_fix(key, minutes=60 * k, east=0.02 * k - 0.02) for k in range(3)))
    seen = {"kind": "sighting", "device": "phone-1", "observed_at": a.NOON.isoformat(), "label": "deer"}
    await hub.send(seen | {"longitude": SECRET[0], "latitude": SECRET[1]})
    await hub.settle()


async def test_people__are_withheld_from_scientists_and_seen_by_those_who_look_after_them(hub: Hub) -> None:
    await people_about(hub)
    told = await everything(hub, "scientist")
    assert [one["label"] for one in told.pop("detections")] == ["deer"]
    (sighting,) = told.pop("observations")
    assert sighting["observation"]["kind"] == "sighting"
    assert not any(told.values())
    assert await read(hub, "scientist", "observations", device="phone-1", limit="1") == [sighting]
    assert not await read(hub, "scientist", "findings", subject=str(a.an_id(SITE, "person")))
    for who in ("ranger", "dispatcher"):
        told = await everything(hub, who)
        assert {one["kind"] for one in told["subjects"]} == {"person", "vehicle", "device"}
        # Where a device went that is on nobody is for those who may know every place.
        on_nobody = {"device"} if who == "dispatcher" else set()
        assert {one["subject"]["kind"] for one in told["tracks"]} == {"person", "vehicle"} | on_nobody
        assert near(told, a.CENTRE)


async def test_people__live_frames_for_a_scientist_leave_them_out(hub: Hub) -> None:
    await people_about(hub)
    feed = hub.feeds.of(SITE)
    fix = a.a_fix("phone-1", minutes=200)
    assert "event: positions" not in await frames(hub, feed, "scientist", fix)
    assert "event: positions" in await frames(hub, feed, "ranger", fix | {"longitude": 131.41})
