"""Browser packages are copied exactly as listed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from hub.console.vendor import collect
from hub.records.errors import Misconfigured

WEB = Path(__file__).parents[2] / "web"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "vendor.json").write_text(
        '[{"file": "one/dist/one.mjs", "as": "one.mjs"}, {"file": "two/a.js", "as": "two/a.js"}]'
    )
    return folder


def install(node_modules: Path, *files: str) -> Path:
    for file in files:
        (node_modules / file).parent.mkdir(parents=True, exist_ok=True)
        (node_modules / file).write_text(file)
    return node_modules


def test_collect__copies_the_listed_files_and_nothing_else(web: Path, tmp_path: Path) -> None:
    node_modules = install(tmp_path / "node_modules", "one/dist/one.mjs", "two/a.js", "two/not-listed.js")
    install(web / "vendor", "left-over.mjs")

    files = collect(node_modules, web / "vendor")

    assert files == [web / "vendor/one.mjs", web / "vendor/two/a.js"]
    assert sorted(path for path in (web / "vendor").rglob("*") if path.is_file()) == files
    assert files[0].read_text() == "one/dist/one.mjs"


def test_collect__a_missing_package_is_named_and_the_old_copy_stays(web: Path, tmp_path: Path) -> None:
    node_modules = install(tmp_path / "node_modules", "one/dist/one.mjs")
    install(web / "vendor", "one.mjs")

    with pytest.raises(Misconfigured, match=r"two/a\.js"):
        collect(node_modules, web / "vendor")

    assert (web / "vendor/one.mjs").is_file()


def test_index__asks_only_for_files_that_are_there_or_listed() -> None:
    listed = {f"vendor/{entry['as']}" for entry in msgspec.json.decode((WEB / "vendor.json").read_bytes())}
    asked = [part.split('"')[0] for part in (WEB / "index.html").read_text().split("{{ASSETS}}/")[1:]]
    assert len(asked) > 15
    assert [file for file in asked if file not in listed and not (WEB / file).is_file()] == []
