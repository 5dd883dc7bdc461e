"""The console of a site whose data are years old: an import of recordings, not a live reserve."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Page

from tests.acceptance.browser import PHONE, browsing, chromium, open_page
from tests.acceptance.hub_process import HubProcess
from tests.builders import a_fence, an_id

SITE = "/api/v1/sites/old"
HEADER = "event-id,timestamp,location-long,location-lat,tag-local-identifier,individual-local-identifier\n"
# An animal that goes to and fro over the western side of the fence, a fix an hour.
ROWS = "".join(
    f"{n},2015-08-{1 + n // 24:02d} {n % 24:02d}:00:00,{131.385 + 0.01 * (n % 2)},43.1,T1,Nala\n" for n in range(240)
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub with ten days of 2015 and a fence across them."""
    if chromium() is None:
        pytest.skip("chromium is not on PATH: the console is tested in a real browser")
    new = {"If-None-Match": "*"}
    site = {"name": "Old", "time_zone": "Asia/Vladivostok", "centre": [131.4, 43.1]}
    fence = {"name": "Across", "geometry": a_fence("old").geometry, "alert_from": None}
    with HubProcess(tmp_path_factory.mktemp("history") / "state") as running, closing(running.client()) as api:
        api.put(SITE, json=site, headers=new).raise_for_status()
        took = api.post(f"{SITE}/files", params={"name": "old.csv"}, content=HEADER + ROWS)
        assert took.json()["accepted"] == 240
        api.put(f"{SITE}/fences/{an_id('across')}", json=fence, headers=new).raise_for_status()
        quiet = {"name": "Drawn later", "geometry": a_fence("old", half_deg=0.012).geometry}
        api.put(f"{SITE}/fences/{an_id('later')}", json=quiet, headers=new).raise_for_status()
        running.wait(lambda: api.get(f"{SITE}/alerts").json().get("items"), within_s=20)
        yield running


@pytest.fixture
def page(hub: HubProcess) -> Iterator[Page]:
    """Somebody who has just logged in."""
    with browsing() as browser:
        one = open_page(browser)
        one.goto(hub.url)
        one.fill("input[name=email]", hub.email)
        one.fill("input[name=password]", hub.password)
        one.click("button.primary")
        one.wait_for_selector(".live-live")
        yield one


def test_history__is_offered_and_shown_with_its_tracks(page: Page) -> None:
    page.get_by_text(re.compile(r"Data \d+ years old")).wait_for()
    banner = page.locator(".history-banner")
    assert "11 Aug 2015" in banner.inner_text()
    with page.expect_response(re.compile(r"/tracks\?.*from=2015-07")) as answer:
        banner.get_by_role("button").click()
    (track,) = answer.value.json()["items"]
    assert (track["name"], len(track["points"]["time"])) == ("Nala", 240)
    assert "11 Aug 2015" in page.locator(".past-banner").inner_text()
    page.wait_for_function("() => document.querySelector('.density').getAttribute('d').includes('v-')")
    # The map went to where the animal was: a kilometre wide, not the whole region.
    page.wait_for_function(r"() => /^\d+ m$/.test(document.querySelector('.scale').textContent.trim())")


def test_history__an_alert_leads_to_its_moment(page: Page) -> None:
    page.locator(".card-face").first.click()
    page.locator(".facts").get_by_text(re.compile(r"\d Aug 2015")).first.wait_for()
    page.locator(".detail").get_by_role("button", name="Show that time").click()
    page.locator(".past-banner").get_by_text(re.compile("Aug 2015")).wait_for()
    page.get_by_role("button", name="Back to live").click()
    page.wait_for_selector(".history-banner")


def test_history__a_fence_knows_who_crossed_it_before_it_was_drawn(page: Page) -> None:
    page.get_by_role("tab", name="Fences").click()
    page.get_by_role("button", name="Drawn later").click()
    assert page.locator(".detail").get_by_text("None.").is_visible(), "it raised no alert for the past"
    crossing = page.locator(".detail").get_by_role("button", name=re.compile(r"Nala (enters|leaves).* Aug 2015"))
    crossing.first.wait_for()
    assert crossing.count() >= 10
    crossing.first.click()
    page.locator(".past-banner").get_by_text(re.compile("Aug 2015")).wait_for()


def test_history__leaves_room_for_the_buttons_of_a_phone(hub: HubProcess, page: Page) -> None:
    page.set_viewport_size(PHONE)  # pyright: ignore[reportArgumentType]
    for language in ("en", "ru"):
        page.evaluate("language => localStorage['rosette.language'] = language", language)
        page.goto(hub.url)
        page.wait_for_selector(".live-live")
        page.wait_for_selector(".card", state="attached")
        last = page.locator(".topbar button:visible").last.bounding_box()
        assert last is not None
        assert last["x"] + last["width"] <= PHONE["width"]
