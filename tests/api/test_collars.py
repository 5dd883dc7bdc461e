"""A collar that is on another animal than it is said to be: whose it is, and what confirming that changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from fusion.motion import DAY, MotionParameters
from hub.records.ids import new_id
from tests import builders as a
from tests.api.conftest import SITE, Hub
from tests.api.test_hypotheses import LEOPARD, ROOT, decide, listed, the, weighed, withdraw
from tests.unit.fusion.simulated import BELIEVING, walk

CAT = MotionParameters(2 * DAY, 1_800.0, 1_500.0, centre_sd_m=1.0, outliers=BELIEVING)


async def doubted(hub: Hub, collared: int) -> list[Any]:
    """Two leopards far apart, each seen where the other's collar is, if it has one; the deployments."""
    hub.clock.time = a.NOON + timedelta(days=11)
    animals = [LEOPARD, a.an_individual(SITE, "M02", sensitive=True)]
    collars = [a.a_device(SITE, f"collar-{k + 1}") for k in range(collared)]
    worn = [a.a_deployment(collar, animal) for collar, animal in zip(collars, animals, strict=False)]
    await hub.store(*animals, *collars, *worn)
    times, shown = np.arange(0.0, 240 * 3_600.0, 3_600.0), [(hour + 1 / 3) * 3_600.0 for hour in (40, 90, 140, 190)]
    every, said = np.union1d(times, shown), list[dict[str, Any]]()
    for n in (0, 1):
        for at, (x, y) in zip(every.tolist(), walk(every, CAT, np.random.default_rng(n)).tolist(), strict=True):
            east, north, minutes = 0.4 * n + x / 81_000.0, y / 111_100.0, at / 60.0
            if at in times and n >= collared:
                continue
            if at in times:
                said.append(a.a_fix(minutes=minutes, device=f"collar-{n + 1}", east=east, north=north))
            else:
                seen = a.a_fix(minutes=minutes, device="ranger", east=east, north=north)
                said.append(seen | {"kind": "sighting", "label": "animal", "individual": animals[1 - n].name})
    await hub.send(*said)
    await weighed(hub)
    return worn


async def test_swapped_collars__are_one_hypothesis_and_confirming_it_puts_each_on_the_other(hub: Hub) -> None:
    worn = await doubted(hub, 2)
    (swap,) = [one for one in (await listed(hub))["items"] if one["kind"] == "wrong_deployment"]
    assert swap["detail"]["by"] == "swap"
    assert {side["device"] for side in swap["detail"]["swapped"]} == {"collar-1", "collar-2"}
    assert all(side["log_ratio"] > 5.0 for side in swap["detail"]["swapped"])
    preview = await hub.as_("scientist", "POST", f"{ROOT}/{swap['id']}/preview", json={"verdict": "confirmed"})
    moved = {one["name"]: one for one in preview.json()["moved"]}
    assert preview.json()["observations"] == [] and moved.keys() == {"F01", "M02"}
    assert all(one["largest_shift_m"] > 20_000 for one in moved.values())
    assert len(preview.json()["changes"]) == 4
    word = str(new_id())
    await decide(hub, swap["id"], "confirmed", id=word)
    url = f"/api/v1/sites/{SITE}/deployments"
    now = (await hub.as_("scientist", "GET", url)).json()
    held = {(one["device"], one["carrier"]): one for one in now["items"] if one["carrier_kind"] == "individual"}
    assert len(held) == 4
    for one, other in (worn, worn[::-1]):
        assert held[str(one.device), str(one.carrier)]["valid_to"] is not None
        assert held[str(one.device), str(other.carrier)]["valid_to"] is None
    await weighed(hub)
    assert [one for one in (await listed(hub))["items"] if one["kind"] == "wrong_deployment"] == []
    await withdraw(hub, swap["id"], word)
    assert [(await the(hub, "deployment", one.id))["valid_to"] for one in worn] == [None, None]


async def test_collar__that_fits_another_animal_is_on_that_one_when_a_person_says_so(hub: Hub) -> None:
    (worn,) = await doubted(hub, 1)
    (wrong,) = [one for one in (await listed(hub))["items"] if one["kind"] == "wrong_deployment"]
    other = str(a.an_individual(SITE, "M02").id)
    (wearer,) = wrong["detail"]["wearers"]
    assert (wearer["individual"], wrong["names"]) == (other, {other: "M02"})
    assert wearer["log_ratio"] > 5.0
    word = str(new_id())
    await decide(hub, wrong["id"], "confirmed", id=word)
    stays = (await hub.as_("scientist", "GET", f"/api/v1/sites/{SITE}/deployments")).json()["items"]
    begun = {one["carrier"]: one["valid_from"] for one in stays if one["valid_to"] is None}
    assert begun == {other: (await the(hub, "deployment", worn.id))["valid_to"]}
    await withdraw(hub, wrong["id"], word)
    stays = (await hub.as_("scientist", "GET", f"/api/v1/sites/{SITE}/deployments")).json()["items"]
    assert [(one["id"], one["valid_to"]) for one in stays] == [(str(worn.id), None)]
