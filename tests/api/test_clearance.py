"""The one decision about places."""

from __future__ import annotations

import pytest

from geo.geodesy import distance_m
from hub.clearance import CELL_M, Cleared, cleared
from hub.records.person import Role

X, Y = 131.412345, 43.123456


@pytest.mark.parametrize("role", ["dispatcher", "scientist", "admin"])
def test_cleared__these_roles_read_exactly(role: Role) -> None:
    assert cleared(X, Y, 5.0, True, role) == Cleared(X, Y, 5.0, False)


def test_cleared__a_ranger_reads_exactly_what_is_not_sensitive() -> None:
    assert cleared(X, Y, 5.0, False, "ranger") == Cleared(X, Y, 5.0, False)


def test_cleared__a_ranger_gets_one_cell_for_all_places_in_it() -> None:
    x, y, uncertainty_m, generalised = cleared(X, Y, 5.0, True, "ranger")
    assert generalised and x is not None and y is not None and uncertainty_m is not None
    assert (x, y) != (X, Y)
    assert distance_m(x, y, X, Y) <= uncertainty_m <= CELL_M
    assert cleared(x, y, 5.0, True, "ranger") == (x, y, uncertainty_m, True)
    assert cleared(x + 0.001, y - 0.001, 900.0, True, "ranger") == (x, y, uncertainty_m, True)


@pytest.mark.parametrize("sensitive", [True, False])
def test_cleared__without_a_role_there_is_no_place(sensitive: bool) -> None:
    assert cleared(X, Y, 5.0, sensitive, None) == Cleared(None, None, None, True)


def test_cleared__what_has_no_place_gets_none() -> None:
    assert cleared(None, None, None, True, "ranger") == Cleared(None, None, None, False)
