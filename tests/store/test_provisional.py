"""A sighting more, weighed alone at once: like the whole set would say, without changing what that says."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from hub.pipeline.association import Known
from hub.pipeline.line import Line, Told
from hub.pipeline.propose import propose
from hub.pipeline.provisional import MOST_AT_ONCE, Provisional
from hub.pipeline.weighing import span_of
from hub.pipeline.world import World, read_world
from hub.records.ids import new_id
from hub.records.proposal import Proposal
from hub.store import identities, identity_months, proposals, vicinity
from hub.store.database import Database
from tests import builders as a
from tests.store.test_proposals import DOUBTFUL, JULY, SITE, WEEK, a_reserve, names, picture, sent

SPAN = span_of(JULY.month)[1:3]


async def known_of(database: Database) -> Known:
    (asked,) = [one for one in await identity_months.everything(database, SITE) if one.month == JULY.month] or [JULY]
    weighed = await propose(database, await read_world(database, SITE), asked)
    assert weighed.known is not None
    return weighed.known


async def told(database: Database, *bodies: dict[str, object]) -> tuple[list[UUID], Told, World]:
    """What a line tells of these."""
    line_told: list[tuple[Told, World]] = []
    line = Line(database, SITE, lambda one, world: line_told.append((one, world)))
    await line.start()
    keys = await sent(database, *bodies)
    while await line.step():
        pass
    return keys, *line_told[-1]


async def answered(database: Database, known: Known, *bodies: dict[str, object]) -> list[Proposal]:
    keys, news, world = await told(database, *bodies)
    at_once = Provisional(database, SITE)
    at_once.settled(known)
    at_once.hear(news.heard, world)
    await at_once.answer()
    found = [await proposals.get(database, SITE, key) for key in keys]
    return [one for one in found if one is not None]


async def test_a_picture_more__is_answered_at_once_nearly_as_the_whole_set_will_say(database: Database) -> None:
    await a_reserve(database)
    await sent(database, *WEEK)
    (at_once,) = await answered(database, await known_of(database), DOUBTFUL)
    assert at_once.status == "provisional"
    await known_of(database)
    settled = await proposals.get(database, SITE, at_once.observation)
    assert settled is not None and settled.status == "settled"
    assert names(at_once)[0] == names(settled)[0] == "F01"
    assert at_once.candidates[0].probability == pytest.approx(settled.candidates[0].probability, abs=0.1)


async def test_a_second_picture_of_a_passage__is_one_witness_with_the_first(database: Database) -> None:
    await a_reserve(database)
    await sent(database, *WEEK)
    known = await known_of(database)
    (first,) = await answered(database, known, DOUBTFUL)
    (second,) = await answered(database, known, picture("west", 40.51, F01=1.0, M02=1.0, F03=-3.0))
    assert second.candidates == first.candidates
    assert second.value == 0.0 < first.value


async def test_settled_answer__is_never_replaced_by_a_provisional_one(database: Database) -> None:
    await a_reserve(database)
    keys = await sent(database, *WEEK)
    known = await known_of(database)
    before = await proposals.get(database, SITE, keys[0])
    assert before is not None and before.status == "settled"
    (other,) = await answered(database, known, picture("west", 0.01, M02=9.0, F01=-9.0))
    assert other.status == "provisional"
    await proposals.put_provisional(
        database, SITE, [msgspec.structs.replace(other, observation=keys[0], observed_at=before.observed_at)]
    )
    found = await proposals.get(database, SITE, keys[0])
    # Only that its month has been asked for since.
    assert found == msgspec.structs.replace(before, status="provisional")


async def test_provisional_answers__change_nothing_of_what_is_settled_later(database: Database) -> None:
    await a_reserve(database)
    keys = await sent(database, *WEEK)
    await answered(database, await known_of(database), DOUBTFUL, picture("east", 30.0, F01=1.0, M02=1.0))
    await known_of(database)
    with_them = [await proposals.get(database, SITE, key) for key in keys]
    async with database.transaction() as connection:
        await connection.execute("delete from identity_proposal")
    await known_of(database)
    assert [await proposals.get(database, SITE, key) for key in keys] == with_them


async def test_what_came_while_the_whole_set_was_weighed__keeps_its_provisional_answer(database: Database) -> None:
    await a_reserve(database)
    await sent(database, *WEEK)
    known = await known_of(database)
    began = await proposals.clock(database)
    (late,) = await answered(database, known, DOUBTFUL)
    async with database.transaction() as connection:
        await proposals.put(connection, SITE, SPAN, [], began)
    assert await proposals.get(database, SITE, late.observation) == late
    async with database.transaction() as connection:
        await proposals.put(connection, SITE, SPAN, [], await proposals.clock(database))
    assert await proposals.get(database, SITE, late.observation) is None


async def test_what_is_heard_before_anything_was_settled__waits_and_is_answered_then(database: Database) -> None:
    await a_reserve(database)
    await sent(database, *WEEK)
    (key,), news, world = await told(database, DOUBTFUL)
    at_once = Provisional(database, SITE)
    at_once.hear(news.heard, world)
    await at_once.answer()
    assert await proposals.get(database, SITE, key) is None
    at_once.settled(await known_of(database))
    async with database.transaction() as connection:
        await connection.execute("delete from identity_proposal")
    await at_once.answer()
    found = await proposals.get(database, SITE, key)
    assert found is not None and found.status == "provisional"


async def test_what_people_decided_meanwhile__needs_no_provisional_answer(database: Database) -> None:
    await a_reserve(database)
    await sent(database, *WEEK)
    known = await known_of(database)
    (key,), news, world = await told(database, DOUBTFUL)
    seen = await vicinity.by_id(database, SITE, key)
    assert seen is not None
    async with database.transaction() as connection:
        individual = a.an_individual(SITE, "M02").id
        await identities.decide(
            connection, SITE, seen, new_id(), verdict="is", individual=individual, note="", who="anna"
        )
    at_once = Provisional(database, SITE)
    at_once.settled(known)
    at_once.hear(news.heard, world)
    await at_once.answer()
    assert await proposals.get(database, SITE, key) is None


async def test_an_import__is_not_answered_one_by_one(database: Database) -> None:
    await a_reserve(database)
    await sent(database, *WEEK)
    known = await known_of(database)
    many = [picture("west", 50 + k, F01=1.0) for k in range(MOST_AT_ONCE + 5)]
    found = await answered(database, known, *many)
    assert len(found) == MOST_AT_ONCE
