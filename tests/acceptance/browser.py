"""A real Chromium, the system's own, without a screen: what the acceptance tests and the screenshots look through."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

# Software WebGL for the map, and no traffic of the browser's own.
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def chromium() -> str | None:
    """Path of the system's Chromium; None where there is none."""
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser for as long as one needs it."""
    path = chromium()
    assert path is not None, "no Chromium on PATH"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*SWITCHES])
        try:
            yield browser
        finally:
            browser.close()


def open_page(browser: Browser, **wishes: Any) -> Page:
    """A page in a context of its own, as another person at another machine would have it."""
    settings: dict[str, Any] = {"viewport": WIDE, "locale": "en-GB", "reduced_motion": "reduce"}
    page = browser.new_context(**(settings | wishes)).new_page()
    page.set_default_timeout(20_000)
    return page


def log_in(page: Page, url: str, email: str, password: str) -> None:
    """From nothing to the console with its map drawn and its lists filled."""
    page.goto(url)
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.click("button.primary")
    settle(page)


def settle(page: Page) -> None:
    """Wait until the stream is live, the alerts are there and the map has drawn what it knows."""
    page.wait_for_selector(".live-live")
    page.wait_for_selector(".card", state="attached")
    page.wait_for_selector(".map-ground[data-drawn=yes]", state="attached")
