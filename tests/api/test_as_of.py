"""What a hub that knows everything says was known at a time is what a hub that knew no more says: to the bit."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from hub.pipeline import association
from hub.pipeline.propose import propose_all
from hub.records.ids import new_id
from hub.records.movement import Movement
from hub.records.reference import Deployment, Individual, Place
from hub.store import merges, parameters, reference
from tests import builders as a
from tests.api.conftest import SITE, Hub

ANIMALS = ("F01", "M02", "F03")
SPAN = {"from": "2026-06-01T00:00:00Z", "to": "2026-08-01T00:00:00Z"}
STEPS = 14
ROOT = f"/api/v1/sites/{SITE}"


class Reserve:
    """Does one thing after another, as a seed says."""

    def __init__(self, hub: Hub, seed: int) -> None:
        self.hub, self.chance = hub, random.Random(seed)
        self.noticed: list[UUID] = []
        self.decided: list[tuple[UUID, UUID]] = []
        self.merged: list[UUID] = []

    async def begin(self) -> None:
        self.hub.clock.time = a.NOON + timedelta(days=20)
        records: list[Any] = [a.an_individual(SITE, name, sensitive=name == "F01") for name in ANIMALS]
        for k in range(2):
            collar = a.a_device(SITE, f"collar-{k + 1}")
            records += [collar, a.a_deployment(collar, records[k])]
        for k, east in enumerate((-0.05, 0.05)):
            camera, station = a.a_device(SITE, f"camera-{k}", kind="camera"), a.a_place(SITE, f"gate {k}")
            station = msgspec.structs.replace(station, longitude=a.CENTRE[0] + east)
            records += [camera, station, a.a_deployment(camera, station)]
        await self.hub.store(*records)
        await self.hub.settle()

    async def something(self) -> None:
        deeds = (self.fixes, self.fixes, self.picture, self.picture, self.decide, self.withdraw, self.edit, self.fit)
        await self.chance.choice((*deeds, self.merge))()

    async def fixes(self) -> None:
        minutes = self.chance.sample(range(0, 20_000, 15), 6)
        device = self.chance.choice(("collar-1", "collar-2", "phone-9"))
        where = [(minute, self.chance.gauss(0, 0.03), self.chance.gauss(0, 0.03)) for minute in minutes]
        await self.hub.send(*(a.a_fix(device, minutes=m, east=x, north=y) for m, x, y in where))

    async def picture(self) -> None:
        at = a.NOON + timedelta(minutes=self.chance.randrange(20_000))
        said: dict[str, Any] = {"kind": "detection", "device": f"camera-{self.chance.randrange(2)}", "label": "animal"}
        said |= {"observed_at": at.isoformat(), "scientific_name": "Panthera pardus orientalis"}
        if self.chance.random() < 0.5:
            said["individual"] = self.chance.choice(ANIMALS)
        else:
            said["resembles"] = [{"individual": n, "log_ratio": self.chance.uniform(-4, 6)} for n in ANIMALS]
        receipt = await self.hub.send(said)
        self.noticed += map(UUID, receipt["ids"])

    async def decide(self) -> None:
        if self.noticed:
            key, name, made = self.chance.choice(self.noticed), self.chance.choice(ANIMALS), new_id()
            body = {"id": str(made), "verdict": self.chance.choice(("is", "is_not"))}
            body["individual"] = str(a.an_individual(SITE, name).id)
            answer = await self.hub.as_("scientist", "POST", f"{ROOT}/detections/{key}/identity", json=body)
            if answer.status_code == 200:
                self.decided.append((key, made))

    async def withdraw(self) -> None:
        if self.decided:
            key, made = self.chance.choice(self.decided)
            await self.hub.as_("admin", "POST", f"{ROOT}/detections/{key}/identity/{made}/withdraw")

    async def edit(self) -> None:
        held = await reference.everything(self.hub.database, SITE, ("individual", "place", "deployment"))
        one = self.chance.choice(held)
        match one:
            case Individual():
                after = msgspec.structs.replace(one, scientific_name=self.chance.choice(("Panthera tigris", "Ursus")))
            case Place():
                after = msgspec.structs.replace(one, longitude=one.longitude + self.chance.uniform(-0.01, 0.01))
            case Deployment():
                begin = a.NOON + timedelta(minutes=self.chance.randrange(10_000))
                after = msgspec.structs.replace(one, valid_from=self.chance.choice((None, begin)))
            case _:
                return
        await self.hub.edit(after, one.version)

    async def fit(self) -> None:
        fit = Movement(
            individual=a.an_individual(SITE, self.chance.choice(ANIMALS)).id,
            tau_position_s=86_400.0,
            tau_velocity_s=3_600.0,
            sigma_m=self.chance.uniform(1_000, 4_000),
            centre_drift_m2_s=0.0,
            error_scale=1.5,
            spread_factor=1.0,
            log_covariance=tuple(0.1 * (k % 5 == 0) for k in range(16)),
            fixes=100,
        )
        await parameters.put(self.hub.database, SITE, [fit])

    async def merge(self) -> None:
        async with self.hub.database.transaction() as connection:
            if self.merged:
                await merges.withdraw(connection, SITE, self.merged.pop(), "olga")
            else:
                one, other = (a.an_individual(SITE, name).id for name in self.chance.sample(ANIMALS, 2))
                self.merged.append(new_id())
                await merges.decide(connection, SITE, self.merged[-1], merged=one, stays=other, note="", who="olga")

    async def answers(self, who: str, **asked: str) -> dict[str, Any]:
        """All that can be asked of then."""
        paths = {
            f"subjects {days}": ("subjects", {"at": (a.NOON + timedelta(days=days)).isoformat()}) for days in (2, 9)
        }
        paths |= {"tracks": ("tracks", SPAN), "detections": ("detections", SPAN)}
        paths |= {name: (f"subjects/{a.an_individual(SITE, name).id}/range", SPAN) for name in ANIMALS}
        if who == "scientist":
            paths |= {str(key): (f"detections/{key}/identity", {}) for key in self.noticed}
            paths["review"] = ("review", {"least": "0"})
        found: dict[str, Any] = {}
        for name, (path, params) in paths.items():
            answer = await self.hub.as_(who, "GET", f"{ROOT}/{path}", params=params | asked)
            assert answer.status_code in (200, 404), answer.text
            found[name] = plain(answer.json() if answer.status_code == 200 else 404)
        return found


def plain(value: Any) -> Any:
    """An answer without how often a stored track had changed; and what may be told is a matter of today."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if key not in ("version", "as_of", "sensitive")}
    if isinstance(value, list):
        items = [plain(one) for one in value]
        return sorted(items, key=repr) if items and isinstance(items[0], dict) and "subject" in items[0] else items
    return value


async def weighed(hub: Hub) -> None:
    await propose_all(hub.database, SITE)


@pytest.mark.parametrize("seed", range(4))
async def test_answers__as_of_any_time_are_those_that_were_given_then(
    hub: Hub, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Shares of sightings are no part of the past.
    monkeypatch.setattr(association, "LEAST_SHARE", 2.0)
    reserve = Reserve(hub, seed)
    await reserve.begin()
    told: list[tuple[str, list[UUID], dict[str, Any]]] = []
    for step in range(STEPS):
        await reserve.something()
        await hub.settle()
        await weighed(hub)
        if step % 3 == 1:
            answers = await reserve.answers("scientist")
            told.append((datetime.now(UTC).isoformat(), list(reserve.noticed), answers))
    for moment, noticed, then in told:
        everything, reserve.noticed = reserve.noticed, noticed
        assert await reserve.answers("scientist", as_of=moment) == then
        reserve.noticed = everything
    assert told[0][2] != await reserve.answers("scientist"), "nothing happened since"
