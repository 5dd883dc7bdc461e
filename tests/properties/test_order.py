"""The promise of the house: any order, batching and duplication of the same observations ends in the same state."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.ingest.accept import Acceptor
from hub.pipeline.line import Line
from hub.records.finding import Finding
from hub.records.schedule import Schedule, Window
from hub.store import alerts, findings, reference, sites, tracks
from hub.store.database import Database
from tests import builders as a

SITE = "leopard"
EMPTY = """truncate site, reference, change_log, observation, quarantine, pipeline_cursor, track, track_segment,
followed_month, finding, alert, alert_action, identity_month, identity_share, identity_proposal cascade"""
EVERY = ("enter", "exit", "through", "possible_crossing", "dwell", "overdue", "inside_at_start")
STAYS = {"dwell_s": 60.0, "overdue_s": 180.0}
NIGHTS = Schedule(windows=(Window(start="21:55", end="22:20"), Window(start="22:25", end="23:00")))
RIVER = {"type": "LineString", "coordinates": [[131.39, 43.0], [131.41, 43.1], [131.39, 43.2]]}
LIFE = ("state", "version", "raised_at", "corrects", "corrected_by", "cause")


async def a_reserve(database: Database, site: str) -> None:
    """Two collared leopards, an unknown device, a camera, and fences of all kinds."""
    collar, other, camera = (a.a_device(site, key) for key in ("collar-1", "collar-2", "camera-1"))
    one, two = a.an_individual(site, "F01"), a.an_individual(site, "M07")
    station = a.a_place(site, "gate")
    records = [
        collar,
        other,
        camera,
        one,
        two,
        station,
        a.a_deployment(collar, one),
        a.a_deployment(other, two),
        a.a_deployment(camera, station),
        a.a_fence(site, "core"),
        a.a_fence(site, "wide", half_deg=0.03, triggers=("enter", "exit", "through", "present"), severity="high"),
        a.a_fence(site, "house", half_deg=0.001, sensitivity="urgent", near_m=600.0, triggers=("enter", "proximity")),
        a.a_fence(site, "den", half_deg=0.02, sensitivity="calm", schedule=NIGHTS, triggers=EVERY, **STAYS),
        a.a_fence(site, "river", geometry=RIVER, approach_s=900.0, triggers=("enter", "exit", "approach")),
    ]
    async with database.transaction() as connection:
        await sites.put(connection, a.a_site(site))
        for record in records:
            await reference.put(connection, record, expect=None, by="test")


async def the_end(database: Database, site: str) -> bytes:
    """Everything that is derived, as bytes; what people and the hour of arrival made of it is left out."""
    standing = await alerts.standing(database, site)
    everything = await findings.page(
        database,
        site,
        since=a.NOON.replace(year=2000),
        until=a.NOON.replace(year=2030),
        fence=None,
        subject=None,
        after=None,
        limit=10_000,
    )
    facts = [{k: v for k, v in msgspec.to_builtins(alert).items() if k not in LIFE} for alert in standing]
    digest = dict(await tracks.digest(database, site))
    hashes = [(h.subject, h.set_hash, h.points) for h in await tracks.headers(database, site)]
    whole: list[Any] = [sorted(digest.items()), hashes, sorted(everything, key=_by_id), facts]
    return msgspec.json.encode(whole, order="deterministic")


def _by_id(finding: Finding) -> Any:
    return finding.id


def messages(seed: int, count: int, apart: float = 1.0) -> list[dict[str, Any]]:
    """Fixes that wander over the fences, failed ones, detections with and without a name, an unknown device.

    `apart`: minutes from one to the next.
    """
    dice = random.Random(seed)
    out: list[dict[str, Any]] = []
    east = north = 0.0
    for k in range(count):
        at = a.a_fix(minutes=k * apart)["observed_at"]
        if dice.random() < 0.5:
            east, north = dice.uniform(-0.04, 0.04), dice.uniform(-0.04, 0.04)
        else:
            east, north = east + dice.gauss(0.0, 2e-4), north + dice.gauss(0.0, 2e-4)
        match dice.randrange(10):
            case 0:
                out.append({"kind": "fix", "device": "collar-1", "observed_at": at, "flags": ["failed_fix"]})
            case 1:
                named = {"individual": "M07"} if dice.random() < 0.5 else {}
                what = {"label": dice.choice(["animal", "person"]), "probability": 0.9}
                out.append({"kind": "detection", "device": "camera-1", "observed_at": at, **what, **named})
            case 2:
                out.append(a.a_fix("stranger", k * apart, east, north, uncertainty_m=dice.choice([3.0, 30.0, 900.0])))
            case _:
                # Times may repeat: two devices of one animal, or a clock of whole minutes.
                out.append(a.a_fix(dice.choice(["collar-1", "collar-2"]), dice.randrange(count) * apart, east, north))
    return out


async def feed(database: Database, arrivals: list[dict[str, Any]], cuts: list[int], restarts: bool = False) -> bytes:
    """From an empty hub: accept in portions, let the pipeline run dry after each, and say how it ended.

    `restarts`: it remembers nothing from one portion to the next.
    """
    async with database.connection() as connection:
        await connection.execute(EMPTY)
    await a_reserve(database, SITE)
    line = Line(database, SITE, lambda told, world: None)
    await line.start()
    acceptor = Acceptor(database)
    edges = [0, *sorted(cuts), len(arrivals)]
    for first, last in pairwise(edges):
        if first < last:
            await acceptor.accept([a.an_arrival(body, SITE) for body in arrivals[first:last]])
        if restarts:
            line = Line(database, SITE, lambda told, world: None)
            await line.start()
        while await line.step():
            pass
    return await the_end(database, SITE)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_order_batching_and_duplication_ends_in_the_same_bytes(
    database: Database, data: st.DataObject
) -> None:
    said = messages(data.draw(st.integers(0, 10_000), label="seed"), data.draw(st.integers(1, 40), label="count"))
    again = data.draw(st.lists(st.sampled_from(range(len(said))), max_size=10), label="repeated")
    shuffled = data.draw(st.permutations([*said, *(said[k] for k in again)]), label="order")
    cuts = data.draw(st.lists(st.integers(0, len(shuffled)), max_size=6), label="cuts")
    assert await feed(database, said, []) == await feed(database, shuffled, cuts)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_restarts_in_any_month_end_in_the_same_bytes(database: Database, data: st.DataObject) -> None:
    said = messages(data.draw(st.integers(0, 10_000), label="seed"), 40, apart=4_000.0)
    said += [a.a_fix("stranger", 4_000.0 * k + 7, 0.001 * (k % 5), 0.001 * (k % 3)) for k in range(0, 40, 2)]
    shuffled = data.draw(st.permutations(said), label="order")
    cuts = data.draw(st.lists(st.integers(0, len(said)), min_size=2, max_size=6), label="cuts")
    assert await feed(database, said, []) == await feed(database, shuffled, cuts, restarts=True)


async def test_a_rebuild_from_the_log_ends_in_the_same_bytes(database: Database) -> None:
    end = await feed(database, messages(7, 60), [10, 20, 45])
    line = Line(database, SITE, lambda told, world: None)
    await line.start()
    async with database.transaction() as connection:
        await tracks.forget(connection, SITE)
    await line.rebuild()
    assert await the_end(database, SITE) == end


async def test_the_messages_of_this_test_do_cross_fences(database: Database) -> None:
    await feed(database, messages(7, 60), [])
    told = {alert.kind for alert in await alerts.standing(database, SITE)}
    await feed(database, messages(8, 60), [])
    told |= {alert.kind for alert in await alerts.standing(database, SITE)}
    assert told >= {"enter", "exit", "through", "present", "dwell", "overdue", "proximity", "approach"}
