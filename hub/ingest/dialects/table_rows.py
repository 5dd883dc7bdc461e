"""Rows of a delimited text file, read one at a time, each with the very bytes it came from."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import PurePath
from typing import BinaryIO, NamedTuple

from hub.ingest.dialects import vet
from hub.ingest.dialects.reading import Source, bad
from hub.records.errors import Malformed
from hub.records.observation import Observation
from hub.records.receipt import Bad, Decoded

LONGEST_LINE = 1 << 20
KEY_LENGTH = 200
# What R, Python and spreadsheets write where there is nothing.
MISSING = frozenset(("", "NA", "NaN", "nan", "null", "NULL"))
_SUFFIXES = frozenset((".gz", ".csv", ".txt", ".dia", ".diag", ".gpx", ".zip"))

Cells = list[str]
Attributes = dict[str, str]


class Row(NamedTuple):
    """line: number of the row's first line in the file, from 1. raw: its bytes without the line end."""

    line: int
    cells: Cells
    raw: bytes


class NumberColumn(NamedTuple):
    """A column of numbers within [low, high]; `column` is its index, None where the file has no such."""

    column: int | None
    name: str
    low: float
    high: float

    def given(self, cells: Cells) -> bool:
        """Whether this row says anything here."""
        return self.column is not None and cells[self.column] not in MISSING

    def required(self, cells: Cells) -> float:
        """The number; raises Malformed when it is missing, no number or out of range."""
        text = text_at(cells, self.column)
        if not text:
            raise Malformed(f"nothing given in {self.name}")
        value = number(text, self.name)
        if not self.low <= value <= self.high:
            raise Malformed(f"{text[:60]!r} is not between {self.low:g} and {self.high:g} in {self.name}")
        return value

    def spare(self, cells: Cells, attributes: Attributes) -> float | None:
        """The number, or None; a text that is no such number stays in the attributes, so that it is not lost."""
        if self.column is None or (text := cells[self.column]) in MISSING:
            return None
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if self.low <= value <= self.high and "_" not in text:
            return value
        attributes[self.name] = text
        return None


class Place(NamedTuple):
    """The two columns of a position in degrees (WGS 84)."""

    longitude: NumberColumn
    latitude: NumberColumn

    def read(self, cells: Cells) -> tuple[float, float] | None:
        """(longitude, latitude), or None when neither is given; raises Malformed for half a place or a wrong one."""
        if not self.longitude.given(cells) and not self.latitude.given(cells):
            return None
        return self.longitude.required(cells), self.latitude.required(cells)


class Table:
    """A header and lazily read rows. The delimiter is the one of ``, ; tab`` that the header has most of.

    Column names are matched without case and with any punctuation: ``event-id``, ``event.id``, ``Event_ID``.
    """

    def __init__(self, stream: BinaryIO, header: bytes | None = None) -> None:
        """`header`: the first line, where the caller has read it already."""
        self._lines = _Lines(stream)
        self._delimiter, self.names = _header(stream.readline(LONGEST_LINE) if header is None else header)
        self._index: dict[str, int] = {}
        for index, name in enumerate(self.names):
            self._index.setdefault(canonical(name), index)

    def find(self, *keys: str) -> int | None:
        """Index of the first of these columns that the file has."""
        return next((self._index[key] for key in keys if key in self._index), None)

    def require(self, title: str, *wanted: tuple[str, ...]) -> list[int]:
        """Index of each wanted column (any of its names); raises Malformed with all that are missing."""
        found = [self.find(*keys) for keys in wanted]
        missing = ["/".join(keys) for keys, index in zip(wanted, found, strict=True) if index is None]
        if missing:
            there = ", ".join(name for name in self.names if name)[:500]
            raise Malformed(f"not {title}: no column {', '.join(missing)} among {there or 'nothing'}")
        return [index for index in found if index is not None]

    def number(self, *keys: str, low: float = -vet.LARGEST, high: float = vet.LARGEST) -> NumberColumn:
        """The first of these columns that the file has, as numbers."""
        index = self.find(*keys)
        return NumberColumn(index, keys[0] if index is None else self.names[index], low, high)

    def place(self, longitude: tuple[str, ...], latitude: tuple[str, ...]) -> Place:
        """The position columns."""
        return Place(self.number(*longitude, low=-180, high=180), self.number(*latitude, low=-90, high=90))

    def rest(self, *used: int | None) -> tuple[tuple[int, str], ...]:
        """(index, name) of all other columns that have a name (the row names that R writes have none)."""
        return tuple((index, name) for index, name in enumerate(self.names) if name and index not in used)

    def rows(self) -> Iterator[Row | Bad]:
        """Rows below the header; a row that is no row of this table is Bad, with its line and the reason."""
        lines, width, taken = self._lines, len(self.names), self._lines.taken
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        while True:
            taken.clear()
            problem, lines.problem = "", ""
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                cells, problem = [""], f"not a row of this table: {error}"
            if not cells:
                continue
            if len(cells) != width and not problem:
                # Spreadsheets and CLS end rows with delimiters that the header has not.
                if len(cells) > width and not any(cells[width:]):
                    del cells[width:]
                else:
                    problem = f"{len(cells)} cells where the header has {width}"
            if problem:
                # A stray quotation mark swallows the lines below it: it may cost its own line only.
                lines.give_back()
            raw = b"".join(taken).rstrip(b"\r\n")
            problem = problem or lines.problem or ("NUL character" if 0 in raw else "")
            line = lines.number - len(taken) + 1
            yield bad(raw, f"line {line}: {problem}") if problem else Row(line, cells, raw)


class _Lines:
    """Lines of a stream as text, remembering those that the row in hand is made of."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._again: deque[bytes] = deque()
        self.taken: list[bytes] = []
        self.number = 1
        self.problem = ""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = self._again.popleft() if self._again else self._stream.readline(LONGEST_LINE)
        if not raw:
            raise StopIteration
        self.taken.append(raw)
        self.number += 1
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            self.problem = f"not UTF-8: {error}"
            return raw.decode("latin-1")

    def give_back(self) -> None:
        """Read again all lines of the row in hand but its first."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        del self.taken[1:]


def observations(table: Table, read: Callable[[Cells], Observation]) -> Iterator[Decoded | Bad]:
    """What `read` makes of each row; where it raises Malformed, Bad with the line and the reason."""
    for row in table.rows():
        if isinstance(row, Bad):
            yield row
            continue
        try:
            yield Decoded(observation=read(row.cells), raw=row.raw)
        except Malformed as error:
            yield refused(row, error)


def refused(row: Row, error: Malformed) -> Bad:
    """Quarantine entry of a row."""
    return bad(row.raw, f"line {row.line}: {error}", error.code)


def header_keys(head: bytes) -> frozenset[str]:
    """Canonical column names in the first line of `head`; empty when that is no header."""
    try:
        return frozenset(canonical(name) for name in _header(head.partition(b"\n")[0])[1])
    except Malformed:
        return frozenset()


def canonical(name: str) -> str:
    """``Event.ID`` → ``event-id``."""
    return re.sub(r"[^a-z0-9]+", "-", name.strip().lower()).strip("-")


def text_at(cells: Cells, column: int | None) -> str:
    """What a cell says; empty when it says nothing or there is no such column."""
    return "" if column is None or cells[column] in MISSING else cells[column]


def number(text: str, name: str) -> float:
    """A finite number; unlike Python, ``1_000`` is none."""
    if "_" in text:
        raise Malformed(f"{text[:60]!r} is not a number in {name}")
    return vet.number(text, name)


def utc(text: str, name: str, *, zone: bool = False) -> datetime:
    """ISO 8601 date and time → UTC. Without an offset it means UTC, or, with `zone`, is refused."""
    try:
        if len(text) < len("yyyy-mm-dd hh:mm") or text[10] not in " T":
            raise ValueError
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        what = "nothing given" if text in MISSING else f"{text[:60]!r} is not a date and time (ISO 8601)"
        raise Malformed(f"{what} in {name}") from None
    if zone:
        raise Malformed(f"{text[:60]!r} has no offset from UTC in {name}")
    return time.replace(tzinfo=UTC)


def key(text: str, name: str) -> str:
    """A name of at most 200 characters; raises Malformed."""
    if text in MISSING:
        raise Malformed(f"nothing given in {name}")
    if len(text) > KEY_LENGTH:
        raise Malformed(f"longer than {KEY_LENGTH} characters in {name}")
    return text


def identifier(text: str, name: str) -> str | None:
    """The sender's own id of a record, at most 300 characters, or None."""
    if len(text) > 300:
        raise Malformed(f"longer than 300 characters in {name}")
    return None if text in MISSING else text


def device_of(source: Source) -> str:
    """The device that the door knows, or the file's name without its suffixes; raises Malformed when there is none."""
    name = PurePath(source.address).name
    while PurePath(name).suffix.lower() in _SUFFIXES:
        name = PurePath(name).stem
    return key(source.device or name, "the file name, which stands for the device")


def _header(line: bytes) -> tuple[str, list[str]]:
    """(delimiter, column names) of a header line."""
    try:
        text = line.decode("utf-8-sig")
        delimiter = max(",;\t", key=text.count)
        names = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise Malformed(f"the first line is not a header: {error}") from None
    if not names or "\0" in text:
        raise Malformed("the first line is not a header: it is empty or not text")
    return delimiter, [name.strip() for name in names]
