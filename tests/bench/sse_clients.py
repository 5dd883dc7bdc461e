"""Browsers that only listen: many open live streams in one process of its own, on raw sockets.

`python -m tests.bench.sse_clients --port … --path … --cookie … --clients …` prints ``ready`` when all streams are open;
a line with a Unix time in ns on its input ends it: it prints what was received of observations since that time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from datetime import datetime

import msgspec
import numpy as np

from tests.bench.ground import percentile


class Item(msgspec.Struct):
    """What of a position matters here."""

    observed_at: datetime | None = None


class Positions(msgspec.Struct):
    """Data of a ``positions`` message."""

    items: list[Item]


class Chunks:
    """Every distinct chunk once, with the times of the observations it carries."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}
        self.observed_ns: list[np.ndarray] = []

    def number(self, chunk: bytes) -> int:
        """The number of a chunk; all readers of one clearance get the same bytes."""
        if (known := self.numbers.get(chunk)) is None:
            known = self.numbers[chunk] = len(self.observed_ns)
            self.observed_ns.append(np.array(observed_ns(chunk), np.int64))
        return known


def observed_ns(chunk: bytes) -> list[int]:
    """Times of the observations in the ``positions`` messages of a chunk, in ns since 1970."""
    out: list[int] = []
    for message in chunk.split(b"\n\n"):
        if b"event: positions\n" in message:
            data = message.partition(b"data: ")[2]
            items = msgspec.json.decode(data, type=Positions).items
            # A float holds no microsecond of today: whole seconds and the rest apart.
            out += [
                int(one.observed_at.timestamp()) * 1_000_000_000 + one.observed_at.microsecond * 1_000
                for one in items
                if one.observed_at is not None
            ]
    return out


class Client(asyncio.Protocol):
    """One GET whose chunked answer never ends."""

    def __init__(self, request: bytes, chunks: Chunks) -> None:
        self._request, self._chunks = request, chunks
        self._buffer = bytearray()
        self._headed = False
        self.opened = asyncio.get_running_loop().create_future()
        self.received: list[tuple[int, int]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self._request)  # type: ignore[attr-defined]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"closed before the stream began: {bytes(self._buffer[:200])}"))

    def data_received(self, data: bytes) -> None:
        now = time.time_ns()
        self._buffer += data
        if not self._headed:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 200 " not in head.split(b"\r\n")[0] or b"transfer-encoding: chunked" not in head.lower():
                self.opened.set_exception(ConnectionError(f"not a stream: {bytes(head[:300])}"))
                return
            self._headed, self._buffer = True, rest
        while (end := self._buffer.find(b"\r\n")) >= 0:
            size = int(self._buffer[:end], 16)
            if len(self._buffer) < end + size + 4:
                return
            chunk = bytes(self._buffer[end + 2 : end + 2 + size])
            del self._buffer[: end + size + 4]
            self.received.append((now, self._chunks.number(chunk)))
            if not self.opened.done():
                self.opened.set_result(None)


async def listen(port: int, path: str, cookie: str, clients: int) -> dict[str, float]:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nAccept: text/event-stream\r\n\r\n"
    loop, chunks = asyncio.get_running_loop(), Chunks()
    open_clients: list[Client] = []
    for start in range(0, clients, 50):
        made = await asyncio.gather(
            *[
                loop.create_connection(lambda: Client(request.encode(), chunks), "127.0.0.1", port)
                for _ in range(min(50, clients - start))
            ]
        )
        open_clients += [client for _, client in made]
        await asyncio.gather(*[client.opened for client in open_clients[start:]])
    print("ready", flush=True)
    since_ns = int(await asyncio.to_thread(sys.stdin.readline))
    late: list[np.ndarray] = []
    for client in open_clients:
        for now, number in client.received:
            observed = chunks.observed_ns[number]
            # The stream carries microseconds: what was sent within the first one counts.
            late.append((now - observed[observed >= since_ns - 1_000]) / 1e6)
    late_ms = np.concatenate(late) if late else np.empty(0)
    return {
        "delivered": len(late_ms),
        "p50_ms": percentile(late_ms.tolist(), 50) if len(late_ms) else 0.0,
        "p95_ms": percentile(late_ms.tolist(), 95) if len(late_ms) else 0.0,
        "p99_ms": percentile(late_ms.tolist(), 99) if len(late_ms) else 0.0,
        "chunks_per_client": sum(len(client.received) for client in open_clients) / clients,
        "distinct_chunks": len(chunks.observed_ns),
        "clients_cpu_s": time.process_time(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--cookie", required=True)
    asked = parser.parse_args()
    print(json.dumps(asyncio.run(listen(asked.port, asked.path, asked.cookie, asked.clients))))


if __name__ == "__main__":
    main()
