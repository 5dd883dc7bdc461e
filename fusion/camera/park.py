"""Which species live in a park, and in which month they are about: what a classifier's word is weighed with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fusion.camera.burst import REST
from fusion.camera.taxonomy import TOPS, Taxonomy

LEAST: Final = 1e-4
MOST: Final = 100.0
Year = tuple[float, ...]
"""Twelve odds factors, January first."""


@dataclass(frozen=True, slots=True)
class Park:
    """`species`: taxon -> by what factor the odds of it are changed each month; 1 leaves them, none is ever zero.

    A taxon not listed takes the factor of the nearest taxon above it that is, else `unlisted`; with an empty list
    nothing is weighed. What is listed below a taxon makes that taxon itself as likely as the likeliest of it.
    `unexpected`: at or below this factor a classifier that is sure is shown to a person, and not overruled in silence.
    `targets`: what the park is about; their sequences come first, and are not silenced as repeated boxes.
    """

    species: Mapping[str, Year] = field(default_factory=dict)
    unlisted: float = 0.02
    unexpected: float = 0.05
    targets: frozenset[str] = frozenset()

    def factor(self, taxon: str, month: int, taxonomy: Taxonomy) -> float:
        """Odds factor of a taxon in a month, 1 to 12."""
        if not self.species or taxon in TOPS or taxon == REST:
            return 1.0
        for one in taxonomy.lineage(taxon):
            if one in self.species:
                return self.species[one][month - 1]
        below = [year[month - 1] for one, year in self.species.items() if taxon in taxonomy.lineage(one)]
        return max(below, default=self.unlisted)

    def weighed(self, scores: Mapping[str, float], month: int, taxonomy: Taxonomy) -> dict[str, float]:
        """Probabilities of taxa -> the same with the park's factors on them, summing to what they summed to."""
        raw = {taxon: p * self.factor(taxon, month, taxonomy) for taxon, p in scores.items()}
        before, after = math.fsum(sorted(scores.values())), math.fsum(sorted(raw.values()))
        return {taxon: p * before / after for taxon, p in raw.items()} if after > 0 else dict(scores)

    def is_target(self, taxon: str, taxonomy: Taxonomy) -> bool:
        """Is it one of the park's targets, or below one?"""
        return any(one in self.targets for one in taxonomy.lineage(taxon))
