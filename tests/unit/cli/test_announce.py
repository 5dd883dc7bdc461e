"""What a starting hub tells the person who started it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hub.commands.announce import greet
from hub.settings import Settings


@pytest.mark.parametrize(
    ("on_path", "said"), [(False, "{folder}/rosette user password"), (True, "`rosette user password")]
)
def test_greet__names_a_command_that_can_be_typed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    on_path: bool,
    said: str,
) -> None:
    program = tmp_path / "rosette"
    program.touch(0o755)
    monkeypatch.setattr(sys, "argv", [str(program), "run"])
    monkeypatch.setenv("PATH", str(tmp_path) if on_path else "")
    greet(Settings(), 8080, None, 1883)
    assert said.format(folder=tmp_path) in capsys.readouterr().out


def test_greet__shows_the_first_password_once(capsys: pytest.CaptureFixture[str]) -> None:
    greet(Settings(drill=True), 8080, "open sesame", 1883)
    said = capsys.readouterr().out
    assert "http://localhost:8080/" in said
    assert "open sesame   (shown once)" in said
    assert "simulated" in said
    assert "mqtt" not in said


def test_greet__says_where_devices_connect_when_any_free_port_was_taken(capsys: pytest.CaptureFixture[str]) -> None:
    greet(Settings(mqtt_port=0), 8080, None, 41_883)
    assert "mqtt://127.0.0.1:41883" in capsys.readouterr().out
