"""A head learnt from reviewed crops counts only where it is better at cameras that it never saw."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.camera.head import FEWEST_CAMERAS, FEWEST_CROPS, TooLittleReviewed, learn_head

SIZE = 24


def reviewed(
    seed: int, *, by_camera: float, by_animal: float, cameras: int = 12, each: int = 40
) -> tuple[np.ndarray, list[str], list[str]]:
    """Embeddings that show the animal, the camera, and noise; each camera sees mostly one kind."""
    rng = np.random.default_rng(seed)
    kinds, spots = np.eye(3, SIZE), rng.normal(size=(cameras, SIZE)) / np.sqrt(SIZE)
    rows, labels, places = [], [], []
    for camera in range(cameras):
        for _ in range(each):
            kind = camera % 3 if rng.random() < 0.8 else int(rng.integers(3))
            rows.append(by_animal * kinds[kind] + by_camera * spots[camera] + rng.normal(0, 0.2, SIZE))
            labels.append(("boar", "leopard", "sika")[kind])
            places.append(f"cam-{camera:02}")
    return np.array(rows, np.float32), labels, places


def half_right(labels: list[str]) -> list[str]:
    return [label if k % 2 else "boar" for k, label in enumerate(labels)]


def test_head__that_sees_animals_is_better_at_cameras_it_never_saw() -> None:
    table, labels, places = reviewed(1, by_camera=0.5, by_animal=1.0)
    found = learn_head(table, labels, places, half_right(labels))
    assert found.is_better and found.right > 0.9
    assert found.gain_low < found.gain < found.gain_high
    assert found.gain == pytest.approx(found.right - found.current_right)
    assert found.head.labels == ("boar", "leopard", "sika")
    assert found.head.probabilities(table).sum(axis=1) == pytest.approx(1.0)


def test_head__that_learnt_only_cameras_is_not_taken() -> None:
    table, labels, places = reviewed(2, by_camera=3.0, by_animal=0.0)
    found = learn_head(table, labels, places, half_right(labels))
    by_heart = np.argmax(found.head.probabilities(table), axis=1)
    assert np.mean([found.head.labels[k] == label for k, label in zip(by_heart, labels, strict=True)]) > 0.75
    assert found.right < 0.5
    assert not found.is_better


def test_head__that_is_no_better_than_the_classifier_in_use_is_not_taken() -> None:
    table, labels, places = reviewed(3, by_camera=0.5, by_animal=1.0)
    found = learn_head(table, labels, places, labels)
    assert found.current_right == 1.0 and not found.is_better


def test_head__is_the_same_from_rows_in_any_order() -> None:
    table, labels, places = reviewed(4, by_camera=0.5, by_animal=1.0, each=25)
    order = np.random.default_rng(5).permutation(len(labels))
    one = learn_head(table, labels, places, half_right(labels))
    said = half_right(labels)
    other = learn_head(table[order], [labels[k] for k in order], [places[k] for k in order], [said[k] for k in order])
    assert np.array_equal(one.head.weights, other.head.weights)
    assert (one.gain, one.gain_low, one.gain_high) == (other.gain, other.gain_low, other.gain_high)


def test_head__leaves_out_rare_labels_and_refuses_too_little() -> None:
    table, labels, places = reviewed(6, by_camera=0.5, by_animal=1.0, each=25)
    labels[0] = "tiger"
    assert learn_head(table, labels, places, labels).left_out == ("tiger",)
    with pytest.raises(TooLittleReviewed, match=f"{FEWEST_CAMERAS} cameras are needed, not 3 and 1"):
        learn_head(table, labels, ["one"] * len(labels), labels)
    few = FEWEST_CROPS - 1
    with pytest.raises(TooLittleReviewed, match="not 0 and"):
        learn_head(table[:few], labels[:few], places[:few], labels[:few])
    with pytest.raises(ValueError, match="not finite"):
        learn_head(np.full_like(table, np.nan), labels, places, labels)
