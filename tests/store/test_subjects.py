"""Whose observations are they? Unknown devices, and deployments that somebody enters after the fact."""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.ingest.accept import Acceptor
from hub.pipeline.line import Line, Told
from hub.pipeline.world import World
from hub.records.finding import Subject
from hub.store import alerts, tracks
from hub.store.database import Database
from tests import builders as a
from tests.store.ground import SITE, a_site_with, write

COLLAR, ONE = a.a_device(SITE, "collar-1"), a.an_individual(SITE, "F01")


async def dry(line: Line) -> None:
    """Follow until there is nothing left."""
    while await line.step():
        pass


async def points(database: Database) -> dict[Subject, int]:
    """Length of each track; only individuals have tracks."""
    return {header.subject: header.points for header in await tracks.headers(database, SITE) if header.points}


class Watched(Line):
    """A line that remembers where it said that subjects are."""

    def __init__(self, database: Database) -> None:
        self.told: dict[Subject, datetime | None] = {}
        super().__init__(database, SITE, self.hear)

    def hear(self, told: Told, world: World) -> None:
        self.told |= {position.subject: position.observed_at for position in told.positions}


async def said(database: Database, *minutes: float, east: float = 0.0) -> None:
    arrivals = [a.an_arrival(a.a_fix(minutes=minute, east=east)) for minute in minutes]
    await Acceptor(database).accept(arrivals)


async def test_unknown_device__is_on_the_map_as_itself(database: Database) -> None:
    await a_site_with(database)
    line = Watched(database)
    await line.start()
    await said(database, 0, 10, 20)
    await dry(line)
    assert line.told == {line.world_now.device_subject("collar-1"): a.NOON + timedelta(minutes=20)}


async def test_late_deployment__moves_what_was_observed_from_the_device_to_the_individual(database: Database) -> None:
    await a_site_with(database, COLLAR, ONE)
    line = Watched(database)
    await line.start()
    await said(database, 0, 10, 20, 30)
    await dry(line)
    device = line.world_now.device_subject("collar-1")
    assert (line.told, await points(database)) == ({device: a.NOON + timedelta(minutes=30)}, {})

    since = a.NOON + timedelta(minutes=15)
    await write(database, a.a_deployment(COLLAR, ONE, valid_from=since))
    await dry(line)
    individual = Subject(kind="individual", id=ONE.id)
    assert await points(database) == {individual: 2}
    assert line.told == {device: a.NOON + timedelta(minutes=10), individual: a.NOON + timedelta(minutes=30)}

    # And what arrives later finds its owner by its time.
    await said(database, 12, 25)
    await dry(line)
    assert await points(database) == {individual: 3}
    assert line.told[device] == a.NOON + timedelta(minutes=12)


async def test_late_deployment__takes_back_what_was_told_of_the_device_and_tells_it_of_the_individual(
    database: Database,
) -> None:
    await a_site_with(database, COLLAR, ONE, a.a_fence(SITE))
    line = Line(database, SITE, lambda told, world: None)
    await line.start()
    await said(database, 0, 10)
    await said(database, 20, 30, east=0.03)
    await dry(line)
    before = await alerts.standing(database, SITE)
    await write(database, a.a_deployment(COLLAR, ONE))
    await dry(line)
    after = await alerts.standing(database, SITE)
    assert {alert.subject.kind for alert in after} == {"individual"}
    assert {alert.subject_name for alert in after} == {"F01"}
    assert not {alert.id for alert in before} & {alert.id for alert in after}
    for alert in before:
        found = await alerts.get(database, SITE, alert.id)
        assert (found.state, found.cause) == ("retracted", "reference data changed")


async def test_late_deployment__ends_as_if_it_had_been_known_from_the_start(database: Database) -> None:
    await a_site_with(database, COLLAR, ONE, a.a_fence(SITE))
    line = Line(database, SITE, lambda told, world: None)
    await line.start()
    await said(database, 0, 10, 20)
    await dry(line)
    await write(database, a.a_deployment(COLLAR, ONE, valid_from=a.NOON + timedelta(minutes=5)))
    await said(database, 7, 40, east=0.03)
    await dry(line)
    standing = await points(database), [alert.id for alert in await alerts.standing(database, SITE)]
    async with database.transaction() as connection:
        await tracks.forget(connection, SITE)
    await line.rebuild()
    assert (await points(database), [alert.id for alert in await alerts.standing(database, SITE)]) == standing
