"""Fences of all kinds through the whole line: what is told, what an edit replays, and what a restart needs to read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec

from hub.ingest.accept import Acceptor
from hub.pipeline.line import Line
from hub.records.finding import Finding, Subject
from hub.records.reference import Deployment, Fence
from hub.records.schedule import Schedule, Season, SunBound, SunPart, Window
from hub.store import alerts, findings, followed, reference
from hub.store.database import Database
from tests import builders as a
from tests.store.ground import SITE, a_site_with, write

COLLAR, OTHER = a.a_device(SITE, "collar-1"), a.a_device(SITE, "collar-2")
ONE, TWO = a.an_individual(SITE, "F01"), a.an_individual(SITE, "M07")
WORN = (COLLAR, OTHER, ONE, TWO, a.a_deployment(COLLAR, ONE), a.a_deployment(OTHER, TWO))
PHONE = a.a_device(SITE, "phone-1", kind="phone")
AMINA = Subject(kind="person", id=a.an_id("amina"))
CARRIED = Deployment(id=a.an_id("d"), site=SITE, device=PHONE.id, carrier_kind="person", carrier=AMINA.id)
OUT = 0.03


class Counted(Line):
    """A line that remembers whom it has read again."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, SITE, lambda told, world: None)
        self.read: list[tuple[Subject, int]] = []

    async def _work(self, subject: Subject, *given: Any) -> Any:
        work = await super()._work(subject, *given)
        self.read.append((subject, len(work.seen)))
        return work


async def dry(line: Line) -> None:
    while await line.step():
        pass


async def say(database: Database, *bodies: dict[str, Any]) -> None:
    receipts = await Acceptor(database).accept([a.an_arrival(body) for body in bodies])
    assert [receipt.problems for receipt in receipts if receipt.problems] == []


async def told(database: Database, of: Fence | None = None) -> list[Finding]:
    return await findings.page(
        database,
        SITE,
        since=a.NOON.replace(year=2000),
        until=a.NOON.replace(year=2030),
        fence=of.id if of else None,
        subject=None,
        after=None,
        limit=1_000,
    )


def kinds(found: Iterable[Finding]) -> list[str]:
    return [one.kind for one in found]


async def a_line(database: Database, *records: Any) -> Counted:
    await a_site_with(database, *WORN, PHONE, CARRIED, *records)
    line = Counted(database)
    await line.start()
    return line


async def test_finding__says_how_sure_it_is_and_between_when_and_when(database: Database) -> None:
    line = await a_line(database, a.a_fence(SITE))
    await say(database, a.a_fix(east=OUT), a.a_fix(minutes=10), a.a_fix(minutes=20))
    await dry(line)
    (one,) = await told(database)
    assert one.kind == "enter"
    assert (one.observed_from, one.observed_to, one.decided_at) == tuple(
        a.NOON + timedelta(minutes=k) for k in (0, 10, 10)
    )
    assert one.earliest_at == one.observed_from < one.crossed_at < one.latest_at == one.observed_to
    assert one.probability > 0.999
    (alert,) = await alerts.standing(database, SITE)
    assert alert.detail["p"] == one.probability
    assert alert.detail["why"]["sensitivity"] == "balanced"
    assert alert.detail["why"]["error_m"] > 3.0
    assert alert.detail["why"]["thresholds"] == {"begin": 0.8, "sure": 0.9998, "clear": 0.9985}


async def test_crossing__that_is_unclear_is_told_when_it_is_clear_and_dated_back(database: Database) -> None:
    line = await a_line(database, a.a_fence(SITE))
    at_border = 0.01 - 0.0002  # 16 m inside
    await say(database, a.a_fix(east=OUT), a.a_fix(minutes=10, east=at_border))
    await dry(line)
    assert await told(database) == []
    await say(database, a.a_fix(minutes=20, east=at_border), a.a_fix(minutes=30, east=0.008))
    await dry(line)
    (one,) = await told(database)
    assert (one.observed_to, one.decided_at) == (a.NOON + timedelta(minutes=10), a.NOON + timedelta(minutes=30))
    assert len(one.evidence) == 3


async def test_stay__is_told_when_it_lasts_and_corrected_when_a_late_fix_says_it_did_not(database: Database) -> None:
    fence = a.a_fence(SITE, dwell_s=3600.0, triggers=("dwell",))
    line = await a_line(database, fence)
    await say(database, a.a_fix(east=OUT), *(a.a_fix(minutes=k) for k in (10, 50, 90)))
    await dry(line)
    assert [alert.kind for alert in await alerts.standing(database, SITE)] == ["dwell"]
    await say(database, a.a_fix(minutes=49, east=OUT))
    await dry(line)
    assert await alerts.standing(database, SITE) == []
    (gone,) = await alerts.page(database, SITE, ("retracted",), None, 10)
    assert gone.cause == "an observation arrived late"


async def test_warning__has_its_own_severity(database: Database) -> None:
    fence = a.a_fence(
        SITE, near_m=1_000.0, triggers=("proximity", "enter"), severity="critical", warning_severity="low"
    )
    line = await a_line(database, fence)
    await say(database, a.a_fix(east=OUT), a.a_fix(minutes=10, east=0.015), a.a_fix(minutes=20))
    await dry(line)
    standing = {alert.kind: alert.severity for alert in await alerts.standing(database, SITE)}
    assert standing == {"proximity": "low", "enter": "critical"}


async def test_line__is_a_fence(database: Database) -> None:
    (x, y) = a.CENTRE
    river = a.a_fence(SITE, geometry={"type": "LineString", "coordinates": [[x, y - 1], [x, y + 1]]})
    line = await a_line(database, river)
    await say(database, a.a_fix(east=-OUT), a.a_fix(minutes=10, east=OUT), a.a_fix(minutes=20, east=-OUT))
    await dry(line)
    assert kinds(await told(database)) == ["enter", "exit"]


async def test_schedule__is_of_the_zone_and_the_sun_of_the_site(database: Database) -> None:
    # Noon UTC is 22:00 in Vladivostok, an hour after sunset.
    night = Schedule(
        windows=(Window(start="12:00", end="06:00"),),
        seasons=(Season(start="06-01", end="08-31"),),
        sun=SunPart(since=SunBound(at="sunset"), until=SunBound(at="sunrise")),
    )
    fence = a.a_fence(SITE, schedule=night, triggers=("enter", "inside_at_start"))
    line = await a_line(database, fence)
    day = [a.a_fix(minutes=-600, east=OUT), a.a_fix(minutes=-590), a.a_fix(minutes=-580, east=OUT)]
    await say(database, *day, *(a.a_fix(minutes=k, east=OUT * (k != 10)) for k in (0, 10, 20)))
    await dry(line)
    assert [(one.kind, one.crossed_at > a.NOON - timedelta(hours=2)) for one in await told(database)] == [
        ("enter", True),
        ("exit", True),
    ]


async def test_edit__replays_only_whom_it_concerns(database: Database) -> None:
    fence = a.a_fence(SITE)
    line = await a_line(database, fence)
    await say(database, a.a_fix(), a.a_fix(minutes=10, east=OUT))
    await say(database, a.a_fix("collar-2", east=2), a.a_fix("collar-2", minutes=10, east=2.1))
    await dry(line)
    line.read.clear()
    far = a.a_fence(SITE, "far", geometry=moved(fence, east=2.05))
    await write(database, far)
    await dry(line)
    assert [subject.id for subject, _ in line.read] == [TWO.id]
    assert kinds(await told(database, far)) == ["through"]


async def test_edit__of_a_corner_does_not_concern_who_was_at_another(database: Database) -> None:
    fence = a.a_fence(SITE, half_deg=0.5)
    line = await a_line(database, fence)
    await say(database, a.a_fix(east=0.4), a.a_fix(minutes=10, east=0.6))
    await say(database, a.a_fix("collar-2", east=-0.52, north=-0.52))
    await say(database, a.a_fix("phone-1", east=0.52, north=0.52))
    await dry(line)
    before = await told(database, fence)
    assert kinds(before) == ["inside_at_start", "exit"]
    line.read.clear()
    corner = msgspec.json.decode(msgspec.json.encode(fence.geometry))
    corner["coordinates"][0][0] = corner["coordinates"][0][4] = [a.CENTRE[0] - 0.6, a.CENTRE[1] - 0.6]
    async with database.transaction() as connection:
        await reference.put(connection, msgspec.structs.replace(fence, geometry=corner), expect=1, by="test")
    await dry(line)
    # The other collar is in the corner that grew; of the first something stands at the fence, which has a new version.
    assert {subject.id for subject, _ in line.read} == {ONE.id, TWO.id}
    after = await told(database, fence)
    assert [one.fence_version for one in after] == [2, 2, 2]
    assert {one.id for one in before} < {one.id for one in after}


async def test_edit__that_is_taken_back_ends_where_it_began(database: Database) -> None:
    fence = a.a_fence(SITE)
    line = await a_line(database, fence)
    await say(database, *(a.a_fix(minutes=10 * k, east=OUT * (k % 2)) for k in range(6)))
    await dry(line)
    before = [(one.id, one.kind) for one in await told(database)]
    for version, triggers in enumerate((("enter",), fence.triggers), start=1):
        async with database.transaction() as connection:
            record = msgspec.structs.replace(fence, triggers=triggers, near_m=500.0 if version == 1 else None)
            await reference.put(connection, record, expect=version, by="test")
        await dry(line)
    assert [(one.id, one.kind) for one in await told(database)] == before


async def test_restart__a_phone_is_read_from_the_month_on_and_ends_in_the_same(database: Database) -> None:
    fence = a.a_fence(SITE, dwell_s=86_400.0 * 3)
    line = await a_line(database, fence)
    # In since the first day; ten days apart.
    await say(database, a.a_fix("phone-1", minutes=-10, east=OUT))
    await say(database, *(a.a_fix("phone-1", minutes=14_400.0 * k) for k in range(20)))
    await dry(line)
    assert kinds(await told(database)) == ["enter", "dwell"]
    again = Counted(database)
    await again.start()
    await say(database, a.a_fix("phone-1", minutes=14_400.0 * 20, east=OUT))
    await dry(again)
    ((who, count),) = again.read
    assert who == AMINA and count < 8
    live = await told(database)
    assert kinds(live) == ["enter", "dwell", "exit"]
    await again.rebuild()
    assert await told(database) == live


async def test_month__of_a_subject_is_a_box_that_holds_it(database: Database) -> None:
    line = await a_line(database)
    await say(database, a.a_fix(), a.a_fix(minutes=10, east=OUT))
    await dry(line)
    (x, y) = a.CENTRE
    here = (x + OUT - 0.001, y - 0.001, x + OUT + 0.001, y + 0.001)
    assert await followed.near(database, SITE, [here]) == [Subject(kind="individual", id=ONE.id)]
    assert await followed.near(database, SITE, [(x + 1, y, x + 2, y)]) == []
    assert await followed.near(database, SITE, []) == []


def moved(fence: Fence, east: float) -> dict[str, Any]:
    ring = [[x + east, y] for x, y in fence.geometry["coordinates"][0]]
    return {"type": "Polygon", "coordinates": [ring]}
