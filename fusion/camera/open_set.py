"""Whom a chip may show, somebody new included: a ranking, and a proposal that a person takes or leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Kind = Literal["match", "probable", "new_candidate", "unresolvable"]


@dataclass(frozen=True, slots=True)
class OpenSetRules:
    """Probabilities, and points that one map explains.

    somebody_new: how probable it is, before anything is seen, that a chip shows an individual of no gallery.
    """

    match: float = 0.95
    margin: float = 0.20
    inliers: int = 15
    probable: float = 0.50
    new: float = 0.05
    quality: float = 0.60
    somebody_new: float = 0.10


@dataclass(frozen=True, slots=True)
class Ranked:
    """One individual, or None for somebody in no gallery, with what speaks for it.

    coat, place: natural logarithms of likelihood ratios against somebody in no gallery; probability: of both together.
    """

    individual: str | None
    probability: float
    coat: float
    place: float


@dataclass(frozen=True, slots=True)
class IdentityProposal:
    """What the coat proposes. Nothing is created, merged or named by it; `reasons` are in the order of their weight."""

    kind: Kind
    individual: str | None
    probability: float
    reasons: tuple[str, ...]


def posterior(log_ratios: ArrayLike, somebody_new: float, log_place: ArrayLike | None = None) -> Floats:
    """Log ratios f8[n] of known individuals against somebody new -> probabilities f8[n + 1], somebody new last.

    Known individuals are equally probable before; log_place f8[n] adds what place and time say, as log ratios against
    somebody new. Raises ValueError for a prior outside 0..1 or a number that is not finite.
    """
    ratios = np.asarray(log_ratios, np.float64)
    place = np.zeros_like(ratios) if log_place is None else np.asarray(log_place, np.float64)
    if ratios.ndim != 1 or place.shape != ratios.shape:
        raise ValueError(
            f"one log ratio of place for each of the coat, not {list(place.shape)} and {list(ratios.shape)}"
        )
    if not 0.0 < somebody_new < 1.0:
        raise ValueError(f"somebody new has a probability between 0 and 1, not {somebody_new}")
    if np.isnan(ratios).any() or np.isnan(place).any() or np.isposinf(ratios).any() or np.isposinf(place).any():
        raise ValueError("a log ratio is a number below infinity")
    known = ratios + place + np.log1p(-somebody_new) - np.log(max(len(ratios), 1))
    odds = np.append(known, np.log(somebody_new))
    powers = np.exp(odds - odds.max())
    return powers / powers.sum()


def ranked(
    individuals: Sequence[str],
    log_ratios: ArrayLike,
    log_place: ArrayLike | None = None,
    rules: OpenSetRules = OpenSetRules(),
) -> list[Ranked]:
    """Everybody, and somebody new as None, the most probable first by coat, place and time; ties by name.

    log_place f8[n]: log likelihood of the place and time of the picture for each individual, less that for a stranger;
    fusion has it. -inf is somebody who cannot have been there.
    """
    coat = np.asarray(log_ratios, np.float64)
    place = np.zeros_like(coat) if log_place is None else np.asarray(log_place, np.float64)
    shares = posterior(coat, rules.somebody_new, place)
    rows = [
        Ranked(name, float(p), float(c), float(w))
        for name, p, c, w in zip(individuals, shares[:-1], coat, place, strict=True)
    ]
    rows.append(Ranked(None, float(shares[-1]), 0.0, 0.0))
    return sorted(rows, key=lambda one: (-one.probability, one.individual is None, one.individual or ""))


def propose(
    individuals: Sequence[str],
    log_ratios: ArrayLike,
    inliers: Sequence[int],
    quality: float,
    rules: OpenSetRules = OpenSetRules(),
) -> IdentityProposal:
    """By the coat alone: place and time are weighed by fusion, and would count twice here.

    `match`: probable, far before the next, and enough points lie alike. `probable`: more probable than not.
    `new_candidate`: nobody looks like it, though the chip is good and the gallery has this flank. Else `unresolvable`.
    """
    if not individuals:
        return IdentityProposal("unresolvable", None, 0.0, ("the gallery has nobody with this flank",))
    shares = posterior(log_ratios, rules.somebody_new)[:-1]
    order = np.lexsort((np.arange(len(shares)), -shares))
    best = int(order[0])
    first, second = float(shares[best]), float(shares[order[1]]) if len(order) > 1 else 0.0
    enough, clear = inliers[best] >= rules.inliers, first - second >= rules.margin
    points = f"{inliers[best]} points lie alike"
    if first >= rules.match and clear and enough:
        return IdentityProposal("match", individuals[best], first, (points, f"the next is at {second:.2f}"))
    if first >= rules.probable:
        missing = [] if first >= rules.match else [f"{first:.2f} is less than {rules.match:.2f}"]
        missing += [] if clear else [f"the next is at {second:.2f}"]
        missing += [] if enough else [f"{points}, {rules.inliers} are asked for"]
        return IdentityProposal("probable", individuals[best], first, tuple(missing))
    if first > rules.new:
        return IdentityProposal("unresolvable", None, first, (f"the best is at {first:.2f}: neither known nor new",))
    if quality < rules.quality:
        poor = f"quality {quality:.2f} is below {rules.quality:.2f}: a known animal could look like nobody"
        return IdentityProposal("unresolvable", None, first, (poor,))
    return IdentityProposal(
        "new_candidate", None, first, (f"of {len(individuals)} with this flank nobody looks like it",)
    )
