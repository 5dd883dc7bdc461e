"""Whose sighting is it. Today's rule asks only those who know: a collar's deployment, a person who confirmed.

A sighting with one known identity is that individual's; any other is returned unassigned, with the reason, and waits
for a person. Weighing place, time and coat pattern of anonymous sightings belongs in this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Unknown(Enum):
    """Why a sighting is nobody's; the value is the text a person reads."""

    UNNAMED = "nobody has said whom this shows"
    CONTRADICTED = "it is said to show more than one individual"
    NOT_ON_THE_ROSTER = "the named individual is not known here"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One animal seen once. `key` is its content id; `named` holds every individual it is known to be."""

    key: bytes
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Owned:
    """The sighting is this individual's."""

    key: bytes
    individual: str


@dataclass(frozen=True, slots=True)
class Unassigned:
    """The sighting is nobody's yet."""

    key: bytes
    reason: Unknown


def associate(sightings: Iterable[Sighting], roster: frozenset[str]) -> list[Owned | Unassigned]:
    """One answer a sighting, in the order given. `roster` holds the individuals known at the site."""
    return [_owner(sighting, roster) for sighting in sightings]


def _owner(sighting: Sighting, roster: frozenset[str]) -> Owned | Unassigned:
    match sorted(sighting.named):
        case []:
            return Unassigned(sighting.key, Unknown.UNNAMED)
        case [individual] if individual in roster:
            return Owned(sighting.key, individual)
        case [_]:
            return Unassigned(sighting.key, Unknown.NOT_ON_THE_ROSTER)
        case _:
            return Unassigned(sighting.key, Unknown.CONTRADICTED)
