from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.association import Settled
from fusion.identities import Identities
from fusion.provisional import Standing, doubt, provisional, standing
from tests.unit.fusion.reserve_of import DAY
from tests.unit.fusion.test_association import CLEAR, answer, seen

SETTLED: Settled = answer(seen(CLEAR))
KNOWN: Standing = standing(SETTLED)


def one_more(*rows: tuple[float, float, int, dict[int, float]]) -> Identities:
    return provisional(seen(list(rows)), KNOWN)


def owners(found: Identities) -> list[int]:
    return found.owners()[0].tolist()


def test_provisional__a_poor_picture_is_given_by_place_and_time_as_the_whole_set_gives_it() -> None:
    poor = (3.02, 2000.0, 7, {0: 0.0, 1: 0.0})
    found = one_more(poor)
    assert owners(found) == [0]
    whole = answer(seen([*CLEAR, poor]))
    settled = whole.identities
    row = int(np.flatnonzero(np.isclose(whole.sightings.time_s, 3.02 * DAY))[0])
    mine = settled.probability[settled.offset[row] : settled.offset[row + 1]]
    assert found.probability[0] == pytest.approx(mine[0], abs=0.1)


def test_provisional__a_good_picture_of_somebody_in_no_gallery_is_nobodys() -> None:
    assert owners(one_more((3.02, 2000.0, 7, {0: -12.0, 1: -12.0}))) == [-1]


def test_provisional__who_was_seen_long_ago_may_have_strayed() -> None:
    soon, late = (one_more((days, 2000.0, 7, {0: 0.0, 1: 0.0})) for days in (30.0, 300.0))
    assert late.spread_m2[0] > soon.spread_m2[0]
    assert np.isfinite(late.probability).all()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.0, 40.0), st.floats(-4000.0, 4000.0), st.floats(-8.0, 8.0), st.floats(-8.0, 8.0)),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[0],
    )
)
def test_provisional__each_sighting_is_answered_as_if_the_others_were_not_there(
    rows: list[tuple[float, float, float, float]],
) -> None:
    told = sorted((days, x, 7, {0: east, 1: west}) for days, x, east, west in rows)
    together = one_more(*told)
    for j, row in enumerate(told):
        alone = one_more(row)
        span = slice(together.offset[j], together.offset[j + 1])
        assert together.who[span].tolist() == alone.who.tolist()
        np.testing.assert_allclose(together.probability[span], alone.probability, rtol=1e-9)
        total = float(together.probability[span].sum() + together.nobody[j].sum())
        assert total == pytest.approx(1.0)


def test_doubt__is_none_of_what_is_certain_and_most_of_an_even_choice() -> None:
    certain = doubt(one_more((3.02, 2000.0, 7, {0: 30.0, 1: -30.0})))
    even = doubt(one_more((3.02, 0.0, 4, {0: 0.0, 1: 0.0})))
    assert certain[0] < 0.01 < even[0]
