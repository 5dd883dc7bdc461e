"""Looks become rows, detections of the log, and the state of pictures, in this order: any part may be done again.

First the look is kept, then its detections are accepted, last the picture says who looked. Whoever is killed in between
finds a picture that waits, with a look that is not settled, and goes on from there: with the same look, so that no
picture is half one model's and half another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

import msgspec

from hub.ingest.accept import Acceptor
from hub.ingest.batch import Batch
from hub.records.medium import Medium
from hub.records.observation import Detection
from hub.records.receipt import Arrival, Decoded
from hub.records.site import Site
from hub.see.observed import Levels, detections_of
from hub.see.seen import Seen
from hub.see.taken import Taken, taken
from hub.store import looks, media
from hub.store.database import Database, storable
from hub.store.looks import LookRow

DOOR: Final = "see"
ARCHIVE: Final = "file"
DIALECT: Final = "seen"
DRILL: Final = "drill"
PREVIEW_WITHIN: Final = timedelta(seconds=2)
PREVIEW_BITS: Final = 6
"""A small copy differs from its picture in 0 to 3 of 64 bits, two pictures of one burst seldom in less than 4; these
have the same width, and are not taken for copies."""

_encode = msgspec.json.Encoder(order="deterministic").encode


class Looked(NamedTuple):
    """A picture, and what a model saw in it. is_new: the look is not kept yet."""

    medium: Medium
    model: str
    seen: Seen
    levels: Levels
    is_new: bool = True


def row_of(looked: Looked) -> LookRow:
    """A look as it is kept."""
    # Names of labels come from whoever made the model; no text of a database holds NUL.
    body = _encode(looked.seen).replace(b"\\u0000", b"\\ufffd")
    key = looked.medium
    return LookRow(key.id, looked.model, key.site, looked.seen.state, body, _encode(looked.levels))


def looked_of(medium: Medium, row: LookRow) -> Looked:
    """A look that was kept, to be settled."""
    seen = msgspec.json.decode(row.body, type=Seen)
    return Looked(medium, row.model, seen, msgspec.json.decode(row.thresholds, type=Levels), is_new=False)


class Settler:
    """Settles looks. A look whose detections are in the log already changes nothing there."""

    def __init__(self, database: Database, acceptor: Acceptor) -> None:
        self._database = database
        self._acceptor = acceptor

    async def settle(self, done: Sequence[Looked], sites: dict[str, Site]) -> None:
        """All of them, or, where it is interrupted, some of them in part. Raises Unavailable."""
        fresh = [row_of(one) for one in done if one.is_new]
        times = [_taken(one, sites[one.medium.site]) for one in done]
        batch = Batch()
        for one, at in zip(done, times, strict=True):
            if found := _detections(one, at, sites[one.medium.site]):
                _add(batch, one, found)
        if batch.arrivals:
            async with self._database.transaction() as connection:
                await looks.add(connection, fresh)
            await self._acceptor.store(batch)
            fresh = []
        async with self._database.transaction() as connection:
            await looks.add(connection, fresh)
            # In one order, as whoever else changes several pictures at once.
            for one, at in sorted(zip(done, times, strict=True), key=lambda pair: pair[0].medium.id):
                what = _looked_at(one, at)
                is_there = await looks.settle(connection, one.medium.site, one.medium.id, what)
                if is_there and what.state in ("seen", "partial"):
                    await looks.find_preview(connection, one.medium, what, PREVIEW_WITHIN, PREVIEW_BITS)


def _taken(one: Looked, site: Site) -> Taken:
    medium = one.medium
    if one.seen.state == "unreadable":
        return Taken(medium.camera_time, None, None)
    if medium.state not in ("waiting", "quarantined"):
        # It was looked at before, and what was seen then stands at this time.
        return Taken(medium.camera_time, medium.taken_at, medium.time_method, medium.facts.get("clock", ""))
    told = medium.taken_at if medium.time_method == "told" else None
    return taken(
        one.seen.facts, time_zone=site.time_zone, received_at=medium.received_at, told_at=told, live=medium.live
    )


def _detections(one: Looked, at: Taken, site: Site) -> list[Detection]:
    medium = one.medium
    is_known = at.method in ("exif", "told") or (at.method == "received" and medium.live)
    # When a card without times was filled nobody knows: it must not look as if it had been today.
    if at.taken_at is None or not is_known:
        return []
    flags = (DRILL,) if site.drill else ()
    return detections_of(
        medium.id, one.model, one.seen, one.levels, device=medium.device, taken_at=at.taken_at, method=at.method,
        flags=flags,
    )  # fmt: skip


def _add(batch: Batch, one: Looked, found: Sequence[Detection]) -> None:
    medium = one.medium
    arrival = Arrival(
        site=medium.site,
        # What came in bulk may be old: its times are judged as those of a file.
        door=DOOR if medium.live else ARCHIVE,
        dialect=DIALECT,
        address=f"{medium.id}/{one.model}",
        body=b"",
        received_at=medium.received_at,
        sender=one.model,
    )
    number = len(batch.arrivals)
    batch.arrivals.append(arrival)
    for detection in found:
        batch.add(number, arrival, Decoded(observation=detection, raw=_encode(detection)))


def _looked_at(one: Looked, at: Taken) -> media.LookedAt:
    seen = one.seen
    if seen.state == "unreadable":
        return media.LookedAt(
            state="quarantined",
            looked_by=one.model,
            reason=storable(seen.reason),
            facts=one.medium.facts,
            kept_until=one.medium.kept_until,
        )
    facts: dict[str, Any] = {
        **seen.facts,
        "brightness": seen.brightness,
        "sharpness": seen.sharpness,
        "infrared": seen.infrared,
    }
    if seen.rows_kept < 1:
        facts["rows_kept"] = seen.rows_kept
    if at.clock:
        facts["clock"] = at.clock
    return media.LookedAt(
        state=seen.state,
        looked_by=one.model,
        camera_time=at.camera_time,
        taken_at=at.taken_at,
        time_method=at.method,
        width_px=seen.width_px,
        height_px=seen.height_px,
        facts=facts,
        perceptual_hash=seen.perceptual_hash,
        kept_until=one.medium.kept_until,
    )
