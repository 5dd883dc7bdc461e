"""A reserve with cameras, a vault, a detector of known output, and eyes that see what a test says."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from hub.ingest.accept import Acceptor
from hub.media.receive import Picture, Receiver
from hub.media.vault import Vault
from hub.records.observation import Stored
from hub.see.eye import Active, Broken
from hub.see.registry import Models
from hub.see.seeing import Seeing
from hub.see.seen import Box, Seen
from hub.store import looks, observations
from hub.store.database import Database
from tests import builders as a
from tests.store.ground import a_site_with
from tests.unit.fusion.camera.tiny_onnx import brightest_times, text_of

SITE = "leopard"
PERSON = Box("person", 0.9, "person", 0.1, 0.1, 0.5, 0.5)
ANIMAL = Box("animal", 0.8, "animal", 0.2, 0.2, 0.4, 0.4)
ALERTING = "alert = { person = 0.5 }"


def jpeg_of(name: str) -> bytes:
    """Bytes that a door takes for a JPEG, different for each name."""
    return b"\xff\xd8\xff\xe0" + name.encode()


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


@dataclass
class FakeEye:
    """Sees in a picture what `sees` says of its name; `before` is called first, and may wait or raise."""

    sees: Callable[[str, str], list[Box]] = lambda name, model: [ANIMAL]
    before: Callable[[str, str], None] = lambda name, model: None
    looked: list[tuple[str, str]] = field(default_factory=list)
    taken: str = (a.NOON + timedelta(hours=10)).strftime("%Y:%m:%d %H:%M:%S")
    """By the camera's clock."""
    deaths: int = 0
    closed: threading.Event = field(default_factory=threading.Event)

    def look(self, model: Active, data: bytes) -> Seen:
        name = data[4:].decode()
        self.looked.append((name, model.key))
        self.before(name, model.key)
        if self.closed.is_set():
            raise Broken("the test ends")
        if name.startswith("bad"):
            return Seen(state="unreadable", reason="no picture")
        return Seen(
            state="seen",
            width_px=640 if name.startswith("small") else 1_600,
            height_px=48,
            boxes=self.sees(name, model.key),
            facts={"DateTimeOriginal": self.taken} | ({"Make": "\0"} if name == "poison" else {}),
            perceptual_hash=_hash(name.split("-")[-1] if "-" in name else name),
        )

    def close(self) -> None:
        self.closed.set()


def a_detector(models: Models, id_: str, *, person: float = 0.9, more: str = ALERTING, active: bool = True) -> None:
    """A real, tiny model: in a bright picture it sees one person. Active without being looked through first."""
    model = brightest_times({"out": np.array([[[16, 16, 16, 16, 1, 0, person]]], np.float32)})
    folder = models.folder / id_
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(model)
    text = text_of(model, task="detect", output='decoder = "yolov5"', more="")
    text = text.replace('id = "tiny"', f'id = "{id_}"').replace("keep = 0.25", f"keep = 0.25\nshow = 0.3\n{more}")
    (folder / "manifest.toml").write_text(text)
    if active:
        (models.folder / "active.json").write_text(f'{{"detect": ["{id_}"]}}')


class Reserve:
    """Two cameras at two places inside a fence that watches for persons."""

    def __init__(self, database: Database, state: Path) -> None:
        self.database = database
        self.vault = Vault(state / "media", bytes(32))
        self.models = Models(state)
        self.acceptor = Acceptor(database)
        self.now = a.NOON + timedelta(minutes=1)
        self.receiver = Receiver(database, self.vault, now=lambda: self.now)

    async def found(self) -> None:
        records: list[Any] = [a.a_fence(SITE, triggers=("present",), watches=("person",), severity="critical")]
        for name in ("cam-1", "cam-2"):
            camera, place = a.a_device(SITE, name, kind="camera"), a.a_place(SITE, name)
            records += [camera, place, a.a_deployment(camera, place)]
        await a_site_with(self.database, *records)

    async def take(
        self, name: str, device: str | None = "cam-1", *, live: bool = True, data: bytes | None = None, **given: Any
    ) -> UUID:
        picture = Picture(
            site=SITE,
            device=device,
            door="http",
            address=name,
            sender=None,
            live=live,
            name=name,
            received_at=given.pop("received_at", self.now),
            **given,
        )
        return (await self.receiver.take(picture, data or jpeg_of(name))).medium

    def seeing(self, eye: Any = None, processes: int = 1) -> Seeing:
        given: dict[str, Any] = {} if eye is None else {"eye": lambda: eye}
        return Seeing(
            self.database,
            self.vault,
            self.models,
            self.acceptor,
            processes=processes,
            arrived=self.receiver.arrived,
            **given,
        )

    async def settled(self) -> bool:
        return not await looks.waiting(self.database)

    async def observed(self) -> list[Stored]:
        return await observations.page(
            self.database,
            SITE,
            since=a.NOON - timedelta(days=9_999),
            until=a.NOON + timedelta(days=9_999),
            device=None,
            kinds=("detection",),
            known_at=None,
            after=None,
            limit=5_000,
        )


class running:  # noqa: N801 - reads as a statement: `async with running(seeing):`
    """The task of the hub, running until the block is left; a failure of it comes out of the block."""

    def __init__(self, seeing: Seeing) -> None:
        self._seeing = seeing

    async def __aenter__(self) -> Seeing:
        test = asyncio.current_task()
        self._task = asyncio.create_task(self._seeing.run())
        # A test does not wait for what has failed.
        self._task.add_done_callback(lambda task: test.cancel() if test and not task.cancelled() else None)
        return self._seeing

    async def __aexit__(self, *_: object) -> None:
        test = asyncio.current_task()
        if not self._task.done():
            self._task.cancel()
        elif test is not None:
            test.uncancel()
        with suppress(asyncio.CancelledError):
            await self._task


async def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    """Wait for it, asking often."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            await asyncio.sleep(0.01)


def at(minutes: float) -> datetime:
    return a.NOON + timedelta(minutes=minutes)
