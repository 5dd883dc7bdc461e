"""What else was near, then: pairs of places within R metres and T seconds of each other, on the ellipsoid."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from geo import slabs as slab_kernels
from geo import spacetime_kernels as kernels
from geo.columns import Columns, alike, columns_of, rows_of, sealed, span_ticks, ticks_per_s
from geo.geodesy import distance_m as geodesic_m
from geo.spacetime_kernels import Found, Near, Side
from geo.tiles import Bounds, Tile, tiles_of

Floats = NDArray[np.float64]
Rows = NDArray[np.int32]
Integers = NDArray[np.int64]

MOST_RADIUS_M = 150_000.0

_NOWHEN = np.iinfo(np.int64).min  # NaT
_MOST_SLABS = 1 << 16
_CHUNK = 1 << 17
_NO_ROWS = rows_of(np.zeros(0, np.bool_))


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs by left row, then right row; `lag_s` is how much later the right one was.

    Rows that were no place or no time are counted in `left_skipped` and `right_skipped`.
    """

    left_ix: Rows
    right_ix: Rows
    distance_m: Floats
    lag_s: Floats
    left_skipped: int = 0
    right_skipped: int = 0

    def __len__(self) -> int:
        return len(self.left_ix)


def join(
    left: Any,
    right: Any = None,
    *,
    radius_m: float,
    window_s: float,
    longitude: str | tuple[str, str] = "longitude",
    latitude: str | tuple[str, str] = "latitude",
    time: str | tuple[str, str] = "time",
    skip_invalid: bool = False,
    threads: int | None = None,
    chunk: int = _CHUNK,
) -> Pairs:
    """All pairs of a left and a right row within `radius_m` on WGS84 and `window_s`, both inclusive.

    Tables are data frames (pandas, polars), Arrow tables or mappings of arrays; the columns are named by one name for
    both or by (left, right). Degrees; times are datetimes (UTC) or numbers of seconds. Without `right`, pairs within
    `left`, each once and none of a row with itself.

    Exact: what lies within 0.1 um of the radius (20 um for radii of 150 km) is decided by PROJ's geodesic, the shorter
    of its two directions; distances are within 0.1 um (20 um) of it. Antimeridian and poles are ordinary places.
    Beside the result it needs at most as much memory again as the columns. `chunk` is of no consequence for the result.

    Raises ValueError with the first row that is no place or time, unless `skip_invalid`; and for a radius that is not
    0..150 km or a window that is negative or not finite.
    """
    if not 0.0 <= radius_m <= MOST_RADIUS_M:
        raise ValueError(f"radius_m must be 0..{MOST_RADIUS_M:.0f} metres, not {radius_m}")
    if not 0.0 <= window_s < math.inf:
        raise ValueError(f"window_s must be a number of seconds, zero or more, not {window_s}")
    if chunk < 1 or (threads is not None and threads < 1):
        raise ValueError("chunk and threads must be at least 1")
    names = [(name, name) if isinstance(name, str) else name for name in (longitude, latitude, time)]
    (x, other_x), (y, other_y), (t, other_t) = names
    one = columns_of(left, x, y, t, "left")
    alone = right is None
    other = one if alone else columns_of(right, other_x, other_y, other_t, "right")
    if not alone:
        one, other = alike(one, other)
    with ThreadPoolExecutor(threads or get_num_threads()) as pool:
        return _joined(_Search(pool, float(radius_m), float(window_s), alone, chunk), one, other, skip_invalid)


class _Search(NamedTuple):
    pool: ThreadPoolExecutor
    radius_m: float
    window_s: float
    alone: bool
    chunk: int

    @property
    def doubt_m(self) -> float:
        """How near the radius a distance is left to PROJ: many times the greatest error seen of the kernel."""
        return 1e-7 + 2e-5 * (self.radius_m / 150_000.0) ** 5


class _Table(NamedTuple):
    """A table and the entries of it that count, with their bounds in time."""

    side: Side
    least: Any
    most: Any

    @property
    def size(self) -> int:
        """Entries that count."""
        return len(self.side.time) if self.side.whole else len(self.side.rows)

    def within(self, belongs: Callable[[Floats, Floats], NDArray[np.bool_]]) -> _Table:
        """The entries whose places belong."""
        x, y, rows = self.side.longitude, self.side.latitude, self.side.rows
        rows = rows_of(belongs(x, y)) if self.side.whole else sealed(rows[belongs(x[rows], y[rows])])
        return self._replace(side=self.side._replace(rows=rows, whole=False))


def _joined(search: _Search, one: Columns, other: Columns, skip_invalid: bool) -> Pairs:
    left, left_bounds, left_wrong = _surveyed(search, one, "left", skip_invalid)
    if search.alone:
        right, bounds, right_wrong = left, left_bounds, 0
    else:
        right, right_bounds, right_wrong = _surveyed(search, other, "right", skip_invalid)
        bounds = left_bounds.joined(right_bounds)
    # The smaller side is laid out, the larger looks it up.
    swapped = right.size > left.size
    if swapped:
        left, right = right, left
    found: list[Found] = []
    if left.size and right.size:
        reach_m = search.radius_m + search.doubt_m
        tiles = tiles_of(bounds, reach_m)
        window = span_ticks(one, search.window_s)
        for tile in tiles:
            mine, theirs = (left, right) if len(tiles) == 1 else (left.within(tile.owned), right.within(tile.seen))
            if mine.size and theirs.size:
                near = tile.near(reach_m, apart=search.alone)
                found += _tile_pairs(search, window, tile, mine, theirs, near)
    return _result(search, one, other, found, swapped, left_wrong, right_wrong)


def _surveyed(search: _Search, columns: Columns, where: str, skip_invalid: bool) -> tuple[_Table, Bounds, int]:
    """(what counts, bounds of its places, how many rows are left out)."""
    x, y, t = columns.longitude, columns.latitude, columns.time
    step = max(1, -(-len(x) // 8))
    starts = range(0, len(x), step)

    def look(start: int) -> tuple[int, int, bool, Any, Any, Floats]:
        out = np.empty(6)
        part = slice(start, start + step)
        return *slab_kernels.survey(x[part], y[part], t[part], _NOWHEN, out), out

    bounds, first, wrong, ordered, times = Bounds(*((math.inf, -math.inf) * 3)), -1, 0, True, []
    for start, (bad, count, in_order, least, most, out) in zip(starts, search.pool.map(look, starts), strict=True):
        bounds = bounds.joined(Bounds(*out.tolist()))
        first = start + bad if first < 0 <= bad else first
        wrong += count
        times += [least, most] if count < min(step, len(x) - start) else []
        ordered &= in_order and (start == 0 or bool(t[start - 1] <= t[start]))
    if wrong and not skip_invalid:
        raise ValueError(
            f"{where}: row {first} (longitude {x[first]}, latitude {y[first]}, time {_shown(columns, first)}) is no "
            f"place in degrees or no time; {wrong} of {len(x)} rows are. Leave them out with skip_invalid=True"
        )
    span = min(times, default=0), max(times, default=0)
    if not wrong:
        return _Table(Side(x, y, t, _NO_ROWS, True, ordered), *span), bounds, 0
    good = (np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)
    good &= np.isfinite(t) if t.dtype.kind == "f" else t != _NOWHEN
    return _Table(Side(x, y, t, rows_of(good), False, False), *span), bounds, wrong


def _shown(columns: Columns, row: int) -> object:
    tick = columns.time[row : row + 1]
    return tick[0] if columns.unit is None else tick.view(f"M8[{columns.unit}]")[0]


def _tile_pairs(search: _Search, window: float, tile: Tile, left: _Table, right: _Table, near: Near) -> list[Found]:
    """Pairs of one tile, stretch of time by stretch of time."""
    tables = (left,) if left is right else (left, right)
    origin, end = min(left.least, right.least), max(left.most, right.most)
    slabs = max(1, min(_MOST_SLABS, (left.size + right.size) // 64))
    per_tick = slabs / (float(end) - float(origin)) if end > origin else 0.0

    def cut(table: _Table) -> tuple[Side, Integers]:
        side, start = table.side, np.zeros(slabs + 1, np.int64)
        rows = slab_kernels.order(side.time, side.rows, side.whole, side.ordered, origin, per_tick, slabs, start)
        return side if side.ordered else side._replace(rows=sealed(rows), whole=False), start

    cuts = list(search.pool.map(cut, tables))
    (mine, starts), (theirs, their_starts) = cuts[0], cuts[-1]
    parts = slab_kernels.stretches(starts, their_starts, min(slabs, int(window * per_tick) + 2))
    tasks = np.split(parts, np.flatnonzero(np.diff((parts[:, 1] + parts[:, 3]) // search.chunk)) + 1)
    kind = left.side.time.dtype

    def swept(task: Integers) -> Found:
        room = _room(int(task[-1, 1] - task[0, 0]), kind)
        return _cut(*kernels.sweep(mine, theirs, task, window, near, tile.plane, room))

    if len(tasks) >= 4:
        return list(search.pool.map(swept, tasks))
    out: list[Found] = []
    for first, last, held_first, held_last in parts.tolist():
        laid = kernels.layout(theirs, held_first, held_last, tile.plane)

        def probed(start: int, end: int = last, laid: kernels.Laid = laid) -> Found:
            end = min(start + search.chunk, end)
            room = _room(end - start, kind)
            return _cut(*kernels.probe(mine, start, end, window, near, tile.plane, laid, room, 0))

        out += search.pool.map(probed, range(first, last, search.chunk))
    return out


def _room(entries: int, kind: Any) -> Found:
    size = 1024 + entries // 4
    return Found(np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size), np.empty(size, kind))


def _cut(found: Found, count: int) -> Found:
    left, right, length, lag = found
    return Found(left[:count].copy(), right[:count].copy(), length[:count].copy(), lag[:count].copy())


def _result(
    search: _Search, one: Columns, other: Columns, found: list[Found], swapped: bool, left_wrong: int, right_wrong: int
) -> Pairs:
    found.append(Found(_NO_ROWS, _NO_ROWS, np.zeros(0), one.time[:0]))
    left, right = np.concatenate([part.left for part in found]), np.concatenate([part.right for part in found])
    length, lag = np.concatenate([part.length for part in found]), np.concatenate([part.lag for part in found])
    found.clear()
    if swapped:
        left, right, lag = right, left, -lag
    doubtful = np.flatnonzero(length > search.radius_m - search.doubt_m)
    if len(doubtful):
        a, b = left[doubtful], right[doubtful]
        ends = one.longitude[a], one.latitude[a], other.longitude[b], other.latitude[b]
        length[doubtful] = np.minimum(geodesic_m(*ends), geodesic_m(*ends[2:], *ends[:2]))
        kept = length <= search.radius_m
        left, right, length, lag = left[kept], right[kept], length[kept], lag[kept]
    key = left.astype(np.int64) << 32 | right
    if len(key) and np.any(key[1:] < key[:-1]):
        by_rows = np.argsort(key)
        left, right, length, lag = left[by_rows], right[by_rows], length[by_rows], lag[by_rows]
    return Pairs(left, right, length, lag / ticks_per_s(one), left_wrong, right_wrong)


def warm_up() -> None:
    """Compile every kernel of a join, for datetimes and for seconds."""
    places = {"longitude": np.zeros(2), "latitude": np.zeros(2)}
    for time in (np.zeros(2), np.zeros(2, "M8[us]")):
        join(places | {"time": time}, radius_m=1.0, window_s=1.0)
        join(places | {"time": time}, places | {"time": time[::-1]}, radius_m=1.0, window_s=1.0)
