"""What people had decided by a time, told afterwards, is what the store said at that time."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from hub.records.identity import Verdict, believed, made_by
from hub.records.ids import new_id
from hub.store import identities, vicinity
from hub.store.database import Database
from tests import builders as a
from tests.store.test_proposals import DOUBTFUL, SITE, a_reserve, sent

DEEDS = 14


@pytest.mark.parametrize("seed", range(12))
async def test_decisions__as_of_any_time_are_what_the_store_said_then(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    await a_reserve(database)
    (key,) = await sent(database, DOUBTFUL)
    seen = await vicinity.by_id(database, SITE, key)
    assert seen is not None
    who = [a.an_individual(SITE, name).id for name in ("F01", "M02", "F03")]
    made, told = [], []
    for _ in range(DEEDS):
        async with database.transaction() as connection:
            if made and chance.random() < 0.4:
                await identities.withdraw(connection, SITE, key, chance.choice(made), "olga")
            else:
                made.append(new_id())
                verdict: Verdict = "is" if chance.random() < 0.5 else "is_not"
                individual = chance.choice([*who, None]) if verdict == "is" else chance.choice(who)
                await identities.decide(
                    connection, SITE, seen, made[-1], verdict=verdict, individual=individual, note="", who="olga"
                )
        told.append((datetime.now(UTC), await identities.history(database, SITE, key)))
    everything = await identities.history(database, SITE, key)
    for at, then in told:
        now_told = made_by(everything, at)
        assert believed(now_told) == believed(then)
        assert [(one.id, one.withdrawn_at is None) for one in now_told] == [
            (one.id, one.withdrawn_at is None) for one in then
        ]
        asked = await identities.believed_of(database, SITE, [key], at)
        assert asked.get(key, believed([])) == believed(then)
