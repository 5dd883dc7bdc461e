"""Whose fault is it when a process dies: the picture's, the model's, or somebody's who ended it?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fusion.camera.manifest import ManifestError
from hub.see.drawn import drawn
from hub.see.eye import Active, Broken, Eye
from hub.see.looking import Died
from hub.see.observed import Levels
from hub.see.seen import Seen

ONE, TWO = (Active(name, f"{name}@1", Path(name), Levels(0.3)) for name in ("one", "two"))


class FakeLooking:
    """Answers or dies, as `outcomes` say; then it answers."""

    def __init__(self, outcomes: Iterator[bool]) -> None:
        self.outcomes, self.deaths, self.closed, self.asked = outcomes, 0, False, list[bytes]()

    def attempt(self, data: bytes) -> Seen:
        self.asked.append(data)
        if next(self.outcomes, True):
            return Seen(state="seen")
        self.deaths += 1
        raise Died("it ended the process that looked at it (SIGKILL)")

    def close(self) -> None:
        self.closed = True


def eye_of(*outcomes: bool) -> tuple[Eye, list[Any]]:
    made: list[Any] = []
    left = iter(outcomes)

    def start(folder: Path) -> Any:
        if folder.name == "broken":
            raise ManifestError("model.file: it is none")
        made.append(FakeLooking(left))
        return made[-1]

    return Eye(start), made


def test_eye__a_picture_whose_process_somebody_killed_is_seen_in_the_second_try() -> None:
    eye, _ = eye_of(False)
    assert (eye.look(ONE, b"x").state, eye.deaths) == ("seen", 1)


def test_eye__a_picture_that_kills_twice_is_unreadable_where_another_one_is_seen() -> None:
    eye, (*_,) = eye_of(False, False, True)
    assert eye.look(ONE, b"x").reason == "it ended the process that looked at it (SIGKILL)"
    assert eye.look(ONE, b"y").state == "seen"


def test_eye__a_model_that_dies_of_any_picture_costs_no_picture() -> None:
    eye, made = eye_of(False, False, False)
    with pytest.raises(Broken, match="dies of any picture"):
        eye.look(ONE, b"x")
    assert made[0].asked == [b"x", b"x", drawn()]


def test_eye__another_model_looks_through_a_process_of_its_own_and_deaths_are_counted_on() -> None:
    eye, made = eye_of(False, True, False)
    for model in (ONE, ONE, TWO):
        eye.look(model, b"x")
    assert (len(made), made[0].closed, eye.deaths) == (2, True, 2)
    with pytest.raises(Broken, match=r"cannot be loaded: model\.file"):
        eye.look(ONE._replace(folder=Path("broken")), b"x")


def test_eye__that_was_closed_starts_nothing() -> None:
    eye, made = eye_of()
    eye.close()
    with pytest.raises(Broken, match="the hub ends"):
        eye.look(ONE, b"x")
    assert made == []
