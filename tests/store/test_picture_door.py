"""Pictures over MQTT: whole and in pieces, in any order, twice, with pieces missing or wrong, and kills in between."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hub.ingest.pictures import MOST_PIECE_BYTES, MOST_WAITING_BYTES, PictureDoor
from hub.ingest.routes import picture_of
from hub.media.receive import Receiver
from hub.media.uploads import LIFE, Uploads
from hub.media.vault import Vault
from hub.records.errors import DatabaseUnavailable, Unavailable
from hub.store import media, quarantine
from hub.store.database import Database
from tests.builders import NOON
from tests.pictures import a_jpeg
from tests.store.ground import SITE, a_site_with

TOPIC = f"rosette/{SITE}/picture/camera-1"
DATA = a_jpeg(size=(320, 240))


class Sent(NamedTuple):
    topic: str
    payload: bytes


class Door:
    """What the broker would hear."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.vault = Vault(folder / "media", bytes(32))
        self.start()

    def start(self) -> None:
        """As after a kill: nothing in memory."""
        self.receiver = Receiver(self.database, self.vault, now=lambda: NOON)
        self.uploads = Uploads(self.database, self.vault, self.receiver)
        self.door = PictureDoor[Sent](self.receiver, self.uploads, now=lambda: NOON)
        self.acknowledged: list[Sent] = []

    async def send(self, *messages: Sent) -> None:
        """Until all are acknowledged; raises what the door raises."""
        for message in messages:
            where = picture_of(message.topic)
            assert where is not None, message.topic
            self.door.offer(message, where, message.topic)

        all_done = asyncio.Event()

        def acknowledge(done: Sequence[Sent]) -> None:
            self.acknowledged += done
            if not len(self.door):
                all_done.set()

        task = asyncio.create_task(self.door.follow(acknowledge))
        waiting = asyncio.create_task(all_done.wait())
        try:
            await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
        finally:
            waiting.cancel()
            task.cancel()
            with suppress(asyncio.CancelledError, Unavailable):
                await task

    async def kept(self) -> list[bytes]:
        return [self.vault.open(one.sha256) for one in await media.waiting(self.database, 100)]


@pytest.fixture
async def door(database: Database, tmp_path: Path) -> Door:
    await a_site_with(database)
    return Door(database, tmp_path)


def pieces(data: bytes = DATA, count: int = 4, name: str = "IMG_1", below: str = "") -> list[Sent]:
    step = -(-len(data) // count)
    return [Sent(f"{TOPIC}{below}/{name}/{n + 1}/{count}", data[n * step : (n + 1) * step]) for n in range(count)]


async def test_whole__is_kept_and_acknowledged_and_the_same_again_is_no_other(door: Door) -> None:
    message = Sent(TOPIC, DATA)
    await door.send(message, message)
    assert door.acknowledged == [message, message]
    (one,) = await media.waiting(door.database, 10)
    assert (one.device, one.live, door.vault.open(one.sha256)) == ("camera-1", True, DATA)


async def test_frigate__snapshot_is_a_picture_of_its_camera_at_the_default_site(door: Door) -> None:
    topic = "frigate/gate/person/snapshot"
    assert door.door.where(topic) is None
    at_home = PictureDoor[Sent](door.receiver, door.uploads, now=lambda: NOON, default_site=SITE)
    where = at_home.where(topic)
    assert where is not None
    door.door.offer(Sent(topic, DATA), where, topic)
    await door.send(Sent(TOPIC, a_jpeg(2)))
    kept = {one.device: door.vault.open(one.sha256) for one in await media.waiting(door.database, 10) if one.live}
    assert kept == {"gate": DATA, "camera-1": a_jpeg(2)}
    assert at_home.where("frigate/gate/snapshots/state") is None


async def test_live__comes_before_bulk_that_came_first(door: Door) -> None:
    bulk = [Sent(f"{TOPIC}/bulk", a_jpeg(n)) for n in range(3)]
    live = Sent(TOPIC, a_jpeg(9))
    await door.send(*bulk, live)
    assert door.acknowledged == [live, *bulk]
    assert [one.live for one in await media.waiting(door.database, 10)] == [True, False, False, False]


@pytest.mark.parametrize("seed", range(6))
async def test_pieces__in_any_order_and_twice_are_one_picture(door: Door, seed: int) -> None:
    chance = random.Random(seed)
    sent = [*pieces(), *pieces(a_jpeg(2, (320, 240)), 3, "IMG_2", "/bulk")] * 2
    chance.shuffle(sent)
    for part in (sent[:5], sent[5:10], sent[10:]):
        door.start()
        await door.send(*part)
    assert sorted(await door.kept()) == sorted([DATA, a_jpeg(2, (320, 240))])
    assert await quarantine.page(door.database, SITE, None, 10) == []


async def test_pieces__kept_before_a_kill_need_not_come_again(door: Door) -> None:
    first, second, third, last = pieces()
    await door.send(last, first)
    door.start()
    await door.send(third, second)
    assert await door.kept() == [DATA]


async def test_pieces__nothing_is_acknowledged_that_is_not_kept(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> Any:
        raise DatabaseUnavailable

    *most, last = pieces()
    await door.send(*most)
    # The last piece is kept, and the hub is killed before the picture is: the piece comes again.
    monkeypatch.setattr("hub.media.receive.media.add", away)
    with pytest.raises(Unavailable):
        await door.send(last)
    assert last not in door.acknowledged
    monkeypatch.undo()
    door.start()
    await door.send(last)
    assert await door.kept() == [DATA]
    assert door.acknowledged == [last]


async def test_pieces__a_hub_that_was_killed_finishes_what_is_whole(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> Any:
        raise DatabaseUnavailable

    monkeypatch.setattr("hub.media.receive.media.add", away)
    with pytest.raises(Unavailable):
        await door.send(*pieces())
    monkeypatch.undo()
    door.start()
    await door.uploads.sweep(NOON)
    assert await door.kept() == [DATA]


async def test_pieces__a_missing_one_is_named_when_the_time_is_over(door: Door) -> None:
    first, _, third, _ = pieces()
    await door.send(first, third)
    await door.uploads.sweep(NOON + LIFE - timedelta(seconds=1))
    assert await quarantine.page(door.database, SITE, None, 10) == []
    await door.uploads.sweep(NOON + LIFE + timedelta(seconds=1))
    (entry,) = await quarantine.page(door.database, SITE, None, 10)
    assert "2 of 4 pieces" in entry.reason and "missing: 2, 4" in entry.reason
    assert entry.size == len(first.payload) + len(third.payload), "what was acknowledged is not lost"


async def test_pieces__that_contradict_one_before_go_to_quarantine_and_the_first_stand(door: Door) -> None:
    first, second, third, last = pieces()
    await door.send(first, second, Sent(second.topic, b"another picture"), third, last)
    assert await door.kept() == [DATA]
    (entry,) = await quarantine.page(door.database, SITE, None, 10)
    assert (entry.code, entry.preview) == ("id-conflict", "another picture")


async def test_pieces__a_name_that_is_used_again_begins_a_new_picture(door: Door) -> None:
    other = a_jpeg(5, (320, 240))
    await door.send(*pieces(), *pieces(other))
    assert sorted(await door.kept()) == sorted([DATA, other])
    await door.send(*pieces(other))
    assert len(await door.kept()) == 2


async def test_pieces__that_say_another_total_are_another_picture(door: Door) -> None:
    await door.send(*pieces(count=4)[:3], *pieces(count=2))
    assert await door.kept() == [DATA]


async def test_pieces__that_make_no_picture_are_kept_in_quarantine_once(door: Door) -> None:
    await door.send(*pieces(b"<html>" * 100), *pieces(b"<html>" * 100))
    (entry,) = await quarantine.page(door.database, SITE, None, 10)
    assert (entry.code, entry.size, entry.times) == ("malformed", 600, 1)


async def test_pieces__that_are_too_large_or_empty_go_to_quarantine(door: Door) -> None:
    await door.send(Sent(f"{TOPIC}/A/1/2", bytes(MOST_PIECE_BYTES + 1)), Sent(f"{TOPIC}/A/1/2", b""))
    assert {entry.code for entry in await quarantine.page(door.database, SITE, None, 10)} == {"too-large"}


async def test_door__is_full_at_so_many_bytes_and_has_room_again(door: Door) -> None:
    large = Sent(TOPIC, a_jpeg() + bytes(MOST_WAITING_BYTES))
    where = picture_of(TOPIC)
    assert where is not None
    door.door.offer(large, where, TOPIC)
    assert door.door.is_full
    await door.send()
    assert not door.door.is_full and door.door.waiting_bytes == 0


@pytest.mark.parametrize(
    "topic",
    [
        "rosette/x/picture/cam/UP/0/3",
        "rosette/x/picture/cam/UP/4/3",
        "rosette/x/picture/cam/UP/1/1001",
        "rosette/x/picture/cam/UP/-1/3",
        "rosette/x/picture/cam/UP/1.0/3",
        "rosette/x/picture/cam/UP/٣/3",
        "rosette/x/picture/cam/UP/1",
        "rosette/x/picture/cam//1/2",
        "rosette/x/picture/cam/slow/UP/1/2",
        "rosette/x/picture/",
        "rosette//picture/cam",
        "rosette/x/envelope/cam",
    ],
)
def test_topics__that_say_no_picture_are_none(topic: str) -> None:
    assert picture_of(topic) is None
