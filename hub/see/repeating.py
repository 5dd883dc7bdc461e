"""A camera's memory of boxes that come back, by calendar month: made of all its pictures, whenever they came."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec

from fusion.camera.burst import Burst, Chain, Linking
from fusion.camera.frame import ANIMAL, Area, Frame, in_order, overlap, split_at_gaps
from fusion.camera.repeat_box import Repeating, SeenBox, divisor, repeat_boxes
from fusion.camera.view import DAY_S, views_of
from hub.store import repeat_memory
from hub.store.database import Connection
from hub.store.repeat_memory import Asked, Boxed


class HeldBox(msgspec.Struct, frozen=True, kw_only=True):
    """A box that comes back in pictures of one light and one view, which lasted from `since_s` to `until_s`.

    picture: the one whose cut-out is shown. divides: scores are divided without a person's word.
    """

    area: Area
    bursts: int
    first_s: float
    last_s: float
    picture: UUID
    probability: float
    divides: bool
    infrared: bool
    since_s: float
    until_s: float


decode = msgspec.json.Decoder(list[HeldBox]).decode
_boxes = msgspec.json.Decoder(list[tuple[float, float, float, float, float]]).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


def month_of(at: datetime) -> date:
    """The first day of a time's month, in UTC."""
    return at.astimezone(UTC).date().replace(day=1)


async def held_of(connection: Connection, site: str, device: str, times: Sequence[datetime]) -> list[HeldBox]:
    """What a camera's memory holds for these times."""
    months = sorted({month_of(at) for at in times})
    held = await repeat_memory.held(connection, site, device, months)
    return [box for month in months if month in held for box in decode(held[month])]


def divisor_of(held: Sequence[HeldBox], rules: Repeating, burst: Burst, chain: Chain) -> float:
    """What the score of a chain is divided by: by its surest box, in its own light and view."""
    surest = max(chain.spots, key=lambda spot: (spot.probability(ANIMAL), -spot.frame))
    frame = burst.frames[surest.frame]
    known = [one.area for one in held if one.divides and _is_of(one, frame)]
    return divisor(surest.best.area, [], known, rules)


def _is_of(box: HeldBox, frame: Frame) -> bool:
    return box.infrared == frame.infrared and box.since_s <= frame.at_s <= box.until_s


async def recall(connection: Connection, asked: Asked, rules: Repeating) -> set[UUID]:
    """Go through a month again -> the pictures whose sequences come out otherwise because of it."""
    before = decode(await repeat_memory.begin(connection, asked))
    since = datetime(asked.month.year, asked.month.month, 1, tzinfo=UTC)
    until = (since + timedelta(days=32)).replace(day=1)
    rows = await repeat_memory.boxed(connection, asked.site, asked.device, since, until)
    empty = await repeat_memory.called_empty(connection, asked.site, asked.device, [row.id for row in rows])
    after = held_boxes(rows, rules, empty)
    if after == before:
        return set()
    await repeat_memory.keep(connection, asked, _encode(after))
    changed = [one for one in (*before, *after) if not (one in before and one in after)]
    return {row.id for row in rows if any(_touches(one, row, rules) for one in changed)}


def held_boxes(rows: Sequence[Boxed], rules: Repeating, empty: Collection[UUID] = ()) -> list[HeldBox]:
    """A month's pictures, in any order -> what comes back on them.

    `empty`: pictures on which nothing is, as people said: a box that repeats and was on one of them is nothing.
    """
    frames = in_order(Frame(str(row.id), "", row.taken_at.timestamp(), (), row.infrared) for row in rows)
    burst_of = {one.key: run[0].key for run in split_at_gaps(frames, Linking().gap_s) for one in run}
    views = views_of((row.taken_at.timestamp(), row.hash, row.infrared) for row in rows)
    parts: dict[tuple[bool, int], list[Boxed]] = {}
    for row in sorted(rows, key=lambda one: (one.taken_at, one.id)):
        day = int(row.taken_at.timestamp() // DAY_S)
        parts.setdefault((row.infrared, views[day, row.infrared]), []).append(row)
    found: list[HeldBox] = []
    for (infrared, _), members in sorted(parts.items()):
        boxes = [
            SeenBox(row.taken_at.timestamp(), burst_of[str(row.id)], str(row.id), ANIMAL, area, p)
            for row in members
            for p, *area_ in _boxes(row.boxes)
            if (area := (area_[0], area_[1], area_[2], area_[3]))[2] > 0
        ]
        found += [
            HeldBox(
                area=one.area,
                bursts=one.bursts,
                first_s=one.first_s,
                last_s=one.last_s,
                picture=UUID(one.key),
                probability=one.probability,
                divides=one.divides or any(_shows(one.area, row, rules) for row in members if row.id in empty),
                infrared=infrared,
                since_s=members[0].taken_at.timestamp(),
                until_s=members[-1].taken_at.timestamp(),
            )
            for one in repeat_boxes(boxes, rules)
        ]
    return found


def _shows(area: Area, row: Boxed, rules: Repeating) -> bool:
    return any(overlap(area, (x, y, w, h)) >= rules.overlap for _, x, y, w, h in _boxes(row.boxes))


def _touches(box: HeldBox, row: Boxed, rules: Repeating) -> bool:
    at_s = row.taken_at.timestamp()
    if box.infrared != row.infrared or not box.since_s <= at_s <= box.until_s:
        return False
    # What lies over the place at all: a place that moved a little may count for it now, or no longer.
    return any(overlap(box.area, (x, y, w, h)) >= rules.overlap / 2 for _, x, y, w, h in _boxes(row.boxes))
