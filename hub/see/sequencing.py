"""The task of the hub that makes sequences of what was seen: picture by picture as they come, camera by camera.

A sequence follows from the looks that count, the site's text and the memory of repeated boxes of its month. Each of
these may change; then the pictures concerned are marked, and their sequences are computed again. Nothing rests on the
order in which pictures came.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from fusion.camera.burst import Burst, bursts
from fusion.camera.cascade import deserves
from fusion.camera.frame import ANIMAL, Frame
from fusion.camera.rules_toml import CameraRules
from fusion.camera.sequence import sequences
from hub.records.errors import InvalidReference
from hub.records.sequence import JudgingText
from hub.see.frames import frame_of, record_of
from hub.see.judged import rules_of
from hub.see.repeating import divisor_of, held_of, month_of, recall
from hub.store import judging, repeat_memory, second_looks
from hub.store import sequences as store
from hub.store.database import Database

LOGGER = logging.getLogger(__name__)
MOST_AT_ONCE: Final = 1_000
ASK_EVERY_S: Final = 1.0
REST_S: Final = 600.0
"""So long a camera's month rests before it is gone through again for repeated boxes."""
JOINED: Final = "+"
"""Of the name of a look that two models made together."""


class Sequencing:
    """`run` works until it is cancelled.

    `wished`: whom to call when pictures wish for a second look; None: nobody looks again. `classifies`: is a classifier
    active? `rest_s`: how long a month rests before it is gone through again.
    """

    def __init__(
        self,
        database: Database,
        *,
        wished: Callable[[], None] | None = None,
        classifies: Callable[[], bool] = lambda: False,
        rest_s: float = REST_S,
    ) -> None:
        self._database = database
        self._wished = wished
        self._classifies = classifies
        self._rest_s = rest_s
        self._last = ("", "")
        self.problem = ""
        """Why a site's text cannot be used, though it was once taken; the hub's own is used instead."""

    async def run(self) -> None:
        """Compute what is to be computed. Raises Unavailable when the database does not answer: run it again."""
        while True:
            if not await self.step():
                await asyncio.sleep(ASK_EVERY_S)

    async def step(self) -> bool:
        """One camera's pictures, or one camera's memory -> was there anything to do?"""
        stale = await store.unsequenced(self._database, MOST_AT_ONCE, self._last)
        if stale:
            self._last = (stale[0].site, stale[0].device)
            await self._sequence(stale)
            return True
        asked = await repeat_memory.next_asked(self._database, self._rest_s)
        if asked is None:
            return False
        text = await judging.newest(self._database, asked.site)
        rules = self._rules(text)
        async with self._database.transaction() as connection:
            changed = await recall(connection, asked, rules.repeating)
            await store.again(connection, changed)
        return True

    async def _sequence(self, stale: Sequence[store.Unsequenced]) -> None:
        site, device = stale[0].site, stale[0].device
        text = await judging.newest(self._database, site)
        rules = self._rules(text)
        gap = timedelta(seconds=rules.judging.gap_s)
        async with self._database.transaction() as connection:
            since, until = await store.around(connection, site, device, stale[0].taken_at, stale[-1].taken_at, gap)
            rows = await store.looked(connection, site, device, since, until)
            frames = [frame_of(device, row) for row in rows]
            held = await held_of(connection, site, device, [row.taken_at for row in rows])
            found = await asyncio.to_thread(
                sequences, frames, rules.judging, partial(divisor_of, held, rules.repeating)
            )
            records = [record_of(site, one, rules, text.version) for one in found]
            await store.put(connection, site, device, since, until, records)
            looked_by: dict[UUID, str | None] = {one.id: None if one.is_preview else one.looked_by for one in stale}
            looked_by |= {row.id: row.looked_by for row in rows}
            await store.done(connection, list(looked_by.items()))
            await repeat_memory.ask(connection, site, device, _months_with_animals(frames))
            if self._wished is not None:
                wishes = _wishes(frames, {one.id for one in stale}, rules, classifies=self._classifies())
                await second_looks.wish(connection, site, wishes)
        if self._wished is not None:
            self._wished()

    def _rules(self, text: JudgingText) -> CameraRules:
        try:
            rules = rules_of(text.text)
        except InvalidReference as error:
            # It was taken once: by a hub that knew other keys.
            self.problem = f"site {text.site}: version {text.version} of the text on judging: {error.detail}"
            LOGGER.error("%s", self.problem)
            return rules_of("")
        return rules


def _months_with_animals(frames: Sequence[Frame]) -> list[date]:
    return sorted(
        {
            month_of(datetime.fromtimestamp(one.at_s, UTC))
            for one in frames
            if any(box.group == ANIMAL for box in one.boxes)
        }
    )


def _wishes(
    frames: Sequence[Frame], wanted: set[UUID], rules: CameraRules, *, classifies: bool
) -> list[second_looks.Wish]:
    """Which of the wanted pictures deserve another look, and why."""
    found: list[second_looks.Wish] = []
    for burst in bursts(frames, rules.judging.linking):
        found += [
            wish for one in burst.frames if UUID(one.key) in wanted and (wish := _wish(one, burst, rules, classifies))
        ]
    return found


def _wish(frame: Frame, burst: Burst, rules: CameraRules, classifies: bool) -> second_looks.Wish | None:
    (looked_by,) = frame.looked
    if JOINED in looked_by:
        return None
    reason = deserves(frame, burst, rules.limits, rules.judging.taxonomy, rules.judging.park)
    if not rules.limits.model:
        reason = ""
    animals = [box for box in frame.boxes if box.group == ANIMAL and box.probability >= rules.limits.blank]
    if not reason and not (classifies and any(not box.named for box in animals)):
        return None
    return second_looks.Wish(UUID(frame.key), looked_by, reason or "classify")
