"""A small reserve whose animals carry no collar, but for one: cameras and their doubtful pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from fusion.residence import Mapper
from hub.ingest.accept import Acceptor
from hub.pipeline.line import Line
from hub.pipeline.propose import propose_all
from hub.records.finding import Subject
from hub.store import proposals, tracks
from hub.store.database import Database
from tests import builders as a
from tests.store.ground import a_site_with

SITE = "leopard"
EAST = {"west": -0.08, "middle": 0.0, "east": 0.08}
NAMES = ("F01", "M02", "F03", "M04")
EMPTY = """truncate site, reference, change_log, observation, quarantine, pipeline_cursor, track, track_segment,
followed_month, finding, alert, alert_action, identity_month, identity_share, identity_proposal, identity_decision
cascade"""


def who(name: str) -> Subject:
    return Subject(kind="individual", id=a.an_individual(SITE, name).id)


async def a_reserve(database: Database) -> None:
    """Three stations 6.5 km apart. F01 lives in the west, M02 in the east, M04 has a collar, F03 was never seen."""
    async with database.connection() as connection:
        await connection.execute(EMPTY)
    people = {name: a.an_individual(SITE, name) for name in NAMES}
    collar = a.a_device(SITE, "collar-4")
    records: list[Any] = [
        *people.values(),
        collar,
        a.a_deployment(collar, people["M04"]),
        a.a_fence(SITE, half_deg=0.2),
    ]
    await make_reserve(database, records)


async def make_reserve(database: Database, records: Sequence[Any]) -> None:
    """The site with its three stations, and these records of it."""
    stations: list[Any] = []
    for name, east in EAST.items():
        camera = a.a_device(SITE, f"camera-{name}", kind="camera")
        station = a.a_place(SITE, name, longitude=a.CENTRE[0] + east)
        stations += [camera, station, a.a_deployment(camera, station)]
    await a_site_with(database, *records, *stations)


def picture(where: str, hours: float, **ratios: float) -> dict[str, Any]:
    return {
        "kind": "detection",
        "device": f"camera-{where}",
        "observed_at": (a.NOON + timedelta(hours=hours)).isoformat(),
        "label": "animal",
        "scientific_name": "Panthera pardus orientalis",
        "resembles": [{"individual": name, "log_ratio": ratio} for name, ratio in ratios.items()],
    }


DOUBTFUL = picture("west", 40.5, F01=1.0, M02=1.0, F03=-3.0)
# Six weeks over the end of a month, so that months read each other's margins.
SAID: list[dict[str, Any]] = [
    *(picture("west", 43 * k, F01=5.0, M02=-3.0, F03=-3.0) for k in range(24)),
    *(picture("east", 43 * k + 3, M02=5.0, F01=-3.0, F03=-3.0) for k in range(24)),
    *(picture("middle", 200 * k + 11, F01=1.5, M02=1.0) for k in range(5)),
    *(a.a_fix("collar-4", 60 * 29 * k, 0.06, 0.001 * (k % 7)) for k in range(36)),
    DOUBTFUL,
]


async def accepted(database: Database, bodies: Sequence[dict[str, Any]]) -> list[UUID]:
    receipts = await Acceptor(database).accept([a.an_arrival(body, SITE) for body in bodies])
    return [key for receipt in receipts for key in receipt.ids]


async def followed(line: Line) -> None:
    while await line.step():
        pass


async def settled(database: Database, line: Line, mapper: Mapper = map) -> None:
    """Until nothing waits: follow, weigh, and follow the shares."""
    await followed(line)
    await propose_all(database, SITE, mapper=mapper)
    await followed(line)


async def a_line(database: Database) -> Line:
    line = Line(database, SITE, lambda told, world: None)
    await line.start()
    return line


async def digests(database: Database) -> tuple[Mapping[str, str], ...]:
    """Of all tracks, all proposals, and all shares."""
    return (await tracks.digest(database, SITE), *await proposals.digest(database, SITE))
