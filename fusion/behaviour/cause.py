"""Why a collar lies still or has gone silent: what is how probable, so that somebody knows what to take along."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

DAY_S: Final = 86_400.0


class Cause(Enum):
    """What may be behind a collar that does not move, or not speak."""

    REST = "rests"
    KILL = "feeds at a kill"
    DEN = "lies at a den"
    DEATH = "dead"
    DROP_OFF = "the collar fell off"
    FAILURE = "the collar failed"


@dataclass(frozen=True, slots=True)
class Rates:
    """How often each cause begins, per animal and day, and for how long it lasts on average.

    All are assumptions of the order of magnitude for a large carnivore, to be replaced by what a park has counted.
    """

    rest_per_day: float = 3.0
    rest_s: float = 4 * 3_600.0
    kill_per_day: float = 1.0 / 6.0
    kill_s: float = 1.5 * DAY_S
    den_per_day: float = 1.0 / 365.0
    den_s: float = 20 * DAY_S
    death_per_day: float = 1.0 / (6 * 365.0)
    drop_off_per_day: float = 1.0 / (3 * 365.0)
    failure_per_day: float = 1.0 / (2 * 365.0)


@dataclass(frozen=True, slots=True)
class Signs:
    """What is seen beside the stillness; None: not known.

    still_s: how long it has lain still. silent_s: since the last fix; interval_s: usual between fixes; fix_share: how
    many of the fixes that were due came at all. is_active: the activity sensor has counted movement since.
    has_mortality_signal: the collar says so itself. may_den: season and sex allow it. has_returned: it has left the
    place and come back. is_warm: the collar is as warm as it is on this animal. spread_m, error_m: standard
    deviation of the fixes along one axis, and what the sensors' errors explain of it, from `fixes` of them.
    """

    still_s: float
    silent_s: float = 0.0
    interval_s: float = 3_600.0
    fix_share: float = 0.9
    is_active: bool | None = None
    has_mortality_signal: bool | None = None
    may_den: bool = True
    has_returned: bool = False
    is_warm: bool | None = None
    spread_m: float | None = None
    error_m: float = 20.0
    fixes: int = 0


class Weighed(NamedTuple):
    """A cause with its probability, and what speaks for it.

    reasons: natural logarithm of how much likelier a sign is if it is this than if it is any of the others, these as
    probable as they are by their rates and how long it has lasted; strongest first.
    """

    cause: Cause
    probability: float
    reasons: dict[str, float]


# P(activity counted), P(mortality signal), P(left and came back) under each cause: assumptions.
_ACTIVE: Final = {Cause.REST: 0.9, Cause.KILL: 0.97, Cause.DEN: 0.95, Cause.DEATH: 0.03, Cause.DROP_OFF: 0.02}
_SIGNAL: Final = {Cause.REST: 0.02, Cause.KILL: 0.01, Cause.DEN: 0.02, Cause.DEATH: 0.9, Cause.DROP_OFF: 0.92}
_RETURNED: Final = {Cause.REST: 0.05, Cause.KILL: 0.5, Cause.DEN: 0.9, Cause.DEATH: 0.002, Cause.DROP_OFF: 0.002}
_WARM: Final = {Cause.REST: 0.95, Cause.KILL: 0.95, Cause.DEN: 0.97, Cause.DEATH: 0.15, Cause.DROP_OFF: 0.1}
# How far it moves about where it lies, in metres along one axis.
_STRAYS_M: Final = {Cause.REST: 5.0, Cause.KILL: 20.0, Cause.DEN: 12.0, Cause.DEATH: 1.0, Cause.DROP_OFF: 0.5}
# Errors of fixes under one canopy hang together: as independent as so many of them.
_MOST_FIXES: Final = 8
_NEVER: Final = -1e9


def causes(signs: Signs, rates: Rates | None = None) -> dict[Cause, float]:
    """Posterior probability of each cause, all of them, in falling order; sums to 1. See `weighed`."""
    return {one.cause: one.probability for one in weighed(signs, rates)}


def weighed(signs: Signs, rates: Rates | None = None) -> list[Weighed]:
    """Every cause with its posterior probability and what speaks for it, in falling order; they sum to 1.

    Weight of a cause = its rate times the probability that it lasts as long (exponential; death, drop-off and failure
    last for ever) times that of each sign. Silence: the chance that as many due fixes failed by themselves, at least
    one in ten thousand, against certainty if the collar failed. Raises ValueError for negative durations.
    """
    if signs.still_s < 0.0 or signs.silent_s < 0.0 or not signs.interval_s > 0.0:
        raise ValueError("durations cannot be negative, nor an interval 0")
    terms = _terms(signs, Rates() if rates is None else rates)
    weight = {cause: sum(of.get(cause, 0.0) for of in terms.values()) for cause in Cause}
    found = _normal(weight)
    expected = {cause: terms["rate"].get(cause, 0.0) + terms.get("duration", {}).get(cause, 0.0) for cause in Cause}
    out: list[Weighed] = []
    for cause, probability in sorted(found.items(), key=lambda one: -one[1]):
        reasons: dict[str, float] = {}
        for name, of in terms.items():
            if name == "rate" or probability == 0.0:
                continue
            before = terms["rate"] if name == "duration" else expected
            others = _normal({one: before[one] for one in Cause if one is not cause})
            average = sum(share * math.exp(of.get(one, 0.0)) for one, share in others.items())
            ratio = of.get(cause, 0.0) - math.log(max(average, 1e-30))
            if abs(ratio) > 0.05:
                reasons[name] = ratio
        out.append(Weighed(cause, probability, dict(sorted(reasons.items(), key=lambda one: -abs(one[1])))))
    return out


def _normal(weight: dict[Cause, float]) -> dict[Cause, float]:
    most = max(weight.values())
    shares = {cause: math.exp(value - most) for cause, value in weight.items()}
    total = sum(shares.values())
    return {cause: share / total for cause, share in shares.items()}


def _terms(signs: Signs, known: Rates) -> dict[str, dict[Cause, float]]:
    """Logarithms by sign and cause; what is left out is 0."""
    lasts = {
        Cause.REST: -signs.still_s / known.rest_s,
        Cause.KILL: -signs.still_s / known.kill_s,
        Cause.DEN: -signs.still_s / known.den_s,
    }
    rate = {
        Cause.REST: known.rest_per_day,
        Cause.KILL: known.kill_per_day,
        Cause.DEN: known.den_per_day,
        Cause.DEATH: known.death_per_day,
        Cause.DROP_OFF: known.drop_off_per_day,
        Cause.FAILURE: known.failure_per_day,
    }
    missed = max(math.floor(signs.silent_s / signs.interval_s), 0)
    quiet = math.log(max((1.0 - min(max(signs.fix_share, 0.01), 0.99)) ** missed, 1e-4))
    speaking = [cause for cause in Cause if cause is not Cause.FAILURE]
    silence = dict.fromkeys(speaking, quiet) | {Cause.FAILURE: 0.0 if missed else _NEVER}
    if signs.still_s == 0.0:
        # Without stillness only silence is to be explained: by chance, or by failure.
        only = dict.fromkeys(Cause, _NEVER) | {Cause.REST: 0.0, Cause.FAILURE: math.log(known.failure_per_day)}
        return {"rate": only, "silence": silence}
    # A failed collar was on an animal that did what animals do; it explains silence and nothing else.
    alive = sum(rate[cause] * math.exp(of) for cause, of in lasts.items())
    terms = {
        "rate": {cause: math.log(value) for cause, value in rate.items()},
        "duration": lasts | {Cause.FAILURE: math.log(min(max(alive, 1e-30), 1.0))},
        "silence": silence,
        "returned": _said(signs.has_returned, _RETURNED),
    }
    if not signs.may_den:
        terms["season"] = {Cause.DEN: math.log(1e-3)}
    for name, said, table in (
        ("activity", signs.is_active, _ACTIVE),
        ("mortality", signs.has_mortality_signal, _SIGNAL),
        ("warmth", signs.is_warm, _WARM),
    ):
        if said is not None:
            terms[name] = _said(said, table)
    if signs.spread_m is not None and signs.fixes > 2:
        count = min(signs.fixes, _MOST_FIXES)
        shape: dict[Cause, float] = {}
        for cause, strays_m in _STRAYS_M.items():
            variance = signs.error_m**2 + strays_m**2
            shape[cause] = -count * (math.log(variance) + signs.spread_m**2 / variance)
        most = max(shape.values())
        # A sensor that misstates its error must not decide alone: a tenth at the least.
        terms["shape"] = {cause: max(value - most, -math.log(10.0)) for cause, value in shape.items()}
    return terms


def _said(said: bool, table: dict[Cause, float]) -> dict[Cause, float]:
    return {cause: math.log(chance if said else 1.0 - chance) for cause, chance in table.items()}
