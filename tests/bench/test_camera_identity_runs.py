"""The benchmarks of coats count what they say they count; no figure is judged here."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

from fusion.camera.open_set import OpenSetRules
from fusion.camera.pattern import Pattern, encode
from tests.bench.camera_gallery import alone
from tests.bench.camera_identity import Asked, learn, told, tuned
from tests.bench.drawn_chips import DrawnChip
from tests.bench.drawn_leopards import view_of

NAMES = tuple(f"L{k:04}" for k in range(20))


def asked(seed: int, count: int) -> list[Asked]:
    """Known and new animals in turns; those on poor chips look like nobody."""
    rng = np.random.default_rng(seed)
    rows: list[Asked] = []
    for k in range(count):
        quality = float(rng.choice([0.3, 0.8]))
        own = None if k % 2 else int(rng.integers(len(NAMES)))
        votes, inliers = rng.exponential(0.1, len(NAMES)), rng.integers(0, 4, len(NAMES)).astype(float)
        if own is not None and quality > 0.5:
            votes[own], inliers[own] = rng.uniform(2, 4), rng.integers(15, 60)
        chip = DrawnChip(0 if own is None else own, "left", 0, view_of(rng), quality, b"")
        rows.append(Asked(NAMES, votes, inliers, own, chip))
    return rows


def test_camera_identity__rules_that_were_tuned_keep_poor_chips_from_passing_for_new_animals() -> None:
    tuning = asked(1, 400)
    likeness = learn(tuning, 1)
    rules = tuned(tuning, likeness)
    assert 0.3 < rules.quality <= 0.8
    answer = told(asked(2, 400), likeness, rules)
    assert answer["rank_1"] < 0.7
    assert answer["false_new"] == 0.0 and 0.4 < answer["new_told"] < 0.6
    assert sum(answer["known"].values()) == sum(answer["new"].values()) == 200
    careless = told(asked(2, 400), likeness, OpenSetRules(new=0.45, quality=0.0))
    assert careless["false_new"] > 0.3


def noise(seed: int) -> Pattern:
    """Points and descriptors like nothing else."""
    rng = np.random.default_rng(seed)
    raw = rng.exponential(1.0, (60, 128))
    lengths = np.linalg.norm(raw, axis=1, keepdims=True)
    points = np.column_stack([rng.uniform(0, 480, 60), rng.uniform(0, 240, 60), rng.uniform(2, 9, 60), np.zeros(60)])
    return Pattern(points.astype(np.float16), np.rint(512 * raw / lengths).clip(0, 255).astype(np.uint8), 480, 240)


def test_camera_gallery__ours_and_the_peers_answer_the_same_questions(tmp_path: Path) -> None:
    patterns = [noise(k) for k in range(8)]
    chips = [(f"L{k}", encode(one)) for k, one in enumerate(patterns)]
    path = tmp_path / "patterns.pickle"
    path.write_bytes(b"".join(map(pickle.dumps, [[encode(one) for one in patterns[:6]], *chips])))
    for engine in ("ours", "opencv_flann", "opencv_brute"):
        found = alone(engine, path)
        expected = ["L0", "L1", "L2", "L3", "L4", "L5"]
        assert found["answers"] == expected[: len(found["answers"])]
        assert found["memory_mb"] > 0
        assert found.get("same_first_as_exact", 1.0) == 1.0
