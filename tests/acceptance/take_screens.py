"""Pictures of the console for the documentation: `python -m tests.acceptance.take_screens docs/screens`."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import httpx
from playwright.sync_api import Browser, Page

from tests.acceptance.browser import PHONE, browsing, log_in, open_page, settle
from tests.acceptance.hub_process import HubProcess

SEED = "7"
SITE = "/api/v1/sites/drill"
FEWEST_ALERTS = 12
HOURS = timedelta(hours=3)
# A map is never quite still: what it draws after the last change is on screen by then.
DRAWN_MS = 2_500
MOST_BYTES = 400_000


class Studio:
    """A hub in a drill, a browser, and a folder for the pictures."""

    def __init__(self, hub: HubProcess, browser: Browser, folder: Path) -> None:
        self.hub, self.browser, self.folder = hub, browser, folder
        page = open_page(browser)
        page.goto(hub.url)
        page.wait_for_selector(".login-card")
        self.keep(page, "login")
        log_in(page, hub.url, hub.email, hub.password)
        self.session: Any = page.context.storage_state()
        page.context.close()

    def take(
        self, name: str, prepare: Callable[[Page], None], theme: str = "light", language: str = "en", **wishes: Any
    ) -> None:
        """One picture of the console, after `prepare`."""
        page = open_page(self.browser, storage_state=self.session, **wishes)
        page.add_init_script(
            f"localStorage['rosette.theme'] = '{theme}'; localStorage['rosette.language'] = '{language}'"
        )
        page.goto(self.hub.url)
        settle(page)
        prepare(page)
        page.wait_for_timeout(DRAWN_MS)
        self.keep(page, name)
        page.context.close()

    def keep(self, page: Page, name: str) -> None:
        """Write a picture, with fewer colours where it is large and Pillow is at hand."""
        file = self.folder / f"{name}.png"
        page.screenshot(path=file)
        if file.stat().st_size > MOST_BYTES:
            fewer_colours(file)
        click.echo(f"{file}  {file.stat().st_size // 1000} kB")


def fewer_colours(file: Path) -> None:
    """256 colours are enough for a map; without Pillow the file stays as it is."""
    try:
        from PIL import Image
    except ImportError:
        return
    with Image.open(file) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)


def let_time_pass(hub: HubProcess, api: httpx.Client) -> None:
    """Some hours of the drill, so that alerts were raised at different times; one taken, one closed."""

    def waiting() -> list[dict[str, Any]]:
        answer = api.get(f"{SITE}/alerts", params={"state": "open", "limit": 500})
        return [] if answer.status_code != 200 else [one for one in answer.json()["items"] if one["state"] == "new"]

    def clock() -> datetime:
        return datetime.fromisoformat(api.get(f"{SITE}/health").json()["drill"]["clock"])

    hub.wait(lambda: api.post(f"{SITE}/drill", json={"speed": 600}).status_code == 200, within_s=60)
    hub.wait(lambda: len(waiting()) >= FEWEST_ALERTS, within_s=180)
    until = clock() + HOURS
    hub.wait(lambda: clock() > until, within_s=180)
    api.post(f"{SITE}/drill", json={"speed": 1}).raise_for_status()
    taken, closed = [one for one in waiting() if one["severity"] == "high"][1:3]
    for alert, deed, said in ((taken, "acknowledge", {}), (closed, "resolve", {"outcome": "patrol_sent"})):
        headers = {"If-Match": f'"{alert["version"]}"'}
        api.post(f"{SITE}/alerts/{alert['id']}/{deed}", json=said, headers=headers).raise_for_status()


def best_known_animal(api: httpx.Client) -> str:
    """Name of the animal with the longest track of the last week."""
    tracks = [one for one in api.get(f"{SITE}/tracks").json()["items"] if one["subject"]["kind"] == "individual"]
    return max(tracks, key=lambda track: len(track["points"]["time"]))["name"]


def first_alert(page: Page) -> None:
    """Select the gravest alert."""
    page.keyboard.press("j")
    page.wait_for_selector(".timeline")


def find(page: Page, name: str) -> None:
    """Select somebody by the search."""
    page.keyboard.press("/")
    page.fill(".search-input", name)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=name).wait_for()


def a_crossing(page: Page) -> None:
    """Select the newest crossing and what it rests on."""
    page.locator(".card-face", has_text=re.compile(r" (entered|left) ")).first.click()
    page.locator(".why").get_by_role("button", name="Show the fixes").click()
    page.locator(".why").scroll_into_view_if_needed()


def a_new_fence(page: Page) -> None:
    """Draw a fence with a warning distance and nights."""
    page.get_by_role("tab", name="Fences").click()
    page.get_by_role("button", name="Draw a fence").first.click()
    box = page.locator(".map-ground").bounding_box()
    assert box is not None
    for across, down in ((0.5, 0.25), (0.7, 0.2), (0.72, 0.45), (0.6, 0.36), (0.48, 0.5)):
        page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=True).fill("Fawning ground")
    page.locator(".group", has_text="What raises an alert").locator("summary").click()
    page.locator(".group", has_text="Warning distance").locator("summary").click()
    page.get_by_label("Comes near").check()
    page.get_by_label("Warning distance", exact=True).fill("4")
    page.get_by_label("Warning distance", exact=True).press("Tab")
    page.locator(".group", has_text="When it watches").locator("summary").click()
    page.get_by_role("button", name="At night").click()
    page.locator(".schedule-sentence").scroll_into_view_if_needed()


def a_review(page: Page) -> None:
    """The sighting that is most in doubt, who it may be, and what a decision would change."""
    page.get_by_role("tab", name="Review").click()
    page.locator(".left .row[data-detection]").first.click()
    page.locator("button.candidate").first.click()
    page.get_by_role("button", name="Decide").wait_for()


def an_hour_ago(page: Page) -> None:
    """Take the whole screen back in time."""
    page.locator(".scrubber .pick select").last.select_option(str(6 * 3600))
    page.wait_for_timeout(DRAWN_MS)
    strip = page.locator(".strip").bounding_box()
    assert strip is not None
    page.mouse.click(strip["x"] + strip["width"] * 5 / 6, strip["y"] + 16)
    page.wait_for_selector(".past-banner")


def tab(number: int) -> Callable[[Page], None]:
    """Choose a tab of the phone."""
    return lambda page: page.locator(".narrow-tabs button").nth(number).tap()


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def main(folder: Path) -> None:
    """Start a hub with the drill, and take all pictures into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    phone = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "device_scale_factor": 1}
    with (
        tempfile.TemporaryDirectory() as state,
        HubProcess(Path(state) / "state", drill="true", drill_speed="1", drill_seed=SEED) as hub,
    ):
        with closing(hub.client()) as api:
            let_time_pass(hub, api)
            animal = best_known_animal(api)
        with browsing() as browser:
            studio = Studio(hub, browser, folder)
            studio.take("console", first_alert)
            studio.take("console-dark", first_alert, theme="dark")
            studio.take("console-ru", first_alert, language="ru", locale="ru-RU")
            studio.take("console-red-night", first_alert, theme="red")
            studio.take("animal", lambda page: find(page, animal))
            studio.take("why", a_crossing)
            studio.take("fence", a_new_fence)
            studio.take("review", a_review)
            studio.take("past", an_hour_ago)
            studio.take("table", lambda page: page.keyboard.press("t"))
            studio.take("phone-alerts", tab(0), **phone)
            studio.take("phone-map", tab(1), **phone)


if __name__ == "__main__":
    main()
