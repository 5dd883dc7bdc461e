"""YOLOX-nano on real traps: third-party pictures and model, beside the checkout, never in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.see.fetching import catalogue, fetch
from hub.see.looking import Looking
from hub.see.registry import Models
from hub.see.seen import Seen

NOT_ANIMALS = {"blank", "blank2", "blank3", "human", "vehicle"}
FOLDERS = ("camtrapdp-burst", "ena24", "speciesnet")


def look_at_all(shared: Path, folder: Path, name: str) -> dict[str, Seen]:
    model = shared / "models" / "yolox_nano.onnx"
    if not model.is_file():
        pytest.skip("../shared/models/yolox_nano.onnx is not here: third-party models are not part of this repository")
    models = Models(folder)
    fetch(models, name, source=model, sha256="", labels=None)
    with Looking(models.folder_of(name)) as looking:
        return {
            path.stem: looking.look(path.read_bytes())
            for one in FOLDERS
            for path in sorted((shared / "images" / one).glob("*.*"))
        }


def best(seen: Seen, label: str) -> float:
    return max((box.probability for box in seen.boxes if box.label == label), default=0.0)


@pytest.mark.parametrize(("name", "show"), [("yolox-nano", 0.25), ("yolox-nano-1024", 0.2)])
def test_yolox_nano__finds_all_animals_but_one_and_the_person_and_the_vehicle(
    shared_data: Path, tmp_path: Path, name: str, show: float
) -> None:
    """At the threshold of its manifest: no false animal. The scanned ocelot is missed."""
    assert catalogue()[name].manifest["thresholds"]["show"] == show
    found = look_at_all(shared_data.parent, tmp_path, name)
    assert all(seen.state != "unreadable" for seen in found.values())
    animals = {stem for stem, seen in found.items() if best(seen, "animal") >= show}
    expected = set(found) - NOT_ANIMALS
    assert len(expected) >= 24
    assert len(expected - animals) <= 1, expected - animals
    assert animals & NOT_ANIMALS == set()
    assert best(found["human"], "person") >= 0.5
    assert best(found["vehicle"], "vehicle") >= 0.4


def test_yolox_nano__never_names_what_no_reserve_has(shared_data: Path, tmp_path: Path) -> None:
    found = look_at_all(shared_data.parent, tmp_path, "yolox-nano")
    assert {box.label for seen in found.values() for box in seen.boxes} <= {"animal", "person", "vehicle"}
    named = {box.named for seen in found.values() for box in seen.boxes}
    assert "aeroplane" not in named and "bird" in named


def test_yolox_nano__sees_the_same_in_five_forms_of_one_picture(shared_data: Path, tmp_path: Path) -> None:
    """Colour, grey, CMYK, cut off, turned: the herd is in all."""
    found = look_at_all(shared_data.parent, tmp_path, "yolox-nano")
    forms = [seen for stem, seen in found.items() if stem.startswith("african_elephants")]
    assert len(forms) == 5
    plain = found["african_elephants"].boxes[0]
    for seen in forms:
        assert best(seen, "animal") > 0.7
        nearest = min(seen.boxes, key=lambda box: abs(box.x - plain.x) + abs(box.y - plain.y))
        assert abs(nearest.x - plain.x) + abs(nearest.y - plain.y) < 0.05
