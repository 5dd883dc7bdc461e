"""Bursts become what people see, and no person is voted away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.camera.entry import Entry
from fusion.camera.frame import Frame
from fusion.camera.sequence import PictureSequence, asked_again, sequences
from tests.unit.fusion.camera.judged import JANUARY_S, JULY_S, box, frame, judging, primorye


def only(*frames: Frame) -> PictureSequence:
    (one,) = sequences(frames, judging())
    return one


def by_label(one: PictureSequence) -> dict[str, Entry]:
    return {entry.prediction.label: entry for entry in one.entries}


def test_sequence__gathers_bursts_that_are_at_most_five_minutes_apart() -> None:
    frames = [frame("a", 0), frame("b", 5), frame("c", 305), frame("d", 606)]
    found = sequences(frames, judging())
    assert [(one.keys, one.bursts) for one in found] == [(("a", "b", "c"), 2), (("d",), 1)]


def test_sequence__says_what_it_is_how_many_and_by_which_rule() -> None:
    left, right = (0.1, 0.4, 0.2, 0.2), (0.6, 0.4, 0.2, 0.2)
    one = only(
        frame("a", 0, box(area=left, sika_deer=0.9)),
        frame("b", 1, box(area=left, sika_deer=0.85), box(area=right, sika_deer=0.9)),
        frame("c", 200, box(area=right, sika_deer=0.9)),
    )
    (entry,) = one.entries
    assert entry.prediction.label == "Cervus nippon"
    assert entry.prediction.source == "species_by_classifier"
    assert (entry.count, entry.frames) == (2, ("a", "b", "c"))


def test_sequence__rolls_up_to_what_the_scores_agree_on() -> None:
    (entry,) = only(frame("a", 0, box(leopard=0.4, tiger=0.35))).entries
    assert (entry.prediction.label, entry.prediction.source) == ("Panthera", "rolled_up")
    assert entry.prediction.probability == pytest.approx(0.9 * 0.75)


def test_sequence__keeps_two_species_apart_when_each_is_sure() -> None:
    one = only(frame("a", 0, box(leopard=0.95)), frame("b", 100, box(sika_deer=0.95)))
    assert set(by_label(one)) == {"Panthera pardus", "Cervus nippon"}


def test_sequence__takes_an_unsure_burst_for_the_species_that_another_is_sure_of() -> None:
    one = only(frame("a", 0, box(leopard=0.95)), frame("b", 100, box(lynx=0.4, leopard=0.35)))
    assert set(by_label(one)) == {"Panthera pardus"}
    assert by_label(one)["Panthera pardus"].frames == ("a", "b")


def test_sequence__without_a_box_is_blank_with_what_was_left_over() -> None:
    assert only(frame("a", 0)).entries[0].prediction.label == "blank"
    (entry,) = only(frame("a", 0, box(p=0.1))).entries
    assert entry.prediction.label == "blank" and entry.prediction.probability == pytest.approx(0.9)
    assert entry.count == 0


def test_person__in_one_picture_of_many_is_not_voted_away() -> None:
    frames = [frame(str(at), at, box("animal", 0.95, leopard=0.95)) for at in range(9)]
    one = only(*frames, frame("x", 4.5, box("person", 0.75), box("animal", 0.9, leopard=0.9)))
    person = by_label(one)["person"]
    assert one.entries[0] is person
    assert person.prediction.probability == 0.75 and person.prediction.source == "person_by_detector"
    assert person.disputed and "disputed" in one.reasons
    assert "Panthera pardus" in by_label(one)


def test_person__that_is_surer_than_any_animal_is_no_animal_too() -> None:
    one = only(frame("a", 0, box("person", 0.9), box("animal", 0.3)), frame("b", 1, box("person", 0.8)))
    assert set(by_label(one)) == {"person"}


@given(
    st.floats(0.25, 1.0),
    st.lists(st.tuples(st.sampled_from(["animal", "vehicle"]), st.floats(0.01, 1.0)), max_size=8),
    st.floats(1.0, 4.0),
)
def test_person__is_listed_with_its_surest_picture_whatever_else_is_seen(
    p: float, others: list[tuple[str, float]], divisor: float
) -> None:
    frames = [frame(str(at), at * 0.5, box(group, q, blank=0.999)) for at, (group, q) in enumerate(others)]
    shown = frame("x", 1.2, box("person", p, blank=0.999))
    (one,) = sequences([*frames, shown], judging(), lambda camera, chain: divisor)
    assert one.entries[0].prediction.label == "person"
    assert one.entries[0].prediction.probability >= p
    assert one.entries[0].frames == ("x",)


def test_vehicle__is_voted_on_and_no_animal_in_its_place() -> None:
    one = only(frame("a", 0, box("vehicle", 0.8), box("animal", 0.3)), frame("b", 1, box("vehicle", 0.6)))
    assert set(by_label(one)) == {"vehicle"}


def test_repeated_box__has_its_score_divided_and_is_shown_to_a_person() -> None:
    frames = [frame("a", 0, box(p=0.9, leopard=0.9))]
    (one,) = sequences(frames, judging(), lambda camera, chain: 4.0)
    (entry,) = one.entries
    assert entry.quieted and "repeated" in one.reasons


def test_park__shows_what_it_does_not_expect_and_does_not_drop_it() -> None:
    winter = [Frame("a", "cam", JANUARY_S, (box(p=0.9, black_bear=0.9, wild_boar=0.08),))]
    summer = [Frame("a", "cam", JULY_S, (box(p=0.9, black_bear=0.9, wild_boar=0.08),))]
    (asleep,), (awake,) = sequences(winter, primorye().judging), sequences(summer, primorye().judging)
    assert awake.entries[0].prediction.label == "Ursus thibetanus" and not awake.reasons
    assert asleep.entries[0].prediction.unexpected == "Ursus thibetanus"
    assert asleep.reasons == ("unexpected",)
    assert asleep.value > awake.value


def test_value__puts_an_unsure_person_or_target_before_an_unsure_deer_and_a_deer_before_nothing() -> None:
    rules = primorye().judging
    unsure = [
        [frame("a", 0, box("person", 0.5))],
        [frame("a", 0, box(p=0.9, leopard=0.7))],
        [frame("a", 0, box(p=0.9, wild_boar=0.7))],
        [frame("a", 0)],
    ]
    values = [sequences(one, rules)[0].value for one in unsure]
    assert values[0] > values[2] and values[1] > values[2] > values[3]


def test_answer__is_opened_by_a_picture_that_came_within_a_day_of_it_and_was_not_known() -> None:
    known = frozenset({"a"})
    assert not asked_again(1_000.0, known, {"a": 2_000.0})
    assert asked_again(1_000.0, known, {"a": 500.0, "b": 1_000.0 + 86_400.0})
    assert not asked_again(1_000.0, known, {"b": 1_001.0 + 86_400.0})
    assert not asked_again(1_000.0, known, {"b": 999.0})
