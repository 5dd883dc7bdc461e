"""Fixes to transitions: who came in, went out, stayed, came near; exact, aware of errors, independent of order.

The state of a subject against a fence is a function of its fixes in canonical order. It is followed fix by fix, and
its changes are remembered, so that a late fix is worked in from the state before it, up to where the states agree
again with those of before (`follow`). Whatever the order of arrival, the end is that of following all fixes at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geo import hysteresis
from geo.crossing import Crossing, crossings
from geo.fence_evidence import CREDIBLE, SETTLED, Chances, Fixes, Known, along, take
from geo.hysteresis import DECIDED, FIXES, FROM, INSIDE, NUMBERS_OF_FIXES, OUTSIDE, S, advance, default_state
from geo.schedule import always
from geo.watch import FAR_SD, Post, Watch, is_line, key_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

TransitionKind = Literal[
    "enter", "exit", "through", "possible_crossing", "dwell", "overdue", "proximity", "approach", "inside_at_start"
]
# The least probability with which a way that only seems to cut a fence, from well outside to well outside, is told.
POSSIBLE_FROM = 0.2
# How many fixes are looked at beyond the last new one before states are compared again; doubled each time.
_STRIDE, _LONGEST = 32, 65_536

_KINDS: dict[int, tuple[TransitionKind, str]] = {
    hysteresis.ENTER: ("enter", "crossed"),
    hysteresis.EXIT: ("exit", "crossed"),
    hysteresis.DWELL: ("dwell", "stayed"),
    hysteresis.OVERDUE: ("overdue", "stayed too long"),
    hysteresis.AFTER_CLOSING: ("overdue", "inside after closing"),
    hysteresis.AT_START: ("inside_at_start", "first fix"),
    hysteresis.AT_OPENING: ("inside_at_start", "window opened"),
    hysteresis.POSSIBLE: ("possible_crossing", "unseen between fixes"),
    hysteresis.APPROACH: ("approach", "at present velocity"),
}


@dataclass(frozen=True, slots=True)
class Transition:
    """Something that a subject did at a fence, told when the fix decided_ix decided it.

    from_ix, to_ix: the fixes between which it happened; `time_s` the best time, within [earliest_s, latest_s]. A line
    is entered from its left to its right, as drawn, and left from right to left. `until_s`: end of a `through`. p: that
    it is so. `fixes`: how many said so in a row; `log_odds` is what they said together, NaN where nothing was summed.
    """

    fence_id: str
    fence_version: int
    kind: TransitionKind
    cause: str
    from_ix: int
    to_ix: int
    decided_ix: int
    time_s: float
    earliest_s: float
    latest_s: float
    until_s: float | None
    p: float
    longitude: float
    latitude: float
    fixes: int
    log_odds: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Changes of state by post: rows (number of the fix, state from then on), ascending. What is not here is outside.

    Never changed; `follow` makes a new one.
    """

    changes: dict[str, Floats] = field(default_factory=dict[str, Floats])

    def state_after(self, key: str, fix: int, default: Floats) -> Floats:
        """State of a post after a fix."""
        rows = self.changes.get(key)
        at = -1 if rows is None else int(np.searchsorted(rows[:, 0], fix, side="right")) - 1
        return default if rows is None or at < 0 else rows[at, 1:]

    def renumbered(self, inserted: Integers, count: int) -> Memory:
        """The same after fixes were inserted: `inserted` are their numbers among `count`."""
        kept = np.delete(np.arange(count), inserted).astype(np.float64)
        out: dict[str, Floats] = {}
        for key, rows in self.changes.items():
            after = int(np.searchsorted(rows[:, 0], inserted[0]))
            if after == len(rows):
                # What was before the first new fix refers to nothing after it.
                out[key] = rows
                continue
            moved = rows.copy()
            for column in (0, *(1 + c for c in NUMBERS_OF_FIXES)):
                late = moved[after:, column]
                there = late >= 0
                late[there] = kept[late[there].astype(np.int64)]
            out[key] = moved
        return Memory(out)


@dataclass(frozen=True, slots=True)
class Followed:
    """Transitions decided by the fixes first <= j < stop, in order, in the place of all that was told of these before.

    `memory` is that of all fixes.
    """

    transitions: list[Transition]
    memory: Memory
    first: int
    stop: int


def follow(
    fixes: Fixes,
    watch: Watch,
    chances: Chances,
    memory: Memory,
    inserted: Integers,
    opens: Mapping[str, Floats] | None = None,
) -> Followed:
    """Work in the fixes with the numbers `inserted` (ascending); `memory` is of the others, numbered as they were.

    `opens`: times at which a fence is watched, by fence id, where it has a schedule (`Schedule.open_times`). Ways run
    from fix to fix, so fixes with equal times are of one moment. Raises ValueError for a fix that is no place.
    """
    count = len(fixes.time_s)
    if len(inserted) == 0:
        return Followed([], memory, count, count)
    old = memory.renumbered(inserted, count)
    first = int(inserted[0])
    out: list[Transition] = []
    new: dict[str, list[Floats]] = {}
    states: dict[str, Floats] = {}
    posts: dict[str, Post] = {}
    at, stop = first, min(int(inserted[-1]) + 2, count)
    stride = _STRIDE
    while at < count:
        part = fixes.part(max(at - 1, 0), stop)
        active = _posts_near(part, watch, old, states)
        posts |= {post.key: post for post in active}
        crossed = _by_post(part, watch, active)
        sides: dict[str, Integers] = {}
        told: list[tuple[Post, Known, Floats, Integers]] = []
        for post in active:
            default = default_state(post.settings.enter_sure)
            state = states.get(post.key)
            if state is None:
                state = old.state_after(post.key, at - 1, default)
            known = take(part, post, crossed.get(post.key, []), chances)
            skip = 0 if at == 0 else 1
            columns = hysteresis.Columns(*(column[skip:] for column in known.columns))
            times = always() if opens is None else opens.get(post.watched.id, always())
            rows, changes, side = advance(
                fixes.time_s, at, columns, np.require(times, requirements=["C", "W"]), state, post.settings
            )
            before = int(state[hysteresis.SIDE]) if at > 0 else -1
            sides[post.key] = np.concatenate([[before], side]) if skip else side
            told.append((post, known, rows, sides[post.key]))
            new.setdefault(post.key, []).append(changes)
            states[post.key] = changes[-1, 1:] if len(changes) else state
        base = max(at - 1, 0)
        for post, known, rows, side in told:
            out += _transitions(fixes, post, known, rows, base, sides)
            times = None if opens is None else opens.get(post.watched.id)
            out += _cut_transitions(fixes, post, known, side, base, times)
        at = stop
        if at >= count or _agree(old, states, posts, at - 1):
            break
        stop, stride = min(at + stride, count), min(stride * 2, _LONGEST)
    out.sort(key=lambda one: (one.decided_ix, one.time_s, one.fence_id, one.kind, one.from_ix))
    return Followed(out, _joined(old, new, first, at), first, at)


def _posts_near(part: Fixes, watch: Watch, old: Memory, states: dict[str, Floats]) -> list[Post]:
    """Posts of which some fix or way of the part says more than "clearly outside", or that are in another state."""
    west, east = float(part.longitude.min()), float(part.longitude.max())
    south, north = float(part.latitude.min()), float(part.latitude.max())
    if len(watch.fences) == 0:
        return []
    boxes = watch.boxes
    # A way over the antimeridian may be anywhere in longitude.
    if len(part.longitude) > 1 and np.any(np.abs(np.diff(part.longitude)) > 180.0):
        west, east = -180.0, 180.0
    asked_s = np.array([one.rules.approach_s or 0.0 for one in watch.fences])
    lift = (_reach_m(part) + _fastest_mps(part) * asked_s * 1.5) / 110_500.0
    across = lift / np.cos(np.radians(np.minimum(max(abs(south), abs(north)) + lift, 89.9)))
    meets = (boxes[:, 1] <= north + lift) & (boxes[:, 3] >= south - lift)
    over = (west - across <= -180.0) | (east + across >= 180.0)
    meets &= over | ((boxes[:, 0] <= east + across) & (boxes[:, 2] >= west - across))
    numbers = set(np.flatnonzero(meets).tolist())
    numbers |= {watch.numbers[watch.by_key[key].id] for key in {*old.changes, *states} if key in watch.by_key}
    return watch.posts(sorted(numbers))


def _reach_m(part: Fixes) -> float:
    """How far from a fix of this part anything may matter: its error, and where it may have been in between."""
    error = FAR_SD * math.sqrt(float(np.maximum(part.covariance[:, 0], part.covariance[:, 2]).max()))
    gap = float(np.diff(part.time_s).max()) if len(part.time_s) > 1 else 0.0
    return error + 5.0 * math.sqrt(part.spread_m2_s * max(gap, 0.0)) + 1.0


def _fastest_mps(part: Fixes) -> float:
    if len(part.time_s) < 2:
        return 0.0
    gap = np.diff(part.time_s)
    east = np.mod(np.diff(part.longitude) + 180.0, 360.0) - 180.0
    far = np.hypot(east, np.diff(part.latitude)) * 112_000.0
    return float(np.max(np.where(gap > 0.0, far / np.where(gap > 0.0, gap, 1.0), 0.0)))


def _by_post(part: Fixes, watch: Watch, active: Sequence[Post]) -> dict[str, list[Crossing]]:
    found: dict[str, list[Crossing]] = {post.key: [] for post in active}
    for one in crossings(part.longitude, part.latitude, watch.index):
        found.setdefault(one.fence_id, []).append(one)
    return found


def _agree(old: Memory, states: dict[str, Floats], posts: dict[str, Post], fix: int) -> bool:
    for key, state in states.items():
        default = default_state(posts[key].settings.enter_sure)
        if not np.array_equal(state, old.state_after(key, fix, default), equal_nan=True):
            return False
    return True


def _joined(old: Memory, new: dict[str, list[Floats]], first: int, stop: int) -> Memory:
    """Old changes before `first` and from `stop` on, new ones between."""
    out: dict[str, Floats] = {}
    for key in old.changes.keys() | new.keys():
        rows = old.changes.get(key, np.empty((0, 1 + S)))
        between = [changes for changes in new.get(key, []) if len(changes)]
        begin, end = np.searchsorted(rows[:, 0], [first, stop]).tolist()
        joined = np.concatenate([rows[:begin], *between, rows[end:]]) if between or begin < end else rows
        if len(joined):
            out[key] = joined
    return Memory(out)


def _transitions(
    fixes: Fixes, post: Post, known: Known, rows: Floats, base: int, sides: dict[str, Integers]
) -> list[Transition]:
    out: list[Transition] = []
    for row in rows:
        kind, cause = _KINDS[int(row[hysteresis.KIND])]
        decided = int(row[DECIDED])
        if post.is_zone:
            inner = sides.get(key_of(post.watched.id, zone=False))
            within = inner is not None and inner[decided - base] != OUTSIDE and not is_line(post.watched)
            if within or kind not in ("enter", "inside_at_start") or cause == "first fix":
                continue
            kind, cause = "proximity", "came near" if kind == "enter" else cause
        if post.is_line and kind == "inside_at_start":
            continue
        score = float(row[hysteresis.SCORE])
        match kind:
            case "possible_crossing":
                p, odds = score, math.nan
            case "approach":
                p, odds = float(known.approach[decided - base]), math.nan
            case _:
                p, odds = 1.0 / (1.0 + math.exp(-score)), score
        part = float(row[hysteresis.PART])
        at = float(row[hysteresis.AT])
        a, b = int(row[FROM]), int(row[hysteresis.TO])
        times = (at, min(float(row[hysteresis.EARLIEST]), at), max(float(row[hysteresis.LATEST]), at))
        place = _place(fixes, a, b, _part(fixes, a, b, at) if math.isnan(part) else part)
        out.append(_transition(post, kind, cause, (a, b, decided), times, None, p, place, int(row[FIXES]), odds))
    return out


def _cut_transitions(
    fixes: Fixes, post: Post, known: Known, side: Integers, base: int, opens: Floats | None
) -> list[Transition]:
    """What ways did that cut a fence, or left it, between two fixes: told by geometry, believed by probability."""
    out: list[Transition] = []
    if post.is_zone:
        return out
    evidence = known.columns.evidence
    for cut in known.cuts:
        k = cut.to_ix
        a, b = base + k - 1, base + k
        sides = (int(side[k - 1]), int(side[k]))
        if cut.inside and evidence[k - 1] < 0.0 and evidence[k] < 0.0 and sides != (OUTSIDE, OUTSIDE):
            continue
        if not cut.inside and sides != (INSIDE, INSIDE):
            continue
        span = (float(fixes.time_s[a]), float(fixes.time_s[b]))
        began, ended = (span[0] + part * (span[1] - span[0]) for part in (cut.begin, cut.end))
        told: list[tuple[TransitionKind, str, float, float | None, float]] = []
        if cut.p >= CREDIBLE and cut.inside:
            told = [("through", "crossed between fixes", began, ended, cut.begin)]
        elif cut.p >= CREDIBLE:
            told = [
                ("exit", "crossed between fixes", began, None, cut.begin),
                ("enter", "crossed between fixes", ended, None, cut.end),
            ]
        elif cut.inside and cut.p >= POSSIBLE_FROM and evidence[k - 1] <= -SETTLED and evidence[k] <= -SETTLED:
            told = [("possible_crossing", "grazed between fixes", began, ended, cut.begin)]
        for kind, cause, at, until, part in told:
            if _open_at(opens, at):
                place = _place(fixes, a, b, part)
                out.append(_transition(post, kind, cause, (a, b, b), (at, *span), until, cut.p, place, 1, math.nan))
    return out


def _open_at(opens: Floats | None, at: float) -> bool:
    if opens is None:
        return True
    k = int(np.searchsorted(opens[:, 0], at, side="right")) - 1
    return k >= 0 and at < opens[k, 1]


def _part(fixes: Fixes, a: int, b: int, at: float) -> float:
    step = float(fixes.time_s[b] - fixes.time_s[a])
    return 1.0 if step <= 0.0 else min(max((at - float(fixes.time_s[a])) / step, 0.0), 1.0)


def _place(fixes: Fixes, a: int, b: int, part: float) -> tuple[float, float]:
    if a == b:
        return float(fixes.longitude[b]), float(fixes.latitude[b])
    x, y = along(fixes, np.array([b]), np.array([part]))
    return float(x[0]), float(y[0])


def _transition(
    post: Post,
    kind: TransitionKind,
    cause: str,
    numbers: tuple[int, int, int],
    times: tuple[float, float, float],
    until_s: float | None,
    p: float,
    place: tuple[float, float],
    count: int,
    odds: float,
) -> Transition:
    watched = post.watched
    return Transition(watched.id, watched.version, kind, cause, *numbers, *times, until_s, p, *place, count, odds)
