"""The drill as it runs: neither a kill nor an outage loses anything, and its speed can be changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from hub.commands.drill import SETTING, SITE
from hub.drill import run
from hub.drill.reserve import Reserve
from hub.drill.run import Drill
from hub.ingest.accept import Acceptor
from hub.records.errors import DatabaseUnavailable
from hub.records.receipt import Arrival, Receipt
from hub.store import sites
from hub.store.database import Database

SCALE = 0.02
SEED = 7


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small reserve with a day of history, which is kept at every turn."""
    monkeypatch.setattr(run, "Reserve", partial(Reserve, scale=SCALE))
    monkeypatch.setattr(run, "HISTORY_DAYS", 1)
    monkeypatch.setattr(run, "KEEP_EVERY_S", 0.0)
    monkeypatch.setattr(run, "TICK_S", 0.0)
    monkeypatch.setattr(run, "PORTION", 100)


class Recorder(Acceptor):
    """Writes down what it is given; fails from the call number `failing` on, for `times` calls."""

    def __init__(self, database: Database, failing: int = -1, times: int = 10**9) -> None:
        super().__init__(database)
        self.told: list[bytes] = []
        self._calls = 0
        self._failing = range(failing, failing + times) if failing >= 0 else range(0)

    async def accept(self, arrivals: Sequence[Arrival]) -> list[Receipt]:
        self._calls += 1
        if self._calls - 1 in self._failing:
            raise DatabaseUnavailable("away")
        self.told += [arrival.body for arrival in arrivals]
        return [Receipt() for _ in arrivals]


def a_drill(database: Database, acceptor: Acceptor, seed: int = SEED, speed: float = 1.0) -> Drill:
    return Drill(database, acceptor, seed=seed, speed=speed)


@asynccontextmanager
async def running(drill: Drill) -> AsyncIterator[None]:
    task = asyncio.create_task(drill.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def kept(database: Database) -> dict[str, Any]:
    return await sites.read_setting(database, SITE, SETTING)


async def until_kept(database: Database, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while not condition(found := await kept(database)):
            pass
    return found


async def history_of(database: Database) -> list[bytes]:
    start = datetime.fromisoformat((await kept(database))["start"])
    return [message.body for message in Reserve(SEED, start, SCALE).history(1)]


async def test_history__is_delivered_whole_by_the_next_start_when_the_first_was_killed(database: Database) -> None:
    killed = a_drill(database, Recorder(database, failing=1))
    await killed.prepare()
    with pytest.raises(DatabaseUnavailable):
        await killed.run()
    assert (await kept(database))["history"] is False
    acceptor = Recorder(database)
    second = a_drill(database, acceptor)
    await second.prepare()
    async with running(second):
        await until_kept(database, lambda found: found["history"])
    history = await history_of(database)
    assert acceptor.told[: len(history)] == history


async def test_history__is_not_delivered_again_once_it_was(database: Database) -> None:
    first = a_drill(database, Recorder(database))
    await first.prepare()
    async with running(first):
        await until_kept(database, lambda found: found["history"])
    acceptor = Recorder(database)
    second = a_drill(database, acceptor, speed=1000)
    await second.prepare()
    await second.set_speed(1000)
    async with running(second):
        await until_kept(database, lambda _: len(acceptor.told) > 3)
    history = await history_of(database)
    # A simulated device now and then says a thing twice, the second time after the restart: a fault that is meant.
    assert len(set(acceptor.told) & set(history)) < len(history) / 20


async def test_outage__loses_no_message_of_the_history(database: Database) -> None:
    acceptor = Recorder(database, failing=1, times=2)
    drill = a_drill(database, acceptor)
    await drill.prepare()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            await drill.run()
    async with running(drill):
        await until_kept(database, lambda found: found["history"])
    history = await history_of(database)
    assert acceptor.told[: len(history)] == history


async def test_kept__time_is_never_ahead_of_what_was_delivered(database: Database) -> None:
    acceptor = Recorder(database)
    drill = a_drill(database, acceptor, speed=1000)
    await drill.prepare()
    start = datetime.fromisoformat((await kept(database))["at"])
    async with running(drill):
        found = await until_kept(database, lambda found: datetime.fromisoformat(found["at"]) > start)
        await until_kept(database, lambda later: later["at"] > found["at"])
    at = datetime.fromisoformat((await kept(database))["at"])
    reserve = Reserve(SEED, datetime.fromisoformat((await kept(database))["start"]), SCALE)
    wanted = [message.body for message in (*reserve.history(1), *reserve.advance(at))]
    assert acceptor.told[: len(wanted)] == wanted


async def test_kept__time_stands_still_while_nothing_can_be_delivered(database: Database) -> None:
    drill = a_drill(database, Recorder(database, failing=0), speed=1000)
    await drill.prepare()
    before = (await kept(database))["at"]
    with pytest.raises(DatabaseUnavailable):
        await drill.run()
    await drill.set_speed(500)
    assert (await kept(database))["at"] == before


async def test_resume__goes_on_where_it_stopped_with_its_own_seed_and_start(database: Database) -> None:
    first = a_drill(database, Recorder(database))
    await first.prepare()
    async with running(first):
        begun = await until_kept(database, lambda found: found["history"])
    second = a_drill(database, Recorder(database), seed=99)
    await second.prepare()
    async with running(second):
        found = await until_kept(database, lambda later: later["at"] > begun["at"])
    assert (found["seed"], found["start"]) == (SEED, begun["start"])
    assert datetime.fromisoformat(found["at"]) - datetime.fromisoformat(begun["at"]) < timedelta(minutes=5)


async def test_speed__that_another_process_writes_is_obeyed(database: Database) -> None:
    drill = a_drill(database, Recorder(database))
    await drill.prepare()
    async with running(drill):
        await until_kept(database, lambda found: found["history"])
        await sites.merge_setting(database, SITE, SETTING, {"speed": 250.0})
        await until_kept(database, lambda _: drill.speed == 250)
        await drill.set_speed(0)
        await until_kept(database, lambda found: found["speed"] == 0)
        assert drill.speed == 0


async def test_speed__outside_of_what_is_possible_is_refused_and_not_kept(database: Database) -> None:
    drill = a_drill(database, Recorder(database))
    await drill.prepare()
    with pytest.raises(ValueError, match="speed must be"):
        await drill.set_speed(2000)
    assert (await kept(database))["speed"] == 1
