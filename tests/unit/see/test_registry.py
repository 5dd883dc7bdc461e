"""Models come, are verified, look, and go back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hub.records.errors import Conflict, NotFound, Refused
from hub.see.looking import Looking
from hub.see.registry import Models
from hub.see.trial import bench_folder, look_at, shadow_folders
from tests.unit.see.conftest import Make
from tests.unit.see.hostile import encoded

GOLDEN = '[golden]\nimage = "golden.png"\nexpect = "golden.json"\natol = 0.01\n'


def white() -> bytes:
    return encoded(np.full((64, 64, 3), 255, np.uint8), "PNG")


def test_activate__the_last_one_looks_and_rollback_goes_back_one(models: Models, make: Make) -> None:
    assert models.active("detect") is None
    with pytest.raises(NotFound, match="no model to detect is active"):
        models.active_folder("detect")
    make("first")
    make("second")
    assert models.activate("first")[1] is None
    assert models.activate("second")[1] == "first"
    assert models.active("detect") == "second"
    assert [(one.id, one.active) for one in models.kept()] == [("first", False), ("second", True)]
    verified, leaves = models.rollback("detect")
    assert (verified.id, leaves, models.active("detect")) == ("first", "second", "first")
    with pytest.raises(Refused, match="no model to detect was active before this one"):
        models.rollback("detect")


def test_activate__twice_is_once(models: Models, make: Make) -> None:
    make("first")
    models.activate("first")
    models.activate("first")
    with pytest.raises(Refused):
        models.rollback("detect")


def test_activate__what_does_not_verify_is_refused_and_nothing_changes(models: Models, make: Make) -> None:
    make("good")
    models.activate("good")
    bad = make("bad")
    (bad / "model.onnx").write_bytes(b"another file")
    with pytest.raises(Refused, match=r"bad does not verify: model\.sha256: the model's bytes have"):
        models.activate("bad")
    assert models.active("detect") == "good"


def test_verify__a_golden_picture_must_look_as_expected(models: Models, make: Make) -> None:
    folder = make("golden", more=GOLDEN)
    with pytest.raises(Refused, match=r"golden\.image: 'golden.png' is not in the model's folder"):
        models.verify("golden")
    (folder / "golden.png").write_bytes(white())
    with pytest.raises(Refused, match=r"golden\.expect: 'golden.json' is not in the model's folder"):
        models.verify("golden")
    boxes = [["animal", 0.9, 0.25, 0.0, 0.5, 0.5]]
    (folder / "golden.json").write_text(json.dumps({"boxes": boxes}))
    assert models.verify("golden").golden
    boxes[0][1] = 0.85
    (folder / "golden.json").write_text(json.dumps({"boxes": boxes}))
    with pytest.raises(Refused, match=r"golden: animal is 0.05 from what was expected; at most 0.01 is allowed"):
        models.verify("golden")
    (folder / "golden.json").write_text(json.dumps({"boxes": []}))
    with pytest.raises(Refused, match=r"golden: \[\] were expected in the golden picture, not \['animal'\]"):
        models.verify("golden")


def test_kept__a_folder_that_is_no_model_says_what_is_wrong_and_hides_no_other(models: Models, make: Make) -> None:
    make("good")
    make("renamed").rename(models.folder / "other")
    (models.folder / "empty").mkdir()
    found = {one.id: one.problem for one in models.kept()}
    assert found["good"] == ""
    assert "No such file" in found["empty"]
    assert found["other"] == "model.id: 'other', the name of its folder, was expected, not 'renamed'"


@pytest.mark.parametrize("id_", ["", "..", "../other", ".hidden", "absent"])
def test_folder__only_of_a_model_that_is_there(models: Models, make: Make, id_: str) -> None:
    make("good")
    with pytest.raises(NotFound, match="there are: good"):
        models.folder_of(id_)


def test_active__a_model_whose_folder_is_gone_is_none(models: Models, make: Make) -> None:
    folder = make("good")
    models.activate("good")
    folder.rename(folder.with_name("moved"))
    assert models.active("detect") is None


def test_making__leaves_nothing_behind_when_it_fails_and_overwrites_nothing(models: Models, make: Make) -> None:
    with pytest.raises(ValueError, match="broken"), models.making("new") as folder:
        (folder / "x").write_text("half")
        raise ValueError("broken")
    assert list(models.folder.iterdir()) == []
    make("there")
    with pytest.raises(Conflict, match="there is a model 'there'"), models.making("there"):
        pass


def test_shadow__says_where_two_models_differ(models: Models, make: Make, tmp_path: Path) -> None:
    sure, unsure = make("sure", 0.9), make("unsure", 0.3)
    files = []
    for name, value in (("dark.png", 40), ("bright.png", 255), ("middle.png", 150)):
        path = tmp_path / name
        path.write_bytes(encoded(np.full((64, 64, 3), value, np.uint8), "PNG"))
        files.append(path)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    found = shadow_folders(sure, unsure, [*files, tmp_path / "broken.jpg"])
    # keep is 0.25, so the unsure one sees nothing in the middle; in the dark neither does.
    assert found["groups"]["animal"] == {"both": 1, "only_active": 1, "only_candidate": 0}
    assert [one["file"] for one in found["differences"]] == ["bright.png", "middle.png"] or [
        one["file"] for one in found["differences"]
    ] == ["middle.png", "bright.png"]
    assert (found["pictures"], found["unreadable"]) == (4, 1)


def test_bench__counts_pictures_and_says_how_long_they_take(models: Models, make: Make) -> None:
    figures = bench_folder(make("one"), [])
    assert (figures["model"], figures["pictures"], figures["unreadable"]) == ("one", 20, 0)
    assert figures["pictures_per_s_per_core"] > 0


def test_look_at__a_file_that_cannot_be_opened_is_unreadable_like_any_other(tmp_path: Path) -> None:
    with Looking() as looking:
        assert look_at(looking, tmp_path / "gone.jpg").reason == "No such file or directory"
        assert look_at(looking, tmp_path).state == "unreadable"
