"""Reference data by file."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import SITE, Hub, problem

PATH = f"/api/v1/sites/{SITE}/reference/import"


async def upload(hub: Hub, noun: str, body: str | bytes, who: str = "dispatcher", **more: str) -> dict[str, Any]:
    answer = await hub.as_(who, "POST", PATH, params={"noun": noun, **more}, content=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def outcomes(report: dict[str, Any]) -> list[str]:
    return [row["outcome"] for row in report["items"]]


async def test_csv__devices_then_individuals_then_who_wears_what(hub: Hub) -> None:
    devices = "key;kind;model\nc-1;collar;Vectronic\nc-2;spaceship;\n;collar;\n"
    report = await upload(hub, "devices", devices)
    assert outcomes(report) == ["created", "rejected", "rejected"]
    assert "spaceship" in report["items"][1]["problem"]
    await upload(hub, "individuals", "name,scientific_name,sensitive,tag colour\nAmba,Panthera tigris,true,red\n")
    worn = "device,carrier_kind,carrier,valid_from\nc-1,individual,Amba,2026-01-01T00:00:00Z\nc-9,individual,Amba,\n"
    report = await upload(hub, "deployments", worn)
    assert outcomes(report) == ["created", "rejected"]
    assert "c-9" in report["items"][1]["problem"]
    (amba,) = (await hub.as_("ranger", "GET", f"/api/v1/sites/{SITE}/individuals")).json()["items"]
    assert (amba["sensitive"], amba["attributes"]) == (True, {"tag colour": "red"})


async def test_import__again_changes_nothing_and_an_edit_is_an_update(hub: Hub) -> None:
    body = "name,longitude,latitude\nStation 7,131.4,43.1\nStation 8,131.5,43.1\n"
    assert outcomes(await upload(hub, "places", body)) == ["created", "created"]
    assert outcomes(await upload(hub, "places", body)) == ["unchanged", "unchanged"]
    report = await upload(hub, "places", body.replace("131.5", "131.6"))
    assert (outcomes(report), report["updated"]) == (["unchanged", "updated"], 1)


async def test_geojson__fences_with_one_that_is_none(hub: Hub) -> None:
    ring = [[131.3, 43.0], [131.5, 43.0], [131.5, 43.2], [131.3, 43.2], [131.3, 43.0]]
    good = {
        "type": "Feature",
        "properties": {"name": "core", "severity": "high", "triggers": ["enter"], "owner": "park"},
    }
    document = {
        "type": "FeatureCollection",
        "features": [
            good | {"geometry": {"type": "Polygon", "coordinates": [ring]}},
            {"type": "Feature", "properties": {"name": "x"}, "geometry": {"type": "Point", "coordinates": [1, 2]}},
            {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}},
        ],
    }
    answer = await hub.as_("dispatcher", "POST", PATH, params={"noun": "fences"}, json=document)
    report = answer.json()
    assert outcomes(report) == ["created", "rejected", "rejected"]
    assert "Draw the fence as a Polygon" in report["items"][1]["problem"]
    (fence,) = (await hub.as_("ranger", "GET", f"/api/v1/sites/{SITE}/fences")).json()["items"]
    assert (fence["severity"], fence["triggers"], fence["attributes"]) == ("high", ["enter"], {"owner": "park"})
    assert fence["alert_from"] is not None
    hub.clock.pass_by(hours=1)
    again = await hub.as_("dispatcher", "POST", PATH, params={"noun": "fences"}, json=document)
    assert outcomes(again.json())[0] == "unchanged"


async def test_geojson__a_layer_is_the_whole_file(hub: Hub) -> None:
    document = '{"type": "FeatureCollection", "features": []}'
    assert outcomes(await upload(hub, "layers", document, name="rivers", role="water")) == ["created"]
    (layer,) = (await hub.as_("ranger", "GET", f"/api/v1/sites/{SITE}/layers")).json()["items"]
    assert (layer["name"], layer["role"], layer["geojson"]["type"]) == ("rivers", "water", "FeatureCollection")
    assert outcomes(await upload(hub, "layers", document)) == ["rejected"]


async def test_import__what_is_no_such_file_is_answered_422(hub: Hub) -> None:
    for noun, body in (
        ("devices", b"\xff\xfe\x00"),
        ("devices", b"{}"),
        ("layers", b"name\ncore\n"),
        ("fences", b"{"),
        ("ghosts", b"name\nx\n"),
    ):
        problem(await hub.as_("dispatcher", "POST", PATH, params={"noun": noun}, content=body), 422)


async def test_import__of_fences_is_not_for_scientists(hub: Hub) -> None:
    problem(await hub.as_("scientist", "POST", PATH, params={"noun": "fences"}, content=b"{}"), 403)


RIVER = {"type": "LineString", "coordinates": [[131.3, 43.0], [131.5, 43.2]]}
SUMMER = {"windows": [], "seasons": [{"start": "05-01", "end": "09-30"}], "sun": None}


async def test_geojson__a_line_with_rules_is_a_fence_with_these(hub: Hub) -> None:
    rules = {"name": "river", "near_m": 200, "sensitivity": "calm", "schedule": SUMMER}
    document = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": rules, "geometry": RIVER}]}
    answer = await hub.as_("dispatcher", "POST", PATH, params={"noun": "fences"}, json=document)
    assert outcomes(answer.json()) == ["created"]
    (fence,) = (await hub.as_("ranger", "GET", f"/api/v1/sites/{SITE}/fences")).json()["items"]
    assert (fence["geometry"], fence["near_m"], fence["sensitivity"]) == (RIVER, 200.0, "calm")
    assert fence["schedule"] == SUMMER


async def test_csv__fences_have_their_shape_as_text(hub: Hub) -> None:
    table = (
        "name;geometry;triggers;watches;near_m;schedule;owner\n"
        "river;LINESTRING (131.3 43, 131.5 43.2);enter proximity;individual person;200;"
        '"{""seasons"": [{""start"": ""05-01"", ""end"": ""09-30""}]}";park\n'
        'square;"{""type"": ""Polygon"", ""coordinates"": [[[131,43],[132,43],[132,44],[131,43]]]}";;;;;\n'
        "none;POINT (1 2);;;;;\n"
        "worse;LINE (1 2);;;;;\n"
    )
    report = await upload(hub, "fences", table)
    assert outcomes(report) == ["created", "created", "rejected", "rejected"]
    assert "Draw the fence as a Polygon" in report["items"][2]["problem"]
    assert "WKT" in report["items"][3]["problem"]
    fences = (await hub.as_("ranger", "GET", f"/api/v1/sites/{SITE}/fences")).json()["items"]
    river = next(one for one in fences if one["name"] == "river")
    assert (river["geometry"], river["near_m"], river["attributes"]) == (RIVER, 200.0, {"owner": "park"})
    assert (river["triggers"], river["watches"]) == (["enter", "proximity"], ["individual", "person"])
    assert river["schedule"] == SUMMER
