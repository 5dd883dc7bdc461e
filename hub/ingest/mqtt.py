"""The MQTT door: QoS 1, acknowledged to the broker only after the commit.

aiomqtt acknowledges a message before anybody has seen it; a killed hub loses what it had not stored. So this file
takes messages from paho's callback with paho's `manual_ack` (its public API), and acknowledges those of a commit in
one piece. `ManualClient` holds all touches of aiomqtt's and paho's inside; `tests/acceptance/test_mqtt_door.py` fails
when they stop working.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import struct
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import aiomqtt
import msgspec

from hub.ingest.accept import Acceptor
from hub.ingest.batch import Batch
from hub.ingest.link import Link
from hub.ingest.pictures import PictureDoor
from hub.records.errors import BrokerUnavailable, Misconfigured, Unavailable
from hub.records.receipt import Arrival
from hub.records.site import UNROUTED

LOGGER = logging.getLogger(__name__)
# Acknowledgement of QoS 1, the quality that the hub subscribes with: type, length of the rest, message id.
PUBACK = 0x40
_ACK = struct.Struct("!BBH")
LARGEST_BATCH = 1_000
# With so many waiting, the next batch is read while the database stores the one before; with fewer, it waits for more.
READ_AHEAD_FROM = 200
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


class Broker(msgspec.Struct, frozen=True, kw_only=True):
    """Where the broker is and who the hub is there. The client id names the hub's queue: never change it."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    client_id: str = "rosette-hub"
    tls: bool = False


def parse_broker(url: str) -> Broker:
    """``mqtt://user:password@host:port?client_id=SECRET`` or ``mqtts://…``; raises Misconfigured.

    Whoever connects with the hub's client id takes over its queue: where devices share the broker, give a secret one.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise Misconfigured("ROSETTE_BROKER_URL must look like mqtt://user:password@host:1883 or mqtts://…:8883")
    tls = parts.scheme == "mqtts"
    return Broker(
        host=parts.hostname,
        port=parts.port or (8883 if tls else 1883),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        client_id=parse_qs(parts.query).get("client_id", ["rosette-hub"])[0],
        tls=tls,
    )


class Message(NamedTuple):
    """One delivery, with the handle that acknowledges it."""

    mid: int
    qos: int
    topic: str
    payload: bytes


class ManualClient(aiomqtt.Client):
    """aiomqtt's client that hands messages over at once and acknowledges none by itself."""

    def __init__(self, broker: Broker, received: Callable[[Message], None]) -> None:
        super().__init__(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            identifier=broker.client_id,
            clean_session=False,
            timeout=5,
            tls_context=ssl.create_default_context() if broker.tls else None,
        )
        self._received = received
        self._paused = False
        # Before CONNECT: a persistent session delivers its queue before any later statement runs.
        self._client.manual_ack_set(True)
        connect = self._client._create_socket_connection  # pyright: ignore[reportPrivateUsage]
        # TLS takes the socket over, and reads ahead by itself.
        self._client._create_socket_connection = lambda: Link(connect())  # pyright: ignore[reportPrivateUsage]

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        del client, userdata
        self._received(Message(message.mid, message.qos, message.topic, message.payload))

    def pause(self) -> None:
        """Read nothing more for now; the broker keeps what it has."""
        if (link := self._client.socket()) is not None and not self._paused:
            self._paused = True
            self._loop.remove_reader(link.fileno())

    def go_on(self) -> None:
        """Read again."""
        if (link := self._client.socket()) is not None and self._paused:
            self._paused = False
            self._loop.add_reader(link.fileno(), self._read)
            # What had been read ahead wakes nobody.
            self._loop.call_soon(self._read)

    def _read(self) -> None:
        """As aiomqtt reads, which gives nobody its way of reading."""
        try:
            while not self._paused and (link := self._client.socket()) is not None:
                self._client.loop_read()
                # A plain socket has no bytes that were read ahead.
                pending = getattr(link, "pending", None)
                if pending is None or pending() == 0:
                    return
        except Exception as error:  # noqa: BLE001 whatever breaks the connection ends it
            if not self._disconnected.done():
                self._disconnected.set_exception(error)

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Tell the broker that these may be forgotten."""
        # All in one packet to send: paho's own `ack` makes a system call of each, and the broker wakes up for each.
        acks = b"".join([_ACK.pack(PUBACK, 2, message.mid) for message in messages if message.qos])
        if acks:
            self._client._packet_queue(PUBACK, acks, 0, 1)  # pyright: ignore[reportPrivateUsage]

    @property
    def gone(self) -> asyncio.Future[None]:
        """Done when the connection is lost."""
        return self._disconnected


class MqttDoor:
    """Follows the broker for ever. `connected` says whether it does right now."""

    def __init__(
        self,
        broker: Broker,
        acceptor: Acceptor,
        *,
        now: Callable[[], datetime],
        pictures: PictureDoor[Message] | None = None,
    ) -> None:
        self._broker = broker
        self._acceptor = acceptor
        self._pictures = pictures
        self._now = now
        self._pause_s = FIRST_PAUSE_S
        self._waiting: list[Message] = []
        self._in_hand = 0
        self.connected = False
        self.received = 0

    @property
    def unacknowledged(self) -> int:
        """Messages that the broker has delivered and that are not committed yet."""
        return self._in_hand + len(self._waiting) + len(self._pictures or ())

    async def run(self) -> None:
        """Connect, follow, and connect again after a pause, which grows until a message comes through."""
        while True:
            try:
                await self._follow()
            except (aiomqtt.MqttError, OSError) as error:
                LOGGER.warning("broker: %s; trying again in %.1f s", error, self._pause_s)
            except Unavailable as error:
                # Leave the broker: what we hold is not acknowledged, so it stays queued there and comes again.
                LOGGER.error("%s: %s; nothing is acknowledged until it is back", error.code, error.detail)
            finally:
                self.connected = False
                self._waiting, self._in_hand = [], 0
                if self._pictures is not None:
                    self._pictures.clear()
            await asyncio.sleep(self._pause_s * random.uniform(0.8, 1.2))
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    async def _follow(self) -> None:
        waiting = self._waiting
        wake = asyncio.Event()

        pictures = self._pictures

        def received(message: Message) -> None:
            if pictures is not None and (where := pictures.where(message.topic)) is not None:
                pictures.offer(message, where, message.topic)
                if pictures.is_full:
                    client.pause()
                return
            waiting.append(message)
            wake.set()

        def acknowledge(messages: Sequence[Message]) -> None:
            client.acknowledge(messages)
            if pictures is not None and not pictures.is_full:
                client.go_on()

        client = ManualClient(self._broker, received)
        committing: asyncio.Task[None] | None = None
        taking = None if pictures is None else asyncio.create_task(pictures.follow(acknowledge))
        async with client:
            codes = await client.subscribe("#", qos=1)
            if any(int(getattr(code, "value", code)) >= 128 for code in codes):  # type: ignore[arg-type]
                raise BrokerUnavailable("the broker refused the hub's subscription to all topics")
            self.connected = True
            LOGGER.info("following the broker at %s:%s", self._broker.host, self._broker.port)
            try:
                while True:
                    woken = asyncio.ensure_future(wake.wait())
                    pending = [one for one in (woken, client.gone, committing, taking) if one is not None]
                    await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                    if not woken.done():
                        woken.cancel()
                    if client.gone.done():
                        client.gone.result()
                        return
                    if taking is not None and taking.done():
                        taking.result()
                    if committing is not None and (committing.done() or len(waiting) < READ_AHEAD_FROM):
                        # Whatever comes while a commit is under way is the next batch: idle means at once.
                        await committing
                        committing = None
                    wake.clear()
                    while waiting:
                        batch = waiting[:LARGEST_BATCH]
                        del waiting[:LARGEST_BATCH]
                        self._in_hand += len(batch)
                        read = await self._read(batch)
                        if committing is not None:
                            await committing
                        committing = asyncio.create_task(self._commit(client, batch, read))
                        await asyncio.sleep(0)
                        if len(waiting) < READ_AHEAD_FROM:
                            break
            finally:
                for task in (committing, taking):
                    if task is not None:
                        task.cancel()
                        await asyncio.gather(task, return_exceptions=True)

    async def _read(self, batch: list[Message]) -> Batch:
        self.received += len(batch)
        received_at = self._now()
        return await self._acceptor.read(
            [
                Arrival(
                    site=UNROUTED,
                    door="mqtt",
                    dialect="unknown",
                    address=message.topic,
                    body=message.payload,
                    received_at=received_at,
                )
                for message in batch
            ]
        )

    async def _commit(self, client: ManualClient, batch: list[Message], read: Batch) -> None:
        await self._acceptor.store(read)
        client.acknowledge(batch)
        self._in_hand -= len(batch)
        self._pause_s = FIRST_PAUSE_S
