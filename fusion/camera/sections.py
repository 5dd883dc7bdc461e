"""Tables of a manifest, key by key: each asked for once, by kind and range; what was not asked for is unknown."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, TypeGuard, TypeVar, cast

from fusion.camera.manifest import ManifestError

Word = TypeVar("Word", bound=str)

FILE_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
MOST_SHOWN: Final = 60


class Missing:
    """No default: the key must be there."""


MISSING: Final = Missing()


class Section:
    """One table. `at` is what its keys are called in messages, such as `input.`; raises ManifestError throughout."""

    def __init__(self, table: Mapping[str, object], at: str) -> None:
        self._table = table
        self._at = at
        self._asked: list[str] = []

    def wrong(self, key: str, expected: str) -> ManifestError:
        """The error for a key: its name, what was expected, and the value that is there."""
        if key not in self._table:
            return ManifestError(f"{self._at}{key}: missing; {expected} was expected")
        shown = repr(self._table[key])
        shown = shown if len(shown) <= MOST_SHOWN else shown[:MOST_SHOWN] + "…"
        return ManifestError(f"{self._at}{key}: {expected} was expected, not {shown}")

    def get(self, key: str) -> object:
        """The raw value, None where there is none."""
        self._asked.append(key)
        return self._table.get(key)

    def section(self, key: str, *, needed: bool = True) -> Section:
        """A table within; an empty one where it is absent and not needed."""
        value = self.get(key)
        if value is None and not needed:
            value = {}
        if not isinstance(value, Mapping):
            raise self.wrong(key, f"a table [{key}]")
        return Section(cast("Mapping[str, object]", value), f"{self._at}{key}.")

    def text(self, key: str, default: str | Missing = MISSING, *, most: int = 500) -> str:
        """A text, not empty where it is given."""
        value = self.get(key)
        if value is None and not isinstance(default, Missing):
            return default
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            raise self.wrong(key, f"a text of 1 to {most} characters")
        return value

    def file_name(self, key: str) -> str:
        """A name of a file beside the manifest: no folder, no link out of it."""
        value = self.get(key)
        if not isinstance(value, str) or not FILE_NAME.fullmatch(value):
            raise self.wrong(key, "the plain name of a file beside the manifest")
        return value

    def one_of(self, key: str, words: Sequence[Word], default: Word | Missing = MISSING) -> Word:
        """One of a closed set of words."""
        value = self.get(key)
        if value is None and not isinstance(default, Missing):
            return default
        for word in words:
            if value == word:
                return word
        raise self.wrong(key, f"one of {', '.join(words)}")

    def whole(self, key: str, low: int, high: int, default: int | Missing = MISSING) -> int:
        """A whole number, both bounds included."""
        value = self.get(key)
        if value is None and not isinstance(default, Missing):
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.wrong(key, f"a whole number from {low} to {high}")
        return value

    def number(self, key: str, low: float, high: float, default: float | Missing = MISSING) -> float:
        """A number above `low` and not above `high`."""
        value = self.get(key)
        if value is None and not isinstance(default, Missing):
            return default
        if not _is_number(value) or not low < value <= high:
            raise self.wrong(key, f"a number above {low:g} and not above {high:g}")
        return float(value)

    def triple(
        self, key: str, default: tuple[float, float, float], *, positive: bool = False
    ) -> tuple[float, float, float]:
        """One number a channel; a single number counts for all three."""
        value = self.get(key)
        if value is None:
            return default
        numbers = cast("list[object]", value) if isinstance(value, list) else [value] * 3
        expected = f"three {'positive ' if positive else ''}numbers, one a channel"
        if len(numbers) != 3:
            raise self.wrong(key, expected)
        found: list[float] = []
        for number in numbers:
            if not _is_number(number) or (positive and not number > 0):
                raise self.wrong(key, expected)
            found.append(float(number))
        return found[0], found[1], found[2]

    def texts(self, key: str, default: tuple[str, ...] | Missing = MISSING) -> tuple[str, ...]:
        """A list of texts that differ."""
        value = self.get(key)
        if value is None and not isinstance(default, Missing):
            return default
        items = cast("list[object]", value) if isinstance(value, list) else []
        found = tuple(item for item in items if isinstance(item, str) and item.strip())
        if not found or len(found) != len(items) or len(set(found)) != len(found):
            raise self.wrong(key, "a list of different texts")
        return found

    def pairs(self, key: str) -> tuple[tuple[float, float], ...]:
        """A list of pairs of numbers from 0 to 1; at least two, the first rising, the second not falling."""
        value = self.get(key)
        expected = "a list of at least two pairs [score, probability] from 0 to 1, both rising"
        items = cast("list[object]", value) if isinstance(value, list) else []
        found: list[tuple[float, float]] = []
        for item in items:
            pair = cast("list[object]", item) if isinstance(item, list) else []
            numbers = [float(number) for number in pair if _is_number(number) and 0 <= number <= 1]
            if len(numbers) != 2 or len(pair) != 2:
                raise self.wrong(key, expected)
            found.append((numbers[0], numbers[1]))
        rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(found))
        if len(found) < 2 or not rising:
            raise self.wrong(key, expected)
        return tuple(found)

    def items(self) -> list[tuple[str, object]]:
        """All keys with their values, in order; they count as asked for."""
        self._asked += list(self._table)
        return list(self._table.items())

    @property
    def empty(self) -> bool:
        """Nothing is in it."""
        return not self._table

    def close(self) -> None:
        """Every key that nobody asked for is a mistake: of spelling, mostly."""
        if unknown := sorted(set(self._table) - set(self._asked)):
            raise ManifestError(f"{self._at}{unknown[0]}: no such key; known here are {', '.join(self._asked)}")


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
