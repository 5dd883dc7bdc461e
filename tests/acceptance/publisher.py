"""A device that publishes by MQTT 3.1.1 at QoS 1 over a bare socket and knows what the broker acknowledged to it."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Self

import msgspec

CONNECT, CONNACK, PUBLISH, PUBACK, PINGREQ = 0x10, 0x20, 0x32, 0x40, b"\xc0\x00"
DUPLICATE = 0x08
WINDOW = 500
RECONNECT_S = 0.1


class Refused(OSError):
    """The broker did not let the device in; code of CONNACK (5: not authorised)."""


def text(value: str | bytes) -> bytes:
    """A length-prefixed string of the protocol."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(raw)) + raw


def packet(kind: int, body: bytes) -> bytes:
    """A control packet: type, remaining length as a varint, body."""
    length, size = bytearray(), len(body)
    while True:
        size, digit = divmod(size, 128)
        length.append(digit | (0x80 if size else 0))
        if not size:
            return bytes([kind]) + bytes(length) + body


def connect(port: int, username: str, password: str, client_id: str) -> socket.socket:
    """An open session that the broker forgets at its end; raises OSError, Refused when it does not let us in."""
    link = socket.create_connection(("127.0.0.1", port), timeout=10)
    try:
        flags = 0x02 | (0xC0 if username else 0)
        login = text(username) + text(password) if username else b""
        link.sendall(packet(CONNECT, text("MQTT") + bytes([4, flags, 0, 60]) + text(client_id) + login))
        answer = link.recv(4)
        if len(answer) != 4 or answer[0] != CONNACK or answer[3]:
            raise Refused(f"CONNACK {answer.hex()}")
    except BaseException:
        link.close()
        raise
    return link


def publish_once(port: int, username: str, password: str, topic: str | bytes, payload: bytes) -> bool:
    """Publish one message; True when the broker acknowledged it, False when it hung up or kept silent for 2 s."""
    with connect(port, username, password, f"once-{time.monotonic_ns()}") as link:
        link.settimeout(2)
        link.sendall(packet(PUBLISH, text(topic) + b"\x00\x01" + payload))
        try:
            return link.recv(4) == bytes([PUBACK, 2, 0, 1])
        except OSError:
            return False


class Publisher(threading.Thread):
    """Publishes `body(0)`, `body(1)`, … at `rate` a second; what was not acknowledged again on every new connection.

    `acknowledged` holds the numbers that the broker has taken over: from then on the device may forget them.
    """

    def __init__(
        self, port: int, *, username: str, password: str, topic: str, body: Callable[[int], bytes], rate: float
    ) -> None:
        super().__init__(name=f"publisher of {topic}", daemon=True)
        self._where = (port, username, password, f"device-{time.monotonic_ns()}")
        self._topic = text(topic)
        self._body = body
        self._rate = rate
        self._enough = threading.Event()
        self._pending: dict[int, bytes] = {}
        self._next = 0
        self.acknowledged: set[int] = set()
        self.connections = 0
        self.refusals = 0

    def run(self) -> None:
        while not self._done():
            try:
                with connect(*self._where) as link:
                    self.connections += 1
                    self._follow(link)
            except OSError as error:
                self.refusals += isinstance(error, Refused)
                self._enough.wait(RECONNECT_S) or time.sleep(RECONNECT_S)

    def finish(self, within_s: float = 30) -> set[int]:
        """Publish nothing new, wait for what is still open, and return all numbers; fails when some stay open."""
        self._enough.set()
        self.join(within_s)
        assert not self.is_alive(), f"{len(self._pending)} of {self._next} are not acknowledged"
        return self.acknowledged

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._pending.clear()
        self.join(5)

    def _done(self) -> bool:
        return self._enough.is_set() and not self._pending

    def _follow(self, link: socket.socket) -> None:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number, payload in list(self._pending.items()):
            link.sendall(self._message(number, payload, PUBLISH | DUPLICATE))
        began, first = time.monotonic(), self._next
        heard = b""
        while not self._done():
            due = first + int((time.monotonic() - began) * self._rate) + 1
            while self._next < due and len(self._pending) < WINDOW and not self._enough.is_set():
                payload = self._pending[self._next] = self._body(self._next)
                self._next += 1
                link.sendall(self._message(self._next - 1, payload, PUBLISH))
            readable, _, _ = select.select([link], [], [], min(1 / self._rate, 0.2))
            if readable:
                if not (part := link.recv(65_536)):
                    raise ConnectionError("the broker hung up")
                heard = self._take(heard + part)

    def _take(self, heard: bytes) -> bytes:
        while len(heard) >= 4:
            answer, heard = heard[:4], heard[4:]
            assert answer[:2] == bytes([PUBACK, 2]), answer
            (packet_id,) = struct.unpack(">H", answer[2:])
            # Numbers that are open at one time lie closer together than packet ids repeat.
            number = next((n for n in self._pending if n % 65_535 + 1 == packet_id), None)
            if number is not None:
                del self._pending[number]
                self.acknowledged.add(number)
        return heard

    def _message(self, number: int, payload: bytes, kind: int) -> bytes:
        return packet(kind, self._topic + struct.pack(">H", number % 65_535 + 1) + payload)


def fix(device: str, number: int, observed_at: str) -> bytes:
    """A fix in Rosette's own dialect that carries its number as `source_id`."""
    return msgspec.json.encode(
        {
            "kind": "fix",
            "device": device,
            "observed_at": observed_at,
            "source_id": str(number),
            "longitude": 131.4,
            "latitude": 43.1,
        }
    )
