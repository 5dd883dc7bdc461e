"""The dispatcher's console as people use it: the real hub with its drill, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.acceptance.browser import PHONE, log_in, open_page
from tests.acceptance.conftest import ALERTS
from tests.acceptance.hub_process import HubProcess

LATIN = re.compile(r"[A-Za-z]{3,}")
# Names that people gave, and words that are the same in every language.
NAMES = re.compile(
    r"Rosette|rosette.local|admin|Administrator|English|Esc\b|GMT|DRILL|Drill reserve \(simulated\)|"
    r"Drill( \w+)+ \d+[FM]|Drawn by hand|"
    r"Core zones|Border strip|Around \w+|Park|Ranger|Vehicle|Camera|Mast|schematic, made for the drill, Natural Earth"
)


class Watcher:
    """What a page asked for and complained about."""

    def __init__(self, page: Page) -> None:
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", lambda told: told.status >= 500 and self.complaints.append(f"{told.status} {told.url}"))


@contextmanager
def speed(api: httpx.Client, times: float) -> Iterator[None]:
    """Let the drill run fast for a while."""
    api.post("/api/v1/sites/drill/drill", json={"speed": times}).raise_for_status()
    try:
        yield
    finally:
        api.post("/api/v1/sites/drill/drill", json={"speed": 1}).raise_for_status()


def card(page: Page, number: int = 0) -> Any:
    """A card of the queue, counted among those that nobody took."""
    return page.locator(".card-new .card-face").nth(number)


def chosen(page: Page) -> dict[str, Any]:
    """The alert on the right, as the hub tells it."""
    identity = page.locator(".detail [data-alert]").get_attribute("data-alert")
    return page.evaluate("id => fetch(`/api/v1/sites/drill/alerts/${id}`).then(r => r.json())", identity)


def test_console__moves_within_ten_seconds_of_log_in(visit: Callable[..., Page]) -> None:
    page = visit()
    page.wait_for_function(
        """async () => {
            const where = async () => JSON.stringify((await (await fetch("/api/v1/sites/drill/subjects")).json()).items
                .filter(item => item.kind === "person").map(item => [item.id, item.observed_at]).sort());
            window.first ??= await where();
            return window.first !== await where();
        }""",
        timeout=10_000,
        polling=500,
    )


def test_console__asks_no_other_origin_and_never_complains(hub: HubProcess, browser: Browser) -> None:
    page = open_page(browser)
    watcher = Watcher(page)
    page.add_init_script("addEventListener('securitypolicyviolation', e => console.error('CSP', e.blockedURI))")
    log_in(page, hub.url, hub.email, hub.password)
    card(page).click()
    page.keyboard.press("f")
    page.keyboard.press("t")
    page.wait_for_selector("dialog table")
    page.context.close()

    origins = {urlsplit(url)[:2] for url in watcher.asked if not url.startswith(("data:", "blob:"))}
    assert origins == {urlsplit(hub.url)[:2]}
    # The browser itself reports the first question, "who am I?", which nobody can answer before the login.
    assert [text for text in watcher.complaints if "401" not in text] == []


def test_console__an_alert_taken_here_is_taken_there_with_who_and_when(visit: Callable[..., Page]) -> None:
    here, there = visit(), visit()
    card(here).click()
    alert = chosen(here)
    here.keyboard.press("a")
    taken = there.locator(f".card[data-alert='{alert['id']}']")
    taken.get_by_text(re.compile(r"Acknowledged by Administrator, \d\d:\d\d")).wait_for()
    assert chosen(here)["acknowledged_by"] == "Administrator"


def test_console__who_comes_second_is_told_who_was_first(api: httpx.Client, visit: Callable[..., Page]) -> None:
    page = visit()
    card(page).click()
    alert = chosen(page)
    # Between the key and the hub.
    page.route("**/acknowledge", lambda route: (acknowledge(api, alert), route.continue_()))
    page.keyboard.press("a")
    page.get_by_text("Administrator acknowledged it first.").wait_for()
    page.locator(f".card[data-alert='{alert['id']}']").get_by_text("Acknowledged by Administrator").wait_for()


def acknowledge(api: httpx.Client, alert: dict[str, Any]) -> None:
    """Somebody else is faster."""
    headers = {"If-Match": f'"{alert["version"]}"'}
    api.post(f"{ALERTS}/{alert['id']}/acknowledge", json={}, headers=headers).raise_for_status()


def test_console__resolves_with_an_outcome(visit: Callable[..., Page]) -> None:
    page = visit()
    card(page).click()
    alert = chosen(page)
    page.keyboard.press("r")
    page.get_by_label("False alarm").check()
    page.locator(".resolve button.primary").click()
    page.locator(".detail").get_by_text("resolved", exact=False).first.wait_for()
    resolved = page.evaluate("id => fetch(`/api/v1/sites/drill/alerts/${id}`).then(r => r.json())", alert["id"])
    assert (resolved["state"], resolved["outcome"]) == ("resolved", "false_alarm")
    page.locator(".timeline").get_by_text("False alarm").wait_for()


def test_console__keys_walk_the_queue_and_open_everything(visit: Callable[..., Page]) -> None:
    page = visit()
    page.keyboard.press("j")
    first = chosen(page)["id"]
    page.keyboard.press("j")
    page.wait_for_function("id => document.querySelector('.detail [data-alert]').dataset.alert !== id", arg=first)
    page.keyboard.press("k")
    page.wait_for_function("id => document.querySelector('.detail [data-alert]').dataset.alert === id", arg=first)
    far = page.locator(".scale").inner_text()
    page.keyboard.press("f")
    page.wait_for_function("far => document.querySelector('.scale').innerText !== far", arg=far)
    page.keyboard.press("t")
    page.locator("dialog table tbody tr").first.wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    page.keyboard.press("/")
    page.locator(".search-input").fill("Ranger 5")
    page.locator("[role=option]").first.wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Ranger 5").wait_for()


def test_console__a_fence_drawn_with_the_mouse_is_watched(
    hub: HubProcess, api: httpx.Client, visit: Callable[..., Page]
) -> None:
    page = visit()
    page.get_by_role("button", name="Draw a fence").first.click()
    box = page.locator(".map-ground").bounding_box()
    assert box is not None
    # Over the roads on which patrols drive all day: the right half of the map.
    for across, down in ((0.5, 0.1), (0.88, 0.1), (0.88, 0.7), (0.5, 0.7)):
        page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=True).fill("Drawn by hand")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved: Drawn by hand").wait_for()
    fences = api.get("/api/v1/sites/drill/fences").json()["items"]
    fence = next(one for one in fences if one["name"] == "Drawn by hand")
    assert len(fence["geometry"]["coordinates"][0]) == 5
    where = {"fence": fence["id"]}
    hub.wait(lambda: api.get("/api/v1/sites/drill/findings", params=where).json()["items"], within_s=20)
    headers = {"If-Match": f'"{fence["version"]}"'}
    api.delete(f"/api/v1/sites/drill/fences/{fence['id']}", headers=headers).raise_for_status()


def test_console__the_past_is_another_picture_and_says_that_it_is_the_past(visit: Callable[..., Page]) -> None:
    page = visit()
    now = page.locator(".situation").inner_text()
    strip = page.locator(".strip").bounding_box()
    assert strip is not None
    page.mouse.click(strip["x"] + strip["width"] / 2, strip["y"] + 10)
    page.locator(".past-banner").get_by_text(re.compile(r"Paused – \d+ \w+, \d\d:\d\d GMT\+10")).wait_for()
    page.locator(".live-paused").wait_for()
    page.wait_for_function("now => document.querySelector('.situation').innerText !== now", arg=now)
    page.keyboard.press("j")
    assert page.get_by_role("button", name="Acknowledge", exact=True).count() == 0
    page.keyboard.press("l")
    page.locator(".past-banner").wait_for(state="detached")
    page.locator(".live-live").wait_for()


def test_console__is_whole_in_russian(visit: Callable[..., Page]) -> None:
    page = visit(locale="ru-RU")
    page.locator(".language-pick select").select_option("ru")
    page.get_by_text("Тревоги").first.wait_for()
    card(page).click()
    page.locator(".timeline").wait_for()
    text = page.evaluate(
        """() => [document.body.innerText, ...[...document.querySelectorAll("[aria-label],[title]")]
            .flatMap(one => [one.getAttribute("aria-label"), one.getAttribute("title")])].join("\\n")"""
    )
    left_over = {line for line in text.splitlines() if LATIN.search(NAMES.sub("", line))}
    assert left_over == set()


def test_console__what_was_near_an_alert_is_found_by_key_shown_and_left_again(visit: Callable[..., Page]) -> None:
    page = visit()
    card(page).click()
    page.locator(".timeline").wait_for()
    alert = chosen(page)
    page.keyboard.press("w")
    page.get_by_role("heading", name="What else was near, then").wait_for()
    within, time = page.locator(".near-choices select").all()
    within.select_option("50000")
    time.select_option("604800")
    page.locator(".near .callout-warning").wait_for()
    lags = page.locator(".near-item time").all_inner_texts()
    assert len(lags) == 200
    assert any("before" in lag for lag in lags)
    first = page.locator(".near-item .row").first
    first.focus()
    page.keyboard.press("Enter")
    assert first.get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Back", exact=True).click()
    page.locator(".timeline").wait_for()
    assert chosen(page)["id"] == alert["id"]


def test_console__a_right_click_asks_what_was_near_here(visit: Callable[..., Page]) -> None:
    page = visit()
    box = page.locator(".map-ground").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 20, box["y"] + 60, button="right")
    page.get_by_text("Nothing was near").wait_for()
    page.route("**/near?*", lambda route: route.abort())
    page.get_by_label("Within").select_option("1000")
    page.get_by_role("button", name="Try again").wait_for()
    page.unroute("**/near?*")
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("Nothing was near").wait_for()
    page.keyboard.press("Escape")
    page.locator(".near").wait_for(state="detached")


@pytest.mark.parametrize("theme", ["light", "dark", "red"])
def test_console__has_no_serious_barrier(visit: Callable[..., Page], theme: str) -> None:
    page = visit()
    page.locator(".theme-pick select").select_option(theme)
    page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(244, 242, 236)", "dark": "rgb(18, 23, 26)", "red": "rgb(12, 0, 0)"}[theme]
    card(page).click()
    page.locator(".timeline").wait_for()
    if theme == "dark":
        page.keyboard.press("w")
        page.locator(".near [role=status]").last.wait_for()
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []


def test_console__a_phone_has_two_tabs_and_never_scrolls_sideways(visit: Callable[..., Page]) -> None:
    page = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    tabs = page.locator(".narrow-tabs button")
    assert tabs.count() == 2
    for tab in (0, 1):
        tabs.nth(tab).tap()
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert page.locator(".map-ground").is_visible()
    tabs.nth(0).tap()
    card(page).tap()
    page.get_by_role("button", name="Acknowledge", exact=True).wait_for()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_console__says_drill_on_the_map_and_over_every_list(visit: Callable[..., Page]) -> None:
    page = visit()
    assert page.title().startswith("DRILL")
    assert page.locator(".drill").get_by_text("Simulated reserve").is_visible()
    assert page.locator(".watermark").inner_text().split() == ["DRILL"] * 4
    assert page.locator(".side[data-drill=DRILL]").count() == 2


def test_console__at_full_speed_new_alerts_wait_behind_a_bar(api: httpx.Client, visit: Callable[..., Page]) -> None:
    page = visit()
    before = page.locator(".card").count()
    with speed(api, 1000):
        page.locator(".new-bar").wait_for(timeout=40_000)
        assert page.locator(".card").count() == before
    page.keyboard.press("n")
    page.wait_for_function("before => document.querySelectorAll('.card').length > before", arg=before)


def test_console__a_dead_hub_is_said_at_once_and_its_return_too(hub: HubProcess, visit: Callable[..., Page]) -> None:
    page = visit()
    hub.kill()
    page.locator(".degraded").wait_for()
    assert page.locator(".live-live").count() == 0
    assert page.locator(".card").count() > 0
    hub.start()
    page.locator(".degraded").wait_for(state="detached", timeout=30_000)
    page.locator(".live-live").wait_for()
