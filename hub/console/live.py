"""The live stream: one frame per 100 ms for everybody at a site with the same clearance, resumable by cursor."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from hub.clearance import EXACT, WITHHELD, cleared, masked
from hub.console.sensitive import is_personal_noticed, is_sensitive, is_sensitive_noticed
from hub.console.wire import detection_item, is_silent, subject_item
from hub.pipeline.line import Heard, Told
from hub.pipeline.positions import positions_at
from hub.pipeline.telling import MOST_HEARD
from hub.pipeline.world import World
from hub.records.cursor import Cursor
from hub.records.errors import NotFound, Unavailable
from hub.records.finding import Alert, Subject
from hub.records.person import Caller, Role
from hub.records.position import Position
from hub.store import access, alerts, log
from hub.store.database import Database

FRAME_S = 0.1
HEARTBEAT_S = 5.0
# A browser that cannot take this many frames is told to load anew: it loses frames, not the hub its memory.
MOST_WAITING = 100
RECENT = timedelta(hours=48)
MOST_RESUMED = 5_000

_encode = msgspec.json.encode


def frame(name: str, data: Any, cursor: Cursor | None = None) -> bytes:
    """One server-sent message; `cursor` lets the browser resume after it."""
    head = b"" if cursor is None else b"id: " + cursor.token().encode() + b"\n"
    return head + b"event: " + name.encode() + b"\ndata: " + _encode(data) + b"\n\n"


class Listener:
    """One open stream."""

    def __init__(self, caller: Caller, role: Role) -> None:
        self.caller = caller
        self.role: Role = role
        # None ends the stream.
        self.frames: asyncio.Queue[bytes | None] = asyncio.Queue(MOST_WAITING)

    def offer(self, data: bytes) -> None:
        """Hand a frame over without waiting."""
        try:
            self.frames.put_nowait(data)
        except asyncio.QueueFull:
            self._forget()
            self.frames.put_nowait(frame("reset", {"reason": "too slow: frames were left out"}))

    def end(self) -> None:
        """The caller may not read this any more: nothing of what waits is sent."""
        self._forget()
        self.frames.put_nowait(frame("reset", {"reason": "what you may read has changed"}))
        self.frames.put_nowait(None)

    def _forget(self) -> None:
        while not self.frames.empty():
            self.frames.get_nowait()


class SiteFeed:
    """What is known now of a site, what has changed since the last frame, and who listens."""

    def __init__(self, database: Database, site: str, now: Callable[[str], datetime]) -> None:
        self._database = database
        self._site = site
        self._now = now
        self._listeners: set[Listener] = set()
        self._changed: dict[Subject, Position] = {}
        self._heard: list[Heard] = []
        self._alerts: set[UUID] = set()
        self._references: dict[str, set[UUID]] = {}
        self._gone: set[UUID] = set()
        self._pending = asyncio.Event()
        self.cursor = Cursor()
        self.world: World | None = None
        self.latest: dict[Subject, Position] = {}
        # Since when a position is what it is; one that is not in here is older than this process.
        self._moved_at: dict[Subject, Cursor] = {}
        self.newest_at: datetime | None = None
        # Everything is read at the start, and again after an edit of reference data: carriers and names may differ.
        self._is_outdated = True

    def tell(self, told: Told, world: World) -> None:
        """Take in what a committed step means."""
        if told.is_start and self.world is not None:
            self._start_again()
        self.world, self.cursor = world, told.cursor
        if any(not one.is_again for one in told.heard) or any(map(self._is_news, told.positions)):
            self.newest_at = self._now(self._site)
        for position in told.positions:
            self.latest[position.subject] = position
            self._changed[position.subject] = position
            self._moved_at[position.subject] = told.cursor
        for subject in told.gone:
            self._changed.pop(subject, None)
            if self.latest.pop(subject, None) is not None:
                self._gone.add(subject.id)
        for one in told.heard:
            self._hear(one, world)
        recent = self._now(self._site) - RECENT
        self._heard += [one for one in told.heard if one.seen.observed_at > recent]
        del self._heard[:-MOST_HEARD]
        self._alerts.update(told.alerts)
        for noun, record in told.references:
            self._references.setdefault(f"{noun}s", set()).add(record)
            self._is_outdated = self._is_outdated or noun != "layer"
        self._pending.set()

    def _start_again(self) -> None:
        """The pipeline was started anew: what it committed last may not have been told, so everybody loads anew."""
        self._is_outdated = True
        for listener in self._listeners:
            listener.offer(frame("reset", {"reason": "the pipeline was started again"}))

    def _is_news(self, position: Position) -> bool:
        """Was it observed lately, after what was known? An edit of reference data tells old positions again."""
        known, at = self.latest.get(position.subject), position.observed_at
        if at is None or at < self._now(self._site) - RECENT:
            return False
        return known is None or known.observed_at is None or known.observed_at < at

    def _hear(self, one: Heard, world: World) -> None:
        """What stands somewhere spoke: it is where it was, and not silent.

        Told only if it was thought silent, and not of a sensitive animal: a frame whenever a camera speaks would give
        the animal away.
        """
        known = self.latest.get(one.subject)
        if known is None or one.subject.kind != "place":
            return
        if known.observed_at is None or known.observed_at < one.seen.observed_at:
            heard = msgspec.structs.replace(known, observed_at=one.seen.observed_at)
            self.latest[one.subject] = heard
            if is_silent(known, one.seen.observed_at) and not is_sensitive(one.seen.observation, world):
                self._changed[one.subject] = heard

    def tell_alert(self, alert: UUID) -> None:
        """Somebody acted on an alert: the next frame carries it, without waiting for the pipeline."""
        self._alerts.add(alert)
        self._pending.set()

    async def run(self) -> None:
        """Send frames and heartbeats for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._flush_for_ever())
            group.create_task(self._beat_for_ever())

    async def _flush_for_ever(self) -> None:
        while True:
            await self._pending.wait()
            self._pending.clear()
            await self.flush()
            await asyncio.sleep(FRAME_S)

    async def _beat_for_ever(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await self.beat()

    async def beat(self) -> None:
        """Send heartbeats, and end the streams of those who logged out, or whose role here is another one now."""
        listeners = list(self._listeners)
        try:
            callers = await access.as_now(self._database, [listener.caller for listener in listeners])
        except Unavailable:
            # Without the database there is no news that anybody could read.
            callers = [listener.caller for listener in listeners]
        for listener, caller in zip(listeners, callers, strict=True):
            if caller is None or caller.role_at(self._site) != listener.role:
                self._listeners.discard(listener)
                listener.end()
        self._send_all({role: [self._heartbeat()] for role in self._roles()})

    async def flush(self) -> None:
        """Send what has changed since the last frame."""
        if self._is_outdated and self.world is not None:
            await self._read_all(self.world)
        changed, self._changed = self._changed, {}
        heard, self._heard = self._heard, []
        touched, self._alerts = self._alerts, set()
        references, self._references = self._references, {}
        gone, self._gone = self._gone, set()
        # What is told while alerts are read is not in these frames: their cursor must not say so.
        cursor: Cursor | None = self.cursor
        if not self._listeners or self.world is None:
            return
        fetched: list[Alert] = []
        if touched:
            try:
                fetched = await alerts.by_ids(self._database, self._site, list(touched))
            except Unavailable:
                # Who resumes after these frames shall get the alerts that are missing from them.
                cursor = None
                self._alerts |= touched
                self._pending.set()
        frames: dict[Role, list[bytes]] = {}
        for role in self._roles():
            frames[role] = self._frames(role, list(changed.values()), heard, fetched, cursor)
            if gone:
                frames[role].append(frame("gone", {"items": [{"id": key} for key in sorted(gone)]}, cursor))
            frames[role] += [
                frame(noun, {"items": [{"id": key} for key in sorted(keys)]}, cursor)
                for noun, keys in references.items()
            ]
        self._send_all(frames)

    def _frames(
        self,
        role: Role,
        changed: list[Position],
        heard: list[Heard],
        touched: list[Alert],
        cursor: Cursor | None,
    ) -> list[bytes]:
        assert self.world is not None
        now, world = self._now(self._site), self.world
        positions = [item for one in changed if (item := subject_item(one, world, role, now)) is not None]
        # Whom people recognised a moment ago is not for readers who may not know whom a picture shows.
        new = [one for one in heard if role in EXACT or not one.is_again]
        detections = [item for one in new if (item := detection_item(one, world, role)) is not None]
        shown = [item for one in touched if (item := alert_item(one, world, role)) is not None]
        parts = (("positions", positions), ("detections", detections), ("alerts", shown))
        return [frame(name, {"items": items}, cursor) for name, items in parts if items]

    def _roles(self) -> set[Role]:
        roles: set[Role] = set()
        for listener in self._listeners:
            roles.add(listener.role)
        return roles

    def _send_all(self, frames: dict[Role, list[bytes]]) -> None:
        joined = {role: b"".join(parts) for role, parts in frames.items() if parts}
        for listener in self._listeners:
            if listener.role in joined:
                listener.offer(joined[listener.role])

    def _heartbeat(self) -> bytes:
        now = self._now(self._site)
        age = None if self.newest_at is None else round((now - self.newest_at).total_seconds(), 1)
        return frame("heartbeat", {"server_time": now, "data_age_s": age})

    async def _read_all(self, world: World) -> None:
        self._is_outdated = False
        try:
            known = await positions_at(self._database, world, self._now(self._site))
        except Unavailable:
            self._is_outdated = True
            self._pending.set()
            return
        # What was told while this was read is newer.
        self.latest = known | {subject: self.latest[subject] for subject in self._changed if subject in self.latest}

    async def listen(self, caller: Caller, after: Cursor | None) -> AsyncGenerator[bytes]:
        """Frames for one browser: what it missed since `after`, then what happens, while the caller may read it."""
        role = caller.role_at(self._site)
        if role is None:
            raise NotFound(f"no site {self._site!r}")
        listener = Listener(caller, role)
        self._listeners.add(listener)
        try:
            hello = {"server_time": self._now(self._site), "cursor": self.cursor.token(), "site": self._site}
            yield b"retry: 2000\n\n" + frame("hello", hello, after or self.cursor)
            if after is not None:
                yield await self._missed(role, after)
            while (data := await listener.frames.get()) is not None:
                yield data
        finally:
            self._listeners.discard(listener)

    async def _missed(self, role: Role, after: Cursor) -> bytes:
        cursor = self.cursor
        missed = await log.changes(self._database, self._site, after, MOST_RESUMED, ("alert",))
        if len(missed) == MOST_RESUMED or self.world is None:
            return frame("reset", {"reason": "away for too long"}, cursor)
        touched = {change.id for change in missed if change.noun == "alert"}
        positions = [one for one in self.latest.values() if self._moved_at.get(one.subject, after) >= after]
        fetched = await alerts.by_ids(self._database, self._site, list(touched)) if touched else []
        return b"".join(self._frames(role, positions, [], fetched, cursor)) or self._heartbeat()

    @property
    def listeners(self) -> int:
        """How many streams are open."""
        return len(self._listeners)


def alert_item(alert: Alert, world: World, role: Role) -> Alert | None:
    """An alert for a reader of this role: the place of a sensitive animal is generalised, its details left out.

    Of a detection, what detected it is left out too: a camera stands where it stands.
    """
    place = cleared(
        alert.longitude,
        alert.latitude,
        0.0,
        is_sensitive_noticed(alert, world),
        role,
        personal=is_personal_noticed(alert, world),
    )
    if place.longitude is None or place.latitude is None:
        return None
    if not place.generalised:
        return alert
    coarse = msgspec.structs.replace(alert, longitude=place.longitude, latitude=place.latitude, detail={})
    if alert.kind != "present":
        return coarse
    return msgspec.structs.replace(
        coarse,
        subject=Subject(kind=alert.subject.kind, id=masked(alert.id)),
        subject_name=WITHHELD,
        detail={"label": alert.detail.get("label", "")},
    )
