"""What the documents say is what the code does."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

import hub.records
from hub.cli import ADVICE, MODULES
from hub.console.problems import STATUS
from hub.ingest.dialects import envelope
from hub.ingest.dialects.reading import Source
from hub.ingest.dialects.table import TABLE
from hub.ingest.routes import route
from hub.records import errors
from hub.records.cursor import Cursor
from hub.records.errors import UnknownTopic
from hub.records.receipt import Decoded
from hub.settings import PREFIX, Settings
from hub.store import log
from hub.store.database import Database
from hub.store.migrate import MIGRATIONS
from tests.architecture.sources import ROOT, texts

REFERENCE = ROOT / "docs" / "reference"
PAGES = texts(".md")
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
MOST_ADR_LINES = 60


def rows_of(page: str) -> list[list[str]]:
    """Cells of all tables of a page of docs/reference, without headings."""
    lines = (REFERENCE / page).read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in cells if row[0].startswith("`")]


def documented(page: str) -> dict[str, list[str]]:
    """Rows of a reference page by the name in their first cell."""
    return {name: row[1:] for row in rows_of(page) for name in [row[0].split("`")[1]]}


def all_errors() -> list[type[errors.HubError]]:
    found, wanted = [errors.HubError], [errors.HubError]
    while wanted:
        children = wanted.pop().__subclasses__()
        found += children
        wanted += children
    return [error for error in found if error.__module__ == errors.__name__]


def default_text(value: object) -> str:
    if value == "":
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_settings__each_has_its_row_with_its_default_and_description() -> None:
    expected = {
        PREFIX + field.name.upper(): [
            default_text(field.default),
            next(m.description for m in field.type.__metadata__ if isinstance(m, msgspec.Meta)),
        ]
        for field in msgspec.structs.fields(Settings)
    }
    assert documented("settings.md") == expected


def test_errors__each_code_has_its_row_with_status_exit_and_message() -> None:
    rows = documented("errors.md")
    for error in all_errors():
        status = next(str(STATUS[kind]) for kind in error.__mro__ if kind in STATUS)
        if issubclass(error, errors.Misconfigured):
            status = ""
        code = next((exit_code for kind, exit_code, _ in ADVICE if issubclass(error, kind)), 1)
        message = (error.__doc__ or "").strip().splitlines()[0]
        assert rows[error.code][:2] == [status, str(code)], error.code
        assert rows[error.code][2].startswith(message), error.code


def test_errors__codes_are_told_apart() -> None:
    codes = [error.code for error in all_errors()]
    assert len(codes) == len(set(codes))


def test_topics__each_form_that_the_hub_knows_is_documented() -> None:
    with pytest.raises(UnknownTopic) as unknown:
        route("nowhere", {"SITE"}, "SITE")
    forms = re.findall(r"[\w-]+/[\w/…-]+", unknown.value.detail.split("use ", 1)[1])
    text = (REFERENCE / "topics.md").read_text()
    assert len(forms) == 8
    assert [form for form in forms if f"`{form}`" not in text] == []


def test_topics__each_documented_form_is_read_as_documented() -> None:
    for topic, (dialect, site, device) in documented("topics.md").items():
        read = route(topic, {"SITE"}, "DEFAULT")
        assert read.dialect == dialect.split(",")[0].strip("`"), topic
        assert read.site == ("SITE" if site == "SITE" else "DEFAULT"), topic
        assert read.device == (None if device.startswith("named by") else device.strip("`")), topic


def test_dialects__each_has_its_row() -> None:
    expected = {
        dialect.name: [
            dialect.title,
            ", ".join(word for word, reader in (("messages", dialect.message), ("files", dialect.file)) if reader),
        ]
        for dialect in TABLE.values()
    }
    assert {name: row[:2] for name, row in documented("dialects.md").items()} == expected


def test_schema__each_table_has_its_row() -> None:
    made = set(re.findall(r"^CREATE TABLE public\.(\w+)", (MIGRATIONS / "schema.sql").read_text(), re.MULTILINE))
    assert set(documented("schema.md")) == made


def test_envelope__schema_is_that_of_the_code() -> None:
    written = json.loads((REFERENCE / "envelope.schema.json").read_text())
    assert written == json.loads(msgspec.json.encode(envelope.json_schema())), (
        "write it anew from envelope.json_schema()"
    )


def test_envelope__each_field_is_documented() -> None:
    text = (REFERENCE / "envelope.md").read_text()
    fields = {name for kind in envelope.json_schema()["$defs"].values() for name in kind["properties"]}
    assert {name for name in fields if f"`{name}`" not in text} == set()


def test_glossary__every_record_has_its_word() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    records = set[str]()
    for module in pkgutil.iter_modules(hub.records.__path__, "hub.records."):
        known = vars(importlib.import_module(module.name))
        records |= {
            name
            for name, value in known.items()
            if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__module__ == module.name
        }
    assert records
    assert {name for name in records if f"**{name}**" not in glossary} == set()


def test_adrs__are_numbered_short_and_of_one_form() -> None:
    assert len(ADRS) >= 13
    for number, path in enumerate(ADRS, start=1):
        text = path.read_text()
        assert path.name.startswith(f"{number:04}-"), path.name
        assert text.startswith(f"# {number}. "), path.name
        assert len(text.splitlines()) < MOST_ADR_LINES, path.name
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], path.name


def test_adrs__are_referred_to_by_numbers_that_exist() -> None:
    for name, text in PAGES.items():
        for number in re.findall(r"\bADR (\d+)", text):
            assert 1 <= int(number) <= len(ADRS), name


@pytest.mark.parametrize("name", sorted(PAGES))
def test_links__lead_somewhere(name: str) -> None:
    # Pictures of screens are taken by `make screens`.
    targets = re.findall(r"\]\(([^)\s]+)\)", PAGES[name])
    here = (ROOT / name).parent
    broken = [
        target
        for target in targets
        if "://" not in target
        and not target.startswith("docs/screens/")
        and not (here / target.partition("#")[0]).exists()
    ]
    assert broken == []


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def in_code(text: str) -> str:
    """What a page shows as code: fenced blocks and spans, each on lines of its own."""
    return "\n".join(block or span for block, span in re.findall(r"```\w*\n(.*?)```|`([^`\n]+)`", text, re.DOTALL))


@pytest.mark.parametrize("name", sorted(PAGES))
def test_commands__that_pages_show_exist(name: str) -> None:
    code = in_code(PAGES[name])
    assert set(re.findall(r"^make ([a-z-]+)", code, re.MULTILINE)) <= make_targets()
    called = re.findall(r"^(?:\S*/)?rosette (?:--settings \S+ )?([a-z][a-z-]*)", code, re.MULTILINE)
    assert [command for command in called if command not in MODULES] == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_paths__that_pages_show_exist(name: str) -> None:
    named = re.findall(r"(?<![\w/.])((?:hub|fusion|geo|web|tests|mobile_api)/[\w/.]+)", in_code(PAGES[name]))
    # NAME is the reader's; web/vendor is set up, not committed.
    missing = [
        path
        for path in named
        if not (ROOT / path.rstrip("./")).exists() and not path.startswith("web/vendor") and "NAME" not in path
    ]
    assert missing == []


def test_readme__begins_with_what_it_is_a_picture_and_two_commands() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:16])
    assert "](docs/screens/console.png)" in first_screen
    assert "make run" in first_screen and "make test" in first_screen


def test_readme__counts_the_dialects_right() -> None:
    words = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen")
    assert f"[{words[len(TABLE) - 10].capitalize()} formats]" in (ROOT / "README.md").read_text()


def test_how_to__dialect_of_the_page_reads_its_message() -> None:
    (source,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "how-to" / "add-a-dialect.md").read_text(), re.DOTALL
    )
    module: dict[str, Any] = {}
    exec(compile(source, "acme.py", "exec"), module)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    body = b'{"imei": "7", "t": 1750000000, "lon": 33.8, "lat": 3.7, "acc": 9, "mode": "night"}'
    (read,) = module["DIALECT"].message(body, Source(address="acme", received_at=now))
    assert (read.observation.device, read.observation.longitude, read.observation.uncertainty_m) == ("7", 33.8, 9.0)
    assert read.observation.attributes == {"mode": "night"}
    (refused,) = module["DIALECT"].message(b"{}", Source(address="acme", received_at=now))
    assert refused.code == "malformed"


def test_how_to__examples_of_messages_are_taken() -> None:
    for page in ("docs/reference/topics.md", "docs/reference/envelope.md", "docs/how-to/connect-a-device.md"):
        bodies = re.findall(r"(?:payload  |-m \'|```json\n)(\{.*?\})(?:\'?\n(?=```)|\'|\n```)", PAGES[page], re.DOTALL)
        assert bodies, page
        for body in bodies:
            now = datetime(2026, 3, 2, tzinfo=UTC)
            named = None if '"device"' in body else "collar-7"
            for part in envelope.read_message(body.encode(), Source(address=page, received_at=now, device=named)):
                assert isinstance(part, Decoded), part


async def test_restore__steps_of_the_page_make_the_log_readable_in_a_new_cluster(database: Database) -> None:
    page = (ROOT / "docs" / "how-to" / "run-in-production.md").read_text()
    (steps,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    async with database.connection() as connection:
        for _ in range(2):
            await connection.execute(
                "insert into change_log (xid, site_id, noun, id) "
                "values ('999999999999', 'kidepo', 'position', gen_random_uuid())"
            )
        assert await log.changes(database, "kidepo", Cursor(), 10) == []
        await connection.execute(steps)
        await connection.execute(
            "insert into change_log (site_id, noun, id) values ('kidepo', 'position', gen_random_uuid())"
        )
    served = await log.changes(database, "kidepo", Cursor(), 10)
    assert [change.cursor.seq for change in served] == [1, 2, 3]


def test_performance__programs_are_those_that_make_bench_runs() -> None:
    loops = re.findall(r"for name in ([\w ]+); do", (ROOT / "Makefile").read_text())
    assert list(documented("performance.md")) == " ".join(loops).split()


def test_changelog__names_every_migration() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    last = max(path.name[:4] for path in Path(MIGRATIONS).glob("[0-9]*.sql"))
    assert "## [Unreleased]" in text and last in text
