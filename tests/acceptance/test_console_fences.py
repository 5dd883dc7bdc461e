"""Fences as dispatchers use them: drawn, given rules, changed, and asked why they cried."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

from tests.acceptance.browser import PHONE
from tests.acceptance.conftest import ALERTS
from tests.acceptance.hub_process import HubProcess
from tests.builders import an_id

FENCES = "/api/v1/sites/drill/fences"
# Shares of the map, above the words that guide whoever draws.
SEA = ((0.66, 0.56), (0.84, 0.56), (0.84, 0.7), (0.66, 0.7))
BOW_TIE = (SEA[0], SEA[2], SEA[1], SEA[3])


def click_on_map(page: Page, *places: tuple[float, float]) -> None:
    """Click at shares of the map's width and height."""
    box = page.locator(".map-ground").bounding_box()
    assert box is not None
    for across, down in places:
        page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


def group(page: Page, title: str) -> Locator:
    """A part of the form, opened."""
    found = page.locator(".group").filter(has=page.locator(".group-title", has_text=re.compile(f"^{title}$")))
    if found.get_attribute("open") is None:
        found.locator("summary").click()
    return found


def begin(page: Page, *places: tuple[float, float], name: str, what: str = "Draw a fence") -> None:
    """Draw something and name it."""
    page.get_by_role("tab", name="Fences").click()
    page.get_by_role("button", name=what).first.click()
    click_on_map(page, *places)
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=True).fill(name)


def save(page: Page, name: str) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text(f"Saved: {name}").wait_for()


def saved(api: httpx.Client, name: str) -> dict[str, Any]:
    """The fence of that name, by the API."""
    return next(one for one in api.get(FENCES).json()["items"] if one["name"] == name)


def put(api: httpx.Client, name: str, **fields: Any) -> dict[str, Any]:
    """A fence that somebody else made, by the API."""
    key = an_id("drill", "fence", name)
    made = api.put(f"{FENCES}/{key}", json={"name": name} | fields, headers={"If-None-Match": "*"})
    made.raise_for_status()
    return made.json()


def end(api: httpx.Client, name: str) -> None:
    fence = saved(api, name)
    headers = {"If-Match": f'"{fence["version"]}"'}
    api.delete(f"{FENCES}/{fence['id']}", headers=headers).raise_for_status()


def choose(page: Page, name: str) -> None:
    """Select a fence in the list."""
    page.get_by_role("tab", name="Fences").click()
    page.locator(".fence-rows .row", has_text=name).click()
    page.get_by_role("heading", name=name).wait_for()


A_SQUARE: dict[str, Any] = {
    "geometry": {"type": "Polygon", "coordinates": [[[132.0, 42.5], [132.2, 42.5], [132.2, 42.6], [132.0, 42.5]]]},
    "triggers": ["enter"],
}


def test_editor__a_fence_drawn_with_rules_is_saved_with_them_and_says_them(
    api: httpx.Client, visit: Callable[..., Page]
) -> None:
    page = visit()
    begin(page, *SEA, name="Fawning ground")
    group(page, "What raises an alert").get_by_label("Leaves").check()
    group(page, "How sure").get_by_label("At once").check()
    warns = group(page, "Warning distance")
    warns.get_by_label("Comes near").check()
    warns.get_by_label("Warning distance", exact=True).fill("2.5")
    warns.get_by_label("Warning distance", exact=True).press("Tab")
    warns.get_by_label("Low").check()
    group(page, "Stays too long").get_by_label("Stays too long").check()
    when = group(page, "When it watches")
    when.get_by_role("button", name="Add hours").click()
    for day in ("Sat", "Sun"):
        when.get_by_role("button", name=day, exact=True).click()
    when.get_by_label("to", exact=True).fill("530")
    when.get_by_label("to", exact=True).press("Tab")
    when.get_by_role("button", name="At night").click()
    sentence = "Watches Mon–Fri 20:00–05:30 (next day), from sunset to sunrise."
    when.locator(".schedule-sentence").get_by_text(sentence).wait_for()
    save(page, "Fawning ground")
    fence = saved(api, "Fawning ground")
    assert sorted(fence["triggers"]) == ["enter", "exit", "overdue", "proximity"]
    assert (fence["near_m"], fence["overdue_s"], fence["dwell_s"]) == (2500, 43_200, None)
    assert (fence["sensitivity"], fence["warning_severity"]) == ("urgent", "low")
    assert fence["schedule"]["windows"] == [
        {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "20:00", "end": "05:30"}
    ]
    assert fence["schedule"]["sun"]["from"] == {"at": "sunset", "minutes": 0}
    for text in (sentence, "within 2.5 km", "longer than 12 hr"):
        page.locator(".detail").get_by_text(text).wait_for()
    end(api, "Fawning ground")


def test_editor__a_border_that_crosses_itself_is_said_before_it_is_sent(visit: Callable[..., Page]) -> None:
    page = visit()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.method == "PUT" else None)
    page.get_by_role("tab", name="Fences").click()
    page.get_by_role("button", name="Draw a fence").first.click()
    click_on_map(page, *BOW_TIE)
    page.locator(".guide").get_by_text("The border crosses itself").wait_for()
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=True).fill("Bow tie")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("its border must not cross itself").wait_for()
    assert sent == []
    # The second and the third corner changed places: by hand, in the table.
    corners = group(page, "Corners").locator(".corner-place")
    second, third = corners.nth(1).input_value(), corners.nth(2).input_value()
    for number, text in ((1, third), (2, second)):
        corners.nth(number).fill(text)
        corners.nth(number).press("Enter")
    page.get_by_text("The border crosses or touches itself").wait_for(state="detached")


def test_editor__what_the_hub_refuses_is_named_and_shown(visit: Callable[..., Page]) -> None:
    page = visit()
    begin(page, *SEA, name="Too far")
    # A shape that the browser lets pass: an edge more than half round the Earth.
    place = group(page, "Corners").locator(".corner-place").first
    place.fill("42.0, -170.0")
    place.press("Enter")
    page.get_by_role("button", name="Save", exact=True).click()
    refused = page.locator(".callout-warning", has_text="The hub cannot use this")
    refused.get_by_text("half round the Earth").wait_for()
    refused.get_by_role("button", name="Show the place").wait_for()


def test_editor__corners_are_dragged_added_and_taken_back(api: httpx.Client, visit: Callable[..., Page]) -> None:
    put(api, "Square", **A_SQUARE)
    page = visit()
    choose(page, "Square")
    page.get_by_role("button", name="Edit", exact=True).click()
    box = page.locator(".map-ground").bounding_box()
    assert box is not None
    corners = group(page, "Corners").locator(".corner-place")
    assert corners.count() == 3
    page.locator(".corner-number").first.click()
    page.locator(".guide").get_by_text("Corner 1").wait_for()
    before = corners.first.input_value()
    # A chosen corner lies in the middle of the map; the hand says when it is drawn there.
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for nearer in range(200):
        page.mouse.move(middle[0] + nearer % 2, middle[1])
        if page.evaluate("document.querySelector('.map-ground canvas').style.cursor") == "move":
            break
    page.mouse.down()
    page.mouse.move(middle[0] + 40, middle[1] + 25, steps=4)
    page.mouse.up()
    page.wait_for_function("before => document.querySelector('.corner-place').value !== before", arg=before)
    dragged = corners.first.input_value()
    page.locator(".shape-facts").get_by_role("button", name="Undo").click()
    page.wait_for_function("before => document.querySelector('.corner-place').value === before", arg=before)
    corners.first.fill(dragged)
    corners.first.press("Enter")
    page.get_by_role("button", name="Add a corner after 2").click()
    save(page, "Square")
    geometry = saved(api, "Square")["geometry"]
    assert len(geometry["coordinates"][0]) == 5
    assert geometry["coordinates"][0][0] != A_SQUARE["geometry"]["coordinates"][0][0]
    assert geometry["coordinates"][0][1] == A_SQUARE["geometry"]["coordinates"][0][1]
    end(api, "Square")


def test_editor__who_saves_second_is_told_who_was_first(api: httpx.Client, visit: Callable[..., Page]) -> None:
    first = put(api, "Contested", **A_SQUARE)
    page = visit()
    choose(page, "Contested")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Contested (mine)")

    def overtake(route: Any) -> None:
        """Between the click and the hub."""
        headers = {"If-Match": f'"{first["version"]}"'}
        body = A_SQUARE | {"name": "Contested", "severity": "low"}
        api.put(f"{FENCES}/{first['id']}", json=body, headers=headers).raise_for_status()
        route.continue_()

    page.route("**/fences/*", overtake, times=1)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text(re.compile(r"Administrator saved version 2 of this fence first, \d\d:\d\d")).wait_for()
    page.get_by_role("button", name="Save mine over it").click()
    page.get_by_text("Saved: Contested (mine)").wait_for()
    assert saved(api, "Contested (mine)")["version"] == 3
    end(api, "Contested (mine)")


def test_editor__a_line_has_arrows_and_can_be_turned_round(api: httpx.Client, visit: Callable[..., Page]) -> None:
    page = visit()
    begin(page, SEA[0], SEA[2], name="Shipping lane", what="Draw a line")
    assert page.get_by_label("Is noticed inside").count() == 0
    group(page, "What raises an alert").get_by_label("Crosses against the arrows").check()
    corners = group(page, "Corners").locator(".corner-place")
    start = corners.first.input_value()
    page.get_by_role("button", name="Turn arrows round").click()
    page.wait_for_function("start => document.querySelector('.corner-place').value !== start", arg=start)
    assert corners.last.input_value() == start
    save(page, "Shipping lane")
    fence = saved(api, "Shipping lane")
    assert fence["geometry"]["type"] == "LineString"
    assert fence["triggers"] == ["enter", "exit"]
    page.locator(".detail").get_by_text("crosses along the arrows, crosses against the arrows").wait_for()
    end(api, "Shipping lane")


def test_list__a_sleeping_fence_says_when_it_watches_again(api: httpx.Client, visit: Callable[..., Page]) -> None:
    now = api.get("/api/v1/sites/drill/health").json()["drill"]["clock"]
    other = "05-02" if now[5:7] != "05" else "11-02"
    # The year is shown where it is another one than this.
    shown = f" {int(now[:4]) + 1}" if now[5:10] >= other else ""
    put(api, "Summer only", **A_SQUARE, schedule={"seasons": [{"start": other, "end": other}]})
    page = visit()
    page.get_by_role("tab", name="Fences").click()
    row = page.locator(".fence-rows .row", has_text="Summer only")
    row.get_by_text(re.compile(rf"sleeps, watches again 2 (May|Nov){shown}, 00:00")).wait_for()
    row.click()
    page.locator(".detail .callout").get_by_text("watches again").wait_for()
    end(api, "Summer only")


def test_why__shows_the_fixes_their_errors_the_interval_and_the_rule(
    api: httpx.Client, visit: Callable[..., Page]
) -> None:
    page = visit()
    page.locator(".card-face", has_text=" left Park").first.click()
    page.locator(".why").wait_for()
    identity = page.locator(".detail [data-alert]").get_attribute("data-alert")
    alert = api.get(f"{ALERTS}/{identity}").json()
    why = page.locator(".why")
    assert why.locator(".fix").count() == len(alert["fixes"]) >= 2
    why.get_by_text(re.compile(r"How sure: (over )?\d+%")).wait_for()
    why.get_by_text(re.compile(r"Between .+ and .+, most likely \d\d:\d\d:\d\d")).wait_for()
    assert re.search(r"± \d+ m", why.locator(".fix").first.inner_text())
    why.get_by_text("version 1").wait_for()
    why.get_by_role("button", name="Show the fixes").click()
    page.wait_for_function("() => document.querySelector('.scale').innerText.endsWith(' m')")


def test_why__a_possible_crossing_is_said_to_be_possible(
    hub: HubProcess, api: httpx.Client, visit: Callable[..., Page]
) -> None:
    fence = put(api, "Unseen", **(A_SQUARE | {"triggers": ["possible_crossing"], "alert_from": None}))
    # Ways that cut off less of its sharp western corner than the fixes are wrong.
    clock = datetime.fromisoformat(api.get("/api/v1/sites/drill/health").json()["drill"]["clock"])
    fixes = [
        {"kind": "fix", "device": f"stray collar {deep_m}", "longitude": 132.0 + deep_m / 82_000, "latitude": y}
        | {"uncertainty_m": 10.0, "observed_at": (clock - timedelta(hours=hours)).isoformat()}
        for deep_m in (3, 6, 10, 15, 20)
        for y, hours in ((42.48, 7), (42.52, 6))
    ]
    api.post("/api/v1/sites/drill/observations", json=fixes).raise_for_status()

    def possible() -> list[dict[str, Any]]:
        open_ = api.get(ALERTS, params={"limit": 500}).json()["items"]
        return [one for one in open_ if one["fence"] == fence["id"]]

    hub.wait(possible, within_s=30)
    assert {one["kind"] for one in possible()} == {"possible_crossing"}
    page = visit()
    page.locator(".card-face", has_text="possibly crossed Unseen").first.click()
    page.locator(".why").get_by_text(re.compile(r"Chance that it crossed: \d+%")).wait_for()
    page.locator(".why").get_by_text("Possible only: nobody saw it.").wait_for()
    end(api, "Unseen")


def test_inside__a_subject_says_in_which_fence_it_is_now_and_then(
    api: httpx.Client, visit: Callable[..., Page]
) -> None:
    subjects = api.get("/api/v1/sites/drill/subjects").json()["items"]
    animals = [one for one in subjects if one["kind"] == "individual"]
    deep = next(
        one
        for one in animals
        for near in api.get(f"/api/v1/sites/drill/subjects/{one['id']}/fences").json()["items"][:1]
        if near["name"] == "Park" and near["distance_m"] < -3_000
    )
    page = visit()
    page.keyboard.press("/")
    page.fill(".search-input", deep["name"])
    page.keyboard.press("Enter")
    inside = page.locator(".inside")
    inside.get_by_text("Inside Park, over 99%").wait_for()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/fences?at=" in request.url else None)
    strip = page.locator(".strip").bounding_box()
    assert strip is not None
    page.mouse.click(strip["x"] + strip["width"] / 2, strip["y"] + 10)
    page.locator(".past-banner").wait_for()
    inside.locator("li").first.wait_for()
    with page.expect_response(lambda told: "/fences?at=" in told.url) as told:
        page.mouse.click(strip["x"] + strip["width"] / 4, strip["y"] + 10)
    assert told.value.status == 200
    assert asked


@pytest.mark.parametrize("theme", ["light", "dark", "red"])
def test_editor__has_no_serious_barrier(visit: Callable[..., Page], theme: str) -> None:
    page = visit()
    page.locator(".theme-pick select").select_option(theme)
    begin(page, *SEA, name="Open to all")
    group(page, "When it watches").get_by_role("button", name="Add hours").click()
    page.evaluate("document.querySelectorAll('.group').forEach(one => { one.open = true; })")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []


def test_editor__fits_a_phone(visit: Callable[..., Page]) -> None:
    page = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    page.locator(".narrow-tabs button").nth(0).tap()
    page.locator(".tab").nth(1).tap()
    page.get_by_role("button", name="Draw a fence").first.tap()
    box = page.locator(".map-ground").bounding_box()
    assert box is not None
    for count, (across, down) in enumerate(((0.2, 0.5), (0.8, 0.5), (0.5, 0.8)), 1):
        page.touchscreen.tap(box["x"] + across * box["width"], box["y"] + down * box["height"])
        page.locator(".guide").get_by_text(f"{count} corner").wait_for()
    page.locator(".guide button.primary").tap()
    page.get_by_label("Name", exact=True).wait_for()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_editor__is_whole_in_russian(browser: Browser, visit: Callable[..., Page]) -> None:
    page = visit(locale="ru-RU")
    page.locator(".language-pick select").select_option("ru")
    page.locator(".tab", has_text="Зоны").click()
    page.get_by_role("button", name="Нарисовать зону").first.click()
    click_on_map(page, *SEA)
    page.keyboard.press("Enter")
    page.locator(".group").first.wait_for()
    page.evaluate("document.querySelectorAll('.group').forEach(one => { one.open = true; })")
    page.get_by_role("button", name="Добавить часы").click()
    text = page.locator(".editor").inner_text()
    left_over = re.findall(r"[A-Za-z]{3,}", re.sub(r"Delete|Enter|Esc|Asia/Vladivostok", "", text))
    assert left_over == []
