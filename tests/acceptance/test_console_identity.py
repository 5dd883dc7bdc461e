"""Whom a detection shows, decided at the console: from a camera's picture to a track that follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route

from tests.acceptance.browser import PHONE
from tests.acceptance.hub_process import HubProcess
from tests.acceptance.take_screens import find

SITE = "/api/v1/sites/drill"


@pytest.fixture
def named(hub: HubProcess, api: httpx.Client) -> dict[str, Any]:
    """A detection of the last day that names an individual, and the only one of it by its camera."""

    def those() -> list[dict[str, Any]]:
        items = api.get(f"{SITE}/detections", params={"limit": 1000}).raise_for_status().json()["items"]
        pairs = Counter((one["device"], one["individual"]) for one in items)
        return [one for one in items if one["individual"] and pairs[one["device"], one["individual"]] == 1]

    hub.wait(lambda: those(), 60)
    return those()[0]


def open_desk(page: Page, api: httpx.Client, detection: dict[str, Any]) -> Locator:
    """Find the camera, then what it saw."""
    subjects = api.get(f"{SITE}/subjects").json()["items"]
    find(page, next(one["name"] for one in subjects if one["device"] == detection["device"]))
    page.locator(f".side.right .row[data-detection='{detection['id']}']").click()
    page.get_by_role("heading", name="Who is it?").wait_for()
    return page.get_by_label("Who is it?")


def believed(api: httpx.Client, detection: dict[str, Any]) -> dict[str, Any]:
    return api.get(f"{SITE}/detections/{detection['id']}/identity").raise_for_status().json()


def test_identity__is_decided_with_its_consequences_shown_first_and_taken_back(
    visit: Callable[..., Page], api: httpx.Client, hub: HubProcess, named: dict[str, Any]
) -> None:
    page = visit()
    desk = open_desk(page, api, named)
    desk.get_by_text("as the sender says").wait_for()
    chosen = desk.get_by_label("It shows").locator("option").nth(2)
    value, name = chosen.get_attribute("value"), chosen.inner_text().split(" – ")[0]
    desk.get_by_label("It shows").select_option(value)
    desk.get_by_text(f"{name} gains it").wait_for()
    desk.get_by_text(f"{named['individual']} loses it").wait_for()
    assert believed(api, named)["decisions"] == [], "looking at the consequences decided something"
    desk.get_by_label("Why").fill("the stripes of the left flank")
    assert Axe().run(page, ".side.right").response["violations"] == []
    desk.get_by_role("button", name="Decide").click()
    desk.get_by_text("people decided").wait_for()
    assert believed(api, named)["name"] == name
    desk.get_by_role("button", name="Take back").click()
    desk.get_by_text("as the sender says").wait_for()
    assert believed(api, named)["name"] == named["individual"]


def test_review__lists_what_is_in_doubt_with_who_it_may_be_and_opens_it(
    visit: Callable[..., Page], api: httpx.Client, hub: HubProcess
) -> None:
    hub.wait(lambda: api.get(f"{SITE}/review").raise_for_status().json()["waiting"] > 3, 120)
    page = visit()
    page.get_by_role("tab", name="Review").click()
    page.locator(".left .row[data-detection]").first.click()
    desk = page.get_by_label("Who is it?")
    desk.get_by_text("By place, time, coat and species").wait_for()
    assert desk.locator(".candidate").count() >= 1
    assert Axe().run(page, ".side.left").response["violations"] == []
    desk.locator("button.candidate").first.click()
    desk.get_by_role("button", name="Decide").click()
    desk.get_by_text("people decided").wait_for()
    desk.get_by_role("button", name="Take back").click()


def test_identity__desk_fits_a_phone_and_speaks_russian(
    visit: Callable[..., Page], api: httpx.Client, named: dict[str, Any]
) -> None:
    page = visit()
    page.get_by_label("Language").select_option("ru")
    subjects = api.get(f"{SITE}/subjects").json()["items"]
    find(page, next(one["name"] for one in subjects if one["device"] == named["device"]))
    page.locator(".side.right .row", has_text=named["individual"]).first.click()
    page.get_by_role("heading", name="Кто это?").wait_for()
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_review__says_of_an_answer_that_it_is_provisional(
    visit: Callable[..., Page], api: httpx.Client, hub: HubProcess
) -> None:
    hub.wait(lambda: api.get(f"{SITE}/review").raise_for_status().json()["waiting"] > 3, 120)
    page = visit()

    def weighed_alone(route: Route) -> None:
        said = route.fetch()
        route.fulfill(response=said, body=said.text().replace('"status":"settled"', '"status":"provisional"'))

    page.route("**/identity", weighed_alone)
    page.get_by_role("tab", name="Review").click()
    page.locator(".left .row[data-detection]").first.click()
    desk = page.get_by_label("Who is it?")
    desk.get_by_text("Provisional: weighed alone").wait_for()
    assert Axe().run(page, ".side.right").response["violations"] == []
