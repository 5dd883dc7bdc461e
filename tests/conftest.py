"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.shared_out import SharedOut

pytest_plugins = ["tests.database"]

# The same examples each time: what stands between a change and its landing must not be a matter of luck. New ones are
# looked for with EXPLORE=1 pytest tests/properties.
hypothesis.settings.register_profile("same", derandomize=True)
hypothesis.settings.register_profile("explore")
hypothesis.settings.load_profile("explore" if os.environ.get("EXPLORE") else "same")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedOut:
    """Tests that run two at a time are shared out in parts."""
    return SharedOut(config, log)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of third-party recordings beside the checkout; the test is skipped by name where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is not here: real recordings are not part of this repository")
    return folder
