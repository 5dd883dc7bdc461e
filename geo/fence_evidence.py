"""What fixes say about a border: which side, where it was crossed, how soon it will be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crossing import Crossing, crossings
from geo.fence_rules import log_odds
from geo.fence_table import Rings
from geo.hysteresis import Columns
from geo.line_kernels import line_crossings
from geo.watch import FAR_SD, Post

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Errors of receivers have a heavy tail: this share of them is this many times as large.
TAIL_SHARE, TAIL_TIMES = 0.05, 5.0
# A metre of latitude is at least, one of longitude at the equator about, this many degrees.
_DEG_PER_M = 1.0 / 110_500.0
# A fix that would say "inside" with less than this even from the best place of a fence cannot tell much: below, only
# what it says strongly against the fence counts.
_BLIND, _AGAINST = 0.2, -3.0
SETTLED = 3.9  # log-odds of 0.98: an unseen crossing begins and ends well outside
# A way that cuts a fence, and the sides of its ends, are believed from here on, whatever the sensitivity.
CREDIBLE = 0.8
_LOOK = 1.5  # an approach is over when the border is this many times further than asked


class Chances(NamedTuple):
    """The probabilities that the engine is given.

    inside(rings, longitude, latitude, covariance f8[n, 3] in m2) -> f8[n]: P(inside | a fix there), the heavy tail of
    its error included.
    crossed(rings, longitude0, latitude0, longitude1, latitude1, gap_s, spread_m2_s, covariance0, covariance1) -> f8[n]:
    P(the way from one fix to the other met the border | both fixes). None: unseen crossings are not sought.
    """

    inside: Callable[[Rings, Floats, Floats, Floats], Floats]
    crossed: Callable[[Rings, Floats, Floats, Floats, Floats, Floats, float, Floats, Floats], Floats] | None = None


@dataclass(frozen=True, slots=True)
class Fixes:
    """Fixes of one subject in canonical order: UNIX time, place in degrees, covariance (xx, xy, yy) in m2, f8[n, 3].

    `spread_m2_s`: how fast the place of one that is not seen becomes uncertain, as variance along each axis.
    """

    time_s: Floats
    longitude: Floats
    latitude: Floats
    covariance: Floats
    spread_m2_s: float = 0.0

    def part(self, first: int, last: int) -> Fixes:
        """The fixes first <= j < last."""
        cut = slice(first, last)
        covariance = np.ascontiguousarray(self.covariance[cut])
        time, x, y = (np.ascontiguousarray(column[cut]) for column in (self.time_s, self.longitude, self.latitude))
        return Fixes(time, x, y, covariance, self.spread_m2_s)


class Cut(NamedTuple):
    """A stay (or an absence) of which begin and end lie on one segment: fractions, and p that it was one."""

    to_ix: int
    begin: float
    end: float
    p: float
    inside: bool


class Known(NamedTuple):
    """Columns for the kernel, the cuts of the segments, p of an approach by fix."""

    columns: Columns
    cuts: list[Cut]
    approach: Floats


def near(fixes: Fixes, box: tuple[float, float, float, float], reach_m: Floats | float = 0.0) -> NDArray[np.bool_]:
    """Which fixes come so near a box, their error considered, that they may say anything of what is in it."""
    west, south, east, north = box
    margin = (reach_m + FAR_SD * np.sqrt(np.maximum(fixes.covariance[:, 0], fixes.covariance[:, 2]))) * _DEG_PER_M
    level = np.minimum(np.abs(fixes.latitude) + margin, 89.9)
    across = margin / np.cos(np.radians(level))
    middle, half = (west + east) / 2.0, (east - west) / 2.0
    off = np.abs(np.mod(fixes.longitude - middle + 180.0, 360.0) - 180.0)
    return (off <= half + across) & (fixes.latitude >= south - margin) & (fixes.latitude <= north + margin)


def take(fixes: Fixes, post: Post, crossed: Sequence[Crossing], chances: Chances) -> Known:
    """What each fix, and the way to it from the one before, says of a post. The first fix has no way to it."""
    n = len(fixes.time_s)
    nothing = np.full(n, np.nan)
    most = math.log(post.watched.rules.sensitivity.most / (1.0 - post.watched.rules.sensitivity.most))
    if post.is_line:
        evidence, count, direction, at = _of_line(fixes, post, most)
        eta, approach = _approach(fixes, post)
        return Known(Columns(evidence, at, at, nothing, nothing, nothing, eta, count, direction), [], approach)
    evidence = _of_area(fixes, post, chances, most)
    entered, left, away, back = (nothing.copy() for _ in range(4))
    cuts: list[Cut] = []
    for one in crossed:
        if one.entered_at_fraction is not None:
            entered[one.to_ix] = one.entered_at_fraction
        if one.left_at_fraction is not None:
            left[one.to_ix] = one.left_at_fraction
    if crossed:
        cuts = _cuts(fixes, post, crossed, chances, evidence)
        for cut in cuts:
            if not cut.inside and cut.p >= CREDIBLE:
                away[cut.to_ix], back[cut.to_ix] = cut.begin, cut.end
    bridge = _bridge(fixes, post, chances, evidence, {cut.to_ix for cut in cuts})
    eta, approach = _approach(fixes, post)
    zero = np.zeros(n)
    return Known(Columns(evidence, entered, left, away, back, bridge, eta, zero, zero), cuts, approach)


def _odds(p: Floats, most: float) -> Floats:
    with np.errstate(divide="ignore"):
        return np.clip(np.log(p) - np.log1p(-p), -most, most)


def _of_area(fixes: Fixes, post: Post, chances: Chances, most: float) -> Floats:
    """Log-odds of inside to outside. A fence may be smaller than the error of a fix: then even a fix in its middle is
    improbable, from a subject in the fence as from one beside it, and says little. So p is compared with the p of the
    best place in the fence, as far as that is below one half."""
    evidence = np.full(len(fixes.time_s), -most)
    here = np.flatnonzero(near(fixes, post.box, post.watched.rules.sensitivity.band_m))
    if len(here) == 0:
        return evidence
    x, y = fixes.longitude[here], fixes.latitude[here]
    covariance = fixes.covariance[here]
    p = chances.inside(post.core, x, y, covariance)
    wide = p if post.wide is post.core else chances.inside(post.wide, x, y, covariance)
    best = _best(post.inscribed_m, covariance)
    core = _odds(p, 50.0) - np.minimum(_odds(best, 50.0), 0.0)
    if post.wide is post.core:
        said = core
    else:
        said = np.maximum(core, 0.0) + np.minimum(_odds(wide, 50.0) - np.minimum(_odds(best, 50.0), 0.0), 0.0)
    said = np.clip(said, -most, most)
    evidence[here] = np.where((best < _BLIND) & (said > _AGAINST), np.nan, said)
    return evidence


def _best(inscribed_m: float, covariance: Floats) -> Floats:
    half = (covariance[:, 0] + covariance[:, 2]) / 2.0
    root = np.sqrt(((covariance[:, 0] - covariance[:, 2]) / 2.0) ** 2 + covariance[:, 1] ** 2)
    exponent = inscribed_m**2 / (2.0 * (half + root))
    return (1 - TAIL_SHARE) * -np.expm1(-exponent) + TAIL_SHARE * -np.expm1(-exponent / TAIL_TIMES**2)


def _cuts(fixes: Fixes, post: Post, crossed: Sequence[Crossing], chances: Chances, evidence: Floats) -> list[Cut]:
    """Stays, and absences, within one segment whose ends are surely on their sides; p at the middle of each."""
    begin = end = log_odds(CREDIBLE)
    found: list[tuple[int, float, float, bool]] = []
    for one, after in zip(crossed, [*crossed[1:], None], strict=True):
        a, b = evidence[one.from_ix], evidence[one.to_ix]
        sure = (a <= -end or a >= begin) and (b <= -end or b >= begin)
        if not sure:
            continue
        if one.entered_at_fraction is not None and one.left_at_fraction is not None:
            found.append((one.to_ix, one.entered_at_fraction, one.left_at_fraction, True))
        leaves, returns = one.left_at_fraction, None if after is None else after.entered_at_fraction
        same = after is not None and after.to_ix == one.to_ix
        if same and leaves is not None and returns is not None and a >= begin and b >= begin:
            found.append((one.to_ix, leaves, returns, False))
    if not found:
        return []
    to = np.array([one[0] for one in found])
    part = np.array([(one[1] + one[2]) / 2.0 for one in found])
    x, y = along(fixes, to, part)
    w = part[:, None]
    p = chances.inside(post.core, x, y, (1 - w) ** 2 * fixes.covariance[to - 1] + w**2 * fixes.covariance[to])
    return [Cut(*one[:3], float(q if one[3] else 1.0 - q), one[3]) for one, q in zip(found, p.tolist(), strict=True)]


def along(fixes: Fixes, to: Integers, part: Floats) -> tuple[Floats, Floats]:
    """(longitude, latitude) on the straight ways to some fixes, the short way round."""
    step = np.mod(fixes.longitude[to] - fixes.longitude[to - 1] + 180.0, 360.0) - 180.0
    x = fixes.longitude[to - 1] + part * step
    y = fixes.latitude[to - 1] + part * (fixes.latitude[to] - fixes.latitude[to - 1])
    return np.mod(x + 180.0, 360.0) - 180.0, y


def _bridge(fixes: Fixes, post: Post, chances: Chances, evidence: Floats, cut: set[int]) -> Floats:
    n = len(fixes.time_s)
    out = np.full(n, np.nan)
    spread = fixes.spread_m2_s
    if chances.crossed is None or not math.isfinite(post.settings.possible_at) or n < 2 or spread <= 0.0:
        return out
    settled = evidence <= -SETTLED
    gap = np.diff(fixes.time_s)
    # From d1 and d2 before a straight border, a way of variance v crosses it with exp(-2 d1 d2 / v) (reflection). If
    # both are more than this, it is less than what is asked, halved.
    reach = np.sqrt(spread * np.maximum(gap, 0.0) * math.log(2.0 / post.settings.possible_at) / 2.0)
    close = near(fixes.part(0, n - 1), post.box, reach) | near(fixes.part(1, n), post.box, reach)
    both = settled[:-1] & settled[1:]
    out[1:] = np.where(both, 0.0, np.nan)
    asked = close & both & (gap > 0.0)
    asked[[k - 1 for k in cut]] = False
    k = np.flatnonzero(asked)
    if len(k):
        x, y, c = fixes.longitude, fixes.latitude, fixes.covariance
        ends = x[k], y[k], x[k + 1], y[k + 1]
        out[k + 1] = chances.crossed(post.core, *ends, gap[k], spread, c[k], c[k + 1])
    return out


def _approach(fixes: Fixes, post: Post) -> tuple[Floats, Floats]:
    """(time to the border at the velocity between the fix before and this one, p that it is no longer than asked)."""
    n = len(fixes.time_s)
    eta, p = np.full(n, np.inf), np.zeros(n)
    asked_s = post.settings.approach_s
    if asked_s <= 0.0 or n < 2:
        return eta, p
    x, y = post.frame.to_metres(fixes.longitude, fixes.latitude)
    gap = np.diff(fixes.time_s)
    step = np.stack([np.diff(x), np.diff(y)], axis=1)
    length = np.hypot(step[:, 0], step[:, 1])
    error = np.sqrt(np.maximum(fixes.covariance[:, 0], fixes.covariance[:, 2]))
    moved = (gap > 0.0) & (length > 2.0 * np.hypot(error[:-1], error[1:]))
    reach_m = np.minimum(length / np.where(moved, gap, np.inf) * asked_s * _LOOK, 2e6)
    k = np.flatnonzero(moved & near(fixes.part(1, n), post.box, reach_m))
    if len(k) == 0:
        return eta, p
    ahead = asked_s * _LOOK / gap[k]
    to_x, to_y = post.frame.to_degrees(x[k + 1] + step[k, 0] * ahead, y[k + 1] + step[k, 1] * ahead)
    ways = (
        np.stack([fixes.longitude[k + 1], to_x], axis=1).ravel(),
        np.stack([fixes.latitude[k + 1], to_y], axis=1).ravel(),
    )
    part = np.full(len(k), np.inf)
    if post.is_line:
        counts, last = line_crossings(*post.core, *ways)
        part = np.where(counts[::2, 0] > 0, last[::2], np.inf)
    else:
        for one in crossings(*ways, post.alone):
            if one.from_ix % 2 == 0 and one.entered_at_fraction is not None:
                part[one.from_ix // 2] = min(part[one.from_ix // 2], one.entered_at_fraction)
    seconds = part * asked_s * _LOOK
    speed = length[k] / gap[k]
    # The place in `asked_s` from two fixes with errors, along the way.
    grows = asked_s / gap[k]
    sd = np.hypot((1.0 + grows) * error[k + 1], grows * error[k])
    score = np.clip((asked_s - np.where(np.isfinite(seconds), seconds, 1e9)) * speed / sd, -38.0, 38.0)
    eta[k + 1] = seconds
    p[k + 1] = [0.5 * math.erfc(-z / math.sqrt(2.0)) for z in score.tolist()]
    return eta, p


def _of_line(fixes: Fixes, post: Post, most: float) -> tuple[Floats, Floats, Floats, Floats]:
    """(log-odds of being on the side where the fix is, crossings on the way to it, their direction, last fraction)."""
    n = len(fixes.time_s)
    evidence = np.full(n, most)
    here = np.flatnonzero(near(fixes, post.box, post.watched.rules.sensitivity.band_m))
    assert post.line_m is not None
    if len(here):
        x, y = post.frame.to_metres(fixes.longitude[here], fixes.latitude[here])
        ends = shapely.get_coordinates(shapely.shortest_line(shapely.points(x, y), post.line_m)).reshape(-1, 2, 2)
        off = ends[:, 1] - ends[:, 0]
        distance = np.hypot(off[:, 0], off[:, 1])
        with np.errstate(invalid="ignore"):
            ux, uy = np.where(distance > 0, off.T / distance, np.array([[1.0], [0.0]]))
        xx, xy, yy = fixes.covariance[here].T
        sd = np.sqrt(xx * ux**2 + 2.0 * xy * ux * uy + yy * uy**2)
        z = np.maximum(distance - post.watched.rules.sensitivity.band_m, 0.0) / sd
        tail = [
            (1 - TAIL_SHARE) * 0.5 * math.erfc(k / math.sqrt(2.0))
            + TAIL_SHARE * 0.5 * math.erfc(k / TAIL_TIMES / math.sqrt(2.0))
            for k in z.tolist()
        ]
        said = _odds(1.0 - np.array(tail), most)
        evidence[here] = np.where(said > 0.0, said, np.nan)
    counts, part = line_crossings(*post.core, fixes.longitude, fixes.latitude)
    count, direction, at = np.zeros(n), np.zeros(n), np.full(n, np.nan)
    count[1:], direction[1:], at[1:] = counts[:, 0], np.sign(counts[:, 1]), part
    return evidence, count, direction, at
