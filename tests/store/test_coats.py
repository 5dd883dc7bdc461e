"""Coats: chips follow from pictures, likeness from chips and decisions, in whatever order anything came."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub.see.coats import Coats
from hub.store import chips, identities
from hub.store.database import Database
from hub.store.observations import Seen
from tests import builders as a
from tests.coated import Here, a_coat, compared, is_of, shows
from tests.store.pictures import SITE, Reserve

F01, M02, M03 = (a.an_individual(SITE, name) for name in ("F01", "M02", "M03"))


@pytest.fixture
async def reserve(database: Database, tmp_path: Path) -> Reserve:
    found = Reserve(database, tmp_path)
    await found.found()
    return found


async def told(database: Database, seen: Seen) -> Any:
    chip = await chips.of(database, SITE, seen.id)
    assert chip is not None
    return chip.id, chip.flank, chip.gallery, await chips.likeness(database, chip.id)


async def test_coat__is_recognised_by_the_flank_that_people_named_and_at_which_points(reserve: Reserve) -> None:
    for animal, who in enumerate((F01, M02, M03)):
        one = await a_coat(reserve, animal, 0, 0)
        await is_of(reserve.database, one, who)
        await shows(reserve.database, one, 0)
    asked = await a_coat(reserve, 1, 0, 2)
    await shows(reserve.database, asked, 0)
    await compared(reserve.database, reserve)
    _, flank, _, like = await told(reserve.database, asked)
    assert flank == "left" and {one.individual for one in like} == {F01.id, M02.id, M03.id}
    assert like[0].individual == M02.id and like[0].inliers >= 15 > like[1].inliers
    assert like[0].log_ratio > 0 > like[1].log_ratio and len(like[0].lines) >= like[0].inliers
    await shows(reserve.database, asked, 1)
    await compared(reserve.database, reserve)
    assert (await told(reserve.database, asked))[3] == ()


async def test_likeness__is_the_same_for_every_order_of_pictures_words_and_decisions(
    database: Database, reserve: Reserve
) -> None:
    coats = [(0, 0, 0), (1, 0, 0), (0, 0, 2), (1, 1, 0)]
    known: list[list[Any]] = []
    for seed in range(3):
        rng = random.Random(seed)
        async with database.transaction() as connection:
            await connection.execute("truncate coat_chip, coat_likeness, coat_flank, identity_decision")
            await connection.execute("update medium set coated = null")
        seen = {key: await a_coat(reserve, *key) for key in rng.sample(coats, len(coats))}
        steps = [partial(shows, database, seen[key], key[1]) for key in coats]
        steps += [partial(is_of, database, seen[key], who) for key, who in ((coats[0], F01), (coats[1], M02))]
        for step in rng.sample(steps, len(steps)):
            await step()
            if rng.random() < 0.5:
                await compared(database, reserve)
        await compared(database, reserve)
        known.append([await told(database, seen[key]) for key in coats])
    assert known[0][2][3][0].individual == F01.id
    assert all(one == known[0] for one in known)


async def test_decision__taken_back_takes_its_chip_out_of_the_gallery(database: Database, reserve: Reserve) -> None:
    one, other = await a_coat(reserve, 0, 0, 0), await a_coat(reserve, 0, 0, 2)
    for seen in (one, other):
        await shows(database, seen, 0)
    decision = await is_of(database, one, F01)
    task = Coats(database, reserve.vault, cuts=Here)
    while await task.step():
        pass
    assert [found.individual for found in (await told(database, other))[3]] == [F01.id]
    # Its own chip is the only one there is: nothing is recognised by itself.
    assert (await told(database, one))[3] == ()
    async with database.transaction() as connection:
        await identities.withdraw(connection, SITE, one.id, decision, "anna")
    while await task.step():
        pass
    assert (await told(database, other))[3] == ()
    assert not await task.step()


async def test_chip__is_cut_once_and_a_word_about_its_flank_outlives_it(database: Database, reserve: Reserve) -> None:
    seen = await a_coat(reserve, 0, 0, 0)
    await shows(database, seen, 1)
    await compared(database, reserve)
    before = await told(database, seen)
    assert before[1] == "right"
    async with database.transaction() as connection:
        await connection.execute("update medium set coated = null")
    await compared(database, reserve)
    assert await told(database, seen) == before
    async with database.transaction() as connection:
        await connection.execute("truncate coat_chip, coat_likeness")
        await connection.execute("update medium set coated = null")
    await compared(database, reserve)
    assert await told(database, seen) == before


async def test_picture__of_persons_has_no_chip_and_one_that_is_lost_has_no_pattern(
    database: Database, reserve: Reserve
) -> None:
    person = await a_coat(reserve, 0, 0, 0, label="person")
    deer = await a_coat(reserve, 1, 0, 0)
    name = getattr(deer.observation, "media", "")
    (medium,) = [one for one in await chips.waiting(database, 10) if str(one.id) == name]
    assert reserve.vault.remove(medium.sha256)
    await compared(database, reserve)
    assert await chips.of(database, SITE, person.id) is None
    chip = await chips.of(database, SITE, deer.id)
    assert chip is not None and chip.reason and chip.gallery is None
