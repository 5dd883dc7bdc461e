"""Smoothing one individual under several motions at once: the same rows, side by side in the lanes of the processor.

The arithmetic is that of `marginal_kernels`, written out in single numbers so that the processor takes several motions
a turn (`error_model` says that a division by zero is no exception; that alone would keep them apart). No fastmath: a
lane comes to the same bits whatever is beside it. State: (x, vx, mx, y, vy, my) as there; of its covariance a is the
block of the x axis, c that of the y axis, b between them, by row.

A value of a lane lies at [field * `LANES` + lane] of a flat array, where there are rows at
[(row * fields + field) * `LANES` + lane].
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from fusion.ellipse import Floats
from fusion.marginal_kernels import LEAST_DETERMINANT, Integers

LANES: Final = 8
"""The most motions at once."""
FACTOR: Final = 5
"""Fields of a row's factor: precision xx, xy, yy and shift x, y; and of what is smoothed: place x, y, spread."""
KEPT: Final = 22
"""Fields that the filter leaves for the smoother."""
ROW: Final = KEPT * LANES
_STATE: Final = 27 * LANES


class Room(NamedTuple):
    """Room to work in, and answers: state f8; powers i8 and, the same memory, scale f8; kept f8[rows * `ROW`]; smoothed
    f8[rows * `FACTOR` * `LANES`], log_evidence f8[`LANES`].
    """

    state: Floats
    powers: Integers
    scale: Floats
    kept: Floats
    smoothed: Floats
    log_evidence: Floats


@njit(nogil=True, cache=True, error_model="numpy")
def room(rows: int) -> Room:
    powers = np.zeros(2 * LANES, np.int64)
    scale = powers.view(np.float64)
    return Room(
        np.zeros(30 * LANES),
        powers,
        scale,
        np.zeros(rows * KEPT * LANES),
        np.zeros(rows * FACTOR * LANES),
        np.zeros(LANES),
    )


@njit(nogil=True, cache=True, error_model="numpy")
def side_by_side(motions: Floats) -> Floats:
    """motions f8[lanes, 6] as the kernels here read them: fields a, b, s^2, mean x and y, variance of the centre."""
    out = np.ones(6 * LANES)
    for lane in range(motions.shape[0]):
        for field in range(6):
            out[field * LANES + lane] = motions[lane, field]
    return out


@njit(nogil=True, cache=True, error_model="numpy")
def put(factors: Floats, r: int, times: float, precision: Floats, shift: Floats) -> None:
    """The same factor to all lanes of row r, precision f8[3] and shift f8[2], times 1 or 0."""
    for field in range(FACTOR):
        value = times * (precision[field] if field < 3 else shift[field - 3])
        for lane in range(LANES):
            factors[(r * FACTOR + field) * LANES + lane] = value


@njit(nogil=True, cache=True, error_model="numpy")
def _transitions(gap_s: float, motions: Floats, lanes: int, powers: Integers, scale: Floats, kept: Floats) -> None:
    """f11, f12, f22 over a gap into fields 18, 19, 20 of a row; exponentials by their series, right to 1e-14.

    powers i8[2 `LANES`] and scale, the same memory as f8, make powers of two of their bits.
    """
    for lane in range(lanes):
        a, b = motions[lane], motions[LANES + lane]
        x = -a * gap_s
        x = x if x > -700.0 else -700.0
        y = -b * gap_s
        y = y if y > -700.0 else -700.0
        k, m = np.floor(x * 1.4426950408889634 + 0.5), np.floor(y * 1.4426950408889634 + 0.5)
        x = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10
        y = (y - m * 0.6931471803691238) - m * 1.9082149292705877e-10
        s, t = x * x, y * y
        p, q = 1.0 / 40_320.0 + s * (1.0 / 3_628_800.0), 1.0 / 40_320.0 + t * (1.0 / 3_628_800.0)
        o, u = 1.0 / 362_880.0 + s * (1.0 / 39_916_800.0), 1.0 / 362_880.0 + t * (1.0 / 39_916_800.0)
        p, o, q, u = 1.0 / 720.0 + s * p, 1.0 / 5_040.0 + s * o, 1.0 / 720.0 + t * q, 1.0 / 5_040.0 + t * u
        p, o, q, u = 1.0 / 24.0 + s * p, 1.0 / 120.0 + s * o, 1.0 / 24.0 + t * q, 1.0 / 120.0 + t * u
        p, o, q, u = 0.5 + s * p, 1.0 / 6.0 + s * o, 0.5 + t * q, 1.0 / 6.0 + t * u
        kept[18 * LANES + lane] = (1.0 + s * p) + x * (1.0 + s * o)
        kept[19 * LANES + lane] = (1.0 + t * q) + y * (1.0 + t * u)
        kept[20 * LANES + lane], kept[21 * LANES + lane] = k, m
    for lane in range(lanes):
        powers[lane] = (np.int64(np.int32(kept[20 * LANES + lane])) + 1023) << 52
        powers[LANES + lane] = (np.int64(np.int32(kept[21 * LANES + lane])) + 1023) << 52
    for lane in range(lanes):
        a, b = motions[lane], motions[LANES + lane]
        slow, fast = kept[18 * LANES + lane] * scale[lane], kept[19 * LANES + lane] * scale[LANES + lane]
        per = 1.0 / (b - a)
        kept[18 * LANES + lane] = (b * slow - a * fast) * per
        kept[19 * LANES + lane] = (slow - fast) * per
        kept[20 * LANES + lane] = (b * fast - a * slow) * per


@njit(nogil=True, cache=True, error_model="numpy")
def forward(time_s: Floats, weight: Floats, factors: Floats, motions: Floats, lanes: int, work: Room) -> None:
    """Filter rows at time_s f8[n] with factors f8[n * `FACTOR` * `LANES`]; weight f8[n]: how much a row counts in
    `Room.log_evidence`.
    """
    state, kept, log_evidence = work.state, work.kept, work.log_evidence
    told = _STATE
    for lane in range(lanes):
        log_evidence[lane] = 0.0
        a, b, s2 = motions[lane], motions[LANES + lane], motions[2 * LANES + lane]
        centre2 = motions[5 * LANES + lane]
        for field in range(27):
            state[field * LANES + lane] = 0.0
        state[lane] = state[2 * LANES + lane] = motions[3 * LANES + lane]
        state[3 * LANES + lane] = state[5 * LANES + lane] = motions[4 * LANES + lane]
        for block in (6, 21):
            state[block * LANES + lane] = s2 + centre2
            state[(block + 3) * LANES + lane] = s2 * (a * b)
            state[(block + 2) * LANES + lane] = state[(block + 5) * LANES + lane] = centre2
    for r in range(time_s.size):
        row, factor = kept[r * ROW : (r + 1) * ROW], factors[r * FACTOR * LANES : (r + 1) * FACTOR * LANES]
        _transitions(time_s[r] - time_s[max(r - 1, 0)], motions, lanes, work.powers, work.scale, row)
        _step(state, row, factor, motions, lanes)
        if weight[r] > 0.0:
            for lane in range(lanes):
                w0, w1, w2 = factor[lane], factor[LANES + lane], factor[2 * LANES + lane]
                y0, y1, det = state[told + lane], state[told + LANES + lane], state[told + 2 * LANES + lane]
                e0, e1 = row[13 * LANES + lane], row[14 * LANES + lane]
                if row[21 * LANES + lane] == 0.0:
                    continue
                d = w0 * w2 - w1 * w1
                quadratic = (w2 * y0 - w1 * y1) / d * e0 + (w0 * y1 - w1 * y0) / d * e1
                log_evidence[lane] -= weight[r] * (0.5 * quadratic + 0.5 * np.log(det / d) + 1.8378770664093453)


@njit(nogil=True, cache=True, error_model="numpy")
def _step(state: Floats, kept: Floats, factor: Floats, motions: Floats, lanes: int) -> None:
    """Over one gap, whose transitions are kept already, and take in one row."""
    L = LANES
    for v in range(lanes):
        s2, ab = motions[2 * L + v], motions[v] * motions[L + v]
        f11, f12, f22 = kept[18 * L + v], kept[19 * L + v], kept[20 * L + v]
        f21, g = -ab * f12, 1.0 - f11
        q11 = 1.0 - f11 * f11 - ab * f12 * f12
        q11 = q11 if q11 > 0.0 else 0.0
        q22 = ab - f21 * f21 - ab * f22 * f22
        q22 = q22 if q22 > 0.0 else 0.0
        q12 = -f11 * f21 - ab * f12 * f22
        x, vx, mx, y, vy, my = (
            state[v],
            state[L + v],
            state[2 * L + v],
            state[3 * L + v],
            state[4 * L + v],
            state[5 * L + v],
        )
        x, vx = f11 * x + f12 * vx + g * mx, f21 * x + f22 * vx - f21 * mx
        y, vy = f11 * y + f12 * vy + g * my, f21 * y + f22 * vy - f21 * my
        a00, a01, a02 = state[6 * L + v], state[7 * L + v], state[8 * L + v]
        a11, a12, a22 = state[9 * L + v], state[10 * L + v], state[11 * L + v]
        t00, t01, t02 = (
            f11 * a00 + f12 * a01 + g * a02,
            f11 * a01 + f12 * a11 + g * a12,
            f11 * a02 + f12 * a12 + g * a22,
        )
        t10, t11, t12 = (
            f21 * a00 + f22 * a01 - f21 * a02,
            f21 * a01 + f22 * a11 - f21 * a12,
            f21 * a02 + f22 * a12 - f21 * a22,
        )
        a00, a01, a02 = f11 * t00 + f12 * t01 + g * t02 + q11 * s2, f21 * t00 + f22 * t01 - f21 * t02 + q12 * s2, t02
        a11, a12 = f21 * t10 + f22 * t11 - f21 * t12 + q22 * s2, t12
        c00, c01, c02 = state[21 * L + v], state[22 * L + v], state[23 * L + v]
        c11, c12, c22 = state[24 * L + v], state[25 * L + v], state[26 * L + v]
        t00, t01, t02 = (
            f11 * c00 + f12 * c01 + g * c02,
            f11 * c01 + f12 * c11 + g * c12,
            f11 * c02 + f12 * c12 + g * c22,
        )
        t10, t11, t12 = (
            f21 * c00 + f22 * c01 - f21 * c02,
            f21 * c01 + f22 * c11 - f21 * c12,
            f21 * c02 + f22 * c12 - f21 * c22,
        )
        c00, c01, c02 = f11 * t00 + f12 * t01 + g * t02 + q11 * s2, f21 * t00 + f22 * t01 - f21 * t02 + q12 * s2, t02
        c11, c12 = f21 * t10 + f22 * t11 - f21 * t12 + q22 * s2, t12
        b00, b01, b02 = state[12 * L + v], state[13 * L + v], state[14 * L + v]
        b10, b11, b12 = state[15 * L + v], state[16 * L + v], state[17 * L + v]
        b20, b21, b22 = state[18 * L + v], state[19 * L + v], state[20 * L + v]
        b00, b10 = f11 * b00 + f12 * b10 + g * b20, f21 * b00 + f22 * b10 - f21 * b20
        b01, b11 = f11 * b01 + f12 * b11 + g * b21, f21 * b01 + f22 * b11 - f21 * b21
        b02, b12 = f11 * b02 + f12 * b12 + g * b22, f21 * b02 + f22 * b12 - f21 * b22
        b00, b01 = f11 * b00 + f12 * b01 + g * b02, f21 * b00 + f22 * b01 - f21 * b02
        b10, b11 = f11 * b10 + f12 * b11 + g * b12, f21 * b10 + f22 * b11 - f21 * b12
        b20, b21 = f11 * b20 + f12 * b21 + g * b22, f21 * b20 + f22 * b21 - f21 * b22
        # A factor that would take too much away is left out: see `LEAST_DETERMINANT`.
        w0, w1, w2 = factor[v], factor[L + v], factor[2 * L + v]
        m00, m01, m10, m11 = (
            1.0 + w0 * a00 + w1 * b00,
            w0 * b00 + w1 * c00,
            w1 * a00 + w2 * b00,
            1.0 + w1 * b00 + w2 * c00,
        )
        taken = 1.0 if m00 * m11 - m01 * m10 >= LEAST_DETERMINANT else 0.0
        taken = taken if m00 + m11 >= 1.0 else 0.0
        w0, w1, w2 = w0 * taken, w1 * taken, w2 * taken
        y0 = factor[3 * L + v] * taken - w0 * x - w1 * y
        y1 = factor[4 * L + v] * taken - w1 * x - w2 * y
        m00, m01, m10, m11 = (
            1.0 + w0 * a00 + w1 * b00,
            w0 * b00 + w1 * c00,
            w1 * a00 + w2 * b00,
            1.0 + w1 * b00 + w2 * c00,
        )
        det = m00 * m11 - m01 * m10
        per = 1.0 / det
        m00, m01, m10, m11 = m00 * per, m01 * per, m10 * per, m11 * per
        e0, e1 = m11 * y0 - m01 * y1, m00 * y1 - m10 * y0
        state[27 * L + v], state[28 * L + v], state[29 * L + v] = y0, y1, det
        x, vx, mx = x + a00 * e0 + b00 * e1, vx + a01 * e0 + b10 * e1, mx + a02 * e0 + b20 * e1
        y, vy, my = y + b00 * e0 + c00 * e1, vy + b01 * e0 + c01 * e1, my + b02 * e0 + c02 * e1
        # The position's columns are A (I + W P)^-1: no subtraction, so a small variance survives a huge prior.
        p00, p01, p02 = a00 * m11 - b00 * m10, a01 * m11 - b10 * m10, a02 * m11 - b20 * m10
        p03, p04, p05 = b00 * m11 - c00 * m10, b01 * m11 - c01 * m10, b02 * m11 - c02 * m10
        p13, p23 = b10 * m00 - a01 * m01, b20 * m00 - a02 * m01
        p33, p34, p35 = c00 * m00 - b00 * m01, c01 * m00 - b01 * m01, c02 * m00 - b02 * m01
        k0, k1 = p01 * w0 + p13 * w1, p01 * w1 + p13 * w2
        a11, a12, b11, b12 = (
            a11 - k0 * a01 - k1 * b10,
            a12 - k0 * a02 - k1 * b20,
            b11 - k0 * b01 - k1 * c01,
            b12 - k0 * b02 - k1 * c02,
        )
        k0, k1 = p02 * w0 + p23 * w1, p02 * w1 + p23 * w2
        a22, b21, b22 = a22 - k0 * a02 - k1 * b20, b21 - k0 * b01 - k1 * c01, b22 - k0 * b02 - k1 * c02
        k0, k1 = p04 * w0 + p34 * w1, p04 * w1 + p34 * w2
        c11, c12 = c11 - k0 * b01 - k1 * c01, c12 - k0 * b02 - k1 * c02
        k0, k1 = p05 * w0 + p35 * w1, p05 * w1 + p35 * w2
        c22 = c22 - k0 * b02 - k1 * c02
        state[v], state[L + v], state[2 * L + v], state[3 * L + v], state[4 * L + v], state[5 * L + v] = (
            x,
            vx,
            mx,
            y,
            vy,
            my,
        )
        state[6 * L + v], state[7 * L + v], state[8 * L + v] = p00, p01, p02
        state[9 * L + v], state[10 * L + v], state[11 * L + v] = a11, a12, a22
        state[12 * L + v], state[13 * L + v], state[14 * L + v] = p03, p04, p05
        state[15 * L + v], state[16 * L + v], state[17 * L + v] = p13, b11, b12
        state[18 * L + v], state[19 * L + v], state[20 * L + v] = p23, b21, b22
        state[21 * L + v], state[22 * L + v], state[23 * L + v] = p33, p34, p35
        state[24 * L + v], state[25 * L + v], state[26 * L + v] = c11, c12, c22
        kept[v], kept[L + v], kept[2 * L + v] = p00, p01, p02
        kept[3 * L + v], kept[4 * L + v], kept[5 * L + v] = p03, p04, p05
        kept[6 * L + v], kept[7 * L + v] = p13, p23
        kept[8 * L + v], kept[9 * L + v], kept[10 * L + v] = p33, p34, p35
        kept[11 * L + v], kept[12 * L + v] = x, y
        kept[13 * L + v], kept[14 * L + v] = e0, e1
        # S^-1 = (I + W P)^-1 W exists where W^-1, the covariance of the row, does not.
        kept[15 * L + v], kept[16 * L + v] = m11 * w0 - m01 * w1, m11 * w1 - m01 * w2
        kept[17 * L + v], kept[21 * L + v] = m00 * w2 - m10 * w1, taken


@njit(nogil=True, cache=True, error_model="numpy")
def backward(rows: int, factors: Floats, motions: Floats, lanes: int, work: Room) -> None:
    """Modified Bryson-Frazier (Bierman 1977) over what `forward` left, into `Room.smoothed`."""
    for field in range(27):
        for lane in range(lanes):
            work.state[field * LANES + lane] = 0.0
    for r in range(rows - 1, -1, -1):
        row, of = work.kept[r * ROW : (r + 1) * ROW], slice(r * FACTOR * LANES, (r + 1) * FACTOR * LANES)
        _step_back(work.state, row, factors[of], work.smoothed[of], motions, lanes)


@njit(nogil=True, cache=True, error_model="numpy")
def _step_back(state: Floats, kept: Floats, factor: Floats, out: Floats, motions: Floats, lanes: int) -> None:
    """Write one row; then lam and L, fields as in the filter, take it in and go back over the gap before it."""
    L = LANES
    for v in range(lanes):
        p00, p01, p02 = kept[v], kept[L + v], kept[2 * L + v]
        p03, p04, p05 = kept[3 * L + v], kept[4 * L + v], kept[5 * L + v]
        p13, p23 = kept[6 * L + v], kept[7 * L + v]
        p33, p34, p35 = kept[8 * L + v], kept[9 * L + v], kept[10 * L + v]
        l0, l1, l2, l3, l4, l5 = (
            state[v],
            state[L + v],
            state[2 * L + v],
            state[3 * L + v],
            state[4 * L + v],
            state[5 * L + v],
        )
        a00, a01, a02 = state[6 * L + v], state[7 * L + v], state[8 * L + v]
        a11, a12, a22 = state[9 * L + v], state[10 * L + v], state[11 * L + v]
        b00, b01, b02 = state[12 * L + v], state[13 * L + v], state[14 * L + v]
        b10, b11, b12 = state[15 * L + v], state[16 * L + v], state[17 * L + v]
        b20, b21, b22 = state[18 * L + v], state[19 * L + v], state[20 * L + v]
        c00, c01, c02 = state[21 * L + v], state[22 * L + v], state[23 * L + v]
        c11, c12, c22 = state[24 * L + v], state[25 * L + v], state[26 * L + v]
        # L times the position's columns of P.
        r0 = a00 * p00 + a01 * p01 + a02 * p02 + b00 * p03 + b01 * p04 + b02 * p05
        r1 = a01 * p00 + a11 * p01 + a12 * p02 + b10 * p03 + b11 * p04 + b12 * p05
        r2 = a02 * p00 + a12 * p01 + a22 * p02 + b20 * p03 + b21 * p04 + b22 * p05
        r3 = b00 * p00 + b10 * p01 + b20 * p02 + c00 * p03 + c01 * p04 + c02 * p05
        r4 = b01 * p00 + b11 * p01 + b21 * p02 + c01 * p03 + c11 * p04 + c12 * p05
        r5 = b02 * p00 + b12 * p01 + b22 * p02 + c02 * p03 + c12 * p04 + c22 * p05
        u0 = a00 * p03 + a01 * p13 + a02 * p23 + b00 * p33 + b01 * p34 + b02 * p35
        u1 = a01 * p03 + a11 * p13 + a12 * p23 + b10 * p33 + b11 * p34 + b12 * p35
        u2 = a02 * p03 + a12 * p13 + a22 * p23 + b20 * p33 + b21 * p34 + b22 * p35
        u3 = b00 * p03 + b10 * p13 + b20 * p23 + c00 * p33 + c01 * p34 + c02 * p35
        u4 = b01 * p03 + b11 * p13 + b21 * p23 + c01 * p33 + c11 * p34 + c12 * p35
        u5 = b02 * p03 + b12 * p13 + b22 * p23 + c02 * p33 + c12 * p34 + c22 * p35
        k0 = p00 * l0 + p01 * l1 + p02 * l2 + p03 * l3 + p04 * l4 + p05 * l5
        k1 = p03 * l0 + p13 * l1 + p23 * l2 + p33 * l3 + p34 * l4 + p35 * l5
        d00 = p00 * r0 + p01 * r1 + p02 * r2 + p03 * r3 + p04 * r4 + p05 * r5
        d01 = p00 * u0 + p01 * u1 + p02 * u2 + p03 * u3 + p04 * u4 + p05 * u5
        d11 = p03 * u0 + p13 * u1 + p23 * u2 + p33 * u3 + p34 * u4 + p35 * u5
        out[v], out[L + v] = kept[11 * L + v] - k0, kept[12 * L + v] - k1
        out[2 * L + v], out[3 * L + v], out[4 * L + v] = p00 - d00, p03 - d01, p33 - d11
        # The gain is P H' W: all of the above, times W.
        taken = kept[21 * L + v]
        w0, w1, w2 = factor[v] * taken, factor[L + v] * taken, factor[2 * L + v] * taken
        l0 -= w0 * k0 + w1 * k1 + kept[13 * L + v]
        l3 -= w1 * k0 + w2 * k1 + kept[14 * L + v]
        h0, h1 = w0 * d00 + w1 * d01, w0 * d01 + w1 * d11
        h2, h3 = w1 * d00 + w2 * d01, w1 * d01 + w2 * d11
        a00 += h0 * w0 + h1 * w1 - 2.0 * (w0 * r0 + w1 * u0) + kept[15 * L + v]
        b00 += h0 * w1 + h1 * w2 - (w1 * r0 + w2 * u0) - (w0 * r3 + w1 * u3) + kept[16 * L + v]
        c00 += h2 * w1 + h3 * w2 - 2.0 * (w1 * r3 + w2 * u3) + kept[17 * L + v]
        a01, a02 = a01 - (w0 * r1 + w1 * u1), a02 - (w0 * r2 + w1 * u2)
        b01, b02 = b01 - (w0 * r4 + w1 * u4), b02 - (w0 * r5 + w1 * u5)
        b10, b20 = b10 - (w1 * r1 + w2 * u1), b20 - (w1 * r2 + w2 * u2)
        c01, c02 = c01 - (w1 * r4 + w2 * u4), c02 - (w1 * r5 + w2 * u5)
        f11, f12, f22 = kept[18 * L + v], kept[19 * L + v], kept[20 * L + v]
        f21, g = -motions[v] * motions[L + v] * f12, 1.0 - f11
        l0, l1, l2 = f11 * l0 + f21 * l1, f12 * l0 + f22 * l1, l2 + g * l0 - f21 * l1
        l3, l4, l5 = f11 * l3 + f21 * l4, f12 * l3 + f22 * l4, l5 + g * l3 - f21 * l4
        state[v], state[L + v], state[2 * L + v], state[3 * L + v], state[4 * L + v], state[5 * L + v] = (
            l0,
            l1,
            l2,
            l3,
            l4,
            l5,
        )
        t00, t01 = f11 * a00 + f21 * a01, f11 * a01 + f21 * a11
        t10, t11, t12 = f12 * a00 + f22 * a01, f12 * a01 + f22 * a11, f12 * a02 + f22 * a12
        t20, t21, t22 = a02 + g * a00 - f21 * a01, a12 + g * a01 - f21 * a11, a22 + g * a02 - f21 * a12
        state[6 * L + v], state[7 * L + v] = f11 * t00 + f21 * t01, f12 * t00 + f22 * t01
        state[8 * L + v], state[9 * L + v] = f11 * t20 + f21 * t21, f12 * t10 + f22 * t11
        state[10 * L + v], state[11 * L + v] = t12 + g * t10 - f21 * t11, t22 + g * t20 - f21 * t21
        t00, t01 = f11 * c00 + f21 * c01, f11 * c01 + f21 * c11
        t10, t11, t12 = f12 * c00 + f22 * c01, f12 * c01 + f22 * c11, f12 * c02 + f22 * c12
        t20, t21, t22 = c02 + g * c00 - f21 * c01, c12 + g * c01 - f21 * c11, c22 + g * c02 - f21 * c12
        state[21 * L + v], state[22 * L + v] = f11 * t00 + f21 * t01, f12 * t00 + f22 * t01
        state[23 * L + v], state[24 * L + v] = f11 * t20 + f21 * t21, f12 * t10 + f22 * t11
        state[25 * L + v], state[26 * L + v] = t12 + g * t10 - f21 * t11, t22 + g * t20 - f21 * t21
        b00, b10, b20 = f11 * b00 + f21 * b10, f12 * b00 + f22 * b10, b20 + g * b00 - f21 * b10
        b01, b11, b21 = f11 * b01 + f21 * b11, f12 * b01 + f22 * b11, b21 + g * b01 - f21 * b11
        b02, b12, b22 = f11 * b02 + f21 * b12, f12 * b02 + f22 * b12, b22 + g * b02 - f21 * b12
        state[12 * L + v], state[13 * L + v] = f11 * b00 + f21 * b01, f12 * b00 + f22 * b01
        state[14 * L + v], state[15 * L + v] = b02 + g * b00 - f21 * b01, f11 * b10 + f21 * b11
        state[16 * L + v], state[17 * L + v] = f12 * b10 + f22 * b11, b12 + g * b10 - f21 * b11
        state[18 * L + v], state[19 * L + v] = f11 * b20 + f21 * b21, f12 * b20 + f22 * b21
        state[20 * L + v] = b22 + g * b20 - f21 * b21
