"""A hub with its drill and a browser, for the tests of the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.acceptance.browser import browsing, chromium, log_in, open_page, settle
from tests.acceptance.hub_process import HubProcess

SEED = "7"
ALERTS = "/api/v1/sites/drill/alerts"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub with a drill that has alerts."""
    if chromium() is None:
        pytest.skip("chromium is not on PATH: the console is tested in a real browser")
    with HubProcess(
        tmp_path_factory.mktemp("console") / "state", drill="true", drill_speed="1", drill_seed=SEED
    ) as running:
        yield running


@pytest.fixture(scope="module")
def api(hub: HubProcess) -> Iterator[httpx.Client]:
    """The same dispatcher without a browser, once the last day of the drill has been told and alerts wait."""
    with closing(hub.client()) as client:
        # How much there was to cry about in the last day of the drill depends on the hour of the day.
        speed = {"json": {"speed": 600}}
        hub.wait(lambda: client.post("/api/v1/sites/drill/drill", **speed).status_code == 200, within_s=60)
        hub.wait(lambda: len(open_alerts(client)) >= 8, within_s=180)
        client.post("/api/v1/sites/drill/drill", json={"speed": 1}).raise_for_status()
        yield client


@pytest.fixture(scope="module")
def browser(api: httpx.Client) -> Iterator[Browser]:
    """One browser for all; each test has its own people in it."""
    with browsing() as one:
        yield one


@pytest.fixture(scope="module")
def session(hub: HubProcess, browser: Browser) -> Any:
    """The cookie of somebody who typed e-mail and password."""
    page = open_page(browser)
    log_in(page, hub.url, hub.email, hub.password)
    kept = page.context.storage_state()
    page.context.close()
    return kept


@pytest.fixture
def visit(hub: HubProcess, browser: Browser, session: Any) -> Iterator[Callable[..., Page]]:
    """Come to the console as somebody who has logged in before; all pages are closed afterwards."""
    pages: list[Page] = []

    def visit(**wishes: Any) -> Page:
        page = open_page(browser, storage_state=session, **wishes)
        pages.append(page)
        page.goto(hub.url)
        settle(page)
        return page

    yield visit
    for page in pages:
        page.context.close()


def open_alerts(api: httpx.Client) -> list[dict[str, Any]]:
    """Alerts that nobody closed, by the API."""
    answer = api.get(ALERTS, params={"state": "open", "limit": 500})
    return answer.json()["items"] if answer.status_code == 200 else []
