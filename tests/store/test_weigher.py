"""Which months are weighed next: none keeps another from it, and the newest says against whom sightings are weighed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.pipeline import propose as proposing
from hub.pipeline.association import Known, Weighed
from hub.pipeline.provisional import Provisional
from hub.pipeline.weigher import Weigher
from hub.store import identity_months, shares
from hub.store.database import Database
from tests.store import shared as s

JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)


class AtOnce(Provisional):
    """Remembers what it was told to weigh against."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, s.SITE)
        self.told: list[Known | None] = []

    def settled(self, known: Known | None) -> None:
        self.told.append(known)
        super().settled(known)


async def a_weigher(database: Database) -> tuple[Weigher, AtOnce]:
    """Of a reserve where both months wait."""
    await s.a_reserve(database)
    line = await s.a_line(database)
    await s.accepted(database, s.SAID)
    await s.followed(line)
    at_once = AtOnce(database)
    return Weigher(database, s.SITE, at_once), at_once


async def waiting(database: Database) -> set[date]:
    return {one.month for one in await identity_months.waiting(database, s.SITE)}


async def test_newest_month__says_against_whom_a_sighting_more_is_weighed(database: Database) -> None:
    weigher, at_once = await a_weigher(database)
    assert await waiting(database) >= {JULY, AUGUST}
    while await weigher.round():
        pass
    assert await waiting(database) == set()
    (known,) = at_once.told
    assert known is not None and (known.since.year, known.since.month) == (2026, 7)


async def test_start__weighs_the_newest_month_once_though_nothing_waits(database: Database) -> None:
    weigher, _ = await a_weigher(database)
    while await weigher.round():
        pass
    at_once = AtOnce(database)
    again = Weigher(database, s.SITE, at_once)
    assert not await again.round() and not await again.round()
    assert len(at_once.told) == 1 and at_once.told[0] is not None


async def test_month_that_cannot_be_weighed__keeps_no_other_from_it_until_it_is_asked_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    weigher, at_once = await a_weigher(database)
    weigh = proposing.weigh

    def without_august(window: Any, *given: Any) -> Weighed:
        if window.span.month == AUGUST:
            raise ValueError("no weighing of August")
        return weigh(window, *given)

    with monkeypatch.context() as broken:
        broken.setattr(proposing, "weigh", without_august)
        while await weigher.round():
            pass
        assert await waiting(database) == {AUGUST}
        assert at_once.told == []
    assert not await weigher.round()
    assert await waiting(database) == {AUGUST}
    async with database.transaction() as connection:
        await identity_months.ask(connection, s.SITE, [AUGUST])
    await weigher.round()
    assert await waiting(database) == set()
    assert len(at_once.told) == 1


async def test_provisional_answers__are_part_of_no_track(database: Database) -> None:
    weigher, at_once = await a_weigher(database)
    while await weigher.round():
        pass
    line = await s.a_line(database)
    await s.followed(line)
    before = await s.digests(database)
    heard = []
    line._tell = lambda told, world: heard.append((told, world))  # pyright: ignore[reportPrivateUsage]
    (key,) = await s.accepted(database, [s.picture("west", 43 * 23 + 5, F01=4.0)])
    await s.followed(line)
    for told, world in heard:
        at_once.hear(told.heard, world)
    await at_once.answer()
    async with database.connection() as connection:
        status = await connection.fetchval("select status from identity_proposal where observation = $1", key)
    assert status == "provisional"
    assert await shares.holders(database, s.SITE, [key]) == frozenset()
    assert await s.digests(database) == before
