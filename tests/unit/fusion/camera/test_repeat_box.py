"""A stump is remembered; a sleeping animal is not taken for one; a person never is."""

from __future__ import annotations

import random

from fusion.camera.frame import Area
from fusion.camera.repeat_box import SeenBox, divisor, repeat_boxes

STUMP: Area = (0.3, 0.6, 0.2, 0.2)
HOUR = 3600.0


def seen(hours: float, p: float = 0.35, area: Area = STUMP, group: str = "animal", target: float = 0.0) -> SeenBox:
    return SeenBox(hours * HOUR, f"burst {hours}", f"picture {hours} {area}", group, area, p, target)


def stump(count: int = 12, hours: float = 2.0, **more: object) -> list[SeenBox]:
    return [seen(n * hours, **more) for n in range(count)]  # pyright: ignore[reportArgumentType]


def test_stump__is_suspicious_after_ten_bursts_over_twelve_hours_and_not_before() -> None:
    assert repeat_boxes(stump(9)) == []
    assert repeat_boxes(stump(12, 1.0)) == []
    (one,) = repeat_boxes(stump(12))
    assert (one.bursts, one.divides) == (12, True)
    assert divisor(STUMP, [one], []) == 4.0
    assert divisor((0.35, 0.6, 0.2, 0.2), [one], []) == 1.0


def test_stump__counts_bursts_and_not_pictures() -> None:
    boxes = [SeenBox(n * HOUR, f"burst {n // 5}", f"picture {n}", "animal", STUMP, 0.3) for n in range(30)]
    assert repeat_boxes(boxes) == []


def test_sleeping_animal__is_shown_to_a_person_but_not_divided_until_it_has_lain_for_days() -> None:
    (asleep,) = repeat_boxes(stump(20, 1.0, p=0.9))
    assert not asleep.divides and divisor(STUMP, [asleep], []) == 1.0
    (rare,) = repeat_boxes(stump(20, 1.0, target=0.7))
    assert not rare.divides
    (stone,) = repeat_boxes(stump(40, 2.0, p=0.9))
    assert stone.divides


def test_person__is_never_remembered_as_a_thing() -> None:
    assert repeat_boxes(stump(100, group="person") + stump(100, group="vehicle")) == []


def test_animal__that_changes_its_size_or_fills_the_picture_is_none() -> None:
    growing = [seen(n * 2.0, area=(0.3, 0.6, 0.1 + 0.02 * n, 0.1 + 0.02 * n)) for n in range(12)]
    assert repeat_boxes(growing) == []
    assert repeat_boxes(stump(area=(0.0, 0.0, 0.9, 0.9))) == []


def test_place__that_a_person_called_empty_is_divided_at_once() -> None:
    assert divisor(STUMP, [], [STUMP]) == 4.0


def test_memory__does_not_depend_on_the_order_or_repetition_of_boxes() -> None:
    rng = random.Random(7)
    boxes = [
        seen(n * 0.7, p=rng.uniform(0.2, 0.9), area=(0.3 + rng.gauss(0, 0.01), 0.6 + rng.gauss(0, 0.01), 0.2, 0.2))
        for n in range(60)
    ] + stump(20, area=(0.7, 0.1, 0.1, 0.1))
    known = repeat_boxes(boxes)
    assert len(known) >= 2
    for _ in range(20):
        rng.shuffle(boxes)
        assert repeat_boxes(boxes + boxes[:10]) == known
