"""Pictures of one moment vote."""

from __future__ import annotations

import pytest

from fusion.camera.burst import REST, Linking, bursts, voted
from fusion.camera.frame import Area, Frame
from tests.unit.fusion.camera.judged import MIDDLE, box, frame


def moved(by: float) -> Area:
    return (MIDDLE[0] + by, MIDDLE[1], MIDDLE[2], MIDDLE[3])


def test_burst__ends_where_more_than_ten_seconds_pass_or_another_camera_begins() -> None:
    frames = [frame("a", 0), frame("b", 10), frame("c", 20.5), frame("d", 5, camera="cam-2")]
    assert [[one.key for one in burst.frames] for burst in bursts(frames)] == [["a", "b"], ["c"], ["d"]]


def test_burst__takes_a_picture_that_came_twice_once_and_refuses_two_of_one_key() -> None:
    assert len(bursts([frame("a", 0), frame("a", 0)])[0].frames) == 1
    with pytest.raises(ValueError, match="two different pictures"):
        bursts([frame("a", 0), frame("a", 1)])


def test_chain__follows_a_thing_that_walks_and_survives_a_picture_without_it() -> None:
    seen = [frame("a", 0, box()), frame("b", 1), frame("c", 2, box(area=moved(0.15)))]
    (burst,) = bursts(seen)
    (chain,) = burst.chains
    assert [spot.frame for spot in chain.spots] == [0, 2]


def test_chain__does_not_jump_across_the_picture_or_to_a_thing_of_another_size() -> None:
    far: Area = (0.0, 0.0, 0.1, 0.1)
    (burst,) = bursts([frame("a", 0, box()), frame("b", 1, box(area=far)), frame("c", 2, box(area=(0.0, 0.0, 1, 1)))])
    assert len(burst.chains) == 3


def test_chains__of_two_animals_that_walk_side_by_side_stay_two() -> None:
    left, right = moved(-0.2), moved(0.2)
    pictures = [frame(str(at), at, box(area=moved(-0.2 + 0.02 * at)), box(area=right)) for at in range(4)]
    (burst,) = bursts(pictures)
    assert [len(chain.spots) for chain in burst.chains] == [4, 4]
    assert {chain.spots[0].best.area for chain in burst.chains} == {left, right}


def test_vote__of_three_pictures_overrules_the_one_that_is_wrong() -> None:
    names = [{"sika deer": 0.6, "leopard": 0.2}, {"sika deer": 0.7, "leopard": 0.1}, {"leopard": 0.5, "sika deer": 0.4}]
    result = voted([(1.0, list(one.items())) for one in names])
    assert max(result, key=lambda label: result[label]) == "sika deer"
    assert sum(result.values()) == pytest.approx(1.0)
    assert result["sika deer"] > 0.5


def test_vote__of_one_picture_is_what_it_said() -> None:
    result = voted([(2.0, [("leopard", 0.7), ("lynx", 0.2)])])
    assert result == pytest.approx({"leopard": 0.7, "lynx": 0.2, REST: 0.1})


def test_vote__listens_more_to_a_large_sharp_cut_out() -> None:
    small, large = (0.4, 0.4, 0.1, 0.1), (0.4, 0.4, 0.19, 0.19)
    (burst,) = bursts(
        [
            frame("a", 0, box(area=small, sharpness=0.3, leopard=0.5, lynx=0.4)),
            frame("b", 1, box(area=large, lynx=0.6, leopard=0.3)),
        ]
    )
    (chain,) = burst.chains
    assert chain.weights[1] > 0.8
    assert chain.named["lynx"] > chain.named["leopard"]


def test_vote__of_a_list_that_lacks_a_label_does_not_forbid_it() -> None:
    result = voted([(1.0, [("leopard", 0.9)]), (1.0, [("lynx", 0.55), ("tiger", 0.3)])])
    assert result["leopard"] > result["tiger"] > 0.0


def test_groups__of_one_place_are_one_thing_with_two_names() -> None:
    (burst,) = bursts([frame("a", 0, box("person", 0.6), box("animal", 0.7))])
    (chain,) = burst.chains
    assert (chain.highest("person"), chain.highest("animal")) == (0.6, 0.7)


def test_burst__is_inconsistent_where_pictures_disagree_on_what_leads() -> None:
    def of(*frames: Frame) -> bool:
        return bursts(frames, Linking())[0].inconsistent

    assert not of(frame("a", 0, box()), frame("b", 1, box(p=0.5)))
    assert of(frame("a", 0, box()), frame("b", 1, box("person")))
    assert of(frame("a", 0, box()), frame("b", 1))
    assert not of(frame("a", 0), frame("b", 1, box(p=0.1)))
