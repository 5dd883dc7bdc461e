"""Where the heavy model looks, and how two answers become one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.camera.burst import bursts
from fusion.camera.cascade import Limits, deserves, drawn, joined
from fusion.camera.frame import Area, Frame, FrameBox
from tests.unit.fusion.camera.judged import MIDDLE, box, frame, primorye

ELSEWHERE: Area = (0.05, 0.05, 0.1, 0.1)
BOXES = st.lists(
    st.builds(
        FrameBox,
        st.sampled_from(["person", "animal"]),
        st.floats(0.05, 1.0),
        st.sampled_from([MIDDLE, ELSEWHERE, (0.41, 0.4, 0.2, 0.2)]),
    ),
    max_size=5,
)


def why(one: Frame, *others: Frame) -> str:
    rules = primorye()
    burst = next(burst for burst in bursts([one, *others]) if one in burst.frames)
    return deserves(one, burst, rules.limits, rules.judging.taxonomy, rules.judging.park)


def test_heavy_model__looks_where_the_light_one_is_unsure() -> None:
    assert why(frame("a", 0, box("person", 0.4))) == "person"
    assert why(frame("a", 0, box("vehicle", 0.4), box())) == "vehicle"
    assert why(frame("a", 0, box("animal", 0.3))) == "animal"
    assert why(frame("a", 0, box("animal", 0.9), box("animal", 0.3))) == ""
    assert why(frame("a", 0, box("person", 0.9))) == ""


def test_heavy_model__looks_at_rare_species_and_at_bursts_that_contradict_themselves() -> None:
    assert why(frame("a", 0, box(p=0.9, lynx=0.8, leopard=0.1))) == "rare"
    assert why(frame("a", 0, box(p=0.9)), frame("b", 1)) == "inconsistent"


def test_audit__draws_its_share_by_content_and_purposes_are_independent() -> None:
    keys = [f"picture {n}" for n in range(20_000)]
    ones = {key for key in keys if drawn(key, 0.02, "a")}
    others = {key for key in keys if drawn(key, 0.02, "b")}
    assert ones == {key for key in reversed(keys) if drawn(key, 0.02, "a")}
    assert 340 < len(ones) < 460 and 340 < len(others) < 460
    assert len(ones & others) < 25
    assert {why(frame(key, 0)) for key in list(ones)[:3]} <= {"", "blank_audit"}


def test_audit__of_blanks_takes_only_blanks() -> None:
    taken = [key for key in map(str, range(2_000)) if why(frame(key, 0, box(p=0.05))) == "blank_audit"]
    assert 20 < len(taken) < 65
    assert all(why(frame(key, 0, box(p=0.9))) == "" for key in taken)


def test_join__weighs_the_heavy_model_more_and_keeps_its_names() -> None:
    (one,) = joined([box(p=0.3, lynx=0.9)], [box(p=0.9, leopard=0.8)], Limits())
    assert 0.7 < one.probability < 0.9 and one.named == (("leopard", 0.8),)
    (alone,) = joined([box(p=0.35)], [], Limits())
    assert alone.probability < 0.15
    (found,) = joined([], [box(p=0.9)], Limits())
    assert 0.6 < found.probability < 0.9


def test_join__lowers_no_person() -> None:
    (one,) = joined([box("person", 0.55)], [], Limits())
    assert one.probability == 0.55


@given(BOXES, BOXES, st.randoms())
def test_join__does_not_depend_on_the_order_of_boxes_and_loses_no_person(
    light: list[FrameBox], heavy: list[FrameBox], random: object
) -> None:
    once = joined(light, heavy, Limits())
    assert once == joined(light[::-1], heavy[::-1], Limits())
    highest = max((one.probability for one in light + heavy if one.group == "person"), default=None)
    if highest is not None:
        assert max(one.probability for one in once if one.group == "person") == pytest.approx(highest)
    assert max(len(light), len(heavy)) <= len(once) <= len(light) + len(heavy)
