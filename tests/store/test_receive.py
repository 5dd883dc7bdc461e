"""Pictures at the door: kept once, whatever comes twice; refused with a reason, never lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.media.receive import MOST_PICTURE_BYTES, Picture, Receiver, medium_id
from hub.media.vault import Vault
from hub.records.cursor import Cursor
from hub.records.errors import DatabaseUnavailable, Gone, Unavailable
from hub.store import log, media, quarantine, sites
from hub.store.database import Database
from tests.builders import NOON, a_site
from tests.pictures import a_jpeg
from tests.store.ground import SITE

MP4 = b"\0\0\0\x18ftypmp42" + bytes(16)


def a_picture(**given: Any) -> Picture:
    fields = {"site": SITE, "device": "camera-1", "door": "http", "address": "IMG_0001.JPG", "sender": "card reader"}
    return Picture(**(fields | {"live": False, "received_at": NOON} | given))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "media", bytes(32))


@pytest.fixture
async def receiver(database: Database, vault: Vault) -> Receiver:
    async with database.transaction() as connection:
        await sites.put(connection, a_site(SITE))
        await sites.put(connection, a_site("tundra"))
    return Receiver(database, vault, now=lambda: NOON)


async def test_take__keeps_the_bytes_and_notes_what_and_whence(
    receiver: Receiver, database: Database, vault: Vault
) -> None:
    data = a_jpeg()
    taken = await receiver.take(a_picture(name="IMG_0001.JPG"), data)
    assert (taken.duplicate, taken.state) == (False, "waiting")
    one = await media.get(database, SITE, taken.medium)
    assert (one.kind, one.bytes, one.device, one.live) == ("jpeg", len(data), "camera-1", False)
    assert (one.taken_at, one.time_method) == (NOON, "received")
    assert vault.open(one.sha256) == data
    (delivery,) = await media.deliveries(database, one.id)
    assert (delivery.door, delivery.address, delivery.sender) == ("http", "IMG_0001.JPG", "card reader")
    assert receiver.arrived.is_set()


async def test_take__the_same_bytes_are_the_same_medium_and_another_delivery(
    receiver: Receiver, database: Database
) -> None:
    data = a_jpeg()
    first = await receiver.take(a_picture(), data)
    again = await receiver.take(a_picture(), data)
    mailed = await receiver.take(a_picture(door="mail", address="<1@camera>"), data)
    elsewhere = await receiver.take(a_picture(site="tundra"), data)
    assert (again.medium, again.duplicate) == (mailed.medium, mailed.duplicate) == (first.medium, True)
    assert elsewhere.medium != first.medium and not elsewhere.duplicate
    assert [(one.door, one.times) for one in await media.deliveries(database, first.medium)] == [
        ("http", 2),
        ("mail", 1),
    ]
    changed = await log.changes(database, SITE, Cursor(), 10, [media.NOUN])
    assert [change.id for change in changed] == [first.medium], "what came again changes nothing"


async def test_take__at_once_by_several_doors_makes_one_medium(receiver: Receiver, database: Database) -> None:
    data = a_jpeg()
    taken = await asyncio.gather(*[receiver.take(a_picture(address=str(k)), data) for k in range(8)])
    assert sorted(one.duplicate for one in taken) == [False] + [True] * 7
    assert len(await media.deliveries(database, taken[0].medium)) == 8


async def test_waiting__live_comes_before_bulk_and_oldest_first(receiver: Receiver, database: Database) -> None:
    order: list[Any] = []
    for number, (live, minutes) in enumerate([(False, 0), (True, 3), (False, 1), (True, 2)]):
        picture = a_picture(live=live, received_at=NOON + timedelta(minutes=minutes), site=SITE)
        order.append((await receiver.take(picture, a_jpeg(number))).medium)
    found = [one.id for one in await media.waiting(database, 10)]
    assert found == [order[3], order[1], order[0], order[2]]
    assert [one.id for one in await media.waiting(database, 10, live_only=True)] == found[:2]
    assert [one.id for one in await media.waiting(database, 1, in_hand=found[:1])] == found[1:2]
    assert await media.count_waiting(database, SITE) == (2, 2, NOON)


async def test_waiting__what_came_in_bulk_and_comes_live_is_looked_at_as_live(
    receiver: Receiver, database: Database
) -> None:
    data = a_jpeg()
    taken = await receiver.take(a_picture(device=None), data)
    await receiver.take(a_picture(live=True), data)
    one = await media.get(database, SITE, taken.medium)
    assert (one.live, one.device) == (True, "camera-1")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "malformed"),
        (b"GIF89a" + bytes(100), "malformed"),
        (b"<html>" + bytes(100), "malformed"),
        (b"\xff\xd8", "malformed"),
        (a_jpeg() + bytes(MOST_PICTURE_BYTES), "too-large"),
    ],
    ids=["empty", "gif", "html", "two bytes", "too large"],
)
async def test_take__what_is_no_picture_is_kept_in_quarantine_with_the_reason(
    receiver: Receiver, database: Database, vault: Vault, data: bytes, code: str
) -> None:
    taken = await receiver.take(a_picture(address="x\x00y"), data)
    assert (taken.state, taken.code) == ("quarantined", code)
    (entry,) = await quarantine.page(database, SITE, None, 10)
    assert (entry.code, entry.dialect, entry.size) == (code, "picture", min(len(data), MOST_PICTURE_BYTES))
    assert not vault.folder.exists() or not list(vault.folder.glob("??"))
    assert await media.waiting(database, 10) == []


async def test_take__an_unknown_site_or_an_impossible_device_goes_to_quarantine(
    receiver: Receiver, database: Database
) -> None:
    nowhere = await receiver.take(a_picture(site="atlantis"), a_jpeg())
    nobody = await receiver.take(a_picture(device="camera\x00"), a_jpeg())
    assert (nowhere.code, nobody.code) == ("unknown-topic", "malformed")
    assert len(await quarantine.page(database, "unrouted", None, 10)) == 1


async def test_take_file__videos_may_be_larger_than_pictures(
    receiver: Receiver, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.media.receive.MOST_PICTURE_BYTES", 1_000_000)
    monkeypatch.setattr("hub.media.receive.MOST_VIDEO_BYTES", 12_000_000)
    path = tmp_path / "clip.mp4"
    path.write_bytes(MP4 + bytes(10_000_000))
    taken = await receiver.take_file(a_picture(), path)
    assert taken.state == "waiting"
    path.write_bytes(MP4 + bytes(12_000_000))
    assert (await receiver.take_file(a_picture(), path)).code == "too-large"
    assert len(list(vault.folder.glob("??/??/*"))) == 1


async def test_take__a_stated_time_is_believed_unless_it_cannot_be(receiver: Receiver, database: Database) -> None:
    for number, (told, method) in enumerate(
        [
            (NOON - timedelta(days=40), "told"),
            (NOON + timedelta(days=3), "received"),
            (NOON.replace(year=1970), "received"),
        ]
    ):
        taken = await receiver.take(a_picture(told_at=told), a_jpeg(number))
        one = await media.get(database, SITE, taken.medium)
        assert one.time_method == method
        assert one.taken_at == (told if method == "told" else NOON)


async def test_take__nothing_is_answered_when_the_database_is_away(
    receiver: Receiver, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> Any:
        raise DatabaseUnavailable

    monkeypatch.setattr("hub.media.receive.media.add", away)
    with pytest.raises(Unavailable):
        await receiver.take(a_picture(), a_jpeg())
    monkeypatch.undo()
    assert not (await receiver.take(a_picture(), a_jpeg())).duplicate


async def test_take__what_was_swept_in_between_is_asked_for_again(
    receiver: Receiver, database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "has", lambda sha256: False)
    with pytest.raises(Unavailable):
        await receiver.take(a_picture(), a_jpeg())
    assert await media.waiting(database, 10) == []


async def test_take__what_was_erased_does_not_come_back(receiver: Receiver, database: Database, vault: Vault) -> None:
    data = a_jpeg()
    taken = await receiver.take(a_picture(), data)
    async with database.transaction() as connection:
        await connection.execute("update medium set state = 'erased'")
    sha256 = (await media.get(database, SITE, taken.medium)).sha256
    vault.remove(sha256)
    again = await receiver.take(a_picture(address="card 2"), data)
    assert (again.medium, again.duplicate, again.state) == (taken.medium, True, "erased")
    with pytest.raises(Gone):
        vault.open(sha256)
    assert taken.medium == medium_id(SITE, sha256)
