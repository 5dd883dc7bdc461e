"""Coats over HTTP: what is proposed and where coats are alike, a person's word about a flank, and who may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from hub.media.receive import Receiver
from hub.media.vault import Vault
from hub.records.ids import new_id
from hub.see.coats import Coats
from hub.store import access
from tests import builders as a
from tests.api.conftest import OTHER, SITE, Hub, problem
from tests.coated import Here, a_coat, is_of
from tests.store.pictures import Reserve

ROOT = f"/api/v1/sites/{SITE}"
F01 = a.an_individual(SITE, "F01", sensitive=True, scientific_name="Panthera pardus orientalis")


class Filled:
    """A hub with a leopard whose left flank is known, and a picture of the same flank."""

    def __init__(self, hub: Hub, reserve: Reserve) -> None:
        self.hub, self.reserve = hub, reserve
        self.known, self.asked = UUID(int=0), UUID(int=0)

    async def compared(self) -> None:
        task = Coats(self.hub.database, self.reserve.vault, cuts=Here)
        while await task.step():
            pass

    async def say(self, observation: UUID, flank: str | None, key: UUID | None = None, who: str = "scientist") -> Any:
        body = {"id": str(key or new_id()), "flank": flank}
        return await self.hub.as_(who, "POST", f"{ROOT}/detections/{observation}/coat/flank", json=body)

    async def coat(self, observation: UUID, who: str = "scientist") -> dict[str, Any]:
        answer = await self.hub.as_(who, "GET", f"{ROOT}/detections/{observation}/coat")
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def filled(hub: Hub) -> AsyncIterator[Filled]:
    vault: Vault = hub.pictures.vault
    reserve = Reserve(hub.database, vault.folder.parent)
    reserve.vault, reserve.receiver = vault, Receiver(hub.database, vault, now=lambda: reserve.now)
    await hub.store(F01, *(a.a_device(SITE, name, kind="camera") for name in ("cam-1",)))
    found = Filled(hub, reserve)
    one, other = await a_coat(reserve, 0, 0, 0), await a_coat(reserve, 0, 0, 2)
    found.known, found.asked = one.id, other.id
    await is_of(hub.database, one, F01)
    assert (await found.say(one.id, "left")).status_code == 200
    yield found


async def test_coat__says_whom_it_looks_like_and_where_in_both_pictures_and_decides_nothing(filled: Filled) -> None:
    assert (await filled.coat(filled.asked))["chip"] is None
    await filled.compared()
    unsaid = await filled.coat(filled.asked)
    assert unsaid["chip"]["flank"] is None and unsaid["proposal"] != "match"
    assert unsaid["reasons"][0] == "nobody said which flank is seen"
    await filled.say(filled.asked, "left")
    assert not (await filled.coat(filled.asked))["compared"]
    await filled.compared()
    found = await filled.coat(filled.asked)
    (candidate,) = found["candidates"]
    assert (found["compared"], found["proposal"] in ("match", "probable")) == (True, True), found["reasons"]
    assert found["individual"] == candidate["individual"] == str(F01.id) and candidate["name"] == "F01"
    assert candidate["chip"]["observation"] == str(filled.known) and candidate["inliers"] >= 15
    left, top, width, height = found["chip"]["box"]
    inside = [
        left - 0.1 <= x <= left + width + 0.1 and top - 0.1 <= y <= top + height + 0.1
        for x, y, *_ in candidate["lines"]
    ]
    assert len(inside) >= 15 and all(inside)
    identity = (await filled.hub.as_("scientist", "GET", f"{ROOT}/detections/{filled.asked}/identity")).json()
    assert (identity["individual"], identity["decided"]) == (None, False)


async def test_flank__the_last_word_holds_and_a_word_sent_twice_is_one(filled: Filled) -> None:
    key = new_id()
    for _ in range(2):
        assert (await filled.say(filled.asked, "right", key)).status_code == 200
    assert problem(await filled.say(filled.asked, "left", key), 409)["code"] == "conflict"
    await filled.compared()
    found = await filled.coat(filled.asked)
    assert (found["chip"]["flank"], found["candidates"], found["proposal"]) == ("right", [], "unresolvable")
    assert "nobody with this flank" in found["reasons"][0]
    await filled.say(filled.asked, None)
    found = await filled.coat(filled.asked)
    assert [word["flank"] for word in found["flanks"]] == [None, "right"] and found["chip"]["flank"] is None
    assert problem(await filled.say(filled.asked, "belly"), 422)["code"] == "invalid"
    assert problem(await filled.say(new_id(), "left"), 404)["code"] == "not-found"


async def test_gallery__is_what_people_decided_and_no_more(filled: Filled) -> None:
    path = f"{ROOT}/individuals/{F01.id}/gallery"
    assert (await filled.hub.as_("admin", "GET", path)).json()["chips"] == []
    await filled.compared()
    (chip,) = (await filled.hub.as_("admin", "GET", path)).json()["chips"]
    assert (chip["observation"], chip["flank"]) == (str(filled.known), "left")
    assert problem(await filled.hub.as_("admin", "GET", f"{ROOT}/individuals/{new_id()}/gallery"), 404)


async def test_coat__of_a_sensitive_animal_is_for_few_within_its_site_and_reading_it_is_written_down(
    filled: Filled,
) -> None:
    await filled.compared()
    paths = (f"detections/{filled.asked}/coat", f"individuals/{F01.id}/gallery")
    for path in paths:
        assert (await filled.hub.as_("ranger", "GET", f"{ROOT}/{path}")).status_code == 403
        assert (await filled.hub.as_("stranger", "GET", f"{ROOT}/{path}")).status_code in (403, 404)
        elsewhere = await filled.hub.as_("stranger", "GET", f"/api/v1/sites/{OTHER}/{path}")
        assert elsewhere.status_code == 404 and "F01" not in elsewhere.text
    assert (await filled.say(filled.asked, "right", who="ranger")).status_code == 403
    assert (await filled.coat(filled.asked))["flanks"] == []
    await filled.hub.add_person("vera@example.org", {SITE: "scientist"})
    await filled.hub.login("vera@example.org")
    for path in paths:
        assert (await filled.hub.client.get(f"{ROOT}/{path}")).status_code == 200
    read = [
        one for one in await access.audit_page(filled.hub.database, SITE, None, 50) if one.what in ("coat", "gallery")
    ]
    assert {one.what for one in read} == {"coat", "gallery"}
