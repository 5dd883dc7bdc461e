"""Crossings of lines: parity and direction, also through vertices and along edges."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.line_kernels import line_crossings

GRID = st.integers(-3, 3).map(float)
PLACES = st.tuples(GRID, GRID)


def crossed(line: list[tuple[float, float]], way: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    (x, y), (a, b) = np.array(line, np.float64).T.copy(), np.array(way, np.float64).T.copy()
    return line_crossings(x, y, np.array([0, len(line)]), a, b)


def test_crossing__has_its_direction_and_its_place() -> None:
    counts, part = crossed([(0, -1), (0, 1)], [(-1, 0), (3, 0), (-1, 0)])
    assert counts.tolist() == [[1, 1], [1, -1]]
    assert part.tolist() == [0.25, 0.75]


def test_crossing__through_a_vertex_counts_once() -> None:
    counts, _ = crossed([(0, -1), (0, 0), (0, 1)], [(-1, 0), (1, 0)])
    assert counts.tolist() == [[1, 1]]


def test_touch__of_a_corner_from_one_side_is_no_crossing() -> None:
    counts, _ = crossed([(0, -1), (1, 0), (0, 1)], [(1, -5), (1, 5)])
    assert counts[0, 0] % 2 == 0 and counts[0, 1] == 0


def test_antimeridian__is_an_ordinary_place() -> None:
    counts, part = crossed([(-179, -1), (-179, 1)], [(178, 0), (-178, 0)])
    assert counts.tolist() == [[1, 1]]
    assert part[0] == 0.75


@given(ring=st.lists(PLACES, min_size=3, max_size=6, unique=True), way=st.lists(PLACES, min_size=2, max_size=8))
def test_closed__line_is_crossed_as_often_in_as_out(
    ring: list[tuple[float, float]], way: list[tuple[float, float]]
) -> None:
    counts, _ = crossed([*ring, ring[0]], [*way, way[0]])
    assert int(counts[:, 0].sum()) % 2 == 0


@given(line=st.lists(PLACES, min_size=2, max_size=6, unique=True), way=st.lists(PLACES, min_size=2, max_size=6))
def test_way__back_undoes_the_way_there(line: list[tuple[float, float]], way: list[tuple[float, float]]) -> None:
    there, _ = crossed(line, way)
    back, _ = crossed(line, way[::-1])
    assert int(there[:, 1].sum()) == -int(back[:, 1].sum())
    assert there[:, 0].tolist() == back[::-1, 0].tolist()
