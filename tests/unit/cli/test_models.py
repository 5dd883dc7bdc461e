"""`rosette models` and `rosette see`, by their words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.unit.cli.conftest import Rosette
from tests.unit.fusion.camera.tiny_onnx import brightest_times, text_of
from tests.unit.see.hostile import encoded, scene


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "bright.png"
    path.write_bytes(encoded(np.full((64, 64, 3), 255, np.uint8), "PNG"))
    return path


def put(state: Path, id_: str, probability: float) -> None:
    """A tiny detector, as brought on a stick."""
    model = brightest_times({"out": np.array([[[16, 8, 16, 16, 1, probability, 0]]], np.float32)})
    folder = state / "models" / id_
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model)
    text = text_of(model, task="detect", output='decoder = "yolov5"')
    (folder / "manifest.toml").write_text(text.replace('id = "tiny"', f'id = "{id_}"'))


def detector(rosette: Rosette) -> tuple[str, str]:
    """State and finding of the doctor's line."""
    checks = json.loads(rosette("doctor", "--json").stdout)
    return next((state, found) for what, state, found, _ in checks if what == "detector")


def test_see__without_a_detector_says_so_and_still_reads(rosette: Rosette, picture: Path) -> None:
    said = rosette("see", picture)
    assert said.exit_code == 0
    assert "No detector is active, pictures are only read" in said.stdout
    assert "64 x 64" in said.stdout
    assert detector(rosette) == ("ok", "none: pictures are not looked at")


def test_models__the_whole_way_from_a_folder_to_active_and_back(rosette: Rosette, state: Path, picture: Path) -> None:
    put(state, "old", 0.9)
    put(state, "new", 0.4)
    assert rosette("models", "activate", "old").exit_code == 0
    shadow = json.loads(rosette("models", "shadow", "new", picture, "--json").stdout)
    assert shadow["groups"] == {"animal": {"both": 1, "only_active": 0, "only_candidate": 0}}
    assert [one["file"] for one in shadow["differences"]] == ["bright.png"]
    activated = rosette("models", "activate", "new")
    assert "new is active to detect, before it old" in activated.stdout
    (seen,) = json.loads(rosette("see", picture, "--json").stdout)
    assert (seen["state"], [round(box["probability"], 3) for box in seen["boxes"]]) == ("seen", [0.4])
    assert "old is active to detect again, new no longer" in rosette("models", "rollback").stdout
    assert detector(rosette) == ("ok", "old")


def test_models__list_shows_what_is_here_and_what_can_be_fetched(rosette: Rosette, state: Path) -> None:
    put(state, "old", 0.9)
    rows = {row["id"]: row for row in json.loads(rosette("models", "list", "--json").stdout)}
    assert rows["old"]["state"] in ("here", "ACTIVE")
    assert rows["yolox-nano"]["state"] == "to be fetched"
    assert rows["speciesnet"]["said"].endswith("you confirm its hash")


def test_models__what_does_not_verify_is_refused_in_one_line_and_doctor_shows_it(rosette: Rosette, state: Path) -> None:
    put(state, "bad", 0.9)
    path = state / "models" / "bad" / "manifest.toml"
    path.write_text(path.read_text().replace('decoder = "yolov5"', 'decoder = "yolov7"'))
    for words in (("models", "activate", "bad"), ("models", "verify", "bad")):
        said = rosette(*words)
        assert said.exit_code == 2
        assert said.stderr.startswith("rosette: bad does not verify: output.decoder: one of yolox, yolov5,")
    health, found = detector(rosette)
    assert (health, found[:19]) == ("warn", "bad: output.decoder")
    path.parent.rename(state / "removed")


def test_see__a_folder_of_hostile_files_gets_a_line_each(rosette: Rosette, tmp_path: Path) -> None:
    whole = encoded(scene())
    files = {
        "whole.jpg": whole,
        "half.jpg": whole[: int(len(whole) * 0.8)],
        "stub.jpg": whole[:300],
        "page.jpg": b"<html>",
        "zip.png": b"PK\x03\x04",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    said = rosette("see", tmp_path, "--json")
    assert said.exit_code == 0
    states = {Path(one["file"]).name: one["state"] for one in json.loads(said.stdout)}
    assert states == {
        "whole.jpg": "seen",
        "half.jpg": "partial",
        "stub.jpg": "unreadable",
        "page.jpg": "unreadable",
        "zip.png": "unreadable",
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("models", "activate", "absent"), "no model 'absent'"),
        (("models", "fetch", "absent"), "no model 'absent' is known; known are "),
        (("models", "fetch", "miewid"), "is given away as weights of torch"),
        (("models", "rollback", "classify"), "no model to classify is active"),
        (("see", "/nowhere.jpg"), "/nowhere.jpg"),
    ],
)
def test_usage__is_explained_and_exits_with_2(rosette: Rosette, words: tuple[str, ...], said: str) -> None:
    result = rosette(*words)
    assert result.exit_code == 2
    assert said in result.stderr
