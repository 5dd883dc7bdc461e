"""Tracks with shares of sightings: in any order, in any batches, on any threads, or rebuilt: the same bytes."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.store import identity_months, proposals, tracks
from hub.store.database import Database
from tests.store import shared as s


@pytest.mark.parametrize(
    ("seed", "batch", "threads", "restarts"), [(1, 23, 1, False), (2, 40, 2, False), (3, 31, 3, True)]
)
async def test_tracks_and_proposals__piecemeal_in_any_order_end_in_the_bytes_of_a_rebuild(
    database: Database, seed: int, batch: int, threads: int, restarts: bool
) -> None:
    await s.a_reserve(database)
    line = await s.a_line(database)
    bodies = [*s.SAID, *random.Random(seed).sample(s.SAID, 9)]
    random.Random(seed).shuffle(bodies)
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(bodies), batch):
            await s.accepted(database, bodies[first : first + batch])
            # Sometimes it is weighed between, sometimes all that came is weighed together.
            if (first // batch) % 2 == 0:
                await s.settled(database, line, pool.map)
            if restarts:
                line = await s.a_line(database)
        await s.settled(database, line, pool.map)
    piecemeal = await s.digests(database)
    assert all(piecemeal)
    assert all(one.is_settled for one in await identity_months.everything(database, s.SITE))

    async with database.transaction() as connection:
        await tracks.forget(connection, s.SITE)
        await proposals.forget(connection, s.SITE)
    line = await s.a_line(database)
    await s.settled(database, line)
    assert await s.digests(database) == piecemeal

    await s.a_reserve(database)
    line = await s.a_line(database)
    await s.accepted(database, s.SAID)
    await s.settled(database, line)
    assert await s.digests(database) == piecemeal
