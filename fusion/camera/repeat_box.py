"""A stump that a detector takes for an animal is taken for one every day: boxes that repeat are remembered per camera.

After MegaDetector's repeat-detection elimination (Beery, Morris, Yang 2019, arXiv 1907.06772), with three changes. A
memory ends when the view changes. Nothing is deleted: the score is divided, and one cut-out is shown to a person. And
what may be a sleeping animal, by the detector's or the classifier's confidence, is shown but not divided before a
person has said that nothing is there.

A memory is a function of the set of boxes: they are taken in the order of (time, burst, area).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fusion.camera.frame import ANIMAL, Area, overlap

PLACES: Final = 10.0


@dataclass(frozen=True, slots=True)
class Repeating:
    """What is suspicious: overlap with the box, in how many bursts, over how long, and how large at most.

    `divide`: what scores are divided by; `sure`: a median probability, or one of a classifier's for a target species,
    from which on it may be asleep; `asleep_s`: nothing sleeps in one place for longer.
    """

    overlap: float = 0.85
    bursts: int = 10
    over_s: float = 12 * 3600.0
    largest: float = 0.2
    divide: float = 4.0
    sure: float = 0.6
    asleep_s: float = 3 * 86_400.0


@dataclass(frozen=True, slots=True)
class SeenBox:
    """A box of one burst: when, on which picture, how sure of its group, and how sure of a target species, if any."""

    at_s: float
    burst: str
    key: str
    group: str
    area: Area
    probability: float
    target: float = 0.0


@dataclass(frozen=True, slots=True)
class RepeatBox:
    """One place of a camera's view where the same box comes back.

    `area`: the middle one of its boxes; `key`: the picture whose cut-out is shown. `divides`: are scores divided
    without a person's word?
    """

    area: Area
    bursts: int
    first_s: float
    last_s: float
    key: str
    probability: float
    divides: bool


def repeat_boxes(boxes: Iterable[SeenBox], rules: Repeating = Repeating()) -> list[RepeatBox]:
    """Boxes of one camera and one view -> what is suspicious, most bursts first. Persons and vehicles never are.

    A box joins the place whose first box it overlaps most; the first box stays the measure: a place cannot wander.
    """
    mine = sorted(
        (one for one in set(boxes) if one.group == ANIMAL and one.area[2] * one.area[3] <= rules.largest),
        key=lambda one: (one.at_s, one.burst, one.area, one.key, one.probability, one.target),
    )
    places: list[list[SeenBox]] = []
    cells: dict[tuple[int, int], list[int]] = {}
    for box in mine:
        near = [at for cell in _cells_around(box.area) for at in cells.get(cell, ())]
        best = max(near, key=lambda at: (overlap(places[at][0].area, box.area), -at), default=None)
        if best is not None and overlap(places[best][0].area, box.area) >= rules.overlap:
            places[best].append(box)
        else:
            cells.setdefault(_cell(box.area), []).append(len(places))
            places.append([box])
    found = [one for place in places if (one := _suspicious(place, rules)) is not None]
    return sorted(found, key=lambda one: (-one.bursts, one.first_s, one.area))


def divisor(area: Area, known: Sequence[RepeatBox], denied: Sequence[Area], rules: Repeating = Repeating()) -> float:
    """What the score of a box is divided by: 1 where it is no repeated one.

    `denied`: places of this view of which a person said that nothing is there.
    """
    if any(overlap(area, one) >= rules.overlap for one in denied):
        return rules.divide
    return rules.divide if any(one.divides and overlap(area, one.area) >= rules.overlap for one in known) else 1.0


def _suspicious(place: Sequence[SeenBox], rules: Repeating) -> RepeatBox | None:
    count = len({one.burst for one in place})
    lasts_s = place[-1].at_s - place[0].at_s
    if count < rules.bursts or lasts_s < rules.over_s:
        return None
    probability = statistics.median(one.probability for one in place)
    target = statistics.median(one.target for one in place)
    may_sleep = lasts_s < rules.asleep_s and (probability >= rules.sure or target >= rules.sure)
    best = min(place, key=lambda one: (-one.probability, one.at_s, one.key))
    area: Area = (
        statistics.median(one.area[0] for one in place),
        statistics.median(one.area[1] for one in place),
        statistics.median(one.area[2] for one in place),
        statistics.median(one.area[3] for one in place),
    )
    return RepeatBox(area, count, place[0].at_s, place[-1].at_s, best.key, probability, not may_sleep)


def _cell(area: Area) -> tuple[int, int]:
    return int((area[0] + area[2] / 2) * PLACES), int((area[1] + area[3] / 2) * PLACES)


def _cells_around(area: Area) -> list[tuple[int, int]]:
    """Cells in which the middle of a box that overlaps this one enough may lie: its own and its neighbours."""
    x, y = _cell(area)
    return [(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
