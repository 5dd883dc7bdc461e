"""Where an animal lives and where it was, in the console."""

from __future__ import annotations

from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

RANGES = "/api/v1/sites/drill/subjects/{}/range"


def collared(api: httpx.Client) -> tuple[str, dict[str, object]]:
    """A collared animal of the drill that has a home range, and the answer about it."""
    for one in api.get("/api/v1/sites/drill/individuals", params={"limit": 500}).json()["items"]:
        answer = api.get(RANGES.format(one["id"])).json()
        if answer["refused"] is None:
            return one["name"], answer
    raise AssertionError("no animal of the drill has a home range")


def test_range__is_shown_when_it_is_asked_for_and_hidden_again(visit: Callable[..., Page], api: httpx.Client) -> None:
    name, _ = collared(api)
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type(name)
    page.get_by_role("option", name=name).first.click()
    page.get_by_role("button", name="Show home range").click()
    panel = page.locator(".detail")
    expect(panel).to_contain_text("Lives in, 95%")
    expect(panel).to_contain_text("Was in, 50%")
    expect(panel).to_contain_text("How it moves is assumed")
    page.get_by_role("button", name="Hide home range").click()
    expect(panel).not_to_contain_text("Lives in, 95%")
