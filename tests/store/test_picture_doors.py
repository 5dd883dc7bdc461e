"""Doors for pictures on a real database: what they take is there, and whose mails are whose follows from the roster."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hub.ingest.accept import Acceptor
from hub.ingest.cameras.doors import CameraDoors, mailed_cameras
from hub.ingest.cameras.folder import WatchedFolder
from hub.ingest.cameras.letter import Mailed
from hub.media.receive import Picture, Receiver
from hub.media.vault import Vault
from hub.records.errors import Misconfigured
from hub.settings import Settings
from hub.store import deliveries, media, quarantine, reference, sites
from hub.store.database import Database
from tests.builders import NOON, a_device, a_site
from tests.pictures import a_jpeg
from tests.store.ground import SITE
from tests.unit.ingest.taking import Clock


@pytest.fixture
async def receiver(database: Database, tmp_path: Path) -> Receiver:
    async with database.transaction() as connection:
        await sites.put(connection, a_site(SITE))
    return Receiver(database, Vault(tmp_path / "media", bytes(32)), now=lambda: NOON)


async def test_folder__picture_is_in_the_database_before_it_leaves_its_place(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async def known() -> set[str]:
        return {SITE}

    file = tmp_path / "in" / SITE / "cam-7" / "a.jpg"
    file.parent.mkdir(parents=True)
    file.write_bytes(a_jpeg())
    (file.parent / "b.jpg").write_bytes(b"\xff\xd8 no picture, but it says so")
    (file.parent / "c.txt").write_bytes(b"no picture")
    clock = Clock()
    door = WatchedFolder(tmp_path / "in", receiver, known, delete=False, now=clock)
    for _ in range(3):
        await door.look()
        clock.forward(40)
    waiting = await media.waiting(database, 10)
    assert [(one.device, one.name, one.live) for one in waiting] == [("cam-7", "a.jpg", True)]
    assert (tmp_path / "in" / "done" / SITE / "cam-7" / "a.jpg").is_file()
    (bad, _) = await quarantine.page(database, SITE, None, 10)
    assert (bad.door, bad.address.rpartition("/")[2] in ("b.jpg", "c.txt")) == ("folder", True)
    assert len(list((tmp_path / "in" / "bad").rglob("*.reason.txt"))) == 2


async def test_mail__addresses_are_attributes_of_devices(receiver: Receiver, database: Database) -> None:
    async with database.transaction() as connection:
        for device in (
            a_device(SITE, "cam-7", attributes={"mail_to": "Traps+K3X@park.example"}),
            a_device(SITE, "cam-8", attributes={"mail_from": ["a@sim.example", "b@sim.example", 7, "none"]}),
            a_device(SITE, "cam-9", attributes={"mail_to": 5}),
        ):
            await reference.put(connection, device, expect=None, by="ann")
    assert sorted(await mailed_cameras(database), key=lambda one: one.device) == [
        Mailed(site=SITE, device="cam-7", to=frozenset({"traps+k3x@park.example"})),
        Mailed(site=SITE, device="cam-8", sender=frozenset({"a@sim.example", "b@sim.example"})),
    ]


async def test_card__knows_what_a_card_of_the_camera_brought_and_not_what_came_otherwise(
    receiver: Receiver, database: Database
) -> None:
    pictures = [a_jpeg(seed) for seed in (1, 2, 3)]
    hashes = [hashlib.sha256(data).digest() for data in pictures]
    for data, door, device in (
        (pictures[0], "card", "cam-7"),
        (pictures[1], "mail", "cam-7"),
        (pictures[2], "card", "x"),
    ):
        picture = Picture(
            site=SITE,
            device=device,
            door=door,
            address="a",
            sender=None,
            live=False,
            received_at=NOON,  # type: ignore[arg-type]
        )
        await receiver.take(picture, data)
    assert await deliveries.known_by_card(database, SITE, "cam-7", hashes) == {hashes[0]}


async def test_doors__are_those_that_the_settings_open(receiver: Receiver, database: Database, tmp_path: Path) -> None:
    def opened(**given: object) -> CameraDoors:
        settings = Settings(state=str(tmp_path / "state"), **given)  # type: ignore[arg-type]
        return CameraDoors(settings, database, receiver, Acceptor(database), now=lambda: NOON)

    assert opened().tasks == {}
    (tmp_path / "streams.toml").write_text("")
    doors = opened(
        pictures_folder=str(tmp_path),
        ftps_port=2121,
        mail_url="imaps://a:b@mail.example",
        streams=str(tmp_path / "streams.toml"),
    )
    assert [state.name for state in doors.states] == ["folder", "ftps", "mail", "stream"]
    with pytest.raises(Misconfigured, match="ROSETTE_TLS_CERTIFICATE"):
        opened(ftps_port=2121, tls_certificate="only.pem")
    with pytest.raises(Misconfigured, match="ROSETTE_FTPS_PASSIVE"):
        opened(ftps_port=2121, ftps_passive="50099-50000")
