"""Whom a sighting may show, weighed from the log: the same whatever the order, and bound by what people decide."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.ingest.accept import Acceptor
from hub.pipeline.propose import propose
from hub.pipeline.world import read_world
from hub.records.ids import new_id
from hub.records.proposal import Proposal
from hub.store import identities, proposals, sites, vicinity
from hub.store.database import Database
from hub.store.identity_months import IdentityMonth
from tests import builders as a
from tests.store.shared import DOUBTFUL, SITE, make_reserve, picture

JULY = IdentityMonth(a.NOON.date(), asked=1, answered=0, basis="")


async def a_reserve(database: Database) -> None:
    """Three stations 6.5 km apart; F01 lives in the west, M02 in the east, and F03 has never been seen."""
    await make_reserve(database, [a.an_individual(SITE, name) for name in ("F01", "M02", "F03")])


WEEK = [
    *(picture("west", 7 * k, F01=6.0, M02=-3.0, F03=-3.0) for k in range(12)),
    *(picture("east", 7 * k + 3, M02=6.0, F01=-3.0, F03=-3.0) for k in range(12)),
]


async def sent(database: Database, *bodies: dict[str, Any]) -> list[UUID]:
    receipts = await Acceptor(database).accept([a.an_arrival(body, SITE) for body in bodies])
    return [key for receipt in receipts for key in receipt.ids]


async def weighed(database: Database, key: UUID) -> Proposal:
    await propose(database, await read_world(database, SITE), JULY)
    found = await proposals.get(database, SITE, key)
    assert found is not None
    return found


def names(found: Proposal) -> list[str]:
    known = {a.an_individual(SITE, name).id: name for name in ("F01", "M02", "F03")}
    return [known[one.individual] for one in found.candidates]


async def test_proposal__of_a_doubtful_coat_is_for_whoever_lives_there(database: Database) -> None:
    await a_reserve(database)
    await sent(database, *WEEK)
    (key,) = await sent(database, DOUBTFUL)
    found = await weighed(database, key)
    assert names(found)[0] == "F01"
    best = found.candidates[0]
    assert best.probability > 0.8
    others = [one for one in found.candidates if names(found)[found.candidates.index(one)] == "M02"]
    assert all(best.place > one.place for one in others)
    assert sum(one.probability for one in found.candidates) + found.nobody == pytest.approx(1, abs=1e-3)


async def test_proposals__are_the_same_in_whatever_order_everything_came(database: Database) -> None:
    await a_reserve(database)
    (key,) = await sent(database, DOUBTFUL)
    first = None
    bodies = list(WEEK)
    random.Random(7).shuffle(bodies)
    for k in range(0, len(bodies), 8):
        await sent(database, *bodies[k : k + 8])
        first = await weighed(database, key)
    again = await weighed(database, key)
    assert first == again
    async with database.transaction() as connection:
        await connection.execute("delete from identity_proposal")
    assert await weighed(database, key) == first


async def test_decision__binds_what_is_proposed_and_leaves_the_queue(database: Database) -> None:
    await a_reserve(database)
    await sent(database, *WEEK)
    (key,) = await sent(database, DOUBTFUL)
    await weighed(database, key)
    queued, waiting = await proposals.queue(database, SITE, 0.0, 100)
    assert key in [one.observation for one in queued]
    assert waiting == len(queued)
    seen = await vicinity.by_id(database, SITE, key)
    assert seen is not None
    async with database.transaction() as connection:
        who = a.an_individual(SITE, "M02").id
        await identities.decide(connection, SITE, seen, new_id(), verdict="is", individual=who, note="", who="olga")
    found = await weighed(database, key)
    assert names(found)[0] == "M02"
    assert found.candidates[0].probability > 0.8
    queued, left = await proposals.queue(database, SITE, 0.0, 100)
    assert key not in [one.observation for one in queued]
    assert left == waiting - 1


async def test_doubtful_sightings__say_with_which_others_they_were_weighed(database: Database) -> None:
    await a_reserve(database)
    (certain, *_) = await sent(database, *WEEK)
    one, other = await sent(database, *(picture("middle", 138 + k, F01=3.0, M02=3.0, F03=-3.0) for k in (0, 2)))
    assert (await weighed(database, certain)).together == ()
    told = {key: await proposals.get(database, SITE, key) for key in (one, other)}
    pair = {
        key: met for key, said in told.items() for met in (said.together if said else ()) if met.observation in told
    }
    assert (pair[one].observation, pair[other].observation) == (other, one)
    assert pair[one].probability == pair[other].probability > 0.3
    assert pair[one].observed_at - pair[other].observed_at == timedelta(hours=2)


async def test_queue__puts_first_what_is_in_doubt(database: Database) -> None:
    await a_reserve(database)
    await sent(database, *WEEK)
    (key,) = await sent(database, picture("middle", 140, F01=3.0, M02=3.0, F03=-3.0))
    await weighed(database, key)
    queued, _ = await proposals.queue(database, SITE, 0.0, 100)
    assert queued[0].observation == key
    assert [one.value for one in queued] == sorted((one.value for one in queued), reverse=True)


async def test_animal__of_a_species_of_which_nobody_is_known_is_proposed_as_nobody(database: Database) -> None:
    await a_reserve(database)
    (key,) = await sent(database, picture("west", 1) | {"scientific_name": "Cervus nippon", "resembles": []})
    assert (await propose(database, await read_world(database, SITE), JULY)).proposals == []
    assert await proposals.get(database, SITE, key) is None


async def test_nobody_known__nothing_is_proposed_and_nothing_fails(database: Database) -> None:
    async with database.transaction() as connection:
        await sites.put(connection, a.a_site(SITE))
    assert (await propose(database, await read_world(database, SITE), JULY)).proposals == []
