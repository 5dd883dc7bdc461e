"""What was found of an individual's whole past, and from what: what the next step goes on from. Never the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fusion.behaviour.fixes import Fixes
from fusion.behaviour.slow_spells import SlowSpells
from fusion.behaviour.stays import Stays
from hub.pipeline.history import Rows
from hub.records.finding import Finding


@dataclass(frozen=True, slots=True)
class Lain:
    """The finding of a stay, when it was (s), and all that it is a function of while the reference data stand."""

    finding: Finding
    since_s: float
    until_s: float
    by: tuple[object, ...]


@dataclass(slots=True)
class Past:
    """fixes, signs: rows that it was found from. of_stays: of each stay; of_spells: findings of slow spells, by all
    that they are a function of while the reference data stand."""

    fixes: Rows
    signs: Rows
    stays: Stays | None = None
    spells: SlowSpells | None = None
    of_stays: list[Lain] = field(default_factory=list[Lain])
    of_spells: dict[tuple[object, ...], Finding] = field(default_factory=dict[tuple[object, ...], Finding])

    def shared_with(self, later: Past, places: Fixes) -> int:
        """How many fixes at the beginning of a later past are these: the same observations at the same places."""
        if self.stays is None:
            return 0
        n = min(len(self.fixes), len(later.fixes))
        return min(_equal(self.fixes["id"][:n], later.fixes["id"][:n]), places.shared_with(self.stays.fixes))

    def signs_until(self, later: Past) -> float:
        """Time (s) of the first sign that only one of the two pasts has; infinity where both have the same."""
        if self.signs is later.signs:
            return math.inf
        n = min(len(self.signs), len(later.signs))
        first = _equal(self.signs[:n], later.signs[:n])
        times = [float(one["time_s"][first]) for one in (self.signs, later.signs) if first < len(one)]
        return min(times, default=math.inf)


def _equal(one: NDArray[np.void], other: NDArray[np.void]) -> int:
    """How many rows at the beginning are equal, byte by byte."""
    if not len(one):
        return 0
    columns = (np.ascontiguousarray(rows).view(np.uint64).reshape(len(rows), -1) for rows in (one, other))
    differs = np.any(np.not_equal(*columns), axis=1)
    return int(np.argmax(differs)) if differs.any() else len(one)
