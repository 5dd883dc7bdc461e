"""What models saw in pictures, and the wish that they look again."""

from __future__ import annotations

import msgspec

from hub.see.seen import Box, Seen
from hub.store import looks
from hub.store.looks import LookRow
from hub.store.media import LookedAt
from tests import builders as a
from tests.api.conftest import SITE, Hub
from tests.pictures import a_jpeg

SPAN = {"since": "2026-06-01T00:00:00Z", "until": "2026-08-01T00:00:00Z"}


async def a_picture_seen(hub: Hub) -> str:
    path = f"/api/v1/sites/{SITE}/media?device=cam-1&taken_at={a.NOON.isoformat().replace('+00:00', 'Z')}"
    medium = (await hub.as_("dispatcher", "POST", path, content=a_jpeg())).json()["medium"]
    box = Box("person", 0.9, "person", 0.1, 0.1, 0.2, 0.2)
    seen = Seen(state="seen", boxes=[box], facts={"GPSLatitude": "43.1", "BodySerialNumber": "SN-0042"})
    row = LookRow(medium, "one@1", SITE, "seen", msgspec.json.encode(seen), b'{"show": 0.3}')
    async with hub.database.transaction() as connection:
        await looks.add(connection, [row])
        await looks.settle(connection, SITE, medium, LookedAt(state="seen", looked_by="one@1"))
    return medium


async def test_looks__show_boxes_and_nothing_of_what_the_camera_wrote(hub: Hub) -> None:
    medium = await a_picture_seen(hub)
    answer = await hub.as_("ranger", "GET", f"/api/v1/sites/{SITE}/media/{medium}/looks")
    (look,) = answer.json()
    assert (look["model"], look["counts"], look["show"]) == ("one@1", True, 0.3)
    assert [box["label"] for box in look["boxes"]] == ["person"]
    assert "43.1" not in answer.text and "SN-0042" not in answer.text
    assert (await hub.as_("ranger", "GET", f"/api/v1/sites/tundra/media/{medium}/looks")).status_code == 404


async def test_again__is_noted_once_for_what_another_model_saw(hub: Hub) -> None:
    await a_picture_seen(hub)
    path = f"/api/v1/sites/{SITE}/looks"
    answer = await hub.as_("dispatcher", "POST", path, json=SPAN | {"device": "cam-1"})
    assert (answer.status_code, answer.json()) == (202, {"pictures": 1, "model": None})
    assert (await hub.as_("dispatcher", "POST", path, json=SPAN)).json()["pictures"] == 0
    health = (await hub.as_("ranger", "GET", f"/api/v1/sites/{SITE}/health")).json()
    assert (health["pictures"]["again"], health["pictures"]["live"], health["detector"]) == (1, 0, None)
    backwards = {"since": SPAN["until"], "until": SPAN["since"]}
    assert (await hub.as_("dispatcher", "POST", path, json=backwards)).status_code == 422
