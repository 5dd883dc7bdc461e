"""The console's own tests, which Node runs (`node --test tests/web/*.test.mjs`), as a part of everybody's run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = sorted(Path(__file__).parent.glob("*.test.mjs"))


@pytest.mark.parametrize("file", TESTS, ids=lambda path: path.name)
def test_console__passes_its_javascript_tests(file: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on PATH: the JavaScript tests of the console need it")
    ran = subprocess.run([node, "--test", str(file)], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
