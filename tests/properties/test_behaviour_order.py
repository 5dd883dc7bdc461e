"""What animals do, and whom they meet, is the same whatever the order, the portions and the repetitions it came in."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.ingest.accept import Acceptor
from hub.pipeline.line import Line
from hub.pipeline.propose import propose_all
from hub.pipeline.suppose import suppose
from hub.pipeline.world import read_world
from hub.store import hypotheses
from hub.store.database import Database
from tests import builders as a
from tests.properties.test_order import EMPTY, the_end
from tests.store.ground import SITE, a_site_with


def a_week(seed: int) -> list[dict[str, Any]]:
    """Two collars that walk, lie and sometimes meet, what they measure, and a camera that knows one of them."""
    dice = random.Random(seed)
    out: list[dict[str, Any]] = []
    east = [0.0, 0.0]
    for hour in range(0, 72, 2):
        for k, device in enumerate(("collar-1", "collar-2")):
            if dice.random() < 0.15:
                continue
            lying = (hour // 24 + k) % 2 == 0
            east[k] += 0.0 if lying else dice.choice((-0.01, 0.0, 0.01))
            attributes = {"temperature": dice.choice((5.0, 30.0)), "mortality": dice.random() < 0.2}
            out.append(a.a_fix(device, hour * 60 + k, east[k], dice.gauss(0, 3e-5), attributes=attributes))
        if hour % 12 == 0:
            at = (a.NOON + timedelta(hours=hour, minutes=11)).isoformat()
            stranger = {"individual": "F01", "log_ratio": -9.0 - dice.random()}
            kind = "Panthera pardus orientalis"
            seen = {"kind": "detection", "device": "camera-1", "observed_at": at, "label": "animal"}
            out.append(seen | {"scientific_name": kind, "resembles": [stranger]})
            out.append({"kind": "reading", "device": "collar-1", "observed_at": at, "quantity": "activity", "value": 3})
            out.append(
                {"kind": "sighting", "device": "camera-1", "observed_at": at, "label": "animal", "individual": "F01"}
            )
    return out


async def feed(database: Database, arrivals: list[dict[str, Any]], cuts: list[int]) -> bytes:
    async with database.connection() as connection:
        await connection.execute(EMPTY)
        await connection.execute(
            "truncate hypothesis, hypothesis_decision, identity_proposal, identity_share, identity_month"
        )
    one, two = a.an_individual(SITE, "F01", sex="female"), a.an_individual(SITE, "M07")
    first, second, camera = (a.a_device(SITE, key) for key in ("collar-1", "collar-2", "camera-1"))
    station = a.a_place(SITE, "gate", longitude=a.CENTRE[0] + 0.3)
    worn = [a.a_deployment(first, one), a.a_deployment(second, two), a.a_deployment(camera, station)]
    await a_site_with(database, one, two, first, second, camera, station, *worn)
    line = Line(database, SITE, lambda told, world: None)
    await line.start()
    for begin, end in pairwise([0, *sorted(cuts), len(arrivals)]):
        if begin < end:
            await Acceptor(database).accept([a.an_arrival(body, SITE) for body in arrivals[begin:end]])
        while await line.step():
            pass
    await propose_all(database, SITE)
    while await line.step():
        pass
    await suppose(database, await read_world(database, SITE))
    supposed = msgspec.json.encode(await hypotheses.everything(database, SITE), order="deterministic")
    return b"[" + await the_end(database, SITE) + b"," + supposed + b"]"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_order_of_a_week_ends_in_the_same_behaviour(database: Database, data: st.DataObject) -> None:
    said = a_week(data.draw(st.integers(0, 1_000), label="seed"))
    again = data.draw(st.lists(st.sampled_from(range(len(said))), max_size=8), label="repeated")
    shuffled = data.draw(st.permutations([*said, *(said[k] for k in again)]), label="order")
    cuts = data.draw(st.lists(st.integers(0, len(shuffled)), max_size=5), label="cuts")
    assert await feed(database, said, []) == await feed(database, shuffled, cuts)


async def test_the_weeks_of_this_test_do_show_every_behaviour(database: Database) -> None:
    told: set[str] = set()
    for seed in range(6):
        end = msgspec.json.decode(await feed(database, a_week(seed), []))
        told |= {finding["kind"] for finding in end[0][2]} | {one["kind"] for one in end[1]}
    assert told >= {"immobility", "encounter", "wrong_deployment", "death", "birth"}
