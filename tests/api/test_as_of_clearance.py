"""Attacks: whoever asks what was known at an earlier time learns nothing that is withheld today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from hub.pipeline import propose, then
from hub.records.ids import new_id
from hub.store import access
from tests import builders as a
from tests.api.attack import SECRET, a_camera, a_detection, near
from tests.api.conftest import SITE, Hub, problem
from tests.api.identified import decide, seen

PATH = f"/api/v1/sites/{SITE}"
SPAN = {"from": "2026-06-01T00:00:00Z", "to": "2026-08-01T00:00:00Z"}
EAST, NORTH = SECRET[0] - a.CENTRE[0], SECRET[1] - a.CENTRE[1]


async def told(hub: Hub, who: str, as_of: datetime | None) -> list[dict[str, Any]]:
    """All that a reader can ask for of an earlier time."""
    asked = {} if as_of is None else {"as_of": as_of.isoformat()}
    at = {"at": (a.NOON + timedelta(hours=1)).isoformat()}
    found: list[dict[str, Any]] = []
    for path, params in (("subjects", at), ("tracks", SPAN), ("detections", SPAN)):
        answer = await hub.as_(who, "GET", f"{PATH}/{path}", params=params | asked)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
    for name in ("F01", "B03"):
        key = a.an_individual(SITE, name).id
        answer = await hub.as_(who, "GET", f"{PATH}/subjects/{key}/range", params=SPAN | asked)
        found.append({"regions": [one["geometry"] for one in answer.json().get("features", [])]})
    return found


def gives_away(answers: list[dict[str, Any]]) -> bool:
    return near(answers) != [] or any(geometry is not None for one in answers for geometry in one.get("regions", []))


async def walked(hub: Hub, device: str, name: str, **given: Any) -> datetime:
    """A device on somebody walks by the secret place; the time by which that was known."""
    hub.clock.time = a.NOON + timedelta(hours=2)
    record, who = a.a_device(SITE, device, **given), a.an_individual(SITE, name, scientific_name="Meles")
    await hub.store(record, who, a.a_deployment(record, who), a.an_individual(SITE, "F01", sensitive=True))
    await hub.send(*(a.a_fix(device, minutes=k, east=EAST, north=NORTH + 1e-4 * (k % 7)) for k in range(0, 60, 5)))
    await hub.settle()
    return datetime.now(UTC)


async def test_animal__that_became_sensitive_since_is_coarse_also_as_it_was_known_before(hub: Hub) -> None:
    before = await walked(hub, "collar-1", "B03")
    assert gives_away(await told(hub, "ranger", before))
    await hub.edit(a.an_individual(SITE, "B03", scientific_name="Meles", sensitive=True), 1)
    await hub.settle()
    assert not gives_away(await told(hub, "ranger", before))
    assert gives_away(await told(hub, "dispatcher", before))


async def test_collar__that_is_known_since_to_have_been_on_a_leopard_gives_no_badger_its_way(hub: Hub) -> None:
    before = await walked(hub, "collar-1", "B03")
    device, leopard = a.a_device(SITE, "collar-1"), a.an_individual(SITE, "F01", sensitive=True)
    badger = a.an_individual(SITE, "B03", scientific_name="Meles")
    corrected = msgspec.structs.replace(a.a_deployment(device, badger), carrier=leopard.id)
    await hub.edit(corrected, 1)
    await hub.settle()
    assert not gives_away(await told(hub, "ranger", None))
    assert not gives_away(await told(hub, "ranger", before))


async def test_phone__that_is_known_since_to_have_been_with_a_ranger_is_nothing_for_scientists(hub: Hub) -> None:
    before = await walked(hub, "tag-1", "B03", kind="sensor")
    assert gives_away(await told(hub, "scientist", before))
    device, badger = a.a_device(SITE, "tag-1", kind="sensor"), a.an_individual(SITE, "B03", scientific_name="Meles")
    of_ranger = msgspec.structs.replace(a.a_deployment(device, badger), carrier_kind="person", carrier=new_id())
    await hub.edit(of_ranger, 1)
    await hub.settle()
    assert not gives_away(await told(hub, "scientist", None))
    assert not gives_away(await told(hub, "scientist", before))


async def test_vehicle__whose_tracker_is_known_since_to_have_been_on_a_leopard_shows_rangers_no_way(hub: Hub) -> None:
    hub.clock.time = a.NOON + timedelta(hours=2)
    device, leopard = a.a_device(SITE, "tag-1", kind="sensor"), a.an_individual(SITE, "F01", sensitive=True)
    on_car = msgspec.structs.replace(a.a_deployment(device, leopard), carrier_kind="vehicle", carrier=new_id())
    await hub.store(device, leopard, on_car)
    await hub.send(*(a.a_fix("tag-1", minutes=k, east=EAST, north=NORTH) for k in range(0, 60, 5)))
    await hub.settle()
    before = datetime.now(UTC)
    assert gives_away(await told(hub, "ranger", before))
    corrected = msgspec.structs.replace(on_car, carrier_kind="individual", carrier=leopard.id)
    await hub.edit(corrected, 1)
    await hub.settle()
    assert not gives_away(await told(hub, "ranger", before))


async def test_picture__that_people_recognised_since_is_withheld_also_as_it_was_known_before(hub: Hub) -> None:
    camera, _ = await a_camera(hub)
    assert camera.key == "camera-1"
    key = await seen(hub, scientific_name="Meles")
    before = datetime.now(UTC)
    detections = {"as_of": before.isoformat()} | SPAN
    found = (await hub.as_("ranger", "GET", f"{PATH}/detections", params=detections)).json()
    assert near(found)
    await decide(hub, key, a.an_individual(SITE, "F01"))
    found = (await hub.as_("ranger", "GET", f"{PATH}/detections", params=detections)).json()
    (item,) = found["items"]
    assert near(found) == [] and item["generalised"] and item["device"] == ""


async def test_place__that_became_a_den_since_is_coarse_also_as_it_was_known_before(hub: Hub) -> None:
    _, den = await a_camera(hub)
    await hub.send(a_detection(scientific_name="Meles"))
    await hub.settle()
    before = datetime.now(UTC)
    await hub.edit(msgspec.structs.replace(den, attributes={"sensitive": True}), 1)
    await hub.settle()
    assert not gives_away(await told(hub, "ranger", before))


async def test_reading_exact_places_of_then__is_written_to_the_audit(hub: Hub) -> None:
    before = await walked(hub, "collar-1", "B03")
    await hub.edit(a.an_individual(SITE, "B03", scientific_name="Meles", sensitive=True), 1)
    await hub.settle()
    hub.clock.time = datetime.now(UTC)
    await hub.add_person("eva@example.org", {SITE: "scientist"})
    await hub.login("eva@example.org")
    answer = await hub.client.get(f"{PATH}/tracks", params=SPAN | {"as_of": before.isoformat()})
    assert answer.status_code == 200, answer.text
    (entry,) = [one for one in await access.audit_page(hub.database, SITE, None, 50) if one.what == "tracks"]
    assert entry.detail["sensitive"] == {"B03": 12}


async def test_as_of__is_refused_where_it_would_take_too_long_or_is_no_time(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await walked(hub, "collar-1", "B03")
    body = problem(await hub.as_("admin", "GET", f"{PATH}/tracks", params={"as_of": "yesterday"}), 422)
    assert "as_of" in body["detail"]
    monkeypatch.setattr(then, "MOST_PIECES", 5)
    monkeypatch.setattr(propose, "MOST_THEN", -1)
    now = datetime.now(UTC).isoformat()
    assert "subject=" in problem(await hub.as_("admin", "GET", f"{PATH}/tracks", params={"as_of": now}), 422)["detail"]
    f01 = str(a.an_individual(SITE, "F01").id)
    answer = await hub.as_("admin", "GET", f"{PATH}/tracks", params={"as_of": now, "subject": f01})
    assert answer.status_code == 200, answer.text
    await hub.send(a_detection(label="animal", device="collar-1", longitude=a.CENTRE[0], latitude=a.CENTRE[1]))
    now = datetime.now(UTC).isoformat()
    problem(await hub.as_("admin", "GET", f"{PATH}/review", params={"as_of": now}), 422)
