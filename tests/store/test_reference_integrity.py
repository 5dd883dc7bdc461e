"""A deployment has two ends that are there, and they stay while it does."""

from __future__ import annotations

import asyncio
from uuid import UUID

import msgspec
import pytest

from hub.records.errors import Conflict, InvalidReference
from hub.records.reference import Deployment, Reference
from hub.store import reference
from hub.store.database import Database
from tests import builders as a
from tests.store.ground import SITE, a_site_with

WAITS_FOR_A_LOCK = (
    "select exists (select from pg_locks l join pg_database d on d.oid = l.database "
    "where not l.granted and d.datname = current_database())"
)
COLLAR, CAMERA = a.a_device(SITE, "collar-1"), a.a_device(SITE, "camera-1", kind="camera")
LEOPARD, GATE = a.an_individual(SITE, "F01"), a.a_place(SITE, "gate")


async def put(database: Database, record: Reference, expect: int | None = None) -> None:
    async with database.transaction() as connection:
        await reference.put(connection, record, expect=expect, by="test")


async def end(database: Database, noun: str, record: UUID, version: int = 1) -> None:
    async with database.transaction() as connection:
        await reference.delete(connection, SITE, noun, record, expect=version, by="test")


@pytest.mark.parametrize(
    ("deployment", "field"),
    [
        (a.a_deployment(a.a_device(SITE, "nobody's"), LEOPARD), "device"),
        (a.a_deployment(COLLAR, a.an_individual(SITE, "nobody")), "carrier"),
        (a.a_deployment(COLLAR, a.a_place(SITE, "nowhere")), "carrier"),
        (msgspec.structs.replace(a.a_deployment(COLLAR, LEOPARD), carrier_kind="place"), "carrier"),
    ],
)
async def test_deployment__of_what_is_not_there_is_refused(
    database: Database, deployment: Deployment, field: str
) -> None:
    await a_site_with(database, COLLAR, LEOPARD)
    with pytest.raises(InvalidReference, match="make it first") as refused:
        await put(database, deployment)
    assert [one["field"] for one in refused.value.context["errors"]] == [field]  # type: ignore[index]


async def test_deployment__on_a_person_needs_no_record_of_the_person(database: Database) -> None:
    await a_site_with(database, COLLAR)
    await put(
        database,
        Deployment(id=a.an_id("d"), site=SITE, device=COLLAR.id, carrier_kind="person", carrier=a.an_id("amina")),
    )


@pytest.mark.parametrize(
    ("noun", "record"), [("device", COLLAR), ("device", CAMERA), ("individual", LEOPARD), ("place", GATE)]
)
async def test_end__of_what_a_deployment_names_is_refused_until_the_deployment_is_gone(
    database: Database, noun: str, record: Reference
) -> None:
    worn, stood = a.a_deployment(COLLAR, LEOPARD), a.a_deployment(CAMERA, GATE)
    await a_site_with(database, COLLAR, CAMERA, LEOPARD, GATE, worn, stood)
    with pytest.raises(Conflict) as refused:
        await end(database, noun, record.id)
    (named,) = refused.value.context["deployments"]  # type: ignore[misc]
    assert named in refused.value.detail
    await end(database, "deployment", UUID(named))
    await end(database, noun, record.id)


async def test_end__of_a_fence_is_free(database: Database) -> None:
    fence = a.a_fence(SITE)
    await a_site_with(database, fence)
    await put(database, msgspec.structs.replace(fence, name="other"), expect=1)
    await end(database, "fence", fence.id, 2)


async def test_end__and_a_new_deployment_at_the_same_time_cannot_both_be(database: Database) -> None:
    await a_site_with(database, COLLAR, LEOPARD)
    deployment = a.a_deployment(COLLAR, LEOPARD)
    async with database.transaction() as connection:
        await reference.delete(connection, SITE, "individual", LEOPARD.id, expect=1, by="test")
        deploying = asyncio.create_task(put(database, deployment))
        async with asyncio.timeout(10):
            while not await connection.fetchval(WAITS_FOR_A_LOCK):
                assert not deploying.done(), "it did not wait for the end of the individual"
    with pytest.raises(InvalidReference):
        await deploying
