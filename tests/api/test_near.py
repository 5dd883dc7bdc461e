"""What else was near, then: what it finds, and what it does not let anybody find out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from geo.generalise import generalise
from geo.geodesy import destination, distance_m
from hub.clearance import CELL_M
from hub.console import near as door
from hub.store import access
from tests import builders as a
from tests.api.attack import F01, PATH, SECRET, a_camera, a_detection, read
from tests.api.attack import near as too_near
from tests.api.conftest import SITE, Hub, problem

AT = a.NOON.isoformat()


async def ask(hub: Hub, who: str, **params: Any) -> dict[str, Any]:
    """The whole answer."""
    answer = await hub.as_(who, "GET", f"{PATH}/near", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def around(hub: Hub, who: str, place: tuple[float, float] = SECRET, **params: Any) -> list[dict[str, Any]]:
    """What was near a place at noon."""
    given = {"longitude": place[0], "latitude": place[1], "at": AT} | params
    return (await ask(hub, who, **given))["items"]


def metres_east(metres: float, place: tuple[float, float] = SECRET) -> tuple[float, float]:
    x, y = destination(*place, 90.0, metres)
    return float(x), float(y)


def a_fix_at(device: str, place: tuple[float, float], minutes: float = 0, **given: Any) -> dict[str, Any]:
    return a.a_fix(device, minutes) | {"longitude": place[0], "latitude": place[1]} | given


async def a_scene(hub: Hub) -> None:
    """A camera that saw a person; a phone passing by, a fire, an unassigned tracker, a reading of the camera."""
    await a_camera(hub)
    await hub.store(a.a_device(SITE, "phone-1", kind="phone"), a.a_device(SITE, "viirs", kind="satellite"))
    fire = {"longitude": metres_east(400)[0], "latitude": SECRET[1], "label": "fire", "device": "viirs"}
    reading = {"kind": "reading", "device": "camera-1", "quantity": "battery", "value": 3.1, "unit": "V"}
    await hub.send(
        a_detection(label="person"),
        a_fix_at("phone-1", metres_east(120), minutes=-10),
        a_fix_at("phone-1", metres_east(9_000), minutes=-5),
        a_detection(**fire, observed_at=(a.NOON + timedelta(minutes=20)).isoformat()),
        a_fix_at("tracker-7", metres_east(250), minutes=45),
        reading | {"observed_at": (a.NOON + timedelta(minutes=1)).isoformat()},
        a_fix_at("tracker-7", metres_east(10), minutes=61),
        a_fix_at("tracker-7", metres_east(20), minutes=2, flags=["marked_outlier"]),
    )
    await hub.settle()


async def test_near__tells_all_kinds_with_distance_and_lag_nearest_in_time_first(hub: Hub) -> None:
    await a_scene(hub)
    items = await around(hub, "dispatcher")
    assert [(one["kind"], one["lag_s"]) for one in items] == [
        ("detection", 0.0), ("reading", 60.0), ("fix", -600.0), ("detection", 1200.0), ("fix", 2700.0),
    ]  # fmt: skip
    person, battery, phone, fire, tracker = items
    assert (person["label"], person["name"], person["device_kind"], person["distance_m"]) == (
        "person", "old gate", "camera", 0.0,
    )  # fmt: skip
    assert (battery["quantity"], battery["value"], battery["unit"]) == ("battery", 3.1, "V")
    assert (phone["device"], phone["distance_m"], phone["subject_kind"]) == ("phone-1", 120.0, "device")
    assert (fire["label"], round(fire["distance_m"], -1)) == ("fire", 400.0)
    assert (tracker["device"], tracker["distance_m"], tracker["device_kind"]) == ("tracker-7", 250.0, "")
    assert too_near(items)


async def test_near__radius_and_window_are_inclusive(hub: Hub) -> None:
    await hub.send(a_fix_at("tracker-7", SECRET, minutes=30))
    reach_m = float(distance_m(*metres_east(300), *SECRET))
    for radius_m, window_s, found in ((reach_m, 1800, 1), (reach_m - 1e-6, 1800, 0), (reach_m, 1799.9, 0)):
        place = metres_east(300)
        assert len(await around(hub, "dispatcher", place, radius_m=radius_m, window_s=window_s)) == found


async def test_near__of_an_observation_does_not_tell_it_again(hub: Hub) -> None:
    await a_scene(hub)
    phone = next(one for one in await around(hub, "dispatcher") if one["device"] == "phone-1")
    told = await ask(hub, "dispatcher", observation=phone["id"], radius_m=125)
    assert (told["at"], told["generalised"]) == ("2026-07-01T11:50:00Z", False)
    assert [(one["kind"], one["lag_s"]) for one in told["items"]] == [
        ("detection", 600.0), ("reading", 660.0),
    ]  # fmt: skip


async def test_near__of_an_alert_is_about_its_place_and_time(hub: Hub) -> None:
    await a_scene(hub)
    (alert,) = [one for one in await read(hub, "dispatcher", "alerts") if one["subject_name"] == "old gate"]
    told = await ask(hub, "dispatcher", alert=alert["id"])
    assert (told["longitude"], told["latitude"], told["at"]) == (*SECRET, "2026-07-01T12:00:00Z")
    assert len(told["items"]) == 5


async def test_near__over_the_antimeridian_is_near(hub: Hub) -> None:
    await hub.send(a_fix_at("tracker-7", (-179.9995, 65.0)), a_fix_at("tracker-8", (0.0, 89.9999)))
    assert len(await around(hub, "dispatcher", (179.9995, 65.0), radius_m=100)) == 1
    assert len(await around(hub, "ranger", (180.0, 89.9999), radius_m=100)) == 1


async def test_near__says_when_there_was_more(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    await hub.send(*(a_fix_at("tracker-7", SECRET, minutes=k) for k in range(6)))
    params = {"longitude": SECRET[0], "latitude": SECRET[1], "at": AT}
    told = await ask(hub, "dispatcher", **params, limit=4)
    assert ([one["lag_s"] for one in told["items"]], told["truncated"]) == ([0.0, 60.0, 120.0, 180.0], True)
    assert (await ask(hub, "dispatcher", **params, limit=6))["truncated"] is False
    monkeypatch.setattr(door, "MOST_LOOKED_AT", 3)
    told = await ask(hub, "dispatcher", **params)
    assert ([one["lag_s"] for one in told["items"]], told["truncated"]) == ([0.0, 60.0, 120.0], True)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"longitude": 131},
        {"latitude": 43, "at": AT},
        {"longitude": 131, "latitude": 43, "observation": str(a.an_id("x"))},
        {"observation": str(a.an_id("x")), "alert": str(a.an_id("x"))},
        {"alert": str(a.an_id("x")), "at": AT},
        {"longitude": 131, "latitude": 43, "at": "yesterday"},
        {"longitude": 131, "latitude": 43, "at": "2026-07-01T12:00:00"},
    ],
)
async def test_near__what_is_no_question_is_a_problem(hub: Hub, params: dict[str, Any]) -> None:
    assert problem(await hub.as_("dispatcher", "GET", f"{PATH}/near", params=params), 422)["code"] == "malformed"


@pytest.mark.parametrize(
    ("name", "value"),
    [("longitude", "181"), ("longitude", "nan"), ("latitude", "-91"), ("radius_m", "-1"), ("radius_m", "50001"),
     ("radius_m", "nan"), ("window_s", "604801"), ("limit", "0"), ("observation", "x")],
)  # fmt: skip
async def test_near__a_value_that_cannot_be_is_named(hub: Hub, name: str, value: str) -> None:
    params = {"longitude": 131, "latitude": 43} | {name: value}
    found = problem(await hub.as_("dispatcher", "GET", f"{PATH}/near", params=params), 400)
    assert [one["field"] for one in found["errors"]] == [name]


async def test_near__of_what_is_not_there_is_not_found(hub: Hub) -> None:
    for noun in ("observation", "alert"):
        problem(await hub.as_("dispatcher", "GET", f"{PATH}/near", params={noun: str(a.an_id("x"))}), 404)
    params = {"longitude": 131, "latitude": 43}
    problem(await hub.as_("stranger", "GET", f"{PATH}/near", params=params), 404)
    problem(await hub.as_("nobody", "GET", f"{PATH}/near", params=params), 401)


async def test_near__exact_reads_of_a_person_are_audited(hub: Hub) -> None:
    await hub.add_person("olga@example.org", {SITE: "dispatcher"}, name="Olga")
    await hub.login("olga@example.org")
    await a_camera(hub)
    await hub.send(a_detection(**F01))
    await hub.settle()
    answer = await hub.client.get(f"{PATH}/near", params={"longitude": SECRET[0], "latitude": SECRET[1], "at": AT})
    assert answer.status_code == 200, answer.text
    assert too_near(answer.json()["items"])
    entries = await access.audit_page(hub.database, SITE, None, 10)
    assert [(one.what, one.detail) for one in entries if one.who.startswith("Olga ")] == [
        ("near", {"sensitive": {"F01": 1}})
    ]


# -- attacks: a ranger's login, and the wish to know where the leopard was


async def a_leopard(hub: Hub) -> None:
    """A collared leopard at a secret place, seen by a camera there at the same time, and raising an alert."""
    await a_camera(hub)
    collar = a.a_device(SITE, "collar-1")
    await hub.store(collar, a.a_deployment(collar, a.an_individual(SITE, "F01")))
    await hub.send(a_detection(**F01), a_fix_at("collar-1", SECRET))
    await hub.settle()


def about(place: tuple[float, float], metres: float) -> list[tuple[float, float]]:
    """Eight places in all directions."""
    return [tuple(map(float, destination(*place, bearing, metres))) for bearing in range(0, 360, 45)]


async def test_attack__whatever_is_asked_a_sensitive_place_is_its_cell(hub: Hub) -> None:
    await a_leopard(hub)
    cell = generalise(*SECRET, CELL_M)
    for radius_m in (0, 10, 1_000, 20_000):
        for item in await around(hub, "ranger", radius_m=radius_m):
            assert item["generalised"]
            assert (item["longitude"], item["latitude"]) == cell
            assert (item["device"], item["name"], item["individual"], item["subject"]) == ("", "", None, None)


async def test_attack__trilateration_gives_the_centre_of_the_cell_from_every_side(hub: Hub) -> None:
    await a_leopard(hub)
    cell = generalise(*SECRET, CELL_M)
    for place in about(SECRET, 1_500.0):
        items = await around(hub, "ranger", place, radius_m=8_000)
        assert len(items) == 2
        for item in items:
            assert item["distance_m"] == round(float(distance_m(*place, *cell)), 1)


async def test_attack__bisecting_with_the_radius_finds_the_edge_of_the_cell_not_the_animal(hub: Hub) -> None:
    await a_leopard(hub)
    cell = generalise(*SECRET, CELL_M)
    (uncertainty_m,) = {one["uncertainty_m"] for one in await around(hub, "ranger")}
    for place in about(cell, 9_000.0):
        low, high = 0.0, 20_000.0
        while high - low > 1.0:
            middle = (low + high) / 2
            found = await around(hub, "ranger", place, radius_m=middle)
            low, high = (low, middle) if found else (middle, high)
        # The same from everywhere, wherever in its cell she is.
        assert high == pytest.approx(9_000.0 - uncertainty_m, abs=2.0)


async def test_attack__answers_are_the_same_wherever_in_the_cell_she_is(hub: Hub) -> None:
    """The strongest form: no question whatever tells two places of one cell apart."""
    cell = generalise(*SECRET, CELL_M)
    elsewhere = tuple(map(float, destination(*cell, 200.0, 1_900.0)))
    assert generalise(*elsewhere, CELL_M) == cell
    collar = a.a_device(SITE, "collar-1")
    leopard = a.an_individual(SITE, "F01", sensitive=True)
    await hub.store(collar, leopard, a.a_deployment(collar, leopard))
    await hub.send(a_fix_at("collar-1", SECRET, minutes=0), a_fix_at("collar-1", elsewhere, minutes=1))
    at = (a.NOON, a.NOON + timedelta(minutes=1))
    for place in (*about(SECRET, 40.0), *about(elsewhere, 700.0), *about(cell, 6_000.0)):
        for radius_m in (0, 30, 600, 1_000, 5_000):
            told = [
                [
                    {key: one[key] for key in one.keys() - {"id", "observed_at"}}
                    for one in await around(hub, "ranger", place, at=when.isoformat(), radius_m=radius_m, window_s=10)
                ]
                for when in at
            ]
            assert told[0] == told[1]


async def test_attack__an_alert_asked_about_is_its_cell_so_known_things_near_give_nothing_away(hub: Hub) -> None:
    await a_leopard(hub)
    # The attacker's own phone, with places that he knows exactly, all about.
    await hub.send(*(a_fix_at("phone-1", place, minutes=k) for k, place in enumerate(about(SECRET, 300.0))))
    (alert,) = await read(hub, "ranger", "alerts")
    cell = generalise(*SECRET, CELL_M)
    told = await ask(hub, "ranger", alert=alert["id"], radius_m=50_000)
    assert told["generalised"] and (told["longitude"], told["latitude"]) == cell
    for item in told["items"]:
        expected = distance_m(*cell, item["longitude"], item["latitude"])
        assert item["distance_m"] == round(float(expected), 1)


async def test_attack__a_guessed_id_confirms_nothing(hub: Hub) -> None:
    """The id of an observation follows from what it says: who guesses the place right could compute it."""
    await a_leopard(hub)
    true = [one["id"] for one in await read(hub, "dispatcher", "observations")]
    shown = [one["id"] for one in await read(hub, "ranger", "observations")]
    bodies = []
    for key in (*true, *shown, str(a.an_id("nobody"))):
        answer = await hub.as_("ranger", "GET", f"{PATH}/near", params={"observation": key})
        bodies.append(problem(answer, 404)["detail"].replace(key, "X"))
        assert not too_near(answer.json())
    assert len(set(bodies)) == 1
    assert all(one["id"] not in true for one in await around(hub, "ranger"))


async def test_attack__flooding_the_search_until_it_is_cut_off_does_not_tell_where_she_is(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the log searched by place, `truncated` would flip as soon as the hidden one fell into the search."""
    await a_leopard(hub)
    monkeypatch.setattr(door, "MOST_LOOKED_AT", 6)
    decoys = [a_fix_at("phone-1", metres_east(30_000), minutes=k / 10) for k in range(4)]
    for sent in range(6):
        if 0 < sent <= len(decoys):
            await hub.send(decoys[sent - 1], who="ranger")
        answers = set()
        for place in (SECRET, metres_east(60.0), metres_east(5_000.0), metres_east(30_000.0)):
            for radius_m in (10, 100, 1_000):
                params = {"longitude": place[0], "latitude": place[1], "at": AT, "radius_m": radius_m}
                answers.add((await ask(hub, "ranger", **params, window_s=60))["truncated"])
        assert len(answers) == 1


async def test_attack__a_scientist_is_told_of_no_people(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_scene(hub)
    items = await around(hub, "scientist")
    assert "phone-1" not in {one["device"] for one in items}
    assert {one["device"] for one in items} == {"camera-1", "viirs", "tracker-7"}
    phone = next(one for one in await around(hub, "dispatcher") if one["device"] == "phone-1")
    answer = await hub.as_("scientist", "GET", f"{PATH}/near", params={"observation": phone["id"]})
    problem(answer, 404)
    # Nor by flooding the search until it is cut off.
    monkeypatch.setattr(door, "MOST_LOOKED_AT", 5)
    for place in (metres_east(120), metres_east(50_000)):
        params = {"longitude": place[0], "latitude": place[1], "at": AT, "radius_m": 20}
        assert (await ask(hub, "scientist", **params))["truncated"] is True


async def test_attack__the_order_of_the_answer_is_that_of_what_it_says(hub: Hub) -> None:
    await a_leopard(hub)
    await hub.send(*(a_fix_at("collar-1", metres_east(700.0 * k), minutes=k) for k in (1, 2, 3)))
    for item, after in zip(told := await around(hub, "ranger", radius_m=9_000), told[1:], strict=False):
        assert (abs(item["lag_s"]), item["distance_m"], item["id"]) <= (
            abs(after["lag_s"]), after["distance_m"], after["id"],
        )  # fmt: skip


async def test_near__of_what_nobody_knows_is_of_what_has_a_place(hub: Hub) -> None:
    await hub.send(a_fix_at("tracker-7", SECRET), a_detection(label="person"))
    assert [one["device"] for one in await around(hub, "ranger")] == ["tracker-7"]
    assert len(await read(hub, "ranger", "observations")) == 2
