"""Births, deaths and collars on other animals are supposed by the hub, and happen only when a person says so."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from fusion.motion import DAY, MotionParameters
from hub.pipeline.propose import propose_all
from hub.pipeline.suppose import suppose
from hub.pipeline.world import read_world
from hub.records.ids import new_id
from hub.store import access, hypotheses, vicinity
from tests import builders as a
from tests.api.conftest import SITE, Hub
from tests.unit.fusion.simulated import BELIEVING, walk

CAT = MotionParameters(2 * DAY, 1_800.0, 1_500.0, centre_sd_m=1.0, outliers=BELIEVING)
ROOT = f"/api/v1/sites/{SITE}/hypotheses"
LEOPARD = a.an_individual(SITE, "F01", sensitive=True)
DEAD: dict[str, Any] = {"attributes": {"mortality": True, "activity": 0, "temperature": 3.0}}


async def weighed(hub: Hub) -> None:
    await hub.settle()
    await propose_all(hub.database, SITE)
    await suppose(hub.database, await read_world(hub.database, SITE))


async def a_dead_leopard(hub: Hub) -> None:
    """It walked for a day, and lies cold and still for three."""
    hub.clock.time = a.NOON + timedelta(days=5)
    collar = a.a_device(SITE, "collar-1")
    await hub.store(LEOPARD, collar, a.a_deployment(collar, LEOPARD))
    walk = [a.a_fix(minutes=60 * k, east=0.004 * k, attributes={"temperature": 30.0}) for k in range(24)]
    await hub.send(*walk, *(a.a_fix(minutes=60 * k, east=0.2, **DEAD) for k in range(24, 96)))
    await weighed(hub)


async def strangers(hub: Hub, order: random.Random | None = None) -> list[UUID]:
    """Pictures of a leopard that nobody knows, at a camera, one a day; their ids."""
    hub.clock.time = a.NOON + timedelta(days=9)
    camera, station = a.a_device(SITE, "camera-1", kind="camera"), a.a_place(SITE, "gate")
    await hub.store(LEOPARD, camera, station, a.a_deployment(camera, station))
    pictures = [
        {
            "kind": "detection",
            "device": "camera-1",
            "observed_at": (a.NOON + timedelta(days=k)).isoformat(),
            "label": "animal",
            "scientific_name": LEOPARD.scientific_name,
            "resembles": [{"individual": "F01", "log_ratio": -9.0}],
            "attributes": {"flank": "left"},
        }
        for k in range(6)
    ]
    if order is not None:
        order.shuffle(pictures)
    keys: list[UUID] = []
    for picture in pictures:
        keys += map(UUID, (await hub.send(picture))["ids"])
    await weighed(hub)
    return keys


async def listed(hub: Hub, who: str = "scientist", **params: Any) -> dict[str, Any]:
    answer = await hub.as_(who, "GET", ROOT, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def decide(hub: Hub, key: str, verdict: str, status: int = 200, **given: Any) -> dict[str, Any]:
    body = {"id": str(given.pop("id", new_id())), "verdict": verdict} | given
    answer = await hub.as_("scientist", "POST", f"{ROOT}/{key}/decide", json=body)
    assert answer.status_code == status, answer.text
    await hub.settle()
    return answer.json()


async def withdraw(hub: Hub, key: str, decision: str, status: int = 200) -> None:
    answer = await hub.as_("scientist", "POST", f"{ROOT}/{key}/decisions/{decision}/withdraw")
    assert answer.status_code == status, answer.text
    await hub.settle()


async def the(hub: Hub, noun: str, key: UUID | str) -> dict[str, Any]:
    return (await hub.as_("scientist", "GET", f"/api/v1/sites/{SITE}/{noun}s/{key}")).json()


async def test_death__is_supposed_with_its_reasons_and_nothing_happens_by_itself(hub: Hub) -> None:
    await a_dead_leopard(hub)
    found = await listed(hub)
    (death,) = found["items"]
    assert (death["kind"], death["name"], found["waiting"]) == ("death", "F01", 1)
    assert death["probability"] > 0.1
    assert {"mortality", "activity"} <= death["detail"]["causes"][0]["reasons"].keys()
    assert (await the(hub, "individual", LEOPARD.id))["died_at"] is None


async def test_death__confirmed_ends_a_life_and_withdrawn_gives_it_back(hub: Hub) -> None:
    await a_dead_leopard(hub)
    (death,) = (await listed(hub))["items"]
    preview = await hub.as_("scientist", "POST", f"{ROOT}/{death['id']}/preview", json={"verdict": "confirmed"})
    (change,) = preview.json()["changes"]
    assert change["fields"]["died_at"] == [None, death["since"]]
    assert (preview.json()["observations"], preview.json()["moved"]) == ([], [])
    assert (await the(hub, "individual", LEOPARD.id))["died_at"] is None
    word = str(new_id())
    await decide(hub, death["id"], "confirmed", id=word, note="found it")
    told = await decide(hub, death["id"], "confirmed", id=word, note="found it")
    assert [one["changed"] for one in told["decisions"]] == [1]
    assert (await the(hub, "individual", LEOPARD.id))["died_at"] == death["since"]
    alerts = (await hub.as_("dispatcher", "GET", f"/api/v1/sites/{SITE}/alerts")).json()["items"]
    assert alerts == []
    await weighed(hub)
    assert (await listed(hub))["items"] == []
    await withdraw(hub, death["id"], word)
    await withdraw(hub, death["id"], word)
    assert (await the(hub, "individual", LEOPARD.id))["died_at"] is None
    await weighed(hub)
    assert [one["id"] for one in (await listed(hub))["items"]] == [death["id"]]


async def test_dead_animal__that_is_seen_again_is_raised_again_and_lives_when_people_say_so(hub: Hub) -> None:
    await a_dead_leopard(hub)
    (death,) = (await listed(hub))["items"]
    await decide(hub, death["id"], "confirmed")
    await hub.send(
        {
            "kind": "sighting",
            "device": "ranger",
            "observed_at": (a.NOON + timedelta(days=4, hours=12)).isoformat(),
            "label": "animal",
            "individual": "F01",
            "longitude": a.CENTRE[0],
            "latitude": a.CENTRE[1],
        }
    )
    await weighed(hub)
    (again,) = (await listed(hub))["items"]
    assert (again["detail"]["by"], again["probability"]) == ("contradiction", pytest.approx(0.1))
    await decide(hub, again["id"], "rejected")
    assert (await the(hub, "individual", LEOPARD.id))["died_at"] is None


async def test_decision__that_others_built_on_is_not_taken_back_over_their_heads(hub: Hub) -> None:
    await a_dead_leopard(hub)
    (death,) = (await listed(hub))["items"]
    word = str(new_id())
    await decide(hub, death["id"], "confirmed", id=word)
    record = (await read_world(hub.database, SITE)).individuals[LEOPARD.id]
    await hub.edit(record, record.version)
    await withdraw(hub, death["id"], word, status=412)
    assert (await the(hub, "individual", LEOPARD.id))["died_at"] is not None


async def test_decision__made_already_is_not_made_otherwise(hub: Hub) -> None:
    await a_dead_leopard(hub)
    (death,) = (await listed(hub))["items"]
    await decide(hub, death["id"], "rejected")
    await decide(hub, death["id"], "confirmed", status=409)
    assert (await listed(hub))["items"] == []
    (decided,) = (await listed(hub, decided=True))["decided"]
    assert (decided["verdict"], decided["decided_by"]) == ("rejected", "scientist")


async def test_birth__named_by_a_person_takes_the_sightings_of_the_stranger(hub: Hub) -> None:
    keys = await strangers(hub)
    (birth,) = (await listed(hub))["items"]
    assert birth["kind"] == "birth"
    assert set(map(UUID, birth["evidence"])) == set(keys)
    assert birth["detail"]["flank"] == "left"
    await decide(hub, birth["id"], "confirmed", status=422)
    await decide(hub, birth["id"], "confirmed", status=409, name="F01")
    asked = {"verdict": "confirmed", "name": "F09"}
    preview = (await hub.as_("scientist", "POST", f"{ROOT}/{birth['id']}/preview", json=asked)).json()
    assert set(map(UUID, preview["observations"])) == set(keys)
    (moved,) = preview["moved"]
    assert (moved["name"], moved["pieces_before"], moved["pieces_after"]) == ("F09", 0, len(keys))
    word = str(new_id())
    await decide(hub, birth["id"], "confirmed", name="F09", id=word)
    (born,) = [one for one in (await read_world(hub.database, SITE)).individuals.values() if one.name == "F09"]
    assert born.sensitive and born.attributes["provisional"] is True and born.attributes["flank"] == "left"
    for key in keys:
        answer = await hub.as_("scientist", "GET", f"/api/v1/sites/{SITE}/detections/{key}/identity")
        assert answer.json()["name"] == "F09"
    await weighed(hub)
    assert (await listed(hub))["items"] == []
    await withdraw(hub, birth["id"], word)
    assert born.id not in (await read_world(hub.database, SITE)).individuals
    await weighed(hub)
    assert [one["id"] for one in (await listed(hub))["items"]] == [birth["id"]]


async def test_collar__confirmed_on_another_animal_comes_off_when_it_began(hub: Hub) -> None:
    hub.clock.time = a.NOON + timedelta(days=11)
    collar, camera = a.a_device(SITE, "collar-1"), a.a_device(SITE, "camera-1", kind="camera")
    station = a.a_place(SITE, "gate", longitude=a.CENTRE[0] + 0.4)
    worn = a.a_deployment(collar, LEOPARD)
    await hub.store(LEOPARD, collar, camera, station, worn, a.a_deployment(camera, station))
    dice = random.Random(1)
    walk = [a.a_fix(minutes=60 * k, east=dice.gauss(0, 0.01), north=dice.gauss(0, 0.01)) for k in range(240)]
    seen = [
        {
            "kind": "detection",
            "device": "camera-1",
            "observed_at": (a.NOON + timedelta(hours=hour, minutes=20)).isoformat(),
            "label": "animal",
            "individual": "F01",
        }
        for hour in (40, 90, 140, 190)
    ]
    await hub.send(*walk, *seen)
    await weighed(hub)
    (wrong,) = [one for one in (await listed(hub))["items"] if one["kind"] == "wrong_deployment"]
    word = str(new_id())
    await decide(hub, wrong["id"], "confirmed", id=word)
    assert (await the(hub, "deployment", worn.id))["valid_to"] == wrong["since"]
    await withdraw(hub, wrong["id"], word)
    assert (await the(hub, "deployment", worn.id))["valid_to"] is None


async def test_flanks__that_go_one_way_are_one_animal_only_when_a_person_says_so(hub: Hub) -> None:
    hub.clock.time = a.NOON + timedelta(days=25)
    sides = [a.an_individual(SITE, f"{side} one", attributes={"flank": side}) for side in ("left", "right")]
    await hub.store(*sides)
    times = np.arange(24) * DAY
    places = walk(times, CAT, np.random.default_rng(1)).tolist()
    seen = [
        a.a_fix(minutes=1_440 * k, device="ranger", east=x / 81_000.0, north=y / 111_100.0)
        | {"kind": "sighting", "label": "animal", "individual": sides[k % 2].name}
        for k, (x, y) in enumerate(places)
    ]
    await hub.send(*seen)
    await weighed(hub)
    (same,) = [one for one in (await listed(hub))["items"] if one["kind"] == "same_animal"]
    left, right = (str(one.id) for one in sides)
    assert {same["individual"], same["detail"]["other"]} == {left, right} and len(same["names"]) == 1
    roster = f"/api/v1/sites/{SITE}/individuals/{left}/roster"
    assert (await hub.as_("scientist", "GET", roster)).json()["flank"] == "left"
    preview = (await hub.as_("scientist", "POST", f"{ROOT}/{same['id']}/preview", json={"verdict": "confirmed"})).json()
    assert [one["noun"] for one in preview["changes"]] == ["merge"] and len(preview["observations"]) == 12
    word = str(new_id())
    await decide(hub, same["id"], "confirmed", id=word)
    entry = (await hub.as_("scientist", "GET", roster)).json()
    assert (entry["provisional"], entry["flank"], len(entry["sightings"])) == (False, None, 24)
    await withdraw(hub, same["id"], word)
    assert (await hub.as_("scientist", "GET", roster)).json()["provisional"]


async def test_hypotheses__are_the_same_in_whatever_order_everything_came(hub: Hub) -> None:
    await strangers(hub, random.Random(3))
    first = await hypotheses.everything(hub.database, SITE)
    assert first
    async with hub.database.transaction() as connection:
        await connection.execute("truncate hypothesis, identity_proposal")
        await connection.execute("update identity_month set answered = 0")
    await weighed(hub)
    assert await hypotheses.everything(hub.database, SITE) == first
    times = [one.observed_at for one in await _of(hub, first[0].evidence)]
    assert times == sorted(times)


async def _of(hub: Hub, keys: tuple[UUID, ...]) -> list[Any]:
    return [await vicinity.by_id(hub.database, SITE, key) for key in keys]


@pytest.mark.parametrize("who", ["ranger", "collar", "stranger", "nobody"])
async def test_hypotheses__are_hidden_from_who_may_not_know_where_animals_are(hub: Hub, who: str) -> None:
    await a_dead_leopard(hub)
    (death,) = (await listed(hub))["items"]
    body = {"id": str(new_id()), "verdict": "confirmed"}
    asked = [
        ("GET", ROOT, None),
        ("GET", f"{ROOT}/{death['id']}", None),
        ("POST", f"{ROOT}/{death['id']}/preview", {"verdict": "confirmed"}),
        ("POST", f"{ROOT}/{death['id']}/decide", body),
        ("POST", f"{ROOT}/{death['id']}/decisions/{new_id()}/withdraw", None),
    ]
    for method, path, given in asked:
        answer = await hub.as_(who, method, path, **({} if given is None else {"json": given}))
        assert answer.status_code in (401, 403, 404), (path, answer.text)
        assert "F01" not in answer.text and "131." not in answer.text
    assert (await the(hub, "individual", LEOPARD.id))["died_at"] is None


async def test_reading__where_an_animal_may_lie_dead_is_written_down(hub: Hub) -> None:
    await a_dead_leopard(hub)
    hub.clock.time = datetime.now(UTC)
    await hub.add_person("olga@example.org", {SITE: "scientist"}, name="Olga")
    await hub.login("olga@example.org")
    assert (await hub.client.get(ROOT)).status_code == 200
    (entry,) = [one for one in await access.audit_page(hub.database, SITE, None, 50) if one.what == "hypotheses"]
    assert entry.detail["sensitive"] == {"F01": 1}
