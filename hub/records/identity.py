"""Whom a detection or sighting shows: what people decided, and what is believed because of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Verdict = Literal["is", "is_not"]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word about one observation. `individual` None with ``is``: nobody on the roster.

    One that was withdrawn counts no longer, and stays to be read.
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
