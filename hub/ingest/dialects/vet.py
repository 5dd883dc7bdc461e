"""Checks that every dialect shares: what the database cannot hold, and numbers and times as foreign senders write them.

All raise `Malformed` with what is wrong and where (a path from `$`, the whole message).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from hub.ingest.dialects.reading import Source, bad, decoded
from hub.records.errors import Malformed, Rejected
from hub.records.observation import Observation
from hub.records.receipt import Bad, Decoded

# msgspec encodes no larger integer, and nothing that a sender measures is as large.
LARGEST = float(2**63)
DEEPEST = 64
SECONDS_END = 1e11
MILLISECONDS_END = 1e14
NUL = "NUL character"
TOO_LARGE = "a number that is infinite, not a number or beyond 2^63"
TOO_DEEP = f"nested deeper than {DEEPEST} levels"


def plain_text(value: str, where: str = "$") -> str:
    """The same text, if PostgreSQL can hold it: no NUL."""
    if "\0" in value:
        raise Malformed(f"{NUL} in {where}")
    return value


def sound(value: object, where: str = "$") -> None:
    """Walk a decoded JSON value: no NUL, no NaN, no number beyond 2^63, at most 64 levels."""
    found = _fault(value, DEEPEST)
    if found is not None:
        fault, path = found
        raise Malformed(f"{fault} in {where}{path[:200]}")


def is_sound(values: tuple[object, ...]) -> bool:
    """Would `sound` let all of these pass?"""
    return _fault(values, DEEPEST + 1) is None


def _fault(value: Any, levels: int) -> tuple[str, str] | None:
    """(what is wrong, path); the path is put together only on the way back from a fault."""
    # Every value of every message comes here: comparing types costs a fifth of asking for instances.
    kind = type(value)
    if kind is str:
        return (NUL, "") if "\0" in value else None
    if kind is float or kind is int:
        # A comparison with NaN is false, so NaN is a fault too.
        return None if -LARGEST < value < LARGEST else (TOO_LARGE, "")
    if kind is dict:
        if not levels:
            return TOO_DEEP, ""
        for key, item in value.items():
            if "\0" in key:
                return NUL, ", in a key"
            if found := _fault(item, levels - 1):
                return found[0], f".{key}{found[1]}"
    elif kind is list or kind is tuple:
        if not levels:
            return TOO_DEEP, ""
        for index, item in enumerate(value):
            if found := _fault(item, levels - 1):
                return found[0], f"[{index}]{found[1]}"
    return None


def parsed(raw: bytes) -> Any:
    """JSON → plain values, vetted by `sound`."""
    try:
        value = msgspec.json.decode(raw)
    except RecursionError:
        raise Malformed(TOO_DEEP) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"not JSON: {error}") from None
    sound(value)
    return value


def fields(raw: bytes) -> dict[str, Any]:
    """A JSON object, vetted by `sound`."""
    value = parsed(raw)
    if not isinstance(value, dict):
        raise Malformed(f"a JSON object was expected, this is {_shown(value)}")
    return cast("dict[str, Any]", value)


def members(raw: bytes) -> list[bytes]:
    """The elements of a JSON array, undecoded; anything else is its own single element."""
    if raw.lstrip()[:1] != b"[":
        return [raw]
    try:
        return [bytes(element) for element in msgspec.json.decode(raw, type=list[msgspec.Raw])]
    except RecursionError:
        raise Malformed(TOO_DEEP) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"not JSON: {error}") from None


def attempt(raw: bytes, read: Callable[[], Iterable[Observation]]) -> list[Decoded | Bad]:
    """What `read` makes of `raw`, or one Bad with the reason when it refuses."""
    try:
        return decoded(raw, read())
    except Rejected as error:
        return [bad(raw, error, error.code)]
    except msgspec.ValidationError as error:
        return [bad(raw, error)]


def number(value: object, where: str) -> float:
    """A finite number from a number or its text."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        result = float(value)
    except (ValueError, OverflowError):
        raise Malformed(f"{_shown(value)} is not a number in {where}") from None
    if not math.isfinite(result) or abs(result) >= LARGEST:
        raise Malformed(f"{TOO_LARGE} in {where}")
    return result


def take(fields: dict[str, Any], *names: str, low: float = -LARGEST, high: float = LARGEST) -> float | None:
    """Remove and return the first of these fields that is given and within [low, high].

    A value outside (senders write -1 for "unknown") stays among the fields, so that it is not lost.
    """
    for name in names:
        given = fields.get(name)
        if given is None or given == "":
            continue
        value = number(given, f"$.{name}")
        if low <= value <= high:
            del fields[name]
            return value
    return None


def instant(value: object, where: str) -> datetime:
    """Time in UTC from seconds or milliseconds since 1970 (number or text) or ISO 8601; without a zone it means UTC."""
    if isinstance(value, str):
        text = plain_text(value.strip(), where)
        try:
            return instant(float(text), where)
        except ValueError:
            pass
        try:
            if len(text) <= len("yyyy-mm-dd"):
                raise ValueError
            time = datetime.fromisoformat(text)
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        except (ValueError, OverflowError):
            raise Malformed(f"{_shown(value)} is not a time in {where}") from None
    seconds = number(value, where)
    if abs(seconds) >= SECONDS_END:
        seconds /= 1000
    if abs(seconds) >= MILLISECONDS_END / 1000:
        raise Malformed(f"{_shown(value)} is not a time in seconds or milliseconds in {where}")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Malformed(f"{_shown(value)} is not a time in {where}") from None


def observed(value: object, where: str, source: Source) -> tuple[datetime, tuple[str, ...]]:
    """(time, flags): the sender's time, or, where it gave none, the time of receipt with the flag ``received_time``."""
    if value is None or value == "":
        return source.received_at, ("received_time",)
    return instant(value, where), ()


def _shown(value: object) -> str:
    return repr(value)[:60].replace("\\x00", "NUL")
