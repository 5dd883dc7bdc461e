"""Pictures of drawn leopards: a torso in three dimensions walks past a camera that does its best.

What makes it hard, each drawn from the seed of the view: the animal turned by up to 45 degrees towards or away from the
camera, looked at from above or below, bent, with skin that slides as it walks; day with shadows of leaves, or infrared,
sometimes burnt out; grass before it; half of it out of the frame; motion, focus, noise, JPEG; a box that fits badly.
Nothing is shared between two views of an animal but its coat: camera, background, pose and light are drawn anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.bench.drawn_coats import DARK, GIRTH_PX, LENGTH_PX, TAWNY, coat

Numbers = NDArray[np.float32]
Pixels = NDArray[np.uint8]

WIDTH_PX: Final = 760
HEIGHT_PX: Final = 520
HALF_GIRTH: Final = float(np.deg2rad(110.0))
TURN: Final = 2.0 * float(np.pi)


@dataclass(frozen=True)
class View:
    """How one picture is taken; angles in degrees, lengths in pixels or in lengths of the torso."""

    yaw: float
    pitch: float
    roll: float
    length_px: float
    bend: float
    stoutness: float
    slide: float
    infrared: bool
    burnt: float
    shade: float
    blades: int
    cut: float
    motion_px: float
    motion_turn: float
    focus_px: float
    noise: float
    quality: int
    seed: int


@dataclass(frozen=True)
class Drawn:
    """A picture RGB u1[height, width, 3] and the box around the animal, (left, top, right, bottom), as a detector
    would give it: a few percent off."""

    pixels: Pixels
    box: tuple[float, float, float, float]
    view: View


def view_of(rng: np.random.Generator, *, whole: bool = False) -> View:
    """A view at random; `whole`: the animal is not cut by the frame."""
    infrared = bool(rng.random() < 0.45)
    burnt = float(rng.uniform(0.1, 0.6)) if infrared and rng.random() < 0.35 else 0.0
    cut = 0.0 if whole or rng.random() > 0.22 else float(rng.uniform(0.15, 0.5))
    return View(
        yaw=float(rng.uniform(-45, 45)),
        pitch=float(rng.uniform(-8, 22)),
        roll=float(rng.normal(0, 5)),
        length_px=float(np.exp(rng.uniform(np.log(190), np.log(480)))),
        bend=float(rng.normal(0, 0.16)),
        stoutness=float(rng.uniform(0.88, 1.15)),
        slide=float(rng.uniform(0.4, 1.3)),
        infrared=infrared,
        burnt=burnt,
        shade=0.0 if infrared or rng.random() < 0.5 else float(rng.uniform(0.3, 0.7)),
        blades=int(rng.integers(0, 55)) if rng.random() < 0.6 else 0,
        cut=cut,
        motion_px=float(rng.exponential(2.2 if infrared else 1.0)),
        motion_turn=float(rng.normal(0, 12)),
        focus_px=float(rng.uniform(0.3, 1.3)),
        noise=float(rng.uniform(6, 16) if infrared else rng.uniform(2, 7)),
        quality=int(rng.integers(45, 90)),
        seed=int(rng.integers(2**31)),
    )


@lru_cache(maxsize=4)
def _coat(seed: int, animal: int, flank: int) -> Numbers:
    return coat(seed, animal, flank)


def picture(seed: int, animal: int, flank: int, view: View) -> Drawn:
    """Draw one flank (0 left: the head to the left; 1 right) of an animal in a view."""
    rng = np.random.default_rng([view.seed, 7])
    canvas = _background(rng)
    box = _limbs(canvas, rng, view)
    skin, within, part = _torso(_coat(seed, animal, flank), rng, view)
    soft = cv2.GaussianBlur(within.astype(np.float32), (0, 0), 0.8)[..., None]
    canvas[part] = canvas[part] * (1.0 - soft) + skin * soft
    where = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    where[part] = within
    rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
    left, right = min(box[0], columns[0]), max(box[2], columns[-1])
    top, bottom = min(box[1], rows[0]), max(box[3], rows[-1])
    _grass(canvas, rng, view, (left, top, right, bottom))
    lit = _light(canvas, rng, view, where)
    left, right = max(left, 0.0), min(right, WIDTH_PX - 1.0)
    top, bottom = max(top, 0.0), min(bottom, HEIGHT_PX - 1.0)
    if view.cut:
        # The frame ends within the animal, at its head or at its tail.
        edge = left + view.cut * (right - left)
        if rng.random() < 0.5:
            lit, left, right = lit[:, int(edge) :], 0.0, right - int(edge)
        else:
            edge = right - view.cut * (right - left)
            lit, right = lit[:, : int(edge)], float(int(edge))
    pixels = _sensed(lit, rng, view)
    if flank == 1:
        pixels = np.ascontiguousarray(pixels[:, ::-1])
        left, right = pixels.shape[1] - right, pixels.shape[1] - left
    wide, high = right - left, bottom - top
    off = rng.normal(0.0, 0.025, 4) * [wide, high, wide, high]
    return Drawn(pixels, (left + off[0], top + off[1], right + off[2], bottom + off[3]), view)


def _background(rng: np.random.Generator) -> Numbers:
    canvas = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    for grain in (160, 60, 24, 9, 4):
        small = rng.random((HEIGHT_PX // grain + 3, WIDTH_PX // grain + 3)).astype(np.float32) - 0.5
        canvas += cv2.resize(small, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC) * 70.0
    tint = np.array([1.0, rng.uniform(0.95, 1.1), rng.uniform(0.6, 0.85)], np.float32)
    ground = np.clip(float(rng.uniform(80, 140)) + canvas, 5, 250)[..., None] * tint
    middle = float(ground.mean())
    for _ in range(int(rng.integers(20, 140))):
        start = rng.uniform([0, 0], [WIDTH_PX, HEIGHT_PX])
        end = start + rng.normal(0, 60, 2)
        shade = middle * float(rng.uniform(0.3, 1.6)) * tint
        cv2.line(ground, _point(start), _point(end), shade.tolist(), int(rng.integers(1, 4)), cv2.LINE_AA)
    return ground


def _point(place: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))


def _limbs(canvas: Numbers, rng: np.random.Generator, view: View) -> tuple[float, float, float, float]:
    """Head, legs and tail, roughly, with spots that mean nothing; the box around them."""
    size, across = view.length_px, view.length_px * float(np.cos(np.deg2rad(view.yaw)))
    x, y = WIDTH_PX / 2, HEIGHT_PX * 0.45
    shade = (TAWNY * rng.uniform(0.75, 1.0)).tolist()
    spots: list[tuple[float, float]] = []
    for along in (-0.40, -0.33, 0.36, 0.43):
        top = np.array([x + along * across, y + 0.02 * size])
        foot = top + size * np.array([rng.normal(0, 0.09), rng.uniform(0.36, 0.44)])
        cv2.line(canvas, _point(top), _point(foot), shade, max(3, round(0.085 * size)), cv2.LINE_AA)
        spots += [tuple(top + (foot - top) * k + rng.normal(0, 0.02 * size, 2)) for k in rng.random(9)]
    head = np.array([x - 0.56 * across - 0.02 * size, y - rng.uniform(-0.02, 0.14) * size])
    cv2.line(canvas, _point(head), _point(np.array([x - 0.40 * across, y - 0.02 * size])), shade, round(0.17 * size))
    cv2.ellipse(canvas, _point(head), (round(0.11 * size), round(0.085 * size)), 0, 0, 360, shade, -1, cv2.LINE_AA)
    spots += [tuple(head + rng.normal(0, 0.05 * size, 2)) for _ in range(22)]
    tip = np.array([x + 0.5 * across + rng.uniform(0.1, 0.4) * size, y + rng.uniform(-0.1, 0.35) * size])
    root = np.array([x + 0.46 * across, y - 0.04 * size])
    cv2.line(canvas, _point(root), _point(tip), shade, max(2, round(0.045 * size)), cv2.LINE_AA)
    for spot in spots:
        radius = max(1, round(size * float(rng.uniform(0.006, 0.014))))
        cv2.circle(canvas, _point(np.array(spot)), radius, DARK.tolist(), -1, cv2.LINE_AA)
    return float(head[0] - 0.11 * size), float(y - 0.2 * size), float(max(tip[0], root[0])), float(y + 0.46 * size)


def _torso(
    skin: Numbers, rng: np.random.Generator, view: View
) -> tuple[Numbers, NDArray[np.bool_], tuple[slice, slice]]:
    """The coat on an elliptic cylinder with rounded ends and a bent spine, shaded; where it is; in what part of all.

    Rays through the pixels meet the cylinder of the local radii; the local radii follow from where the ray met it last.
    """
    yaw, pitch, roll = np.deg2rad([view.yaw, view.pitch, view.roll])
    turn_yaw = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    turn_pitch = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    turn_roll = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    to_body = (turn_roll @ turn_pitch @ turn_yaw).T
    x, y, reach = WIDTH_PX / 2, HEIGHT_PX * 0.45, view.length_px
    part = (
        slice(max(0, int(y - 0.5 * reach)), min(HEIGHT_PX, int(y + 0.5 * reach))),
        slice(max(0, int(x - 0.75 * reach)), min(WIDTH_PX, int(x + 0.75 * reach))),
    )
    rows, columns = np.mgrid[part].astype(np.float32)
    eye_x = (columns - WIDTH_PX / 2) / view.length_px
    eye_y = -(rows - HEIGHT_PX * 0.45) / view.length_px
    distance = float(rng.uniform(3.0, 9.0))
    # A pinhole at `distance` lengths: rays spread, so that the near end is larger.
    origin = (np.array([0.0, 0.0, distance]) @ to_body.T).astype(np.float32)
    ray = np.stack([eye_x, eye_y, np.full_like(eye_x, -distance)], axis=-1).astype(np.float32) @ to_body.T.astype("f4")
    along = eye_x / max(float(np.cos(yaw)), 0.3)
    high, deep = 0.175 * view.stoutness, 0.125 * view.stoutness
    sag = float(rng.normal(0, 0.05))
    for _ in range(5):
        inner = np.clip(along, -0.5, 0.5)
        end = np.sqrt(np.clip(1.0 - np.abs(2.0 * inner) ** 5, 0.03, 1.0)) * (1.0 - 0.10 * np.cos(9.0 * inner))
        a, b = high * end, deep * end
        middle_y, middle_z = sag * inner * inner, view.bend * (inner * inner - 0.08)
        oy, oz = (origin[1] - middle_y) / a, (origin[2] - middle_z) / b
        dy, dz = ray[..., 1] / a, ray[..., 2] / b
        p, q, r = dy * dy + dz * dz, oy * dy + oz * dz, oy * oy + oz * oz - 1.0
        inside = q * q - p * r
        way = (-q - np.sqrt(np.maximum(inside, 0.0))) / np.maximum(p, 1e-9)
        along = origin[0] + way * ray[..., 0]
    where = (inside > 0.0) & (np.abs(along) < 0.5)
    around = np.arctan2(oy + way * dy, oz + way * dz)
    u, v = along + 0.5, 0.5 - around / (2.0 * HALF_GIRTH)
    for along_waves, around_waves in ((1.0, 0.6), (2.2, 1.1), (3.4, 1.7)):
        phase = rng.uniform(0, 2 * np.pi, 2).astype(np.float32)
        shift = (rng.normal(0, 0.011, 2) * view.slide / along_waves**0.5).astype(np.float32)
        u = u + shift[0] * np.sin(TURN * (along_waves * along + around_waves * v) + phase[0])
        v = v + 1.6 * shift[1] * np.sin(TURN * (along_waves * along - around_waves * v) + phase[1])
    # Smaller than the rolled-out coat: average first, as a lens does.
    shrink = LENGTH_PX / view.length_px
    smooth = cv2.GaussianBlur(skin, (0, 0), max(0.3, 0.42 * shrink))
    map_u, map_v = (u * (LENGTH_PX - 1)).astype("f4"), (v * (GIRTH_PX - 1)).astype("f4")
    drawn = cv2.remap(smooth, map_u, map_v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    normal = np.stack([np.zeros_like(a), (oy + way * dy) / a, (oz + way * dz) / b], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-9
    if view.infrared:
        to_light = np.array([0.0, 0.1, 1.0]) @ to_body.T
    else:
        to_light = np.array([rng.normal(0, 0.6), rng.uniform(0.4, 1.5), rng.uniform(0.2, 1.0)])
    bright = np.clip(normal @ (to_light / np.linalg.norm(to_light)).astype(np.float32), 0.0, 1.0)
    return drawn * (0.35 + 0.85 * bright)[..., None].astype("f4"), where, part


def _grass(canvas: Numbers, rng: np.random.Generator, view: View, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    for _ in range(view.blades):
        foot = np.array([rng.uniform(left - 30, right + 30), bottom + rng.uniform(0, 40)])
        height = (bottom - top) * rng.uniform(0.25, 1.05)
        lean = rng.normal(0, 0.35)
        steps = np.linspace(0, 1, 9)[:, None]
        curve = foot + steps * [0.0, -height] + steps**2 * [lean * height, 0.0]
        shade = np.array([1.0, 1.05, 0.7]) * rng.uniform(50, 200)
        width = int(rng.integers(1, max(2, round(view.length_px / 70)) + 1))
        cv2.polylines(canvas, [np.round(curve * 8).astype(np.int32)], False, shade.tolist(), width, cv2.LINE_AA, 3)


def _light(canvas: Numbers, rng: np.random.Generator, view: View, where: NDArray[np.bool_]) -> Numbers:
    if view.infrared:
        grey = canvas @ np.array([0.45, 0.35, 0.20], np.float32)
        # The flash reaches the near animal more than what is behind it, and less towards the edges.
        gain = np.where(where, 1.0, rng.uniform(0.3, 0.9)).astype(np.float32)
        rows, columns = np.mgrid[:HEIGHT_PX, :WIDTH_PX].astype(np.float32)
        far = ((columns - WIDTH_PX * rng.uniform(0.3, 0.7)) / WIDTH_PX) ** 2 + ((rows - HEIGHT_PX / 2) / HEIGHT_PX) ** 2
        gain = cv2.GaussianBlur(gain, (0, 0), 6.0) * np.exp(-1.8 * far) * float(rng.uniform(0.8, 1.25))
        grey = grey * gain * (1.0 + 3.2 * view.burnt) + 70.0 * view.burnt
        return np.repeat(np.asarray(grey, np.float32)[..., None], 3, axis=2)
    lit = canvas * float(rng.uniform(0.55, 1.3))
    if view.shade:
        grain = int(rng.integers(18, 60))
        small = rng.random((HEIGHT_PX // grain + 3, WIDTH_PX // grain + 3)).astype(np.float32)
        leaves = cv2.resize(small, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
        dark = 1.0 / (1.0 + np.exp(-(leaves - 0.55) / 0.04))
        lit = lit * (1.0 - view.shade * dark)[..., None]
    return np.asarray(lit, np.float32)


def _sensed(lit: Numbers, rng: np.random.Generator, view: View) -> Pixels:
    blurred = cv2.GaussianBlur(lit, (0, 0), view.focus_px)
    reach = int(view.motion_px)
    if reach >= 1:
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        turn = np.deg2rad(view.motion_turn)
        step = np.array([np.cos(turn), np.sin(turn)]) * reach / 2
        middle = np.array([reach, reach], float)
        cv2.line(kernel, _point(middle - step), _point(middle + step), 1.0, 1, cv2.LINE_AA)
        blurred = cv2.filter2D(blurred, -1, kernel / kernel.sum())
    grain = rng.standard_normal(blurred.shape[:2], np.float32)[..., None]
    if not view.infrared:
        grain = 0.6 * grain + 0.6 * rng.standard_normal(blurred.shape, np.float32)
    noisy = np.clip(blurred + grain * view.noise, 0, 255).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", noisy[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, view.quality])
    return np.ascontiguousarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[:, :, ::-1])
