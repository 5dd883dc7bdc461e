"""Which pictures deserve the heavy model, and how the answers of two models become one.

The light model looks at every picture. The heavy one costs a hundred times as much, so it looks where the light one
is unsure, where a burst contradicts itself, where a rare species may be, and at a share of blanks that is drawn by
content, so that what the light model misses is known and not guessed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fusion.camera.burst import Burst
from fusion.camera.frame import ANIMAL, PERSON, VEHICLE, Frame, FrameBox, overlap
from fusion.camera.park import Park
from fusion.camera.taxonomy import Taxonomy

REASONS: Final = ("person", "vehicle", "animal", "inconsistent", "rare", "blank_audit")


@dataclass(frozen=True, slots=True)
class Limits:
    """`unsure`: for each group the lowest and highest probability between which the light model is not believed.

    `rare`: from this probability of a target species on. `blanks`: the share of pictures on which nothing is as sure as
    `blank` that is looked at anyway. `weight` of the heavy model where both spoke, beside 1 of the light one;
    `one_thing`: overlap of boxes that are one. `model`: id of the heavy detector, empty where there is none.
    """

    unsure: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: {PERSON: (0.2, 0.6), VEHICLE: (0.2, 0.6), ANIMAL: (0.1, 0.4)}
    )
    rare: float = 0.05
    blanks: float = 0.02
    blank: float = 0.1
    weight: float = 3.0
    one_thing: float = 0.5
    model: str = ""


def drawn(key: str, share: float, purpose: str) -> bool:
    """Is the content of this key in a sample of this share? The same on every machine; purposes draw independently."""
    number = int.from_bytes(hashlib.sha256(f"{purpose}\0{key}".encode()).digest()[:8], "big")
    return number < share * 2.0**64


def deserves(frame: Frame, burst: Burst | None, limits: Limits, taxonomy: Taxonomy, park: Park) -> str:
    """Why the heavy model should look at a picture that the light one has looked at; empty where it need not.

    `burst`: the pictures around it as far as they have come, None where that is not known yet.
    """
    best: dict[str, float] = {}
    for box in frame.boxes:
        best[box.group] = max(best.get(box.group, 0.0), box.probability)
    for group in (PERSON, VEHICLE):
        low, high = limits.unsure.get(group, (1.0, 0.0))
        if any(low <= box.probability <= high for box in frame.boxes if box.group == group):
            return group
    if any(_rare(box, limits, taxonomy, park) for box in frame.boxes):
        return "rare"
    low, high = limits.unsure.get(ANIMAL, (1.0, 0.0))
    if low <= best.get(ANIMAL, 0.0) <= high:
        return "animal"
    if burst is not None and burst.inconsistent:
        return "inconsistent"
    if max(best.values(), default=0.0) < limits.blank and drawn(frame.key, limits.blanks, "heavy look at a blank"):
        return "blank_audit"
    return ""


def joined(
    light: Sequence[FrameBox], heavy: Sequence[FrameBox], limits: Limits, keep: tuple[float, float] = (0.05, 0.05)
) -> tuple[FrameBox, ...]:
    """Boxes of two models on one picture -> one list, the surest first.

    Boxes of a group that overlap are one thing; its log odds are the weighed mean of the two. Where one model has no
    box it counts as having been just below what it keeps (`keep`: light, heavy). A person or vehicle keeps the higher
    of its two probabilities, as missing one costs more than a false alarm. Names are the heavy model's if it has any.
    """
    found: list[FrameBox] = []
    left = sorted(light, key=_order)
    for box in sorted(heavy, key=_order):
        same = [one for one in left if one.group == box.group and overlap(one.area, box.area) >= limits.one_thing]
        mate = max(same, key=lambda one: overlap(one.area, box.area), default=None)
        if mate is not None:
            left.remove(mate)
        p = _mean_odds(mate.probability if mate else keep[0], box.probability, limits.weight)
        if box.group in (PERSON, VEHICLE):
            p = max(box.probability, mate.probability if mate else 0.0)
        named = box.named or (mate.named if mate else ())
        found.append(
            replace(box, probability=p, named=named, sharpness=max(box.sharpness, mate.sharpness if mate else 0))
        )
    for box in left:
        p = _mean_odds(box.probability, keep[1], limits.weight)
        found.append(box if box.group in (PERSON, VEHICLE) else replace(box, probability=p))
    return tuple(sorted(found, key=_order))


def _rare(box: FrameBox, limits: Limits, taxonomy: Taxonomy, park: Park) -> bool:
    return any(
        p >= limits.rare and park.is_target(taxon, taxonomy) for taxon, p in taxonomy.meant(dict(box.named)).items()
    )


def _mean_odds(light: float, heavy: float, weight: float) -> float:
    odds = (_logit(light) + weight * _logit(heavy)) / (1.0 + weight)
    return 1.0 / (1.0 + math.exp(-odds))


def _logit(p: float) -> float:
    p = min(max(p, 1e-6), 1.0 - 1e-6)
    return math.log(p) - math.log1p(-p)


def _order(box: FrameBox) -> tuple[object, ...]:
    return (-box.probability, box.group, box.area, box.named, box.sharpness)
