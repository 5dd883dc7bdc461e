"""At the console: two entries of the roster become one and two again, and the past is seen as it was known then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.acceptance.hub_process import HubProcess
from tests.acceptance.take_screens import find

SITE = "/api/v1/sites/drill"


def collared(api: httpx.Client) -> list[dict[str, Any]]:
    items = api.get(f"{SITE}/subjects").raise_for_status().json()["items"]
    return [one for one in items if one["kind"] == "individual" and one["observed_at"]]


def record(api: httpx.Client, key: str) -> dict[str, Any]:
    return api.get(f"{SITE}/individuals/{key}").raise_for_status().json()


def test_roster__two_entries_are_merged_with_the_consequences_shown_first_and_taken_back(
    visit: Callable[..., Page], api: httpx.Client, hub: HubProcess
) -> None:
    hub.wait(lambda: len(collared(api)) > 2, 60)
    one, other = collared(api)[:2]
    page = visit()
    find(page, one["name"])
    desk = page.get_by_label("Is it one animal?", exact=True)
    desk.get_by_role("button", name="Same animal as").click()
    desk.get_by_label("It is the same animal as").select_option(other["id"])
    desk.get_by_text("Sightings that change owner").wait_for()
    assert record(api, one["id"])["merged_into"] is None, "looking at the consequences decided something"
    assert Axe().run(page, ".side.right").response["violations"] == []
    desk.get_by_label("Why").fill("the same rosettes")
    desk.get_by_role("button", name="Decide").click()
    page.get_by_text(f"Also on the roster as {one['name']}").wait_for()
    assert record(api, one["id"])["merged_into"] == other["id"]
    hub.wait(lambda: one["id"] not in {item["id"] for item in collared(api)}, 30)
    page.get_by_label("Is it one animal?", exact=True).get_by_role("button", name="Take back").click()
    hub.wait(lambda: one["id"] in {item["id"] for item in collared(api)}, 30)
    assert record(api, one["id"])["merged_into"] is None


def test_roster__chosen_sightings_are_split_off_to_a_new_animal_and_come_back(
    visit: Callable[..., Page], api: httpx.Client, hub: HubProcess
) -> None:
    def named() -> list[dict[str, Any]]:
        return [
            one
            for one in collared(api)
            if len(api.get(f"{SITE}/individuals/{one['id']}/roster").raise_for_status().json()["sightings"]) > 1
        ]

    hub.wait(lambda: bool(named()), 90)
    one = named()[0]
    page = visit()
    page.get_by_label("Language").select_option("ru")
    find(page, one["name"])
    desk = page.get_by_label("Это одно животное?", exact=True)
    desk.get_by_role("button", name="Здесь двое").click()
    desk.get_by_role("checkbox").first.check()
    desk.get_by_label("Там виден(-на)").select_option("new")
    desk.get_by_label("Его имя").fill("F99")
    desk.get_by_text("Наблюдений сменит хозяина: 1").wait_for()
    desk.get_by_role("button", name="Решить").click()
    desk.get_by_role("button", name="Отменить").wait_for()

    def known() -> set[str]:
        return {item["name"] for item in api.get(f"{SITE}/individuals", params={"limit": 500}).json()["items"]}

    assert "F99" in known()
    desk.get_by_role("button", name="Отменить").click()
    hub.wait(lambda: "F99" not in known(), 30)


def test_past__is_shown_as_it_was_known_then_beside_what_is_known_now(
    visit: Callable[..., Page], api: httpx.Client, hub: HubProcess
) -> None:
    hub.wait(lambda: len(collared(api)) > 2, 60)
    silent = min((one for one in collared(api) if one["device_kind"] == "collar"), key=lambda one: one["observed_at"])
    clock = datetime.fromisoformat(api.get(f"{SITE}/health").raise_for_status().json()["drill"]["clock"])
    late = {"kind": "fix", "device": silent["device"], "observed_at": (clock - timedelta(minutes=30)).isoformat()}
    late |= {"longitude": silent["longitude"] + 0.08, "latitude": silent["latitude"] + 0.05, "uncertainty_m": 15}
    assert api.post(f"{SITE}/observations", json=late).raise_for_status().json()["accepted"] == 1
    page = visit()
    page.get_by_role("slider").press("ArrowLeft")
    now, then = (page.get_by_role("button", name=name) for name in ("As we know it now", "As it was known then"))
    assert now.get_attribute("aria-pressed") == "true"
    with page.expect_response(lambda answer: "/subjects?" in answer.url and "as_of=" in answer.url) as told:
        then.click()
    assert told.value.ok
    page.get_by_text("Elsewhere by what we know now").wait_for()
    assert then.get_attribute("aria-pressed") == "true"
    assert Axe().run(page, ".past-banner").response["violations"] == []
    page.get_by_role("button", name="Back to live").click()
    assert page.locator(".past-banner").count() == 0


def test_as_of__of_a_time_before_anything_was_recorded_knows_nothing(api: httpx.Client, hub: HubProcess) -> None:
    hub.wait(lambda: len(collared(api)) > 2, 60)
    before = (datetime.now(UTC) - timedelta(days=3_650)).isoformat()
    assert api.get(f"{SITE}/subjects", params={"as_of": before}).raise_for_status().json()["items"] == []
