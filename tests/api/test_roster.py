"""Two entries of the roster are one animal, or one holds two: previewed, decided, taken back, and written down."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.records.ids import new_id
from hub.records.reference import Individual
from hub.science.export import export
from hub.store import findings, tracks
from tests import builders as a
from tests.api.attack import SECRET, near
from tests.api.conftest import SITE, Hub, problem
from tests.api.identified import a_reserve, decide, identity, points, seen

ROOT = f"/api/v1/sites/{SITE}"


async def ask(hub: Hub, individual: Individual, what: str, status: int = 200, **body: Any) -> dict[str, Any]:
    path = f"{ROOT}/individuals/{individual.id}/roster/{what}".rstrip("/")
    method = "POST" if what else "GET"
    answer = await hub.as_("scientist", method, path, **({"json": body} if what else {}))
    assert answer.status_code == status, answer.text
    await hub.settle()
    return answer.json()


async def merged(hub: Hub, one: Individual, stays: Individual, status: int = 200, **given: Any) -> dict[str, Any]:
    return await ask(hub, one, "merge", status, id=str(given.pop("id", new_id())), stays=str(stays.id), **given)


async def walked(hub: Hub, who: Individual, collar: str = "collar-1") -> None:
    device = a.a_device(SITE, collar)
    await hub.store(device, a.a_deployment(device, who))
    await hub.send(*(a.a_fix(collar, minutes=9 * k, east=0.001 * k) for k in range(6)))
    await hub.settle()


async def digest(hub: Hub) -> tuple[Any, Any]:
    standing = await findings.page(
        hub.database, SITE, since=a.NOON - timedelta(days=99), until=a.NOON + timedelta(days=99),
        fence=None, subject=None, after=None, limit=500,
    )  # fmt: skip
    return await tracks.digest(hub.database, SITE), sorted(
        repr((one.subject, one.kind, one.detail)) for one in standing
    )


async def test_merge__gives_fixes_sightings_and_decisions_of_one_entry_to_the_other(hub: Hub) -> None:
    known = await a_reserve(hub)
    await walked(hub, known["F01"])
    named, unnamed = await seen(hub, minutes=10, individual="F01"), await seen(hub, minutes=20)
    await decide(hub, unnamed, known["F01"])
    await seen(hub, minutes=30, individual="M02")
    assert (await points(hub, known["F01"]), await points(hub, known["M02"])) == (8, 1)
    told = await merged(hub, known["F01"], known["M02"], note="same rosettes on the left flank")
    assert told["merged_into"] == str(known["M02"].id)
    assert set(told["entries"].values()) == {"F01", "M02"}
    (decision,) = told["merges"]
    assert (decision["decided_by"], decision["note"]) == ("scientist", "same rosettes on the left flank")
    assert decision["decided_at"]
    assert (await points(hub, known["F01"]), await points(hub, known["M02"])) == (0, 9)
    for key in (named, unnamed):
        assert (await identity(hub, key))["name"] == "M02"
    items = (await hub.as_("admin", "GET", f"{ROOT}/subjects")).json()["items"]
    assert "F01" not in {item["name"] for item in items}


async def test_merge__taken_back_leaves_everything_as_it_was(hub: Hub) -> None:
    known = await a_reserve(hub)
    await walked(hub, known["F01"])
    await decide(hub, await seen(hub, minutes=20), known["F01"])
    await seen(hub, minutes=30, individual="M02")
    before = await digest(hub)
    told = await merged(hub, known["F01"], known["M02"])
    assert await digest(hub) != before
    again = await ask(hub, known["F01"], f"merge/{told['merges'][0]['id']}/withdraw")
    assert again["merged_into"] is None and again["merges"][0]["withdrawn_by"] == "scientist"
    assert await digest(hub) == before
    await hub.lines[SITE].rebuild()
    assert await digest(hub) == before


@pytest.mark.parametrize("seed", range(4))
async def test_merges_and_sightings__end_in_the_same_whatever_came_first(hub: Hub, seed: int) -> None:
    known = await a_reserve(hub)
    f01, m02, b03 = known["F01"], known["M02"], known["B03"]
    device = a.a_device(SITE, "collar-1")
    await hub.store(device)

    async def a_picture(minutes: int, **given: Any) -> None:
        await seen(hub, minutes=minutes, **given)

    async def on_f01() -> None:
        await hub.store(a.a_deployment(device, f01))

    deeds = [
        lambda: hub.send(*(a.a_fix("collar-1", minutes=9 * k, east=0.001 * k) for k in range(6))),
        lambda: a_picture(10, individual="F01"),
        lambda: a_picture(30, individual="M02"),
        lambda: a_picture(50, individual="B03"),
        lambda: merged(hub, f01, m02),
        lambda: merged(hub, b03, m02),
        on_f01,
    ]
    random.Random(seed).shuffle(deeds)
    for deed in deeds:
        await deed()
        await hub.settle()
    step_by_step = await digest(hub)
    await hub.lines[SITE].rebuild()
    assert await digest(hub) == step_by_step
    assert await points(hub, m02) == 9


async def test_preview_of_a_merge__says_what_the_merge_then_does(hub: Hub) -> None:
    known = await a_reserve(hub)
    await walked(hub, known["F01"])
    key = await seen(hub, minutes=20, individual="F01")
    await seen(hub, minutes=30, individual="M02")
    told = await ask(hub, known["F01"], "merge/preview", stays=str(known["M02"].id))
    assert told["observations"] == [str(key)]
    stays, gone = told["moved"]
    assert (stays["name"], stays["pieces_before"], stays["pieces_after"]) == ("M02", 1, 8)
    assert (gone["name"], gone["pieces_before"], gone["pieces_after"]) == ("F01", 7, 0)
    assert stays["largest_shift_m"] > 100
    assert (await ask(hub, known["F01"], ""))["merges"] == []
    await merged(hub, known["F01"], known["M02"])
    assert await points(hub, known["M02"]) == stays["pieces_after"]


async def test_merged_entry__still_answers_with_a_pointer(hub: Hub) -> None:
    known = await a_reserve(hub)
    await walked(hub, known["F01"])
    f01, m02 = known["F01"], known["M02"]
    path = f"{ROOT}/individuals/{f01.id}"
    tag = (await hub.as_("admin", "GET", path)).headers["etag"]
    await merged(hub, f01, m02)
    answer = await hub.as_("admin", "GET", path, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.json()["merged_into"] == str(m02.id)
    listed = (await hub.as_("admin", "GET", f"{ROOT}/individuals")).json()["items"]
    assert {one["name"]: one.get("merged_into") for one in listed}["F01"] == str(m02.id)
    span = {"from": "2026-06-01T00:00:00Z", "to": "2026-08-01T00:00:00Z"}
    (track,) = (await hub.as_("admin", "GET", f"{ROOT}/tracks", params=span | {"subject": str(f01.id)})).json()["items"]
    assert track["subject"]["id"] == str(m02.id)
    told = (await hub.as_("admin", "GET", f"{ROOT}/subjects/{f01.id}/range", params=span)).json()
    assert told["subject"]["id"] == str(m02.id)
    when = (a.NOON - timedelta(days=1), a.NOON + timedelta(days=9))
    text = b"".join([block.data async for block in export(hub.database, SITE, "movebank", *when)]).decode()
    assert "M02" in text and "F01" not in text
    asked = {"name": "F01", "merged_into": str(m02.id)}
    answer = await hub.as_("scientist", "PUT", path, json=asked, headers={"If-Match": tag})
    assert "merged_into" in str(problem(answer, 422))


async def test_merge__of_what_is_merged_or_named_by_a_merge_is_refused_with_the_way_out(hub: Hub) -> None:
    known = await a_reserve(hub)
    await merged(hub, known["F01"], known["M02"])
    body = await merged(hub, known["F01"], known["B03"], status=409)
    assert body["merged_into"] == str(known["M02"].id)
    await merged(hub, known["M02"], known["F01"], status=409)
    await merged(hub, known["B03"], known["B03"], status=422)
    await ask(hub, known["B03"], "merge", 404, id=str(new_id()), stays=str(new_id()))
    gone = await hub.as_("admin", "DELETE", f"{ROOT}/individuals/{known['M02'].id}", headers={"If-Match": '"1"'})
    assert gone.status_code == 409
    key = await seen(hub)
    asked = {"id": str(new_id()), "verdict": "is", "individual": str(known["F01"].id)}
    answer = await hub.as_("scientist", "POST", f"{ROOT}/detections/{key}/identity", json=asked)
    assert answer.status_code == 409 and answer.json()["merged_into"] == str(known["M02"].id)


async def test_merge__sent_twice_is_once(hub: Hub) -> None:
    known, key = await a_reserve(hub), new_id()
    for _ in range(2):
        told = await merged(hub, known["F01"], known["M02"], id=key)
        assert len(told["merges"]) == 1


async def test_animal__that_is_the_same_as_a_sensitive_one_is_sensitive(hub: Hub) -> None:
    known = await a_reserve(hub)
    device = a.a_device(SITE, "tag-1", kind="sensor")
    await hub.store(device, a.a_deployment(device, known["B03"]))
    await hub.send(a.a_fix("tag-1", east=SECRET[0] - a.CENTRE[0], north=SECRET[1] - a.CENTRE[1]))
    await hub.settle()

    async def told() -> Any:
        span = {"from": "2026-06-01T00:00:00Z", "to": "2026-08-01T00:00:00Z"}
        tracks_told = (await hub.as_("ranger", "GET", f"{ROOT}/tracks", params=span)).json()
        return [tracks_told, (await hub.as_("ranger", "GET", f"{ROOT}/subjects")).json()["items"][-1:]]

    assert near(await told())
    await merged(hub, known["F01"], known["B03"])
    assert near((await told())[0]) == []


async def split(hub: Hub, one: Individual, keys: list[UUID], status: int = 200, **given: Any) -> dict[str, Any]:
    body = {"id": str(new_id()), "observations": [str(key) for key in keys]} | given
    return await ask(hub, one, "split", status, **body)


async def test_split__moves_chosen_sightings_to_a_new_entry(hub: Hub) -> None:
    known, other = await a_reserve(hub), new_id()
    keys = [await seen(hub, minutes=10 * k, individual="F01") for k in range(4)]
    preview = await ask(hub, known["F01"], "split/preview", observations=[str(key) for key in keys[:2]])
    assert preview["observations"] == sorted(str(key) for key in keys[:2])
    assert [(one["pieces_before"], one["pieces_after"]) for one in preview["moved"]] == [(4, 2)]
    told = await split(hub, known["F01"], keys[:2], other=str(other), name="F11", note="two cubs at once")
    assert {item["id"] for item in told["sightings"]} == {str(key) for key in keys[2:]}
    (made,) = told["splits"]
    assert made["is_new"] and made["decided_by"] == "scientist" and made["decided_at"]
    assert (await identity(hub, keys[0]))["name"] == "F11"
    record = (await hub.as_("admin", "GET", f"{ROOT}/individuals/{other}")).json()
    assert record["scientific_name"] == known["F01"].scientific_name and record["sensitive"]
    assert await points(hub, known["F01"]) == 2
    back = await ask(hub, known["F01"], f"split/{made['id']}/withdraw")
    assert len(back["sightings"]) == 4 and back["splits"][0]["withdrawn_by"] == "scientist"
    assert (await hub.as_("admin", "GET", f"{ROOT}/individuals/{other}")).status_code == 404
    assert (await identity(hub, keys[0]))["name"] == "F01"


async def test_split__taken_back_leaves_what_people_said_since_and_the_entry_that_they_named(hub: Hub) -> None:
    known, other = await a_reserve(hub), new_id()
    keys = [await seen(hub, minutes=10 * k, individual="F01") for k in range(3)]
    told = await split(hub, known["F01"], keys[:2], other=str(other), name="F11")
    await decide(hub, keys[0], known["M02"])
    await decide(hub, keys[2], a.an_individual(SITE, "F11", id=other))
    back = await ask(hub, known["F01"], f"split/{told['splits'][0]['id']}/withdraw")
    assert [item["id"] for item in back["sightings"]] == [str(keys[1])]
    assert (await identity(hub, keys[0]))["name"] == "M02"
    assert (await hub.as_("admin", "GET", f"{ROOT}/individuals/{other}")).status_code == 200


async def test_split__to_somebody_known_previews_both_and_refuses_what_is_not_its_own(hub: Hub) -> None:
    known = await a_reserve(hub)
    mine, foreign = await seen(hub, individual="F01"), await seen(hub, minutes=5, individual="M02")
    preview = await ask(hub, known["F01"], "split/preview", observations=[str(mine)], other=str(known["M02"].id))
    assert [(one["name"], one["pieces_before"], one["pieces_after"]) for one in preview["moved"]] == [
        ("F01", 1, 0),
        ("M02", 1, 2),
    ]
    await split(hub, known["F01"], [foreign], status=409, other=str(known["B03"].id))
    await split(hub, known["F01"], [], status=422, other=str(known["B03"].id))
    await split(hub, known["F01"], [mine], status=404, other=str(new_id()))
    told = await split(hub, known["F01"], [mine], other=str(known["M02"].id))
    assert told["sightings"] == [] and not told["splits"][0]["is_new"]
