"""What the pipeline remembers of one subject between batches: a disposable cache, never the truth."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import numpy as np

from fusion.behaviour.wrong_deployment import Deployment
from fusion.tracks import Checkpoint
from geo.geofence import Memory as States
from hub.pipeline.fence import Told
from hub.pipeline.history import ROW, Rows
from hub.pipeline.past import Past
from hub.pipeline.signs import SIGN
from hub.records.finding import Finding, Subject
from hub.store.followed import Month

_NONE: Rows = np.empty(0, ROW)
_NO_SIGNS: Rows = np.empty(0, SIGN)


def _nothing() -> Rows:
    return _NONE


def _no_signs() -> Rows:
    return _NO_SIGNS


@dataclass(slots=True)
class Memory:
    """rows: usable places in canonical order; fixes: those that are fixes; findings by the observation that decided.

    While all rows are fixes, `fixes` is the very array `rows`. `states`: at fences, by fix. `followed`: months as the
    database has them. `since`: what is earlier is in here only as far as it matters for what is later; None: all is.
    `shared`: rows of what probably shows it; `evidence`: rows and these, what its track is made from.
    `signs`: what a collar said beside its places. `behaved`: findings of what an individual does of itself. `past`:
    what a search of its whole past goes on from; `collars`: how the collar of a device was judged, by the rows that it
    was judged by.
    """

    rows: Rows = field(default_factory=_nothing)
    fixes: Rows = field(default_factory=_nothing)
    told: Told = field(default_factory=dict[UUID, list[Finding]])
    states: States = field(default_factory=States)
    presences: dict[UUID, list[Finding]] = field(default_factory=dict[UUID, list[Finding]])
    checkpoint: Checkpoint | None = None
    months: dict[date, bytes] = field(default_factory=dict[date, bytes])
    followed: dict[date, Month] = field(default_factory=dict[date, Month])
    since: datetime | None = None
    shared: Rows = field(default_factory=_nothing)
    evidence: Rows = field(default_factory=_nothing)
    signs: Rows = field(default_factory=_no_signs)
    behaved: dict[UUID, Finding] = field(default_factory=dict[UUID, Finding])
    collars: dict[tuple[str, bytes], Deployment] = field(default_factory=dict[tuple[str, bytes], Deployment])
    past: Past | None = None


class Memories:
    """The most recently used subjects; others are read from the log again when something new is heard of them."""

    def __init__(self, most: int = 4_000) -> None:
        self._most = most
        self._kept: OrderedDict[Subject, Memory] = OrderedDict()

    def get(self, subject: Subject) -> Memory | None:
        """What is remembered, if it is."""
        memory = self._kept.get(subject)
        if memory is not None:
            self._kept.move_to_end(subject)
        return memory

    def keep(self, subject: Subject, memory: Memory) -> None:
        """Remember, and forget the subject that was quiet for longest."""
        self._kept[subject] = memory
        self._kept.move_to_end(subject)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def forget(self, subject: Subject) -> None:
        """The next step reads it from the log again."""
        self._kept.pop(subject, None)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
