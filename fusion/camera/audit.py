"""How often the machine is right, by the pictures that people looked at without knowing what it said.

A share of all sequences is drawn by content for a blind look. From it follow, for each class, precision with an
interval (Wilson 1927, JASA 22, 209-212), how far probabilities come true (expected calibration error, Guo et al. 2017,
arXiv 1706.04599), and from which probability on an answer needs no person.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from fusion.camera.cascade import drawn

SHARE: Final = 0.02
Z: Final = 1.959963984540054
"""Of a 95 % interval, two-sided."""
WANTED: Final = 0.98
BINS: Final = 10
STEP: Final = 0.01

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Checked:
    """One answer of the machine and what a person said: the class, its probability, and the truth."""

    label: str
    probability: float
    truth: str
    camera: str = ""
    infrared: bool = False

    @property
    def right(self) -> bool:
        return self.label == self.truth


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of `of`, and its 95 % interval."""

    of: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of a range of probabilities: how many, their mean probability, how many of them were right."""

    low: float
    high: float
    count: int
    probability: float
    right: float


@dataclass(frozen=True, slots=True)
class ClassAudit:
    """Of one class: precision of what is called so, recall of what is so, and from where on it needs no person."""

    label: str
    precision: Rate
    recall: Rate
    accept_from: float | None


def is_audited(key: str, share: float = SHARE) -> bool:
    """Is the sequence or picture of this content key drawn for a blind look?"""
    return drawn(key, share, "blind audit")


def wilson(right: int, of: int, z: float = Z) -> Rate:
    """Share with its interval; of nothing: 0 to 1. Raises ValueError where `right` is not from 0 to `of`."""
    if not 0 <= right <= of:
        raise ValueError(f"0 to {of} were expected, not {right}")
    if not of:
        return Rate(0, math.nan, 0.0, 1.0)
    share = right / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return Rate(of, share, max(0.0, middle - half) if right else 0.0, min(1.0, middle + half) if right < of else 1.0)


def accept_from(checked: Iterable[Checked], wanted: float = WANTED) -> float | None:
    """The lowest probability from which answers of one class need no person; None where none is proved.

    At it, and at every higher hundredth at which enough were checked to prove anything, the lower bound of precision
    is at least `wanted`: thresholds are tried from the top and the first failure ends the search, so that trying many
    does not find one by luck.
    """
    answers = sorted(((one.probability, one.right) for one in checked), reverse=True)
    enough = math.ceil(Z * Z * wanted / (1 - wanted)) if wanted < 1 else len(answers) + 1
    found: float | None = None
    at = right = 0
    for step in range(round(1 / STEP), -1, -1):
        least, before = round(step * STEP, 2), at
        while at < len(answers) and answers[at][0] >= least:
            right += answers[at][1]
            at += 1
        if at < enough or at == before:
            # Too few to prove anything; or nobody was there, and what nobody checked is not proved.
            continue
        if wilson(right, at).low < wanted:
            break
        found = least
    return found


def audited(checked: Sequence[Checked], wanted: float = WANTED) -> list[ClassAudit]:
    """By class, in order of names."""
    found: list[ClassAudit] = []
    for label in sorted({one.label for one in checked} | {one.truth for one in checked}):
        called = [one for one in checked if one.label == label]
        true = [one for one in checked if one.truth == label]
        right = sum(one.right for one in called)
        found.append(
            ClassAudit(label, wilson(right, len(called)), wilson(right, len(true)), accept_from(called, wanted))
        )
    return found


def reliability(checked: Iterable[Checked], bins: int = BINS) -> list[Bin]:
    """Answers by ranges of equal width of their probability; empty ranges are left out."""
    parts: dict[int, list[Checked]] = {}
    for one in checked:
        parts.setdefault(min(int(one.probability * bins), bins - 1), []).append(one)
    return [
        Bin(
            number / bins,
            (number + 1) / bins,
            len(part),
            math.fsum(one.probability for one in part) / len(part),
            sum(one.right for one in part) / len(part),
        )
        for number, part in sorted(parts.items())
    ]


def calibration_error(checked: Sequence[Checked], bins: int = BINS) -> float:
    """Expected calibration error: the mean distance of probability and share right, weighed by count. 0 of nothing."""
    rows = reliability(checked, bins)
    return math.fsum(row.count * abs(row.probability - row.right) for row in rows) / max(len(checked), 1)


def parted(checked: Iterable[Checked], by: Callable[[Checked], Key]) -> dict[Key, list[Checked]]:
    """Answers by camera, by light, by whatever `by` says."""
    parts: dict[Key, list[Checked]] = {}
    for one in checked:
        parts.setdefault(by(one), []).append(one)
    return parts
