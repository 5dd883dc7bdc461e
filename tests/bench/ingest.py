"""From MQTT to committed: the hub, its pipeline running, beside the barest loop that keeps every message, in one run.

python -m tests.bench.ingest --json prints one JSON object as its last line. Latency is counted from a message's time in
the sender's schedule to the end of the transaction that holds it; rates from the first send to the last commit.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import uvloop

from hub.console.feeds import Feeds
from hub.ingest.accept import Acceptor
from hub.ingest.batch import Batch
from hub.ingest.mqtt import Broker, MqttDoor
from hub.pipeline.beside import Beside
from hub.records.receipt import Receipt
from hub.store import reference, sites
from hub.store.database import Database
from hub.supervise import run_all
from tests import builders as a
from tests.bench import bare_loop, ground, mqtt_load
from tests.bench.mqtt_load import Load

SITE = "bench"
WARM_UP = 1_000
LONGEST_WAIT_S = 60.0
DIGEST = """
select count(*), md5(string_agg(body ->> 'source_id', ',' order by body ->> 'source_id')) from observation
where body ->> 'source_id' like $1 || '-%'"""
Commits = list[tuple[int, list[bytes]]]
Lag = Callable[[], Awaitable[int]]


class Running(NamedTuple):
    """Who is measured: its commits; of a hub also how far its pipeline is behind, and that one's process."""

    commits: Commits
    behind: Lag | None = None
    pipeline: int | None = None

    def pipeline_cpu_s(self) -> float:
        return 0.0 if self.pipeline is None else ground.cpu_s(self.pipeline)


@dataclass(frozen=True, kw_only=True)
class Task:
    """One round, as its process is told."""

    dsn: str
    port: int
    username: str
    password: str
    client_id: str
    count: int
    rate: float
    devices: int
    animals: int

    def load(self, run: str, count: int, rate: float) -> Load:
        """Messages of this round."""
        return Load(
            port=self.port,
            username=self.username,
            password=self.password,
            count=count,
            rate=rate,
            devices=self.devices,
            site=SITE,
            run=run,
        )


class TimedAcceptor(Acceptor):
    """The hub's, noting when it had committed what."""

    commits: Commits

    async def store(self, batch: Batch) -> list[Receipt]:
        receipts = await super().store(batch)
        self.commits.append((time.time_ns(), [arrival.body for arrival in batch.arrivals]))
        return receipts


async def a_reserve(database: Database, devices: int, animals: int) -> None:
    """A site with a fence; the first devices are collars of sensitive animals, the next as many phones of people."""
    records: list[Any] = [a.a_fence(SITE, half_deg=0.01, triggers=("enter", "exit", "through"))]
    for k in range(min(devices, animals)):
        collar = a.a_device(SITE, mqtt_load.device(k))
        leopard = a.an_individual(SITE, f"F{k:03d}", sensitive=True)
        records += [collar, leopard, a.a_deployment(collar, leopard)]
    for k in range(animals, devices):
        records.append(a.a_device(SITE, mqtt_load.device(k), kind="phone"))
    async with database.transaction() as connection:
        await sites.put(connection, a.a_site(SITE))
        for record in records:
            await reference.put(connection, record, expect=None, by="bench")


@asynccontextmanager
async def the_hub(task: Task) -> AsyncIterator[Running]:
    """Door, log and live feed in this process, the pipeline beside it, as hub/app.py composes them."""
    database = await Database.connect(task.dsn)
    await a_reserve(database, task.devices, task.animals)
    feeds = Feeds(database)
    broker = Broker(
        host="127.0.0.1",
        port=task.port,
        username=task.username,
        password=task.password,
        client_id=task.client_id,
    )
    pipeline = Beside(database, feeds.tell, log_level="warning")
    acceptor = TimedAcceptor(database)
    acceptor.commits = []
    door = MqttDoor(broker, acceptor, now=lambda: datetime.now(UTC))

    async def behind() -> int:
        return (await feeds.lag(SITE))[0]

    stop = asyncio.Event()
    running = asyncio.create_task(run_all({"pipeline": pipeline.run, "live": feeds.run, "mqtt": door.run}, stop))
    try:
        await until(lambda: door.connected and SITE in feeds.sites)
        assert pipeline.pid is not None
        gc.collect()
        gc.freeze()
        yield Running(acceptor.commits, behind, pipeline.pid)
    finally:
        stop.set()
        await running
    await database.close()


@asynccontextmanager
async def the_peer(task: Task) -> AsyncIterator[Running]:
    """The bare loop in this process."""
    bare = bare_loop.BareLoop(task.dsn, task.port, task.username, task.password)
    running = asyncio.create_task(bare.follow())
    try:
        await until(lambda: bare.ready.is_set() or running.done())
        yield Running(bare.commits)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(holds: Callable[[], bool], within_s: float = LONGEST_WAIT_S) -> None:
    """Look every 20 ms; raises TimeoutError."""
    end = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {within_s} s")
        await asyncio.sleep(0.02)


async def caught_up(lag: Lag | None) -> float:
    """Seconds until the pipeline has followed everything; 0 where there is none."""
    began = time.monotonic()
    while lag is not None and (behind := await lag()):
        if time.monotonic() - began > LONGEST_WAIT_S:
            raise TimeoutError(f"the pipeline is still {behind} changes behind")
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def a_round(task: Task, who: str) -> dict[str, Any]:
    """Warm up, send, wait for the last commit and for the pipeline; the figures."""
    async with (the_hub if who == "hub" else the_peer)(task) as running:
        commits, lag = running.commits, running.behind
        counted = taken = 0

        def committed() -> int:
            nonlocal counted, taken
            counted += sum(len(bodies) for _, bodies in commits[taken:])
            taken = len(commits)
            return counted

        warm_up = min(WARM_UP, task.count)
        await mqtt_load.send_elsewhere(task.load("warm", warm_up, 2_000.0))
        await until(lambda: committed() >= warm_up)
        await caught_up(lag)
        commits.clear()
        counted = taken = 0
        cpu_s, pipeline_cpu_s = time.process_time(), running.pipeline_cpu_s()
        sent = await mqtt_load.send_elsewhere(task.load("run", task.count, task.rate))
        await until(lambda: committed() >= task.count)
        behind = await lag() if lag else 0
        catching_up_s = await caught_up(lag)
        cpu_s = time.process_time() - cpu_s
        pipeline_cpu_s = running.pipeline_cpu_s() - pipeline_cpu_s
    connection = await asyncpg.connect(task.dsn)
    try:
        stored, digest = await connection.fetchrow(bare_loop.DIGEST if who == "peer" else DIGEST, "run")
    finally:
        await connection.close()
    sent_ns = [(at, int(body[body.rindex(b":") + 1 : -2])) for at, bodies in commits for body in bodies]
    late_ms = [(at - began) / 1e6 for at, began in sent_ns]
    return {
        "stored": stored,
        "digest": digest,
        "messages_per_s": task.count / ((commits[-1][0] - sent["began_ns"]) / 1e9),
        "p50_ms": ground.percentile(late_ms, 50),
        "p99_ms": ground.percentile(late_ms, 99),
        "messages_per_commit": task.count / len(commits),
        "cpu_s": cpu_s,
        "pipeline_cpu_s": pipeline_cpu_s,
        "sender_cpu_s": sent["cpu_s"],
        "pipeline_behind": behind,
        "pipeline_caught_up_s": catching_up_s,
    }


def in_this_process(task: Task, who: str) -> dict[str, Any]:
    """Entry of a round's own process."""
    return uvloop.run(a_round(task, who))


def measure(who: str, *, server_dsn: str, postgres: int, folder: Path, durable: bool, task: Task) -> dict[str, Any]:
    """One round with a database, a broker and a process of its own."""
    dsn = asyncio.run(ground.empty_database(server_dsn, migrated=who == "hub"))
    with ground.broker(folder, durable=durable) as broker:
        assert broker.pid is not None
        task = replace(
            task,
            dsn=dsn,
            port=broker.port,
            username=broker.hub_username,
            password=broker.hub_password,
            client_id=broker.hub_client_id,
        )
        before = ground.cpu_s(postgres), ground.cpu_s(broker.pid)
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            figures = pool.submit(in_this_process, task, who).result()
        figures["postgres_cpu_s"] = ground.cpu_s(postgres) - before[0]
        figures["broker_cpu_s"] = ground.cpu_s(broker.pid) - before[1]
    print(who, {k: round(v, 2) if isinstance(v, float) else v for k, v in figures.items()}, file=sys.stderr)
    return figures


def compared(run: Callable[[str], dict[str, Any]], rounds: int) -> dict[str, Any]:
    """Hub and peer in turns: medians of both, and the medians of the ratios of neighbours."""
    pairs = [(run("hub"), run("peer")) for _ in range(rounds)]
    ratios = [
        {f"{name}_ratio": hub[name] / peer[name] for name in ("messages_per_s", "p50_ms", "p99_ms")}
        for hub, peer in pairs
    ]
    hub, peer = (ground.medians(side) for side in zip(*pairs, strict=True))
    return {"hub": hub, "peer": peer, **ground.medians(ratios)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke test: the figures mean nothing")
    parser.add_argument("--only", choices=("rate", "peak", "durable"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=2_000.0)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--peak", type=int, default=40_000, help="messages of a round at full speed")
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--animals", type=int, default=100, help="how many of the devices are collars on animals")
    asked = parser.parse_args()
    if asked.quick:
        asked.rounds, asked.rate, asked.seconds, asked.peak, asked.devices, asked.animals = 1, 200.0, 1.0, 400, 20, 10
    out: dict[str, Any] = {
        "benchmark": "ingest",
        "machine": ground.machine(),
        "rounds": asked.rounds,
        "rate": asked.rate,
        "at_rate": int(asked.rate * asked.seconds),
        "at_peak": asked.peak,
        "devices": asked.devices,
        "animals": min(asked.animals, asked.devices),
        "synchronous_commit": True,
    }
    task = Task(
        dsn="", port=0, username="", password="", client_id="", count=0, rate=0, devices=asked.devices,
        animals=asked.animals,
    )  # fmt: skip
    kinds = {
        "rate": (False, replace(task, count=out["at_rate"], rate=asked.rate)),
        "peak": (False, replace(task, count=asked.peak)),
        "durable": (True, replace(task, count=out["at_rate"], rate=asked.rate)),
    }
    with tempfile.TemporaryDirectory(prefix="rosette-bench-") as name, ground.postgres(Path(name) / "pg") as (dsn, pid):
        for kind, (durable, task) in kinds.items():
            if asked.only in (None, kind):
                folder = Path(name) / f"broker-{kind}"
                count = 0

                def run(who: str, folder: Path = folder, durable: bool = durable, task: Task = task) -> dict[str, Any]:
                    nonlocal count
                    count += 1
                    return measure(
                        who,
                        server_dsn=dsn,
                        postgres=pid,
                        folder=folder.with_name(f"{folder.name}-{count}"),
                        durable=durable,
                        task=task,
                    )

                out[kind] = {"durable_broker": durable, **compared(run, 1 if durable else asked.rounds)}
    print(json.dumps(out))


if __name__ == "__main__":
    main()
