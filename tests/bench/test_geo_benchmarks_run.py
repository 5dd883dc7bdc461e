"""The geo benchmarks still run, engines that are there agree, and one that did not would be found out."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from geo.fence_index import FenceIndex
from tests.bench.geo_alone import ABSENT, Disagreement, agree, digest, goal
from tests.bench.geo_exact import Tally, check_places, check_ways
from tests.bench.geo_ground import fences, shapes, stream
from tests.bench.geo_places import hard_places, hard_ways
from tests.bench.geo_shapes import KINDS, PLACEMENTS, nasty_shapes
from tests.bench.test_benchmarks_run import quick


def optional(told: dict[str, Any], engine: str, package: str) -> None:
    """A peer is measured where its package is installed, and said to be absent where it is not."""
    assert (told["engines"][engine] == ABSENT) == (find_spec(package) is None)


def test_join__engines_find_the_same_pairs() -> None:
    told = quick("geo_join")
    assert told["agreed"][f"{told['points']} points"][:2] == ["rosette", "rosette_1_thread"]
    assert {"shapely_point_tree", "shapely_prepared"} <= set(told["agreed"][f"{told['points']} points"])
    for engine, package in (("sedonadb", "sedonadb"), ("duckdb", "duckdb"), ("geopandas", "geopandas")):
        optional(told, engine, package)
    for figures in told["engines"].values():
        if figures != ABSENT:
            assert 0 < figures["wall_s"] <= figures["wall_s_median"]
            assert figures["pairs"] > 0 and figures["peak_mb"] > 0 and figures["repeats"] >= 1
    assert told["goals"]["points_per_s"]["at_least"] == 45e6
    assert told["machine"]["processors"] >= 1


def test_build__edits_end_where_a_new_index_begins() -> None:
    told = quick("geo_build")
    assert told["engines"]["rosette"]["edges"] < told["vertices"]
    edits = told["engines"]["rosette_edits"]
    assert edits["edits"] == 30 and 0 < edits["p50_ms"] <= edits["p99_ms"] <= edits["most_ms"]
    assert int(edits["compared"]["pairs"]) > 0


def test_batch__single_calls_find_the_same_beside_a_writer_too() -> None:
    told = quick("geo_batch")
    assert all(len(engines) == 5 for engines in told["agreed"].values()) and len(told["agreed"]) == 3
    assert told["engines"]["rosette_beside_edits_without_end"]["edits"] > 0
    for figures in told["engines"].values():
        assert all(0 < figures[batch]["p50_us"] <= figures[batch]["p99_us"] for batch in ("1", "100", "1000"))


def test_crossings__engines_tell_the_same_kinds() -> None:
    told = quick("geo_crossings")
    own = told["engines"]["rosette"]
    assert min(own["enter"], own["exit"], own["through"], own["away"]) > 0
    assert {"rosette", "shapely_line_tree", "shapely_fence_tree"} <= set(told["agreed"][f"{told['segments']} segments"])
    away = [question for question in told["agreed"] if question.endswith("absences")]
    assert any("shapely_line_tree_away" in told["agreed"][question] for question in away)
    for engine in ("sedonadb", "duckdb"):
        optional(told, engine, engine)


def test_growth__has_an_exponent_for_each_series() -> None:
    told = quick("geo_growth")
    for name in ("points", "vertices", "fences"):
        assert np.isfinite(told["series"][name]["exponent"])
    density = told["series"]["fences"]["pairs_per_point"]
    assert max(density) == pytest.approx(min(density), rel=0.01)


def test_agree__refuses_figures_of_engines_that_found_different_things() -> None:
    own = {"digests": {"all": digest([1, 2], [3, 4])}}
    assert agree({"own": own, "same": {"digests": {"all": digest([2, 1], [4, 3])}}}, "own") == {"all": ["own", "same"]}
    for rows in (([1, 2], [4, 3]), ([1], [3]), ([1, 2, 2], [3, 4, 4])):
        with pytest.raises(Disagreement, match="other"):
            agree({"own": own, "other": {"digests": {"all": digest(*rows)}}}, "own")
    assert agree({"own": own, "peer": ABSENT}, "own") == {"all": ["own"]}


def test_goal__a_figure_that_could_not_be_made_is_neither_met_nor_missed() -> None:
    assert [goal(figure, least=60)["met"] for figure in (61.0, 59.0, None)] == [True, False, None]
    assert [goal(figure, most=0)["met"] for figure in (0.0, 1.0)] == [True, False]


def test_exactness__an_index_that_tells_another_shape_is_found_out() -> None:
    draw = np.random.default_rng(1)
    index = FenceIndex.build(fences(nasty_shapes(3, PLACEMENTS[0], 4, draw)))
    of = [fence.geometry for fence in index.fences]
    swapped = replace(index, fences=index.fences[::-1])
    for told, wrong in ((index, False), (swapped, True)):
        places, ways = Tally(), Tally()
        check_places(told, hard_places(of, 10, draw), places)
        check_ways(told, hard_ways(of, 2, draw), ways, 0)
        assert (places.engine_wrong > 0) == (ways.engine_wrong > 0) == wrong


def test_ground__is_the_same_each_time_and_what_it_says() -> None:
    one, other = shapes(100), shapes(100)
    assert [shape.wkb for shape in one] == [shape.wkb for shape in other]
    assert all(shape.is_valid for shape in one)
    assert any(shape.geom_type == "MultiPolygon" for shape in one)
    assert any(len(shape.interiors) for shape in one if shape.geom_type == "Polygon")
    assert all(np.array_equal(*columns) for columns in zip(stream(one, 500), stream(other, 500), strict=True))


def test_nasty_shapes__of_every_kind_are_found_at_every_placement() -> None:
    for placement in PLACEMENTS:
        for kind in range(len(KINDS)):
            made = nasty_shapes(kind, placement, 3, np.random.default_rng(kind))
            assert len(made) == 3 and all(shape.is_valid and shape.area > 0 for shape in made)
