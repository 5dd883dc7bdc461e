"""A reserve in which two leopards are known, and a camera that sees one of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from hub.records.ids import new_id
from hub.records.reference import Individual
from tests import builders as a
from tests.api.attack import a_camera, a_detection
from tests.api.conftest import SITE, Hub

ROOT = f"/api/v1/sites/{SITE}/detections"


async def a_reserve(hub: Hub) -> dict[str, Individual]:
    """A camera, the sensitive F01, M02 and the badger that nobody minds."""
    await a_camera(hub)
    others = [a.an_individual(SITE, "M02", sensitive=True), a.an_individual(SITE, "B03", scientific_name="Meles")]
    await hub.store(*others)
    await hub.settle()
    return {one.name: one for one in (*others, a.an_individual(SITE, "F01", sensitive=True))}


async def seen(hub: Hub, minutes: int = 0, **given: Any) -> UUID:
    """A detection by the camera; its id."""
    at = (a.NOON + timedelta(minutes=minutes)).isoformat()
    receipt = await hub.send(a_detection(observed_at=at, **given))
    await hub.settle()
    (key,) = receipt["ids"]
    return UUID(key)


async def decide(
    hub: Hub,
    observation: UUID,
    individual: Individual | None,
    verdict: str = "is",
    who: str = "scientist",
    **given: Any,
) -> dict[str, Any]:
    """Say whom it shows; the answer."""
    body = {"id": str(given.pop("id", new_id())), "verdict": verdict} | given
    if individual is not None:
        body["individual"] = str(individual.id)
    answer = await hub.as_("scientist", "POST", f"{ROOT}/{observation}/identity", json=body)
    assert answer.status_code == 200, answer.text
    await hub.settle()
    return answer.json()


async def identity(hub: Hub, observation: UUID, who: str = "scientist") -> dict[str, Any]:
    """Whom it is believed to show."""
    answer = await hub.as_(who, "GET", f"{ROOT}/{observation}/identity")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def points(hub: Hub, individual: Individual) -> int:
    """How many pieces of evidence an individual's track rests on."""
    params = {"from": "2026-06-01T00:00:00Z", "to": "2026-08-01T00:00:00Z"}
    items = (await hub.as_("admin", "GET", f"/api/v1/sites/{SITE}/tracks", params=params)).json()["items"]
    return sum(len(item["points"]["time"]) for item in items if item["subject"]["id"] == str(individual.id))
