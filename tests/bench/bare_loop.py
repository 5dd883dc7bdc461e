"""The least that keeps every message: MQTT → decode → idempotent insert → commit → acknowledge. The hub's peer.

No checks, no quarantine, no log order, no pipeline: what this does in a second is what the same broker, client library
and database allow.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

import aiomqtt
import asyncpg
import msgspec

LARGEST_BATCH = 1_000
TABLE = """
create table observation (
    id text primary key, site text not null, device text not null, observed_at timestamptz not null,
    received_at timestamptz not null, recorded_at timestamptz not null default clock_timestamp(), kind text not null,
    uncertainty_m real, location point, payload jsonb
);
create index on observation (device, observed_at)"""
INSERT = """
insert into observation (id, site, device, observed_at, received_at, kind, uncertainty_m, location, payload)
select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::real[],
                     $8::point[], $9::jsonb[])
on conflict do nothing"""
DIGEST = "select count(*), md5(string_agg(id, ',' order by id)) from observation where id like $1 || '-%'"


class Fix(msgspec.Struct):
    source_id: str
    device: str
    observed_at: datetime
    longitude: float
    latitude: float
    kind: str
    uncertainty_m: float
    attributes: msgspec.Raw


class Client(aiomqtt.Client):
    """Hands messages over as they come; acknowledges by hand."""

    def __init__(self, port: int, username: str, password: str) -> None:
        super().__init__(
            "127.0.0.1", port, username=username, password=password, identifier="bare", clean_session=False, timeout=20
        )
        self.waiting: list[tuple[int, bytes]] = []
        self.wake = asyncio.Event()
        self._client.manual_ack_set(True)

    def _on_message(self, client: object, userdata: object, message: object) -> None:
        self.waiting.append((message.mid, message.payload))  # type: ignore[attr-defined]
        self.wake.set()

    def acknowledge(self, batch: list[tuple[int, bytes]]) -> None:
        for mid, _ in batch:
            self._client.ack(mid, 1)


class BareLoop:
    """Run `follow` as a task; `commits` collects (time in ns, payloads) of every commit."""

    def __init__(self, dsn: str, port: int, username: str, password: str) -> None:
        self._dsn, self._broker = dsn, (port, username, password)
        self.ready = asyncio.Event()
        self.commits: list[tuple[int, list[bytes]]] = []

    async def follow(self) -> None:
        connection = await asyncpg.connect(self._dsn)
        await connection.set_type_codec(
            "jsonb", encoder=lambda raw: b"\x01" + bytes(raw), decoder=bytes, schema="pg_catalog", format="binary"
        )
        await connection.execute(TABLE)
        decode = msgspec.json.Decoder(Fix).decode
        async with Client(*self._broker) as client:
            await client.subscribe("#", qos=1)
            self.ready.set()
            while True:
                await client.wake.wait()
                client.wake.clear()
                while client.waiting:
                    batch = client.waiting[:LARGEST_BATCH]
                    del client.waiting[:LARGEST_BATCH]
                    now = datetime.now().astimezone()
                    rows = []
                    for _, payload in batch:
                        fix = decode(payload)
                        what = (fix.kind, fix.uncertainty_m, (fix.longitude, fix.latitude), fix.attributes)
                        rows.append((fix.source_id, "bench", fix.device, fix.observed_at, now, *what))
                    async with connection.transaction():
                        await connection.execute(INSERT, *zip(*rows, strict=True))
                    self.commits.append((time.time_ns(), [payload for _, payload in batch]))
                    client.acknowledge(batch)
                    await asyncio.sleep(0)
