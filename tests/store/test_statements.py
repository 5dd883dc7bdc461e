"""Every statement of the store fits the schema, and those that are asked often find their index."""

from __future__ import annotations

import importlib
import pkgutil
import re
from datetime import timedelta
from typing import Any

import pytest

import hub.store
from hub.ingest.accept import Acceptor
from hub.store import identities, log, observations
from hub.store.database import Database
from tests import builders as a
from tests.store.ground import a_site_with

VERBS = re.compile(r"\s*(select|insert|update|delete|with)\b")
STATEMENTS = {
    f"{module.name}.{name}": text
    for module in pkgutil.iter_modules(hub.store.__path__)
    for name, text in vars(importlib.import_module(f"hub.store.{module.name}")).items()
    if name.isupper() and isinstance(text, str) and VERBS.match(text)
}
# The beginning that several statements share is none by itself.
STATEMENTS = {
    name: text
    for name, text in STATEMENTS.items()
    if not any(other != text and other.startswith(text) for other in STATEMENTS.values())
}


def test_statements__are_found() -> None:
    assert len(STATEMENTS) > 60


async def test_statements__each_is_understood_by_the_migrated_database(database: Database) -> None:
    failures: dict[str, str] = {}
    async with database.connection() as connection:
        await connection.execute(log.STAGE)
        for name, text in STATEMENTS.items():
            try:
                await connection.prepare(text)
            except Exception as error:
                failures[name] = str(error)
    assert failures == {}


@pytest.fixture
async def busy(database: Database) -> Database:
    """Twelve thousand fixes of forty devices in a year, and statistics about them."""
    await a_site_with(database)
    acceptor = Acceptor(database)
    for first in range(0, 12_000, 2_000):
        await acceptor.accept(
            [a.an_arrival(a.a_fix(f"collar-{k % 40}", minutes=k * 40)) for k in range(first, first + 2_000)]
        )
    async with database.connection() as connection:
        await connection.execute("analyze")
    return database


async def plan(database: Database, query: str, *arguments: Any) -> str:
    async with database.connection() as connection:
        return "\n".join(row[0] for row in await connection.fetch(f"explain {query}", *arguments))


async def test_plans__what_is_asked_often_finds_its_index(busy: Database) -> None:
    day = (a.NOON + timedelta(days=100), a.NOON + timedelta(days=101))
    head = await log.head(busy, "leopard")
    found = {
        "changes": await plan(busy, log.CHANGES, "leopard", str(head.xid), head.seq, 100, None),
        "head": await plan(busy, log.HEAD, "leopard", None),
        "of_device": await plan(busy, observations.OF_DEVICE, "leopard", "collar-7", *day, None),
        "by_id": await plan(busy, observations.BY_ID, [a.an_id("x"), a.an_id("y")], *day),
        "contents": await plan(busy, log.CONTENT, [a.an_id("x")]),
    }
    for name in ("changes", "head"):
        assert "change_log_by_cursor" in found[name], found[name]
        assert "Sort" not in found[name], found[name]
    assert "_site_id_device_observed_at_idx" in found["of_device"], found["of_device"]
    assert "_pkey" in found["by_id"], found["by_id"]
    assert "change_log_one_of_each_observation" in found["contents"], found["contents"]
    for name in ("of_device", "by_id"):
        # The time bounds the partitions: one month (or two, at its edge), not the whole year.
        scanned = set(re.findall(r"on (observation_\d{4}_\d\d)", found[name]))
        assert len(scanned) <= 2, found[name]
    assert not any("Seq Scan on observation" in text or "Seq Scan on change_log" in text for text in found.values())


async def test_devices__are_found_over_all_months_however_seldom_they_spoke(busy: Database) -> None:
    once = a.a_fix("alone-1", minutes=60 * 24 * 200)
    await Acceptor(busy).accept([a.an_arrival(once)])
    found = await observations.devices(busy, "leopard")
    assert found == sorted({"alone-1", *(f"collar-{k}" for k in range(40))})
    assert await observations.devices(busy, "elsewhere") == []
    told = await plan(busy, observations.DEVICES, "leopard")
    assert "Recursive Union" in told and "_site_id_device_observed_at_idx" in told
    assert "Seq Scan on observation" not in told


async def test_individual__is_found_by_its_name_among_all_that_was_detected(busy: Database) -> None:
    deer = [
        {"kind": "detection", "device": "camera-1", "label": "animal"}
        | {"observed_at": (a.NOON + timedelta(hours=k)).isoformat()}
        for k in range(4_000)
    ]
    deer[1_234]["individual"] = deer[3_210]["individual"] = "F01"
    await Acceptor(busy).accept([a.an_arrival(one) for one in deer])
    async with busy.connection() as connection:
        await connection.execute("analyze observation")
    told = await plan(busy, identities.OF_INDIVIDUAL, "leopard", ["F01"], [a.an_id("F01")])
    assert "Seq Scan on observation" not in told, told
    assert len(re.findall(r"observation_\d{4}_\d\d_site_id_expr_observed_at_idx", told)) >= 6, told
    found = await identities.of_individual(busy, "leopard", ["F01"], [a.an_id("F01")])
    assert [one.observed_at for one in found] == [a.NOON + timedelta(hours=k) for k in (1_234, 3_210)]
