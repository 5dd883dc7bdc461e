"""What people decided about chips makes the next likeness; it is taken only where it is truer than the one in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fusion.calibration import expected_error
from fusion.camera.likeness import Floats, Likeness, TooFewPairs, fit_likeness
from fusion.camera.open_set import OpenSetRules, posterior

FEWEST_VERDICTS: Final = 60
FOLDS: Final = 5
BINS: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a person said of one chip: whom it shows, None for somebody who is in no gallery; and the scores of
    everybody that it was compared with, not only of those shown: f8[n] by name of the score, in the order of
    `individuals`.

    `chip` is its id, the name of the verdict: a later verdict of one chip takes the place of an earlier one before
    this.
    """

    chip: str
    individual: str | None
    individuals: tuple[str, ...]
    scores: Mapping[str, ArrayLike]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Answers stated with low <= probability < high: how many, what was stated and what came true on average."""

    low: float
    high: float
    count: int
    stated: float
    true: float


@dataclass(frozen=True, slots=True)
class Truth:
    """How true stated probabilities were: of the best answer (somebody new is one) for each chip.

    error: expected calibration error; surprise: mean negative log probability of what was right, in nats.
    """

    error: float
    surprise: float
    right: float
    table: tuple[Reliability, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Recalibration:
    """A likeness fitted on all verdicts; how true it is on verdicts it has not seen, and the one in use on the same.

    Take it where `is_better`: less surprised.
    """

    likeness: Likeness
    fitted: Truth
    current: Truth

    @property
    def is_better(self) -> bool:
        """Is the new one less surprised by what people said?"""
        return self.fitted.surprise < self.current.surprise


def recalibrated(
    verdicts: Sequence[Verdict], current: Likeness, basis: str, rules: OpenSetRules = OpenSetRules()
) -> Recalibration:
    """Fit a likeness on verdicts, and judge it by fitting on four fifths and looking at the rest, five times.

    Folds go by the place of a chip's name among all names, so that the order of verdicts cannot matter. Raises
    TooFewPairs where a fold has fewer pairs than `fit_likeness` needs, or there are fewer than `FEWEST_VERDICTS`
    verdicts.
    """
    rows = sorted((one for one in verdicts if one.individuals), key=lambda one: one.chip)
    if len(rows) < FEWEST_VERDICTS:
        raise TooFewPairs(f"at least {FEWEST_VERDICTS} verdicts are needed, not {len(rows)}")
    if len({one.chip for one in rows}) != len(rows):
        raise ValueError("one verdict a chip: the last one")
    folds = [[one for k, one in enumerate(rows) if k % FOLDS == fold] for fold in range(FOLDS)]
    stated: list[tuple[Verdict, Floats]] = []
    for fold, part in enumerate(folds):
        rest = [one for k, others in enumerate(folds) if k != fold for one in others]
        trial = _fitted(rest, basis)
        stated += [(one, posterior(trial.log_ratios(one.scores), rules.somebody_new)) for one in part]
    used = [(one, posterior(current.log_ratios(one.scores), rules.somebody_new)) for one in rows]
    return Recalibration(_fitted(rows, basis), _truth(stated), _truth(used))


def _fitted(rows: Sequence[Verdict], basis: str) -> Likeness:
    names = sorted({name for one in rows for name in one.scores})
    table = {name: np.concatenate([_column(one, name) for one in rows]) for name in names}
    same = np.concatenate([[who == one.individual for who in one.individuals] for one in rows])
    return fit_likeness(table, same, basis)


def _column(verdict: Verdict, name: str) -> Floats:
    if name not in verdict.scores:
        return np.full(len(verdict.individuals), np.nan)
    return np.asarray(verdict.scores[name], np.float64)


def _truth(rows: Sequence[tuple[Verdict, Floats]]) -> Truth:
    best = np.array([shares.max() for _, shares in rows])
    said = [(*one.individuals, None)[int(np.argmax(shares))] for one, shares in rows]
    # Somebody whom this chip was not compared with is nobody of the gallery for it.
    told = [one.individual if one.individual in one.individuals else None for one, _ in rows]
    right = np.array([a == b for a, b in zip(said, told, strict=True)])
    of_right = [shares[(*one.individuals, None).index(who)] for (one, shares), who in zip(rows, told, strict=True)]
    surprise = float(-np.log(np.maximum(of_right, 1e-12)).mean())
    return Truth(expected_error(best, right, BINS), surprise, float(right.mean()), reliability(best, right))


def reliability(stated: ArrayLike, was_right: ArrayLike) -> tuple[Reliability, ...]:
    """Stated probabilities f8[n] and whether they came true b[n] -> bins of equal width that hold any."""
    p, right = np.asarray(stated, np.float64), np.asarray(was_right, np.bool_)
    row: NDArray[np.int64] = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    return tuple(
        Reliability(k / BINS, (k + 1) / BINS, int(part.sum()), float(p[part].mean()), float(right[part].mean()))
        for k in range(BINS)
        if (part := row == k).any()
    )
