"""Whatever the order in which pictures arrive, in parts or twice, they end in the same sequences."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.camera.frame import Frame, FrameBox
from fusion.camera.sequence import sequences
from tests.unit.fusion.camera.judged import JULY_S, primorye

AREAS = st.sampled_from([(0.1, 0.1, 0.2, 0.2), (0.15, 0.1, 0.2, 0.2), (0.5, 0.5, 0.1, 0.3), (0.52, 0.5, 0.12, 0.3)])
NAMES = st.lists(
    st.tuples(st.sampled_from(["leopard", "sika deer", "wild boar", "lynx", "bear"]), st.floats(0.01, 0.33)),
    max_size=3,
    unique_by=lambda one: one[0],
).map(tuple)
BOXES = st.builds(
    FrameBox,
    st.sampled_from(["animal", "animal", "person", "vehicle"]),
    st.floats(0.05, 1.0),
    AREAS,
    NAMES,
    st.sampled_from([0.2, 1.0]),
)
FRAMES = st.lists(
    st.tuples(st.sampled_from(["cam-1", "cam-2"]), st.integers(0, 1_500), st.lists(BOXES, max_size=3)), max_size=14
).map(
    lambda made: [
        Frame(f"{camera} {at} {n}", camera, JULY_S + at * 0.7, tuple(boxes))
        for n, (camera, at, boxes) in enumerate(made)
    ]
)


@settings(max_examples=40)
@given(FRAMES, st.randoms(use_true_random=False))
def test_sequences__are_a_function_of_the_set_of_pictures(frames: list[Frame], random: object) -> None:
    rules = primorye().judging
    once = sequences(frames, rules)
    mixed = [*frames, *frames[:3]]
    random.shuffle(mixed)  # pyright: ignore[reportAttributeAccessIssue]
    turned = [Frame(one.key, one.camera, one.at_s, one.boxes, one.infrared, one.looked) for one in mixed]
    assert sequences(turned, rules) == once
    assert sorted(key for one in once for key in one.keys) == sorted(one.key for one in frames)


@settings(max_examples=40)
@given(FRAMES)
def test_sequences__of_a_part_that_is_far_from_the_rest_do_not_change_with_the_rest(frames: list[Frame]) -> None:
    """So a hub may compute anew only what a late picture touches."""
    rules = primorye().judging
    whole = sequences(frames, rules)
    for one in whole:
        part = [frame for frame in frames if frame.key in one.keys]
        assert sequences(part, rules) == [one]
