"""A home that moves: what confirming it changes, and that taking the word back changes it back."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np

from fusion.motion import DAY, MotionParameters
from hub.pipeline.refit import refit
from hub.records.hypothesis import Hypothesis, hypothesis_id
from hub.records.ids import new_id
from hub.records.movement import Movement
from hub.store import access, hypotheses, parameters
from tests import builders as a
from tests.api.conftest import SITE, Hub
from tests.api.test_hypotheses import LEOPARD, ROOT, decide, listed, withdraw
from tests.unit.fusion.simulated import BELIEVING, walk

RESIDENT = Movement(
    individual=LEOPARD.id,
    tau_position_s=1e5,
    tau_velocity_s=4e3,
    sigma_m=1e3,
    centre_drift_m2_s=0.0,
    error_scale=1.0,
    spread_factor=1.0,
    fixes=48,
    log_covariance=(0.01,) * 16,
)
MOVING = msgspec.structs.replace(RESIDENT, centre_drift_m2_s=100.0)


async def leaving(hub: Hub) -> str:
    """A collared leopard that goes east, of which the nightly fit supposed that its home moves; the hypothesis."""
    hub.clock.time = a.NOON + timedelta(days=5)
    collar = a.a_device(SITE, "collar-1")
    await hub.store(LEOPARD, collar, a.a_deployment(collar, LEOPARD))
    await hub.send(*(a.a_fix(minutes=60 * k, east=0.004 * k, uncertainty_m=2_000.0) for k in range(48)))
    await hub.settle()
    await parameters.put(hub.database, SITE, [RESIDENT])
    supposed = Hypothesis(
        id=hypothesis_id("dispersal", LEOPARD.id),
        site=SITE,
        kind="dispersal",
        individual=LEOPARD.id,
        since=a.NOON,
        decided_at=a.NOON,
        probability=0.9,
        value=0.9,
        longitude=a.CENTRE[0],
        latitude=a.CENTRE[1],
        sensitive=True,
        evidence=(),
        detail={
            "by": "movement",
            "moving": msgspec.to_builtins(MOVING),
            "resident": msgspec.to_builtins(RESIDENT),
        },
    )
    async with hub.database.transaction() as connection:
        await hypotheses.put(connection, SITE, ("dispersal",), [supposed])
    await hub.settle()
    return str(supposed.id)


async def moves(hub: Hub) -> list[Movement]:
    return await parameters.everything(hub.database, SITE)


async def fits(hub: Hub) -> int:
    """How many were ever written."""
    async with hub.database.connection() as connection:
        return await connection.fetchval("select count(*) from movement where site_id = $1", SITE)


async def track(hub: Hub) -> list[Any]:
    span = {"from": a.NOON.isoformat(), "to": (a.NOON + timedelta(days=5)).isoformat()}
    answer = await hub.as_("scientist", "GET", f"/api/v1/sites/{SITE}/tracks", params=span)
    (found,) = answer.json()["items"]
    return found["points"]


async def test_dispersal__is_previewed_by_how_far_the_track_would_move(hub: Hub) -> None:
    key = await leaving(hub)
    told = (await hub.as_("scientist", "POST", f"{ROOT}/{key}/preview", json={"verdict": "confirmed"})).json()
    (moved,) = told["moved"]
    assert (moved["pieces_before"], moved["pieces_after"], told["observations"]) == (48, 48, [])
    assert moved["largest_shift_m"] > 1.0
    (change,) = told["changes"]
    assert (change["noun"], change["name"]) == ("movement", "F01")
    assert change["fields"] == {"centre_drift_m2_s": [0.0, 100.0]}
    told = (await hub.as_("scientist", "POST", f"{ROOT}/{key}/preview", json={"verdict": "rejected"})).json()
    assert told == {"changes": [], "observations": [], "moved": []}
    assert await moves(hub) == [RESIDENT] and await fits(hub) == 1


async def test_dispersal__confirmed_lets_the_home_move_and_withdrawn_lets_it_stay(hub: Hub) -> None:
    key = await leaving(hub)
    stays = await track(hub)
    word = str(new_id())
    await decide(hub, key, "confirmed", id=word, note="seen across the river")
    told = await decide(hub, key, "confirmed", id=word, note="seen across the river")
    assert [(one["verdict"], one["changed"]) for one in told["decisions"]] == [("confirmed", 1)]
    assert await moves(hub) == [MOVING] and await fits(hub) == 2
    assert await track(hub) != stays
    assert (await listed(hub))["items"] == []
    await withdraw(hub, key, word)
    await withdraw(hub, key, word)
    assert await moves(hub) == [RESIDENT] and await fits(hub) == 3
    assert await track(hub) == stays
    assert [one["id"] for one in (await listed(hub))["items"]] == [key]
    said = [one.what for one in await access.audit_page(hub.database, SITE, None, 50)]
    assert {"hypothesis decided", "hypothesis decision withdrawn"} <= set(said)


async def test_dispersal__rejected_changes_nothing_and_is_not_asked_again(hub: Hub) -> None:
    key = await leaving(hub)
    await decide(hub, key, "rejected")
    assert await moves(hub) == [RESIDENT] and await fits(hub) == 1
    assert (await listed(hub))["items"] == []
    await decide(hub, key, "confirmed", status=409)
    assert await moves(hub) == [RESIDENT]


async def test_nightly_fit__keeps_to_what_people_said_of_a_home_that_moves(hub: Hub) -> None:
    hub.clock.time = a.NOON + timedelta(days=250)
    collar = a.a_device(SITE, "collar-1")
    await hub.store(LEOPARD, collar, a.a_deployment(collar, LEOPARD))
    times, rng = np.arange(0.0, 240 * DAY, DAY / 4), np.random.default_rng(1)
    cat = MotionParameters(DAY, 3_600.0, 2_000.0, centre_sd_m=1.0, outliers=BELIEVING)
    # A home that goes 10 km a month, either way.
    steps = rng.normal(0.0, 10_000.0 * math.sqrt(1 / 120), (len(times), 2))
    places = walk(times, cat, rng) + np.cumsum(steps, axis=0)
    await hub.send(
        *(
            a.a_fix(minutes=at / 60.0, east=x / 81_000.0, north=y / 111_100.0)
            for at, (x, y) in zip(times.tolist(), places.tolist(), strict=True)
        )
    )
    await hub.settle()
    await refit(hub.database, SITE)
    (supposed,) = [one for one in (await listed(hub))["items"] if one["kind"] == "dispersal"]
    assert supposed["id"] == str(hypothesis_id("dispersal", LEOPARD.id))
    (resident,) = await moves(hub)
    assert resident.centre_drift_m2_s == 0.0
    word = str(new_id())
    await decide(hub, supposed["id"], "confirmed", id=word)
    await refit(hub.database, SITE)
    assert [one.centre_drift_m2_s > 0.0 for one in await moves(hub)] == [True]
    await withdraw(hub, supposed["id"], word)
    await refit(hub.database, SITE)
    assert await moves(hub) == [resident]
