"""Logging in, the session's token, and guessing."""

from __future__ import annotations

import pytest

from hub.console.login import LASTS
from hub.records.errors import Throttled
from hub.store import people
from hub.throttle import Throttle
from tests.api.conftest import CHEAP, PASSWORD, SITE, Hub, a_uuid, problem

WHO = {"email": "olga@example.org", "password": PASSWORD}


async def test_login__answers_person_sites_and_token(hub: Hub) -> None:
    await hub.add_person("olga@example.org", {SITE: "dispatcher"}, name="Olga", language="ru")
    answer = await hub.client.post("/api/v1/login", json=WHO | {"email": "Olga@Example.org"})
    body = answer.json()
    assert body["person"]["name"] == "Olga"
    assert [(site["id"], site["role"], site["drill"]) for site in body["sites"]] == [(SITE, "dispatcher", False)]
    assert (await hub.client.get("/api/v1/me")).json() == body


async def test_login__cookie_is_kept_from_scripts_and_other_sites(hub: Hub) -> None:
    await hub.add_person("olga@example.org", {SITE: "dispatcher"})
    cookie = (await hub.client.post("/api/v1/login", json=WHO)).headers["set-cookie"]
    assert cookie.startswith("rosette_session=")
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert f"Max-Age={int(LASTS.total_seconds())}" in cookie


async def test_login__wrong_password_and_unknown_person_look_the_same(hub: Hub) -> None:
    await hub.add_person("olga@example.org", {SITE: "dispatcher"})
    wrong = await hub.client.post("/api/v1/login", json=WHO | {"password": "not this one"})
    unknown = await hub.client.post("/api/v1/login", json=WHO | {"email": "nobody@example.org"})
    assert problem(wrong, 401) == problem(unknown, 401)


async def test_login__of_somebody_who_left_is_refused(hub: Hub) -> None:
    person = await hub.add_person("olga@example.org", {SITE: "dispatcher"})
    await hub.login("olga@example.org")
    body = {"name": "Olga", "sites": {SITE: "dispatcher"}, "active": False}
    gone = await hub.as_("admin", "PUT", f"/api/v1/people/{person.id}", json=body, headers={"If-Match": '"1"'})
    assert gone.status_code == 200
    problem(await hub.client.get("/api/v1/me"), 401)
    problem(await hub.client.post("/api/v1/login", json=WHO), 401)


async def test_login__a_new_password_from_the_command_line_ends_the_wait_for_guesses_at_the_old_one(hub: Hub) -> None:
    await hub.add_person("olga@example.org", {SITE: "dispatcher"})
    for _ in range(5):
        problem(await hub.client.post("/api/v1/login", json=WHO | {"password": "guess"}), 401)
    problem(await hub.client.post("/api/v1/login", json=WHO), 429)
    async with hub.database.transaction() as connection:
        await people.set_password(connection, "olga@example.org", CHEAP.hash("a password of today"))
    problem(await hub.client.post("/api/v1/login", json=WHO), 401)
    good = await hub.client.post("/api/v1/login", json=WHO | {"password": "a password of today"})
    assert good.status_code == 200
    for _ in range(6):
        last = await hub.client.post("/api/v1/login", json=WHO | {"password": "guess"})
    problem(last, 429)


async def test_login__guessing_is_slowed_down_per_person(hub: Hub) -> None:
    await hub.add_person("olga@example.org", {SITE: "dispatcher"})
    await hub.add_person("pavel@example.org", {SITE: "ranger"})
    for _ in range(5):
        problem(await hub.client.post("/api/v1/login", json=WHO | {"password": "guess"}), 401)
    slowed = await hub.client.post("/api/v1/login", json=WHO)
    assert problem(slowed, 429)["code"] == "throttled"
    assert 0 < int(slowed.headers["retry-after"]) <= 15 * 60
    await hub.login("pavel@example.org")
    hub.clock.pass_by(minutes=16)
    await hub.login("olga@example.org")


def test_throttle__forgets_the_oldest_and_never_grows(hub: Hub) -> None:
    throttle = Throttle(attempts=1, most=3)
    for name in "abcd":
        throttle.attempt((name, ""), hub.clock())
    throttle.attempt(("a", ""), hub.clock())
    with pytest.raises(Throttled):
        throttle.attempt(("d", ""), hub.clock())


async def test_csrf__a_cookie_alone_changes_nothing(hub: Hub) -> None:
    await hub.add_person("olga@example.org", {SITE: "dispatcher"})
    token = await hub.login("olga@example.org")
    path, body = f"/api/v1/sites/{SITE}/devices/{a_uuid()}", {"key": "c-1"}
    create = {"If-None-Match": "*"}
    assert "X-CSRF-Token" in problem(await hub.client.put(path, json=body, headers=create), 403)["detail"]
    forged = create | {"X-CSRF-Token": "0" * 64}
    problem(await hub.client.put(path, json=body, headers=forged), 403)
    assert (await hub.client.put(path, json=body, headers=create | token)).status_code == 201


async def test_csrf__another_sites_page_cannot_log_anybody_in(hub: Hub) -> None:
    await hub.add_person("olga@example.org", {SITE: "dispatcher"})
    answer = await hub.client.post("/api/v1/login", json=WHO, headers={"Sec-Fetch-Site": "cross-site"})
    problem(answer, 403)


async def test_csrf__a_key_needs_no_token(hub: Hub) -> None:
    assert (await hub.send())["accepted"] == 0


async def test_logout__ends_the_session_in_the_database(hub: Hub) -> None:
    await hub.add_person("olga@example.org", {SITE: "dispatcher"})
    token = await hub.login("olga@example.org")
    stolen = hub.client.cookies["rosette_session"]
    assert (await hub.client.post("/api/v1/logout", headers=token)).status_code == 204
    hub.client.cookies.set("rosette_session", stolen)
    problem(await hub.client.get("/api/v1/me"), 401)


async def test_me__is_for_people(hub: Hub) -> None:
    problem(await hub.as_("admin", "GET", "/api/v1/me"), 403)
    assert problem(await hub.as_("nobody", "GET", "/api/v1/me"), 401)["code"] == "unauthenticated"


async def test_people__an_admin_of_one_site_gives_no_role_elsewhere(hub: Hub) -> None:
    new = {"email": "ivan@example.org", "name": "Ivan", "password": PASSWORD, "sites": {"*": "ranger"}}
    problem(await hub.as_("admin", "POST", "/api/v1/people", json=new), 403)
    made = await hub.as_("admin", "POST", "/api/v1/people", json=new | {"sites": {SITE: "ranger"}})
    assert made.status_code == 201
    assert "password" not in made.text
    path, match = f"/api/v1/people/{made.json()['id']}", {"If-Match": made.headers["etag"]}
    more = {"name": "Ivan", "sites": {SITE: "admin", "tundra": "ranger"}}
    problem(await hub.as_("admin", "PUT", path, json=more, headers=match), 403)
    problem(await hub.as_("stranger", "PUT", path, json=more, headers=match), 404)
    await hub.login("ivan@example.org")


async def test_people__a_new_password_counts_and_the_old_does_not(hub: Hub) -> None:
    person = await hub.add_person("olga@example.org", {SITE: "dispatcher"})
    body = {"name": "Olga", "sites": {SITE: "dispatcher"}, "password": "another password"}
    path = f"/api/v1/people/{person.id}"
    assert (await hub.as_("admin", "PUT", path, json=body, headers={"If-Match": '"1"'})).status_code == 200
    problem(await hub.client.post("/api/v1/login", json=WHO), 401)
    assert (await hub.client.post("/api/v1/login", json=WHO | {"password": "another password"})).status_code == 200


async def test_people__the_same_address_twice_is_a_conflict(hub: Hub) -> None:
    await hub.add_person("olga@example.org", {SITE: "dispatcher"})
    new = {"email": "OLGA@example.org", "name": "O", "password": PASSWORD, "sites": {SITE: "ranger"}}
    problem(await hub.as_("admin", "POST", "/api/v1/people", json=new), 409)
    assert await people.by_email(hub.database, "olga@example.org") is not None


async def test_keys__are_shown_once_and_can_be_ended(hub: Hub) -> None:
    path = f"/api/v1/sites/{SITE}/keys"
    made = (await hub.as_("admin", "POST", path, json={"name": "gateway", "role": "ranger"})).json()
    assert made["key"].startswith("rst_")
    hub.keys["gateway"] = made["key"]
    assert (await hub.as_("gateway", "GET", "/api/v1/sites")).status_code == 200
    listed = await hub.as_("admin", "GET", path)
    assert made["key"] not in listed.text
    assert made["id"] in {one["id"] for one in listed.json()["items"]}
    assert (await hub.as_("admin", "DELETE", f"{path}/{made['id']}")).status_code == 204
    problem(await hub.as_("gateway", "GET", "/api/v1/sites"), 401)
