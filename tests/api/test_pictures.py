"""Pictures that leave the hub: persons, places and serial numbers stay behind, whoever asks and however."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import pytest
from httpx import Response
from PIL import Image

from hub.records.ids import new_id
from hub.see.seen import Box, Seen
from hub.store import access, looks, media
from hub.store.looks import LookRow
from hub.store.media import LookedAt
from tests import builders as a
from tests.api.conftest import OTHER, SITE, Hub, problem
from tests.pictures import SERIAL, a_jpeg

PATH = f"/api/v1/sites/{SITE}/media"
PERSON = Box("person", 0.9, "person", 0.25, 0.25, 0.5, 0.5)
ANIMAL = Box("animal", 0.9, "animal", 0.1, 0.1, 0.3, 0.3)
EVERYBODY = ("ranger", "dispatcher", "scientist", "admin", "chief")
SPAN = {"from": "2026-06-01T00:00:00Z", "to": "2026-08-01T00:00:00Z"}


async def sent(hub: Hub, seed: int = 1, minutes: int = 0, device: str = "cam-1", **given: Any) -> str:
    at = (a.NOON + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
    params = {"device": device, "taken_at": at, "name": f"{device}-{seed}.jpg"}
    answer = await hub.as_("dispatcher", "POST", PATH, params=params, content=a_jpeg(seed, (320, 240), **given))
    assert answer.status_code == 200, answer.text
    return answer.json()["medium"]


async def looked(hub: Hub, medium: str, *boxes: Box, facts: dict[str, str] | None = None) -> None:
    seen = Seen(state="seen", boxes=list(boxes), width_px=320, height_px=240, facts=facts or {})
    row = LookRow(UUID(medium), "one@1", SITE, "seen", msgspec.json.encode(seen), b'{"show": 0.3}')
    what = LookedAt(state="seen", looked_by="one@1", width_px=320, height_px=240, facts=dict(seen.facts))
    async with hub.database.transaction() as connection:
        await looks.add(connection, [row])
        await looks.settle(connection, SITE, UUID(medium), what)


async def said(hub: Hub, medium: str, label: str = "person", minutes: int = 0, **given: Any) -> str:
    """A detection of the picture, as the log has it."""
    at = (a.NOON + timedelta(minutes=minutes)).isoformat()
    fields = {"kind": "detection", "device": "cam-1", "observed_at": at, "label": label, "media": medium}
    receipt = await hub.send(fields | {"source_id": f"{medium}/one@1/0"} | given)
    return receipt["ids"][0]


async def pixels(answer: Response) -> Any:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg" and answer.headers["x-content-type-options"] == "nosniff"
    return np.asarray(Image.open(io.BytesIO(answer.content)))


async def audited(hub: Hub) -> list[tuple[str, str]]:
    return [(one.what, one.detail.get("reason", "")) for one in await access.audit_page(hub.database, SITE, None, 20)]


async def test_picture__is_shown_to_nobody_before_a_model_has_looked(hub: Hub) -> None:
    medium = await sent(hub)
    for who in EVERYBODY:
        assert problem(await hub.as_(who, "GET", f"{PATH}/{medium}/picture"), 409)["code"] == "conflict"
        item = (await hub.as_(who, "GET", f"{PATH}/{medium}")).json()["item"]
        assert (item["picture"], item["persons"]) == (False, None)
    for who in ("ranger", "scientist"):
        problem(await hub.as_(who, "GET", f"{PATH}/{medium}/original"), 403)
    await pixels(await hub.as_("dispatcher", "GET", f"{PATH}/{medium}/original"))


async def test_picture__persons_are_pixelated_for_everybody_and_nothing_else_is(hub: Hub) -> None:
    medium = await sent(hub)
    whole = await pixels(await hub.as_("dispatcher", "GET", f"{PATH}/{medium}/original"))
    await looked(hub, medium, PERSON)
    for who in EVERYBODY:
        shown = await pixels(await hub.as_(who, "GET", f"{PATH}/{medium}/picture?width=320"))
        # Blocks of 25 pixels from the corner of box and margin on: inside of one all are alike, but for JPEG's noise.
        assert shown[52:70, 68:86].std(axis=(0, 1)).max() < 6
        assert np.abs(shown[:30].astype(int) - whole[:30]).mean() < 6
    small = await pixels(await hub.as_("ranger", "GET", f"{PATH}/{medium}/picture?width=64"))
    assert small.shape == (48, 64, 3)
    problem(await hub.as_("ranger", "GET", f"{PATH}/{medium}/picture?width=99999"), 400)


async def test_original__of_persons_needs_an_alert_and_is_audited(hub: Hub) -> None:
    camera, place = a.a_device(SITE, "cam-1", kind="camera"), a.a_place(SITE, "bridge")
    fence = a.a_fence(SITE, triggers=("present",), watches=("person",), severity="critical")
    await hub.store(camera, place, a.a_deployment(camera, place), fence)
    medium = await sent(hub)
    await looked(hub, medium, PERSON)
    path = f"{PATH}/{medium}/original?reason=poacher%20on%20the%20bridge"
    for who in EVERYBODY:
        problem(await hub.as_(who, "GET", path), 403)
    assert ("original of a picture refused", "poacher on the bridge") in await audited(hub)
    await said(hub, medium, bounding_box=[0.25, 0.25, 0.5, 0.5], probability=0.9)
    await hub.settle()
    for who, status in (("dispatcher", 200), ("admin", 200), ("scientist", 403), ("ranger", 403), ("collar", 403)):
        assert (await hub.as_(who, "GET", path)).status_code == status
        if who != "collar":
            assert (await hub.as_(who, "GET", f"{PATH}/{medium}")).json()["original"] is (status == 200)
    assert [what for what, _ in await audited(hub)].count("original of a picture read") == 2


async def test_exif__no_place_and_no_serial_number_leave_the_hub(hub: Hub) -> None:
    medium = await sent(hub, taken="2026:07:01 22:00:00", located=True)
    await looked(hub, medium, ANIMAL, facts={"Make": "Bushnell", "GPSLatitude": "43.1033", "BodySerialNumber": SERIAL})
    for path in ("/picture", "/original"):
        answer = await hub.as_("admin", "GET", f"{PATH}/{medium}{path}")
        assert not Image.open(io.BytesIO(answer.content)).getexif()
        assert SERIAL.encode() not in answer.content and b"Bushnell" not in answer.content
    for path in (f"{PATH}/{medium}", PATH, f"{PATH}/{medium}/looks"):
        answer = await hub.as_("admin", "GET", path, params=SPAN if path == PATH else {})
        assert answer.status_code == 200
        assert SERIAL not in answer.text and "43.1033" not in answer.text
    assert (await hub.as_("admin", "GET", f"{PATH}/{medium}")).json()["facts"] == {"Make": "Bushnell"}
    assert (await hub.as_("ranger", "GET", f"{PATH}/{medium}")).json()["facts"] == {}


async def test_sensitive__pictures_do_not_tell_rangers_their_camera_and_others_reads_are_audited(hub: Hub) -> None:
    leopard = a.an_individual(SITE, "Leo31", sensitive=True)
    await hub.store(leopard)
    secret, plain = await sent(hub, 1), await sent(hub, 2, minutes=5)
    for medium in (secret, plain):
        await looked(hub, medium, ANIMAL)
    await said(hub, secret, "animal", individual="Leo31")
    await said(hub, plain, "animal", minutes=5)
    answer = await hub.as_("ranger", "GET", PATH, params=SPAN)
    items = {item["id"]: item for item in answer.json()["items"]}
    assert (items[secret]["device"], items[secret]["generalised"]) == (None, True)
    assert (items[plain]["device"], items[plain]["generalised"]) == ("cam-1", False)
    assert "jpg" not in answer.text, "the name of a file may be that of its camera"
    filtered = await hub.as_("ranger", "GET", PATH, params=SPAN | {"device": "cam-1"})
    assert [item["id"] for item in filtered.json()["items"]] == [plain]
    detail = (await hub.as_("ranger", "GET", f"{PATH}/{secret}")).json()
    assert detail["deliveries"] == [] and "cam-1" not in msgspec.json.encode(detail).decode()
    person = await hub.add_person("d@x.org", {SITE: "dispatcher"})
    await hub.login("d@x.org")
    seen = await hub.client.get(PATH, params=SPAN | {"device": "cam-1"})
    assert {item["id"] for item in seen.json()["items"]} == {secret, plain}
    entries = await access.audit_page(hub.database, SITE, None, 5)
    assert any(one.what == "pictures" and str(person.id) in one.who for one in entries)


async def test_list__filters_pages_and_leaves_copies_out(hub: Hub) -> None:
    ids = [await sent(hub, n, minutes=n, device=f"cam-{n % 2}") for n in range(5)]
    await looked(hub, ids[1], PERSON)
    await looked(hub, ids[3], ANIMAL)
    async with hub.database.connection() as connection:
        await connection.execute("update medium set preview_of = $2 where id = $1", UUID(ids[0]), UUID(ids[2]))

    async def listed(**params: str) -> list[str]:
        found: list[str] = []
        following: dict[str, str] = {}
        while True:
            page = (await hub.as_("ranger", "GET", PATH, params=SPAN | {"limit": "2"} | params | following)).json()
            found += [item["id"] for item in page["items"]]
            if page["next"] is None:
                return found
            following = {"after": page["next"]}

    assert await listed() == [ids[4], ids[3], ids[2], ids[1]]
    assert await listed(device="cam-1") == [ids[3], ids[1]]
    assert await listed(label="person") == [ids[1]]
    assert await listed(state="waiting") == [ids[4], ids[2]]
    problem(await hub.as_("ranger", "GET", PATH, params={"lable": "person"}), 422)


async def test_strangers__find_nothing_by_id_path_or_site(hub: Hub) -> None:
    medium = await sent(hub)
    await looked(hub, medium, ANIMAL)
    for below in ("", "/picture", "/original", "/looks"):
        problem(await hub.client.get(f"{PATH}/{medium}{below}"), 401)
        problem(await hub.as_("stranger", "GET", f"{PATH}/{medium}{below}"), 404)
        problem(await hub.as_("stranger", "GET", f"{PATH.replace(SITE, OTHER)}/{medium}{below}"), 404)
        problem(await hub.as_("admin", "GET", f"{PATH}/{new_id()}{below}"), 404)
        problem(await hub.as_("collar", "GET", f"{PATH}/{medium}{below}"), 403)
    for way in ("../../media.key", "..%2f..%2fmedia.key", "%2e%2e/%2e%2e/media.key", medium.replace("-", "") + ".jpg"):
        answer = await hub.as_("admin", "GET", f"{PATH}/{way}/picture")
        assert answer.status_code in (400, 404) and b"\xff\xd8" not in answer.content


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0 no picture at all", a_jpeg()[:40]], ids=["noise", "cut off"])
async def test_picture__that_cannot_be_read_is_gone_and_ends_no_hub(hub: Hub, data: bytes) -> None:
    answer = await hub.as_("dispatcher", "POST", PATH, content=data)
    medium = answer.json()["medium"]
    await looked(hub, medium, ANIMAL)
    assert problem(await hub.as_("dispatcher", "GET", f"{PATH}/{medium}/picture"), 410)["code"] == "gone"
    one = await media.get(hub.database, SITE, UUID(medium))
    hub.pictures.vault.remove(one.sha256)
    problem(await hub.as_("dispatcher", "GET", f"{PATH}/{medium}/original"), 410)
