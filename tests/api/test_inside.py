"""At which fences a subject is, and what that gives away: nothing but what the reader is told anyway."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from geo.generalise import cell_box, generalise
from hub.clearance import CELL_M
from hub.store import access
from tests import builders as a
from tests.api.conftest import SITE, Hub, problem
from tests.api.reserve import EAST, a_walk

PATH = f"/api/v1/sites/{SITE}"
NIGHTS = {"windows": [{"days": ["wed"], "start": "20:00", "end": "06:00"}]}


async def near(hub: Hub, who: str, subject: object, **params: str) -> dict[str, Any]:
    answer = await hub.as_(who, "GET", f"{PATH}/subjects/{subject}/fences", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


F01 = a.an_id(SITE, "individual", "F01")


async def test_fences_near__a_leopard_deep_inside_is_there_for_sure(hub: Hub) -> None:
    await a_walk(hub)
    (core,) = (await near(hub, "dispatcher", F01))["items"]
    assert core["name"] == "core"
    assert core["kind"] == "area"
    assert core["probability"] > 0.99
    # The fence reaches 0.01 degrees from the middle, 814 m to the east and west.
    assert core["distance_m"] == pytest.approx(-814, abs=30)


async def test_fences_near__in_the_past_it_was_where_it_was(hub: Hub) -> None:
    await a_walk(hub)
    (core,) = (await near(hub, "dispatcher", F01, at="2026-07-01T12:10:00Z"))["items"]
    assert core["probability"] < 0.01
    assert core["distance_m"] == pytest.approx((EAST - 0.01) * 81_400, abs=60)


async def test_fences_near__in_the_past_the_fence_was_what_it_was(hub: Hub) -> None:
    await a_walk(hub)
    (drawn,) = (await near(hub, "dispatcher", F01, at="2026-07-01T12:10:00Z"))["items"]
    assert (drawn["version"], drawn["drawn_later"]) == (1, True)
    async with hub.database.transaction() as connection:
        await connection.execute("update reference set recorded_at = '2026-06-01Z' where noun = 'fence'")
    x, y = a.CENTRE
    ring = [[x + 0.3, y], [x + 0.4, y], [x + 0.4, y + 0.1], [x + 0.3, y]]
    await hub.edit(a.a_fence(SITE, geometry={"type": "Polygon", "coordinates": [ring]}), 1)
    await hub.settle()
    (core,) = (await near(hub, "dispatcher", F01, at="2026-07-01T13:10:00Z"))["items"]
    assert (core["version"], core["drawn_later"]) == (1, False)
    assert core["probability"] > 0.99
    assert (await near(hub, "dispatcher", F01))["items"] == []


async def test_fences_near__on_the_border_it_is_even(hub: Hub) -> None:
    hub.clock.time = a.NOON + timedelta(hours=6)
    phone = a.a_device(SITE, "phone-1", kind="phone")
    await hub.store(phone, a.a_fence(SITE))
    await hub.send(a.a_fix("phone-1", east=0.01))
    await hub.settle()
    ((item,), (core,)) = (
        (await hub.as_("dispatcher", "GET", f"{PATH}/subjects")).json()["items"],
        (await near(hub, "dispatcher", hub.feeds.world_of(SITE).device_subject("phone-1").id))["items"],
    )
    assert item["device"] == "phone-1"
    assert core["probability"] == pytest.approx(0.5, abs=0.01)
    assert core["distance_m"] == pytest.approx(0, abs=0.2)


async def test_fences_near__a_line_has_a_distance_and_no_inside(hub: Hub) -> None:
    await a_walk(hub)
    x, y = a.CENTRE
    line = {"type": "LineString", "coordinates": [[x + 0.02, y - 0.1], [x + 0.02, y + 0.1]]}
    await hub.store(a.a_fence(SITE, "road", geometry=line, triggers=("enter",)))
    await hub.settle()
    road = next(one for one in (await near(hub, "dispatcher", F01))["items"] if one["name"] == "road")
    assert (road["kind"], road["probability"]) == ("line", None)
    assert road["distance_m"] == pytest.approx(0.02 * 81_400, rel=0.02)


async def test_fences_near__far_fences_are_not_told(hub: Hub) -> None:
    await a_walk(hub)
    x, y = a.CENTRE[0] + 1, a.CENTRE[1]
    ring = [[x, y], [x + 0.1, y], [x + 0.1, y + 0.1], [x, y]]
    await hub.store(a.a_fence(SITE, "far", geometry={"type": "Polygon", "coordinates": [ring]}))
    await hub.settle()
    assert [one["name"] for one in (await near(hub, "dispatcher", F01))["items"]] == ["core"]


async def a_leopard_at(hub: Hub, place: tuple[float, float], minutes: float) -> None:
    x, y = a.CENTRE
    await hub.send(*(a.a_fix(minutes=minutes + k, east=place[0] - x, north=place[1] - y) for k in range(3)))
    await hub.settle()


async def test_attack__a_ranger_learns_the_same_wherever_in_its_cell_the_leopard_is(hub: Hub) -> None:
    hub.clock.time = a.NOON + timedelta(hours=20)
    collar, leopard = a.a_device(SITE, "collar-1"), a.an_individual(SITE, "F01", sensitive=True)
    west, south, east, north = cell_box(*a.CENTRE, CELL_M)
    places = [(west + share * (east - west), south + share * (north - south)) for share in (0.1, 0.5, 0.9)]

    # Small fences to search with: around each place where it is going to be, and over half of the cell.
    def around(name: str, x: float, y: float) -> Any:
        ring = [[x - 0.001, y - 0.001], [x + 0.001, y - 0.001], [x + 0.001, y + 0.001], [x - 0.001, y - 0.001]]
        return a.a_fence(SITE, name, geometry={"type": "Polygon", "coordinates": [ring]})

    middle = (west + east) / 2
    half = [[west, south], [middle, south], [middle, north], [west, north], [west, south]]
    await hub.store(collar, leopard, a.a_deployment(collar, leopard))
    await hub.store(*(around(f"probe {k}", *place) for k, place in enumerate(places)))
    await hub.store(a.a_fence(SITE, "half", geometry={"type": "Polygon", "coordinates": [half]}))
    told, exact = [], []
    for k, place in enumerate(places):
        await a_leopard_at(hub, place, 60 * k)
        told.append(await near(hub, "ranger", leopard.id))
        exact.append(await near(hub, "dispatcher", leopard.id))
    assert all(one["generalised"] for one in told)
    assert told[0]["items"] == told[1]["items"] == told[2]["items"]
    assert exact[0]["items"] != exact[2]["items"]
    by_name = {one["name"]: one for one in told[0]["items"]}
    assert by_name["half"]["probability"] == pytest.approx(0.5, abs=0.01)
    assert all(by_name[f"probe {k}"]["probability"] < 0.01 for k in range(3))
    assert told[0]["uncertainty_m"] > 3_000
    assert generalise(*places[0], CELL_M) == generalise(*places[2], CELL_M)


async def test_attack__times_of_a_ranger_tell_no_crossing_within_a_cell(hub: Hub) -> None:
    await a_walk(hub)
    minutes = [f"2026-07-01T{hour}:{minute}:00Z" for hour in (12, 13) for minute in ("05", "20", "35", "50")]
    (one, *others) = [(await near(hub, "ranger", F01, at=at))["items"] for at in minutes]
    cells = {generalise(a.CENTRE[0] + east, a.CENTRE[1], CELL_M) for east in (-EAST, 0.0)}
    assert len({str(items) for items in (one, *others)}) <= len(cells)


async def test_fences_near__a_scientist_is_not_told_where_people_are(hub: Hub) -> None:
    hub.clock.time = a.NOON + timedelta(hours=6)
    await hub.store(a.a_device(SITE, "phone-1", kind="phone"), a.a_fence(SITE))
    await hub.send(a.a_fix("phone-1"))
    await hub.settle()
    subject = hub.feeds.world_of(SITE).device_subject("phone-1").id
    hidden = problem(await hub.as_("scientist", "GET", f"{PATH}/subjects/{subject}/fences"), 404)
    absent = problem(await hub.as_("scientist", "GET", f"{PATH}/subjects/{a.an_id('nobody')}/fences"), 404)
    assert hidden["detail"].replace(str(subject), "") == absent["detail"].replace(str(a.an_id("nobody")), "")
    assert (await near(hub, "ranger", subject))["items"]


async def test_fences_near__of_another_site_are_not_found(hub: Hub) -> None:
    await a_walk(hub)
    problem(await hub.as_("stranger", "GET", f"{PATH}/subjects/{F01}/fences"), 404)
    problem(await hub.as_("nobody", "GET", f"{PATH}/subjects/{F01}/fences"), 401)


async def test_fences_near__a_time_without_zone_is_refused(hub: Hub) -> None:
    answer = await hub.as_("dispatcher", "GET", f"{PATH}/subjects/{F01}/fences", params={"at": "2026-07-01T12:00:00"})
    assert "zone" in problem(answer, 422)["detail"]


async def test_fences_near__exact_reads_of_people_are_audited(hub: Hub) -> None:
    await hub.add_person("d@example.org", {SITE: "dispatcher"}, name="Dina")
    await hub.login("d@example.org")
    await a_walk(hub)
    await hub.client.get(f"{PATH}/subjects/{F01}/fences")
    entries = await access.audit_page(hub.database, SITE, None, 10)
    assert [entry.detail for entry in entries if entry.what == "inside"] == [{"sensitive": {"F01": 1}}]


async def test_alert__shows_the_fixes_it_rests_on_and_the_rule_that_asked(hub: Hub) -> None:
    await a_walk(hub)
    alerts = (await hub.as_("dispatcher", "GET", f"{PATH}/alerts")).json()["items"]
    (entered,) = [one for one in alerts if one["kind"] == "enter"]
    shown = (await hub.as_("dispatcher", "GET", f"{PATH}/alerts/{entered['id']}")).json()
    fixes, (finding,) = shown["fixes"], shown["findings"]
    assert [fix["id"] for fix in fixes[:2]] == finding["evidence"][:2]
    assert fixes[0]["observed_at"] <= entered["occurred_at"] <= fixes[-1]["observed_at"]
    assert all(fix["ellipse"]["semi_major_m"] > 0 for fix in fixes)
    assert (shown["rule"]["name"], shown["rule"]["version"]) == ("core", finding["fence_version"])


async def test_alert__shows_a_ranger_no_fix_of_a_sensitive_animal(hub: Hub) -> None:
    await a_walk(hub)
    for alert in (await hub.as_("ranger", "GET", f"{PATH}/alerts")).json()["items"]:
        shown = (await hub.as_("ranger", "GET", f"{PATH}/alerts/{alert['id']}")).json()
        assert shown["fixes"] == []
        assert shown["rule"]["name"] == "core"


async def test_watching__says_when_a_sleeping_fence_wakes(hub: Hub) -> None:
    night = a.a_fence(SITE, "night")
    body = {"name": "night", "geometry": night.geometry, "schedule": NIGHTS}
    put = await hub.as_("dispatcher", "PUT", f"{PATH}/fences/{night.id}", headers={"If-None-Match": "*"}, json=body)
    assert put.status_code == 201, put.text
    await hub.store(a.a_fence(SITE))
    await hub.settle()
    # 1 July 2026 is a Wednesday; 20:00 in Vladivostok is 10:00 UTC.
    for at, watching, changes_at in (
        ("2026-07-01T09:00:00Z", False, "2026-07-01T10:00:00Z"),
        ("2026-07-01T10:00:00Z", True, "2026-07-01T20:00:00Z"),
        ("2026-07-01T20:00:00Z", False, "2026-07-08T10:00:00Z"),
    ):
        (one,) = (await hub.as_("ranger", "GET", f"{PATH}/watching", params={"at": at})).json()["items"]
        assert (one["fence"], one["watching"], one["changes_at"]) == (str(night.id), watching, changes_at)
