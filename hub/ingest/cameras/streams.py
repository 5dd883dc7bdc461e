"""The door for live video: a process per stream gives a picture every so often, and is started again when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from hub.ingest.cameras.door import DoorState, Takes
from hub.ingest.cameras.stream_list import Stream
from hub.ingest.cameras.stream_said import Ended, Follow, Frame, Said
from hub.media.receive import Picture
from hub.records.errors import Misconfigured, Unavailable

if TYPE_CHECKING:
    from asyncio.subprocess import Process

LOGGER = logging.getLogger(__name__)
WORKER: Final = "hub.ingest.cameras.stream_worker"
INHERITED: Final = ("PATH", "PYTHONPATH", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SSL_CERT_FILE")
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
LARGEST_MESSAGE: Final = 32 << 20
# What the process needs to start and to connect, before silence counts.
START_S: Final = 30.0

_decoder = msgspec.msgpack.Decoder(Said)


class _Lost(Exception):
    """The stream ended or is silent; the text says how."""


@dataclass
class StreamState:
    """How one stream is. `last_at`: of its last picture."""

    stream: Stream
    connected: bool = False
    problem: str = ""
    last_at: datetime | None = None
    reconnects: int = 0


class StreamsDoor:
    """Follows every stream of the list."""

    def __init__(
        self,
        streams: Sequence[Stream],
        receiver: Takes,
        *,
        now: Callable[[], datetime],
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        """Raises Misconfigured where the package that reads video is missing."""
        if streams and find_spec("av") is None:
            raise Misconfigured('ROSETTE_STREAMS needs the package av: install "rosette[streams]"')
        self._door = DoorState("stream")
        self.streams = [StreamState(one) for one in streams]
        self._receiver, self._now, self._first_pause_s = receiver, now, first_pause_s

    @property
    def state(self) -> DoorState:
        """Connected while every stream is; `waiting`: how many are not."""
        lost = [one for one in self.streams if not one.connected]
        self._door.connected, self._door.waiting = not lost, len(lost)
        self._door.problem = "; ".join(f"{one.stream.name}: {one.problem or 'connecting'}" for one in lost[:3])
        return self._door

    async def run(self) -> None:
        """Follow for ever."""
        async with asyncio.TaskGroup() as group:
            for one in self.streams:
                group.create_task(self._keep(one))

    async def _keep(self, state: StreamState) -> None:
        pause_s = self._first_pause_s
        while True:
            before = state.last_at
            try:
                await self._follow(state)
            except _Lost as lost:
                if state.connected or str(lost) != state.problem:
                    LOGGER.warning("stream %s: %s; connecting again", state.stream.name, lost)
                state.problem = str(lost)
            finally:
                state.connected = False
            if state.last_at != before:
                pause_s = self._first_pause_s
            await asyncio.sleep(pause_s * random.uniform(0.8, 1.2))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            state.reconnects += 1

    async def _follow(self, state: StreamState) -> None:
        """One connection; raises _Lost at its end."""
        newest = _Newest()
        async with _process(state.stream) as process:
            taking = asyncio.create_task(self._take(state, newest))
            try:
                patience_s = START_S
                while True:
                    said = await _read(process, patience_s)
                    patience_s = state.stream.silence_s
                    if isinstance(said, Ended):
                        raise _Lost(said.reason)
                    state.connected, state.problem = True, ""
                    if isinstance(said, Frame):
                        newest.put(said.jpeg, self._now())
                    if taking.done():
                        taking.result()
            finally:
                # What was sampled last is taken all the same, if that does not take long.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await newest.emptied()
                taking.cancel()
                await asyncio.gather(taking, return_exceptions=True)

    async def _take(self, state: StreamState, newest: _Newest) -> None:
        while True:
            jpeg, at = await newest.get()
            picture = Picture(
                site=state.stream.site,
                device=state.stream.device,
                door="stream",
                address=state.stream.name,
                sender=None,
                live=True,
                received_at=at,
                told_at=at,
                name=f"{at:%Y%m%dT%H%M%SZ}.jpg",
            )
            try:
                await self._door.hand_over(self._receiver, picture, jpeg)
                state.last_at = at
                newest.done(at)
            except Unavailable as outage:
                # Whatever is newest by then is tried again: live video has no backlog.
                LOGGER.warning("stream %s: %s (%s)", state.stream.name, outage.detail, outage.code)
                await asyncio.sleep(FIRST_PAUSE_S)


class _Newest:
    """The newest picture that is not committed; a newer one takes its place."""

    def __init__(self) -> None:
        self._held: tuple[bytes, datetime] | None = None
        self._some, self._none = asyncio.Event(), asyncio.Event()
        self._none.set()

    def put(self, jpeg: bytes, at: datetime) -> None:
        self._held = (jpeg, at)
        self._some.set()
        self._none.clear()

    async def get(self) -> tuple[bytes, datetime]:
        await self._some.wait()
        assert self._held is not None
        return self._held

    def done(self, at: datetime) -> None:
        """That one is committed."""
        if self._held is not None and self._held[1] == at:
            self._held = None
            self._some.clear()
            self._none.set()

    async def emptied(self) -> None:
        await self._none.wait()


@asynccontextmanager
async def _process(stream: Stream) -> AsyncGenerator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        WORKER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in INHERITED if name in os.environ},
        cwd=Path(__file__).resolve().parents[3],
    )
    try:
        assert process.stdin is not None
        order = Follow(**{name: getattr(stream, name) for name in Follow.__struct_fields__})
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _read(process: Process, within_s: float) -> Said:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(within_s):
            length = int.from_bytes(await process.stdout.readexactly(4), "big")
            if length > LARGEST_MESSAGE:
                raise _Lost("its process speaks nonsense")
            return _decoder.decode(await process.stdout.readexactly(length))
    except TimeoutError:
        raise _Lost(f"silent for {within_s:.0f} s") from None
    except asyncio.IncompleteReadError:
        raise _Lost(f"its process ended (exit code {await process.wait()})") from None
    except msgspec.DecodeError:
        raise _Lost("its process speaks nonsense") from None
