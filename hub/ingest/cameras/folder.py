"""The watched folder: SITE/DEVICE/… → pictures. For cameras whose maker's software writes files somewhere."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from hub.ingest.cameras.door import DoorState, Handed, Takes
from hub.ingest.cameras.ending import is_whole
from hub.ingest.cameras.tree import Found, Mark, Tree, Unsafe
from hub.media.receive import Picture
from hub.records.errors import Misconfigured

LOGGER = logging.getLogger(__name__)
LOOK_EVERY_S: Final = 2.0
UNFINISHED: Final = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".uploading")
DONE, BAD, BULK = "done", "bad", "bulk"
# A file that has its end is taken when it has not changed between two looks; another one may stall on a slow modem.
STEADY_WHOLE: Final = timedelta(seconds=1)
STEADY_CUT_OFF: Final = timedelta(seconds=60)
MOST_IN_MEMORY: Final = 25 << 20
LARGEST: Final = 200 << 20
# Between so many pictures in bulk the door looks whether a live one came.
BULK_AT_ONCE: Final = 20


class WatchedFolder:
    """Takes each file once it has stopped growing; what is committed is moved to `done` or deleted, the rest to `bad`.

    Only what is committed leaves its place: a hub that is killed finds the file again, and its bytes are known.
    """

    def __init__(
        self,
        folder: Path,
        receiver: Takes,
        known_sites: Callable[[], Awaitable[Collection[str]]],
        *,
        delete: bool,
        now: Callable[[], datetime],
    ) -> None:
        """`delete`: instead of moving to `done`. Raises Misconfigured."""
        if not folder.is_dir():
            raise Misconfigured(f"ROSETTE_PICTURES_FOLDER: there is no folder {folder}")
        self.state = DoorState("folder")
        self._folder, self._tree = folder, Tree(folder)
        self._receiver, self._known_sites = receiver, known_sites
        self._delete, self._now = delete, now
        self._seen: dict[tuple[str, ...], tuple[Mark, datetime]] = {}
        self._stuck: set[tuple[tuple[str, ...], Mark]] = set()

    async def run(self) -> None:
        """Look for ever; raises Unavailable when nothing can be committed."""
        while True:
            if not await self.look():
                await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> bool:
        """Take what is ready: live first, oldest first. True where more is ready now. Raises Unavailable."""
        try:
            found = await asyncio.to_thread(self._tree.files, without=frozenset({DONE, BAD}), unfinished=UNFINISHED)
        except OSError as error:
            self.state.connected, self.state.problem = False, f"the folder cannot be read: {error.strerror}"
            return False
        self.state.connected, self.state.problem = True, ""
        found = [one for one in found if (one.path, one.mark) not in self._stuck]
        ready = await asyncio.to_thread(self._steady, found)
        live = [one for one in ready if not _is_bulk(one)]
        bulk = [one for one in ready if _is_bulk(one)]
        self.state.waiting = len(found)
        sites = await self._known_sites() if ready else ()
        for one in live + bulk[:BULK_AT_ONCE]:
            await self._take(one, sites)
            self.state.waiting -= 1
        return len(bulk) > BULK_AT_ONCE

    def _steady(self, found: list[Found]) -> list[Found]:
        now, before, ready = self._now(), self._seen, list[Found]()
        self._seen = {}
        for one in found:
            mark, since = before.get(one.path, (one.mark, now))
            if mark != one.mark:
                since = now
            self._seen[one.path] = (one.mark, since)
            unchanged = now - since
            if one.link or unchanged >= STEADY_CUT_OFF or (unchanged >= STEADY_WHOLE and self._whole(one)):
                ready.append(one)
        return ready

    def _whole(self, one: Found) -> bool:
        try:
            with self._tree.reading(one) as file:
                return is_whole(file, one.mark.size)
        except (OSError, Unsafe):
            return False

    async def _take(self, one: Found, sites: Collection[str]) -> None:
        reason = _refused(one, sites)
        if not reason:
            try:
                handed = await self._hand_over(one)
            except Unsafe as changed:
                LOGGER.info("%s is left for now: %s", one.text, changed)
                self._seen.pop(one.path, None)
                return
            except OSError as error:
                self._give_up(one, f"it cannot be read: {error.strerror}")
                return
            reason = handed.reason
        try:
            if reason:
                LOGGER.warning("picture %s is moved to %s: %s", one.text, BAD, reason)
                await asyncio.to_thread(self._tree.move, one, BAD, note=reason)
            elif self._delete:
                await asyncio.to_thread(self._tree.remove, one)
            else:
                await asyncio.to_thread(self._tree.move, one, DONE)
        except OSError as error:
            self._give_up(one, f"it is taken, but cannot be moved away: {error.strerror}")
        self._seen.pop(one.path, None)

    def _give_up(self, one: Found, why: str) -> None:
        """Until the file changes or the hub starts again."""
        self._stuck.add((one.path, one.mark))
        self.state.problem = f"{one.text}: {why}"
        LOGGER.error("picture %s", self.state.problem)

    async def _hand_over(self, one: Found) -> Handed:
        site, device = one.path[:2]
        picture = Picture(
            site=site,
            device=device,
            door="folder",
            address=one.text,
            sender=None,
            live=not _is_bulk(one),
            received_at=self._now(),
            name=one.path[-1].encode("utf-8", "replace").decode(),
        )
        if one.mark.size <= MOST_IN_MEMORY:
            return await self.state.hand_over(self._receiver, picture, await asyncio.to_thread(self._read, one))
        with tempfile.TemporaryDirectory(prefix="rosette-picture-") as folder:
            copy = Path(folder) / "large"
            await asyncio.to_thread(self._copy, one, copy)
            return await self.state.hand_over(self._receiver, picture, copy)

    def _read(self, one: Found) -> bytes:
        with self._tree.reading(one) as file:
            data = file.read()
            self._tree.check(file, one)
            return data

    def _copy(self, one: Found, to: Path) -> None:
        with self._tree.reading(one) as file, to.open("wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
            self._tree.check(file, one)


def _is_bulk(one: Found) -> bool:
    return len(one.path) > 3 and one.path[2] == BULK


def _refused(one: Found, sites: Collection[str]) -> str:
    """Why a file cannot be anybody's picture; empty where it may be."""
    if one.link:
        return "it is a link: copy the file itself here"
    if len(one.path) < 3:
        return "whose it is does not follow from its folder: put it into SITE/DEVICE/"
    if one.path[0] not in sites:
        return f"there is no site {one.path[0]!a}: known are {', '.join(sorted(sites)) or 'none'}"
    if one.mark.size == 0:
        return "it is empty"
    if one.mark.size > LARGEST:
        return f"it has {one.mark.size:,} bytes; at most {LARGEST:,} are taken"
    return ""
