"""What may lie behind what was observed, and is not acted on until a person confirms it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

import msgspec

from hub.records.ids import content_id

HypothesisKind = Literal["birth", "death", "dispersal", "wrong_deployment", "same_animal"]
KINDS: tuple[HypothesisKind, ...] = get_args(HypothesisKind)
HypothesisVerdict = Literal["confirmed", "rejected"]


class Hypothesis(msgspec.Struct, frozen=True, kw_only=True):
    """Derived: same observations and decisions, same hypotheses, same ids.

    birth: somebody lives here whom nobody knows; `individual` None. death: it is dead since then, or (`detail.alive`)
    it was said to be dead and was seen since. dispersal: its home moves. wrong_deployment: it does not wear the collar
    that it is said to wear. same_animal: it and `detail.other`, each known by another flank, are one. `value`: how much
    confirming it is expected to change; what is worth most comes first. `evidence`: the observations that it rests on;
    `sensitive`: where it is is nobody's business.
    """

    id: UUID
    site: str
    kind: HypothesisKind
    individual: UUID | None
    since: datetime
    decided_at: datetime
    probability: float
    value: float
    longitude: float
    latitude: float
    sensitive: bool
    evidence: tuple[UUID, ...]
    detail: dict[str, Any] = {}


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a confirmation changed. `before` None: it was made.

    `noun` identity: a word about a sighting; movement: parameters, which have no versions; merge: two entries are one.
    """

    noun: Literal["individual", "deployment", "identity", "movement", "merge"]
    id: UUID
    before: int | None = None
    after: int | None = None
    observation: UUID | None = None


class HypothesisDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word about one hypothesis, as it stood then, and what was changed because of it."""

    id: UUID
    hypothesis: Hypothesis
    verdict: HypothesisVerdict
    acts: tuple[Act, ...]
    note: str
    decided_by: str
    decided_at: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None


def hypothesis_id(kind: HypothesisKind, *rests_on: UUID) -> UUID:
    """Identity of a hypothesis: what is supposed, and of whom or by what."""
    return content_id("hypothesis", kind, *(one.bytes for one in rests_on))


def others(one: Hypothesis) -> tuple[UUID, ...]:
    """The individuals that its detail speaks of: whom a collar fits better, whose were swapped, who may be the same."""
    spoken = [one.detail["other"]] if one.kind == "same_animal" else []
    spoken += [told["individual"] for key in ("wearers", "swapped") for told in one.detail.get(key, ())]
    return tuple(dict.fromkeys(map(UUID, spoken)))
