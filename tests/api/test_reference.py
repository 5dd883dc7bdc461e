"""Records over HTTP: versions, races, and what is not accepted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.conftest import SITE, Hub, a_uuid, problem
from tests.builders import a_deployment, a_device, a_place, an_individual

NEW = {"If-None-Match": "*"}
SQUARE = [[131.3, 43.0], [131.5, 43.0], [131.5, 43.2], [131.3, 43.2], [131.3, 43.0]]
FENCE = {"name": "core", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}


def path_of(noun: str) -> str:
    return f"/api/v1/sites/{SITE}/{noun}/{a_uuid()}"


def seen(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


@pytest.mark.parametrize(
    ("noun", "body", "change"),
    [
        ("devices", {"key": "c-1", "kind": "collar"}, {"name": "Amba's"}),
        ("individuals", {"name": "Amba", "scientific_name": "Panthera tigris", "sensitive": True}, {"sex": "female"}),
        ("places", {"name": "Station 7", "longitude": 131.4, "latitude": 43.1}, {"uncertainty_m": 20.0}),
        ("fences", FENCE, {"severity": "critical"}),
        ("layers", {"name": "rivers", "geojson": {"type": "FeatureCollection", "features": []}}, {"role": "water"}),
    ],
)
async def test_record__is_created_read_edited_listed_and_ended(
    hub: Hub, noun: str, body: dict[str, Any], change: dict[str, Any]
) -> None:
    path = path_of(noun)
    created = await hub.as_("dispatcher", "PUT", path, json=body, headers=NEW)
    assert (created.status_code, created.headers["etag"]) == (201, '"1"')
    assert created.json().items() >= body.items()
    edited = await hub.as_("dispatcher", "PUT", path, json=body | change, headers=seen(1))
    assert (edited.status_code, edited.headers["etag"]) == (200, '"2"')
    read = await hub.as_("ranger", "GET", path)
    assert read.json() == edited.json()
    unchanged = await hub.as_("ranger", "GET", path, headers={"If-None-Match": '"2"'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    listed = (await hub.as_("ranger", "GET", path.rpartition("/")[0])).json()
    assert (listed["items"], listed["next"]) == ([edited.json()], None)
    assert (await hub.as_("dispatcher", "DELETE", path, headers=seen(2))).status_code == 204
    problem(await hub.as_("ranger", "GET", path), 404)


async def test_edit__of_two_at_once_one_is_stale(hub: Hub) -> None:
    path = path_of("fences")
    await hub.as_("dispatcher", "PUT", path, json=FENCE, headers=NEW)
    answers = await asyncio.gather(
        *(hub.as_("dispatcher", "PUT", path, json=FENCE | {"name": name}, headers=seen(1)) for name in ("a", "b"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    loser = next(answer for answer in answers if answer.status_code == 412)
    lost = problem(loser, 412)
    assert lost["code"] == "stale"
    assert (lost["now"]["version"], lost["by"]) == (2, "dispatcher")


async def test_edit__without_a_version_is_asked_for_one(hub: Hub) -> None:
    path = path_of("devices")
    problem(await hub.as_("dispatcher", "PUT", path, json={"key": "c-1"}), 428)
    problem(await hub.as_("dispatcher", "DELETE", path), 428)
    problem(await hub.as_("dispatcher", "PUT", path, json={"key": "c"}, headers={"If-Match": "three"}), 400)


async def test_create__of_what_is_there_is_stale(hub: Hub) -> None:
    path = path_of("devices")
    await hub.as_("dispatcher", "PUT", path, json={"key": "c-1"}, headers=NEW)
    problem(await hub.as_("dispatcher", "PUT", path, json={"key": "c-1"}, headers=NEW), 412)


async def test_create__the_same_key_twice_is_a_conflict(hub: Hub) -> None:
    await hub.as_("dispatcher", "PUT", path_of("devices"), json={"key": "c-1"}, headers=NEW)
    problem(await hub.as_("dispatcher", "PUT", path_of("devices"), json={"key": "c-1"}, headers=NEW), 409)


async def test_deployment__one_device_on_two_carriers_at_once_is_a_conflict(hub: Hub) -> None:
    device, leopard = a_device(SITE, "c-1"), an_individual(SITE, "Amba")
    await hub.store(device, leopard)
    body = {"device": str(device.id), "carrier_kind": "individual", "carrier": str(leopard.id)}
    first = {"valid_from": "2026-01-01T00:00:00Z", "valid_to": "2026-06-01T00:00:00Z"}
    assert (
        await hub.as_("scientist", "PUT", path_of("deployments"), json=body | first, headers=NEW)
    ).status_code == 201
    second = {"valid_from": "2026-05-01T00:00:00Z"}
    problem(await hub.as_("scientist", "PUT", path_of("deployments"), json=body | second, headers=NEW), 409)
    backwards = {"valid_from": "2027-05-01T00:00:00Z", "valid_to": "2027-01-01T00:00:00Z"}
    answer = await hub.as_("scientist", "PUT", path_of("deployments"), json=body | backwards, headers=NEW)
    assert problem(answer, 422)["errors"][0]["field"] == "valid_to"


async def test_fence__that_crosses_itself_says_what_where_and_what_to_do(hub: Hub) -> None:
    bow_tie = [[131.3, 43.0], [131.5, 43.2], [131.5, 43.0], [131.3, 43.2], [131.3, 43.0]]
    body = FENCE | {"geometry": {"type": "Polygon", "coordinates": [bow_tie]}}
    found = problem(await hub.as_("dispatcher", "PUT", path_of("fences"), json=body, headers=NEW), 422)
    (error,) = found["errors"]
    assert error["field"] == "geometry"
    assert error["what"] == "Self-intersection"
    assert "131.4, 43.1" in error["where"]
    assert error["remedy"].startswith("Move the vertices")
    assert error["remedy"] in found["detail"]


async def test_fence__keeps_the_order_of_its_vertices(hub: Hub) -> None:
    backwards = FENCE | {"geometry": {"type": "Polygon", "coordinates": [SQUARE[::-1]]}}
    saved = await hub.as_("dispatcher", "PUT", path_of("fences"), json=backwards, headers=NEW)
    assert saved.json()["geometry"] == backwards["geometry"]


async def test_fence__alerts_from_its_making_on_unless_it_says_otherwise(hub: Hub) -> None:
    path = path_of("fences")
    made = (await hub.as_("dispatcher", "PUT", path, json=FENCE, headers=NEW)).json()
    assert made["alert_from"] == hub.clock().isoformat().replace("+00:00", "Z")
    hub.clock.pass_by(hours=1)
    edited = (await hub.as_("dispatcher", "PUT", path, json=FENCE | {"name": "x"}, headers=seen(1))).json()
    assert edited["alert_from"] == made["alert_from"]
    always = (await hub.as_("dispatcher", "PUT", path, json=FENCE | {"alert_from": None}, headers=seen(2))).json()
    assert always["alert_from"] is None


@pytest.mark.parametrize(
    ("noun", "body", "field"),
    [
        ("devices", {}, "key"),
        ("devices", {"key": ""}, "key"),
        ("devices", {"key": "c", "colour": "red"}, "colour"),
        ("devices", {"key": "c", "id": "x"}, "id"),
        ("devices", {"key": "c\x00"}, ""),
        ("places", {"name": "p", "longitude": 181, "latitude": 0}, "longitude"),
        ("places", {"name": "p", "longitude": 1, "latitude": 0, "uncertainty_m": -1}, "uncertainty_m"),
        ("layers", {"name": "l", "geojson": {"type": "Circle"}}, "geojson"),
        ("layers", {"name": "l", "geojson": {"type": "Point", "coordinates": [200, 0]}}, "geojson.coordinates"),
        ("individuals", {"name": "a", "attributes": {"note": "\x00"}}, ""),
    ],
)
async def test_body__that_cannot_be_is_answered_422_with_its_field(
    hub: Hub, noun: str, body: dict[str, Any], field: str
) -> None:
    found = problem(await hub.as_("dispatcher", "PUT", path_of(noun), json=body, headers=NEW), 422)
    assert field in found["detail"]
    assert found["errors"]


async def test_list__comes_in_pages(hub: Hub) -> None:
    for i in range(5):
        await hub.as_("dispatcher", "PUT", path_of("devices"), json={"key": f"c-{i}"}, headers=NEW)
    keys: list[str] = []
    after: str | None = None
    for _ in range(3):
        given = {"limit": 2} | ({"after": after} if after else {})
        page = (await hub.as_("ranger", "GET", f"/api/v1/sites/{SITE}/devices", params=given)).json()
        keys += [one["key"] for one in page["items"]]
        after = page["next"]
    assert (keys, after) == ([f"c-{i}" for i in range(5)], None)


async def test_place__that_is_sensitive_is_coarse_for_rangers(hub: Hub) -> None:
    den = a_place(SITE, "den", longitude=131.41234, latitude=43.12345, attributes={"sensitive": True, "note": "cliff"})
    await hub.store(den, a_place(SITE, "post", longitude=131.41234, latitude=43.12345))
    path = f"/api/v1/sites/{SITE}/places"
    coarse, exact = (await hub.as_("ranger", "GET", path)).json()["items"]
    if exact["name"] == "den":
        coarse, exact = exact, coarse
    assert "131.41234" not in str(coarse) and "43.12345" not in str(coarse) and "cliff" not in str(coarse)
    assert coarse["attributes"]["generalised"] is True
    assert coarse["uncertainty_m"] > 1000
    assert (exact["longitude"], exact["latitude"]) == (131.41234, 43.12345)
    assert "131.41234" in (await hub.as_("dispatcher", "GET", f"{path}/{den.id}")).text


async def test_site__is_made_and_edited_by_an_admin_of_all(hub: Hub) -> None:
    body = {"name": "Taiga", "time_zone": "Asia/Vladivostok", "centre": [135.0, 45.0]}
    made = await hub.as_("chief", "PUT", "/api/v1/sites/taiga", json=body, headers=NEW)
    assert (made.status_code, made.json()["version"]) == (201, 1)
    edited = await hub.as_("chief", "PUT", "/api/v1/sites/taiga", json=body | {"name": "T"}, headers=seen(1))
    assert (edited.json()["name"], edited.headers["etag"]) == ("T", '"2"')
    problem(await hub.as_("chief", "PUT", "/api/v1/sites/taiga", json=body, headers=seen(1)), 412)
    problem(await hub.as_("chief", "PUT", "/api/v1/sites/taiga", json=body | {"drill": True}, headers=seen(2)), 409)
    problem(await hub.as_("chief", "PUT", "/api/v1/sites/x", json=body | {"time_zone": "Mars"}, headers=NEW), 422)
    problem(await hub.as_("chief", "PUT", "/api/v1/sites/UPPER", json=body, headers=NEW), 422)


async def test_deployment__of_what_is_not_there_names_the_fields(hub: Hub) -> None:
    body = {"device": str(a_uuid()), "carrier_kind": "place", "carrier": str(a_uuid())}
    found = problem(await hub.as_("scientist", "PUT", path_of("deployments"), json=body, headers=NEW), 422)
    assert [one["field"] for one in found["errors"]] == ["device", "carrier"]


async def test_end__of_an_animal_that_wears_a_collar_names_the_deployment(hub: Hub) -> None:
    device, leopard = a_device(SITE, "c-1"), an_individual(SITE, "Amba")
    deployment = a_deployment(device, leopard)
    await hub.store(device, leopard, deployment)
    path = f"/api/v1/sites/{SITE}/individuals/{leopard.id}"
    found = problem(await hub.as_("dispatcher", "DELETE", path, headers=seen(1)), 409)
    assert (found["code"], found["deployments"]) == ("conflict", [str(deployment.id)])
    assert "c-1" in found["detail"]


LINE = {"name": "river", "geometry": {"type": "LineString", "coordinates": [[131.3, 43.0], [131.5, 43.2]]}}


@pytest.mark.parametrize(
    ("body", "field", "word"),
    [
        (FENCE | {"triggers": ["dwell"]}, "dwell_s", "give dwell_s"),
        (FENCE | {"triggers": ["proximity"]}, "near_m", "give near_m"),
        (LINE | {"dwell_s": 60}, "dwell_s", "nobody stays in a line"),
        (
            FENCE | {"schedule": {"seasons": [{"start": "02-30", "end": "03-01"}]}},
            "schedule.seasons[0].start",
            "no day",
        ),
        (FENCE | {"schedule": {"windows": [{"days": [], "start": "08:00", "end": "09:00"}]}}, "days", "at least one"),
        (
            FENCE | {"schedule": {"sun": {"from": {"at": "sunset"}, "to": {"at": "sunset"}}}},
            "schedule.sun.to",
            "end after it begins",
        ),
        (FENCE | {"schedule": {"windows": [{"start": "8:00", "end": "09:00"}]}}, "start", "regex"),
        (FENCE | {"near_m": 0}, "near_m", ""),
        (FENCE | {"band_m": 0}, "band_m", ""),
        (LINE | {"band_m": 30.0}, "band_m", "draw an area"),
        (FENCE | {"sensitivity": "nervous"}, "sensitivity", ""),
    ],
)
async def test_fence__that_cannot_be_watched_so_is_refused_with_its_field(
    hub: Hub, body: dict[str, Any], field: str, word: str
) -> None:
    found = problem(await hub.as_("dispatcher", "PUT", path_of("fences"), json=body, headers=NEW), 422)
    assert any(field in one["field"] and word in one["detail"] for one in found["errors"]), found["errors"]


async def test_fence__of_every_kind_is_given_back_as_it_was_sent(hub: Hub) -> None:
    rules = {
        "edges": "geodesic",
        "sensitivity": "calm",
        "band_m": 50.0,
        "dwell_s": 3600.0,
        "overdue_s": 7200.0,
        "near_m": 500.0,
        "approach_s": 900.0,
        "warning_severity": "low",
        "triggers": ["proximity", "approach", "dwell", "overdue", "possible_crossing", "inside_at_start"],
        "schedule": {
            "windows": [{"days": ["mon", "sat"], "start": "20:00", "end": "06:00"}],
            "seasons": [{"start": "11-01", "end": "03-15"}],
            "sun": {"from": {"at": "sunset", "minutes": -30}, "to": {"at": "sunrise", "minutes": 0}},
        },
    }
    saved = await hub.as_("dispatcher", "PUT", path_of("fences"), json=FENCE | rules, headers=NEW)
    assert saved.status_code == 201
    assert saved.json().items() >= (FENCE | rules).items()
    line = await hub.as_("dispatcher", "PUT", path_of("fences"), json=LINE | {"near_m": 100.0}, headers=NEW)
    assert line.json()["geometry"] == LINE["geometry"]


async def test_fence__that_crosses_itself_says_what_mending_would_make_of_it(hub: Hub) -> None:
    bow_tie = [[131.3, 43.0], [131.5, 43.2], [131.5, 43.0], [131.3, 43.2], [131.3, 43.0]]
    body = FENCE | {"geometry": {"type": "Polygon", "coordinates": [bow_tie]}}
    found = problem(await hub.as_("dispatcher", "PUT", path_of("fences"), json=body, headers=NEW), 422)
    assert "a MultiPolygon of 2 parts" in found["errors"][0]["mended"]
    assert found["errors"][0]["mended"] in found["detail"]
