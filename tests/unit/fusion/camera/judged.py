"""Pictures for tests, and the rules that come with the hub."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fusion.camera.entry import Judging
from fusion.camera.frame import Area, Frame, FrameBox
from fusion.camera.rules_toml import CameraRules, parse_rules

FOLDER = Path(__file__).resolve().parents[4] / "hub" / "see" / "judging"
MIDDLE: Area = (0.4, 0.4, 0.2, 0.2)
JULY_S = 1_783_000_000.0
JANUARY_S = 1_768_500_000.0


@cache
def standard(park: str = "") -> CameraRules:
    return parse_rules(park, "".join((FOLDER / name).read_text() for name in ("standard.toml", "taxa.toml")))


@cache
def primorye() -> CameraRules:
    return standard((FOLDER / "primorye.toml").read_text())


def judging() -> Judging:
    return standard().judging


def box(group: str = "animal", p: float = 0.9, area: Area = MIDDLE, sharpness: float = 1.0, **named: float) -> FrameBox:
    """`named`: labels with their probabilities, spaces as underscores."""
    return FrameBox(group, p, area, tuple((label.replace("_", " "), q) for label, q in named.items()), sharpness)


def frame(key: str, at_s: float, *boxes: FrameBox, camera: str = "cam-1", infrared: bool = False) -> Frame:
    return Frame(key, camera, JULY_S + at_s, boxes, infrared)
