"""A memory card is taken whole, may be taken again, and what it does not give is said."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from hub.ingest.cameras.card import CardSummary, import_card, listing
from hub.records.errors import DatabaseUnavailable
from tests.unit.ingest.taking import Clock, MemoryReceiver, picture_of


class Card:
    def __init__(self, folder: Path) -> None:
        self.folder, self.receiver = folder, MemoryReceiver()
        self.steps: list[tuple[int, int]] = []
        self.asked: list[int] = []

    def put(self, path: str, data: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    async def known(self, hashes: Sequence[bytes]) -> set[bytes]:
        self.asked.append(len(hashes))
        return {hashlib.sha256(data).digest() for _, data in self.receiver.kept} & set(hashes)

    async def take(self) -> CardSummary:
        return await import_card(
            self.receiver,
            self.known,
            listing(self.folder),
            self.folder,
            site="kidepo",
            device="cam-7",
            by="ann (rosette pictures)",
            now=Clock(),
            progress=lambda done, files: self.steps.append((done, files)),
        )


@pytest.fixture
def card(tmp_path: Path) -> Card:
    made = Card(tmp_path)
    for number in range(40):
        made.put(f"DCIM/100/IMG_{number:04}.JPG", picture_of(number))
    made.put("DCIM/101/IMG_0000.JPG", picture_of(99))
    return made


async def test_all_pictures_are_taken_in_bulk_in_the_order_of_their_names(card: Card) -> None:
    summary = await card.take()
    assert (summary.taken, summary.known, summary.refused) == (41, 0, 0)
    assert [one.address for one in card.receiver.order][-1] == "DCIM/101/IMG_0000.JPG"
    assert not any(one.live for one in card.receiver.order)
    assert {(one.site, one.device, one.door) for one in card.receiver.order} == {("kidepo", "cam-7", "card")}
    assert card.steps[-1] == (listing(card.folder).size, 41)


async def test_what_is_known_is_not_handed_over_again(card: Card) -> None:
    await card.take()
    card.put("DCIM/101/IMG_0001.JPG", picture_of(100))
    summary = await card.take()
    assert (summary.taken, summary.known) == (1, 41)
    assert len(card.receiver.order) == 42
    # Asked in portions, not one by one.
    assert max(card.asked) > 1 and len(card.asked) == 4


async def test_an_import_that_was_interrupted_goes_on(card: Card) -> None:
    before = card.receiver.take

    async def fails_after_ten(picture, data):
        if len(card.receiver.order) == 10:
            raise DatabaseUnavailable
        return await before(picture, data)

    card.receiver.take = fails_after_ten  # type: ignore[method-assign]
    with pytest.raises(DatabaseUnavailable):
        await card.take()
    card.receiver.take = before  # type: ignore[method-assign]
    summary = await card.take()
    assert (summary.taken, summary.known) == (31, 10)


async def test_two_files_with_the_same_bytes_are_one_picture(card: Card) -> None:
    card.put("DCIM/102/copy.jpg", picture_of(99))
    summary = await card.take()
    assert (summary.taken, summary.known) == (41, 1)


async def test_what_is_no_picture_is_refused_or_left_out_and_counted(card: Card) -> None:
    card.put("DCIM/100/broken.jpg", b"\x00" * 100)
    card.put("DCIM/100/broken2.jpg", b"\x00" * 101)
    card.put("DCIM/100/CLIP.AVI", b"RIFF")
    card.put("settings.txt", b"x")
    (card.folder / "way.jpg").symlink_to("/etc/hostname")
    summary = await card.take()
    assert summary.refused == 2
    assert [(one.count, one.example) for one in summary.reasons] == [(2, "DCIM/100/broken.jpg")]
    assert summary.left_out == {".avi": 1, ".txt": 1, "link": 1}


async def test_a_file_that_the_card_does_not_give_is_said(card: Card) -> None:
    found = listing(card.folder)
    (card.folder / "DCIM/101/IMG_0000.JPG").unlink()
    summary = await import_card(
        card.receiver,
        card.known,
        found,
        card.folder,
        site="kidepo",
        device="cam-7",
        by="ann",
        now=Clock(),
        progress=lambda done, files: None,
    )
    assert (summary.taken, summary.unreadable) == (40, 1)
    assert summary.reasons[0].example == "DCIM/101/IMG_0000.JPG"


async def test_an_empty_card_is_no_fault(tmp_path: Path) -> None:
    summary = await Card(tmp_path).take()
    assert (summary.taken, summary.known, summary.refused) == (0, 0, 0)
