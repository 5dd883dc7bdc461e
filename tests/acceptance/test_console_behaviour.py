"""An animal that lies dead, at the console: what it does and why, and a person who says so and takes it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from hub.records.ids import new_id
from tests.acceptance.hub_process import HubProcess
from tests.acceptance.take_screens import find

SITE = "/api/v1/sites/drill"
NAME = "Umka"


def lay_dead(api: httpx.Client) -> str:
    """A leopard that walked for a day, and has lain cold and still for two; its id."""
    clock = datetime.fromisoformat(api.get(f"{SITE}/health").json()["drill"]["clock"])
    middle = api.get(SITE).json()["centre"]
    key, collar, worn = (str(new_id()) for _ in range(3))
    new = {"If-None-Match": "*"}
    for noun, record, body in (
        ("individuals", key, {"name": NAME, "scientific_name": "Panthera pardus orientalis", "sex": "female"}),
        ("devices", collar, {"key": "collar-umka", "kind": "collar"}),
        ("deployments", worn, {"device": collar, "carrier_kind": "individual", "carrier": key}),
    ):
        api.put(f"{SITE}/{noun}/{record}", json=body, headers=new).raise_for_status()
    bodies: list[dict[str, Any]] = []
    for hour in range(73):
        walks = hour < 24
        said = {"temperature": 30.0 if walks else 4.0, "activity": 40 if walks else 0, "mortality": not walks}
        bodies.append(
            {
                "kind": "fix",
                "device": "collar-umka",
                "observed_at": (clock - timedelta(hours=73 - hour)).isoformat(),
                "longitude": middle[0] + 0.003 * min(hour, 24) + 2e-5 * (hour % 3),
                "latitude": middle[1] + 2e-5 * (hour % 2),
                "uncertainty_m": 12.0,
                "attributes": said,
            }
        )
    api.post(f"{SITE}/observations", json=bodies).raise_for_status()
    return key


@pytest.fixture(scope="module")
def umka(hub: HubProcess, api: httpx.Client) -> str:
    key = lay_dead(api)
    hub.wait(lambda: any(one["individual"] == key for one in supposed(api)), 150)
    return key


def supposed(api: httpx.Client) -> list[dict[str, Any]]:
    return api.get(f"{SITE}/hypotheses").raise_for_status().json()["items"]


def test_subject__says_what_it_does_and_what_may_lie_behind_it(visit: Callable[..., Page], umka: str) -> None:
    page = visit()
    find(page, NAME)
    does = page.get_by_label("What it does")
    does.get_by_text("Lies still since").first.wait_for()
    does.get_by_text("mortality alarm").first.wait_for()
    assert Axe().run(page, ".side.right").response["violations"] == []


def test_alert__says_why_it_was_raised(visit: Callable[..., Page], umka: str) -> None:
    page = visit()
    page.locator(".card-face", has_text=f"{NAME} lies still").first.click()
    page.locator(".why").get_by_text("collar fell off").first.wait_for()
    assert page.locator(".facts", has_text="Fence").count() == 0


def test_death__is_confirmed_with_what_changes_shown_first_and_taken_back(
    visit: Callable[..., Page], api: httpx.Client, hub: HubProcess, umka: str
) -> None:
    page = visit()

    def died() -> str | None:
        return api.get(f"{SITE}/individuals/{umka}").json()["died_at"]

    page.get_by_role("tab", name="Review").click()
    page.locator("[data-hypothesis]", has_text=f"{NAME} may be dead").click()
    detail = page.locator(".side.right")
    detail.get_by_text("mortality alarm").first.wait_for()
    assert Axe().run(page, ".side.left").response["violations"] == []
    detail.get_by_role("button", name="Confirm").click()
    detail.get_by_text(f"{NAME} is dead since").wait_for()
    assert died() is None, "looking at what would change changed it"
    detail.get_by_label("Why").fill("seen from the air")
    assert Axe().run(page, ".side.right").response["violations"] == []
    detail.get_by_role("button", name="Decide").click()
    detail.get_by_text("confirmed — seen from the air").wait_for()
    assert died() is not None
    detail.get_by_role("button", name="Take back").click()
    hub.wait(lambda: died() is None, 20)
