"""What the hub counts is what it did, and what the page says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient
from prometheus_client import CollectorRegistry

from hub.console.app import create_api
from hub.console.feeds import Feeds
from hub.console.measures import Measures
from hub.console.parts import Parts
from hub.ingest import mqtt
from hub.ingest.accept import Acceptor
from hub.ingest.batch import Batch
from hub.ingest.measures import IngestMeasures
from hub.ingest.mqtt import Broker, Message, MqttDoor
from hub.ingest.upload import import_upload
from hub.media.vault import Vault
from hub.metrics import HubMetrics
from hub.pipeline.follow import Followers
from hub.records.ids import new_id
from hub.records.receipt import Arrival, Receipt
from hub.records.site import UNROUTED
from hub.see.registry import Models
from hub.see.seeing import Seeing
from hub.state import HubVitals
from hub.store import outbox, sites
from hub.store.database import Database
from tests import builders as a
from tests.api.conftest import SITE

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"


def a_seeing(database: Database, acceptor: Acceptor) -> Seeing:
    """Nobody looks."""
    return Seeing(database, Vault(Path("nowhere"), bytes(32)), Models(Path("nowhere")), acceptor)


class Fakes:
    """The parts of a hub that are counted, on a real database, without a broker."""

    def __init__(self, database: Database) -> None:
        self.registry = CollectorRegistry()
        self.feeds = Feeds(database)
        self.followers = Followers(database, self.feeds.tell)
        self.acceptor = Acceptor(database, measures=IngestMeasures(self.registry))
        self.door = MqttDoor(Broker(host="broker", port=1), self.acceptor, now=lambda: a.NOON)
        self.seeing = a_seeing(database, self.acceptor)
        self.vitals = HubVitals(self.door, self.feeds, None, self.seeing)
        self.metrics = HubMetrics(
            self.registry,
            database=database,
            door=self.door,
            feeds=self.feeds,
            vitals=self.vitals,
        )

    def follow(self) -> asyncio.Future[object]:
        return asyncio.gather(self.followers.run(), self.followers.listen())

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


@pytest.fixture
async def fakes(database: Database) -> Fakes:
    async with database.transaction() as connection:
        await sites.put(connection, a.a_site(SITE))
    return Fakes(database)


async def until(condition: Callable[[], bool], database: Database) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await sites.everything(database)


async def test_metrics__page_has_each_with_its_kind_labels_and_meaning(fakes: Fakes) -> None:
    Measures(fakes.registry)
    await fakes.acceptor.accept([a.an_arrival(a.a_fix(), SITE)])
    await fakes.metrics.refresh()
    found = {
        family.name + ("_total" if family.type == "counter" else ""): [family.type, family.documentation]
        for family in fakes.registry.collect()
    }
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `rosette")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    written = {row[0].strip("`"): [row[1], row[3]] for row in rows}
    assert written == found
    families = {f"`{family.name}`": family for family in fakes.registry.collect()}
    for row in rows:
        family = families[row[0].replace("_total", "")]
        assert all(set(sample.labels) - {"le"} == set(re.findall(r"`(\w+)`", row[2])) for sample in family.samples), row


async def test_observations__are_counted_by_door_dialect_and_outcome(fakes: Fakes) -> None:
    fix = a.an_arrival(a.a_fix(), SITE)
    hostile = Arrival(
        site=UNROUTED, door="mqtt", dialect="unknown", address=f"rosette/{SITE}/x91/c", body=b"", received_at=a.NOON
    )
    await fakes.acceptor.accept([fix, fix, a.an_arrival(b"?", SITE), hostile])
    counted = {
        (door, dialect, outcome): fakes.value("rosette_observations_total", door=door, dialect=dialect, outcome=outcome)
        for door, dialect in (("http", "envelope"), ("mqtt", "unknown"))
        for outcome in ("accepted", "duplicate", "quarantined")
    }
    assert list(counted.values()) == [1, 1, 1, 0, 0, 1]
    assert fakes.value("rosette_ingest_batch_seconds_count") == 1
    assert fakes.value("rosette_observations_total", door="mqtt", dialect="x91", outcome="quarantined") is None


async def test_pipeline__steps_and_lag_are_those_of_its_site(fakes: Fakes, database: Database) -> None:
    following = fakes.follow()
    try:
        await until(lambda: SITE in fakes.feeds.sites, database)
        await fakes.acceptor.accept([a.an_arrival(a.a_fix(), SITE)])
        await until(lambda: fakes.feeds.steps[SITE] == 1, database)
        await fakes.metrics.refresh()
        assert fakes.value("rosette_pipeline_steps_total", site=SITE) == 1
        assert fakes.value("rosette_pipeline_lag_seconds", site=SITE) == 0
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_pipeline__that_stands_still_lags(fakes: Fakes, database: Database) -> None:
    following = fakes.follow()
    await until(lambda: SITE in fakes.feeds.sites, database)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await fakes.acceptor.accept([a.an_arrival(a.a_fix(), SITE)])
    await fakes.metrics.refresh()
    lag_s = fakes.value("rosette_pipeline_lag_seconds", site=SITE)
    assert lag_s is not None and lag_s > 0


async def test_outbox__counts_what_is_not_delivered(fakes: Fakes, database: Database) -> None:
    await outbox.add_recipient(database, new_id(), SITE, None, "fcm", "x" * 20, ["critical"])
    add = (
        "insert into outbox (site_id, alert_id, version, recipient_id, body) "
        "select $1, gen_random_uuid(), 1, id, '{}' from recipient"
    )
    async with database.connection() as connection:
        for _ in range(3):
            await connection.execute(add, SITE)
        first = await connection.fetchval("select min(id) from outbox")
    await outbox.settle(database, first, "delivered")
    await fakes.metrics.refresh()
    assert fakes.value("rosette_outbox_waiting") == 2


async def test_pictures__that_wait_and_that_cannot_be_read_are_counted(fakes: Fakes, database: Database) -> None:
    add = (
        "insert into medium (id, site_id, sha256, kind, bytes, device, live, state, received_at) "
        "select gen_random_uuid(), $1, '', 'jpeg', 1, 'cam-' || n, n > 2, "
        "case when n = 1 then 'quarantined' else 'waiting' end, now() - interval '1 h' from generate_series(1, 5) n"
    )
    async with database.connection() as connection:
        await connection.execute(add, SITE)
    fakes.seeing.looked["seen"] += 3
    await fakes.metrics.refresh()
    waiting = [fakes.value("rosette_pictures_waiting", lane=lane) for lane in ("live", "bulk", "again")]
    assert waiting == [3, 1, 0]
    age_s = fakes.value("rosette_pictures_oldest_waiting_seconds", lane="live")
    assert age_s is not None and 3_600 <= age_s < 3_700
    assert fakes.value("rosette_pictures_unreadable", site=SITE, device="cam-1") == 1
    assert fakes.value("rosette_pictures_looked_total", outcome="seen") == 3
    assert fakes.value("rosette_detector_active") == 0


async def test_database__that_does_not_answer_leaves_out_what_it_knows(fakes: Fakes, database: Database) -> None:
    await database.close()
    await fakes.metrics.refresh()
    assert fakes.value("rosette_outbox_waiting") is None
    assert fakes.value("rosette_mqtt_connected") == 0


async def test_database__pool_is_shown_as_idle_and_used(fakes: Fakes, database: Database) -> None:
    async with database.connection():
        await fakes.metrics.refresh()
        assert fakes.value("rosette_database_connections", state="used") == 1


class FakeClient:
    """A broker that delivers what the test says, and remembers what was acknowledged."""

    one: FakeClient

    def __init__(self, broker: Broker, received: Callable[[Message], None]) -> None:
        self.received = received
        self.acknowledged: list[Message] = []
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        FakeClient.one = self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def subscribe(self, *_: Any, **__: Any) -> tuple[int, ...]:
        return (1,)

    def acknowledge(self, messages: Sequence[Message]) -> None:
        self.acknowledged += messages


class SlowAcceptor(Acceptor):
    """Commits when the test lets it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.asked, self.may = asyncio.Event(), asyncio.Event()

    async def store(self, batch: Batch) -> list[Receipt]:
        self.asked.set()
        await self.may.wait()
        return await super().store(batch)


async def test_mqtt__lag_is_what_was_received_and_is_not_committed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction() as connection:
        await sites.put(connection, a.a_site(SITE))
    monkeypatch.setattr(mqtt, "ManualClient", FakeClient)
    acceptor = SlowAcceptor(database)
    door = MqttDoor(Broker(host="broker", port=1), acceptor, now=lambda: a.NOON)
    vitals = HubVitals(door, Feeds(database), None, a_seeing(database, Acceptor(database)))
    following = asyncio.create_task(door.run())
    try:
        await until(lambda: door.connected, database)
        topic = f"rosette/{SITE}/envelope/collar-1"
        messages = [Message(k, 1, topic, msgspec.json.encode(a.a_fix(minutes=k))) for k in range(3)]
        FakeClient.one.received(messages[0])
        await acceptor.asked.wait()
        for message in messages[1:]:
            FakeClient.one.received(message)
        assert (vitals.mqtt().connected, vitals.mqtt().lag) == (True, 3)
        acceptor.may.set()
        await until(lambda: len(FakeClient.one.acknowledged) == 3, database)
        assert (vitals.mqtt().lag, door.received) == (0, 3)
        acceptor.may.clear()
        FakeClient.one.received(messages[0])
        FakeClient.one.gone.set_result(None)
        acceptor.may.set()
        await until(lambda: not door.connected, database)
        assert vitals.mqtt().lag == 0
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def test_route__looks_before_it_answers(fakes: Fakes, database: Database, tmp_path: Path) -> None:
    api = create_api(
        Parts(
            database=database,
            acceptor=fakes.acceptor,
            vitals=fakes.vitals,
            now=lambda site: a.NOON,
            folder=tmp_path,
            import_file=partial(import_upload, fakes.acceptor, database),
            accept_again=fakes.acceptor.accept,
            registry=fakes.registry,
            refresh=fakes.metrics.refresh,
        )
    )
    fakes.door.received = 41
    async with AsyncClient(transport=ASGITransport(api), base_url="http://hub.test") as client:
        told = (await client.get("/metrics")).text
        assert "\nrosette_mqtt_messages_total 41.0\n" in told
        fakes.door.received = 42
        told = (await client.get("/metrics")).text
        assert "\nrosette_mqtt_messages_total 42.0\n" in told
        assert 'rosette_http_requests_total{method="GET",route="/metrics",status="200"} 1.0' in told
