"""Which taxon belongs to which, which of them a model's label means, and what scores of parts say of the whole."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from fusion.camera.burst import REST
from fusion.camera.frame import ANIMAL, PERSON, VEHICLE
from fusion.camera.manifest import ManifestError

RANKS: Final = ("species", "genus", "family", "order", "class")
"""From the smallest; above a class there is `animal`."""

BLANK: Final = "blank"
TOPS: Final = (ANIMAL, PERSON, VEHICLE, BLANK)
"""What a label may mean that is no taxon, or no taxon below animal."""


@dataclass(frozen=True)
class Taxonomy:
    """`parents`: of each rank, taxon -> the taxon above it; `labels`: a model's label in small letters -> its taxon.

    Raises ManifestError where a taxon is named that has no place.
    """

    parents: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for rank, table in self.parents.items():
            if rank not in RANKS:
                raise ManifestError(f"taxa.{rank}: no such rank; known are {', '.join(RANKS)}")
            above = RANKS[RANKS.index(rank) + 1 :]
            for taxon, parent in table.items():
                places = [one for one in RANKS if taxon in self.parents.get(one, {})]
                if len(places) > 1 or taxon in TOPS:
                    raise ManifestError(
                        f"taxa.{rank}: {taxon!r} is also {'a ' + places[-1] if places[1:] else 'a group'}"
                    )
                if parent != ANIMAL and not any(parent in self.parents.get(one, {}) for one in above):
                    raise ManifestError(f"taxa.{rank}: {taxon!r} belongs to {parent!r}, which is in no rank above")
        for label, taxon in self.labels.items():
            if taxon not in TOPS and taxon not in self.ranks:
                raise ManifestError(f"labels: {label!r} means {taxon!r}, which is no taxon of [taxa]")

    @cached_property
    def ranks(self) -> dict[str, str]:
        """The rank of each taxon."""
        return {taxon: rank for rank, table in self.parents.items() for taxon in table}

    def taxon(self, label: str) -> str:
        """What a model's label means: a taxon, a group, or `animal` for what no table names."""
        small = label.strip().lower()
        if small in self.labels:
            return self.labels[small]
        if label in self.ranks or label in TOPS:
            return label
        # A label of SpeciesNet: identity;class;order;family;genus;species;common name.
        parts = small.split(";")
        if len(parts) == 7:
            _, class_, order, family, genus, species, common = parts
            if (group := {"blank": BLANK, "human": PERSON, "vehicle": VEHICLE}.get(common)) is not None:
                return group
            binomial = f"{genus} {species}" if genus and species else ""
            for one in (binomial, genus, family, order, class_):
                if (name := one[:1].upper() + one[1:]) in self.ranks:
                    return name
        return ANIMAL

    def lineage(self, taxon: str) -> tuple[str, ...]:
        """The taxon and all above it, up to `animal`; a group or an unknown name alone."""
        found = [taxon]
        while (rank := self.ranks.get(found[-1])) is not None:
            found.append(self.parents[rank][found[-1]])
        return tuple(found)

    def meant(self, named: Mapping[str, float]) -> dict[str, float]:
        """Probabilities of labels -> of taxa and groups; those of one meaning are added. `REST` stays what it is."""
        sums: dict[str, list[float]] = {}
        for label, p in named.items():
            sums.setdefault(label if label == REST else self.taxon(label), []).append(p)
        return {taxon: math.fsum(ps) for taxon, ps in sorted(sums.items())}

    def rolled_up(self, scores: Mapping[str, float]) -> dict[str, float]:
        """Probabilities of taxa -> of every taxon above them too: the sum of its own and of all below it."""
        sums: dict[str, list[float]] = {}
        for taxon, p in scores.items():
            for one in self.lineage(taxon) if taxon != REST else ():
                sums.setdefault(one, []).append(p)
        return {taxon: math.fsum(sorted(ps)) for taxon, ps in sorted(sums.items())}

    def agree(self, one: str, other: str) -> bool:
        """Is one of them the other, or above it?"""
        return one in self.lineage(other) or other in self.lineage(one)
