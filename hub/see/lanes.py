"""Whose turn it is: live pictures before those that came in bulk, and those before second looks; cameras take turns."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, NamedTuple
from uuid import UUID

from hub.records.medium import Medium
from hub.store import looks
from hub.store.database import Database
from hub.store.looks import LANES, Lane, LookRow

AHEAD: Final[dict[Lane, int]] = {"live": 2, "bulk": 6, "again": 6}
"""So many pictures for each process are held ready: of live ones few, so that cameras take turns to the last."""


class Turn(NamedTuple):
    """A picture whose turn it is. begun: a look at it that only has to be settled."""

    medium: Medium
    begun: LookRow | None


class Lanes:
    """What is in hand, and what comes next. The database is the queue; of it a few are held here."""

    def __init__(self, database: Database, processes: int) -> None:
        self._database = database
        self._processes = processes
        self._lanes: dict[Lane, deque[Turn]] = {lane: deque() for lane in LANES}
        self._filled = asyncio.Event()
        self._done_meanwhile: set[UUID] = set()
        self.in_hand: set[UUID] = set()
        self.wanted = asyncio.Event()
        """A lane has room."""

    async def fill(self, model: str) -> bool:
        """Get what comes next, as far as there is room; is there more, so that it is worth while to ask again?

        `model`: whose looks need not be done again.
        """
        self.wanted.clear()
        is_more = False
        for lane in LANES:
            most = AHEAD[lane] * self._processes
            room = most - len(self._lanes[lane])
            if room <= 0 or (lane != "live" and 2 * room < most):
                is_more = True
                continue
            self._done_meanwhile.clear()
            if lane == "again":
                found = await looks.asked(self._database, room, in_hand=self.in_hand)
            else:
                found = await looks.in_turn(self._database, room, live=lane == "live", in_hand=self.in_hand)
            is_more |= len(found) == room
            begun = await looks.begun(self._database, [one.id for one in found], model) if found else {}
            for one in found:
                # What was settled while the database was asked is not waiting any more.
                if one.id not in self.in_hand and one.id not in self._done_meanwhile:
                    self.in_hand.add(one.id)
                    self._lanes[lane].append(Turn(one, begun.get(one.id)))
            if self._lanes[lane]:
                self._filled.set()
        return is_more

    async def take(self) -> Turn:
        """The next one; waits for it."""
        while True:
            for lane in LANES:
                if self._lanes[lane]:
                    turn = self._lanes[lane].popleft()
                    self.wanted.set()
                    return turn
            self._filled.clear()
            self.wanted.set()
            await self._filled.wait()

    def done(self, medium: UUID) -> None:
        """It is settled, or is to be looked at later: whatever the database says of it holds."""
        self.in_hand.discard(medium)
        self._done_meanwhile.add(medium)

    def put_back(self) -> None:
        """Nothing that waits here is in hand any more: another model looks now."""
        for lane in self._lanes.values():
            for turn in lane:
                self.done(turn.medium.id)
            lane.clear()
        self.wanted.set()
