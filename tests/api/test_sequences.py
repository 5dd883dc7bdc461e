"""Sequences over HTTP: reviewed, judged by people, blindly where drawn; and the text by which they are made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from hub.records.ids import new_id
from hub.see.sequencing import Sequencing
from tests.api.conftest import SITE, Hub, problem
from tests.store.test_sequences import DEER, PERSON, a_picture

PATH = f"/api/v1/sites/{SITE}/sequences"
JUDGING = f"/api/v1/sites/{SITE}/judging"
EVER = {"from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
FIRST = {"If-None-Match": "*"}


async def computed(hub: Hub) -> None:
    task = Sequencing(hub.database, rest_s=-60)
    while await task.step():
        pass


@pytest.fixture
async def filled(hub: Hub) -> AsyncIterator[Hub]:
    await a_picture(hub.database, "deer", 0, DEER)
    await a_picture(hub.database, "person", 5_000, PERSON)
    await computed(hub)
    yield hub


async def listed(hub: Hub, **params: Any) -> list[dict[str, Any]]:
    answer = await hub.as_("dispatcher", "GET", PATH, params=EVER | params)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def said(hub: Hub, one: dict[str, Any], *labels: str, id_: UUID | None = None) -> Any:
    body = {"id": str(id_ or new_id()), "version": one["version"], "said": [{"label": label} for label in labels]}
    return await hub.as_("scientist", "POST", f"{PATH}/{one['id']}/verdicts", json=body)


async def test_list__tells_what_is_on_pictures_how_many_and_who_says_so(filled: Hub) -> None:
    person, deer = await listed(filled)
    assert [entry["label"] for entry in person["entries"]] == ["person"]
    assert person["entries"][0]["source"] == "person_by_detector"
    assert (deer["state"], deer["said"], len(deer["pictures"])) == ("review", None, 1)
    assert await listed(filled, label="person") == [person]
    assert await listed(filled, state="decided") == []
    first = await filled.as_("admin", "GET", PATH, params=EVER | {"limit": "1"})
    second = await filled.as_("admin", "GET", PATH, params=EVER | {"limit": "1", "after": first.json()["next"]})
    assert second.json()["items"] == [deer]


async def test_review__a_word_takes_a_sequence_out_and_undo_brings_it_back(filled: Hub) -> None:
    queue = (await filled.as_("dispatcher", "GET", f"{PATH}/review")).json()["items"]
    assert [one["entries"][0]["label"] for one in queue] == ["person", "animal"]
    id_ = new_id()
    for _ in range(2):
        answer = await said(filled, queue[1], "Cervus nippon", id_=id_)
        assert answer.status_code == 200, answer.text
    detail = answer.json()
    assert detail["sequence"]["state"] == "decided"
    assert detail["sequence"]["said"] == [{"label": "Cervus nippon", "count": 1}]
    assert [word["decided_by"] for word in detail["verdicts"]] == ["scientist"]
    assert len((await filled.as_("dispatcher", "GET", f"{PATH}/review")).json()["items"]) == 1
    undo = await filled.as_("scientist", "POST", f"{PATH}/{queue[1]['id']}/verdicts/{id_}/withdraw")
    assert undo.json()["sequence"]["state"] == "review"
    assert undo.json()["verdicts"][0]["withdrawn_by"] == "scientist"
    assert len((await filled.as_("dispatcher", "GET", f"{PATH}/review")).json()["items"]) == 2


async def test_word__about_pictures_that_are_no_longer_all_is_refused_and_a_second_sending_is_not(filled: Hub) -> None:
    deer, id_ = (await listed(filled))[1], new_id()
    assert (await said(filled, deer, "animal", id_=id_)).status_code == 200
    await a_picture(filled.database, "late", 60, PERSON)
    await computed(filled)
    assert (await said(filled, deer, "animal", id_=id_)).json()["sequence"]["state"] == "reopened"
    assert problem(await said(filled, deer, "animal"), 412)["code"] == "stale"


async def test_word__that_no_taxonomy_knows_is_refused_by_name(filled: Hub) -> None:
    deer = (await listed(filled))[1]
    body = problem(await said(filled, deer, "Yeti"), 422)
    assert body["errors"][0]["field"] == "said[0].label" and "'Yeti'" in body["detail"]
    assert "blank alone" in problem(await said(filled, deer, "blank", "animal"), 422)["detail"]
    assert problem(await said(filled, deer | {"id": str(new_id())}, "blank"), 404)["code"] == "not-found"


async def test_audit__keeps_the_machines_answer_back_until_a_person_has_answered(hub: Hub) -> None:
    text = "[audit]\nshare = 1.0"
    assert (await hub.as_("scientist", "PUT", JUDGING, json={"text": text}, headers=FIRST)).status_code == 200
    await a_picture(hub.database, "deer", 0, DEER)
    await computed(hub)
    (one,) = await listed(hub)
    assert (one["blind"], one["entries"], one["reasons"], one["value"]) == (True, None, ["audit"], None)
    assert "animal_by" not in (await hub.as_("admin", "GET", f"{PATH}/{one['id']}")).text
    told = (await said(hub, one, "Cervus nippon")).json()
    assert told["sequence"]["entries"][0]["label"] == "animal" and told["verdicts"][0]["blind"] is True
    audit = (await hub.as_("admin", "GET", f"{PATH}/audit")).json()
    assert (audit["figures"]["sequences"], audit["figures"]["answers"]) == (1, 1)
    (label,) = audit["figures"]["labels"]
    assert (label["label"], label["precision"]["share"], label["accept_from"]) == ("animal", 1.0, None)
    assert audit["never_opened"] == 0.0 and audit["second_looks"]["waiting"] == 0


async def test_judging__is_versioned_and_what_is_wrong_is_named(hub: Hub) -> None:
    empty = (await hub.as_("dispatcher", "GET", JUDGING)).json()
    assert (empty["version"], empty["text"]) == (0, "") and "[[rules]]" in empty["own"] and "[park" in empty["example"]
    wrong = problem(await hub.as_("admin", "PUT", JUDGING, json={"text": "[sequence]\ngap_s = 3"}, headers=FIRST), 422)
    assert wrong["errors"][0]["field"] == "sequence.gap_s" and "above 59.999" in wrong["detail"]
    first = await hub.as_("admin", "PUT", JUDGING, json={"text": empty["example"]}, headers=FIRST)
    assert first.status_code == 200 and first.headers["etag"] == '"1"'
    assert problem(await hub.as_("admin", "PUT", JUDGING, json={"text": ""}, headers=FIRST), 412)["code"] == "stale"
    again = await hub.as_("admin", "PUT", JUDGING, json={"text": ""}, headers={"If-Match": '"1"'})
    assert again.json()["version"] == 2


async def test_repeated__is_empty_where_nothing_repeats(filled: Hub) -> None:
    assert (await filled.as_("scientist", "GET", f"{PATH}/repeated")).json() == []
