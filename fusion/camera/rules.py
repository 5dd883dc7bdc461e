"""From a vote to an answer: rules in order, the first that holds says what it is, and is named with the answer.

The order and the figures that come with the hub are those of SpeciesNet's ensemble; a park may write its own
(`rules_toml.py`). Scores of taxa are added up genus by genus, family by family, until they are sure enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from fusion.camera.burst import REST
from fusion.camera.frame import ANIMAL, PERSON, VEHICLE
from fusion.camera.park import Park
from fusion.camera.taxonomy import BLANK, RANKS, Taxonomy

Says = Literal["person", "vehicle", "blank", "species", "roll_up", "animal"]
SAYS: Final[tuple[Says, ...]] = ("person", "vehicle", "blank", "species", "roll_up", "animal")
UNKNOWN: Final = "unknown"
NO_RULE: Final = "no_rule"
ANY: Final = "any"


@dataclass(frozen=True)
class Rule:
    """`detector`, `classifier`: groups that must be surer than this; `below`: that the detector must be less sure of.

    `least`: what a species, or a sum of scores, must exceed. `up_to`: the rank at which adding up ends.
    """

    name: str
    says: Says
    detector: Mapping[str, float] = field(default_factory=dict)
    classifier: Mapping[str, float] = field(default_factory=dict)
    below: Mapping[str, float] = field(default_factory=dict)
    least: float = 0.0
    up_to: str = "class"


SPECIESNET: Final = (
    Rule("person_by_detector", "person", detector={PERSON: 0.7}),
    Rule("person_by_both", "person", detector={PERSON: 0.2}, classifier={PERSON: 0.5}),
    Rule("person_by_detector_vehicle_by_classifier", "person", detector={PERSON: 0.2}, classifier={VEHICLE: 0.5}),
    Rule("vehicle_by_detector", "vehicle", detector={VEHICLE: 0.7}),
    Rule("vehicle_by_both", "vehicle", detector={VEHICLE: 0.2}, classifier={VEHICLE: 0.4}),
    Rule("blank_by_both", "blank", classifier={BLANK: 0.5}, below={ANY: 0.2}),
    Rule("blank_by_classifier", "blank", classifier={BLANK: 0.99}, below={PERSON: 0.2}),
    Rule("species_by_classifier", "species", least=0.8),
    Rule("species_by_both", "species", detector={ANIMAL: 0.2}, least=0.65),
    Rule("rolled_up", "roll_up", least=0.65, up_to="class"),
    Rule("animal_by_detector", "animal", detector={ANIMAL: 0.5}),
)


@dataclass(frozen=True, slots=True)
class Vote:
    """Of one thing: what detectors say of groups, and what classifiers say of labels (with `REST`, summing to 1)."""

    detector: Mapping[str, float]
    named: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prediction:
    """`label`: a taxon, person, vehicle, animal, blank or unknown; `source`: the rule that said so.

    `unexpected`: a taxon that the classifier is sure of and that the park does not expect in this month.
    """

    label: str
    probability: float
    source: str
    unexpected: str = ""


def predict(vote: Vote, rules: tuple[Rule, ...], taxonomy: Taxonomy, park: Park, month: int) -> Prediction:
    """What one thing is, in a month of 1 to 12."""
    raw = taxonomy.meant(vote.named)
    sums = taxonomy.rolled_up(park.weighed(raw, month, taxonomy))
    groups = {PERSON: sums.get(PERSON, 0.0), VEHICLE: sums.get(VEHICLE, 0.0), BLANK: sums.get(BLANK, 0.0)}
    groups[ANIMAL] = sums.get(ANIMAL, 0.0)
    unexpected = _unexpected(raw, rules, taxonomy, park, month)
    for rule in rules:
        if not _holds(rule, vote, groups):
            continue
        if rule.says in ("species", "roll_up"):
            label, p = _best(rule, sums, taxonomy)
            if label and p > rule.least:
                return Prediction(label, min(p, 1.0), rule.name, unexpected)
        else:
            p = max(vote.detector.get(rule.says, 0.0), groups[rule.says] if rule.classifier or not rule.detector else 0)
            return Prediction(rule.says, min(p, 1.0), rule.name, unexpected if rule.says == ANIMAL else "")
    return Prediction(UNKNOWN, max(vote.detector.values(), default=0.0), NO_RULE, unexpected)


def _holds(rule: Rule, vote: Vote, groups: Mapping[str, float]) -> bool:
    seen = {**vote.detector, ANY: max(vote.detector.values(), default=0.0)}
    return (
        all(seen.get(group, 0.0) > least for group, least in rule.detector.items())
        and all(groups.get(group, 0.0) > least for group, least in rule.classifier.items())
        and all(seen.get(group, 0.0) < most for group, most in rule.below.items())
    )


def _best(rule: Rule, sums: Mapping[str, float], taxonomy: Taxonomy) -> tuple[str, float]:
    """The likeliest taxon of the smallest rank at which one is sure enough; ties by name."""
    ranks = RANKS[:1] if rule.says == "species" else RANKS[1 : RANKS.index(rule.up_to) + 1]
    for rank in ranks:
        found = [(-p, taxon) for taxon, p in sums.items() if taxonomy.ranks.get(taxon) == rank]
        if found and -min(found)[0] > rule.least:
            return min(found)[1], -min(found)[0]
    return "", 0.0


def _unexpected(raw: Mapping[str, float], rules: tuple[Rule, ...], taxonomy: Taxonomy, park: Park, month: int) -> str:
    """The taxon that would be named without the park's list, where that does not expect it."""
    least = min((rule.least for rule in rules if rule.says == "species"), default=1.0)
    leading = [(-p, taxon) for taxon, p in raw.items() if taxon != REST and p > least]
    taxon = min(leading)[1] if leading else ""
    return taxon if taxon and park.factor(taxon, month, taxonomy) <= park.unexpected else ""
