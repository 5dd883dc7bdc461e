"""The watched folder takes each picture once, when it is whole, and reads nothing but pictures of sites."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.ingest.cameras.folder import WatchedFolder
from hub.records.errors import DatabaseUnavailable, Misconfigured
from tests.unit.ingest.taking import Clock, MemoryReceiver, picture_of


class Watched:
    """A folder of two sites, watched."""

    def __init__(self, folder: Path, *, delete: bool = False) -> None:
        self.folder, self.receiver, self.clock = folder, MemoryReceiver(), Clock()
        self.delete = delete
        self.start()

    def start(self) -> None:
        async def sites() -> set[str]:
            return {"kidepo", "hills"}

        self.door = WatchedFolder(self.folder, self.receiver, sites, delete=self.delete, now=self.clock)

    def put(self, path: str, data: bytes) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    async def look(self, *, after_s: float = 2) -> None:
        self.clock.forward(after_s)
        await self.door.look()

    def names(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if not path.is_dir()}


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


async def test_a_picture_is_taken_when_it_has_not_changed_and_is_moved_to_done(watched: Watched) -> None:
    watched.put("kidepo/cam-7/IMG_1.JPG", picture_of())
    await watched.look()
    assert not watched.receiver.order
    await watched.look()
    (picture,) = watched.receiver.order
    assert (picture.site, picture.device, picture.door, picture.live) == ("kidepo", "cam-7", "folder", True)
    assert picture.address == "kidepo/cam-7/IMG_1.JPG"
    assert watched.names() == {"done/kidepo/cam-7/IMG_1.JPG"}


async def test_a_picture_without_its_end_is_waited_for_then_taken_as_it_is(watched: Watched) -> None:
    whole = picture_of()
    file = watched.put("kidepo/cam-7/a.jpg", whole[:-40])
    await watched.look()
    await watched.look(after_s=30)
    assert not watched.receiver.order
    file.write_bytes(whole)
    await watched.look()
    await watched.look()
    assert list(watched.receiver.kept) == [("kidepo", whole)]
    watched.put("kidepo/cam-7/b.jpg", whole[:-41])
    await watched.look()
    await watched.look(after_s=61)
    assert watched.receiver.names == ["a.jpg", "b.jpg"]


async def test_a_picture_under_a_name_that_will_be_changed_is_left_alone(watched: Watched) -> None:
    file = watched.put("kidepo/cam-7/a.jpg.part", picture_of())
    watched.put("kidepo/cam-7/.a.jpg", picture_of(1))
    for _ in range(3):
        await watched.look(after_s=100)
    assert not watched.receiver.order
    file.rename(file.with_suffix(""))
    await watched.look()
    await watched.look()
    assert watched.receiver.names == ["a.jpg"]


async def test_what_cannot_be_a_picture_goes_to_bad_with_the_reason(watched: Watched) -> None:
    watched.put("loose.jpg", picture_of())
    watched.put("kidepo/loose.jpg", picture_of())
    watched.put("atlantis/cam/a.jpg", picture_of())
    watched.put("kidepo/cam/notes.txt", b"hello")
    await watched.look()
    await watched.look(after_s=61)
    reasons = {name: (watched.folder / name).read_text() for name in watched.names() if name.endswith(".reason.txt")}
    assert len(reasons) == 4
    assert "SITE/DEVICE" in reasons["bad/loose.jpg.reason.txt"]
    assert "known are hills, kidepo" in reasons["bad/atlantis/cam/a.jpg.reason.txt"]
    assert "malformed" in reasons["bad/kidepo/cam/notes.txt.reason.txt"]
    assert not watched.receiver.order
    assert {name.split("/")[0] for name in watched.names()} == {"bad"}


async def test_links_out_of_the_folder_are_not_followed(
    watched: Watched, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.jpg").write_bytes(picture_of())
    (watched.folder / "kidepo" / "cam").mkdir(parents=True)
    (watched.folder / "kidepo" / "cam" / "a.jpg").symlink_to(outside / "secret.jpg")
    (watched.folder / "kidepo" / "door").symlink_to(outside)
    os.link(outside / "secret.jpg", watched.folder / "kidepo" / "cam" / "hard.jpg")
    await watched.look()
    await watched.look(after_s=61)
    assert not watched.receiver.order
    assert (outside / "secret.jpg").read_bytes() == picture_of()
    assert (watched.folder / "bad/kidepo/cam/a.jpg").is_symlink()
    assert (watched.folder / "bad/kidepo/door").is_symlink()
    assert (watched.folder / "kidepo/cam/hard.jpg").exists()


async def test_nothing_leaves_its_place_before_it_is_committed(watched: Watched) -> None:
    watched.put("kidepo/cam/a.jpg", picture_of())
    watched.receiver.down = True
    await watched.look()
    with pytest.raises(DatabaseUnavailable):
        await watched.look()
    assert watched.names() == {"kidepo/cam/a.jpg"}
    watched.receiver.down = False
    await watched.look()
    assert watched.names() == {"done/kidepo/cam/a.jpg"}


async def test_a_hub_that_starts_again_goes_on_and_the_same_bytes_are_known(watched: Watched) -> None:
    data = picture_of()
    watched.put("kidepo/cam/a.jpg", data)
    await watched.look()
    await watched.look()
    watched.put("kidepo/cam/a.jpg", data)
    watched.start()
    await watched.look()
    await watched.look()
    assert watched.door.state.counts == {"taken": 0, "known": 1, "refused": 0}
    assert watched.names() == {"done/kidepo/cam/a.jpg", "done/kidepo/cam/a.jpg.1"}


async def test_a_folder_may_be_emptied_instead(tmp_path: Path) -> None:
    watched = Watched(tmp_path, delete=True)
    watched.put("hills/cam/a.png", picture_of(kind="PNG"))
    await watched.look()
    await watched.look()
    assert watched.receiver.names == ["a.png"]
    assert watched.names() == set()


async def test_live_pictures_are_taken_before_those_in_bulk(watched: Watched) -> None:
    for number in range(25):
        watched.put(f"kidepo/cam/bulk/{number:02}.jpg", picture_of(number))
    watched.put("kidepo/cam/new.jpg", picture_of(99))
    await watched.look()
    await watched.look()
    assert watched.receiver.names[0] == "new.jpg"
    assert len(watched.receiver.names) == 21
    watched.put("kidepo/cam/newer.jpg", picture_of(100))
    await watched.look()
    await watched.look()
    assert [one.name for one in watched.receiver.order if one.live] == ["new.jpg", "newer.jpg"]
    assert len(watched.receiver.names) == 27


def test_a_folder_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="ROSETTE_PICTURES_FOLDER"):
        Watched(tmp_path / "nowhere")
