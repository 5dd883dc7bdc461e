"""Recorded messages and files, each with the observations that it must become (`<case>.expected.json` beside it)."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.ingest.dialects import envelope, frigate, megadetector, osmand, owntracks, things_stack
from hub.ingest.dialects.reading import Dialect, Item, Source
from hub.records.receipt import Bad, Decoded

PAYLOADS = Path(__file__).parent / "payloads"
MODULES = (envelope, frigate, megadetector, osmand, owntracks, things_stack)
DIALECTS = {module.DIALECT.name: module.DIALECT for module in MODULES}
ADDRESSES = {"frigate/available.txt": "frigate/available", "frigate/count.txt": "frigate/north_gate/person"}
RECEIVED = datetime(2025, 6, 15, 16, 0, tzinfo=UTC)
CASES = sorted(
    path for name in DIALECTS for path in (PAYLOADS / name).iterdir() if not path.name.endswith(".expected.json")
)


def read(dialect: Dialect, body: bytes, address: str) -> list[Item]:
    source = Source(address=address, received_at=RECEIVED, device="phone-9" if dialect.name == "owntracks" else None)
    if dialect.file is not None:
        return list(dialect.file(io.BytesIO(body), source))
    assert dialect.message is not None
    return list(dialect.message(body, source))


def plain(item: Item) -> dict[str, Any]:
    if isinstance(item, Decoded):
        return msgspec.json.decode(msgspec.json.encode(item.observation))
    assert isinstance(item, Bad)
    return {"bad": item.code, "reason": item.reason}


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_payload__becomes_the_expected_observations(path: Path) -> None:
    name = f"{path.parent.name}/{path.name}"
    items = read(DIALECTS[path.parent.name], path.read_bytes(), ADDRESSES.get(name, "/ingest"))
    expected = msgspec.json.decode(path.with_name(f"{path.stem}.expected.json").read_bytes())
    assert [plain(item) for item in items] == expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_raw_bytes_behind_an_item__are_part_of_the_payload(path: Path) -> None:
    body = path.read_bytes()
    for item in read(DIALECTS[path.parent.name], body, "/ingest"):
        assert isinstance(item, Decoded | Bad)
        assert item.raw and item.raw in body
