"""Every route of the OpenAPI document, as every kind of caller."""

from __future__ import annotations

import re

import pytest

from hub.records.ids import new_id
from tests.api.conftest import SITE, Hub

ANYBODY = frozenset({"ranger", "dispatcher", "scientist", "admin", "chief"})
EXACT = ANYBODY - {"ranger"}
FENCES = frozenset({"dispatcher", "admin", "chief"})
ADMINS = frozenset({"admin", "chief"})
SITE_PATH = "/api/v1/sites/{site}"
RECORD = "/{record_id}"

ROLES: dict[tuple[str, str], frozenset[str]] = {
    ("get", "/api/v1/sites"): ANYBODY | {"stranger"},
    ("get", SITE_PATH): ANYBODY,
    ("put", SITE_PATH): frozenset({"chief"}),
    ("get", SITE_PATH + "/people"): ADMINS,
    ("get", "/api/v1/people/{person_id}"): ADMINS | {"stranger"},
    ("put", "/api/v1/people/{person_id}"): ADMINS | {"stranger"},
    ("post", "/api/v1/people"): ADMINS | {"stranger"},
    ("get", SITE_PATH + "/keys"): ADMINS,
    ("post", SITE_PATH + "/keys"): ADMINS,
    ("delete", SITE_PATH + "/keys/{key_id}"): ADMINS,
    ("post", SITE_PATH + "/reference/import"): EXACT,
    ("get", SITE_PATH + "/observations"): ANYBODY,
    ("post", SITE_PATH + "/observations"): ANYBODY | {"collar"},
    ("post", SITE_PATH + "/media"): ANYBODY | {"collar"},
    ("get", SITE_PATH + "/media"): ANYBODY,
    ("get", SITE_PATH + "/media/{medium}"): ANYBODY,
    ("get", SITE_PATH + "/media/{medium}/picture"): ANYBODY,
    ("get", SITE_PATH + "/media/{medium}/original"): ANYBODY,
    ("options", SITE_PATH + "/uploads"): ANYBODY | {"collar"},
    ("post", SITE_PATH + "/uploads"): ANYBODY | {"collar"},
    ("head", SITE_PATH + "/uploads/{upload}"): ANYBODY | {"collar"},
    ("patch", SITE_PATH + "/uploads/{upload}"): ANYBODY | {"collar"},
    ("post", SITE_PATH + "/uploads/{upload}"): ANYBODY | {"collar"},
    ("delete", SITE_PATH + "/uploads/{upload}"): ANYBODY | {"collar"},
    ("post", SITE_PATH + "/looks"): EXACT,
    ("get", SITE_PATH + "/media/{medium}/looks"): ANYBODY,
    ("post", SITE_PATH + "/files"): EXACT,
    ("get", SITE_PATH + "/quarantine"): EXACT,
    ("post", SITE_PATH + "/quarantine/{entry}/replay"): EXACT,
    ("get", SITE_PATH + "/health"): ANYBODY,
    ("put", "/m/{site}/push"): ANYBODY,
    ("get", SITE_PATH + "/subjects"): ANYBODY,
    ("get", SITE_PATH + "/tracks"): ANYBODY,
    ("get", SITE_PATH + "/detections"): ANYBODY,
    ("get", SITE_PATH + "/activity"): ANYBODY,
    ("get", SITE_PATH + "/near"): ANYBODY,
    ("get", SITE_PATH + "/watching"): ANYBODY,
    ("get", SITE_PATH + "/subjects/{subject}/fences"): ANYBODY,
    ("get", SITE_PATH + "/detections/{observation}/identity"): EXACT,
    ("post", SITE_PATH + "/detections/{observation}/identity"): EXACT,
    ("post", SITE_PATH + "/detections/{observation}/identity/preview"): EXACT,
    ("get", SITE_PATH + "/detections/{observation}/coat"): EXACT,
    ("post", SITE_PATH + "/detections/{observation}/coat/flank"): EXACT,
    ("get", SITE_PATH + "/individuals/{individual}/gallery"): EXACT,
    ("post", SITE_PATH + "/detections/{observation}/identity/{decision}/withdraw"): EXACT,
    ("get", SITE_PATH + "/review"): EXACT,
    ("get", SITE_PATH + "/clocks"): EXACT,
    ("get", SITE_PATH + "/cameras/health"): EXACT,
    ("get", SITE_PATH + "/individuals/{individual}/roster"): EXACT,
    ("post", SITE_PATH + "/individuals/{individual}/roster/merge"): EXACT,
    ("post", SITE_PATH + "/individuals/{individual}/roster/merge/preview"): EXACT,
    ("post", SITE_PATH + "/individuals/{individual}/roster/merge/{merge}/withdraw"): EXACT,
    ("post", SITE_PATH + "/individuals/{individual}/roster/split"): EXACT,
    ("post", SITE_PATH + "/individuals/{individual}/roster/split/preview"): EXACT,
    ("post", SITE_PATH + "/individuals/{individual}/roster/split/{split}/withdraw"): EXACT,
    ("get", SITE_PATH + "/hypotheses"): EXACT,
    ("get", SITE_PATH + "/hypotheses/{hypothesis}"): EXACT,
    ("post", SITE_PATH + "/hypotheses/{hypothesis}/preview"): EXACT,
    ("post", SITE_PATH + "/hypotheses/{hypothesis}/decide"): EXACT,
    ("post", SITE_PATH + "/hypotheses/{hypothesis}/decisions/{decision}/withdraw"): EXACT,
    ("get", SITE_PATH + "/subjects/{subject}/range"): ANYBODY,
    ("get", SITE_PATH + "/findings"): ANYBODY,
    ("get", SITE_PATH + "/alerts"): ANYBODY,
    ("get", SITE_PATH + "/alerts/{alert}"): ANYBODY,
    ("post", SITE_PATH + "/alerts/{alert}/acknowledge"): ANYBODY - {"scientist"},
    ("post", SITE_PATH + "/alerts/{alert}/resolve"): ANYBODY - {"scientist"},
    ("get", SITE_PATH + "/sequences"): EXACT,
    ("get", SITE_PATH + "/sequences/review"): EXACT,
    ("get", SITE_PATH + "/sequences/audit"): EXACT,
    ("get", SITE_PATH + "/sequences/repeated"): EXACT,
    ("get", SITE_PATH + "/sequences/{sequence}"): EXACT,
    ("post", SITE_PATH + "/sequences/{sequence}/verdicts"): EXACT,
    ("post", SITE_PATH + "/sequences/{sequence}/verdicts/{verdict}/withdraw"): EXACT,
    ("get", SITE_PATH + "/judging"): EXACT,
    ("put", SITE_PATH + "/judging"): EXACT - {"dispatcher"},
    ("post", SITE_PATH + "/drill"): frozenset({"dispatcher", "admin", "chief"}),
}
# Never ends by itself; judged in test_live.py.
STREAMS = {("get", SITE_PATH + "/live")}
for noun, editors in (
    ("devices", EXACT),
    ("individuals", EXACT),
    ("places", EXACT),
    ("deployments", EXACT),
    ("fences", FENCES),
    ("layers", FENCES),
):
    ROLES[("get", f"{SITE_PATH}/{noun}")] = ANYBODY
    ROLES[("get", f"{SITE_PATH}/{noun}{RECORD}")] = ANYBODY
    ROLES[("put", f"{SITE_PATH}/{noun}{RECORD}")] = editors
    ROLES[("delete", f"{SITE_PATH}/{noun}{RECORD}")] = editors
TRACKERS = {
    ("post", "/m/{site}/owntracks"),
    ("get", "/m/{site}/osmand"),
    ("post", "/m/{site}/osmand"),
    ("get", "/m/{site}/osmand/{key}"),
    ("post", "/m/{site}/osmand/{key}"),
    ("post", "/m/{site}/things_stack"),
}
# Whoever comes: what makes a session, and whether the hub is alive.
OPEN = {
    ("post", "/api/v1/login"),
    ("post", "/api/v1/logout"),
    ("get", "/api/v1/me"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
}
CALLERS = ("nobody", "stranger", "collar", "ranger", "dispatcher", "scientist", "admin", "chief")


async def routes_of(hub: Hub) -> set[tuple[str, str]]:
    document = (await hub.client.get("/api/openapi.json")).json()
    return {(method, path) for path, item in document["paths"].items() for method in item}


async def test_roles__every_route_of_the_document_is_judged_here(hub: Hub) -> None:
    assert await routes_of(hub) == set(ROLES) | TRACKERS | OPEN | STREAMS


@pytest.mark.parametrize("caller", CALLERS)
async def test_roles__every_route_lets_in_whom_it_should(hub: Hub, caller: str) -> None:
    wrong: list[str] = []
    for (method, path), allowed in ROLES.items():
        filled = path.replace("{site}", SITE)
        filled = re.sub(r"\{\w+\}", lambda _: str(new_id()), filled)
        answer = await hub.as_(caller, method.upper(), filled)
        said = answer.text if answer.status_code >= 400 else ""
        # HEAD has no words; whoever may ask without saying which tus it speaks gets 412.
        refused = answer.status_code in (401, 403) or "no site" in said or (method, answer.status_code) == ("head", 404)
        if caller == "nobody":
            right = answer.status_code == 401
        elif caller in allowed:
            right = not refused and answer.status_code < 500
        elif caller == "stranger" and SITE in filled and (method, path) != ("put", SITE_PATH):
            right = answer.status_code == 404 and refused
        else:
            right = answer.status_code == 403
        if not right:
            wrong.append(f"{caller}: {method} {path} → {answer.status_code} {answer.text[:120]}")
    assert wrong == []


@pytest.mark.parametrize(("method", "path"), sorted(TRACKERS))
async def test_roles__trackers_need_a_key_of_the_site(hub: Hub, method: str, path: str) -> None:
    filled = path.replace("{site}", SITE)
    nobody = await hub.client.request(method.upper(), filled.replace("{key}", "rst_wrong"))
    assert nobody.status_code == 401
    stranger = await hub.as_("stranger", method.upper(), filled.replace("{key}", hub.keys["stranger"]))
    assert stranger.status_code == 404


async def test_roles__admin_of_all_finds_no_site_that_is_not_there(hub: Hub) -> None:
    answer = await hub.as_("chief", "POST", "/api/v1/sites/atlantis/observations", json=[])
    assert answer.status_code == 404


async def test_roles__a_device_key_appends_only_for_its_device(hub: Hub) -> None:
    own = {
        "kind": "fix",
        "device": "collar-1",
        "observed_at": hub.clock().isoformat(),
        "longitude": 131.4,
        "latitude": 43.1,
    }
    receipt = await hub.send(own, own | {"device": "collar-2"}, who="collar")
    assert (receipt["accepted"], receipt["quarantined"]) == (1, 1)
    assert "collar-2" in receipt["problems"][0]
