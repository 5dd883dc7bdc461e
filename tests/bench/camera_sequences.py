"""How much better a burst's vote is than one picture, whether its probabilities come true, and what nobody need open.

A simulated set: cameras, passages of the species of `primorye.toml`, blanks, stumps that a detector takes for animals.
What is said of each picture is drawn around the truth: part of the error is that of the passage (pose, distance, rain)
and shared by all its pictures, part is of the picture alone. How much is shared decides how much a vote can gain, so
three shares are run and all are told; the goal is judged at the middle one. Half of the cameras stand for the audit
(calibration, thresholds), the other half are measured. Peers in the same run: each picture alone, and the majority of
pictures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fusion.camera.audit import Checked, accept_from, calibration_error
from fusion.camera.burst import REST, Burst, Chain, bursts
from fusion.camera.calibrate import fitted_isotonic
from fusion.camera.entry import Judging
from fusion.camera.frame import Area, Frame, FrameBox
from fusion.camera.manifest import Calibration
from fusion.camera.repeat_box import RepeatBox, SeenBox, divisor, repeat_boxes
from fusion.camera.rules_toml import parse_rules
from fusion.camera.sequence import Divisor, PictureSequence, sequences

FOLDER = Path(__file__).resolve().parents[2] / "hub" / "see" / "judging"
JULY_S: Final = 1_783_000_000.0
SPECIES: Final = {
    "Cervus nippon": 0.36,
    "Capreolus pygargus": 0.16,
    "Sus scrofa": 0.14,
    "Nyctereutes procyonoides": 0.09,
    "Meles leucurus": 0.08,
    "Vulpes vulpes": 0.06,
    "Panthera pardus": 0.04,
    "Prionailurus bengalensis": 0.03,
    "Ursus thibetanus": 0.02,
    "Panthera tigris": 0.01,
    "Lynx lynx": 0.01,
}
SHARES: Final = (0.2, 0.35, 0.5)
GOAL_SHARE: Final = 0.35
SIGNAL, NOISE, BOAST = 4.6, 1.9, 1.6
"""Height of the right label's logit, deviation of all logits, and by what the classifier overstates its odds."""


@dataclass(frozen=True)
class Made:
    frames: list[Frame]
    truth: dict[str, str]
    """Of each picture's key: the species on it, or blank."""


def made(cameras: int, days: int, share: float, seed: int) -> Made:
    rng = np.random.default_rng(seed)
    names = list(SPECIES)
    chances = np.array(list(SPECIES.values())) / sum(SPECIES.values())
    frames: list[Frame] = []
    truth: dict[str, str] = {}
    for camera in range(cameras):
        stump: Area = (rng.uniform(0, 0.8), rng.uniform(0.3, 0.8), 0.12, 0.14)
        bad = has_stump(f"cam-{camera}")
        for day in range(days):
            for _ in range(rng.poisson(3.0)):
                at_s = JULY_S + day * 86_400 + rng.uniform(0, 86_400)
                blank = rng.random() < 0.65
                kind = "" if blank else names[rng.choice(len(names), p=chances)]
                key = f"{camera}/{day}/{at_s:.3f}"
                for number, boxes in enumerate(_passage(rng, names, kind, share, stump if bad else None)):
                    name = f"{key}/{number}"
                    frames.append(Frame(name, f"cam-{camera}", at_s + number * 1.5, boxes, rng.random() < 0.5))
                    truth[name] = kind or "blank"
    return Made(frames, truth)


def _passage(
    rng: np.random.Generator, names: list[str], kind: str, share: float, stump: Area | None
) -> list[tuple[FrameBox, ...]]:
    """Three to eight pictures of one trigger."""
    count = int(rng.integers(3, 9))
    alike = np.array([1.0 if kind and _family(one) == _family(kind) else 0.0 for one in names])
    common = rng.normal(0, NOISE * np.sqrt(share), len(names))
    visible = rng.normal(2.2, 1.2)
    at, size = rng.uniform(0.1, 0.6, 2), rng.uniform(0.08, 0.3)
    pictures: list[tuple[FrameBox, ...]] = []
    for number in range(count):
        boxes: list[FrameBox] = []
        if kind:
            sure = visible + rng.normal(0, 0.9)
            if sure > -1.5:
                own = rng.normal(0, NOISE * np.sqrt(1 - share), len(names))
                logits = 1.8 * alike + common + own
                logits[names.index(kind)] += SIGNAL - 1.8
                area: Area = (float(at[0] + 0.02 * number), float(at[1]), float(size), float(size))
                boxes.append(FrameBox("animal", _p(sure), area, _listed(names, logits), float(rng.uniform(0.4, 1))))
        elif rng.random() < 0.06:
            # Wind in the leaves: a box that is nothing, named by chance.
            area = (float(rng.uniform(0, 0.8)), float(rng.uniform(0, 0.8)), 0.1, 0.1)
            boxes.append(FrameBox("animal", _p(rng.normal(-1.2, 0.8)), area, _listed(names, rng.normal(0, NOISE, 11))))
        if stump is not None:
            boxes.append(FrameBox("animal", _p(rng.normal(-0.4, 0.5)), stump, _listed(names, rng.normal(0, NOISE, 11))))
        pictures.append(tuple(boxes))
    return pictures


def _family(name: str) -> str:
    return JUDGING.taxonomy.lineage(name)[2]


def _p(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))


def _listed(names: list[str], logits: NDArray[np.float64]) -> tuple[tuple[str, float], ...]:
    """The five best labels of a softmax that boasts, as a classifier with max_det = 5 gives them."""
    raised = np.exp(BOAST * (logits - logits.max()))
    p = raised / raised.sum()
    return tuple((names[at], float(p[at])) for at in np.argsort(-p, kind="stable")[:5])


def _best(named: dict[str, float]) -> str:
    return max((one for one in named if one != REST), key=lambda one: (named[one], one))


def remembered(of: Made, judging: Judging) -> Divisor:
    """What each camera's memory of repeated boxes divides by, from all its pictures."""
    boxes: dict[str, list[SeenBox]] = {}
    for burst in bursts(of.frames, judging.linking):
        for chain in burst.chains:
            for spot in chain.spots:
                key, best = burst.frames[0].key, spot.best
                at_s = burst.frames[spot.frame].at_s
                boxes.setdefault(burst.camera, []).append(
                    SeenBox(at_s, key, burst.frames[spot.frame].key, best.group, best.area, best.probability)
                )
    known: dict[str, list[RepeatBox]] = {camera: repeat_boxes(seen) for camera, seen in boxes.items()}

    def of_chain(burst: Burst, chain: Chain) -> float:
        return divisor(chain.spots[-1].best.area, known.get(burst.camera, []), [])

    return of_chain


def errors(of: Made, found: list[PictureSequence], judging: Judging) -> dict[str, Any]:
    """Of pictures with an animal and a box: wrong labels by one picture, by the majority, by the vote of the burst."""
    single, majority, vote, counted = 0, 0, 0, 0
    for burst in bursts(of.frames, judging.linking):
        kind = of.truth[burst.frames[0].key]
        chains = [one for one in burst.chains if kind != "blank" and len(one.spots) >= 2]
        # Of a stump there is no right name.
        if not chains or has_stump(burst.camera):
            continue
        chain = max(chains, key=lambda one: one.weight)
        labels = [_best(dict(spot.best.named)) for spot in chain.spots]
        counted += len(labels)
        single += sum(label != kind for label in labels)
        top = sorted(Counter(labels).items(), key=lambda one: (-one[1], one[0]))[0][0]
        majority += (top != kind) * len(labels)
        vote += (_best(chain.named) != kind) * len(labels)
    return {
        "pictures": counted,
        "single_error": round(single / counted, 4),
        "majority_error": round(majority / counted, 4),
        "burst_error": round(vote / counted, 4),
        "ratio": round(vote / single, 3),
        "sequences": len(found),
    }


def checked(of: Made, found: list[PictureSequence], judging: Judging) -> list[Checked]:
    """What is said of animals in each sequence, beside the truth: right where the taxon is it, or is above it."""
    answers: list[Checked] = []
    for one in found:
        for entry in one.entries:
            said, truth = entry.prediction, of.truth[entry.frames[0] if entry.frames else one.keys[0]]
            if said.label in judging.taxonomy.ranks or said.label == "animal":
                right = truth != "blank" and said.label in judging.taxonomy.lineage(truth)
                answers.append(Checked(said.label, said.probability, said.label if right else truth, one.camera))
    return answers


def half(camera: str) -> int:
    return int(camera.removeprefix("cam-")) % 2


def has_stump(camera: str) -> bool:
    """A quarter of the cameras, in both halves."""
    return (int(camera.removeprefix("cam-")) // 2) % 4 == 0


def calibrations(of: Made, judging: Judging, memory: Divisor) -> dict[str, Any]:
    """Fitted on one half of the cameras, measured on the other."""
    audit = [frame for frame in of.frames if half(frame.camera) == 0]
    rest = [frame for frame in of.frames if half(frame.camera) == 1]
    before = checked(of, sequences(audit, judging, memory), judging)
    knots = fitted_isotonic(np.array([one.probability for one in before]), np.array([one.right for one in before]))
    fitted = replace(judging, calibration=Calibration("isotonic", knots=knots))
    uncalibrated = checked(of, sequences(rest, judging, memory), judging)
    after = checked(of, sequences(rest, fitted, memory), fitted)
    again = checked(of, sequences(audit, fitted, memory), fitted)
    accepts = {
        label: least
        for label in sorted({one.label for one in again})
        if (least := accept_from([one for one in again if one.label == label])) is not None
    }
    taken = [one for one in after if one.label in accepts and one.probability >= accepts[one.label]]
    return {
        "audited": len(before),
        "measured": len(after),
        "ece_before": round(calibration_error(uncalibrated), 4),
        "ece": round(calibration_error(after), 4),
        "accept_from": accepts,
        "accepted_share": round(len(taken) / len(after), 3),
        "accepted_precision": round(sum(one.right for one in taken) / max(len(taken), 1), 4),
    }


def effort(of: Made, judging: Judging, memory: Divisor) -> dict[str, Any]:
    """Sequences are opened from the lowest score on that any sequence with a target had in the audited half.

    Of n such sequences the next one lies above it with a chance of n / (n + 1): 99 % and a little for 130.
    """
    found = sequences(of.frames, judging, memory)
    by_key = {frame.key: frame for frame in of.frames}

    def is_target(one: PictureSequence) -> bool:
        return any(judging.park.is_target(of.truth[key], judging.taxonomy) for key in one.keys)

    def alone(one: PictureSequence) -> float:
        """What a peer without bursts would go by: the surest single picture."""
        sure = [
            box.probability * sum(p for name, p in box.named if judging.park.is_target(name, judging.taxonomy))
            for key in one.keys
            for box in by_key[key].boxes
        ]
        return max(sure, default=0.0)

    told: dict[str, Any] = {}
    for name, score in (("burst", lambda one: one.target), ("single", alone)):
        audit = sorted(score(one) for one in found if half(one.camera) == 0 and is_target(one))
        least = audit[0] if audit else 0.0
        rest = [one for one in found if half(one.camera) == 1]
        opened = [one for one in rest if score(one) >= least]
        wanted = [one for one in rest if is_target(one)]
        pictures = sum(len(one.keys) for one in rest)
        told[name] = {
            "never_opened": round(1 - sum(len(one.keys) for one in opened) / pictures, 4),
            "recall": round(sum(score(one) >= least for one in wanted) / max(len(wanted), 1), 4),
            "with_target": len(wanted),
            "pictures": pictures,
        }
    return told


def shuffles(of: Made, judging: Judging, count: int) -> dict[str, Any]:
    """One and the same digest for every order, with pictures that come twice."""
    rng = random.Random(11)
    digests: set[str] = set()
    for _ in range(count):
        mixed = [*of.frames, *rng.sample(of.frames, len(of.frames) // 10)]
        rng.shuffle(mixed)
        digests.add(hashlib.sha256(repr(sequences(mixed, judging)).encode()).hexdigest())
    return {"shuffles": count, "different_answers": len(digests), "pictures": len(of.frames)}


JUDGING: Final = parse_rules(
    (FOLDER / "primorye.toml").read_text(),
    "".join((FOLDER / name).read_text() for name in ("standard.toml", "taxa.toml")),
).judging


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cameras", type=int, default=64)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--shuffles", type=int, default=1_000)
    given = parser.parse_args()
    cameras, days, count = (8, 10, 5) if given.quick else (given.cameras, given.days, given.shuffles)
    told: dict[str, Any] = {"cameras": cameras, "days": days, "votes": {}}
    for share in SHARES:
        of = made(cameras, days, share, seed=3)
        wall, cpu = time.perf_counter(), time.process_time()
        found = sequences(of.frames, JUDGING)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        told["votes"][str(share)] = errors(of, found, JUDGING)
        if share == GOAL_SHARE:
            memory = remembered(of, JUDGING)
            told |= {
                "pictures": len(of.frames),
                "pictures_per_cpu_s": round(len(of.frames) / cpu),
                "wall_s": round(wall, 3),
                "cpu_s": round(cpu, 3),
                "calibration": calibrations(of, JUDGING, memory),
                "effort": effort(of, JUDGING, memory),
            }
    told["order"] = shuffles(made(4, 5, GOAL_SHARE, seed=5), JUDGING, count)
    told["goals"] = {
        "burst_error_at_most_half": told["votes"][str(GOAL_SHARE)]["ratio"] <= 0.5,
        "ece_at_most_0.03": told["calibration"]["ece"] <= 0.03,
        "never_opened_at_least_0.85_at_recall_0.99": told["effort"]["burst"]["never_opened"] >= 0.85
        and told["effort"]["burst"]["recall"] >= 0.99,
        "same_for_every_order": told["order"]["different_answers"] == 1,
    }
    if not given.json:
        print(json.dumps(told, indent=2))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
