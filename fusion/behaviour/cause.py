"""Why a collar lies still or has gone silent: what is how probable, so that somebody knows what to take along."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

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
    place and come back.
    """

    still_s: float
    silent_s: float = 0.0
    interval_s: float = 3_600.0
    fix_share: float = 0.9
    is_active: bool | None = None
    has_mortality_signal: bool | None = None
    may_den: bool = True
    has_returned: bool = False


# P(activity counted), P(mortality signal), P(left and came back) under each cause: assumptions.
_ACTIVE: Final = {Cause.REST: 0.9, Cause.KILL: 0.97, Cause.DEN: 0.95, Cause.DEATH: 0.03, Cause.DROP_OFF: 0.02}
_SIGNAL: Final = {Cause.REST: 0.02, Cause.KILL: 0.01, Cause.DEN: 0.02, Cause.DEATH: 0.9, Cause.DROP_OFF: 0.92}
_RETURNED: Final = {Cause.REST: 0.05, Cause.KILL: 0.5, Cause.DEN: 0.9, Cause.DEATH: 0.002, Cause.DROP_OFF: 0.002}


def causes(signs: Signs, rates: Rates | None = None) -> dict[Cause, float]:
    """Posterior probability of each cause, all of them, in falling order; sums to 1.

    Weight of a cause = its rate times the probability that it lasts as long (exponential; death, drop-off and failure
    last for ever) times that of each sign. Silence: the chance that as many due fixes failed by themselves, at least
    one in ten thousand, against certainty if the collar failed. Raises ValueError for negative durations.
    """
    if signs.still_s < 0.0 or signs.silent_s < 0.0 or not signs.interval_s > 0.0:
        raise ValueError("durations cannot be negative, nor an interval 0")
    known = Rates() if rates is None else rates
    lasting = {
        Cause.REST: known.rest_per_day * math.exp(-signs.still_s / known.rest_s),
        Cause.KILL: known.kill_per_day * math.exp(-signs.still_s / known.kill_s),
        Cause.DEN: known.den_per_day * math.exp(-signs.still_s / known.den_s) * (1.0 if signs.may_den else 1e-3),
        Cause.DEATH: known.death_per_day,
        Cause.DROP_OFF: known.drop_off_per_day,
    }
    missed = max(math.floor(signs.silent_s / signs.interval_s), 0)
    quiet = max((1.0 - min(max(signs.fix_share, 0.01), 0.99)) ** missed, 1e-4)
    weights = {cause: weight * quiet * _signs(signs, cause) for cause, weight in lasting.items()}
    # A failed collar was on an animal that did what animals do; it explains silence and nothing else.
    alive = sum(lasting[cause] for cause in (Cause.REST, Cause.KILL, Cause.DEN))
    moving = 1.0 if signs.still_s == 0.0 else min(alive, 1.0)
    weights[Cause.FAILURE] = known.failure_per_day * moving * (1.0 if missed else 0.0)
    if signs.still_s == 0.0:
        # Without stillness only silence is to be explained: by chance, or by failure.
        weights = {Cause.REST: quiet, Cause.FAILURE: weights[Cause.FAILURE]}
    total = sum(weights.values())
    found = {cause: weights.get(cause, 0.0) / total for cause in Cause}
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _signs(signs: Signs, cause: Cause) -> float:
    likelihood = 1.0
    for said, table in ((signs.is_active, _ACTIVE), (signs.has_mortality_signal, _SIGNAL)):
        if said is not None:
            likelihood *= table[cause] if said else 1.0 - table[cause]
    return likelihood * (_RETURNED[cause] if signs.has_returned else 1.0 - _RETURNED[cause])
