"""What the map, the queue and the scrubber read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from geo.geodesy import distance_m
from hub.clearance import CELL_M
from hub.store import access
from tests import builders as a
from tests.api.conftest import SITE, Hub, problem
from tests.api.reserve import EAST, a_walk

PATH = f"/api/v1/sites/{SITE}"
WHEN = {"from": "2026-07-01T00:00:00Z", "to": "2026-07-02T00:00:00Z"}


async def test_subjects__a_leopard_is_where_its_track_ends_with_an_ellipse(hub: Hub) -> None:
    await a_walk(hub)
    body = (await hub.as_("dispatcher", "GET", f"{PATH}/subjects")).json()
    (leopard,) = [item for item in body["items"] if item["kind"] == "individual"]
    assert leopard["name"] == "F01"
    assert distance_m(leopard["longitude"], leopard["latitude"], *a.CENTRE) < 20
    assert leopard["ellipse"]["semi_major_m"] > 0
    assert leopard["stale_s"] == pytest.approx(1.5 * 3600, abs=1)


async def test_subjects__in_the_past_are_where_they_were(hub: Hub) -> None:
    await a_walk(hub)
    body = (await hub.as_("dispatcher", "GET", f"{PATH}/subjects", params={"at": "2026-07-01T12:10:00Z"})).json()
    (leopard,) = [item for item in body["items"] if item["kind"] == "individual"]
    assert leopard["longitude"] == pytest.approx(a.CENTRE[0] - EAST, abs=2e-3)


async def test_tracks__have_a_point_and_an_ellipse_per_observation(hub: Hub) -> None:
    await a_walk(hub)
    (track,) = (await hub.as_("scientist", "GET", f"{PATH}/tracks", params=WHEN)).json()["items"]
    assert {len(column) for column in track["points"].values()} == {5}
    assert all(axis > 0 for axis in track["points"]["semi_minor_m"])


async def test_findings__tell_each_crossing_once(hub: Hub) -> None:
    await a_walk(hub)
    items = (await hub.as_("dispatcher", "GET", f"{PATH}/findings", params=WHEN)).json()["items"]
    assert [item["kind"] for item in items] == ["enter", "exit", "through"]
    assert items[0]["observed_from"] < items[0]["crossed_at"] < items[0]["observed_to"]


async def test_activity__counts_what_was_observed(hub: Hub) -> None:
    await a_walk(hub)
    body = (await hub.as_("dispatcher", "GET", f"{PATH}/activity", params=WHEN | {"bins": "24"})).json()
    assert sum(body["observations"]) == 5
    assert sum(body["alerts"]) == 3
    assert body["observations"][12:17] == [1, 1, 1, 1, 1]


async def test_detections__a_camera_without_a_place_of_its_own_has_its_stations(hub: Hub) -> None:
    await a_walk(hub)
    (item,) = (await hub.as_("dispatcher", "GET", f"{PATH}/detections", params=WHEN)).json()["items"]
    assert (item["longitude"], item["latitude"], item["individual"]) == (*a.CENTRE, "F01")


async def test_alerts__are_acknowledged_and_resolved_with_who_and_when(hub: Hub) -> None:
    await a_walk(hub)
    alert = (await hub.as_("dispatcher", "GET", f"{PATH}/alerts")).json()["items"][0]
    one = f"{PATH}/alerts/{alert['id']}"
    taken = await hub.as_("dispatcher", "POST", f"{one}/acknowledge", headers={"If-Match": '"1"'})
    assert (taken.json()["state"], taken.json()["acknowledged_by"]) == ("acknowledged", "dispatcher")
    assert taken.headers["etag"] == '"2"'
    done = await hub.as_(
        "ranger", "POST", f"{one}/resolve", headers={"If-Match": '"2"'}, json={"outcome": "driven_off"}
    )
    assert (done.json()["state"], done.json()["resolved_by"]) == ("resolved", "ranger")
    shown = (await hub.as_("dispatcher", "GET", one)).json()
    assert [(line["what"], line["who"]) for line in shown["history"]] == [
        ("raised", "rosette"),
        ("acknowledged", "dispatcher"),
        ("resolved", "ranger"),
    ]
    assert shown["findings"][0]["id"] == alert["finding"]


async def test_alerts__the_second_to_acknowledge_learns_who_was_first(hub: Hub) -> None:
    await a_walk(hub)
    alert = (await hub.as_("dispatcher", "GET", f"{PATH}/alerts")).json()["items"][0]
    path = f"{PATH}/alerts/{alert['id']}/acknowledge"
    await hub.as_("dispatcher", "POST", path, headers={"If-Match": '"1"'})
    body = problem(await hub.as_("admin", "POST", path, headers={"If-Match": '"1"'}), 412)
    assert body["now"]["acknowledged_by"] == "dispatcher"


@pytest.mark.parametrize(
    ("version", "status"), [(None, 428), ("1", 400), ('"\u00b2"', 400), ('"' + "9" * 40 + '"', 400)]
)
async def test_alerts__are_not_acted_on_without_the_version_that_was_seen(
    hub: Hub, version: str | None, status: int
) -> None:
    await a_walk(hub)
    alert = (await hub.as_("dispatcher", "GET", f"{PATH}/alerts")).json()["items"][0]
    headers = {} if version is None else {"If-Match": version.encode("latin-1")}
    problem(await hub.as_("dispatcher", "POST", f"{PATH}/alerts/{alert['id']}/acknowledge", headers=headers), status)
    assert (await hub.as_("dispatcher", "GET", f"{PATH}/alerts/{alert['id']}")).json()["state"] == "new"


async def test_alerts__a_late_fix_moves_the_crossing_and_keeps_the_acknowledgement(hub: Hub) -> None:
    await a_walk(hub)
    alerts = (await hub.as_("dispatcher", "GET", f"{PATH}/alerts")).json()["items"]
    (entered,) = [alert for alert in alerts if alert["kind"] == "enter"]
    path = f"{PATH}/alerts/{entered['id']}/acknowledge"
    await hub.as_("dispatcher", "POST", path, headers={"If-Match": '"1"'})
    await hub.send(a.a_fix(minutes=30, east=-EAST))
    await hub.settle()
    alerts = (await hub.as_("dispatcher", "GET", f"{PATH}/alerts")).json()["items"]
    (moved,) = [alert for alert in alerts if alert["kind"] == "enter"]
    assert moved["id"] != entered["id"]
    assert (moved["corrects"], moved["acknowledged_by"]) == (entered["id"], "dispatcher")
    assert moved["occurred_at"] > entered["occurred_at"]
    old = (await hub.as_("dispatcher", "GET", f"{PATH}/alerts/{entered['id']}")).json()
    assert (old["state"], old["corrected_by"]) == ("retracted", moved["id"])
    assert old["cause"]


@pytest.mark.parametrize(
    ("path", "field"),
    [("tracks?from=yesterday", "from"), ("subjects?at=2026-07-01T00:00:00", "zone"), ("activity?bins=0", "bins")],
)
async def test_parameters__that_mean_nothing_are_refused_with_what_to_write(hub: Hub, path: str, field: str) -> None:
    answer = await hub.as_("dispatcher", "GET", f"{PATH}/{path}")
    assert answer.status_code in (400, 422)
    assert field in answer.text


async def test_drill__speed_is_set_at_a_drill_and_nowhere_else(hub: Hub) -> None:
    problem(await hub.as_("dispatcher", "POST", f"{PATH}/drill", json={"speed": 10}), 404)


EXACT = (a.CENTRE[0], a.CENTRE[1])


@pytest.mark.parametrize("path", ["subjects", "tracks", "detections", "findings", "alerts", "observations"])
async def test_privacy__a_ranger_reads_no_exact_place_of_a_sensitive_animal(hub: Hub, path: str) -> None:
    await a_walk(hub)
    coarse = (
        await hub.as_("ranger", "GET", f"{PATH}/{path}", params=WHEN if path not in ("subjects", "alerts") else {})
    ).json()
    exact = (
        await hub.as_("scientist", "GET", f"{PATH}/{path}", params=WHEN if path not in ("subjects", "alerts") else {})
    ).json()
    places = list(places_in(coarse, "F01"))
    assert len(places) == len(list(places_in(exact, "F01"))) > 0
    for longitude, latitude in places:
        for true_longitude, true_latitude in places_in(exact, "F01"):
            assert (longitude, latitude) != (true_longitude, true_latitude)
        # All of the walk lies within a cell or two: averaging many answers leads to cells, not to places.
        assert distance_m(longitude, latitude, *EXACT) < 2 * CELL_M
    evidence = {item["id"] for item in exact["items"] if isinstance(item, dict) and "id" in item}
    if path in ("detections", "observations"):
        assert evidence.isdisjoint(item["id"] for item in coarse["items"])


def places_in(value: object, name: str):
    """Every (longitude, latitude) below a value that is about the named animal; places of cameras are not."""
    match value:
        case {"kind": "place"}:
            return
        case {"longitude": float(longitude), "latitude": float(latitude)}:
            yield longitude, latitude
        case {"longitude": list(longitudes), "latitude": list(latitudes)}:
            yield from zip(longitudes, latitudes, strict=True)
        case dict():
            for inner in value.values():
                yield from places_in(inner, name)
        case list():
            for inner in value:
                yield from places_in(inner, name)


async def test_privacy__exact_reads_of_people_are_audited(hub: Hub) -> None:
    await hub.add_person("d@example.org", {SITE: "dispatcher"}, name="Dina")
    await hub.login("d@example.org")
    await a_walk(hub)
    await hub.client.get(f"{PATH}/tracks", params=WHEN)
    entries = await access.audit_page(hub.database, SITE, None, 10)
    assert [(entry.what, entry.detail) for entry in entries if entry.what == "tracks"] == [
        ("tracks", {"sensitive": {"F01": 5}})
    ]


async def test_unknown_device__joins_its_animal_when_the_deployment_is_entered_later(hub: Hub) -> None:
    hub.clock.time = a.NOON + timedelta(hours=6)
    await hub.send(*(a.a_fix("collar-9", minutes=60 * k, east=0.001 * k) for k in range(4)))
    await hub.settle()
    items = (await hub.as_("dispatcher", "GET", f"{PATH}/subjects")).json()["items"]
    assert [(item["kind"], item["name"]) for item in items] == [("device", "collar-9")]
    (way,) = (await hub.as_("dispatcher", "GET", f"{PATH}/tracks", params=WHEN)).json()["items"]
    assert (way["subject"]["kind"], way["name"], len(way["points"]["time"])) == ("device", "collar-9", 4)
    assert (await hub.as_("ranger", "GET", f"{PATH}/tracks", params=WHEN)).json()["items"] == []
    collar, leopard = a.a_device(SITE, "collar-9"), a.an_individual(SITE, "M09")
    await hub.store(collar, leopard, a.a_deployment(collar, leopard))
    await hub.settle()
    (track,) = (await hub.as_("dispatcher", "GET", f"{PATH}/tracks", params=WHEN)).json()["items"]
    assert (track["name"], len(track["points"]["time"])) == ("M09", 4)
    items = (await hub.as_("dispatcher", "GET", f"{PATH}/subjects")).json()["items"]
    assert [(item["kind"], item["name"]) for item in items] == [("individual", "M09")]
