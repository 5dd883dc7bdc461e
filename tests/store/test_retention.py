"""Pictures of persons are erased when their time is over; leftovers of a kill are swept; nothing else is touched."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from hub.media.receive import Picture, Receiver
from hub.media.retention import Retention
from hub.media.vault import Vault
from hub.records.errors import DatabaseUnavailable, Gone, Unavailable
from hub.records.ids import new_id
from hub.records.medium import Medium
from hub.see.seen import Box, Seen
from hub.store import looks, media, sites
from hub.store.database import Database
from hub.store.looks import LookRow
from hub.store.media import LookedAt
from tests.builders import NOON, a_site
from tests.pictures import a_jpeg
from tests.store.ground import SITE

PERSON = Box("person", 0.5, "person", 0.1, 0.1, 0.2, 0.2)
ANIMAL = Box("animal", 0.9, "animal", 0.1, 0.1, 0.2, 0.2)
AFTER = NOON + timedelta(days=30)


class Reserve:
    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.vault = Vault(folder / "media", bytes(32))
        self.receiver = Receiver(database, self.vault, now=lambda: NOON)
        self.retention = Retention(database, self.vault, days=30)

    async def seen(self, data: bytes, *boxes: Box, site: str = SITE) -> UUID:
        picture = Picture(
            site=site, device="cam", door="http", address="x", sender=None, live=True, received_at=NOON, told_at=NOON
        )
        medium = (await self.receiver.take(picture, data)).medium
        seen = Seen(state="seen", boxes=list(boxes))
        row = LookRow(medium, "one@1", site, "seen", msgspec.json.encode(seen), b'{"show": 0.3}')
        async with self.database.transaction() as connection:
            await looks.add(connection, [row])
            await looks.settle(connection, site, medium, LookedAt(state="seen", looked_by="one@1"))
        return medium

    async def get(self, medium: UUID, site: str = SITE) -> Medium:
        return await media.get(self.database, site, medium)


@pytest.fixture
async def reserve(database: Database, tmp_path: Path) -> Reserve:
    async with database.transaction() as connection:
        await sites.put(connection, a_site(SITE))
        await sites.put(connection, a_site("tundra"))
    return Reserve(database, tmp_path)


async def test_erase__pictures_of_persons_go_when_their_time_is_over_and_only_they(reserve: Reserve) -> None:
    person, animal = await reserve.seen(a_jpeg(1), PERSON), await reserve.seen(a_jpeg(2), ANIMAL)
    assert await reserve.retention.erase(AFTER - timedelta(seconds=1)) == 0
    assert (await reserve.get(person)).kept_until == AFTER
    assert await reserve.retention.erase(AFTER) == 1
    gone = await reserve.get(person)
    assert (gone.state, gone.reason) == ("erased", "persons: kept for 30 days")
    with pytest.raises(Gone):
        reserve.vault.open(gone.sha256)
    assert reserve.vault.open((await reserve.get(animal)).sha256) == a_jpeg(2)
    assert await reserve.retention.erase(AFTER) == 0


async def test_erase__a_setting_of_today_holds_for_yesterdays_pictures(reserve: Reserve) -> None:
    person = await reserve.seen(a_jpeg(1), PERSON)
    await reserve.retention.erase(NOON)
    for_ever = Retention(reserve.database, reserve.vault, days=0)
    assert await for_ever.erase(AFTER + timedelta(days=9_999)) == 0
    assert (await reserve.get(person)).kept_until is None
    shorter = Retention(reserve.database, reserve.vault, days=1)
    assert await shorter.erase(NOON + timedelta(days=1)) == 1


async def test_erase__what_an_alert_rests_on_stays_until_it_is_retracted(
    reserve: Reserve, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await reserve.seen(a_jpeg(1), PERSON)
    detection, finding = new_id(), new_id()
    body = {"kind": "detection", "device": "cam", "observed_at": NOON, "label": "person", "media": str(person)}
    async with reserve.database.connection() as connection:
        await connection.execute("select ensure_observation_month($1)", NOON)
        await connection.execute(
            "insert into observation (id, site_id, device, kind, label, observed_at, received_at, body, door, dialect, "
            "address, raw) values ($1, $2, 'cam', 'detection', 'person', $3, $3, $4, 'see', 'seen', '', '')",
            detection, SITE, NOON, msgspec.json.encode(body),
        )  # fmt: skip
        await connection.execute(
            "insert into finding (id, site_id, subject_kind, subject_id, kind, observed_from, observed_to, crossed_at, "
            "longitude, latitude, evidence, earliest_at, latest_at, decided_at, probability) "
            "values ($1, $2, 'place', $1, 'present', $3, $3, $3, 0, 0, array[$4::uuid], $3, $3, $3, 1)",
            finding, SITE, NOON, detection,
        )  # fmt: skip
        await connection.execute(
            "insert into alert (id, site_id, finding_id, subject_kind, subject_id, subject_name, kind, fence_name, "
            "severity, occurred_at, longitude, latitude) "
            "values ($1, $2, $1, 'place', $1, '', 'present', '', 'critical', $3, 0, 0)",
            finding, SITE, NOON,
        )  # fmt: skip
    assert await reserve.retention.erase(AFTER) == 0
    assert reserve.vault.open((await reserve.get(person)).sha256) == a_jpeg(1)
    async with reserve.database.connection() as connection:
        await connection.execute("update alert set state = 'retracted'")
    assert await reserve.retention.erase(AFTER) == 1


async def test_erase__bytes_that_another_site_keeps_stay_for_it(reserve: Reserve) -> None:
    here, there = await reserve.seen(a_jpeg(1), PERSON), await reserve.seen(a_jpeg(1), ANIMAL, site="tundra")
    assert await reserve.retention.erase(AFTER) == 1
    assert (await reserve.get(here)).state == "erased"
    assert reserve.vault.open((await reserve.get(there, "tundra")).sha256) == a_jpeg(1)


async def test_erase__killed_before_the_commit_is_done_again(reserve: Reserve, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await reserve.seen(a_jpeg(1), PERSON)
    remove = reserve.vault.remove

    def killed(sha256: bytes) -> bool:
        remove(sha256)
        raise DatabaseUnavailable

    monkeypatch.setattr(reserve.vault, "remove", killed)
    with pytest.raises(Unavailable):
        await reserve.retention.erase(AFTER)
    monkeypatch.undo()
    assert (await reserve.get(person)).state == "seen"
    assert await reserve.retention.erase(AFTER) == 1
    assert (await reserve.get(person)).state == "erased"


async def test_sweep__what_a_kill_left_between_file_and_row_is_removed_and_nothing_that_is_kept(
    reserve: Reserve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> Any:
        raise DatabaseUnavailable

    kept = await reserve.seen(a_jpeg(1), ANIMAL)
    monkeypatch.setattr("hub.media.receive.media.add", away)
    with pytest.raises(Unavailable):
        await reserve.seen(a_jpeg(2), ANIMAL)
    monkeypatch.undo()
    wall = datetime.now(UTC)
    assert len(list(reserve.vault.folder.glob("??/??/*"))) == 2
    assert await reserve.retention.sweep(wall) == 0, "its sender may be about to send it again"
    for path in reserve.vault.folder.glob("??/??/*"):
        os.utime(path, (wall.timestamp() - 90_000,) * 2)
    assert await reserve.retention.sweep(wall) == 1
    assert reserve.vault.open((await reserve.get(kept)).sha256) == a_jpeg(1)
    assert (await reserve.get(await reserve.seen(a_jpeg(2), ANIMAL))).state == "seen"
