"""Devices that send fixes by MQTT 3.1.1, QoS 1, as one process of its own: python -m tests.bench.mqtt_load --help.

Raw sockets: the sender must not be what is measured. Each message says when it was sent (`sent_ns`, and the same
instant as `observed_at`); at a fixed rate that is the time of the schedule: a sender that had to wait hides nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import select
import socket
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

CENTRE = (131.4, 43.1)
# Amplitude of the devices' rounds in degrees, and their period: each crosses the fence at the centre about twice in it.
ROUND_DEG, ROUND_S = 0.02, 120.0
MOST_AT_ONCE = 64


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is sent. `rate` 0: as fast as the window of unacknowledged messages allows."""

    port: int
    username: str
    password: str
    count: int
    rate: float = 0.0
    window: int = 400
    devices: int = 200
    site: str = "bench"
    run: str = "run"


def device(number: int) -> str:
    """Key of a device."""
    return f"tag-{number:04d}"


def packet(kind: int, body: bytes) -> bytes:
    """An MQTT control packet: type and flags, remaining length (7 bits a byte), body."""
    length, out = len(body), bytearray([kind])
    while True:
        length, low = divmod(length, 128)
        out.append(low | (0x80 if length else 0))
        if not length:
            return bytes(out) + body


def text(value: str) -> bytes:
    """A length-prefixed string."""
    return len(value.encode()).to_bytes(2, "big") + value.encode()


def connected(load: Load) -> socket.socket:
    """A clean session of its own, without keep-alive."""
    link = socket.create_connection(("127.0.0.1", load.port), 10)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    flags = 0xC2  # user name, password, clean session
    body = text("MQTT") + bytes([4, flags, 0, 0]) + text(f"load-{load.run}") + text(load.username) + text(load.password)
    link.sendall(packet(0x10, body))
    answer = b""
    while len(answer) < 4:
        answer += link.recv(4 - len(answer)) or b"\xff" * 4
    if answer[0] != 0x20 or answer[3] != 0:
        raise ConnectionError(f"the broker refused the sender: {answer.hex()}")
    return link


class Messages:
    """PUBLISH packets, one after the other, the devices in turns."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._topics = [text(f"rosette/{load.site}/envelope/{device(k)}") for k in range(load.devices)]
        self._second, self._moment = -1, ""

    def message(self, number: int, sent_ns: int) -> bytes:
        """Message `number` (from 0): about 220 bytes of JSON, sent at `sent_ns` (Unix time)."""
        which = number % self._load.devices
        second, rest_ns = divmod(sent_ns, 1_000_000_000)
        if second != self._second:
            self._second = second
            self._moment = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        angle = sent_ns / 1e9 % ROUND_S / ROUND_S * math.tau + which
        body = (
            f'{{"kind":"fix","device":"{device(which)}","source_id":"{self._load.run}-{number:08d}",'
            f'"observed_at":"{self._moment}.{rest_ns // 1000:06d}Z",'
            f'"longitude":{CENTRE[0] + ROUND_DEG * math.sin(angle):.6f},'
            f'"latitude":{CENTRE[1] + 0.1 * ROUND_DEG * math.cos(angle):.6f},'
            f'"uncertainty_m":8.0,"attributes":{{"sent_ns":{sent_ns}}}}}'
        )
        identifier = (number % 65_535 + 1).to_bytes(2, "big")
        return packet(0x32, self._topics[which] + identifier + body.encode())


def send(load: Load) -> dict[str, float]:
    """Send everything and wait for every acknowledgement."""
    messages = Messages(load)
    sent = received = 0
    with connected(load) as link:
        began = time.time_ns()
        while (acknowledged := received // 4) < load.count:  # a PUBACK has four bytes
            room = min(load.count - sent, load.window - (sent - acknowledged), MOST_AT_ONCE)
            if load.rate:
                room = min(room, int((time.time_ns() - began) * load.rate / 1e9) + 1 - sent)
            if room > 0:
                link.sendall(
                    b"".join(
                        messages.message(k, began + int(k / load.rate * 1e9) if load.rate else time.time_ns())
                        for k in range(sent, sent + room)
                    )
                )
                sent += room
            waits = load.rate and sent < load.count and sent - acknowledged < load.window
            pause_s = max(began / 1e9 + sent / load.rate - time.time(), 0.0) if waits else 30.0
            ready, _, _ = select.select([link], [], [], 0.0 if room > 0 else pause_s)
            if ready:
                answer = link.recv(65_536)
                if not answer:
                    raise ConnectionError("the broker closed the sender's connection")
                received += len(answer)
            elif pause_s == 30.0 and room <= 0:
                raise TimeoutError("the broker acknowledged nothing for 30 s")
    seconds = (time.time_ns() - began) / 1e9
    return {"sent": sent, "seconds": seconds, "began_ns": began, "cpu_s": time.process_time()}


async def send_elsewhere(load: Load) -> dict[str, float]:
    """`send` in a process of its own."""
    # With "=": a password may begin with a hyphen.
    arguments = [f"--{name}={value}" for name, value in asdict(load).items()]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.mqtt_load", *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"the sender ended with {child.returncode}")
    return json.loads(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    for name in ("username", "password"):
        parser.add_argument(f"--{name}", required=True)
    for name, kind in (("rate", float), ("window", int), ("devices", int), ("site", str), ("run", str)):
        parser.add_argument(f"--{name}", type=kind, default=getattr(Load, name))
    print(json.dumps(send(Load(**vars(parser.parse_args())))))


if __name__ == "__main__":
    main()
