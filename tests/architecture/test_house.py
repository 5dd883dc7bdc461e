"""The rules of the house that a machine can keep."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, files, texts

PACKAGES = ("hub", "mobile_api", "fusion", "geo")
MOST_LINES = 400
MOST_LINES_OF_APP = 120
MOST_BYTES = 200_000
LOCK_FILES = {
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-peers.lock",
    "requirements-node.lock",
    "package-lock.json",
}
# Joined from parts, so that this file does not hold what it forbids.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error")) + r")\b")
MACHINE_PATH = re.compile(
    r"(?<![\w.~}-])/(" + "|".join(("ho" + "me", "ro" + "ot", "Us" + "ers", "wo" + "rk")) + r")/\w"
)
REGISTRY = re.compile(
    "|".join(("npm" + r"js\.", "python" + "hosted", "py" + r"pi\.org", "go" + "proxy", "artifact" + "ory"))
)
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "service", "services", "misc"}
STATEMENT = re.compile(
    r"^\s*(select\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|create\s+(table|index|view)\s|"
    r"alter\s+table\s|drop\s+table\s|truncate\s|with\s+\w+\s+as\s*\()",
    re.IGNORECASE,
)


def trees() -> dict[str, ast.Module]:
    return {name: ast.parse(text) for name, text in texts(".py", below=PACKAGES).items()}


def defined_names(tree: ast.Module) -> set[str]:
    """Names that a file makes: of classes, functions, parameters and variables."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case _:
                pass
    return names


def docstrings(tree: ast.Module) -> set[int]:
    """Identities of the constants that are docstrings."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, holders) and node.body and isinstance(node.body[0], ast.Expr)
    }


def statements_in(tree: ast.Module) -> list[str]:
    known = docstrings(tree)
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in known
        and STATEMENT.match(node.value)
    ]


def test_files__are_short() -> None:
    long = {
        name: count
        for name, text in texts(".py", ".js", ".mjs", ".css", ".sql").items()
        if (count := len(text.splitlines())) > MOST_LINES and name != "migrations/schema.sql"
    }
    assert long == {}


def test_names__say_what_a_file_is_about() -> None:
    assert [str(path) for path in files() if path.stem.lower() in BANNED_NAMES] == []


def test_composition_root__fits_on_one_screen_or_two() -> None:
    assert len((ROOT / "hub" / "app.py").read_text().splitlines()) <= MOST_LINES_OF_APP


def test_event__is_no_name_of_ours_in_python() -> None:
    bare = {"event", "events", "Event", "Events"}
    found = {
        name: sorted(bare & defined_names(tree))
        for name, tree in trees().items()
        if bare & defined_names(tree) and not name.startswith("hub/ingest/dialects/")
    }
    assert found == {}, "four systems mean four things by it; say fix, detection, sighting, finding, change …"


def test_event__is_no_name_of_ours_in_the_browser() -> None:
    # What a listener is handed is the browser's own; a variable, function, class or module of that name is not.
    ours = re.compile(r"\b(?:const|let|var|function|class)\s+[Ee]vents?\b")
    assert [name for name, text in texts(".js", ".mjs", below=("web",)).items() if ours.search(text)] == []


def test_event__is_no_name_of_ours_in_the_database() -> None:
    for name, text in texts(".sql", below=("migrations",)).items():
        assert not re.search(r"\bevents?\b", re.sub(r"--.*", "", text), re.IGNORECASE), name


def test_sql__lives_in_the_store_only() -> None:
    found = {
        name: statements
        for name, tree in trees().items()
        if not name.startswith("hub/store/") and (statements := statements_in(tree))
    }
    assert found == {}


def test_sql__is_recognised() -> None:
    assert statements_in(ast.parse('"""select nothing from a docstring"""\nX = "select 1"'))
    assert statements_in(ast.parse('f(f"insert into {table} values")'))


@pytest.mark.parametrize(
    "pattern", [UNFINISHED, MACHINE_PATH, REGISTRY], ids=["unfinished", "machine path", "registry"]
)
def test_text__holds_nothing_that_belongs_elsewhere(pattern: re.Pattern[str]) -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for name, text in texts().items():
        if name == "LICENSE":
            continue
        for line in text.splitlines():
            if pattern.search(line):
                found[name].append(line.strip()[:120])
    assert dict(found) == {}


def test_patterns__find_what_they_are_for() -> None:
    assert UNFINISHED.search("# TO" + "DO: later") and not UNFINISHED.search("TODOR")
    assert MACHINE_PATH.search('open("/ho' + 'me/amina/x")') and not MACHINE_PATH.search(
        "docs/ho" + "me/x ./wo" + "rk/y"
    )
    assert REGISTRY.search("https://registry.npm" + "js.org/preact") and REGISTRY.search("py" + "pi.org/simple")


def test_locks__pin_by_hash_and_name_no_address() -> None:
    for name in sorted(LOCK_FILES - {"package-lock.json"}):
        text = (ROOT / name).read_text()
        assert "://" not in text and "--index" not in text, name
        pins = re.findall(r"^([\w.-]+)==", text, re.MULTILINE)
        assert pins and len(re.findall(r"--hash=sha256:", text)) >= len(pins), name
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for path, package in packages.items():
        assert "resolved" not in package, path
        assert path == "" or package["integrity"].startswith("sha512-"), path


def test_locks__hold_every_package_that_is_declared() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    declared = re.findall(r'^  "([\w.-]+)(?:\[[\w,]+\])?[=<>]', pyproject, re.MULTILINE)
    locks = ("requirements.lock", "requirements-dev.lock", "requirements-peers.lock")
    locked = "".join((ROOT / name).read_text() for name in locks)
    assert [name for name in declared if not re.search(rf"^{re.escape(name)}==", locked, re.MULTILINE)] == []


def test_data__nothing_large_is_committed() -> None:
    pictures = {path for path in files() if path.parts[:2] == ("docs", "screens")}
    large = {
        str(path): size
        for path in files()
        if (size := (ROOT / path).stat().st_size) > MOST_BYTES and path.name not in LOCK_FILES and path not in pictures
    }
    assert large == {}


def test_data__no_recording_of_others_is_committed(shared_data: Path) -> None:
    ours: dict[int, list[Path]] = defaultdict(list)
    for path in files():
        if size := (ROOT / path).stat().st_size:
            ours[size].append(path)
    for theirs in shared_data.rglob("*"):
        if theirs.is_file() and (candidates := ours.get(theirs.stat().st_size)):
            digest = hashlib.sha256(theirs.read_bytes()).digest()
            assert [str(path) for path in candidates if _digest(path) == digest] == [], theirs.name


def _digest(path: Path) -> bytes:
    return hashlib.sha256((ROOT / path).read_bytes()).digest()


def test_licence__is_apache() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text and "Version 2.0, January 2004" in text
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()
