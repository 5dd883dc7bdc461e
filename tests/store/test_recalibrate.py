"""What people decide makes stated probabilities true: with enough reviews, and not before."""

from __future__ import annotations

import msgspec
import pytest

from hub.pipeline.propose import CALIBRATION, KeptCalibration
from hub.pipeline.recalibrate import FEWEST_REVIEWS, recalibrate
from hub.records.ids import new_id
from hub.records.proposal import Proposal
from hub.store import identities, sites, vicinity
from hub.store.database import Database
from tests import builders as a
from tests.store.test_proposals import SITE, WEEK, a_reserve, picture, sent, weighed

EVERY_H = 3.7


async def reviewed(database: Database, count: int) -> None:
    """Pictures that look like F01, of which people say every second time that it is M02."""
    bodies = [picture("west", EVERY_H * k, F01=6.0, M02=-3.0, F03=-3.0) for k in range(count)]
    for k, key in enumerate(await sent(database, *bodies)):
        seen = await vicinity.by_id(database, SITE, key)
        assert seen is not None
        who = a.an_individual(SITE, "M02" if k % 2 else "F01").id
        async with database.transaction() as connection:
            await identities.decide(connection, SITE, seen, new_id(), verdict="is", individual=who, note="", who="olga")


async def kept(database: Database) -> KeptCalibration:
    return msgspec.convert(await sites.read_setting(database, SITE, CALIBRATION), KeptCalibration)


async def before_and_after(database: Database, reviews: int) -> tuple[Proposal, Proposal]:
    await a_reserve(database)
    await sent(database, *WEEK)
    await reviewed(database, reviews)
    (key,) = await sent(database, picture("west", EVERY_H * reviews, F01=6.0, M02=-3.0, F03=-3.0))
    before = await weighed(database, key)
    assert await recalibrate(database, SITE) == reviews
    return before, await weighed(database, key)


async def test_reviews__that_contradict_what_was_stated_make_it_state_less(database: Database) -> None:
    before, after = await before_and_after(database, FEWEST_REVIEWS + 10)
    said = await kept(database)
    assert said.reviews == FEWEST_REVIEWS + 10
    assert said.map()([0.9])[0] == pytest.approx(0.55, abs=0.2)
    assert before.candidates[0].probability > 0.9
    assert after.candidates[0].probability < 0.75
    assert after.candidates[0].individual == before.candidates[0].individual
    assert sum(one.probability for one in after.candidates) + after.nobody == pytest.approx(1, abs=1e-3)


async def test_reviews__that_are_few_change_nothing(database: Database) -> None:
    before, after = await before_and_after(database, FEWEST_REVIEWS - 1)
    assert after == before
    assert (await kept(database)).map()([0.1, 0.5, 0.9]).tolist() == pytest.approx([0.1, 0.5, 0.9])


async def test_site__where_nothing_was_noticed_has_no_map(database: Database) -> None:
    await a_reserve(database)
    assert await recalibrate(database, SITE) == 0
    assert await sites.read_setting(database, SITE, CALIBRATION) is None
