"""The heavy model and the classifier look where it pays; what they say is joined, and lowers no person."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fusion.camera.frame import Area
from hub.see.looking import Died
from hub.see.second import SecondLooks
from hub.see.seen import Box, Crop, Seen
from hub.see.sequencing import Sequencing
from hub.see.settling import Settler
from hub.store import judging, looks, media, second_looks, sequence_review
from hub.store.database import Database
from tests import builders as a
from tests.store.pictures import SITE, FakeEye, Reserve, a_detector, running, until
from tests.unit.fusion.camera.tiny_onnx import brightest_times, text_of

UNSURE = Box("animal", 0.3, "cow", 0.2, 0.2, 0.4, 0.4)
POACHER = Box("person", 0.55, "person", 0.6, 0.2, 0.2, 0.5)
SURE = Box("animal", 0.95, "animal", 0.21, 0.2, 0.4, 0.4)


@dataclass
class FakeEyes:
    """Says of any picture what a test wants; counts whom it was opened for."""

    seen: dict[str, Any]
    opened: list[str] = field(default_factory=list)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, folder: Path, *, picture_s: float) -> Opened:
        self.opened.append(folder.name)
        return Opened(self, folder.name)


@dataclass
class Opened:
    """One model's eyes."""

    all: FakeEyes
    name: str

    def attempt(self, data: bytes, boxes: Sequence[Area] = ()) -> Seen:
        self.all.asked.append((self.name, len(boxes)))
        answer = self.all.seen[self.name]
        if isinstance(answer, Exception):
            raise answer
        return Seen(state="seen", crops=[Crop(area, answer) for area in boxes]) if boxes else answer

    def close(self) -> None:
        pass


@pytest.fixture
async def reserve(database: Database, tmp_path: Path) -> Reserve:
    found = Reserve(database, tmp_path)
    await found.found()
    a_detector(found.models, "light")
    a_detector(found.models, "heavy", active=False)
    return found


def a_classifier(reserve: Reserve) -> None:
    folder = reserve.models.folder / "species"
    folder.mkdir()
    model = brightest_times({"out": np.array([[0.5, 0.5]], np.float32)})
    (folder / "model.onnx").write_bytes(model)
    text = text_of(model, task="classify", output='decoder = "probs"', more="").replace('id = "tiny"', 'id = "species"')
    (folder / "manifest.toml").write_text(text)
    (reserve.models.folder / "active.json").write_text('{"detect": ["light"], "classify": ["species"]}')


async def looked(reserve: Reserve, eyes: FakeEyes, *boxes: Box, model: str = "heavy") -> Any:
    """One picture that the light model saw these boxes on, second looks and all."""
    async with reserve.database.transaction() as connection:
        await judging.write(connection, SITE, f'[cascade]\nmodel = "{model}"' if model else "", "amina", None)
    medium = await reserve.take("one")
    async with running(reserve.seeing(FakeEye(sees=lambda name, key: list(boxes)))):
        await until(reserve.settled)
    second = SecondLooks(
        reserve.database, reserve.vault, reserve.models, Settler(reserve.database, reserve.acceptor), eyes=eyes
    )
    task = Sequencing(
        reserve.database,
        wished=second.wish,
        classifies=lambda: reserve.models.active("classify") is not None,
        rest_s=-60,
    )
    with ThreadPoolExecutor(1) as threads:
        while await task.step() or await second.step(threads):
            pass
    return medium, second


async def only(reserve: Reserve) -> sequence_review.Judged:
    ever = {"since": a.NOON - timedelta(days=9_000), "until": a.NOON + timedelta(days=9_000), "limit": 9}
    (one,) = await sequence_review.page(reserve.database, SITE, {}, **ever)
    return one


async def test_unsure_animal__is_looked_at_by_the_heavy_model_and_named_by_the_classifier(reserve: Reserve) -> None:
    a_classifier(reserve)
    eyes = FakeEyes({"heavy": Seen(state="seen", boxes=[SURE]), "species": [("leopard", 0.9), ("lynx", 0.05)]})
    medium, _ = await looked(reserve, eyes, UNSURE)
    assert eyes.asked == [("heavy", 0), ("species", 1)]
    assert (await media.get(reserve.database, SITE, medium)).looked_by == "light@1+heavy@1"
    (entry,) = (await only(reserve)).sequence.entries
    assert entry.label == "Panthera pardus"
    assert [one.model for one in await looks.of(reserve.database, SITE, medium)] == ["light@1", "light@1+heavy@1"]
    assert {one.observation.attributes["model"] for one in await reserve.observed()} == {"light@1", "light@1+heavy@1"}


async def test_person__that_the_heavy_model_does_not_see_keeps_what_the_light_one_gave(reserve: Reserve) -> None:
    eyes = FakeEyes({"heavy": Seen(state="seen", boxes=[])})
    await looked(reserve, eyes, POACHER)
    (entry,) = (await only(reserve)).sequence.entries
    assert (entry.label, entry.probability) == ("person", 0.55)


async def test_sure_picture__costs_no_second_look(reserve: Reserve) -> None:
    eyes = FakeEyes({})
    await looked(reserve, eyes, SURE)
    assert eyes.opened == [] and await second_looks.waiting(reserve.database, 9) == []


async def test_heavy_model__that_is_not_there_is_told_and_its_pictures_wait(reserve: Reserve) -> None:
    eyes = FakeEyes({"heavy": Seen(state="seen", boxes=[SURE])})
    medium, second = await looked(reserve, eyes, UNSURE, model="absent")
    assert "no model 'absent'" in second.problem
    assert len(await second_looks.waiting(reserve.database, 9)) == 1
    assert (await media.get(reserve.database, SITE, medium)).looked_by == "light@1"


async def test_picture__that_kills_the_heavy_model_keeps_its_light_look_and_is_not_asked_again(
    reserve: Reserve,
) -> None:
    eyes = FakeEyes({"heavy": Died("it took too long")})
    medium, _ = await looked(reserve, eyes, UNSURE)
    assert await second_looks.waiting(reserve.database, 9) == []
    assert (await media.get(reserve.database, SITE, medium)).looked_by == "light@1"
    assert (await only(reserve)).sequence.entries[0].label == "unknown"
