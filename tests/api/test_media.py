"""Pictures over HTTP."""

from __future__ import annotations

from hub.store import media
from tests.api.conftest import SITE, Hub, problem
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
