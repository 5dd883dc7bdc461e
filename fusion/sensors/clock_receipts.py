"""What the times of receipt say of a camera's clock: no picture comes before it is taken, and the fastest come at once.

The lead of a picture is its stamp less the time at which it came. It is the offset of the clock less the delay of the
picture, and no delay is below zero: no offset is below any lead. Where several pictures that came at different times
have leads close to the largest one, those had no delay to speak of, and the offset is close above. A camera that sends
once a day has no such pictures; of its clock only the bound is known.

A clock that is set anew begins another stretch. One that jumps ahead, or years back, shows with the next picture; one
that falls back by hours looks like a slow network at first, and shows when two of three pictures agree to the minute.
If it then stands where it stood before, it never fell.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusion.ellipse import Floats

Integers = NDArray[np.int64]

TOLERANCE_S: Final = 150.0
"""Leads within it may be of one setting of the clock, with more or less delay."""
AGREE_S: Final = 60.0
APART_S: Final = 120.0
"""Pictures that came closer together are one witness: a burst is sent, and may be held up, as one."""
SPREAD_S: Final = 900.0
"""What waited together comes together: witnesses of a clock that fell back came farther apart."""
HOURS_S: Final = 1_500.0
LONGEST_DELAY_S: Final = 40 * 86_400.0
IN_A_ROW: Final = 3
WINDOW_S: Final = 7 * 86_400.0
"""Clocks drift by seconds a day: older pictures say less of the offset of now."""
ENVELOPE_S: Final = 90.0
FEWEST: Final = 4
FASTEST_S: Final = 30.0
"""Median of the delay that the fastest picture of a camera has: modems wake up, find their network and send."""
FASTEST_SD: Final = 0.7
"""Standard deviation of its logarithm."""
JITTER_S: Final = 5.0
"""So much both clocks may be read wrong."""
STRAY: Final = 1e-3
"""Of a thousand pictures one may have a time of receipt that is none."""


class Receipts(NamedTuple):
    """The newest stretch of a clock. lead_s f8[n] within the window, largest first; fast: how many witnesses have next
    to no delay, 0 where only the bound is known; resets: how often the clock was set anew, as far as is known; since_s:
    when the first picture of the stretch came.
    """

    lead_s: Floats
    fast: int
    resets: int
    since_s: float


def receipts(stamp_s: Floats, received_s: Floats) -> Receipts:
    """What n pictures say, f8[n] each in seconds since the epoch, in any order."""
    order = np.lexsort((stamp_s, received_s))
    stamp_s, received_s = np.asarray(stamp_s, np.float64)[order], np.asarray(received_s, np.float64)[order]
    if not len(stamp_s):
        return Receipts(np.zeros(0), 0, 0, -np.inf)
    number = stretches(stamp_s, received_s)
    newest = number == number[-1]
    mine = newest & (received_s >= received_s[-1] - WINDOW_S)
    lead_s, at_s = (stamp_s - received_s)[mine], received_s[mine]
    fast = _apart(at_s[lead_s >= lead_s.max() - ENVELOPE_S])
    return Receipts(np.sort(lead_s)[::-1], fast if fast >= FEWEST else 0, int(number[-1]), float(received_s[newest][0]))


def stretches(stamp_s: Floats, received_s: Floats) -> Integers:
    """i8[n]: of each picture, in order of receipt, how often the clock had been set anew before it was taken."""
    lead_s = np.asarray(stamp_s, np.float64) - np.asarray(received_s, np.float64)
    number = np.zeros(len(lead_s), np.int64)
    level, current, begun = -np.inf, 0, 0
    behind: list[int] = []
    # Where the clock stood before it fell back, how often it may have since: (level, stretch, its begin, its end).
    fallen: list[tuple[float, int, int, int]] = []
    for k, lead in enumerate(lead_s.tolist()):
        if level == -np.inf:
            level = lead
        elif stood := [n for n, one in enumerate(fallen) if abs(lead - one[0]) <= TOLERANCE_S]:
            # No clock falls back and then stands where it stood, to the minute: those pictures were held up.
            level, current, begun, end = fallen[stood[0]]
            number[end:k] = current
            level, behind, fallen = max(level, lead), [], fallen[: stood[0]]
        elif lead > level + TOLERANCE_S:
            # Set ahead; or everything so far was held up, and this one is the first to show where the clock stands.
            settled = lead_s[begun:k] >= level - AGREE_S
            if lead > level + LONGEST_DELAY_S or _apart(received_s[begun:k][settled]) >= IN_A_ROW:
                current, begun, fallen = current + 1, k, []
            level, behind = lead, []
        elif lead < level - LONGEST_DELAY_S:
            current, begun, level, behind, fallen = current + 1, k, lead, [], []
        elif lead < level - TOLERANCE_S:
            behind.append(k)
            newest = _agreeing(behind, level, lead_s, received_s)
            if newest:
                fallen.append((level, current, begun, newest[0]))
                current, begun, behind = current + 1, newest[0], []
                level = float(lead_s[newest].max())
                number[newest[0] : k] = current
        else:
            level, behind = max(level, lead), []
        number[k] = current
    return number


def of_receipts(known: Receipts, offset_s: Floats) -> Floats:
    """Log likelihood f8[g] of offsets f8[g], stamp less true time."""
    # The largest few rule: the bound by a hundredth lead is no bound beside that of the first.
    lead_s = known.lead_s[: max(known.fast, FEWEST)]
    delay_s = offset_s - lead_s[:, None]
    bound = np.log(np.where(delay_s >= -JITTER_S, 1.0 - STRAY, STRAY)).sum(axis=0)
    if not known.fast:
        return bound
    # The heap says that its first was not held up; the others were chosen because they are close to it.
    fastest = np.maximum(delay_s[0], 1.0)
    apart = np.log(fastest / FASTEST_S) / FASTEST_SD
    likely = 0.99 * np.exp(-0.5 * apart**2) / (fastest * FASTEST_SD * np.sqrt(2.0 * np.pi)) + 0.01 / 86_400.0
    return bound + np.log(likely)


def _agreeing(behind: list[int], level: float, lead_s: Floats, received_s: Floats) -> list[int]:
    """The witnesses of a level that the clock may have fallen back to, of those behind its old one; or none.

    Delays of hours do not agree to the minute by chance, delays of minutes may.
    """
    chosen: list[int] = []
    for k in reversed(behind):
        if not chosen or received_s[chosen[-1]] - received_s[k] >= SPREAD_S:
            chosen.append(k)
        if len(chosen) == IN_A_ROW:
            break
    highest = max(lead_s[k] for k in chosen)
    agreeing = [k for k in reversed(chosen) if lead_s[k] >= highest - AGREE_S]
    fewest = 2 if level - highest >= HOURS_S else IN_A_ROW
    return agreeing if len(agreeing) >= fewest else []


def _apart(times_s: Floats) -> int:
    """How many of ascending times are apart enough to be witnesses of their own."""
    count, last = 0, -np.inf
    for time_s in times_s.tolist():
        if time_s - last >= APART_S:
            count, last = count + 1, time_s
    return count
