"""Whom a detection or sighting shows: what people decided, and what is believed because of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Verdict = Literal["is", "is_not"]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word about one observation. `individual` None with ``is``: nobody on the roster.

    One that was withdrawn counts no longer, and stays to be read. `superseded_by`: the decision that took its place,
    for as long as that one holds. `split`: the split of an entry of the roster that it was made by.
    """

    id: UUID
    observation: UUID
    verdict: Verdict
    individual: UUID | None
    note: str
    decided_by: str
    decided_at: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
    superseded_by: UUID | None = None
    split: UUID | None = None


class Believed(msgspec.Struct, frozen=True, kw_only=True):
    """What holds of one observation: `decided` with the `individual` whom people said it is, and whom it is not."""

    decided: bool = False
    individual: UUID | None = None
    excluded: frozenset[UUID] = frozenset()

    def after(self, verdict: Verdict, individual: UUID | None) -> Believed:
        """What would hold once somebody said that too: `is` takes the place of `is`, and `is_not` of the same one's."""
        if verdict == "is":
            return Believed(decided=True, individual=individual, excluded=self.excluded)
        assert individual is not None, "of whom is it said that it is not shown?"
        stays = self.decided and self.individual != individual
        return Believed(
            decided=stays, individual=self.individual if stays else None, excluded=self.excluded | {individual}
        )


NOTHING_DECIDED = Believed()


def believed(decisions: Iterable[Decision]) -> Believed:
    """What the decisions about one observation amount to, in whatever order they are given."""
    valid = [one for one in decisions if one.withdrawn_at is None]
    owner = next((one for one in valid if one.verdict == "is"), None)
    return Believed(
        decided=owner is not None,
        individual=owner.individual if owner else None,
        excluded=frozenset(one.individual for one in valid if one.verdict == "is_not" and one.individual is not None),
    )


def made_by(decisions: Sequence[Decision], at: datetime) -> list[Decision]:
    """Of all decisions about one observation those made by a time, oldest first, each as it stood at that time.

    Follows what the store does: an `is` takes the place of the `is` before, an `is_not` that of an `is` of the same
    individual; whoever is taken back lets that one hold again, unless somebody said who it is meanwhile.
    """
    deeds: list[tuple[datetime, bool, Decision]] = []
    for one in decisions:
        deeds.append((one.decided_at, False, one))
        # What another one took the place of was not taken back by anybody.
        if one.withdrawn_at is not None and one.superseded_by is None:
            deeds.append((one.withdrawn_at, True, one))
    stood: dict[UUID, Decision] = {}
    for when, is_withdrawal, one in sorted(deeds, key=lambda deed: (deed[0], deed[1], deed[2].id)):
        if when > at:
            break
        owner = next((known for known in stood.values() if known.verdict == "is" and known.withdrawn_at is None), None)
        if is_withdrawal:
            stood[one.id] = one
            before = next((known for known in stood.values() if known.superseded_by == one.id), None)
            if before is not None and (owner is None or owner.id == one.id):
                stood[before.id] = _valid(before)
        else:
            if owner is not None and (one.verdict == "is" or owner.individual == one.individual):
                stood[owner.id] = _replaced(owner, one, decisions)
            stood[one.id] = _valid(one)
    return sorted(stood.values(), key=lambda one: (one.decided_at, one.id))


def held(decisions: Sequence[Decision], at: datetime) -> list[Decision]:
    """Those of all decisions about one observation that held at a time."""
    return [one for one in made_by(decisions, at) if one.withdrawn_at is None]


def _valid(one: Decision) -> Decision:
    return msgspec.structs.replace(one, withdrawn_by=None, withdrawn_at=None, superseded_by=None)


def _replaced(one: Decision, by: Decision, decisions: Sequence[Decision]) -> Decision:
    still = next((known for known in decisions if known.id == one.id and known.superseded_by == by.id), None)
    return still or msgspec.structs.replace(
        one, withdrawn_by=by.decided_by, withdrawn_at=by.decided_at, superseded_by=by.id
    )
