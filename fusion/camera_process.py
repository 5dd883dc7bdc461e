"""Cameras as a point process: who passes is recorded, and who was not recorded was probably elsewhere.

A walker at speed v enters a disc of radius r with rate 2 r v x (density at the disc), as in a gas of animals
(Hutchinson & Waser 2007, Biological Reviews 82, 335-359). The likelihood of an individual's path is the product of
that rate at its sightings, times exp(-passes that operating cameras should have recorded). The second factor, which a
Kalman filter cannot take, is replaced by Gaussian factors on a common clock; see `silence`. It does for a movement
model what effort does in spatial capture-recapture (Borchers & Efford 2008, Biometrics 64, 377-385).

No fastmath and no reduction across threads. The smoother is that of `marginal_kernels`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.camera_density import passes, room
from fusion.camera_pyramid import Pyramid, pyramid
from fusion.ellipse import Floats
from fusion.evidence import frozen
from fusion.marginal_kernels import Marginals, Rows, filter_rows, passed_rows, smooth_back, transition

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
    """Write the factor exp(-passes) of every row of silence; returns the passes expected over all of them.

    The factor is the Gaussian whose natural parameters are the gradient and the Hessian of the expected passes under
    the present marginal: the fixed point of Gaussian variational inference (Khan & Lin 2017, AISTATS).
    """
    speed = speed_mps(motion)
    f11 = transition(0.5 * step_s, motion[0], motion[1])[0]
    wander = motion[2] * (1.0 - f11)
    out, work, tree = np.empty(6), room(), cameras.pyramid
    total = 0.0
    for k in range(lo, hi):
        if not is_silence[k]:
            continue
        x, y = at.place[k]
        pxx, pxy, pyy = at.spread[k]
        t = rows.time_s[k]
        passes(x, y, pxx + wander, pxy, pyy + wander, t - 0.5 * step_s, t + 0.5 * step_s, tree, work, out)
        for i in range(6):
            out[i] *= speed
        total += out[0]
        # Eigenvalues of the Hessian, none below the bound: silence widens a place, but never makes it improper.
        half, apart = 0.5 * (out[3] + out[5]), np.sqrt(0.25 * (out[3] - out[5]) ** 2 + out[4] ** 2)
        widest = 0.5 * (pxx + pyy) + np.sqrt(0.25 * (pxx - pyy) ** 2 + pxy * pxy)
        high, low = max(half + apart, boldest / widest), max(half - apart, boldest / widest)
        c, s = (0.5 * (out[3] - out[5]) / apart, out[4] / apart) if apart > 0.0 else (1.0, 0.0)
        half, apart = 0.5 * (high + low), 0.5 * (high - low)
        w0, w1, w2 = half + apart * c, apart * s, half - apart * c
        rows.precision[k, 0], rows.precision[k, 1], rows.precision[k, 2] = w0, w1, w2
        rows.shift[k, 0] = w0 * x + w1 * y - out[1]
        rows.shift[k, 1] = w1 * x + w2 * y - out[2]
    return total


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
        i = chosen[q]
        longest = max(longest, int(offset[i + 1] - offset[i]))
    passed = passed_rows(longest)
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
        own = Rows(rows.time_s[at], rows.precision[at], rows.shift[at], rows.weight[at])
        quiet = is_silence[at]
        out = Marginals(np.empty((n, 2)), np.empty((n, 3)), np.empty((n, 2)), np.empty((n, 3)))
        for m in range(motions.shape[1]):
            own.precision[quiet] = 0.0
            own.shift[quiet] = 0.0
            motion = motions[i, m]
            log_evidence = filter_rows(own, 0, n, motion, passed)
            if quiet.any():
                smooth_back(own, 0, n, passed, out)
                before = silence(own, 0, n, quiet, 2.0 * step_s, motion, cameras, out, BOLDEST)
                filter_rows(own, 0, n, motion, passed)
                smooth_back(own, 0, n, passed, out)
                after = silence(own, 0, n, quiet, 2.0 * step_s, motion, cameras, out, BOLDEST)
                log_evidence += recorded[i] * np.log(speed_mps(motion)) - 0.5 * (before + after)
            weights[i, m] = log_evidence


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
    passed = passed_rows(longest)
    for i in range(first, last):
        lo, n = offset[i], offset[i + 1] - offset[i]
        own = Rows(
            rows.time_s[lo : lo + n],
            rows.precision[lo : lo + n].copy(),
            rows.shift[lo : lo + n].copy(),
            rows.weight[lo : lo + n],
        )
        quiet = is_silence[lo : lo + n]
        out = Marginals(np.empty((n, 2)), np.empty((n, 3)), np.empty((n, 2)), np.empty((n, 3)))
        mean, square = place[lo : lo + n], spread[lo : lo + n]
        mean[:] = 0.0
        square[:] = 0.0
        ox, oy = motions[i, 0, 3], motions[i, 0, 4]
        # Silence is found on the rows that say something; the many that only ask follow once, at the end.
        at = lo + np.flatnonzero(quiet | (own.weight > 0.0))
        brief, all_quiet = Rows(rows.time_s[at], rows.precision[at], rows.shift[at], rows.weight[at]), is_silence[at]
        heard = Marginals(
            np.empty((at.size, 2)), np.empty((at.size, 3)), np.empty((at.size, 2)), np.empty((at.size, 3))
        )
        for m in range(motions.shape[1]):
            w = weights[i, m]
            if w <= 0.0:
                continue
            if all_quiet.any():
                brief.precision[:] = rows.precision[at]
                brief.shift[:] = rows.shift[at]
                for _ in range(rounds):
                    filter_rows(brief, 0, at.size, motions[i, m], passed)
                    smooth_back(brief, 0, at.size, passed, heard)
                    silence(brief, 0, at.size, all_quiet, step_s, motions[i, m], cameras, heard, BOLDEST)
                own.precision[at - lo] = brief.precision
                own.shift[at - lo] = brief.shift
            filter_rows(own, 0, n, motions[i, m], passed)
            smooth_back(own, 0, n, passed, out)
            for k in range(n):
                x, y = out.place[k, 0] - ox, out.place[k, 1] - oy
                mean[k, 0] += w * x
                mean[k, 1] += w * y
                square[k, 0] += w * (out.spread[k, 0] + x * x)
                square[k, 1] += w * (out.spread[k, 1] + x * y)
                square[k, 2] += w * (out.spread[k, 2] + y * y)
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
