"""The MQTT door with a real broker and a real database: who may publish what, and when a message is acknowledged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.embedded.broker import EmbeddedBroker
from hub.embedded.start import device_users, revive
from hub.ingest.accept import Acceptor
from hub.ingest.batch import Batch
from hub.ingest.mqtt import Broker, Message, MqttDoor, parse_broker
from hub.ingest.pictures import PictureDoor
from hub.media.receive import Receiver
from hub.media.uploads import Uploads
from hub.media.vault import Vault
from hub.records.errors import DatabaseUnavailable, Misconfigured
from hub.records.ids import new_id
from hub.records.receipt import Receipt
from hub.store import access, media
from hub.store.database import Database
from tests.acceptance.collared import DEVICE, SECRET, SITE, enrol, numbers_in_log
from tests.acceptance.hub_process import free_port
from tests.acceptance.publisher import Refused, connect, fix, publish_once
from tests.acceptance.small_disk import open_folder
from tests.pictures import a_jpeg

USER = f"{SITE}:{DEVICE}"
TOPIC = f"rosette/{SITE}/envelope/{DEVICE}"
WITHIN_S = 15.0


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    """A broker of its own."""
    with open_folder() as folder:
        broker = EmbeddedBroker(folder / "broker", port=free_port(), durable=False)
        broker.start()
        yield broker
        broker.stop()


class Unwilling(Acceptor):
    """Fails as a lost database does, as often as it is told."""

    def __init__(self, database: Database, failures: int) -> None:
        super().__init__(database)
        self.failures = failures
        self.asked = 0

    async def store(self, batch: Batch) -> list[Receipt]:
        self.asked += len(batch.arrivals)
        if self.failures:
            self.failures -= 1
            raise DatabaseUnavailable("away")
        return await super().store(batch)


def where(broker: EmbeddedBroker) -> Broker:
    return Broker(
        host=broker.host,
        port=broker.port,
        username=broker.hub_username,
        password=broker.hub_password,
        client_id=broker.hub_client_id,
    )


@asynccontextmanager
async def a_door(
    broker: EmbeddedBroker, acceptor: Acceptor, pictures: PictureDoor[Message] | None = None
) -> AsyncIterator[MqttDoor]:
    """A door that follows the broker."""
    door = MqttDoor(where(broker), acceptor, now=lambda: datetime.now(UTC), pictures=pictures)
    task = asyncio.create_task(door.run())
    try:
        await until(lambda: door.connected)
        yield door
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


async def until_in_log(dsn: str, *numbers: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            found = await numbers_in_log(dsn)
            if all(found[number] == 1 for number in numbers):
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def users_of(broker: EmbeddedBroker, database: Database) -> AsyncIterator[None]:
    """The broker's users follow the keys in the database, and are not those of an earlier test."""
    # They have the same name: while the broker changes one for the other it lets nobody in.
    await asyncio.to_thread(broker.set_users, ())
    following = asyncio.create_task(device_users(broker, database))
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


def refused(broker: EmbeddedBroker, username: str, password: str) -> bool:
    try:
        connect(broker.port, username, password, f"probe-{time.monotonic_ns()}").close()
    except Refused:
        return True
    return False


def published(broker: EmbeddedBroker, topic: str, number: int) -> bool:
    return publish_once(broker.port, USER, SECRET, topic, fix(DEVICE, number, datetime.now(UTC).isoformat()))


async def test_device__publishes_with_its_key_and_only_below_its_own_topic(
    broker: EmbeddedBroker, database: Database, database_dsn: str
) -> None:
    await enrol(database_dsn)
    acceptor = Unwilling(database, failures=0)
    async with users_of(broker, database), a_door(broker, acceptor):
        await until(lambda: not refused(broker, USER, SECRET))
        for topic in (f"rosette/{SITE}/envelope/collar-2", f"rosette/tundra/envelope/{DEVICE}", "owntracks/a/b"):
            with suppress(OSError):
                await asyncio.to_thread(published, broker, topic, 7)
        assert await asyncio.to_thread(published, broker, TOPIC, 1)
        await until_in_log(database_dsn, 1)
    assert acceptor.asked == 1, "what was published elsewhere reached the hub"


async def test_pictures__more_than_fit_the_memory_are_all_kept_and_positions_pass_them(
    broker: EmbeddedBroker, database: Database, database_dsn: str, tmp_path: Path
) -> None:
    await enrol(database_dsn)
    vault = Vault(tmp_path / "media", bytes(32))
    receiver = Receiver(database, vault, now=lambda: datetime.now(UTC))
    pictures = PictureDoor[Message](receiver, Uploads(database, vault, receiver), now=receiver.now)
    large = a_jpeg() + bytes(4_000_000)
    topic = f"rosette/{SITE}/picture/{DEVICE}"
    sent = [(topic, large + bytes([n])) for n in range(5)]
    small = a_jpeg(7, (320, 240))
    cuts = [small[:1_000], small[1_000:2_000], small[2_000:]]
    sent += [(f"{topic}/bulk/IMG_1/{n}/3", cut) for n, cut in enumerate(cuts, start=1)]
    async with users_of(broker, database):
        await until(lambda: not refused(broker, USER, SECRET))
        # They wait at the broker, and come all at once.
        async with a_door(broker, Acceptor(database), pictures):
            pass
        for where_to, payload in sent:
            assert await asyncio.to_thread(publish_once, broker.port, USER, SECRET, where_to, payload)
        assert await asyncio.to_thread(published, broker, TOPIC, 11)
        async with a_door(broker, Acceptor(database), pictures) as door:
            await until_in_log(database_dsn, 11)
            await until(lambda: not door.unacknowledged)
            kept = await media.waiting(database, 100)
    assert {vault.open(one.sha256) for one in kept} == {payload for _, payload in sent[:5]} | {small}
    assert [one.live for one in kept] == [True] * 5 + [False]


async def test_device__is_put_out_when_its_key_is_revoked(
    broker: EmbeddedBroker, database: Database, database_dsn: str
) -> None:
    await enrol(database_dsn)
    async with users_of(broker, database):
        await until(lambda: not refused(broker, USER, SECRET))
        (key,) = await access.keys(database, SITE)
        await access.revoke_key(database, SITE, key.id)
        await until(lambda: refused(broker, USER, SECRET))


async def test_device__one_that_the_broker_cannot_hold_does_not_lock_out_the_others(
    broker: EmbeddedBroker, database: Database, database_dsn: str
) -> None:
    await enrol(database_dsn)
    async with database.transaction() as connection:
        await access.add_key(
            connection, new_id(), "other secret", name="odd", site=SITE, role="ranger", device='a"b\\{}"'
        )
    async with users_of(broker, database):
        await until(lambda: not refused(broker, USER, SECRET))


async def test_door__a_message_that_could_not_be_committed_comes_again_and_is_stored_once(
    broker: EmbeddedBroker, database: Database, database_dsn: str
) -> None:
    await enrol(database_dsn)
    acceptor = Unwilling(database, failures=2)
    async with users_of(broker, database), a_door(broker, acceptor):
        await until(lambda: not refused(broker, USER, SECRET))
        assert await asyncio.to_thread(published, broker, TOPIC, 1)
        await until_in_log(database_dsn, 1)
    assert acceptor.asked >= 3, "it was not delivered again"


async def test_door__what_was_acknowledged_does_not_come_again(
    broker: EmbeddedBroker, database: Database, database_dsn: str
) -> None:
    await enrol(database_dsn)
    first, second = Unwilling(database, failures=0), Unwilling(database, failures=0)
    async with users_of(broker, database):
        async with a_door(broker, first):
            await until(lambda: not refused(broker, USER, SECRET))
            for number in range(20):
                assert await asyncio.to_thread(published, broker, TOPIC, number)
            await until_in_log(database_dsn, *range(20))
        async with a_door(broker, second):
            assert await asyncio.to_thread(published, broker, TOPIC, 99)
            await until_in_log(database_dsn, 99)
    assert (first.asked, second.asked) == (20, 1)


async def test_door__follows_again_after_the_broker_was_killed(
    broker: EmbeddedBroker, database: Database, database_dsn: str
) -> None:
    await enrol(database_dsn)
    async with users_of(broker, database), a_door(broker, Unwilling(database, failures=0)) as door:
        await until(lambda: not refused(broker, USER, SECRET))
        reviving = asyncio.create_task(revive(broker))
        await asyncio.to_thread(broker.kill)
        await until(lambda: not door.connected)
        await until(lambda: door.connected and not refused(broker, USER, SECRET))
        reviving.cancel()
        assert await asyncio.to_thread(published, broker, TOPIC, 1)
        await until_in_log(database_dsn, 1)


def test_url__is_read_with_its_escapes() -> None:
    found = parse_broker("mqtts://hub:p%40ss@broker.example")
    assert (found.host, found.port, found.username, found.password, found.tls) == (
        "broker.example",
        8883,
        "hub",
        "p@ss",
        True,
    )


@pytest.mark.parametrize("url", ["http://broker", "mqtt://", "broker:1883"])
def test_url__anything_else_is_named_as_what_it_should_be(url: str) -> None:
    with pytest.raises(Misconfigured, match="mqtt://user:password@host:1883"):
        parse_broker(url)
