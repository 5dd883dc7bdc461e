"""Pictures over HTTP."""

from __future__ import annotations

from hub.media.receive import Picture
from hub.store import media, sites
from tests.api.conftest import SITE, Hub, problem
from tests.builders import a_site
from tests.pictures import a_jpeg

PATH = f"/api/v1/sites/{SITE}/media"


async def test_send__is_kept_and_the_same_again_is_the_same(hub: Hub) -> None:
    data = a_jpeg()
    first = await hub.as_("dispatcher", "POST", PATH, params={"device": "camera-1", "name": "a.jpg"}, content=data)
    assert first.status_code == 200, first.text
    assert first.json() | {"medium": ""} == {"medium": "", "duplicate": False, "state": "waiting"}
    again = await hub.as_("ranger", "POST", PATH, params={"device": "camera-1"}, content=data)
    assert again.json() == first.json() | {"duplicate": True}
    (one,) = await media.waiting(hub.database, 10)
    assert (one.device, one.live, one.name) == ("camera-1", True, "a.jpg")


async def test_send__a_device_key_speaks_for_its_device_alone(hub: Hub) -> None:
    answer = await hub.as_("collar", "POST", PATH, params={"device": "camera-9"}, content=a_jpeg())
    assert answer.status_code == 200
    (one,) = await media.waiting(hub.database, 10)
    assert one.device == "collar-1"


async def test_send__what_is_no_picture_is_refused_with_the_reason(hub: Hub) -> None:
    body = problem(await hub.as_("dispatcher", "POST", PATH, content=b"<html>"), 422)
    assert body["code"] == "malformed" and "JPEG" in body["detail"]
    large = a_jpeg() + bytes(26_000_000)
    assert problem(await hub.as_("dispatcher", "POST", PATH, content=large), 413)["code"] == "too-large"


async def test_quarantine__a_picture_whose_site_came_to_be_is_taken_on_replay_and_a_bad_one_stays(hub: Hub) -> None:
    await hub.pictures.receiver.take(
        Picture(
            site="newsite",
            device="camera-1",
            door="mqtt",
            address="rosette/newsite/picture/camera-1",
            sender=None,
            live=True,
            received_at=hub.clock(),
        ),
        a_jpeg(),
    )
    problem(await hub.as_("dispatcher", "POST", PATH, content=b"<html>"), 422)
    async with hub.database.transaction() as connection:
        await sites.put(connection, a_site("newsite"))
    (waiting,) = (await hub.as_("chief", "GET", "/api/v1/sites/newsite/quarantine")).json()["items"]
    receipt = (await hub.as_("chief", "POST", f"/api/v1/sites/newsite/quarantine/{waiting['id']}/replay")).json()
    assert (receipt["accepted"], receipt["quarantined"]) == (1, 0)
    (one,) = await media.waiting(hub.database, 10)
    assert (str(one.id), one.device) == (receipt["ids"][0], "camera-1")
    (bad,) = (await hub.as_("dispatcher", "GET", f"/api/v1/sites/{SITE}/quarantine")).json()["items"]
    receipt = (await hub.as_("dispatcher", "POST", f"/api/v1/sites/{SITE}/quarantine/{bad['id']}/replay")).json()
    assert receipt["quarantined"] == 1 and "JPEG" in receipt["problems"][0]
