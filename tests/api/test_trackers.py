"""Tracker apps and webhooks that know one address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from hub.console.redact import redacted
from hub.records.errors import DatabaseUnavailable
from hub.store import log, outbox, quarantine
from tests.api.conftest import SITE, Hub, problem


async def stored(hub: Hub) -> list[dict[str, Any]]:
    items = (await hub.as_("dispatcher", "GET", f"/api/v1/sites/{SITE}/observations")).json()["items"]
    return [one["observation"] for one in items]


def location(hub: Hub) -> dict[str, Any]:
    return {"_type": "location", "tid": "ok", "lat": 43.1, "lon": 131.4, "tst": int(hub.clock().timestamp()), "acc": 9}


async def test_owntracks__by_password_and_headers(hub: Hub) -> None:
    auth, headers = ("olga", hub.keys["ranger"]), {"X-Limit-U": "olga", "X-Limit-D": "phone"}
    answer = await hub.client.post(f"/m/{SITE}/owntracks", json=location(hub), auth=auth, headers=headers)
    assert (answer.status_code, answer.json()) == (200, [])
    assert [one["device"] for one in await stored(hub)] == ["olga/phone"]


async def test_owntracks__a_device_key_names_the_device(hub: Hub) -> None:
    await hub.client.post(f"/m/{SITE}/owntracks", json=location(hub), auth=("x", hub.keys["collar"]))
    assert [one["device"] for one in await stored(hub)] == ["collar-1"]


async def test_osmand__key_in_path_query_or_password(hub: Hub) -> None:
    fix = {"id": "77", "lat": 43.1, "lon": 131.4, "timestamp": int(hub.clock().timestamp())}
    path, key = f"/m/{SITE}/osmand", hub.keys["ranger"]
    for answer in (
        await hub.client.get(f"{path}/{key}", params=fix),
        await hub.client.post(f"{path}/{key}", params=fix),
        await hub.client.get(path, params=fix | {"key": key}),
        await hub.client.post(path, content=urlencode(fix), auth=("any", key)),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.json()["ids"]
    assert {one["device"] for one in await stored(hub)} == {"77"}


async def test_osmand__the_key_is_kept_nowhere(hub: Hub) -> None:
    key = hub.keys["ranger"]
    await hub.client.get(f"/m/{SITE}/osmand", params={"key": key, "id": "77"})
    (entry,) = await quarantine.page(hub.database, SITE, None, 10)
    assert entry.address == f"/m/{SITE}/osmand"
    assert key not in entry.preview and entry.preview == "id=77"


async def test_things_stack__webhook(hub: Hub) -> None:
    uplink = {
        "end_device_ids": {"device_id": "trap-3"},
        "received_at": hub.clock().isoformat(),
        "uplink_message": {"decoded_payload": {"closed": True}, "received_at": hub.clock().isoformat()},
    }
    answer = await hub.as_("ranger", "POST", f"/m/{SITE}/things_stack", json=uplink)
    assert answer.json()["accepted"] == 1, answer.text


async def test_nonsense__is_answered_200_and_kept(hub: Hub) -> None:
    auth = ("x", hub.keys["ranger"])
    assert (await hub.client.post(f"/m/{SITE}/owntracks", content=b"\x00{", auth=auth)).status_code == 200
    answer = await hub.client.get(f"/m/{SITE}/osmand", params={"lat": "x"}, auth=auth)
    assert answer.json()["quarantined"] == 1
    assert len(await quarantine.page(hub.database, SITE, None, 10)) == 2


async def test_nothing_committed__is_answered_503(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> Any:
        raise DatabaseUnavailable

    monkeypatch.setattr(log, "append", fail)
    answer = await hub.client.post(f"/m/{SITE}/owntracks", json=location(hub), auth=("x", hub.keys["ranger"]))
    problem(answer, 503)
    assert answer.headers["retry-after"]


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Basic Og==", "Bearer x", "Digest x"])
async def test_key__that_cannot_be_read_is_401(hub: Hub, header: str) -> None:
    problem(await hub.client.post(f"/m/{SITE}/owntracks", headers={"Authorization": header}), 401)


async def test_push__is_registered_for_the_person(hub: Hub) -> None:
    person = await hub.add_person("olga@example.org", {SITE: "ranger"})
    token = await hub.login("olga@example.org")
    path, body = f"/m/{SITE}/push", {"token": "f" * 40, "severities": ["critical"]}
    assert (await hub.client.put(path, json=body, headers=token)).status_code == 204
    assert (await hub.client.put(path, json=body, headers=token)).status_code == 204
    problem(await hub.client.put(path, json=body | {"severities": ["loud"]}, headers=token), 422)
    async with hub.database.connection() as connection:
        rows = await connection.fetch("select person_id, address, severities from recipient")
    assert [tuple(row) for row in rows] == [(person.id, "f" * 40, ["critical"])]
    assert await outbox.claim(hub.database, hub.clock(), 10) == []


def test_redacted__hides_keys_and_stays_one_line() -> None:
    assert redacted("/m/x/osmand/rst_abc") == "/m/x/osmand/***"
    assert redacted("/m/x/osmand?id=1&key=rst_abc&lat=2") == "/m/x/osmand?id=1&key=***&lat=2"
    assert redacted("/a\nb") == "/a\\nb"
