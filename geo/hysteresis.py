"""The state of one subject against one fence, fix by fix, in compiled form.

A state is a row of S numbers; its columns are named below. `OUTSIDE` in rest is the default and is what the state
returns to, exactly, at every fix that is clearly outside: so a fence that nobody comes near needs no memory.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from geo.fence_table import Floats, Integers

# Columns of a state. RUN, SURE and SEEN are numbers of fixes: the first of those in a row that say the other side, the
# last that surely said this side, the first of the run that surely said the other; -1 for none. COUNT: how many in a
# row surely say the other.
SIDE, ODDS, RUN, COUNT, FRACTION, DIRECTION, SURE, SEEN, SINCE, ANNOUNCED, TOLD, REST, PARITY = range(13)
S = 13
NUMBERS_OF_FIXES = (RUN, SURE, SEEN)
OUTSIDE, INSIDE, UNKNOWN = 0, 1, 2
# Bits of TOLD: what of this stay, or of this absence, has been told.
_DWELT, _OVERDUE, _CLOSED, _APPROACHED, _POSSIBLE = 1, 2, 4, 8, 16

# Kinds of rows that are told, and their columns.
ENTER, EXIT, DWELL, OVERDUE, AFTER_CLOSING, AT_START, AT_OPENING, POSSIBLE, APPROACH = range(9)
KIND, FROM, TO, DECIDED, AT, EARLIEST, LATEST, SCORE, FIXES, PART, WAY = range(11)
T = 11


class Settings(NamedTuple):
    """Rules of a fence as the kernel wants them: thresholds in log-odds, infinite where something is not asked."""

    enter_begin: float
    enter_sure: float
    enter_memory: float
    enter_jump: bool
    enter_fixes: int
    enter_s: float
    leave_begin: float
    leave_sure: float
    leave_memory: float
    leave_jump: bool
    leave_fixes: int
    leave_s: float
    clear: float
    dwell_s: float
    overdue_s: float
    approach_s: float
    possible_at: float
    is_line: bool


class Columns(NamedTuple):
    """What is known of the fixes first <= j < last against one fence, f8[last - first] each; NaN where it is nothing.

    evidence: log-odds of being inside (for a line: of being where the fix says), NaN where the error is too large to
    tell. entered, left: fraction of the way to this fix at which it last came in, went out. away, back: of an absence
    on that way that is to be believed. bridge: probability of an unseen crossing on it. eta_s: time to the border.
    crossed, direction: of a line, crossings on the way (odd or even) and their direction.
    """

    evidence: Floats
    entered: Floats
    left: Floats
    away: Floats
    back: Floats
    bridge: Floats
    eta_s: Floats
    crossed: Floats
    direction: Floats


@njit(cache=True, nogil=True)
def default_state(enter_sure: float) -> Floats:
    """Clearly outside."""
    state = np.zeros(S)
    state[ODDS] = -enter_sure
    state[RUN] = state[SURE] = state[SEEN] = -1.0
    state[SINCE] = np.nan
    state[ANNOUNCED] = -np.inf
    state[REST] = 1.0
    return state


@njit(cache=True, nogil=True)
def _opening(opens: Floats, t: float) -> float:
    """When the window that holds t opened; NaN outside of windows."""
    k = np.searchsorted(opens[:, 0], t, side="right") - 1
    return opens[k, 0] if k >= 0 and t < opens[k, 1] else np.nan


@njit(cache=True, nogil=True)
def _is_open(opens: Floats, t: float) -> bool:
    opening = _opening(opens, t)
    return opening == opening


@njit(cache=True, nogil=True)
def _tell(
    rows: Floats, n: int, kind: int, a: float, b: float, j: int, at: float, early: float, late: float, odds: float,
    count: float, part: float, way: float,
) -> tuple[Floats, int]:  # fmt: skip
    if n == len(rows):
        rows = np.concatenate((rows, np.empty_like(rows)))
    rows[n] = np.array([kind, a, b, j, at, early, late, odds, count, part, way])
    return rows, n + 1


@njit(cache=True, nogil=True)
def _stay_told(
    rows: Floats, n: int, state: Floats, time: Floats, j: int, until: float, opens: Floats, s: Settings
) -> tuple[Floats, int]:
    """What a stay that lasts until now has become: long enough to tell, too long, longer than the fence is open."""
    told, odds = int(state[TOLD]), state[ODDS]
    a, b, since = max(j - 1.0, 0.0), float(j), state[SINCE]
    before = time[int(a)]
    at = since + s.dwell_s
    if not told & _DWELT and at <= until:
        told |= _DWELT
        if _is_open(opens, at):
            rows, n = _tell(rows, n, DWELL, a, b, j, at, min(at, before), time[j], odds, 1, np.nan, 0)
    at = since + s.overdue_s
    if not told & _OVERDUE and at <= until:
        told |= _OVERDUE
        if _is_open(opens, at):
            rows, n = _tell(rows, n, OVERDUE, a, b, j, at, min(at, before), time[j], odds, 1, np.nan, 0)
    if not told & _CLOSED and s.overdue_s < np.inf:
        k = np.searchsorted(opens[:, 1], since, side="right")
        if k < len(opens) and opens[k, 1] <= until and opens[k, 1] < np.inf:
            told |= _CLOSED
            at = opens[k, 1]
            rows, n = _tell(rows, n, AFTER_CLOSING, a, b, j, at, min(at, before), time[j], odds, 1, np.nan, 0)
    state[TOLD] = told
    return rows, n


@njit(cache=True, nogil=True)
def _settle(state: Floats, side: int, odds: float) -> None:
    """Clearly on this side: nothing is under way."""
    state[SIDE] = side
    state[ODDS] = odds
    state[RUN] = state[SURE] = state[SEEN] = -1.0
    state[COUNT] = state[FRACTION] = state[DIRECTION] = 0.0
    state[REST] = 1.0


@njit(cache=True, nogil=True)
def _flip(
    rows: Floats, n: int, state: Floats, time: Floats, j: int, e: float, opens: Floats, s: Settings
) -> tuple[Floats, int]:
    """The subject has changed sides: when, between which fixes, and what is told of it."""
    entering = state[SIDE] == OUTSIDE
    run, sure, seen = int(state[RUN]), int(state[SURE]), int(state[SEEN])
    a, b = max(run - 1, 0), run
    at = time[a] + state[FRACTION] * (time[b] - time[a])
    early = time[min(sure, a)] if sure >= 0 else time[a]
    late = time[seen] if seen >= 0 else time[j]
    if not entering:
        rows, n = _stay_told(rows, n, state, time, j, at, opens, s)
    if _is_open(opens, at):
        kind = ENTER if entering else EXIT
        if s.is_line:
            kind = ENTER if state[DIRECTION] > 0 else EXIT
        rows, n = _tell(
            rows, n, kind, a, b, j, at, early, late, abs(state[ODDS]), state[COUNT], state[FRACTION], state[DIRECTION]
        )
    state[TOLD] = 0.0
    state[ANNOUNCED] = -np.inf
    state[SINCE] = at if entering else np.nan
    _settle(state, INSIDE if entering else OUTSIDE, s.leave_sure if entering else -s.enter_sure)
    if abs(e) < s.clear:
        state[SURE] = j
        state[REST] = 0.0
    return rows, n


@njit(cache=True, nogil=True)
def _weigh(
    rows: Floats, n: int, state: Floats, time: Floats, j: int, e: float, entered: float, left: float, direction: float,
    opens: Floats, s: Settings,
) -> tuple[Floats, int]:  # fmt: skip
    """One fix that says something, of a subject whose side is known. `x` is evidence for the other side."""
    outside = state[SIDE] == OUTSIDE
    sign = 1.0 if outside else -1.0
    begin, sure, memory, jump, fixes, least_s = (
        (s.enter_begin, s.enter_sure, s.enter_memory, s.enter_jump, s.enter_fixes, s.enter_s)
        if outside
        else (s.leave_begin, s.leave_sure, s.leave_memory, s.leave_jump, s.leave_fixes, s.leave_s)
    )
    x = sign * e
    if x <= -s.clear:
        _settle(state, int(state[SIDE]), -sign * sure)
        return rows, n
    odds = min(max(memory * sign * state[ODDS] + x, -sure), sure)
    if state[SURE] < 0:
        state[SURE] = j - 1.0  # in rest until now: the fix before was clear
    rested = state[REST] > 0
    state[ODDS], state[REST] = sign * odds, 0.0
    # The border belongs to the fence: evidence of nothing at all is for the inside.
    if x < 0.0 or (x == 0.0 and not outside):
        state[RUN] = state[SEEN] = -1.0
        state[COUNT] = state[FRACTION] = state[DIRECTION] = 0.0
        if x <= -begin:
            state[SURE] = j
        return rows, n
    if state[RUN] < 0:
        state[RUN] = j
        part = entered if outside else left
        state[FRACTION] = part if part == part else 0.5
        state[DIRECTION] = direction
    state[COUNT] = state[COUNT] + 1.0 if x >= begin else 0.0
    if x >= begin and state[SEEN] < 0:
        state[SEEN] = j
    long = state[COUNT] >= fixes and time[j] - time[int(state[RUN])] >= least_s
    if (jump and rested and x >= s.clear) or odds >= sure or long:
        state[ODDS] = sign * max(odds, x)
        rows, n = _flip(rows, n, state, time, j, e, opens, s)
    return rows, n


@njit(cache=True, nogil=True)
def _learn(
    rows: Floats, n: int, state: Floats, time: Floats, j: int, e: float, opens: Floats, s: Settings
) -> tuple[Floats, int]:
    """One fix of a subject of which it is not yet known where it began."""
    state[ODDS] = min(max(s.enter_memory * state[ODDS] + e, -s.enter_sure), s.leave_sure)
    if state[ODDS] <= -s.leave_begin or e <= -s.clear:
        state[SIDE] = OUTSIDE
        state[SURE] = j
        if e <= -s.clear:
            _settle(state, OUTSIDE, -s.enter_sure)
    elif state[ODDS] >= s.enter_begin or e >= s.clear:
        state[SIDE] = INSIDE
        state[SURE] = j
        state[SINCE] = time[0]
        opening = _opening(opens, time[j])
        if opening == opening:
            state[ANNOUNCED] = opening
            rows, n = _tell(
                rows, n, AT_START, max(j - 1, 0), j, j, time[j], time[0], time[j], state[ODDS], 1, np.nan, 0
            )
        if e >= s.clear:
            _settle(state, INSIDE, s.leave_sure)
    return rows, n


@njit(cache=True, nogil=True)
def _hints(
    rows: Floats, n: int, state: Floats, time: Floats, j: int, bridge: float, eta_s: float, opens: Floats, s: Settings
) -> tuple[Floats, int]:
    """What is told without a change of side: an unseen crossing, an approach; each once until it is over."""
    told = int(state[TOLD])
    if bridge >= s.possible_at and not told & _POSSIBLE:
        told |= _POSSIBLE
        if _is_open(opens, time[j]):
            rows, n = _tell(
                rows, n, POSSIBLE, j - 1, j, j, (time[j - 1] + time[j]) / 2, time[j - 1], time[j], bridge, 1, 0.5, 0
            )
    elif bridge < s.possible_at / 2:
        told &= ~_POSSIBLE
    if state[SIDE] == OUTSIDE:
        if eta_s <= s.approach_s and not told & _APPROACHED:
            told |= _APPROACHED
            if _is_open(opens, time[j]):
                rows, n = _tell(rows, n, APPROACH, j - 1, j, j, time[j], time[j], time[j] + eta_s, eta_s, 1, 1.0, 0)
        elif not eta_s <= 1.5 * s.approach_s:
            told &= ~_APPROACHED
    state[TOLD] = told
    return rows, n


@njit(cache=True, nogil=True)
def advance(
    time: Floats, first: int, known: Columns, opens: Floats, state: Floats, s: Settings
) -> tuple[Floats, Floats, Integers]:
    """Follow the fixes first <= j < first + len(known) from the state after fix first - 1.

    Returns (rows f8[m, T] that are told, changes f8[k, 1 + S]: number of the fix and the state from then on, side
    after each fix i8). Before fix 0 every state is UNKNOWN. `opens` f8[o, 2] are the times at which it is watched.
    """
    state = state.copy()
    count = len(known.evidence)
    rows, n = np.empty((4, T)), 0
    changes, k = np.empty((4, 1 + S)), 0
    side = np.empty(count, np.int64)
    before = state.copy()
    for i in range(count):
        j = first + i
        before[:] = state
        if j == 0:
            state[SIDE], state[ODDS], state[REST] = UNKNOWN, 0.0, 0.0
        if s.is_line and known.crossed[i] % 2 == 1:
            state[PARITY] = 1.0 - state[PARITY]
        e = known.evidence[i]
        was = state[SIDE]
        if e == e:
            if s.is_line:
                e = e if state[PARITY] == 1.0 else -e
            if was == UNKNOWN:
                rows, n = _learn(rows, n, state, time, j, e, opens, s)
            else:
                rows, n = _weigh(
                    rows, n, state, time, j, e, known.entered[i], known.left[i], known.direction[i], opens, s
                )
            if s.is_line:
                if state[SIDE] == INSIDE and e >= s.clear:
                    # Well beyond a line, that side is the one to start from.
                    state[:] = default_state(s.enter_sure)
            elif state[SIDE] == INSIDE:
                if was == INSIDE and known.back[i] == known.back[i]:
                    step = time[j] - time[j - 1]
                    rows, n = _stay_told(rows, n, state, time, j, time[j - 1] + known.away[i] * step, opens, s)
                    state[SINCE] = time[j - 1] + known.back[i] * step
                    state[ANNOUNCED] = -np.inf
                    state[TOLD] = 0.0
                if e >= 0.0:
                    rows, n = _stay_told(rows, n, state, time, j, time[j], opens, s)
                    opening = _opening(opens, time[j])
                    if state[SINCE] < opening and state[ANNOUNCED] < opening:
                        state[ANNOUNCED] = opening
                        rows, n = _tell(
                            rows, n, AT_OPENING, max(j - 1, 0), j, j, max(opening, time[max(j - 1, 0)]), opening,
                            time[j], state[ODDS], 1, np.nan, 0,
                        )  # fmt: skip
        if j > 0:
            rows, n = _hints(rows, n, state, time, j, known.bridge[i], known.eta_s[i], opens, s)
        side[i] = int(state[SIDE])
        same = True
        for c in range(S):
            if not (state[c] == before[c] or (state[c] != state[c] and before[c] != before[c])):
                same = False
        if not same:
            if k == len(changes):
                changes = np.concatenate((changes, np.empty_like(changes)))
            changes[k, 0] = j
            changes[k, 1:] = state
            k += 1
    return rows[:n], changes[:k], side
