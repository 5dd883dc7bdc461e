"""A drawn animal is found among others by its coat, flank by flank, in whatever order the gallery was filled."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from fusion.camera.chip import Flank, cut_chip
from fusion.camera.gallery import Candidate, Gallery, Named
from fusion.camera.pattern import Pattern
from fusion.camera.pattern_kernels import aligned, keep_nearest, warm_up
from fusion.camera.sift import pattern_of
from tests.bench.drawn_leopards import View, picture

TURTLES = Path(__file__).resolve().parents[5] / "shared" / "images" / "turtle-reid"
ANIMALS = ("F01", "F02", "M03")


def view(yaw: float, *, infrared: bool = False, seed: int = 0) -> View:
    noise = 7.0 if infrared else 3.0
    return View(yaw, 5.0, 0.0, 330.0, 0.05, 1.0, 0.6, infrared, 0.0, 0.0, 4, 0.0, 1.0, 0.0, 0.5, noise, 80, seed)


def seen(animal: int, flank: int, how: View) -> Pattern:
    drawn = picture(3, animal, flank, how)
    return pattern_of(cut_chip(drawn.pixels, drawn.box))


@pytest.fixture(scope="module")
def chips() -> list[Named]:
    """The left flank of three animals, one twice; and the right flank of one."""
    rows = [(0, 0, -20.0), (1, 0, 15.0), (2, 0, 0.0), (0, 1, 10.0), (0, 0, 25.0)]
    return [
        Named(ANIMALS[animal], "right" if flank else "left", seen(animal, flank, view(yaw, seed=10 + n)))
        for n, (animal, flank, yaw) in enumerate(rows)
    ]


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    warm_up()


@pytest.fixture(scope="module")
def query() -> Pattern:
    return seen(0, 0, view(5.0, infrared=True, seed=99))


def as_told(answer: list[Candidate]) -> list[tuple[object, ...]]:
    return [(one.individual, one.votes, one.inliers, one.chip, one.lines.tolist()) for one in answer]


def test_gallery__finds_the_animal_from_another_side_in_another_light(chips: list[Named], query: Pattern) -> None:
    first, *others = Gallery(chips).ask(query, "left")
    assert first.individual == "F01"
    assert first.inliers >= 15 and first.votes > 2 * max(one.votes for one in others)
    assert max(one.inliers for one in others) <= 5
    assert first.chip in (chips[0].id, chips[4].id)


def test_lines__join_places_that_move_together(chips: list[Named], query: Pattern) -> None:
    first = Gallery(chips).ask(query, "left")[0]
    x, y, u, v = first.lines.T
    assert len(first.lines) >= first.inliers
    assert np.corrcoef(x, u)[0, 1] > 0.95 and np.corrcoef(y, v)[0, 1] > 0.9
    assert first.lines.min() >= 0 and first.lines.max() <= 480


def test_gallery__never_compares_left_with_right(chips: list[Named], query: Pattern) -> None:
    gallery = Gallery(chips)
    assert gallery.individuals("left") == list(ANIMALS) and gallery.individuals("right") == ["F01"]
    (right,) = gallery.ask(query, "right")
    assert right.individual == "F01" and right.inliers <= 4
    unknown: Flank = "unknown"
    with pytest.raises(ValueError, match="left or right"):
        Named("F01", unknown, query)
    with pytest.raises(ValueError, match="left or the right"):
        gallery.ask(query, unknown)


def test_gallery__answers_the_same_in_any_order_and_after_chips_came_and_went(
    chips: list[Named], query: Pattern
) -> None:
    expected = as_told(Gallery(chips).ask(query, "left"))
    assert as_told(Gallery(reversed(chips)).ask(query, "left")) == expected
    other = Gallery([Named("X", "left", query), *chips[2:]])
    assert other.ask(query, "left")[0].individual == "X"
    assert other.remove(Named("X", "left", query).id) and not other.remove(bytes(16))
    assert other.add(chips) == 2
    assert other.add(chips) == 0
    assert as_told(other.ask(query, "left")) == expected
    assert other.ids() == {one.id for one in chips} and len(other.ids("right")) == 1


def test_gallery__passes_over_chips_it_is_told_to(chips: list[Named], query: Pattern) -> None:
    gallery = Gallery(chips)
    without = frozenset({chips[0].id, chips[4].id})
    assert [one.individual for one in gallery.ask(query, "left", without=without)] != []
    assert "F01" not in {one.individual for one in gallery.ask(query, "left", without=without)}


def test_gallery__that_is_empty_or_a_chip_without_points_names_nobody(chips: list[Named], query: Pattern) -> None:
    assert Gallery().ask(query, "left") == []
    nothing = Pattern(query.points[:0], query.descriptors[:0], query.width_px, query.height_px)
    answer = Gallery(chips).ask(nothing, "left")
    assert [(one.votes, one.inliers, one.chip) for one in answer] == [(0.0, 0, None)] * 3


def test_warm_up__leaves_nothing_to_compile(chips: list[Named], query: Pattern) -> None:
    before = len(keep_nearest.signatures), len(aligned.signatures)
    Gallery(chips).ask(query, "left")
    assert (len(keep_nearest.signatures), len(aligned.signatures)) == before == (1, 1)


def test_turtles__photographed_twice_are_told_from_another() -> None:
    if not TURTLES.is_dir():
        pytest.skip("../shared/images/turtle-reid is not here: photographs are not part of this repository")

    def turtle(name: str) -> Pattern:
        pixels = np.asarray(cv2.imread(str(TURTLES / name)), np.uint8)[:, :, ::-1]
        return pattern_of(cut_chip(np.ascontiguousarray(pixels), (0, 0, pixels.shape[1], pixels.shape[0])))

    gallery = Gallery([Named("A", "left", turtle("a1.jpg")), Named("B", "left", turtle("b3.jpg"))])
    first, second = gallery.ask(turtle("a2.jpg"), "left")
    assert (first.individual, second.individual) == ("A", "B")
    assert first.inliers >= 30 and second.inliers <= 6
