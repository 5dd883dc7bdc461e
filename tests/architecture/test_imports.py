"""Imports point one way: the contracts of pyproject.toml, kept."""

from __future__ import annotations

import tomllib

import pytest
from importlinter.cli import lint_imports

from tests.architecture.sources import ROOT

PROMISED = {
    "imports point one way",
    "geo and fusion are pure",
    "only the store speaks to the database",
    "the phone's side never fuses",
    "dialects and alert rules are pure",
}


def test_contracts__are_those_that_the_architecture_promises() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["name"] for contract in contracts} >= PROMISED


def test_contracts__are_kept(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    # It would silence every logger of this process, and with them the tests that read logs.
    monkeypatch.setattr("importlinter.cli._configure_logging", lambda *_: None)
    code = lint_imports(no_cache=True, no_logo=True)
    assert code == 0, capsys.readouterr().out
