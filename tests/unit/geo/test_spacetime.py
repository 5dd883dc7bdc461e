"""The space-time join against every pair asked one by one, at its edges, and with the tables that scientists have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pytest
from pyproj import Geod

from geo.found_pairs import Found, in_order
from geo.geodesy import destination, distance_m
from geo.spacetime import Pairs, join
from geo.spacetime_kernels import distance

WGS84 = Geod(ellps="WGS84")
Table = dict[str, Any]


def some(centre: tuple[float, float], spread_m: float, count: int, seed: int, hours: float = 12.0) -> Table:
    """Places about a centre and times of some hours."""
    rng = np.random.default_rng(seed)
    x, y = destination(*centre, rng.uniform(0.0, 360.0, count), spread_m * np.abs(rng.normal(size=count)))
    return {"longitude": x, "latitude": y, "time": rng.uniform(0.0, hours * 3600.0, count)}


def globe(count: int, seed: int) -> Table:
    rng = np.random.default_rng(seed)
    y = np.degrees(np.arcsin(rng.uniform(-1.0, 1.0, count)))
    return {"longitude": rng.uniform(-180.0, 180.0, count), "latitude": y, "time": rng.uniform(0.0, 40_000.0, count)}


def one_by_one(left: Table, right: Table, radius_m: float, window_s: float) -> list[tuple[int, int]]:
    """Every pair, measured by PROJ."""
    lag = np.subtract.outer(np.asarray(left["time"]), np.asarray(right["time"]))
    i, j = np.nonzero(np.abs(lag) <= window_s)
    ends = [left["longitude"][i], left["latitude"][i], right["longitude"][j], right["latitude"][j]]
    near = np.asarray(WGS84.inv(*ends)[2]) <= radius_m
    return list(zip(i[near].tolist(), j[near].tolist(), strict=True))


@cache
def truth_about(centre: tuple[float, float], radius_m: float, window_s: float) -> tuple[Table, Table, list[Any]]:
    """Two tables about a centre, a hundred rows of them at the same places, and their pairs asked one by one."""
    spread_m = 60_000.0 if radius_m > 2_000 else 6_000.0
    left, right = some(centre, spread_m, 1_200, seed=1), some(centre, spread_m, 1_200, seed=2)
    for column in ("longitude", "latitude"):
        right[column][:100] = left[column][:100]
    return left, right, one_by_one(left, right, radius_m, window_s)


@cache
def truth_about_the_globe(radius_m: float) -> tuple[Table, Table, list[Any]]:
    """Places everywhere, a neighbour for each other one over whatever edge there is, and their pairs one by one."""
    left, right = globe(1_200, seed=1), globe(1_200, seed=2)
    x, y = destination(left["longitude"], left["latitude"], np.linspace(0.0, 360.0, 1_200), radius_m * 0.7)
    right["longitude"][::2], right["latitude"][::2] = x[::2], y[::2]
    return left, right, one_by_one(left, right, radius_m, 1e5)


def told(pairs: Pairs) -> list[tuple[int, int]]:
    return list(zip(pairs.left_ix.tolist(), pairs.right_ix.tolist(), strict=True))


def places(*given: tuple[float, float, float]) -> Table:
    x, y, t = np.array(given, float).T
    return {"longitude": x, "latitude": y, "time": t}


AMUR, DATELINE, NORTH, SOUTH = (131.0, 43.5), (180.0, -16.5), (0.0, 90.0), (40.0, -89.9)


@pytest.mark.parametrize("most_held", [0, 1 << 30])
@pytest.mark.parametrize("centre", [AMUR, DATELINE, NORTH, SOUTH])
@pytest.mark.parametrize(("radius_m", "window_s"), [(300.0, 3600.0), (2_000.0, 1e6), (90_000.0, 60.0), (0.5, 1e6)])
def test_join__finds_what_asking_every_pair_finds(
    centre: tuple[float, float], radius_m: float, window_s: float, most_held: int
) -> None:
    left, right, truth = truth_about(centre, radius_m, window_s)
    pairs = join(left, right, radius_m=radius_m, window_s=window_s, most_held=most_held)
    assert told(pairs) == truth
    assert len(pairs) > 0
    one, other = pairs.left_ix, pairs.right_ix
    true = distance_m(
        left["longitude"][one], left["latitude"][one], right["longitude"][other], right["latitude"][other]
    )
    assert np.abs(pairs.distance_m - true).max() < 1e-5
    assert np.array_equal(pairs.lag_s, right["time"][other] - left["time"][one])


@pytest.mark.parametrize("most_held", [0, 1 << 30])
@pytest.mark.parametrize("radius_m", [1_000.0, 40_000.0, 150_000.0])
def test_join__finds_what_is_near_all_over_the_globe(radius_m: float, most_held: int) -> None:
    left, right, truth = truth_about_the_globe(radius_m)
    pairs = join(left, right, radius_m=radius_m, window_s=1e5, most_held=most_held)
    assert told(pairs) == truth
    assert len(pairs) >= 600


def test_join__across_the_antimeridian_and_over_the_pole_is_ordinary() -> None:
    left = places((179.999, -16.0, 0.0), (-180.0, 10.0, 0.0), (0.0, 89.9995, 0.0), (123.0, 90.0, 0.0))
    right = places((-179.999, -16.0, 0.0), (180.0, 10.0, 0.0), (180.0, 89.9995, 0.0), (-57.0, 90.0, 0.0))
    assert {(0, 0), (1, 1), (2, 2), (3, 3)} <= set(told(join(left, right, radius_m=250.0, window_s=0.0)))


def test_join__is_closed_at_exactly_the_radius_and_the_window() -> None:
    rng = np.random.default_rng(4)
    for _ in range(200):
        x, y = rng.uniform(-180.0, 180.0), rng.uniform(-90.0, 90.0)
        to_x, to_y = destination(x, y, rng.uniform(0.0, 360.0), 10.0 ** rng.uniform(-2.0, 5.0))
        radius_m = float(distance_m(x, y, to_x, to_y))
        left, right = places((x, y, 100.0)), places((float(to_x), float(to_y), 160.5))
        # Where PROJ's two directions differ by a rounding, the shorter one counts.
        least = min(radius_m, float(distance_m(to_x, to_y, x, y)))
        for one, other in ((left, right), (right, left)):
            assert len(join(one, other, radius_m=radius_m, window_s=60.5)) == 1
            assert len(join(one, other, radius_m=np.nextafter(least, 0.0), window_s=60.5)) == 0
            assert len(join(one, other, radius_m=radius_m, window_s=np.nextafter(60.5, 0.0))) == 0


def test_join__is_exact_in_nanoseconds() -> None:
    start = np.datetime64("2026-11-26T03:10:00.000000001", "ns")
    left = {"longitude": [131.0], "latitude": [43.0], "time": np.array([start])}
    for late_ns, found in ((3_600_000_000_000, 1), (3_600_000_000_001, 0)):
        right = left | {"time": np.array([start + np.timedelta64(late_ns, "ns")])}
        assert len(join(left, right, radius_m=1.0, window_s=3600.0)) == found


def test_join__turned_round_is_the_same_with_the_lag_turned_round() -> None:
    left, right = some(AMUR, 3_000.0, 1_500, seed=1), some(AMUR, 3_000.0, 500, seed=2)
    there = join(left, right, radius_m=400.0, window_s=1800.0)
    back = join(right, left, radius_m=400.0, window_s=1800.0)
    turned = np.lexsort((back.right_ix, back.left_ix)), np.lexsort((there.left_ix, there.right_ix))
    assert np.array_equal(back.left_ix[turned[0]], there.right_ix[turned[1]])
    assert np.array_equal(back.right_ix[turned[0]], there.left_ix[turned[1]])
    assert np.array_equal(back.lag_s[turned[0]], -there.lag_s[turned[1]])
    assert np.allclose(back.distance_m[turned[0]], there.distance_m[turned[1]], rtol=0, atol=2e-8)


def test_join__within_one_table_tells_each_pair_once_and_none_of_a_row_with_itself() -> None:
    table = some(AMUR, 2_000.0, 1_500, seed=3)
    alone = join(table, radius_m=300.0, window_s=3600.0)
    both = one_by_one(table, table, 300.0, 3600.0)
    assert told(alone) == [(i, j) for i, j in both if i < j]


def test_join__of_rows_in_another_order_is_the_same() -> None:
    left, right = some(AMUR, 3_000.0, 3_000, seed=5), some(AMUR, 3_000.0, 3_000, seed=6)
    whole = join(left, right, radius_m=300.0, window_s=900.0)
    for order in (np.argsort(left["time"]), np.random.default_rng(7).permutation(3_000)):
        mixed = join({k: v[order] for k, v in left.items()}, right, radius_m=300.0, window_s=900.0)
        assert sorted(told(whole)) == sorted(zip(order[mixed.left_ix].tolist(), mixed.right_ix.tolist(), strict=True))


def by_time(table: Table) -> Table:
    order = np.argsort(table["time"])
    return {name: column[order] for name, column in table.items()}


def by_track(table: Table, tracks: int) -> Table:
    """Rows of some tracks, one after the other, each in order of time."""
    order = np.lexsort((table["time"], np.arange(len(table["time"])) % tracks))
    return {name: column[order] for name, column in table.items()}


@pytest.mark.parametrize("most_held", [0, 1 << 30])
@pytest.mark.parametrize("chunk", [7, 1_000])
@pytest.mark.parametrize("laid", [by_time, lambda table: by_track(table, 9), lambda table: table])
def test_join__in_every_order_and_by_both_ways_finds_what_asking_every_pair_finds(
    laid: Callable[[Table], Table], chunk: int, most_held: int
) -> None:
    left, right = (laid(some(AMUR, 4_000.0, 2_500, seed, hours=90.0)) for seed in (1, 2))
    way = {"radius_m": 400.0, "window_s": 7200.0, "chunk": chunk, "most_held": most_held}
    expected = one_by_one(left, right, 400.0, 7200.0)
    assert len(expected) > 500
    assert told(join(left, right, **way)) == expected
    assert told(join(by_time(left), right, **way)) == one_by_one(by_time(left), right, 400.0, 7200.0)
    assert told(join(left, by_time(right), **way)) == one_by_one(left, by_time(right), 400.0, 7200.0)
    assert told(join(left, **way)) == [(i, j) for i, j in one_by_one(left, left, 400.0, 7200.0) if i < j]


def test_join__in_more_runs_than_are_worth_it_is_the_same() -> None:
    left, right = by_track(some(AMUR, 4_000.0, 6_000, 3), 2_900), by_track(some(AMUR, 4_000.0, 5_500, 4), 40)
    assert told(join(left, right, radius_m=100.0, window_s=600.0)) == one_by_one(left, right, 100.0, 600.0)


@pytest.mark.parametrize("rows", [3, 5_000, 2**31 - 1])
def test_in_order__is_by_left_then_right_row(rows: int) -> None:
    rng = np.random.default_rng(rows)
    left, right = (rng.integers(0, rows, 3_000, dtype=np.int32) for _ in range(2))
    length, lag = rng.uniform(size=3_000), rng.integers(0, 9, 3_000)
    found = in_order(Found(left, right, length, lag))
    order = np.lexsort((right, left))
    assert np.array_equal(found.left, left[order])
    assert np.array_equal(found.right, right[order])
    assert sorted(zip(*found, strict=True)) == sorted(zip(left, right, length, lag, strict=True))


@pytest.mark.parametrize("most_held", [0, 1 << 30])
@pytest.mark.parametrize("chunk", [1, 100, 1_000_000])
def test_join__chunks_and_threads_are_of_no_consequence(chunk: int, most_held: int) -> None:
    left, right = some(AMUR, 20_000.0, 6_000, 8, hours=2_000), some(AMUR, 20_000.0, 5_000, 9, hours=2_000)
    plain = join(left, right, radius_m=5_000.0, window_s=7200.0)
    other = join(left, right, radius_m=5_000.0, window_s=7200.0, chunk=chunk, threads=3, most_held=most_held)
    assert len(plain) > 100
    for name in ("left_ix", "right_ix", "distance_m", "lag_s"):
        assert np.array_equal(getattr(plain, name), getattr(other, name))


def test_join__many_in_one_place_at_one_time_are_all_told() -> None:
    crowd = {"longitude": np.full(700, 131.0), "latitude": np.full(700, 43.0), "time": np.zeros(700)}
    pairs = join(crowd, crowd, radius_m=0.0, window_s=0.0)
    assert told(pairs) == [(i, j) for i in range(700) for j in range(700)]
    assert len(join(crowd, radius_m=0.0, window_s=0.0)) == 700 * 699 // 2


def test_join__one_wild_time_among_the_others_changes_nothing() -> None:
    left, right = some(AMUR, 2_000.0, 800, seed=1), some(AMUR, 2_000.0, 800, seed=2)
    right["time"][5] = 2.5e11
    left["time"][3] = -1e11
    assert told(join(left, right, radius_m=300.0, window_s=600.0)) == one_by_one(left, right, 300.0, 600.0)


@pytest.mark.parametrize("column", ["longitude", "latitude", "time"])
def test_join__what_is_no_place_or_time_is_refused_with_the_first_row(column: str) -> None:
    table = some(AMUR, 100.0, 10, seed=1)
    table[column][[4, 7]] = np.nan
    with pytest.raises(ValueError, match=r"right: row 4 .* 2 of 10 rows"):
        join(some(AMUR, 100.0, 5, seed=2), table, radius_m=1.0, window_s=1.0)
    pairs = join(table, table, radius_m=1e4, window_s=1e9, skip_invalid=True)
    assert (pairs.left_skipped, pairs.right_skipped, len(pairs)) == (2, 2, 64)
    assert not {4, 7} & set(pairs.left_ix.tolist())


def test_join__no_time_is_not_a_time() -> None:
    table = {"longitude": [131.0, 131.0], "latitude": [43.0, 43.0], "time": np.array(["NaT", "2026-01-01"], "M8[s]")}
    with pytest.raises(ValueError, match=r"row 0 .*time NaT"):
        join(table, radius_m=1.0, window_s=1.0)
    assert join(table, radius_m=1.0, window_s=1.0, skip_invalid=True).left_skipped == 1


def test_join__of_nothing_is_nothing() -> None:
    nothing = {"longitude": np.zeros(0), "latitude": np.zeros(0), "time": np.zeros(0)}
    for left, right in ((nothing, nothing), (nothing, some(AMUR, 1.0, 3, 1)), (some(AMUR, 1.0, 3, 1), nothing)):
        assert len(join(left, right, radius_m=1.0, window_s=1.0)) == 0


@pytest.mark.parametrize(
    ("radius_m", "window_s", "text"),
    [(-1.0, 1.0, "radius_m"), (150_001.0, 1.0, "radius_m"), (np.nan, 1.0, "radius_m"), (1.0, -1.0, "window_s"),
     (1.0, np.inf, "window_s"), (1.0, np.nan, "window_s")],
)  # fmt: skip
def test_join__what_is_no_radius_or_window_is_refused(radius_m: float, window_s: float, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        join(places((0, 0, 0)), radius_m=radius_m, window_s=window_s)


def test_join__columns_have_the_names_that_they_have() -> None:
    left = {"lon": [131.0], "lat": [43.0], "at": [0.0]}
    right = {"x": [131.0], "y": [43.0], "seen": [1]}
    names = {"longitude": ("lon", "x"), "latitude": ("lat", "y"), "time": ("at", "seen")}
    assert join(left, right, radius_m=1.0, window_s=1.0, **names).lag_s.tolist() == [1.0]
    with pytest.raises(KeyError, match="left has no column 'longitude'"):
        join(left, radius_m=1.0, window_s=1.0)


def test_join__datetimes_and_numbers_are_not_mixed_and_datetimes_need_a_zone() -> None:
    plain = {"longitude": [131.0], "latitude": [43.0], "time": [0.0]}
    with pytest.raises(TypeError, match="datetimes"):
        join(plain, plain | {"time": np.array(["2026-01-01"], "M8[s]")}, radius_m=1.0, window_s=1.0)
    with pytest.raises(TypeError, match="zone"):
        join(plain | {"time": [datetime(2026, 1, 1)]}, radius_m=1.0, window_s=1.0)  # noqa: DTZ001
    aware = plain | {"time": [datetime(2026, 1, 1, tzinfo=UTC)]}
    later = plain | {"time": np.array(["2026-01-01T00:00:30"], "M8[ms]")}
    assert join(aware, later, radius_m=1.0, window_s=60.0).lag_s.tolist() == [30.0]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_join__takes_the_tables_that_scientists_have(library: str) -> None:
    tables = pytest.importorskip(library)
    times = [datetime(2026, 11, 26, 3, minute, tzinfo=UTC) for minute in (0, 10, 50)]
    columns = {"longitude": [131.0, 131.001, 131.0], "latitude": [43.0] * 3, "time": times}
    make = tables.table if library == "pyarrow" else tables.DataFrame
    pairs = join(make(columns), make(columns), radius_m=100.0, window_s=1200.0)
    assert told(pairs) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)]
    assert pairs.lag_s.tolist() == [0.0, 600.0, -600.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("reach_m", "most_m"), [(100.0, 1e-8), (20_000.0, 1e-8), (100_000.0, 2e-6), (150_000.0, 1.2e-5)]
)
def test_distance__differs_from_the_geodesic_by_less_than_is_said(reach_m: float, most_m: float) -> None:
    rng = np.random.default_rng(11)
    x, y = rng.uniform(-180.0, 180.0, 5_000), np.degrees(np.arcsin(rng.uniform(-1.0, 1.0, 5_000)))
    to_x, to_y = destination(x, y, rng.uniform(0.0, 360.0, 5_000), reach_m * rng.uniform(0.0, 1.0, 5_000))
    told_m = np.array([distance(*ends) for ends in zip(x, y, to_x, to_y, strict=True)])
    assert np.abs(told_m - distance_m(x, y, to_x, to_y)).max() < most_m
