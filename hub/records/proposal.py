"""Whom fusion takes a detection or sighting for: a proposal, until people decide."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Status = Literal["provisional", "settled"]


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An individual that comes into question, with why: each a natural logarithm, comparable between candidates.

    place: how well the place fits where the individual is believed to have been; appearance: how much it looks like it;
    species; effort: how much of its time an animal that moves so passes cameras.
    """

    individual: UUID
    probability: float
    place: float
    appearance: float
    species: float
    effort: float


class Together(msgspec.Struct, frozen=True, kw_only=True):
    """Another doubtful observation, and how probably both show one animal of the roster, whichever it is."""

    observation: UUID
    observed_at: datetime
    probability: float


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """All that comes into question for one observation, likeliest first. `nobody`: probability of all the rest.

    value: how much a person's decision is expected to change, as shares of sightings; what is worth most comes first.
    status: `provisional` where it was weighed alone, or something came since that bears on it and has not been weighed;
    `settled` where all that bears on it has been weighed together.
    together: the observations whose answers hang on this one's, likeliest first; of a passage the first stands for all.
    """

    observation: UUID
    observed_at: datetime
    candidates: tuple[Candidate, ...]
    nobody: float
    value: float
    configuration: str
    status: Status = "settled"
    together: tuple[Together, ...] = ()


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A passage that is probably this individual, by its first observation: that much of it is part of its track.

    spread_m2: variance per axis of where all other evidence says that the individual was then.
    """

    individual: UUID
    observation: UUID
    observed_at: datetime
    share: float
    spread_m2: float
