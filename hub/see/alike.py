"""Galleries of sites, and whom chips look like. No IO: what is compared is handed in.

What comes out follows from the chip, the gallery and the likeness, whatever the order in which they came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import numpy as np

from fusion.camera.gallery import Candidate, Gallery, Named
from fusion.camera.pattern import Pattern, decode
from hub.records.coat import Chip, ChipCandidate, Line
from hub.records.flank import Flank
from hub.see.drawn_likeness import DRAWN, VERSION
from hub.store.chips import Owned

Compared = tuple[Chip, str, tuple[ChipCandidate, ...]]
PASSAGE: Final = timedelta(seconds=120)
"""Pictures of one camera within this time show one animal: its coat must not be recognised by itself."""
FLANKS: Final[tuple[Flank, Flank]] = ("left", "right")


class Galleries:
    """Of each site, filled and emptied as people decide. Not for several threads at once."""

    def __init__(self) -> None:
        self._sites: dict[str, _Kept] = {}

    def missing(self, site: str, owned: Sequence[Owned]) -> set[UUID]:
        """Chips whose patterns `settle` will want."""
        known = self._sites[site].named if site in self._sites else {}
        return {one.chip for one in owned if _key(one) not in known}

    def settle(self, site: str, owned: Sequence[Owned], patterns: Mapping[UUID, bytes]) -> tuple[str, str, str]:
        """The gallery is this now -> digests of the left one, the right one, and both."""
        kept = self._sites.setdefault(site, _Kept())
        wanted = {_key(one): one for one in owned}
        for key in kept.named.keys() - wanted.keys():
            kept.gallery.remove(kept.named.pop(key).id)
        for key in wanted.keys() - kept.named.keys():
            one = wanted[key]
            kept.named[key] = Named(str(one.individual), one.flank, decode(patterns[one.chip]))
        kept.gallery.add(kept.named.values())
        kept.owned = {kept.named[key].id: one for key, one in wanted.items()}
        left, right = (_digest(kept.gallery.ids(flank), flank) for flank in FLANKS)
        kept.digests = {"left": left, "right": right, None: _digest([left.encode(), right.encode()], "both")}
        return left, right, kept.digests[None]

    def compare(self, site: str, chip: Chip, pattern: bytes) -> Compared:
        """Whom a chip looks like, without itself and what the same camera took within two minutes."""
        kept = self._sites[site]
        own = frozenset(key for key, one in kept.owned.items() if _is_same_passage(one, chip))
        points = decode(pattern)
        asked = (chip.flank,) if chip.flank is not None else FLANKS
        found = [one for flank in asked for one in kept.ask(points, flank, own)]
        if chip.flank is None:
            found = _of_either(found)
        return chip, kept.digests[chip.flank], tuple(sorted(found, key=_rank))


class _Kept:
    def __init__(self) -> None:
        self.gallery = Gallery()
        self.named: dict[tuple[UUID, UUID, Flank], Named] = {}
        self.owned: dict[bytes, Owned] = {}
        self.digests: dict[Flank | None, str] = {}

    def ask(self, pattern: Pattern, flank: Flank, own: frozenset[bytes]) -> list[ChipCandidate]:
        found = self.gallery.ask(pattern, flank, without=own)
        scores = {"votes": [one.votes for one in found], "inliers": [float(one.inliers) for one in found]}
        ratios = DRAWN.log_ratios(scores) if found else np.zeros(0)
        return [
            ChipCandidate(
                individual=UUID(one.individual),
                flank=flank,
                votes=round(one.votes, 6),
                inliers=one.inliers,
                log_ratio=round(float(ratio), 6),
                chip=self.owned[one.chip].chip if one.chip is not None else None,
                lines=_lines(one),
            )
            for one, ratio in zip(found, ratios, strict=True)
        ]


def _of_either(found: list[ChipCandidate]) -> list[ChipCandidate]:
    """Nobody said which flank is seen: each is as probable before, and of a flank that is not known nothing is said."""
    best: list[ChipCandidate] = []
    for individual in {one.individual for one in found}:
        sides = sorted((one for one in found if one.individual == individual), key=_rank)
        ratios = [one.log_ratio for one in sides] + [0.0] * (len(FLANKS) - len(sides))
        joined = float(np.logaddexp.reduce(sorted(ratios)) - np.log(len(FLANKS)))
        first = sides[0]
        best.append(
            ChipCandidate(
                individual=individual,
                flank=first.flank,
                votes=first.votes,
                inliers=first.inliers,
                log_ratio=round(joined, 6),
                chip=first.chip,
                lines=first.lines,
            )
        )
    return best


def _rank(one: ChipCandidate) -> tuple[float, int, float, UUID, str]:
    return (-one.log_ratio, -one.inliers, -one.votes, one.individual, one.flank)


def _lines(one: Candidate) -> tuple[Line, ...]:
    return tuple((a, b, c, d) for a, b, c, d in np.round(one.lines, 1).tolist())


def _key(one: Owned) -> tuple[UUID, UUID, Flank]:
    return one.chip, one.individual, one.flank


def _is_same_passage(one: Owned, chip: Chip) -> bool:
    near = one.device == chip.device and abs(one.observed_at - chip.observed_at) <= PASSAGE
    return one.chip == chip.id or one.medium == chip.medium or near


def _digest(ids: Collection[bytes], flank: str) -> str:
    return hashlib.sha256(b"".join([VERSION.encode(), flank.encode(), *sorted(ids)])).hexdigest()[:32]
