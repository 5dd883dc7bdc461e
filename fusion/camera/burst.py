"""Pictures of one moment vote: which boxes are the same thing, and what that thing is.

A burst is what one camera took with no more than `gap_s` between two pictures. Boxes of neighbouring pictures are
linked where they overlap, or where the middle moved by less than the box is large; a chain of linked boxes is one
thing. A chain's score is the mean of the logarithms of its calibrated probabilities, weighed by how large and how sharp
each cut-out is (the product rule with equal trust: Kittler et al. 1998, IEEE TPAMI 20, 226-239).

All is a function of the set of pictures: whatever the order in which they came.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from fusion.camera.frame import Area, Frame, FrameBox, in_order, overlap, split_at_gaps

REST: Final = ""
"""The label of all that a classifier did not list."""

SMALLEST: Final = 1e-4
"""No probability counts as less: one picture must not forbid what all others say."""


@dataclass(frozen=True, slots=True)
class Linking:
    """When boxes of two pictures are one thing; `one_thing` is the overlap from which two groups of one picture are."""

    gap_s: float = 10.0
    overlap: float = 0.2
    reach: float = 1.0
    """How far the middle may move, in diagonals of the larger box."""
    growth: float = 4.0
    """How many times larger a box may become."""
    one_thing: float = 0.6


@dataclass(frozen=True)
class Spot:
    """One thing in one picture: its boxes, which differ in their group only."""

    frame: int
    """Index in the burst."""
    boxes: tuple[FrameBox, ...]

    @property
    def best(self) -> FrameBox:
        return self.boxes[0]

    def probability(self, group: str) -> float:
        """Of a group, in this picture; 0 where no box says so."""
        return max((box.probability for box in self.boxes if box.group == group), default=0.0)


@dataclass(frozen=True)
class Chain:
    """One thing over the pictures of a burst."""

    spots: tuple[Spot, ...]

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """Of each spot, summing to 1: the root of its area times its sharpness, against the best of the chain."""
        area = [math.sqrt(max(spot.best.area[2] * spot.best.area[3], 1e-9)) for spot in self.spots]
        sharp = [max(spot.best.sharpness, 0.05) for spot in self.spots]
        raw = [a * s for a, s in zip(area, sharp, strict=True)]
        total = math.fsum(raw)
        return tuple(one / total for one in raw)

    @property
    def weight(self) -> float:
        """How much it has to say in a sequence: the sum of its cut-outs' sizes times sharpness."""
        return math.fsum(
            math.sqrt(max(spot.best.area[2] * spot.best.area[3], 1e-9)) * max(spot.best.sharpness, 0.05)
            for spot in self.spots
        )

    def highest(self, group: str) -> float:
        """The surest picture's probability of a group: what decides of persons and vehicles."""
        return max(spot.probability(group) for spot in self.spots)

    def mean(self, group: str) -> float:
        """The vote on a group: exp of the weighed mean of log probabilities."""
        if self.highest(group) == 0.0:
            return 0.0
        logs = [
            w * math.log(max(s.probability(group), SMALLEST)) for w, s in zip(self.weights, self.spots, strict=True)
        ]
        return min(math.exp(math.fsum(logs)), 1.0)

    @cached_property
    def named(self) -> dict[str, float]:
        """The vote on labels: probabilities that sum to 1 with `REST`; empty where no classifier has looked."""
        heard = [(w, spot.best.named) for w, spot in zip(self.weights, self.spots, strict=True) if spot.best.named]
        return voted(heard)


@dataclass(frozen=True)
class Burst:
    """Pictures of one moment, in order, and the things on them."""

    frames: tuple[Frame, ...]
    chains: tuple[Chain, ...]

    @property
    def camera(self) -> str:
        return self.frames[0].camera

    @property
    def inconsistent(self) -> bool:
        """Pictures of it disagree on which group leads, or on whether anything is there at 0.2."""
        leads = [max((b.probability, b.group) for b in f.boxes) if f.boxes else (0.0, "") for f in self.frames]
        return len({group if p >= 0.2 else "" for p, group in leads}) > 1


def bursts(frames: Iterable[Frame], linking: Linking = Linking()) -> list[Burst]:
    """All pictures -> bursts, by camera and time. The same for every order of `frames`, and for repeated ones."""
    return [Burst(run, tuple(chains(run, linking))) for run in split_at_gaps(in_order(frames), linking.gap_s)]


def chains(frames: Sequence[Frame], linking: Linking) -> list[Chain]:
    """Pictures of one burst in order -> chains, the earliest first.

    Each picture's things are linked with the ends of chains at most two pictures back, the nearest pair first.
    """
    found: list[list[Spot]] = []
    for index, frame in enumerate(frames):
        spots = _spots(frame, index, linking)
        open_ = [(at, chain[-1]) for at, chain in enumerate(found) if index - chain[-1].frame <= 2]
        pairs = sorted(
            (-closeness, -end.frame, at, number)
            for at, end in open_
            for number, spot in enumerate(spots)
            if (closeness := _closeness(end.best.area, spot.best.area, linking)) > 0
        )
        used: set[int] = set()
        grown: set[int] = set()
        for _, _, at, number in pairs:
            if at not in grown and number not in used:
                found[at].append(spots[number])
                grown.add(at)
                used.add(number)
        found += [[spot] for number, spot in enumerate(spots) if number not in used]
    return [Chain(tuple(chain)) for chain in found]


def voted(heard: Sequence[tuple[float, Sequence[tuple[str, float]]]]) -> dict[str, float]:
    """Weighed lists of (label, probability) -> the mean of log probabilities, as probabilities that sum to 1.

    A label that one list has and another has not counts there as half the least that it could have listed.
    """
    if not heard:
        return {}
    tables: list[tuple[float, Mapping[str, float], float]] = []
    for weight, named in heard:
        table: dict[str, float] = {}
        for label, p in named:
            table[label] = table.get(label, 0.0) + p
        rest = table.get(REST, 0.0) or max(1.0 - math.fsum(table.values()), SMALLEST)
        table[REST] = rest
        least = min([p for label, p in table.items() if label != REST], default=rest)
        tables.append((weight, table, max(min(least, rest) / 2, SMALLEST)))
    labels = sorted({label for _, table, _ in tables for label in table})
    total = math.fsum(weight for weight, _, _ in tables)
    logs = [
        math.fsum(weight * math.log(max(table.get(label, least), SMALLEST)) for weight, table, least in tables) / total
        for label in labels
    ]
    top = max(logs)
    powers = [math.exp(one - top) for one in logs]
    whole = math.fsum(powers)
    return {label: power / whole for label, power in zip(labels, powers, strict=True)}


def _spots(frame: Frame, index: int, linking: Linking) -> list[Spot]:
    """Boxes of one picture, those of different groups in one place taken together; the surest first."""
    boxes = sorted(frame.boxes, key=lambda one: (-one.probability, one.group, one.area, one.named, one.sharpness))
    spots: list[list[FrameBox]] = []
    for box in boxes:
        for spot in spots:
            if box.group not in {one.group for one in spot} and overlap(spot[0].area, box.area) >= linking.one_thing:
                spot.append(box)
                break
        else:
            spots.append([box])
    return [Spot(index, tuple(spot)) for spot in spots]


def _closeness(one: Area, other: Area, linking: Linking) -> float:
    """0: not the same thing. Above 1: they overlap, by how much; up to 1: near each other, by how near."""
    sizes = one[2] * one[3], other[2] * other[3]
    if max(sizes) > linking.growth * min(sizes):
        return 0.0
    if (share := overlap(one, other)) >= linking.overlap:
        return 1.0 + share
    apart = math.hypot(one[0] + one[2] / 2 - other[0] - other[2] / 2, one[1] + one[3] / 2 - other[1] - other[3] / 2)
    reach = linking.reach * max(math.hypot(one[2], one[3]), math.hypot(other[2], other[3]))
    return 1.0 - apart / reach if apart < reach else 0.0
