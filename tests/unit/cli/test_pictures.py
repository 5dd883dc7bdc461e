"""`rosette pictures import`: a memory card into the hub, as often as somebody likes; and what doctor says of doors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.pictures import a_jpeg
from tests.unit.cli.conftest import Rosette


@pytest.fixture
def card(tmp_path: Path, rosette: Rosette) -> Path:
    """Three pictures, one of them broken, and something else; a site that is there."""
    rosette("site", "add", "kidepo", "--centre", "33.8", "3.7", "--time-zone", "Africa/Kampala")
    folder = tmp_path / "DCIM"
    folder.mkdir()
    (folder / "IMG_1.JPG").write_bytes(a_jpeg(1))
    (folder / "IMG_2.JPG").write_bytes(a_jpeg(2))
    (folder / "IMG_3.JPG").write_bytes(b"\x00" * 50)
    (folder / "CLIP.AVI").write_bytes(b"RIFF")
    return folder


def imported(rosette: Rosette, *words: str | Path) -> dict[str, Any]:
    result = rosette("pictures", "import", *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_card__is_taken_once_and_said_what_became_of_it(rosette: Rosette, card: Path) -> None:
    first = imported(rosette, card, "--site", "kidepo", "--device", "cam-7")
    assert (first["taken"], first["known"], first["refused"], first["left_out"]) == (2, 0, 1, {".avi": 1})
    again = rosette("pictures", "import", card, "--site", "kidepo", "--device", "cam-7", "--strict")
    assert again.exit_code == 4
    assert "no JPEG, PNG, WebP or MP4" in again.stdout
    assert "'cam-7' is no device at site kidepo yet" in again.stderr
    after = imported(rosette, card, "--site", "kidepo", "--device", "cam-7")
    assert (after["taken"], after["known"]) == (0, 2)
    # Another camera's card with the same pictures is another delivery of them.
    other = imported(rosette, card, "--site", "kidepo", "--device", "cam-8")
    assert (other["taken"], other["known"]) == (0, 2)


@pytest.mark.parametrize("words", [(), ("--device", "cam-7", "--deployment", "7f3c2f0e-8f0a-4c53-9d6f-2f4f6d1f7a11")])
def test_card__is_of_one_camera(rosette: Rosette, card: Path, words: tuple[str, ...]) -> None:
    result = rosette("pictures", "import", card, "--site", "kidepo", *words)
    assert result.exit_code == 2
    assert "--device CAMERA or --deployment ID" in result.stderr


def test_card__of_a_stay_that_is_not_there_is_refused(rosette: Rosette, card: Path) -> None:
    result = rosette("pictures", "import", card, "--site", "kidepo", "--deployment", str(uuid4()))
    assert result.exit_code == 2
    assert "no deployment" in result.stderr


def test_doctor__says_what_is_wrong_with_each_door(
    rosette: Rosette, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.jpg.reason.txt").write_text("it is empty")
    monkeypatch.setenv("ROSETTE_PICTURES_FOLDER", str(tmp_path))
    monkeypatch.setenv("ROSETTE_MAIL_URL", "imaps://traps:hush@127.0.0.1:1/INBOX")
    monkeypatch.setenv("ROSETTE_STREAMS", str(tmp_path / "none.toml"))
    monkeypatch.setenv("ROSETTE_FTPS_PORT", "59999")
    monkeypatch.setenv("ROSETTE_FTPS_PASSIVE", "9-1")
    result = rosette("doctor", "--json")
    found = {name: (state, said) for name, state, said, _ in json.loads(result.stdout)}
    assert "hush" not in result.output
    assert found["pictures folder"][0] == "warn" and "1 files were refused" in found["pictures folder"][1]
    assert found["mailbox"][0] == "fail" and "refused" in found["mailbox"][1]
    assert found["streams"][0] == "fail" and "ROSETTE_STREAMS" in found["streams"][1]
    assert found["FTPS port"][0] == "fail" and "ROSETTE_FTPS_PASSIVE" in found["FTPS port"][1]
