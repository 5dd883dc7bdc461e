"""What is on a sequence's pictures: the things that bursts found become entries, one a kind, with how many there were.

A person is never voted away. One picture is enough: a thing that any picture shows as a person from `person_shown` on
has an entry, with the probability of its surest picture, whatever the other pictures and the classifier call it; and
the memory of repeated boxes divides no person's score. Where pictures disagree the entry says so, and the thing is
counted among the animals too, unless a rule says that it is a person.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from fusion.camera.burst import Burst, Chain, Linking, voted
from fusion.camera.calibrate import calibrated
from fusion.camera.frame import ANIMAL, PERSON, VEHICLE
from fusion.camera.manifest import Calibration
from fusion.camera.park import Park
from fusion.camera.rules import SPECIESNET, Prediction, Rule, Vote, predict
from fusion.camera.taxonomy import BLANK, Taxonomy

NO_BOX: Final = "no_box"


@dataclass(frozen=True, slots=True)
class Judging:
    """How pictures become sequences. Things below `shown` are not listed, persons from `person_shown` on.

    `sharper`: exponent of a vote on labels, 1 leaves it; fitted on what people said. From `disagree` on, two votes for
    species that exclude each other are two animals; below it they are one vote. `calibration` is laid on what is said
    of animals, from what people said of sequences; a person's probability stays as the surest picture gives it.
    """

    taxonomy: Taxonomy
    rules: tuple[Rule, ...] = SPECIESNET
    park: Park = field(default_factory=Park)
    linking: Linking = field(default_factory=Linking)
    gap_s: float = 300.0
    shown: float = 0.2
    person_shown: float = 0.25
    sharper: float = 1.0
    disagree: float = 0.8
    calibration: Calibration = field(default_factory=Calibration)


@dataclass(frozen=True, eq=False)
class Thing:
    """One chain of a burst; `divisor`: what the memory of repeated boxes divides its score as an animal by."""

    burst: Burst
    chain: Chain
    divisor: float = 1.0

    def animal(self) -> float:
        return self.chain.mean(ANIMAL) / self.divisor

    def is_there(self) -> float:
        """That it is an animal at all: one sure picture is enough, others may have missed it."""
        return self.chain.highest(ANIMAL) / self.divisor


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind: how many on one picture at most, and the keys of the pictures that show it.

    `disputed`: pictures do not agree on what it is; `quieted`: its score was divided, as the camera has seen this very
    box again and again.
    """

    prediction: Prediction
    count: int
    frames: tuple[str, ...]
    disputed: bool = False
    quieted: bool = False


def entries(things: Sequence[Thing], month: int, judging: Judging) -> list[Entry]:
    """Things of one sequence in canonical order -> what is listed: one entry a kind, `blank` alone where nothing is."""
    answers: list[tuple[Thing, Prediction]] = []
    animals: list[Thing] = []
    for thing in things:
        person = _person(thing, month, judging)
        vehicle = None if person and person[1] else _vehicle(thing, month, judging)
        answers += [(thing, one[0]) for one in (person, vehicle) if one]
        if not any(one and one[1] for one in (person, vehicle)) and thing.animal() >= judging.shown:
            animals.append(thing)
    empty: list[Prediction] = []
    for members, named in _pooled(animals, judging):
        detector = {ANIMAL: max(thing.animal() for thing in members)}
        answer = predict(Vote(detector, named), judging.rules, judging.taxonomy, judging.park, month)
        probability = answer.probability
        if answer.label in judging.taxonomy.ranks:
            # A classifier says which animal it is, supposing that there is one: leaves have names too.
            probability *= max(thing.is_there() for thing in members)
        answer = replace(answer, probability=_come_true(probability, judging.calibration))
        if answer.label == BLANK:
            empty.append(answer)
        else:
            answers += [(thing, answer) for thing in members]
    found = _merged(answers, judging)
    if found:
        return found
    nothing = math.prod(1.0 - thing.animal() for thing in things)
    return [Entry(min(empty, key=lambda one: one.probability) if empty else Prediction(BLANK, nothing, NO_BOX), 0, ())]


def _person(thing: Thing, month: int, judging: Judging) -> tuple[Prediction, bool] | None:
    """Is it listed as a person, and is that settled (so that it is no animal)? The surest picture decides."""
    highest = thing.chain.highest(PERSON)
    answer = predict(Vote({PERSON: highest}, thing.chain.named), judging.rules, judging.taxonomy, judging.park, month)
    if answer.label == PERSON:
        return answer, highest >= thing.chain.highest(ANIMAL)
    if highest >= judging.person_shown:
        return Prediction(PERSON, highest, "person_in_one_picture"), False
    return None


def _vehicle(thing: Thing, month: int, judging: Judging) -> tuple[Prediction, bool] | None:
    highest, mean = thing.chain.highest(VEHICLE), thing.chain.mean(VEHICLE)
    answer = predict(Vote({VEHICLE: highest}, thing.chain.named), judging.rules, judging.taxonomy, judging.park, month)
    if answer.label == VEHICLE:
        return answer, mean >= thing.chain.mean(ANIMAL)
    if mean >= judging.shown:
        return Prediction(VEHICLE, mean, "vehicle_by_vote"), mean >= thing.chain.mean(ANIMAL)
    return None


def _pooled(things: Sequence[Thing], judging: Judging) -> list[tuple[list[Thing], dict[str, float]]]:
    """Animals that may be of one kind vote together; the weightiest begin."""
    order = sorted(range(len(things)), key=lambda at: (-things[at].chain.weight, at))
    groups: list[list[Thing]] = []
    sure: list[str] = []
    for at in order:
        thing = things[at]
        kind = _sure_of(thing, judging)
        for place, known in enumerate(sure):
            if not kind or not known or judging.taxonomy.agree(kind, known):
                groups[place].append(thing)
                sure[place] = known or kind
                break
        else:
            groups.append([thing])
            sure.append(kind)
    return [(members, _vote(members, judging)) for members in groups]


def _sure_of(thing: Thing, judging: Judging) -> str:
    """The taxon that a thing is sure enough of to contradict another; empty where it is not."""
    scores = judging.taxonomy.meant(thing.chain.named)
    named = [(-p, taxon) for taxon, p in scores.items() if taxon in judging.taxonomy.ranks and p >= judging.disagree]
    return min(named)[1] if named else ""


def _vote(members: Sequence[Thing], judging: Judging) -> dict[str, float]:
    heard = [(one.chain.weight, sorted(one.chain.named.items())) for one in members if one.chain.named]
    named = voted(heard)
    if not named or judging.sharper == 1.0:
        return named
    raised = {label: p**judging.sharper for label, p in named.items()}
    whole = math.fsum(raised.values())
    return {label: p / whole for label, p in raised.items()}


def _come_true(probability: float, how: Calibration) -> float:
    if how.method == "none":
        return probability
    return float(calibrated(np.array([probability], np.float32), how)[0])


def _merged(answers: Iterable[tuple[Thing, Prediction]], judging: Judging) -> list[Entry]:
    """One entry a label; a taxon above another one's is taken as that one. The surest prediction speaks for all."""
    by_label: dict[str, list[tuple[Thing, Prediction]]] = {}
    for thing, answer in answers:
        by_label.setdefault(answer.label, []).append((thing, answer))
    taxonomy = judging.taxonomy
    for label in sorted(by_label, key=lambda one: (-len(taxonomy.lineage(one)), one)):
        for above in taxonomy.lineage(label)[1:]:
            if label in by_label and above in by_label:
                by_label[label] += by_label.pop(above)
    found: list[Entry] = []
    for label, pairs in sorted(by_label.items()):
        own = [answer for _, answer in pairs if answer.label == label]
        best = min(own, key=lambda one: (-one.probability, one.source, one.unexpected))
        count, frames = _seen_on([thing for thing, _ in pairs], label)
        disputed = any(_disputed(thing, judging) for thing, _ in pairs)
        quieted = label not in (PERSON, VEHICLE) and any(thing.divisor > 1 for thing, _ in pairs)
        found.append(Entry(best, count, frames, disputed, quieted))
    return found


def _seen_on(things: Sequence[Thing], label: str) -> tuple[int, tuple[str, ...]]:
    """How many at most on one picture, and the pictures in order of time; a person's are those that say person."""
    per: dict[tuple[float, str], int] = {}
    for thing in dict.fromkeys(things):
        for spot in thing.chain.spots:
            if label in (PERSON, VEHICLE) and thing.chain.highest(label) and not spot.probability(label):
                continue
            frame = thing.burst.frames[spot.frame]
            per[frame.at_s, frame.key] = per.get((frame.at_s, frame.key), 0) + 1
    return max(per.values(), default=0), tuple(key for _, key in sorted(per))


def _disputed(thing: Thing, judging: Judging) -> bool:
    """Two groups at once, each from where it would be listed on."""
    least = {PERSON: judging.person_shown, VEHICLE: judging.shown, ANIMAL: judging.shown}
    return sum(thing.chain.highest(group) >= most for group, most in least.items()) > 1
