"""Whatever arrives, a dialect answers with items: storable observations, or a Bad that holds the bytes."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.ingest.dialects import envelope, frigate, megadetector, osmand, owntracks, things_stack
from hub.ingest.dialects.reading import Dialect, Item, Source
from hub.records.observation import Observation
from hub.records.receipt import Bad, Decoded

PAYLOADS = Path(__file__).parents[1] / "corpus" / "payloads"
DIALECTS = [module.DIALECT for module in (envelope, frigate, megadetector, osmand, owntracks, things_stack)]
SEEDS = {
    dialect.name: [
        path.read_bytes()
        for path in sorted((PAYLOADS / dialect.name).iterdir())
        if not path.name.endswith(".expected.json")
    ]
    for dialect in DIALECTS
}
RECEIVED = datetime(2025, 6, 15, 16, 0, tzinfo=UTC)
WILD: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.sampled_from(["1750000000", "NaN", "-inf", "1e999", "a\0b", "9999-12-31T23:59:59-14:00", "x" * 400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def read(dialect: Dialect, body: bytes, device: str | None) -> list[Item]:
    source = Source(address="frigate/gate/person", received_at=RECEIVED, device=device)
    if dialect.file is not None:
        return list(dialect.file(io.BytesIO(body), source))
    assert dialect.message is not None
    return list(dialect.message(body, source))


def assert_answered(items: list[Item], body: bytes) -> None:
    for item in items:
        assert isinstance(item, Decoded | Bad)
        assert item.raw in body
        if isinstance(item, Bad):
            assert item.code and item.reason and "\0" not in item.reason
            continue
        stored = msgspec.json.encode(item.observation)
        assert b"\\u0000" not in stored.replace(b"\\\\", b"")
        # The observation is valid by the contract, and its time is in UTC.
        assert msgspec.json.decode(stored, type=Observation) == item.observation
        assert item.observation.observed_at.utcoffset() == timedelta(0)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] + [place for key, item in inner for place in places(item, (*path, key))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=200), device=st.sampled_from([None, "a"]))
def test_arbitrary_bytes__are_answered(dialect: Dialect, body: bytes, device: str | None) -> None:
    assert_answered(read(dialect, body, device), body)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_of_a_real_message__are_answered(dialect: Dialect, data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(SEEDS[dialect.name]))
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 20)))
    body = body[:start] + data.draw(st.binary(max_size=6)) + body[end:]
    assert_answered(read(dialect, body, None), body)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_real_message_with_one_value_replaced__is_answered(dialect: Dialect, data: st.DataObject) -> None:
    body = data.draw(st.sampled_from([seed for seed in SEEDS[dialect.name] if valid_json(seed)]))
    message = msgspec.json.decode(body)
    place = data.draw(st.sampled_from(places(message)))
    body = text(replaced(message, place, data.draw(WILD)))
    assert_answered(read(dialect, body, data.draw(st.sampled_from([None, "a"]))), body)


@settings(max_examples=150, deadline=None)
@given(pairs=st.lists(st.tuples(st.sampled_from(["id", "lat", "lon", "timestamp", "speed", "valid", "cell"]), WILD)))
def test_osmand_query_of_wild_values__is_answered(pairs: list[tuple[str, Any]]) -> None:
    body = "&".join(f"{name}={value}" for name, value in pairs).encode(errors="replace")
    assert_answered(read(osmand.DIALECT, body, None), body)


def valid_json(seed: bytes) -> bool:
    try:
        msgspec.json.decode(seed)
    except msgspec.DecodeError:
        return False
    return True


def text(value: Any) -> bytes:
    """JSON as careless senders write it: with NaN, Infinity and integers of any size."""
    return json.dumps(value).encode()
