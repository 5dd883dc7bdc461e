"""What is assumed before, and what is believed after, the sightings of a site are shared among individuals."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from typing import Final

import numpy as np

from fusion.association_kernels import Integers
from fusion.ellipse import Floats

MODEL: Final = "whole-set-4"
"""Raised whenever the arithmetic changes."""


@dataclass(frozen=True, slots=True)
class AssociationRules:
    """What is assumed before any evidence. Rates and shares are starting points: they are fitted to the set."""

    sweeps: int = 8
    neighbours: int = 8
    """Individuals that come into question by place alone, beside those that a sighting resembles."""
    centre_x_m: float = 0.0
    centre_y_m: float = 0.0
    centre_sd_m: float = 15_000.0
    """Where home ranges lie: their mean and standard deviation per axis."""
    unknown_share_counts: float = 100.0
    """Of strangers: how many sightings `unknown_share` counts for when it is fitted. Many pass for residents."""
    silence_step_s: float = 21_600.0
    silence: bool = True
    """Whether cameras that recorded nothing are evidence."""
    false_per_day: float = 0.02
    """Pictures of nothing, or of nobody that counts, a camera a day."""
    unknown_share: float = 0.2
    """Residents that are in no gallery, for each that is."""
    certain_at: float = 0.7
    """In the first two sweeps only shares above this are taken."""
    located_sd_m: float = 6_000.0
    """Whose place is known worse than this is looked for by appearance only."""
    others_inflation: float = 2.0
    """Factor on the covariance of what all others say: they, too, are shared on uncertain grounds."""
    cautions: tuple[float, ...] = (1.0, 12.0)
    """A place is an even mixture over taking sightings in with their shares to each of these powers: believed, and
    hardly believed unless they are sure. Shares of sightings that support each other are too sure, and a wrong one
    moves a whole track: one power of 3 held 0.926 in ellipses of 0.95 on made reserves, the two 0.930, no wider.
    """
    unsure_below: float = 0.97
    """Sightings whose likeliest explanation has less than this are sampled together, see `joint`. Above 0.9, because
    sightings that support each other are too sure in the sweeps.
    """
    joint_least: float = 0.02
    joint_burn_in: int = 20
    joint_sweeps: int = 100
    joint_weight: float = 0.5
    """Of the sampled shares, against those of the sweeps. On twelve made reserves of development 0, 1 and 0.5 named
    0.876, 0.878 and 0.879 rightly and cost 0.415, 0.415 and 0.406 nats a sighting: one is too sure where the other is
    not sure enough.
    """

    def configuration_hash(self) -> bytes:
        """sha256 of the model's name and every rule, exact to the bit."""
        return hashlib.sha256(repr((MODEL, astuple(self))).encode()).digest()


@dataclass(frozen=True, slots=True, eq=False)
class Identities:
    """Whose each sighting is: pairs of sighting j are rows offset[j]:offset[j + 1], ascending in who.

    who i8[p]; probability f8[p]. Its reasons, as terms of a log weight f8[p]: place (density per m2 under what all
    other evidence says of the individual), appearance (against a stranger), species, effort (log of the individual's
    speed in m/s: who moves more passes more cameras); others f8[p]: log weight of all other explanations together.
    if_here f8[p]: the probability if the individual lives where its track says; spread_m2 f8[p]: variance of its
    place. nobody f8[n, 4]: false positive, unknown resident, a known individual of unknown whereabouts, an unknown
    resident in place of a known one. residence f8[m]: probability that the individual lives where its sightings say;
    in_stead f8[m]: that a stranger does. motion f8[m, 3]: sigma_m, tau_position_s, tau_velocity_s.
    """

    offset: Integers
    who: Integers
    probability: Floats
    place: Floats
    appearance: Floats
    species: Floats
    effort: Floats
    others: Floats
    if_here: Floats
    spread_m2: Floats
    nobody: Floats
    residence: Floats
    in_stead: Floats
    motion: Floats

    def sighting(self) -> Integers:
        """Row of the sighting of each pair, i8[p]."""
        return np.repeat(np.arange(len(self.offset) - 1), np.diff(self.offset))

    def owners(self) -> tuple[Integers, Floats]:
        """The likeliest owner of each sighting i8[n], -1 for nobody, and the probability of that answer f8[n]."""
        owner = np.full(len(self.offset) - 1, -1)
        stated = np.minimum(self.nobody.sum(axis=1), 1.0)
        sighting = self.sighting()
        # Of equals the one with the lower number.
        order = np.lexsort((self.who, -self.probability, sighting))
        first = order[np.searchsorted(sighting, np.flatnonzero(np.diff(self.offset)))]
        row = sighting[first]
        better = self.probability[first] > stated[row]
        owner[row[better]] = self.who[first[better]]
        stated[row[better]] = np.minimum(self.probability[first[better]], 1.0)
        return owner, stated
