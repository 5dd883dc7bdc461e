"""How probable a set of fixes is under a movement model: the marginal likelihood that fits and compares parameters.

The filter of `kernels` without what a smoother needs, its covariance written out in 21 numbers. State per axis
(u, v, m): offset from the home-range centre, velocity, centre; position u + m. A fix with squared Mahalanobis distance
d2 above the gate counts with S inflated by d2 / gate, as in a track.

No fastmath and no parallel reduction: the same numbers in the same order give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.ellipse import Floats
from fusion.evidence import Evidence
from fusion.kernels import Fixes, transition
from fusion.motion import MotionParameters
from fusion.tracks import fixes_of

LOG_2_PI = 1.8378770664093453
CHUNK = 64
FACTORS = 8
"""Determinants whose logarithms are taken at once: of variances of 1e-18 to 1e18 m2 no product overflows."""


@dataclass(frozen=True, slots=True)
class Likelihood:
    """log_density: sum over the fixes believed, natural logarithm of 1/m2; gated: how many were held back."""

    log_density: float
    fixes: int
    gated: int


def likelihood(evidence: Evidence, parameters: MotionParameters, error_scale: float = 1.0) -> Likelihood:
    """Marginal log-likelihood of one animal's fixes, centre and way integrated out (prediction error decomposition).

    `error_scale` multiplies the standard deviations that the sensors state. Raises ValueError if it is not above 0.
    """
    if not error_scale > 0.0:
        raise ValueError("error_scale must be above 0")
    fixes = fixes_of(evidence)
    p = parameters.vector()
    run = _circular if is_circular(evidence.covariance) else _elliptic
    total, gated = run(fixes, 0, len(evidence), p, error_scale * error_scale)
    return Likelihood(total, int((evidence.weight > 0.0).sum()), gated)


def is_circular(covariance: Floats) -> bool:
    """True where every error f8[n, 3] is a circle: then both axes share one covariance, at half the work."""
    return bool((covariance[:, 1] == 0.0).all() and (covariance[:, 0] == covariance[:, 2]).all())


def log_density(fixes: Fixes, circular: bool, p: Floats, error_scale: float) -> float:
    """What `likelihood` sums up, of prepared columns: the fit asks hundreds of times."""
    run = _circular if circular else _elliptic
    return run(fixes, 0, fixes.time_s.size, p, error_scale * error_scale)[0]


@njit(nogil=True, cache=True)
def _fades(
    time_s: Floats,
    lo: int,
    hi: int,
    first: int,
    a: float,
    b: float,
    gaps: Floats,
    fades: Floats,
    powers: NDArray[np.int64],
    scale2: Floats,
) -> None:
    """gaps before the fixes lo..hi, and exp(-a gap), exp(-b gap) of them, to 2e-16 of themselves.

    Written out so that the processor takes four at once: exp(x) = 2^k exp(r), k whole, |r| at most half of ln 2, and
    exp(r) by its series. powers int64 and scale2, the same memory as f8, make 2^k of its bits.
    """
    n = hi - lo
    for c in range(n):
        gaps[c] = time_s[lo + c] - time_s[max(lo + c - 1, first)]
    same = True
    for c in range(1, n):
        same &= gaps[c] == gaps[0]
    # Only a gap unlike the one before is looked up: of equal ones at most the first.
    n = 1 if same else n
    for row in range(2):
        rate = -a if row == 0 else -b
        out = fades[row]
        for c in range(n):
            x = max(rate * gaps[c], -700.0)
            k = np.floor(x * 1.4426950408889634 + 0.5)
            r = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10
            p = 1.0 + r * (1.0 / 13.0)
            for d in (12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0):
                p = 1.0 + r * p * (1.0 / d)
            out[c] = p
            powers[c] = (np.int64(np.int32(k)) + 1023) << 52
        for c in range(n):
            out[c] *= scale2[c]


@njit(nogil=True, cache=True)
def _over(
    gap: float, soon: float, slow: float, fast: float, a: float, b: float, ab: float, per_d: float, s2: float
) -> tuple[float, float, float, float, float, float, float]:
    """f11, f12, f21, f22 and the noise q11, q12, q22 of a gap whose exponentials are `slow` and `fast`."""
    if gap < soon:
        f11, f12, f21, f22, _, q11, q12, q22 = transition(gap, a, b)
    else:
        # `transition` again, without its divisions.
        f11, f12, f22 = (b * slow - a * fast) * per_d, (slow - fast) * per_d, (b * fast - a * slow) * per_d
        f21 = -ab * f12
        q11, q12 = 1.0 - f11 * f11 - ab * f12 * f12, -f11 * f21 - ab * f12 * f22
        q22 = ab - f21 * f21 - ab * f22 * f22
    return f11, f12, f21, f22, q11 * s2, q12 * s2, q22 * s2


@njit(nogil=True, cache=True)
def _elliptic(fixes: Fixes, lo: int, hi: int, p: Floats, error2: float) -> tuple[float, int]:
    """(log-likelihood, gated fixes) of fixes lo..hi with any covariances; see `kernels` for p."""
    a, b, s2, w2, patience, drift = p[0], p[1], p[2], p[3], p[5], p[6]
    velocity2 = s2 * (a * b)
    ux = vx = mx = uy = vy = my = 0.0
    # Covariances: a of the x axis, c of the y axis, b between an x and a y state.
    auu = cuu = s2
    avv = cvv = velocity2
    amm = cmm = w2
    auv = aum = avm = cuv = cum = cvm = 0.0
    buu = buv = bum = bvu = bvv = bvm = bmu = bmv = bmm = 0.0
    total, run, gated, last = 0.0, 0.0, 0, -1.0
    product, factors = 1.0, 0
    used, soon, per_d, ab = 0, 0.25 / (a + b), 1.0 / (b - a), a * b
    f11 = f22 = 1.0
    f12 = f21 = q11 = q12 = q22 = 0.0
    gaps, fades = np.empty(CHUNK), np.empty((2, CHUNK))
    powers = np.empty(CHUNK, np.int64)
    scale2 = powers.view(np.float64)
    for k in range(lo, hi):
        c = (k - lo) % CHUNK
        if c == 0:
            _fades(fixes.time_s, k, min(k + CHUNK, hi), lo, a, b, gaps, fades, powers, scale2)
        gap = gaps[c]
        if gap != last:
            # Collars keep a schedule: most gaps are the one before.
            last = gap
            f11, f12, f21, f22, q11, q12, q22 = _over(gap, soon, fades[0, c], fades[1, c], a, b, ab, per_d, s2)
        ux, vx = f11 * ux + f12 * vx, f21 * ux + f22 * vx
        uy, vy = f11 * uy + f12 * vy, f21 * uy + f22 * vy
        t0, t1 = f11 * auu + f12 * auv, f11 * auv + f12 * avv
        t2, t3 = f21 * auu + f22 * auv, f21 * auv + f22 * avv
        auu, auv, avv = t0 * f11 + t1 * f12 + q11, t0 * f21 + t1 * f22 + q12, t2 * f21 + t3 * f22 + q22
        aum, avm = f11 * aum + f12 * avm, f21 * aum + f22 * avm
        t0, t1 = f11 * cuu + f12 * cuv, f11 * cuv + f12 * cvv
        t2, t3 = f21 * cuu + f22 * cuv, f21 * cuv + f22 * cvv
        cuu, cuv, cvv = t0 * f11 + t1 * f12 + q11, t0 * f21 + t1 * f22 + q12, t2 * f21 + t3 * f22 + q22
        cum, cvm = f11 * cum + f12 * cvm, f21 * cum + f22 * cvm
        t0, t1 = f11 * buu + f12 * bvu, f11 * buv + f12 * bvv
        t2, t3 = f21 * buu + f22 * bvu, f21 * buv + f22 * bvv
        buu, buv = t0 * f11 + t1 * f12, t0 * f21 + t1 * f22
        bvu, bvv = t2 * f11 + t3 * f12, t2 * f21 + t3 * f22
        bum, bvm = f11 * bum + f12 * bvm, f21 * bum + f22 * bvm
        bmu, bmv = f11 * bmu + f12 * bmv, f21 * bmu + f22 * bmv
        amm += drift * gap
        cmm += drift * gap
        gate = p[4]
        if run >= patience:
            auu, avv, amm = auu + s2, avv + velocity2, amm + w2
            cuu, cvv, cmm = cuu + s2, cvv + velocity2, cmm + w2
            run, gate = 0.0, np.inf
        w = fixes.weight[k]
        if w <= 0.0:
            continue
        scale = error2 / w
        # Covariance of each state with the x and the y position.
        gux, gvx, gmx = auu + aum, auv + avm, aum + amm
        hux, hvx, hmx = buu + bmu, buv + bmv, bum + bmm
        guy, gvy, gmy = buu + bum, bvu + bvm, bmu + bmm
        huy, hvy, hmy = cuu + cum, cuv + cvm, cum + cmm
        s00 = gux + gmx + fixes.covariance[k, 0] * scale
        s01 = guy + gmy + fixes.covariance[k, 1] * scale
        s11 = huy + hmy + fixes.covariance[k, 2] * scale
        det = s00 * s11 - s01 * s01
        per = 1.0 / det
        used += 1
        product *= det
        factors += 1
        if factors == FACTORS:
            total -= 0.5 * np.log(product)
            product, factors = 1.0, 0
        i00, i01, i11 = s11 * per, -s01 * per, s00 * per
        y0, y1 = fixes.x_m[k] - ux - mx, fixes.y_m[k] - uy - my
        d2 = y0 * (i00 * y0 + i01 * y1) + y1 * (i01 * y0 + i11 * y1)
        if d2 > gate:
            trust = gate / d2
            i00, i01, i11 = i00 * trust, i01 * trust, i11 * trust
            total -= 0.5 * gate - np.log(trust)
            run += 1.0
            gated += 1
        else:
            total -= 0.5 * d2
            run = 0.0
        e0, e1 = i00 * y0 + i01 * y1, i01 * y0 + i11 * y1
        ux, vx, mx = ux + gux * e0 + guy * e1, vx + gvx * e0 + gvy * e1, mx + gmx * e0 + gmy * e1
        uy, vy, my = uy + hux * e0 + huy * e1, vy + hvx * e0 + hvy * e1, my + hmx * e0 + hmy * e1
        ku, lu = gux * i00 + guy * i01, gux * i01 + guy * i11
        kv, lv = gvx * i00 + gvy * i01, gvx * i01 + gvy * i11
        km, lm = gmx * i00 + gmy * i01, gmx * i01 + gmy * i11
        auu, auv, aum = auu - ku * gux - lu * guy, auv - ku * gvx - lu * gvy, aum - ku * gmx - lu * gmy
        avv, avm, amm = avv - kv * gvx - lv * gvy, avm - kv * gmx - lv * gmy, amm - km * gmx - lm * gmy
        buu, buv, bum = buu - ku * hux - lu * huy, buv - ku * hvx - lu * hvy, bum - ku * hmx - lu * hmy
        bvu, bvv, bvm = bvu - kv * hux - lv * huy, bvv - kv * hvx - lv * hvy, bvm - kv * hmx - lv * hmy
        bmu, bmv, bmm = bmu - km * hux - lm * huy, bmv - km * hvx - lm * hvy, bmm - km * hmx - lm * hmy
        ku, lu = hux * i00 + huy * i01, hux * i01 + huy * i11
        kv, lv = hvx * i00 + hvy * i01, hvx * i01 + hvy * i11
        km, lm = hmx * i00 + hmy * i01, hmx * i01 + hmy * i11
        cuu, cuv, cum = cuu - ku * hux - lu * huy, cuv - ku * hvx - lu * hvy, cum - ku * hmx - lu * hmy
        cvv, cvm, cmm = cvv - kv * hvx - lv * hvy, cvm - kv * hmx - lv * hmy, cmm - km * hmx - lm * hmy
    return total - 0.5 * np.log(product) - used * LOG_2_PI, gated


@njit(nogil=True, cache=True)
def _circular(fixes: Fixes, lo: int, hi: int, p: Floats, error2: float) -> tuple[float, int]:
    """`_elliptic` where every error is a circle: one covariance of three states serves both axes."""
    a, b, s2, w2, patience, drift = p[0], p[1], p[2], p[3], p[5], p[6]
    velocity2 = s2 * (a * b)
    ux = vx = mx = uy = vy = my = 0.0
    uu, vv, mm = s2, velocity2, w2
    uv = um = vm = 0.0
    total, run, gated, last = 0.0, 0.0, 0, -1.0
    product, factors = 1.0, 0
    used, soon, per_d, ab = 0, 0.25 / (a + b), 1.0 / (b - a), a * b
    f11 = f22 = 1.0
    f12 = f21 = q11 = q12 = q22 = 0.0
    gaps, fades = np.empty(CHUNK), np.empty((2, CHUNK))
    powers = np.empty(CHUNK, np.int64)
    scale2 = powers.view(np.float64)
    for k in range(lo, hi):
        c = (k - lo) % CHUNK
        if c == 0:
            _fades(fixes.time_s, k, min(k + CHUNK, hi), lo, a, b, gaps, fades, powers, scale2)
        gap = gaps[c]
        if gap != last:
            last = gap
            f11, f12, f21, f22, q11, q12, q22 = _over(gap, soon, fades[0, c], fades[1, c], a, b, ab, per_d, s2)
        ux, vx = f11 * ux + f12 * vx, f21 * ux + f22 * vx
        uy, vy = f11 * uy + f12 * vy, f21 * uy + f22 * vy
        t0, t1 = f11 * uu + f12 * uv, f11 * uv + f12 * vv
        t2, t3 = f21 * uu + f22 * uv, f21 * uv + f22 * vv
        uu, uv, vv = t0 * f11 + t1 * f12 + q11, t0 * f21 + t1 * f22 + q12, t2 * f21 + t3 * f22 + q22
        um, vm = f11 * um + f12 * vm, f21 * um + f22 * vm
        mm += drift * gap
        gate = p[4]
        if run >= patience:
            uu, vv, mm = uu + s2, vv + velocity2, mm + w2
            run, gate = 0.0, np.inf
        w = fixes.weight[k]
        if w <= 0.0:
            continue
        gu, gv, gm = uu + um, uv + vm, um + mm
        s = gu + gm + fixes.covariance[k, 0] * error2 / w
        per = 1.0 / s
        used += 1
        product *= s
        factors += 1
        if factors == FACTORS:
            total -= np.log(product)
            product, factors = 1.0, 0
        y0, y1 = fixes.x_m[k] - ux - mx, fixes.y_m[k] - uy - my
        d2 = (y0 * y0 + y1 * y1) * per
        if d2 > gate:
            trust = gate / d2
            total -= 0.5 * gate - np.log(trust)
            per *= trust
            run += 1.0
            gated += 1
        else:
            total -= 0.5 * d2
            run = 0.0
        ku, kv, km = gu * per, gv * per, gm * per
        ux, vx, mx = ux + ku * y0, vx + kv * y0, mx + km * y0
        uy, vy, my = uy + ku * y1, vy + kv * y1, my + km * y1
        uu, uv, um = uu - ku * gu, uv - ku * gv, um - ku * gm
        vv, vm, mm = vv - kv * gv, vm - kv * gm, mm - km * gm
    return total - np.log(product) - used * LOG_2_PI, gated


@njit(nogil=True, cache=True)
def log_densities(fixes: Fixes, starts: NDArray[np.int64], p: Floats, error2: Floats, out: Floats) -> None:
    """Many animals, their fixes one after the other: starts int64[n + 1], p f8[n, 7], error2 and out f8[n]."""
    for i in range(starts.size - 1):
        out[i] = _elliptic(fixes, starts[i], starts[i + 1], p[i], error2[i])[0]


def warm_up() -> None:
    """Compile, or load from the cache, before the first fit."""
    fixes = Fixes(np.zeros(1), np.zeros(1), np.zeros(1), np.array([[1.0, 0.0, 1.0]]), np.ones(1))
    for column in fixes:
        column.setflags(write=False)
    p = np.array([0.1, 1.0, 1.0, 1.0, 10.0, 3.0, 0.0])
    _elliptic(fixes, 0, 1, p, 1.0)
    _circular(fixes, 0, 1, p, 1.0)
    log_densities(fixes, np.array([0, 1]), p.reshape(1, 7), np.ones(1), np.empty(1))
