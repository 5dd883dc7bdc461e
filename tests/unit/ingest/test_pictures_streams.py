"""Live video is sampled by a process of its own, which may fall silent or end; the password is told to nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from hub.ingest.cameras.stream_list import Stream, read_streams
from hub.ingest.cameras.streams import StreamsDoor
from hub.records.errors import Misconfigured
from tests.unit.ingest.taking import Clock, MemoryReceiver

pytest.importorskip("av", reason="needs the package av (extra streams) to make and to read video")
from tests.unit.ingest.rtsp_server import HEIGHT, WIDTH, RtspServer, pictures


class Ticking(Clock):
    """Each look is a second later, so that pictures have times of their own."""

    def __call__(self):
        self.forward(1)
        return self.time


def stream(url: str, **more: object) -> Stream:
    # Not validated: a test has no minute.
    return Stream(site="kidepo", device="gate", url=url, **more)  # type: ignore[arg-type]


@asynccontextmanager
async def following(one: Stream) -> AsyncIterator[tuple[StreamsDoor, MemoryReceiver]]:
    receiver = MemoryReceiver()
    door = StreamsDoor([one], receiver, now=Ticking(), first_pause_s=0.01)
    running = asyncio.create_task(door.run())
    try:
        yield door, receiver
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not fact():  # noqa: ASYNC110 the server and the process tell nobody how far they are
            await asyncio.sleep(0.01)


async def test_a_stream_gives_pictures_and_is_connected_again_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with RtspServer(pictures([40, 40, 40, 200])) as server, following(stream(server.url)) as (door, receiver):
        await until(lambda: len(receiver.order) >= 2)
        assert server.played >= 2
        assert door.streams[0].reconnects >= 1
        assert server.password not in caplog.text + repr(door.streams) + door.state.problem
    first = receiver.order[0]
    assert (first.site, first.device, first.door, first.live) == ("kidepo", "gate", "stream", True)
    assert (first.address, first.told_at) == ("kidepo/gate", first.received_at)
    (_, jpeg) = next(iter(receiver.kept))
    with Image.open(BytesIO(jpeg)) as image:
        assert image.size == (WIDTH, HEIGHT)
        assert abs(image.convert("L").getpixel((80, 48)) - 40) < 6  # type: ignore[operator]


async def test_between_two_samples_no_picture_is_taken_unless_the_scene_changes() -> None:
    # One a minute; the scene changes after 0.6 s of the stream's time, and two pictures are at least 2 s apart.
    frames = pictures([40] * 6 + [200] * 30)
    async with (
        RtspServer(frames, apart_s=0.002, hangs=True) as server,
        following(stream(server.url, change=0.5)) as (_, receiver),
    ):
        await until(lambda: len(receiver.order) >= 2)
    assert len(receiver.order) == 2
    shades = [Image.open(BytesIO(jpeg)).convert("L").getpixel((80, 48)) for _, jpeg in receiver.kept]
    assert shades[0] < 60 and shades[1] > 180  # type: ignore[operator]


async def test_a_silent_stream_is_noticed_and_connected_again() -> None:
    async with (
        RtspServer(pictures([40] * 20), apart_s=0.002, hangs=True) as server,
        following(stream(server.url, silence_s=0.3)) as (door, _),
    ):
        await until(lambda: server.played >= 2)
        await until(lambda: "kidepo/gate" in door.state.problem)
        assert not door.state.connected
        assert door.state.waiting == 1


async def test_a_wrong_login_is_said_without_the_password() -> None:
    async with RtspServer(pictures([40])) as server:
        url = server.url.replace(server.password, "wrong-word")
        async with following(stream(url)) as (door, receiver):
            await until(lambda: "Unauthorized" in door.state.problem)
            assert "wrong-word" not in door.state.problem
            assert not receiver.order


def written(folder: Path, text: str) -> Path:
    path = folder / "streams.toml"
    path.write_text(text)
    return path


GOOD = '[[stream]]\nsite = "kidepo"\ndevice = "gate"\nurl = "rtsp://a:hush@10.0.0.7/live"\n'


def test_the_list_has_defaults(tmp_path: Path) -> None:
    (one,) = read_streams(written(tmp_path, GOOD))
    assert (one.every_s, one.change, one.transport, one.silence_s) == (60, None, "tcp", 30)
    assert "hush" not in repr(one)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + "every_s = 0\n", "every_s"),
        (GOOD + "evry_s = 5\n", "evry_s"),
        (GOOD + GOOD, "one stream"),
        (GOOD.replace("rtsp://a:hush@10.0.0.7/live", "file:///etc/passwd"), "must begin with"),
        (GOOD.replace("kidepo", "Not A Site"), "site"),
        (GOOD + "url", "TOML"),
    ],
)
def test_a_list_that_is_none_is_refused_without_its_passwords(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said) as refused:
        read_streams(written(tmp_path, text))
    assert "ROSETTE_STREAMS" in refused.value.detail
    assert "hush" not in refused.value.detail


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="ROSETTE_STREAMS"):
        read_streams(tmp_path / "none.toml")
