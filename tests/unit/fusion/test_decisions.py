from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fusion.association import settle
from fusion.decisions import Decision, changes, decided, merged, moved_m, review_queue
from fusion.joint import Together
from fusion.places import positions
from tests.unit.fusion.reserve_of import RULES, SPAN_S, cameras
from tests.unit.fusion.test_association import CLEAR, answer, seen, two

DOUBTFUL = seen([*CLEAR, (3.02, 2000.0, 7, {0: 0.0, 1: 0.0})])
POOR = DOUBTFUL.keys[np.flatnonzero((DOUBTFUL.score.reshape(-1, 2) == 0.0).all(axis=1))[0]].tobytes()


def owner(decisions: list[Decision]) -> tuple[str | None, float]:
    settled = answer(decided(DOUBTFUL, two(), decisions))
    who, stated = settled.identities.owners()
    row = [key.tobytes() for key in settled.sightings.keys].index(POOR)
    return (settled.roster.names[who[row]] if who[row] >= 0 else None), float(stated[row])


def test_decided__a_rejection_takes_a_sighting_away() -> None:
    assert owner([])[0] == "east"
    assert owner([Decision(POOR, "east", is_confirmed=False, error=0.0)])[0] != "east"


def test_decided__a_confirmation_makes_it_surer() -> None:
    assert owner([Decision(POOR, "east", is_confirmed=True)])[1] > max(owner([])[1], 0.99)


def test_decided__two_reviewers_who_contradict_each_other_leave_it_as_it_was() -> None:
    both = [Decision(POOR, "east", is_confirmed=word) for word in (True, False)]
    assert owner(both)[0] == owner([])[0]
    assert owner(both)[1] == pytest.approx(owner([])[1], abs=1e-9)


def test_decided__in_any_order_the_same_and_without_decisions_the_set_itself() -> None:
    some = [Decision(POOR, "east", is_confirmed=True), Decision(POOR, "west", is_confirmed=False)]
    one, other = decided(DOUBTFUL, two(), some), decided(DOUBTFUL, two(), some[::-1])
    assert one.set_hash() == other.set_hash() != DOUBTFUL.set_hash()
    assert decided(DOUBTFUL, two(), []).set_hash() == DOUBTFUL.set_hash()


def test_changes__tell_which_sightings_change_owner_and_how_far_tracks_move() -> None:
    before = answer(DOUBTFUL)
    after = answer(decided(DOUBTFUL, two(), [Decision(POOR, "east", is_confirmed=False, error=0.0)]))
    told = changes(before, after)
    assert [(one.key, one.before) for one in told] == [(POOR, "east")]
    times = np.linspace(*SPAN_S, 9)
    moved = moved_m(positions(before, times), positions(after, times))
    assert moved.shape == (2,)
    assert moved[0] > 0.0


def test_review_queue__asks_of_the_doubtful_sighting_first() -> None:
    assert review_queue(answer(DOUBTFUL), 1)[0][0] == POOR


def test_review_queue__an_answer_that_answers_another_sighting_too_is_worth_more() -> None:
    settled = answer(DOUBTFUL)
    alone = dict(review_queue(replace(settled, together=Together.nothing()), 100))
    other = next(key for key in alone if key != POOR)
    rows = sorted([key.tobytes() for key in settled.sightings.keys].index(key) for key in (POOR, other))
    linked = Together(np.array(rows[:1]), np.array(rows[1:]), np.array([0.8]))
    value = dict(review_queue(replace(settled, together=linked), 100))
    assert value[other] == pytest.approx(alone[other] + 0.8 * alone[POOR])
    assert value[POOR] == pytest.approx(alone[POOR] + 0.8 * alone[other])


def test_merged__two_names_of_one_animal_share_its_sightings() -> None:
    sightings, roster = merged(DOUBTFUL, two(), same="west", kept="east")
    settled = settle(sightings, roster, cameras(), SPAN_S, RULES)
    assert roster.names == ("east",)
    assert (settled.identities.owners()[0][:5] == 0).all()


def test_decision__a_reviewer_who_errs_half_of_the_time_is_refused() -> None:
    with pytest.raises(ValueError, match="error rate"):
        Decision(POOR, "east", is_confirmed=True, error=0.5)
