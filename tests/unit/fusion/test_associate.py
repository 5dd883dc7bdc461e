from __future__ import annotations

from fusion.associate import Owned, Sighting, Unassigned, Unknown, associate

ROSTER = frozenset({"Leo80M", "Leo117F"})


def test_associate__a_sighting_with_one_known_name_is_that_individuals() -> None:
    assert associate([Sighting(b"a", frozenset({"Leo80M"}))], ROSTER) == [Owned(b"a", "Leo80M")]


def test_associate__a_sighting_nobody_named_stays_unassigned() -> None:
    assert associate([Sighting(b"a")], ROSTER) == [Unassigned(b"a", Unknown.UNNAMED)]


def test_associate__two_names_for_one_animal_wait_for_a_person() -> None:
    assert associate([Sighting(b"a", ROSTER)], ROSTER) == [Unassigned(b"a", Unknown.CONTRADICTED)]


def test_associate__a_name_that_is_not_on_the_roster_is_not_believed() -> None:
    assert associate([Sighting(b"a", frozenset({"T-1"}))], ROSTER) == [Unassigned(b"a", Unknown.NOT_ON_THE_ROSTER)]


def test_associate__answers_come_in_the_order_asked() -> None:
    sightings = [Sighting(b"b"), Sighting(b"a", frozenset({"Leo117F"}))]
    assert [answer.key for answer in associate(sightings, ROSTER)] == [b"b", b"a"]
