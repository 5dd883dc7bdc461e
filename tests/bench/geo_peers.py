"""What else answers the same questions: the best recipes known to us for shapely, geopandas, DuckDB and SedonaDB.

A recipe is given the reserve and the columns, makes ready what it can in advance, and returns what is measured. All
but shapely are optional (`make setup-peers`); a recipe whose packages are missing raises Absent.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tests.bench.geo_alone import need
from tests.bench.geo_ground import Floats, Integers, Reserve, Shapes

Pairs = tuple[Integers, Integers]
Kinds = tuple[Integers, Integers, Integers]
Join = Callable[[], Pairs]
Crossings = Callable[[], Kinds]
Batch = Callable[[Floats, Floats], Pairs]

ENTER, EXIT, THROUGH, AWAY = 1, 2, 3, 4  # AWAY: inside at both fixes, outside in between
CHUNK = 1 << 18  # of points or segments, where a recipe would hold all its candidates at once

PAIRS_IN_SQL = "select p.i, f.id from points p join fences f on ST_Intersects(f.geom, p.geom)"
SEGMENTS_IN_SQL = (
    "select i, ST_MakeLine(ST_Point(x, y), ST_Point(x2, y2)) as geom, ST_Point(x, y) as a, ST_Point(x2, y2) as b "
    "from segment_columns"
)
KINDS_IN_SQL = """
with met as (
  select s.i, f.id, ST_Intersects(f.geom, s.a) as begins, ST_Intersects(f.geom, s.b) as ends
  from segments s join fences f on ST_Intersects(f.geom, s.geom)
)
select i, id, case when begins then 2 when ends then 1 else 3 end as kind from met where not (begins and ends)
"""


def tree_of(geometries: Shapes) -> shapely.STRtree:
    """A tree that is built: shapely puts it off to the first question."""
    tree = shapely.STRtree(geometries)
    tree.query(shapely.Point(0, 0))
    return tree


def prepared(shapes: Shapes) -> Shapes:
    """The shapes with their indices made: GEOS puts them off to the first question as well."""
    shapely.prepare(shapes)
    xy = shapely.get_coordinates(shapely.point_on_surface(shapes))
    shapely.intersects_xy(shapes, xy[:, 0], xy[:, 1])
    return shapes


def _chunks(count: int) -> list[slice]:
    return [slice(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]


def _joined(parts: list[tuple[Integers, ...]]) -> tuple[Integers, ...]:
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


# ---- points in fences


def shapely_batch_prepared(reserve: Reserve) -> Batch:
    """Boxes by a tree over the fences, then prepared fences on bare coordinates."""
    shapes = prepared(reserve.shapes())
    tree = tree_of(shapes)

    def ask(longitude: Floats, latitude: Floats) -> Pairs:
        point, fence = tree.query(shapely.points(longitude, latitude))
        holds = shapely.intersects_xy(shapes[fence], longitude[point], latitude[point])
        return point[holds], fence[holds]

    return ask


def shapely_batch_tree(reserve: Reserve) -> Batch:
    """The one-liner of the manual: the tree over the fences is asked with a predicate."""
    tree = tree_of(reserve.shapes())

    def ask(longitude: Floats, latitude: Floats) -> Pairs:
        point, fence = tree.query(shapely.points(longitude, latitude), predicate="intersects")
        return point, fence

    return ask


def shapely_prepared(reserve: Reserve, longitude: Floats, latitude: Floats) -> Join:
    ask = shapely_batch_prepared(reserve)

    def join() -> Pairs:
        parts = []
        for chunk in _chunks(len(longitude)):
            point, fence = ask(longitude[chunk], latitude[chunk])
            parts.append((point + chunk.start, fence))
        point, fence = _joined(parts)
        return point, fence

    return join


def shapely_point_tree(reserve: Reserve, longitude: Floats, latitude: Floats) -> Join:
    """The quick direction: a tree over the points, asked with the fences, which shapely then prepares."""
    shapes = reserve.shapes()
    tree = tree_of(shapely.points(longitude, latitude))

    def join() -> Pairs:
        fence, point = tree.query(shapes, predicate="intersects")
        return point, fence

    return join


def geopandas_sjoin(reserve: Reserve, longitude: Floats, latitude: Floats) -> Join:
    """Fences on the left, so that they are what shapely prepares; the other way round it takes six times as long."""
    need("geopandas")
    import geopandas

    fences = geopandas.GeoDataFrame(geometry=reserve.shapes())
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(longitude, latitude))

    def join() -> Pairs:
        found = geopandas.sjoin(fences, points, predicate="intersects")
        return found["index_right"].to_numpy(), found.index.to_numpy()

    return join


def _fence_table(reserve: Reserve) -> Any:
    import pyarrow

    wkb = reserve.wkb()
    return pyarrow.table({"id": np.arange(len(wkb), dtype=np.int32), "wkb": pyarrow.array(wkb, pyarrow.binary())})


def _duckdb(reserve: Reserve) -> Any:
    need("duckdb", "duckdb_extension_spatial", "pyarrow")
    import duckdb
    import duckdb_extension_spatial

    # From the file in the wheel: nothing is fetched.
    (extension,) = Path(next(iter(duckdb_extension_spatial.__path__))).rglob("*.duckdb_extension")
    connection = duckdb.connect(config={"threads": os.cpu_count()})
    connection.load_extension(str(extension))
    connection.register("fence_table", _fence_table(reserve))
    connection.execute("create table fences as select id, ST_GeomFromWKB(wkb) as geom from fence_table")
    return connection


def _asked_duckdb(connection: Any, query: str) -> Any:
    (plan,) = (row[1] for row in connection.execute(f"explain {query}").fetchall())
    assert "SPATIAL_JOIN" in plan, plan
    return connection.execute(query).fetchnumpy()


def duckdb_spatial_join(reserve: Reserve, longitude: Floats, latitude: Floats) -> Join:
    connection = _duckdb(reserve)
    import pyarrow

    number = np.arange(len(longitude), dtype=np.int32)
    connection.register("columns", pyarrow.table({"i": number, "x": longitude, "y": latitude}))
    connection.execute("create table points as select i, ST_Point(x, y) as geom from columns")

    def join() -> Pairs:
        found = _asked_duckdb(connection, PAIRS_IN_SQL)
        return found["i"], found["id"]

    return join


def _sedonadb(reserve: Reserve) -> Any:
    need("sedonadb", "geoarrow.pyarrow", "pyarrow")
    import sedonadb

    context = sedonadb.connect()
    context.create_data_frame(_fence_table(reserve)).to_view("fence_table")
    context.sql("select id, ST_GeomFromWKB(wkb) as geom from fence_table").to_memtable().to_view("fences")
    return context


def sedonadb_join(reserve: Reserve, longitude: Floats, latitude: Floats) -> Join:
    context = _sedonadb(reserve)
    import pyarrow

    number = np.arange(len(longitude), dtype=np.int32)
    context.create_data_frame(pyarrow.table({"i": number, "x": longitude, "y": latitude})).to_view("columns")
    context.sql("select i, ST_Point(x, y) as geom from columns").to_memtable().to_view("points")

    def join() -> Pairs:
        found = context.sql(PAIRS_IN_SQL).to_arrow_table()
        return found["i"].to_numpy(), found["id"].to_numpy()

    return join


# ---- segments and fences


def segments_of(track: NDArray[np.generic]) -> Integers:
    """Numbers of the fixes that another of the same track follows."""
    return np.flatnonzero(track[1:] == track[:-1])


def _kinds(
    shapes: Shapes, longitude: Floats, latitude: Floats, segment: Integers, fence: Integers
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    begins = shapely.intersects_xy(shapes[fence], longitude[segment], latitude[segment])
    ends = shapely.intersects_xy(shapes[fence], longitude[segment + 1], latitude[segment + 1])
    return begins, ends


def _lines(longitude: Floats, latitude: Floats, segment: Integers) -> Shapes:
    places = np.stack([longitude, latitude], axis=1)
    return shapely.linestrings(np.stack([places[segment], places[segment + 1]], axis=1))


def shapely_line_tree(
    reserve: Reserve, longitude: Floats, latitude: Floats, track: NDArray[np.generic], away: bool = False
) -> Crossings:
    """A tree over the segments, asked with the fences (prepared by shapely), then the states of both fixes.

    The lines and their tree are made of the fixes in question, so they belong to what is measured. `away` asks also
    for absences between two fixes inside.
    """
    shapes = prepared(reserve.shapes())
    segments = segments_of(track)

    def ask() -> Kinds:
        lines = _lines(longitude, latitude, segments)
        fence, line = tree_of(lines).query(shapes, predicate="intersects")
        begins, ends = _kinds(shapes, longitude, latitude, segments[line], fence)
        kind = np.where(begins, EXIT, np.where(ends, ENTER, THROUGH))
        both = np.flatnonzero(begins & ends)
        kind[both] = 0
        if away:
            kind[both] = np.where(shapely.covers(shapes[fence[both]], lines[line[both]]), 0, AWAY)
        told = kind > 0
        return segments[line[told]], fence[told], kind[told]

    return ask


def shapely_line_tree_away(
    reserve: Reserve, longitude: Floats, latitude: Floats, track: NDArray[np.generic]
) -> Crossings:
    return shapely_line_tree(reserve, longitude, latitude, track, away=True)


def shapely_fence_tree(reserve: Reserve, longitude: Floats, latitude: Floats, track: NDArray[np.generic]) -> Crossings:
    """The other direction: boxes by a tree over the fences, then prepared fences on lines, then states."""
    shapes = prepared(reserve.shapes())
    tree = tree_of(shapes)
    segments = segments_of(track)

    def ask() -> Kinds:
        parts = []
        for chunk in _chunks(len(segments)):
            lines = _lines(longitude, latitude, segments[chunk])
            line, fence = tree.query(lines)
            segment = segments[chunk][line]
            begins, ends = _kinds(shapes, longitude, latitude, segment, fence)
            kind = np.where(begins, np.where(ends, 0, EXIT), np.where(ends, ENTER, THROUGH))
            outside = np.flatnonzero(kind == THROUGH)
            meets = shapely.intersects(shapes[fence[outside]], lines[line[outside]])
            kind[outside[~meets]] = 0
            told = kind > 0
            parts.append((segment[told], fence[told], kind[told]))
        segment, fence, kind = _joined(parts)
        return segment, fence, kind

    return ask


def _segment_table(longitude: Floats, latitude: Floats, track: NDArray[np.generic]) -> Any:
    import pyarrow

    i = segments_of(track)
    ends = {"x": longitude[i], "y": latitude[i], "x2": longitude[i + 1], "y2": latitude[i + 1]}
    return pyarrow.table({"i": i.astype(np.int32), **ends})


def duckdb_segments(reserve: Reserve, longitude: Floats, latitude: Floats, track: NDArray[np.generic]) -> Crossings:
    connection = _duckdb(reserve)
    connection.register("segment_columns", _segment_table(longitude, latitude, track))

    def ask() -> Kinds:
        connection.execute(f"create or replace table segments as {SEGMENTS_IN_SQL}")
        found = _asked_duckdb(connection, KINDS_IN_SQL)
        return found["i"], found["id"], found["kind"]

    return ask


def sedonadb_segments(reserve: Reserve, longitude: Floats, latitude: Floats, track: NDArray[np.generic]) -> Crossings:
    context = _sedonadb(reserve)
    context.create_data_frame(_segment_table(longitude, latitude, track)).to_view("segment_columns")

    def ask() -> Kinds:
        context.sql(SEGMENTS_IN_SQL).to_memtable().to_view("segments", overwrite=True)
        found = context.sql(KINDS_IN_SQL).to_arrow_table()
        return found["i"].to_numpy(), found["id"].to_numpy(), found["kind"].to_numpy()

    return ask
