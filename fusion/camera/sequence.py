"""What people see: pictures of one camera a few minutes apart, with what is on them, how many, and how sure.

Bursts vote (`burst.py`), rules answer (`rules.py`), things of one kind are one entry (`entry.py`). A sequence is a
function of the set of pictures, whatever the order in which they came. A late picture makes another version of it, and
`asked_again` says whether it opens what a person had answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fusion.camera.burst import Burst, Chain, bursts
from fusion.camera.entry import Entry, Judging, Thing, entries
from fusion.camera.frame import PERSON, VEHICLE, Frame
from fusion.camera.rules import UNKNOWN
from fusion.camera.taxonomy import BLANK

REOPENED_S: Final = 86_400.0
WORTH: Final = {PERSON: 3.0, VEHICLE: 2.0, BLANK: 0.2}
"""How much an answer matters beside a plain animal's 1; a park's target as much as a person."""
A_REASON: Final = 0.5
"""What each reason to look adds, beside 1 for an answer that is as likely wrong as right."""

Divisor = Callable[[Burst, Chain], float]
"""A chain and the burst it is of -> what its score is divided by: 1 where its box is not known to repeat."""


def nothing_repeats(_burst: Burst, _chain: Chain) -> float:
    """No box is known to repeat."""
    return 1.0


@dataclass(frozen=True, slots=True)
class PictureSequence:
    """Pictures in order, and what is on them: persons first, then the surest; `blank` alone where nothing is.

    `value`: how much a person's look is worth: what may be wrong times how much it matters.
    """

    camera: str
    keys: tuple[str, ...]
    begins_s: float
    ends_s: float
    bursts: int
    infrared: bool
    entries: tuple[Entry, ...]
    value: float
    target: float
    """The highest probability at which any thing on it is one of the park's targets, whatever it is called."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why a person should look, of a closed set of words; empty where nothing asks for it."""
        return tuple(sorted({reason for entry in self.entries for reason in _reasons(entry)}))


def sequences(frames: Iterable[Frame], judging: Judging, divisor: Divisor = nothing_repeats) -> list[PictureSequence]:
    """Pictures of any cameras, in any order, repeated or not -> sequences by camera and time."""
    runs: list[list[Burst]] = []
    for burst in bursts(frames, judging.linking):
        last = runs[-1][-1] if runs else None
        near = last is not None and burst.frames[0].at_s - last.frames[-1].at_s <= judging.gap_s
        if last is not None and last.camera == burst.camera and near:
            runs[-1].append(burst)
        else:
            runs.append([burst])
    return [_sequence(run, judging, divisor) for run in runs]


def asked_again(decided_s: float, known: frozenset[str], arrived_s: Mapping[str, float]) -> bool:
    """Does a picture that a person's answer did not know of open it again? It must have come within a day of it.

    `known`: keys of the pictures that the answer was about; `arrived_s`: when each picture of the sequence came. Later
    ones join the sequence and leave the answer as it is.
    """
    return any(decided_s <= at <= decided_s + REOPENED_S for key, at in arrived_s.items() if key not in known)


def _sequence(run: list[Burst], judging: Judging, divisor: Divisor) -> PictureSequence:
    frames = [frame for burst in run for frame in burst.frames]
    month = datetime.fromtimestamp(frames[0].at_s, UTC).month
    things = [Thing(burst, chain, divisor(burst, chain)) for burst in run for chain in burst.chains]
    found = sorted(
        entries(things, month, judging), key=lambda one: (-worth(one, judging), -one.prediction.probability, one.frames)
    )
    return PictureSequence(
        camera=frames[0].camera,
        keys=tuple(frame.key for frame in frames),
        begins_s=frames[0].at_s,
        ends_s=frames[-1].at_s,
        bursts=len(run),
        infrared=2 * sum(frame.infrared for frame in frames) > len(frames),
        entries=tuple(found),
        value=max(_value(entry, judging) for entry in found),
        target=max((_target(thing, month, judging) for thing in things), default=0.0),
    )


def worth(entry: Entry, judging: Judging) -> float:
    """How much a right answer matters."""
    names = (entry.prediction.label, entry.prediction.unexpected)
    if any(name and judging.park.is_target(name, judging.taxonomy) for name in names):
        return WORTH[PERSON]
    return WORTH.get(entry.prediction.label, 1.0)


def _target(thing: Thing, month: int, judging: Judging) -> float:
    meant = judging.taxonomy.meant(thing.chain.named)
    weighed = judging.park.weighed(meant, month, judging.taxonomy)
    return thing.is_there() * sum(p for taxon, p in weighed.items() if judging.park.is_target(taxon, judging.taxonomy))


def _value(entry: Entry, judging: Judging) -> float:
    p = min(max(entry.prediction.probability, 0.0), 1.0)
    return worth(entry, judging) * (4.0 * p * (1.0 - p) + A_REASON * len(_reasons(entry)))


def _reasons(entry: Entry) -> list[str]:
    told = {
        "unexpected": bool(entry.prediction.unexpected),
        "disputed": entry.disputed,
        "repeated": entry.quieted,
        "unknown": entry.prediction.label == UNKNOWN,
    }
    return [reason for reason, holds in told.items() if holds]
