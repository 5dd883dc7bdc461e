"""Every error has one shape, and tells nothing of the inside."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from hub.console.problems import STATUS
from hub.records.errors import DiskFull, HubError
from hub.store import people, sites
from tests.api.conftest import SITE, Hub, a_uuid, problem


def every_error(kind: type[HubError] = HubError) -> list[type[HubError]]:
    return [kind, *(one for below in kind.__subclasses__() for one in every_error(below))]


@pytest.mark.parametrize("kind", every_error())
async def test_problem__of_every_error_of_the_catalogue(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, kind: type[HubError]
) -> None:
    async def fail(*_: Any) -> Any:
        raise kind

    monkeypatch.setattr(sites, "everything", fail)
    status = next(STATUS[one] for one in kind.__mro__ if one in STATUS)
    found = problem(await hub.as_("admin", "GET", "/api/v1/sites"), status)
    assert found["code"] == kind.code


async def test_problem__unavailable_says_when_to_come_back_and_not_why(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> Any:
        raise DiskFull("could not extend file /var/lib/secret/base/1")

    monkeypatch.setattr(sites, "everything", fail)
    answer = await hub.as_("admin", "GET", "/api/v1/sites")
    assert problem(answer, 503)["code"] == "disk-full"
    assert int(answer.headers["retry-after"]) > 0
    assert "/var/lib" not in answer.text


async def test_problem__of_a_fault_is_logged_by_reference_and_says_nothing(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: Any) -> Any:
        raise RuntimeError("the inside")

    monkeypatch.setattr(sites, "everything", fail)
    with caplog.at_level(logging.ERROR):
        answer = await hub.as_("admin", "GET", "/api/v1/sites")
    reference = problem(answer, 500)["reference"]
    assert "the inside" not in answer.text
    assert reference in caplog.text and "the inside" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/api/v1/nowhere", 404, "not-found"),
        ("PATCH", "/api/v1/login", 405, "method-not-allowed"),
        ("GET", f"/api/v1/sites/{SITE}/devices/not-a-uuid", 404, "not-found"),
        ("GET", f"/api/v1/sites/{SITE}/devices?limit=x", 400, "invalid"),
        ("GET", f"/api/v1/sites/{SITE}/devices?limit=1001", 400, "invalid"),
        ("GET", f"/api/v1/sites/{SITE}/devices?after=x", 422, "malformed"),
        ("GET", "/api/v1/sites/%00/devices", 404, "not-found"),
        ("GET", f"/api/v1/sites/{SITE}/observations?device=%00", 422, "invalid"),
        ("POST", f"/api/v1/sites/{SITE}/files?name=a.%00csv", 400, "invalid"),
        ("POST", f"/api/v1/sites/{SITE}/files?name=%0A", 400, "invalid"),
    ],
)
async def test_problem__of_http_itself(hub: Hub, method: str, path: str, status: int, code: str) -> None:
    assert problem(await hub.as_("dispatcher", method, path), status)["code"] == code


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("observations?from=x", "from"),
        ("observations?to=x", "to"),
        ("alerts?state=x", "state"),
        ("alerts?limit=0", "limit"),
    ],
)
async def test_problem__names_the_parameter_as_the_caller_wrote_it(hub: Hub, what: str, name: str) -> None:
    found = problem(await hub.as_("ranger", "GET", f"/api/v1/sites/{SITE}/{what}"), 400)
    assert [one["field"] for one in found["errors"]] == [name]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"])
async def test_hostile__times_at_the_end_of_the_calendar_are_no_fault(hub: Hub, moment: str) -> None:
    site = f"/api/v1/sites/{SITE}"
    assert (await hub.as_("ranger", "GET", f"{site}/subjects?at={moment}")).status_code == 200
    for path in ("tracks", "findings", "detections", "activity", "observations"):
        for which in ("from", "to"):
            answer = await hub.as_("ranger", "GET", f"{site}/{path}?{which}={moment}")
            assert answer.status_code in (200, 400, 422), answer.text


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[1", b'{"email": "\\ud800", "password": "x"}'])
async def test_problem__of_a_body_that_is_no_json(hub: Hub, body: bytes) -> None:
    problem(await hub.client.post("/api/v1/login", content=body), 400)


@pytest.mark.parametrize(
    "body", [{}, {"email": 1, "password": "x"}, {"email": "a", "password": "b", "more": 1}, [], None]
)
async def test_problem__of_a_body_with_wrong_fields(hub: Hub, body: Any) -> None:
    found = problem(await hub.client.post("/api/v1/login", json=body), 422)
    assert found["code"] == "invalid"


async def test_hostile__nul_anywhere_is_never_a_fault(hub: Hub) -> None:
    nul = "a\x00b"
    record = f"/api/v1/sites/{SITE}/individuals/{a_uuid()}"
    person = {"email": "o@x.org", "name": nul, "password": "long enough", "sites": {SITE: "ranger"}}
    for method, path, body in (
        ("POST", "/api/v1/login", {"email": nul, "password": nul}),
        ("POST", "/api/v1/people", person),
        ("POST", f"/api/v1/sites/{SITE}/keys", {"name": nul, "role": "ranger"}),
        ("PUT", record, {"name": nul}),
        ("PUT", record, {"name": "a", "attributes": {nul: 1}}),
        ("PUT", f"/m/{SITE}/push", {"token": nul * 10}),
    ):
        answer = await hub.as_("admin", method, path, json=body, headers={"If-None-Match": "*"})
        problem(answer, 422)


async def test_hostile__sql_is_a_text_like_any_other(hub: Hub) -> None:
    name = "Robert'); drop table reference; --\"$1 %s {0}"
    path = f"/api/v1/sites/{SITE}/individuals/{a_uuid()}"
    made = await hub.as_("dispatcher", "PUT", path, json={"name": name}, headers={"If-None-Match": "*"})
    assert made.status_code == 201
    assert (await hub.as_("ranger", "GET", path)).json()["name"] == name
    listed = await hub.as_("ranger", "GET", f"/api/v1/sites/{SITE}/observations", params={"device": name})
    assert listed.json()["items"] == []
    assert await people.by_email(hub.database, name) is None


async def test_document__says_problem_json_for_every_error(hub: Hub) -> None:
    document = (await hub.client.get("/api/openapi.json")).json()
    assert "Problem" in document["components"]["schemas"]
    wrong = [
        (path, method, code)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        for code, answer in operation["responses"].items()
        if int(code) >= 400 and list(answer["content"]) != ["application/problem+json"]
    ]
    assert wrong == []
    fence = document["components"]["schemas"]["FenceBody"]
    assert set(fence["required"]) == {"name", "geometry"}


async def test_docs__are_one_page_with_nothing_from_elsewhere(hub: Hub) -> None:
    answer = await hub.client.get("/api/docs")
    assert "/api/v1/sites/{site}/fences" in answer.text
    assert "<script" not in answer.text
    assert "http://" not in answer.text and "https://" not in answer.text
