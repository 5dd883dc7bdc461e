"""Cameras as a point process: who passes is recorded, and who was not recorded was probably elsewhere.

A walker at speed v enters a disc of radius r with rate 2 r v x (density at the disc), as in a gas of animals
(Hutchinson & Waser 2007, Biological Reviews 82, 335-359). The likelihood of an individual's path is the product of
that rate at its sightings, times exp(-passes that operating cameras should have recorded). The second factor, which a
Kalman filter cannot take, is replaced by Gaussian factors on a common clock; see `silence`. It does for a movement
model what effort does in spatial capture-recapture (Borchers & Efford 2008, Biometrics 64, 377-385).

No fastmath and no reduction across threads. Smoothers are those of `marginal_kernels` and `motion_lanes`, passes are
counted in `camera_density`: numba's cache of this file does not see a change there, so touch all.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion import motion_lanes as lanes
from fusion.camera_density import passes, room
from fusion.camera_pyramid import Pyramid, pyramid
from fusion.ellipse import Floats
from fusion.evidence import frozen
from fusion.marginal_kernels import Marginals, Rows, transition
from fusion.motion_lanes import FACTOR, LANES

Integers = NDArray[np.int64]

BOLDEST: Final = -0.5
"""The most that silence may lower the precision of a smoothed place, as a part of it."""


class Cameras(NamedTuple):
    """x_m, y_m f8[c] sorted by x_m; width_m f8[c] = 2 x reach x detection probability; from_s, to_s f8[c] operating;
    and the cells that they are gathered in.
    """

    x_m: Floats
    y_m: Floats
    width_m: Floats
    from_s: Floats
    to_s: Floats
    pyramid: Pyramid


@njit(nogil=True, cache=True, error_model="numpy")
def speed_mps(motion: Floats) -> float:
    """Mean speed of the model: the Rayleigh mean of the velocity."""
    return np.sqrt(1.5707963267948966 * motion[2] * motion[0] * motion[1])


@njit(nogil=True, cache=True, error_model="numpy")
def _factor(
    x: float, y: float, pxx: float, pxy: float, pyy: float, speed: float, boldest: float, every: Floats, place: int
) -> float:
    """The factor exp(-passes) of one moment, from passes a metre of speed in every[place] f8[6]; returns their mean.

    Written to every[place, 1:]: the natural parameters, precision xx, xy, yy and shift, of the Gaussian that stands for
    it: the gradient and the Hessian of the expected passes under the present marginal N((x, y), P), the fixed point of
    Gaussian variational inference (Khan & Lin 2017, AISTATS).
    """
    out = every[place]
    for i in range(6):
        out[i] *= speed
    # Eigenvalues of the Hessian, none below the bound: silence widens a place, but never makes it improper.
    half, apart = 0.5 * (out[3] + out[5]), np.sqrt(0.25 * (out[3] - out[5]) ** 2 + out[4] ** 2)
    widest = 0.5 * (pxx + pyy) + np.sqrt(0.25 * (pxx - pyy) ** 2 + pxy * pxy)
    high, low = max(half + apart, boldest / widest), max(half - apart, boldest / widest)
    c, s = (0.5 * (out[3] - out[5]) / apart, out[4] / apart) if apart > 0.0 else (1.0, 0.0)
    half, apart = 0.5 * (high + low), 0.5 * (high - low)
    w0, w1, w2 = half + apart * c, apart * s, half - apart * c
    g0, g1 = out[1], out[2]
    out[1], out[2], out[3] = w0, w1, w2
    out[4], out[5] = w0 * x + w1 * y - g0, w1 * x + w2 * y - g1
    return out[0]


@njit(nogil=True, cache=True, error_model="numpy")
def _wander(motion: Floats, step_s: float) -> float:
    """Variance of a place about that of the middle of a step."""
    return motion[2] * (1.0 - transition(0.5 * step_s, motion[0], motion[1])[0])


@njit(nogil=True, cache=True, error_model="numpy")
def silence(
    rows: Rows,
    lo: int,
    hi: int,
    is_silence: NDArray[np.bool_],
    step_s: float,
    motion: Floats,
    cameras: Cameras,
    at: Marginals,
    boldest: float,
) -> float:
    """Write the factor exp(-passes) of every row of silence; returns the passes expected over all of them."""
    speed, wander = speed_mps(motion), _wander(motion, step_s)
    places, out, work, tree = np.empty((1, 5)), np.empty((1, 6)), room(), cameras.pyramid
    total = 0.0
    for k in range(lo, hi):
        if not is_silence[k]:
            continue
        x, y = at.place[k]
        pxx, pxy, pyy = at.spread[k]
        t = rows.time_s[k]
        places[0, 0], places[0, 1] = x, y
        places[0, 2], places[0, 3], places[0, 4] = pxx + wander, pxy, pyy + wander
        passes(places, 1, t - 0.5 * step_s, t + 0.5 * step_s, tree, work, out)
        total += _factor(x, y, pxx, pxy, pyy, speed, boldest, out, 0)
        rows.precision[k, 0], rows.precision[k, 1], rows.precision[k, 2] = out[0, 1], out[0, 2], out[0, 3]
        rows.shift[k, 0], rows.shift[k, 1] = out[0, 4], out[0, 5]
    return total


@njit(nogil=True, cache=True, error_model="numpy")
def _silences(
    time_s: Floats,
    is_silence: NDArray[np.bool_],
    step_s: float,
    motions: Floats,
    cameras: Cameras,
    factors: Floats,
    work: lanes.Room,
    expected: Floats,
) -> None:
    """`silence` of one individual under motions f8[lanes, 6] side by side; expected f8[lanes] passes."""
    count, cells, tree, size = motions.shape[0], room(), cameras.pyramid, LANES * FACTOR
    places, out = np.empty((LANES, 5)), np.empty((LANES, 6))
    speed, wander = np.empty(count), np.empty(count)
    for lane in range(count):
        speed[lane], wander[lane], expected[lane] = speed_mps(motions[lane]), _wander(motions[lane], step_s), 0.0
    for r in range(time_s.size):
        if not is_silence[r]:
            continue
        at, factor = work.smoothed[r * size : (r + 1) * size], factors[r * size : (r + 1) * size]
        since, until = time_s[r] - 0.5 * step_s, time_s[r] + 0.5 * step_s
        for lane in range(count):
            for field in range(FACTOR):
                places[lane, field] = at[field * LANES + lane]
            places[lane, 2] += wander[lane]
            places[lane, 4] += wander[lane]
        passes(places, count, since, until, tree, cells, out)
        for lane in range(count):
            x, y = at[lane], at[LANES + lane]
            pxx, pxy, pyy = at[2 * LANES + lane], at[3 * LANES + lane], at[4 * LANES + lane]
            expected[lane] += _factor(x, y, pxx, pxy, pyy, speed[lane], BOLDEST, out, lane)
            for field in range(FACTOR):
                factor[field * LANES + lane] = out[lane, 1 + field]


@njit(nogil=True, cache=True, error_model="numpy")
def fall_silent(
    offset: Integers,
    first: int,
    last: int,
    rows: Rows,
    is_silence: NDArray[np.bool_],
    step_s: float,
    motion: Floats,
    cameras: Cameras,
    out: Marginals,
    expected: Floats,
) -> None:
    """Refresh the factors of silence of individuals first..last from their marginals; expected f8[m] passes."""
    for i in range(first, last):
        expected[i] = silence(rows, offset[i], offset[i + 1], is_silence, step_s, motion[i], cameras, out, 0.0)


@njit(nogil=True, cache=True, error_model="numpy")
def weigh_motions(
    chosen: Integers,
    offset: Integers,
    first: int,
    last: int,
    rows: Rows,
    is_silence: NDArray[np.bool_],
    step_s: float,
    motions: Floats,
    recorded: Floats,
    cameras: Cameras,
    weights: Floats,
) -> None:
    """Log evidence f8[m, nodes] of each motion f8[m, nodes, 6]: of the places, the count of passes and the silence.

    log E[exp(-X)] of the passes X is minus the integral over s in 0..1 of their mean under exp(-s X): the trapezoid of
    both ends. recorded f8[m]: passes that were recorded, each with rate proportional to the speed. The rows' factors
    of silence are left as they were.
    """
    longest = 0
    for q in range(first, last):
        longest = max(longest, int(offset[chosen[q] + 1] - offset[chosen[q]]))
    work, before, after = lanes.room(longest), np.empty(LANES), np.empty(LANES)
    for q in range(first, last):
        i = chosen[q]
        kept, moments = np.empty(offset[i + 1] - offset[i], np.int64), 0
        n = 0
        for k in range(offset[i], offset[i + 1]):
            moments += int(is_silence[k])
            if (is_silence[k] and moments % 2 == 0) or rows.weight[k] > 0.0:
                kept[n] = k
                n += 1
        at = kept[:n]
        time_s, weight, quiet = rows.time_s[at], rows.weight[at], is_silence[at]
        factors = np.zeros(n * FACTOR * LANES)
        for start in range(0, motions.shape[1], LANES):
            some = motions[i, start : start + LANES]
            side, count = lanes.side_by_side(some), some.shape[0]
            for r in range(n):
                lanes.put(factors, r, 0.0 if quiet[r] else 1.0, rows.precision[at[r]], rows.shift[at[r]])
            lanes.forward(time_s, weight, factors, side, count, work)
            weights[i, start : start + count] = work.log_evidence[:count]
            if quiet.any():
                lanes.backward(n, factors, side, count, work)
                _silences(time_s, quiet, 2.0 * step_s, some, cameras, factors, work, before)
                lanes.forward(time_s, weight, factors, side, count, work)
                lanes.backward(n, factors, side, count, work)
                _silences(time_s, quiet, 2.0 * step_s, some, cameras, factors, work, after)
                for lane in range(count):
                    passed = recorded[i] * np.log(speed_mps(some[lane])) - 0.5 * (before[lane] + after[lane])
                    weights[i, start + lane] += passed


@njit(nogil=True, cache=True, error_model="numpy")
def mix_motions(
    offset: Integers,
    first: int,
    last: int,
    rows: Rows,
    is_silence: NDArray[np.bool_],
    step_s: float,
    motions: Floats,
    weights: Floats,
    cameras: Cameras,
    rounds: int,
    place: Floats,
    spread: Floats,
) -> None:
    """Smoothed place f8[n, 2] and spread f8[n, 3] over motions f8[m, nodes, 6] with weights f8[m, nodes] that sum to 1.

    Moment-matched: mean of the means, mean of the covariances plus covariance of the means. The factors of silence are
    found anew under each motion in a fixed number of rounds.
    """
    longest = 0
    for i in range(first, last):
        longest = max(longest, int(offset[i + 1] - offset[i]))
    work, expected = lanes.room(longest), np.empty(LANES)
    for i in range(first, last):
        lo, n = offset[i], offset[i + 1] - offset[i]
        time_s, weight, quiet = rows.time_s[lo : lo + n], rows.weight[lo : lo + n], is_silence[lo : lo + n]
        mean, square = place[lo : lo + n], spread[lo : lo + n]
        mean[:] = 0.0
        square[:] = 0.0
        ox, oy = motions[i, 0, 3], motions[i, 0, 4]
        # Silence is found on the rows that say something; the many that only ask follow once, at the end.
        at = np.flatnonzero(quiet | (weight > 0.0))
        brief_s, brief_weight, all_quiet = time_s[at], weight[at], quiet[at]
        brief, whole = np.zeros(at.size * FACTOR * LANES), np.zeros(n * FACTOR * LANES)
        likely = np.flatnonzero(weights[i] > 0.0)
        for start in range(0, likely.size, LANES):
            nodes = likely[start : start + LANES]
            some, count = motions[i][nodes], nodes.size
            side = lanes.side_by_side(some)
            for r in range(n):
                lanes.put(whole, r, 1.0, rows.precision[lo + r], rows.shift[lo + r])
            if all_quiet.any():
                for r in range(at.size):
                    lanes.put(brief, r, 1.0, rows.precision[lo + at[r]], rows.shift[lo + at[r]])
                for _ in range(rounds):
                    lanes.forward(brief_s, brief_weight, brief, side, count, work)
                    lanes.backward(at.size, brief, side, count, work)
                    _silences(brief_s, all_quiet, step_s, some, cameras, brief, work, expected)
                size = FACTOR * LANES
                for r in range(at.size):
                    whole[at[r] * size : (at[r] + 1) * size] = brief[r * size : (r + 1) * size]
            lanes.forward(time_s, weight, whole, side, count, work)
            lanes.backward(n, whole, side, count, work)
            for k in range(n):
                row = work.smoothed[k * FACTOR * LANES : (k + 1) * FACTOR * LANES]
                for lane in range(count):
                    w, x, y = weights[i, nodes[lane]], row[lane] - ox, row[LANES + lane] - oy
                    mean[k, 0] += w * x
                    mean[k, 1] += w * y
                    square[k, 0] += w * (row[2 * LANES + lane] + x * x)
                    square[k, 1] += w * (row[3 * LANES + lane] + x * y)
                    square[k, 2] += w * (row[4 * LANES + lane] + y * y)
        for k in range(n):
            x, y = mean[k]
            square[k, 0] -= x * x
            square[k, 1] -= x * y
            square[k, 2] -= y * y
            mean[k, 0] += ox
            mean[k, 1] += oy


def sorted_cameras(x_m: Floats, y_m: Floats, width_m: Floats, from_s: Floats, to_s: Floats) -> tuple[Cameras, Integers]:
    """Cameras in the order the kernels want, from west to east, and for each camera given its number there, i8[c].

    Raises ValueError where a width is not above 0 or a camera ends before it starts.
    """
    if not (np.asarray(width_m) > 0.0).all() or not (np.asarray(to_s) >= np.asarray(from_s)).all():
        raise ValueError("a camera needs a width above 0 and must not end before it starts")
    order = np.lexsort((to_s, from_s, width_m, y_m, x_m))
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    x, y, width, begin, end = (
        frozen(np.asarray(column, np.float64)[order]) for column in (x_m, y_m, width_m, from_s, to_s)
    )
    return Cameras(x, y, width, begin, end, pyramid(x, y, width, begin, end)), number
