"""The real command, in this process, on a state folder or a database of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hub.cli import main

Rosette = Callable[..., Result]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder whose embedded database the commands of one file of tests share."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture
def rosette(state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rosette]:
    """Call it with the words of a command line."""
    monkeypatch.setenv("ROSETTE_STATE", str(state))
    monkeypatch.setenv("COLUMNS", "200")
    runner = CliRunner()

    def call(*words: str | Path, given: str | bytes | None = None) -> Result:
        return runner.invoke(main, [str(word) for word in words], input=given)

    yield call
