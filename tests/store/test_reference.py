"""Reference data: every version kept, nobody's edit lost, a device on one carrier at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

from hub.records.errors import Conflict, InvalidReference, NotFound, Stale
from hub.records.reference import Individual, Reference
from hub.store import reference
from hub.store.database import Database
from tests import builders as a
from tests.store.ground import SITE, a_site_with, write

COLLAR = a.a_device(SITE, "collar-1")
ONE, TWO = a.an_individual(SITE, "F01"), a.an_individual(SITE, "M07")
LATER = a.NOON + timedelta(days=30)


async def edit(database: Database, record: Reference, expect: int | None, **changes: object) -> Reference:
    async with database.transaction() as connection:
        return await reference.put(connection, msgspec.structs.replace(record, **changes), expect=expect, by="editor")


async def test_deployment__a_device_is_on_one_carrier_at_a_time(database: Database) -> None:
    await a_site_with(database, COLLAR, ONE, TWO, a.a_deployment(COLLAR, ONE, valid_to=LATER))
    with pytest.raises(Conflict):
        await write(database, a.a_deployment(COLLAR, TWO, valid_from=LATER - timedelta(seconds=1)))
    await write(database, a.a_deployment(COLLAR, TWO, valid_from=LATER))
    found = await reference.page(database, SITE, "deployment", None, 10)
    assert len(found) == 2


async def test_deployment__of_an_ended_record_makes_room(database: Database) -> None:
    first = a.a_deployment(COLLAR, ONE)
    await a_site_with(database, COLLAR, ONE, TWO, first)
    async with database.transaction() as connection:
        await reference.delete(connection, SITE, "deployment", first.id, expect=1, by="editor")
    await write(database, a.a_deployment(COLLAR, TWO, valid_from=a.NOON))


async def test_deployment__another_device_may_be_on_the_same_carrier(database: Database) -> None:
    other = a.a_device(SITE, "collar-2")
    await a_site_with(database, COLLAR, other, ONE, a.a_deployment(COLLAR, ONE), a.a_deployment(other, ONE))


async def test_deployment__must_begin_before_it_ends(database: Database) -> None:
    with pytest.raises(InvalidReference, match="valid_from must be before valid_to"):
        await a_site_with(database, COLLAR, ONE, a.a_deployment(COLLAR, ONE, valid_from=LATER, valid_to=a.NOON))


async def test_keys_and_names__are_unique_within_a_site(database: Database) -> None:
    await a_site_with(database, COLLAR, ONE)
    for twin in (
        msgspec.structs.replace(COLLAR, id=a.an_id("other")),
        msgspec.structs.replace(ONE, id=a.an_id("another")),
    ):
        with pytest.raises(Conflict):
            await write(database, twin)


async def test_versions__all_are_kept_with_who_and_when(database: Database) -> None:
    await a_site_with(database, ONE)
    await edit(database, ONE, 1, name="F01 Bagheera")
    async with database.transaction() as connection:
        await reference.delete(connection, SITE, "individual", ONE.id, expect=2, by="remover")
    history = await reference.versions(database, SITE, "individual", ONE.id)
    assert [(one["version"], one["deleted"], one["recorded_by"]) for one in history] == [
        (1, False, "test"),
        (2, False, "editor"),
        (3, True, "remover"),
    ]
    assert [one["superseded_at"] is None for one in history] == [False, False, True]
    with pytest.raises(NotFound):
        await reference.get(database, SITE, "individual", ONE.id)
    # A record that was ended may be made again: its versions go on.
    assert (await edit(database, ONE, None)).version == 4


async def test_as_of__says_what_was_believed_at_each_moment(database: Database) -> None:
    await a_site_with(database, ONE)
    first = await reference.get(database, SITE, "individual", ONE.id)
    second = await edit(database, ONE, 1, name="renamed")
    assert first.recorded_at is not None and second.recorded_at is not None

    async def names(moment_offset: timedelta) -> list[str]:
        assert second.recorded_at is not None
        found = await reference.as_of(database, SITE, "individual", second.recorded_at + moment_offset)
        return [one.name for one in found if isinstance(one, Individual)]

    assert await names(timedelta(microseconds=-1)) == ["F01"]
    assert await names(timedelta()) == ["renamed"]
    assert await names(first.recorded_at - second.recorded_at - timedelta(microseconds=1)) == []


async def test_then__says_of_what_was_written_down_later_the_first_version_unless_it_is_gone(
    database: Database,
) -> None:
    await a_site_with(database, ONE)
    first = await reference.get(database, SITE, "individual", ONE.id)
    second = await edit(database, ONE, 1, name="renamed")
    assert first.recorded_at is not None and second.recorded_at is not None

    async def names(moment: datetime) -> list[str]:
        found = await reference.then(database, SITE, "individual", moment)
        return [one.name for one in found if isinstance(one, Individual)]

    long_ago = first.recorded_at - timedelta(days=900)
    assert await names(long_ago) == ["F01"]
    assert await names(first.recorded_at) == ["F01"]
    assert await names(second.recorded_at) == ["renamed"]
    async with database.transaction() as connection:
        await reference.delete(connection, SITE, "individual", ONE.id, expect=2, by="remover")
    assert await names(second.recorded_at) == ["renamed"]
    assert await names(long_ago) == []
    assert await names(second.recorded_at + timedelta(days=1)) == []


async def test_edit__of_a_version_that_is_not_the_newest_is_stale(database: Database) -> None:
    await a_site_with(database, ONE)
    await edit(database, ONE, 1, name="first edit")
    with pytest.raises(Stale, match="is at version 2, you edited 1"):
        await edit(database, ONE, 1, name="second edit")
    with pytest.raises(Stale):
        await edit(database, ONE, None)
    with pytest.raises(Stale):
        async with database.transaction() as connection:
            await reference.delete(connection, SITE, "individual", ONE.id, expect=1, by="remover")
